//! DOCX (WordprocessingML in a ZIP archive).

use std::collections::{HashMap, HashSet};
use std::io::{Cursor, Read};

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use zip::ZipArchive;

use super::docx_styles::{attribute, heading_styles, local, numbered_lists};
use super::markdown::row;
use super::{Block, Limits, ParseError, Parsed, Stop};

/// A document with pictures has a few hundred entries.
const ENTRIES: usize = 10_000;
const UNREADABLE: ParseError = ParseError::Unreadable("Word (DOCX)");

/// Only three entries are unpacked, each against what is left of the allowance; pictures and embedded files are not touched.
pub(super) fn read(bytes: &[u8], limits: &Limits, stop: &Stop) -> Result<Parsed, ParseError> {
    // A document with a password is an OLE container around the encrypted archive.
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Err(ParseError::Encrypted);
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| UNREADABLE)?;
    if archive.len() > ENTRIES {
        return Err(ParseError::TooLargeInside {
            limit: limits.decompressed_bytes,
        });
    }
    let mut left = limits.decompressed_bytes;
    let document = entry(&mut archive, "word/document.xml", &mut left, limits)?.ok_or(UNREADABLE)?;
    let styles = entry(&mut archive, "word/styles.xml", &mut left, limits)?.unwrap_or_default();
    let numbering = entry(&mut archive, "word/numbering.xml", &mut left, limits)?.unwrap_or_default();
    let mut body = Body {
        headings: heading_styles(&styles),
        numbered: numbered_lists(&numbering),
        ..Body::default()
    };
    body.read(&document, stop)?;
    Ok(Parsed {
        blocks: body.blocks,
        ..Parsed::default()
    })
}

/// Reads one entry, refusing it by its declared size and again by what really comes out.
fn entry(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str, left: &mut u64, limits: &Limits) -> Result<Option<String>, ParseError> {
    let file = match archive.by_name(name) {
        Ok(file) => file,
        Err(zip::result::ZipError::FileNotFound) => return Ok(None),
        Err(_) => return Err(UNREADABLE),
    };
    let too_large = ParseError::TooLargeInside {
        limit: limits.decompressed_bytes,
    };
    if file.encrypted() {
        return Err(ParseError::Encrypted);
    }
    if file.size() > *left {
        return Err(too_large);
    }
    let mut bytes = Vec::new();
    file.take(*left + 1).read_to_end(&mut bytes).map_err(|_| UNREADABLE)?;
    let size = bytes.len() as u64;
    *left = left.checked_sub(size).ok_or(too_large)?;
    Ok(Some(super::text::decode(&bytes)))
}

#[derive(Default)]
struct Body {
    headings: HashMap<String, u8>,
    numbered: HashSet<String>,
    /// The number that the next item gets, by list.
    counters: HashMap<String, u64>,
    blocks: Vec<Block>,
    text: String,
    style: Option<u8>,
    list: Option<String>,
    depth: u8,
    tables: usize,
    header: Vec<String>,
    cells: Vec<String>,
    cell: String,
    /// Inside text that was deleted, or is an instruction to Word.
    hidden: usize,
    /// Inside `w:t`, the only element whose characters are text.
    in_text: bool,
}

impl Body {
    /// Entities other than the five of XML and character numbers stay unread; a document type is refused.
    fn read(&mut self, xml: &str, stop: &Stop) -> Result<(), ParseError> {
        let mut reader = Reader::from_str(xml);
        reader.config_mut().check_end_names = false;
        loop {
            stop.check()?;
            match reader.read_event().map_err(|_| UNREADABLE)? {
                Event::Start(element) => self.start(&element, false),
                Event::Empty(element) => self.start(&element, true),
                Event::End(element) => self.end(local(element.name().as_ref())),
                Event::Text(text) if self.in_text && self.hidden == 0 => self.text.push_str(&text.xml10_content()),
                Event::CData(text) if self.in_text && self.hidden == 0 => self.text.push_str(&text.into_inner()),
                Event::GeneralRef(reference) if self.in_text && self.hidden == 0 => self.text.extend(resolve(&reference)),
                Event::DocType(_) => return Err(UNREADABLE),
                Event::Eof => {
                    self.paragraph();
                    return Ok(());
                }
                _ => {}
            }
        }
    }

