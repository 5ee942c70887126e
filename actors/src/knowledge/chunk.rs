//! Cuts a document into passages along its structure.

use crate::knowledge::parse::{Block, Limits, ParseError, Parsed};
use crate::knowledge::sentence::{pieces, sentences};

/// Word pieces that the embedding model reads; title and headings share them with the text.
const WINDOW: usize = 250;
/// Word pieces of text in one passage, at most and at least, however long title and headings are.
const LARGEST: usize = 200;
const SMALLEST: usize = 120;
/// Sections below this are joined with their like, up to `JOINED`.
const STUB: usize = 24;
const JOINED: usize = 120;
/// Longest heading path kept, in characters a heading.
const HEADING: usize = 160;

/// A passage: what is searched, embedded and cited.
///
/// `text` is plain: paragraphs parted by a blank line, list items as lines with "- " or "1. " (two blanks a level),
/// code between lines of three backticks, "# …" for the headings of small sections that were joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Headings from the outside in, without the document's title.
    pub heading: Vec<String>,
    pub text: String,
    /// The page it begins on, from 1; known for PDF only.
    pub page: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Prose,
    /// A list item or a table row.
    Item,
    Code,
    Heading,
}

struct Unit {
    kind: Kind,
    text: String,
    size: usize,
    page: Option<u32>,
}

#[derive(Default)]
struct Section {
    heading: Vec<String>,
    units: Vec<Unit>,
}

impl Section {
    fn size(&self) -> usize {
        self.units.iter().map(|unit| unit.size).sum()
    }
}

/// Passages of at most some 200 word pieces. A sentence is parted only when it alone is longer.
pub fn chunk(parsed: &Parsed, limits: &Limits) -> Result<Vec<Chunk>, ParseError> {
    let title = parsed.title.as_deref().unwrap_or_default();
    let mut chunks = Vec::new();
    for section in join_stubs(sections(parsed, title)) {
        let around = pieces(title) + section.heading.iter().map(|heading| pieces(heading) + 1).sum::<usize>();
        let most = WINDOW.saturating_sub(around).clamp(SMALLEST, LARGEST);
        for units in pack(groups(section.units, most), most) {
            let page = units.first().and_then(|unit| unit.page);
            chunks.push(Chunk {
                heading: section.heading.clone(),
                text: join(&units),
                page,
            });
            if chunks.len() > limits.chunks {
                return Err(ParseError::TooManyChunks { limit: limits.chunks });
            }
        }
    }
    if chunks.is_empty() { Err(ParseError::NoText) } else { Ok(chunks) }
}

/// Headings with the text below them. A heading without text lives on in the paths of those below it.
fn sections(parsed: &Parsed, title: &str) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut open = Section::default();
    let mut path: Vec<(u8, String)> = Vec::new();
    let mut page = None;
    let mut used = true;
    for block in &parsed.blocks {
        match block {
            Block::PageBreak(number) => page = Some(*number),
            Block::Heading { level, text } => {
                let deeper = path.last().is_some_and(|(above, _)| level > above);
                // Two headings at one level with nothing between them: the first is text that must not be lost.
                if !used
                    && !deeper
                    && let Some((_, lost)) = path.last()
                {
                    open.units.push(unit(Kind::Prose, lost.clone(), page));
                }
                if !open.units.is_empty() {
                    sections.push(std::mem::take(&mut open));
                }
                path.retain(|(above, _)| above < level);
                path.push((*level, text.chars().take(HEADING).collect()));
                open.heading = breadcrumb(&path, title);
                used = open.heading.is_empty();
            }
            _ => {
                used = true;
                open.units.push(unit_of(block, page));
            }
        }
    }
    if !used && let Some((_, lost)) = path.pop() {
        open.heading = breadcrumb(&path, title);
        open.units.push(unit(Kind::Prose, lost, page));
    }
    if !open.units.is_empty() {
        sections.push(open);
    }
    if sections.is_empty() {
        // Nothing but a title is still something to find.
        let units: Vec<Unit> = parsed
            .blocks
            .iter()
            .filter(|block| !block.text().is_empty())
            .map(|block| unit(Kind::Prose, block.text().to_owned(), page))
            .collect();
        sections.extend((!units.is_empty()).then(|| Section {
            heading: Vec::new(),
            units,
        }));
    }
    sections
}

fn breadcrumb(path: &[(u8, String)], title: &str) -> Vec<String> {
    let same = |heading: &str| heading.eq_ignore_ascii_case(title);
    path.iter()
        .enumerate()
        .filter(|(depth, (_, heading))| *depth > 0 || !same(heading))
        .map(|(_, (_, heading))| heading.clone())
        .collect()
}

fn unit(kind: Kind, text: String, page: Option<u32>) -> Unit {
    Unit {
        kind,
        size: pieces(&text),
        text,
        page,
    }
}

fn unit_of(block: &Block, page: Option<u32>) -> Unit {
    match block {
        Block::ListItem { marker, depth, text } => unit(Kind::Item, format!("{}{marker} {text}", "  ".repeat(usize::from(*depth))), page),
        Block::TableRow(text) => unit(Kind::Item, format!("- {text}"), page),
        // A fence inside code would end it too early.
        Block::Code(text) => unit(Kind::Code, text.replace("```", "'''"), page),
        _ => unit(Kind::Prose, block.text().to_owned(), page),
    }
}

