//! DOCX `styles.xml` and `numbering.xml`: which paragraph styles are headings, and which lists are numbered.

use std::collections::{HashMap, HashSet};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// The value of the attribute whose local name is `name`.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    element
        .attributes()
        .flatten()
        .find(|attribute| local(attribute.key.as_ref()) == name)
        .map(|attribute| attribute.value.to_string())
}

/// The part after the prefix: "w:p" → "p".
pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Style id → heading level, from the style's name, its outline level, or the style it is based on.
pub(super) fn heading_styles(xml: &str) -> HashMap<String, u8> {
    let mut levels = HashMap::new();
    let mut based_on: Vec<(String, String)> = Vec::new();
    let mut style: Option<String> = None;
    let mut reader = Reader::from_str(xml);
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(element) | Event::Empty(element) => match (local(element.name().as_ref()), &style) {
                ("style", _) => style = attribute(&element, "styleId"),
                ("name", Some(id)) => {
                    if let Some(level) = attribute(&element, "val").as_deref().and_then(level_of_name) {
                        levels.insert(id.clone(), level);
                    }
                }
                ("outlineLvl", Some(id)) => {
                    if let Some(level) = attribute(&element, "val")
                        .and_then(|value| value.parse::<u8>().ok())
                        .filter(|level| *level < 6)
                    {
                        levels.entry(id.clone()).or_insert(level + 1);
                    }
                }
                ("basedOn", Some(id)) => based_on.extend(attribute(&element, "val").map(|base| (id.clone(), base))),
                _ => {}
            },
            Event::End(element) if local(element.name().as_ref()) == "style" => style = None,
            Event::Eof => break,
            _ => {}
        }
    }
    // Styles build on each other a few levels deep at most; a circle must not hold us.
    for _ in 0..4 {
        for (id, base) in &based_on {
            if let Some(level) = levels.get(base).copied() {
                levels.entry(id.clone()).or_insert(level);
            }
        }
    }
    levels
}

/// "heading 2" and "Title", as Word names them in every language.
fn level_of_name(name: &str) -> Option<u8> {
    let name = name.to_ascii_lowercase();
    if name == "title" {
        return Some(1);
    }
    name.strip_prefix("heading ")?
        .trim()
        .parse()
        .ok()
        .filter(|level| (1..=6).contains(level))
}

/// The `numId`s whose first level counts with digits or letters.
pub(super) fn numbered_lists(xml: &str) -> HashSet<String> {
    let mut counted: HashSet<String> = HashSet::new();
    let mut numbered = HashSet::new();
    let (mut definition, mut level, mut number) = (None::<String>, String::new(), None::<String>);
    let mut reader = Reader::from_str(xml);
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(element) | Event::Empty(element) => match local(element.name().as_ref()) {
                "abstractNum" => definition = attribute(&element, "abstractNumId"),
                "lvl" => level = attribute(&element, "ilvl").unwrap_or_default(),
                "numFmt" if level == "0" => {
                    let format = attribute(&element, "val").unwrap_or_default();
                    if !matches!(format.as_str(), "bullet" | "none" | "") {
                        counted.extend(definition.clone());
                    }
                }
                "num" => number = attribute(&element, "numId"),
                "abstractNumId" if attribute(&element, "val").is_some_and(|id| counted.contains(&id)) => numbered.extend(number.clone()),
                _ => {}
            },
            Event::Eof => break,
            _ => {}
        }
    }
    numbered
}
