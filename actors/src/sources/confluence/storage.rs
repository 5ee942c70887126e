//! Confluence's storage format as plain HTML, which the parser of documents reads: <https://confluence.atlassian.com/doc/confluence-storage-format-790796544.html>.
//! It is XHTML with elements of its own, for macros, links and tasks. Pure.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use crate::sources::call::is_word;

/// Elements within elements. Nobody writes pages that deep, and each of them is remembered while it is open.
const DEEP: usize = 200;

/// It is no storage format.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unreadable;

/// The elements of HTML that say how a text is built. Others are passed through: only what is in them counts.
const KEPT: [&str; 26] = [
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "table",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "th",
    "td",
    "caption",
    "blockquote",
    "pre",
    "code",
    "br",
    "hr",
];
/// Macros that show what is not text of the page, or what only its makers see.
const UNSEEN: [&str; 5] = ["html", "html-include", "style", "script", "iframe"];
/// Macros whose content stands apart, by what readers see above it.
const PANELS: [(&str, &str); 6] = [
    ("info", "Info"),
    ("note", "Note"),
    ("tip", "Tip"),
    ("warning", "Warning"),
    ("panel", ""),
    ("expand", ""),
];

/// An element that is open.
enum Open {
    Element(&'static str),
    /// Where it began, and what it shows where nothing is in it.
    Link {
        from: usize,
        title: Option<String>,
    },
    Macro(Macro),
    /// A parameter of the macro around it. Where its text goes, and how much was written before it.
    Parameter {
        name: String,
        from: usize,
    },
    /// Everything in it is left out.
    Unseen,
    /// What a link shows: written as it is.
    Through,
    /// A node of the new editor, and how much was written before it: its fallback says the same once more.
    Extension {
        from: usize,
    },
}

#[derive(Default)]
struct Macro {
    name: String,
    title: Option<String>,
    hidden: bool,
    /// Where it began.
    from: usize,
    /// Its head is written with its first content, when all parameters are known.
    headed: bool,
}

#[derive(Default)]
struct Writer {
    out: String,
    open: Vec<Open>,
    unseen: usize,
}

/// `storage` as the inside of an HTML body.
pub(super) fn to_html(storage: &str) -> Result<String, Unreadable> {
    let mut reader = Reader::from_str(storage);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut writer = Writer::default();
    loop {
        match reader.read_event().map_err(|_| Unreadable)? {
            Event::Start(element) => {
                if writer.open.len() >= DEEP {
                    return Err(Unreadable);
                }
                let open = writer.start(&element);
                writer.unseen += usize::from(matches!(open, Open::Unseen));
                writer.open.push(open);
            }
            Event::Empty(element) => {
                let open = writer.start(&element);
                writer.unseen += usize::from(matches!(open, Open::Unseen));
                writer.end(open);
            }
            Event::End(_) => {
                if let Some(open) = writer.open.pop() {
                    writer.end(open);
                }
            }
            // As it is written: what HTML must not read as marks is escaped in XML too.
            Event::Text(text) => writer.text(&text.into_inner()),
            Event::GeneralRef(name) => {
                let name = name.into_inner();
                writer.text(&match is_reference(&name) {
                    true => format!("&{name};"),
                    false => format!("&amp;{name};"),
                });
            }
            Event::CData(text) => writer.text(&escaped(&text.into_inner())),
            Event::DocType(_) => return Err(Unreadable),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    while let Some(open) = writer.open.pop() {
        writer.end(open);
    }
    Ok(writer.out)
}

fn is_reference(name: &str) -> bool {
    is_word(name) || name.strip_prefix('#').is_some_and(is_word)
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = element.attributes().flatten().find(|attribute| {
        let key: &str = attribute.key.as_ref();
        key == name
    })?;
    // Escaped as it stands, as is all that is written.
    Some(found.value.replace('<', "&lt;"))
}

impl Writer {
    fn text(&mut self, text: &str) {
        if self.unseen > 0 {
            return;
        }
        // Between a macro's parts is white space only.
        match self.open.last() {
            Some(Open::Macro(_) | Open::Extension { .. }) => {}
            _ => self.out.push_str(text),
        }
    }

    fn push(&mut self, html: &str) {
        if self.unseen == 0 {
            self.out.push_str(html);
        }
    }

    fn element(&mut self, name: &'static str) -> Open {
        self.push(&format!("<{name}>"));
        Open::Element(name)
    }

    fn start(&mut self, element: &BytesStart<'_>) -> Open {
        let name = element.name();
        let name = name.as_ref();
        if let Some(kept) = KEPT.into_iter().find(|kept| kept.eq_ignore_ascii_case(name)) {
            return self.html(kept, element);
        }
        match name {
            "ac:structured-macro" | "ac:macro" => self.open_macro(element),
            "ac:parameter" => self.parameter(element),
            "ac:rich-text-body" => {
                self.head();
                self.element("div")
            }
            "ac:plain-text-body" => {
                self.head();
                self.element("pre")
            }
            "ac:task-list" => self.element("ul"),
            "ac:task" => self.element("li"),
            "ac:adf-extension" => Open::Extension { from: self.out.len() },
            "ac:adf-fallback" if self.is_said() => Open::Unseen,
            // What is said of a thing beside its text, and what only who edits the page sees.
            "ac:task-id" | "ac:task-uuid" | "ac:task-status" | "ac:placeholder" | "ac:adf-attribute" => Open::Unseen,
            "div" | "ac:layout" | "ac:layout-section" | "ac:layout-cell" | "ac:caption" | "ac:adf-node" | "ac:adf-content"
            | "ac:adf-fallback" => self.element("div"),
            "ac:link" => Open::Link {
                from: self.out.len(),
                title: None,
            },
            "ri:page" | "ri:blog-post" => self.target(attribute(element, "ri:content-title")),
            "ri:attachment" => self.target(attribute(element, "ri:filename")),
            "ac:emoticon" => {
                let sign = attribute(element, "ac:emoji-fallback").filter(|sign| !sign.starts_with(':'));
                self.push(&sign.unwrap_or_default());
                Open::Through
            }
            "ac:image" => {
                let seen = attribute(element, "ac:alt").or_else(|| attribute(element, "ac:title"));
                self.push(&seen.unwrap_or_default());
                Open::Through
            }
            "time" => {
                self.push(&attribute(element, "datetime").unwrap_or_default());
                Open::Through
            }
            _ => Open::Through,
        }
    }

    fn html(&mut self, name: &'static str, element: &BytesStart<'_>) -> Open {
        let start = attribute(element, "start").filter(|start| name == "ol" && start.bytes().all(|byte| byte.is_ascii_digit()));
        match start {
            Some(start) => self.push(&format!("<ol start=\"{start}\">")),
            None => self.push(&format!("<{name}>")),
        }
        Open::Element(name)
    }

    /// What a link leads to, if it is in one.
    fn target(&mut self, name: Option<String>) -> Open {
        if let Some(Open::Link { title, .. }) = self.open.last_mut() {
            *title = name;
        }
        Open::Through
    }

    fn open_macro(&mut self, element: &BytesStart<'_>) -> Open {
        let name = attribute(element, "ac:name").unwrap_or_default();
        if UNSEEN.contains(&name.as_str()) {
            return Open::Unseen;
        }
        Open::Macro(Macro {
            name,
            from: self.out.len(),
            ..Macro::default()
        })
    }

    /// The parameters that readers see, or that say whether they see anything.
    fn parameter(&mut self, element: &BytesStart<'_>) -> Open {
        let name = attribute(element, "ac:name").unwrap_or_default();
        let Some(Open::Macro(around)) = self.open.last() else {
            return Open::Unseen;
        };
        let wanted = match around.name.as_str() {
            "excerpt" | "details" => name == "hidden",
            "jira" | "jiraissues" => name == "key",
            _ => name == "title",
        };
        match wanted {
            true => Open::Parameter {
                name,
                from: self.out.len(),
            },
            false => Open::Unseen,
        }
    }

    /// What stands above the content of the macro that is open.
    fn head(&mut self) {
        let Some(Open::Macro(open)) = self.open.last_mut() else { return };
        if std::mem::replace(&mut open.headed, true) {
            return;
        }
        let label = PANELS.iter().find(|(name, _)| *name == open.name).map_or("", |(_, label)| *label);
        let title = open.title.take().unwrap_or_default();
        let head = match (label, title.as_str()) {
            ("", "") => return,
            ("", title) => title.to_owned(),
            (label, "") => label.to_owned(),
            (label, title) => format!("{label}: {title}"),
        };
        self.push(&format!("<p><strong>{head}</strong></p>"));
    }

    /// Whether the extension that is open has said something already.
    fn is_said(&self) -> bool {
        match self.open.last() {
            Some(Open::Extension { from }) => self.out.get(*from..).is_some_and(has_text),
            _ => false,
        }
    }

    fn end(&mut self, open: Open) {
        match open {
            Open::Element("br" | "hr") => {}
            Open::Element(name) => self.push(&format!("</{name}>")),
            Open::Link { from, title } => {
                if !self.out.get(from..).is_some_and(has_text) {
                    self.push(&title.unwrap_or_default());
                }
            }
            Open::Unseen => self.unseen -= 1,
            Open::Parameter { name, from } => {
                let value = self.out.split_off(from.min(self.out.len())).trim().to_owned();
                let Some(Open::Macro(around)) = self.open.last_mut() else { return };
                match name.as_str() {
                    "hidden" => around.hidden = value == "true",
                    _ => around.title = Some(value),
                }
            }
            Open::Macro(over) if over.hidden => self.out.truncate(over.from),
            // A status, a ticket, or whatever has a name and no content.
            Open::Macro(Macro {
                title: Some(title),
                headed: false,
                name,
                ..
            }) if shows_title(&name) => self.push(&title),
            Open::Macro(_) | Open::Through | Open::Extension { .. } => {}
        }
    }
}

fn shows_title(name: &str) -> bool {
    matches!(name, "status" | "jira" | "jiraissues")
}

/// Whether there is something between the marks.
fn has_text(html: &str) -> bool {
    outside(html).any(|c| !c.is_whitespace())
}

/// Whether there are words between the marks.
pub(super) fn has_words(html: &str) -> bool {
    outside(html).any(char::is_alphanumeric)
}

/// The characters between the marks; references to characters are not looked at.
fn outside(html: &str) -> impl Iterator<Item = char> {
    let mut inside = None;
    html.chars().filter(move |&c| {
        let (was, over) = (inside, inside == Some(c) || (inside == Some(';') && c.is_whitespace()));
        inside = match c {
            _ if over => None,
            '<' if was.is_none() => Some('>'),
            '&' if was.is_none() => Some(';'),
            _ => was,
        };
        was.is_none() && inside.is_none()
    })
}

#[cfg(test)]
mod tests;