    fn start(&mut self, element: &BytesStart<'_>, empty: bool) {
        let name = element.name();
        match local(name.as_ref()) {
            "del" | "moveFrom" | "instrText" | "delText" | "Fallback" if !empty => self.hidden += 1,
            "t" => self.in_text = !empty,
            "tab" | "br" | "cr" if self.hidden == 0 => self.text.push(' '),
            "noBreakHyphen" => self.text.push('-'),
            "pStyle" => {
                self.style = attribute(element, "val")
                    .and_then(|id| self.headings.get(&id).copied().or_else(|| built_in(&id)))
                    .or(self.style)
            }
            "outlineLvl" => {
                self.style = self.style.or(attribute(element, "val")
                    .and_then(|level| level.parse::<u8>().ok())
                    .filter(|level| *level < 6)
                    .map(|level| level + 1))
            }
            "ilvl" => self.depth = attribute(element, "val").and_then(|depth| depth.parse().ok()).unwrap_or_default(),
            "numId" => self.list = attribute(element, "val").filter(|id| id != "0"),
            "tbl" if !empty => {
                self.tables += 1;
                if self.tables == 1 {
                    self.header.clear();
                }
            }
            "tr" if self.tables == 1 => self.cells.clear(),
            "tc" if self.tables == 1 => self.cell.clear(),
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "del" | "moveFrom" | "instrText" | "delText" | "Fallback" => self.hidden = self.hidden.saturating_sub(1),
            "t" => self.in_text = false,
            "p" if self.tables > 0 => {
                self.cell.push_str(&std::mem::take(&mut self.text));
                self.cell.push('\n');
                (self.style, self.list, self.depth) = (None, None, 0);
            }
            "p" => self.paragraph(),
            "tc" if self.tables == 1 => self.cells.push(std::mem::take(&mut self.cell)),
            "tr" if self.tables == 1 => self.row(),
            "tbl" => self.tables = self.tables.saturating_sub(1),
            _ => {}
        }
    }

    /// The first row names the columns, as nearly every table in a manual has it; a row of one cell is a paragraph.
    fn row(&mut self) {
        let cells = std::mem::take(&mut self.cells);
        match cells.as_slice() {
            [] => {}
            [only] => self.blocks.push(Block::Paragraph(only.clone())),
            _ if self.header.is_empty() => {
                self.blocks.push(Block::TableRow(row(&[], &cells)));
                self.header = cells;
            }
            _ => self.blocks.push(Block::TableRow(row(&self.header, &cells))),
        }
    }

    fn paragraph(&mut self) {
        let text = std::mem::take(&mut self.text);
        let (style, list, depth) = (self.style.take(), self.list.take(), std::mem::take(&mut self.depth));
        if text.trim().is_empty() {
            return;
        }
        self.blocks.push(match (style, list) {
            (Some(level), _) => Block::Heading { level, text },
            (None, Some(id)) => {
                let marker = if self.numbered.contains(&id) && depth == 0 {
                    let number = self.counters.entry(id).or_insert(0);
                    *number += 1;
                    format!("{number}.")
                } else {
                    "-".to_owned()
                };
                Block::ListItem { marker, depth, text }
            }
            (None, None) => Block::Paragraph(text),
        });
    }
}

/// The style ids that Word itself uses, for documents without `styles.xml`.
fn built_in(id: &str) -> Option<u8> {
    if id == "Title" {
        return Some(1);
    }
    id.strip_prefix("Heading")?.parse().ok().filter(|level| (1..=6).contains(level))
}

/// `&amp;` and `&#233;`; nothing that a document could define.
fn resolve(reference: &BytesRef<'_>) -> Option<char> {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return Some(character);
    }
    resolve_predefined_entity(&reference.xml10_content())?.chars().next()
}