/// Joins neighbouring sections of a line or two under the heading that they share. Questions stay alone: they are
/// what people ask.
fn join_stubs(sections: Vec<Section>) -> Vec<Section> {
    let mut joined: Vec<Section> = Vec::new();
    let mut open_parent: Option<Vec<String>> = None;
    for section in sections {
        let parent = section
            .heading
            .split_last()
            .filter(|(own, _)| !own.ends_with('?') && section.size() < STUB)
            .map(|(_, parent)| parent.to_vec());
        let fits = parent.is_some() && parent == open_parent && joined.last().is_some_and(|last| last.size() + section.size() < JOINED);
        if fits && let (Some(last), Some(parent)) = (joined.last_mut(), &parent) {
            if let Some(own) = last.heading.get(parent.len()).cloned() {
                let page = last.units.first().and_then(|unit| unit.page);
                last.units.insert(0, unit(Kind::Heading, own, page));
                last.heading.truncate(parent.len());
            }
            let own = section.heading.last().cloned().unwrap_or_default();
            let page = section.units.first().and_then(|unit| unit.page);
            last.units.push(unit(Kind::Heading, own, page));
            last.units.extend(section.units);
            continue;
        }
        open_parent = parent;
        joined.push(section);
    }
    joined
}

/// Units that should stay together: a list with the line that announces it, code with the line before it.
fn groups(units: Vec<Unit>, most: usize) -> Vec<Vec<Unit>> {
    let mut groups: Vec<Vec<Unit>> = Vec::new();
    for unit in units {
        let follows = groups.last().and_then(|group| group.last()).is_some_and(|last| {
            let announced =
                last.kind == Kind::Heading || (last.kind == Kind::Prose && last.text.ends_with(':') && unit.kind != Kind::Prose);
            announced || (last.kind == Kind::Item && unit.kind == Kind::Item)
        });
        match groups.last_mut() {
            Some(group) if follows => group.push(unit),
            _ => groups.push(vec![unit]),
        }
    }
    let mut fitting = Vec::new();
    for group in groups {
        if group.iter().map(|unit| unit.size).sum::<usize>() <= most {
            fitting.push(group);
            continue;
        }
        for unit in group {
            if unit.size <= most {
                fitting.push(vec![unit]);
            } else {
                fitting.extend(split(&unit, most).into_iter().map(|part| vec![part]));
            }
        }
    }
    fitting
}

/// Parts a unit that is too long: code by lines, text by sentences, and a single monster by words or letters.
fn split(long: &Unit, most: usize) -> Vec<Unit> {
    let whole: Vec<&str> = if long.kind == Kind::Code {
        long.text.lines().collect()
    } else {
        sentences(&long.text)
    };
    let glue = if long.kind == Kind::Code { "\n" } else { " " };
    let mut parts: Vec<String> = Vec::new();
    for part in whole {
        if pieces(part) <= most {
            parts.push(part.to_owned());
            continue;
        }
        let mut words = Vec::new();
        for word in part.split_inclusive(' ') {
            // Letters, so that no run without blanks is longer than a passage.
            let letters: Vec<char> = word.chars().collect();
            words.extend(letters.chunks(most / 4).map(|some| some.iter().collect::<String>()));
        }
        parts.extend(fill(words, "", most));
    }
    let parts_count = parts.len().max(1);
    let total: usize = parts.iter().map(|part| pieces(part)).sum();
    // Even parts, with room for a sentence that does not divide.
    let even = total / total.div_ceil(most).max(1);
    fill(parts, glue, (even + total / parts_count).min(most))
        .into_iter()
        .map(|text| unit(long.kind, text, long.page))
        .collect()
}

fn fill(parts: Vec<String>, glue: &str, most: usize) -> Vec<String> {
    let mut filled: Vec<(String, usize)> = Vec::new();
    for part in parts {
        let size = pieces(&part);
        match filled.last_mut() {
            Some((text, total)) if *total + size <= most => {
                text.push_str(glue);
                text.push_str(&part);
                *total += size;
            }
            _ => filled.push((part, size)),
        }
    }
    filled.into_iter().map(|(text, _)| text).collect()
}

/// Fills passages evenly, so that a section does not end in a scrap.
fn pack(groups: Vec<Vec<Unit>>, most: usize) -> Vec<Vec<Unit>> {
    let size = |units: &[Unit]| units.iter().map(|unit| unit.size).sum::<usize>();
    let total: usize = groups.iter().map(|group| size(group)).sum();
    let even = total / total.div_ceil(most).max(1);
    let mut packed: Vec<Vec<Unit>> = Vec::new();
    let mut open: Vec<Unit> = Vec::new();
    for group in groups {
        let (have, add) = (size(&open), size(&group));
        let past_even = have > 0 && have + add / 2 > even + even / 8;
        if !open.is_empty() && (have + add > most || past_even) {
            packed.push(std::mem::take(&mut open));
        }
        open.extend(group);
    }
    if !open.is_empty() {
        packed.push(open);
    }
    packed
}

fn join(units: &[Unit]) -> String {
    let mut text = String::new();
    let mut before = None;
    for unit in units {
        match before {
            None => {}
            Some(Kind::Item) if unit.kind == Kind::Item => text.push('\n'),
            Some(_) => text.push_str("\n\n"),
        }
        match unit.kind {
            Kind::Code => {
                text.push_str("```\n");
                text.push_str(&unit.text);
                text.push_str("\n```");
            }
            Kind::Heading => {
                text.push_str("# ");
                text.push_str(&unit.text);
            }
            Kind::Prose | Kind::Item => text.push_str(&unit.text),
        }
        before = Some(unit.kind);
    }
    text
}

#[cfg(test)]
#[path = "chunk_tests.rs"]
mod tests;
