//! A passage's text taken apart again into what can be told on its own.

use crate::knowledge::sentence::sentences;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sentence,
    /// A line that introduces the section below it.
    Heading,
    Item,
    Code,
}

/// A sentence, a list item, or a block of code.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unit {
    pub kind: Kind,
    pub text: String,
    /// Begins a paragraph.
    pub opens: bool,
}

/// Takes apart what `chunk` has put together.
pub(super) fn units(text: &str) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut code: Option<String> = None;
    let mut opens = true;
    for line in text.lines() {
        if line == "```" {
            match code.take() {
                Some(lines) => units.push(Unit {
                    kind: Kind::Code,
                    text: lines,
                    opens: true,
                }),
                None => code = Some(String::new()),
            }
            opens = true;
            continue;
        }
        if let Some(lines) = &mut code {
            if !lines.is_empty() {
                lines.push('\n');
            }
            lines.push_str(line);
            continue;
        }
        if line.trim().is_empty() {
            opens = true;
            continue;
        }
        if let Some(heading) = line.strip_prefix("# ") {
            units.push(Unit {
                kind: Kind::Heading,
                text: heading.to_owned(),
                opens: true,
            });
        } else if is_item(line) {
            units.push(Unit {
                kind: Kind::Item,
                text: without_marks(line.trim_end()),
                opens: true,
            });
        } else {
            for sentence in sentences(line) {
                units.push(Unit {
                    kind: Kind::Sentence,
                    text: without_marks(sentence),
                    opens,
                });
                opens = false;
            }
        }
        opens = true;
    }
    units.extend(code.map(|text| Unit {
        kind: Kind::Code,
        text,
        opens: true,
    }));
    units.retain(|unit| !unit.text.trim().is_empty());
    units
}

/// "- …" or "12. …", however deep.
fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    let number = line.bytes().take_while(u8::is_ascii_digit).count();
    line.starts_with("- ") || ((1..=3).contains(&number) && line[number..].starts_with(". "))
}

/// Takes out "[12]": a document's own marks would be read as sources of the answer.
fn without_marks(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        let inside = &rest[at + 1..];
        let digits = inside.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && inside[digits..].starts_with(']') {
            kept.push_str(&rest[..at]);
            rest = &inside[digits + 1..];
            // "at any time [7]." has no blank before its full stop.
            if rest.starts_with(['.', ',', ';', ':', '!', '?']) {
                kept.truncate(kept.trim_end().len());
            }
        } else {
            kept.push_str(&rest[..=at]);
            rest = inside;
        }
    }
    kept.push_str(rest);
    kept
}

/// One line without fences and heading marks, for excerpts.
pub(super) fn plain(text: &str) -> String {
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| *line != "```")
        .map(|line| line.strip_prefix("# ").unwrap_or(line));
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}
