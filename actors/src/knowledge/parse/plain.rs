//! Plain text: paragraphs, underlined or capital headings, lists.

use super::{Block, Parsed};
use crate::knowledge::sentence::sentences;

pub(super) fn read(text: &str) -> Parsed {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut blocks = Vec::new();
    let mut page = 1;
    // A form feed is how text files mark a new page.
    for (index, sheet) in text.split('\u{C}').enumerate() {
        if index > 0 {
            page += 1;
            blocks.push(Block::PageBreak(page));
        }
        for paragraph in sheet.split("\n\n") {
            read_paragraph(paragraph, &mut blocks);
        }
    }
    let title = opening_line(&text, &mut blocks);
    Parsed {
        title,
        blocks,
        ..Parsed::default()
    }
}

/// Longest opening line that names the document, in characters.
const TITLE: usize = 200;
/// Longest that is taken for a heading; a longer one may say something.
const HEADING: usize = 100;

/// A single line that stands alone above the text names the document. It becomes a heading, out of the text, only when it
/// says nothing: a sentence stays in the text besides, since it may be what is asked for.
fn opening_line(source: &str, blocks: &mut [Block]) -> Option<String> {
    let [Block::Paragraph(line), rest @ ..] = &*blocks else {
        return None;
    };
    let line = line.trim().to_owned();
    let alone = source
        .trim_start()
        .split_once('\n')
        .is_some_and(|(first, below)| first.trim() == line && below.lines().next().is_some_and(|next| next.trim().is_empty()));
    let above_text = rest
        .iter()
        .any(|block| matches!(block, Block::Paragraph(_) | Block::ListItem { .. }));
    let names = line.chars().count() <= TITLE
        && line.chars().any(char::is_alphabetic)
        && !line.ends_with([',', ';', ':'])
        && sentences(&line).len() == 1;
    if !(alone && above_text && names) {
        return None;
    }
    // A question asks; what answers it stands below.
    let end = line.trim_end_matches(['"', '\'', ')', ']', '”', '’', '»']);
    if line.chars().count() <= HEADING && !end.ends_with(['.', '!', '…', '。', '！']) {
        blocks[0] = Block::Heading {
            level: 1,
            text: line.clone(),
        };
    }
    Some(line)
}

fn read_paragraph(paragraph: &str, blocks: &mut Vec<Block>) {
    let mut open = String::new();
    let mut item: Option<(String, u8)> = None;
    let flush = |open: &mut String, item: &mut Option<(String, u8)>, blocks: &mut Vec<Block>| {
        let text = std::mem::take(open);
        match item.take() {
            Some((marker, depth)) => blocks.push(Block::ListItem { marker, depth, text }),
            None if is_heading(&text) => blocks.push(Block::Heading { level: 2, text }),
            None => blocks.push(Block::Paragraph(text)),
        }
    };
    for line in paragraph.lines() {
        if let Some(level) = underline(line) {
            // Only the line just above is underlined; what came before it is a paragraph of its own.
            let heading = open.rsplit_once('\n').map_or(open.clone(), |(_, last)| last.to_owned());
            if !heading.trim().is_empty() && item.is_none() {
                open.truncate(open.len() - heading.len());
                flush(&mut open, &mut item, blocks);
                blocks.push(Block::Heading { level, text: heading });
            }
            continue;
        }
        if let Some((marker, depth, rest)) = list_item(line) {
            if !open.trim().is_empty() {
                flush(&mut open, &mut item, blocks);
            }
            open = rest.to_owned();
            item = Some((marker, depth));
            continue;
        }
        if !open.is_empty() {
            open.push('\n');
        }
        open.push_str(line);
    }
    if !open.trim().is_empty() {
        flush(&mut open, &mut item, blocks);
    }
}

/// The level that a line of `===` or `---` gives to the line above it.
fn underline(line: &str) -> Option<u8> {
    let line = line.trim();
    if line.len() < 3 {
        return None;
    }
    if line.bytes().all(|byte| byte == b'=') {
        return Some(1);
    }
    line.bytes().all(|byte| byte == b'-').then_some(2)
}

/// Marker, depth and text of a line that begins as a list item.
pub(super) fn list_item(line: &str) -> Option<(String, u8, &str)> {
    let text = line.trim_start();
    let depth = u8::try_from((line.len() - text.len()) / 2).unwrap_or(6);
    for bullet in ["- ", "* ", "• ", "‣ ", "◦ ", "▪ ", "– ", "● "] {
        if let Some(rest) = text.strip_prefix(bullet) {
            return Some(("-".to_owned(), depth, rest.trim()));
        }
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.get(digits..)?;
    let body = rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))?;
    ((1..=3).contains(&digits) && !body.trim().is_empty()).then(|| (format!("{}.", &text[..digits]), depth, body.trim()))
}

/// A short line in capitals.
fn is_heading(text: &str) -> bool {
    let text = text.trim();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    !text.contains('\n')
        && text.chars().count() <= 80
        && letters >= 4
        && !text.chars().any(char::is_lowercase)
        && !text.ends_with(['.', ',', ';'])
}
