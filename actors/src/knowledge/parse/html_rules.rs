//! Which elements carry a page's own text, and which are furniture.

use scraper::node::Element;

/// Scripts, controls and embedded things: never text.
const NEVER: [&str; 26] = [
    "script", "style", "noscript", "template", "svg", "math", "iframe", "object", "embed", "canvas", "audio", "video", "button", "select",
    "input", "textarea", "option", "datalist", "dialog", "form", "nav", "aside", "footer", "head", "menu", "map",
];

/// What makers of banners that ask about cookies call them.
const CONSENT: [&str; 24] = [
    "cookie-banner",
    "cookie-bar",
    "cookie-consent",
    "cookie-notice",
    "cookie-notification",
    "cookie-popup",
    "cookie-law-info-bar",
    "cookie-message",
    "cookiebanner",
    "cookieconsent",
    "cookie_banner",
    "cookie_consent",
    "cookie_notice",
    "consent-banner",
    "gdpr-banner",
    "gdpr-consent",
    "cc-window",
    "cc-banner",
    "onetrust-consent-sdk",
    "onetrust-banner-sdk",
    "cybotcookiebotdialog",
    "usercentrics-root",
    "didomi-host",
    "osano-cm-window",
];

/// Elements that begin and end a line of text.
const BLOCKS: [&str; 30] = [
    "p",
    "div",
    "section",
    "article",
    "main",
    "header",
    "body",
    "html",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "blockquote",
    "figure",
    "figcaption",
    "details",
    "summary",
    "table",
    "caption",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "address",
    "hr",
    "center",
    "fieldset",
    "hgroup",
];

pub(super) fn is_block(name: &str) -> bool {
    BLOCKS.contains(&name)
}

/// 1 to 6 for `h1` to `h6`.
pub(super) fn heading_level(name: &str) -> Option<u8> {
    match name.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}

/// Whether the element and everything in it is left out. `in_content`: inside `main` or `article`, where a `header`
/// holds the article's own title.
pub(super) fn is_dropped(element: &Element, in_content: bool) -> bool {
    let name = element.name();
    if NEVER.contains(&name) || (name == "header" && !in_content) {
        return true;
    }
    let role = element.attr("role").unwrap_or_default();
    if matches!(
        role,
        "navigation" | "contentinfo" | "search" | "complementary" | "menu" | "menubar" | "dialog" | "alertdialog"
    ) || (role == "banner" && !in_content)
    {
        return true;
    }
    (!in_content && asks_consent(element)) || is_hidden(element)
}

/// By its name, or one of its classes, as a whole: a page's own frame may say in a class that it has a banner.
fn asks_consent(element: &Element) -> bool {
    if !matches!(element.name(), "div" | "section") {
        return false;
    }
    let names = [element.attr("id"), element.attr("class")].into_iter().flatten();
    names
        .flat_map(str::split_whitespace)
        .any(|name| CONSENT.iter().any(|known| name.eq_ignore_ascii_case(known)))
}

/// What a reader of the page cannot see must not be answered from either.
fn is_hidden(element: &Element) -> bool {
    if element
        .attr("hidden")
        .is_some_and(|value| !value.eq_ignore_ascii_case("until-found"))
        || element.attr("aria-hidden") == Some("true")
    {
        return true;
    }
    let style: String = element
        .attr("style")
        .unwrap_or_default()
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect::<String>()
        .to_ascii_lowercase();
    ["display:none", "visibility:hidden", "opacity:0", "font-size:0"]
        .iter()
        .any(|rule| {
            // "opacity:0.5" is visible, "opacity:0;" is not.
            style
                .match_indices(rule)
                .any(|(at, found)| !style[at + found.len()..].starts_with(|c: char| c == '.' || c.is_ascii_digit()))
        })
}
