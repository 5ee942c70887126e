//! How the widget presents itself.

use entities::projects::{Colors, Look};

use crate::{
    fault::{Fault, Invalid},
    text::parse_text,
};

/// Each field is left as it is when `None`.
#[derive(Clone, Debug, Default)]
pub struct ChangeLook {
    pub title: Option<String>,
    pub greeting: Option<String>,
    pub color: Option<String>,
    /// `right`, `left`, `top-right` or `top-left`.
    pub position: Option<String>,
    pub suggestions: Option<Vec<String>>,
    pub light: Option<Colors>,
    pub dark: Option<Colors>,
    /// `auto`, `light` or `dark`.
    pub scheme: Option<String>,
    /// Pixels.
    pub offset_x: Option<u16>,
    pub offset_y: Option<u16>,
    pub launcher: Option<String>,
    /// `auto` or one of [`LANGUAGES`].
    pub language: Option<String>,
}

/// The languages that the widget speaks.
pub const LANGUAGES: [&str; 11] = ["en", "de", "fr", "es", "pt", "it", "nl", "ja", "zh", "ar", "he"];
/// What stands for "as the page is", of the scheme and of the language.
pub const AUTO: &str = "auto";
/// Pixels from the page's edges, when nobody chose others.
pub const USUAL_OFFSET: u16 = 20;

const POSITIONS: [&str; 4] = ["right", "left", "top-right", "top-left"];
const FARTHEST: u16 = 200;
const MOST_SUGGESTIONS: usize = 4;

fn color(text: &str, field: &str) -> Result<String, Fault> {
    let hex = text
        .strip_prefix('#')
        .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    match hex {
        true => Ok(text.to_lowercase()),
        false => Err(Fault::invalid(Invalid::Color, field, "Enter a colour such as #2457d6.")),
    }
}

fn colors(of: &Colors, scheme: &str) -> Result<Colors, Fault> {
    let parse = |text: &Option<String>, name: &str| text.as_deref().map(|text| color(text, &format!("{scheme}.{name}"))).transpose();
    Ok(Colors {
        accent: parse(&of.accent, "accent")?,
        background: parse(&of.background, "background")?,
        text: parse(&of.text, "text")?,
    })
}

fn offset(pixels: u16, field: &str) -> Result<Option<u16>, Fault> {
    if pixels > FARTHEST {
        let reason = format!("Choose 0 to {FARTHEST} pixels.");
        return Err(Fault::invalid(Invalid::Position, field, reason));
    }
    Ok((pixels != USUAL_OFFSET).then_some(pixels))
}

/// One of `known`, or `None` for [`AUTO`].
fn one_of(text: &str, known: &[&str], refuse: impl FnOnce() -> Fault) -> Result<Option<String>, Fault> {
    match text {
        AUTO => Ok(None),
        text if known.contains(&text) => Ok(Some(text.to_owned())),
        _ => Err(refuse()),
    }
}

pub(super) fn change_look(look: &mut Look, change: &ChangeLook) -> Result<(), Fault> {
    if let Some(title) = &change.title {
        look.title = parse_text(title, "title", 60)?;
    }
    if let Some(greeting) = &change.greeting {
        look.greeting = parse_text(greeting, "greeting", 300)?;
    }
    if let Some(text) = &change.color {
        look.color = color(text, "color")?;
    }
    if let Some(position) = &change.position {
        if !POSITIONS.contains(&position.as_str()) {
            let reason = "Choose right, left, top-right or top-left.";
            return Err(Fault::invalid(Invalid::Position, "position", reason));
        }
        look.position.clone_from(position);
    }
    if let Some(suggestions) = &change.suggestions {
        let texts = suggestions.iter().filter(|text| !text.trim().is_empty());
        let texts = texts
            .enumerate()
            .map(|(n, text)| parse_text(text, &format!("suggestions[{n}]"), 120));
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        if texts.len() > MOST_SUGGESTIONS {
            let reason = format!("Suggest at most {MOST_SUGGESTIONS} questions.");
            return Err(Fault::invalid(Invalid::TooManySuggestions, "suggestions", reason));
        }
        look.suggestions = texts;
    }
    if let Some(light) = &change.light {
        look.light = colors(light, "light")?;
    }
    if let Some(dark) = &change.dark {
        look.dark = colors(dark, "dark")?;
    }
    if let Some(scheme) = &change.scheme {
        let refuse = || Fault::invalid(Invalid::Scheme, "scheme", "Choose auto, light or dark.");
        look.scheme = one_of(scheme, &["light", "dark"], refuse)?;
    }
    if let Some(pixels) = change.offset_x {
        look.offset_x = offset(pixels, "offset_x")?;
    }
    if let Some(pixels) = change.offset_y {
        look.offset_y = offset(pixels, "offset_y")?;
    }
    if let Some(launcher) = &change.launcher {
        look.launcher = parse_text(launcher, "launcher", 30)?;
    }
    if let Some(language) = &change.language {
        let refuse = || {
            Fault::invalid(
                Invalid::Language,
                "language",
                format!("Choose auto or one of {}.", LANGUAGES.join(", ")),
            )
        };
        look.language = one_of(language, &LANGUAGES, refuse)?;
    }
    Ok(())
}

/// The language to speak: what the team chose, else the first of `wanted` (such as `pt-BR`, the page's before the browser's) that there is.
#[must_use]
pub fn language<'a>(look: &Look, wanted: impl IntoIterator<Item = &'a str>) -> &'static str {
    let known = |text: &str| {
        let name = text.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        // What Hebrew was called in days that some systems remember.
        let name = if name == "iw" { "he" } else { &name };
        LANGUAGES.into_iter().find(|language| *language == name)
    };
    let chosen = look.language.as_deref().and_then(known);
    chosen.or_else(|| wanted.into_iter().find_map(known)).unwrap_or("en")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_team_s_language_comes_first_then_the_first_that_is_spoken() {
        let auto = Look::default();
        assert_eq!(language(&auto, ["de-AT", "en"]), "de");
        assert_eq!(language(&auto, ["tlh", "pt-BR", "en"]), "pt");
        assert_eq!(language(&auto, ["zh-Hans-CN"]), "zh");
        assert_eq!(language(&auto, ["iw"]), "he");
        assert_eq!(language(&auto, ["", "x", "-"]), "en");
        let fixed = Look {
            language: Some("ar".into()),
            ..Look::default()
        };
        assert_eq!(language(&fixed, ["de"]), "ar");
    }

    #[test]
    fn what_cannot_be_drawn_is_refused_by_its_field() {
        let refused = |change: &ChangeLook| match change_look(&mut Look::default(), change) {
            Err(Fault::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        let dark = Colors {
            text: Some("red".into()),
            ..Colors::default()
        };
        let change = ChangeLook {
            dark: Some(dark),
            ..ChangeLook::default()
        };
        assert_eq!(refused(&change), "dark.text");
        let change = ChangeLook {
            offset_x: Some(201),
            ..ChangeLook::default()
        };
        assert_eq!(refused(&change), "offset_x");
        let change = ChangeLook {
            language: Some("tlh".into()),
            ..ChangeLook::default()
        };
        assert_eq!(refused(&change), "language");
    }
}
