//! PDF, page by page.
//!
//! Bounded here: pages, bytes that Flate streams unpack to, commands of a page, repeated and circular forms, circular page trees, font
//! tables, text kept.
//! Panics inside the library end the page, not the program (this needs `panic = "unwind"`). Not bounded here: time, which
//! is the caller's deadline, and stack use of the library on damage that `pdf_guard` does not know.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pdf_extract::{Document, output_doc, output_doc_page};

use super::pdf_fonts::tame;
use super::pdf_guard::{check_parts, check_sizes, disarm};
use super::pdf_lines::{Lines, blocks};
use super::{Limits, ParseError, Parsed, Stop};

const UNREADABLE: ParseError = ParseError::Unreadable("PDF");

pub(super) fn read(bytes: &[u8], limits: &Limits, stop: &Stop) -> Result<Parsed, ParseError> {
    check_sizes(bytes, limits, stop)?;
    let mut document = guarded(|| Document::load_mem(bytes).ok()).flatten().ok_or(UNREADABLE)?;
    // Most protected files only forbid changes and open with the empty password.
    if document.is_encrypted() && !guarded(|| document.decrypt("").is_ok()).unwrap_or(false) {
        return Err(ParseError::Encrypted);
    }
    let found = document.page_iter().take(limits.pages as usize + 1).count();
    let pages = u32::try_from(found).unwrap_or(u32::MAX);
    if pages > limits.pages {
        return Err(ParseError::TooManyPages { limit: limits.pages });
    }
    if pages == 0 {
        return Err(UNREADABLE);
    }
    stop.check()?;
    disarm(&mut document, limits);
    check_parts(&document, limits, stop)?;
    tame(&mut document);
    stop.check()?;
    let lines = read_pages(&document, pages, limits, stop);
    stop.check()?;
    if lines.full {
        return Err(ParseError::TooLargeInside {
            limit: limits.text_bytes as u64,
        });
    }
    let blocks = blocks(lines.lines);
    if blocks.is_empty() {
        return Err(ParseError::NoText);
    }
    Ok(Parsed {
        title: title(&document),
        blocks,
        pages: Some(pages),
        source_url: None,
    })
}

/// All pages in one go; after a failure the rest one by one, so that a damaged page costs only itself.
fn read_pages(document: &Document, pages: u32, limits: &Limits, stop: &Stop) -> Lines {
    let mut lines = Lines::new(limits.text_bytes, stop);
    guarded(|| output_doc(document, &mut lines).ok());
    lines.end_line();
    let mut page = lines.finished;
    while page < pages && !lines.full && !stop.is_raised() {
        page += 1;
        lines.drop_page(page);
        let done = guarded(|| output_doc_page(document, &mut lines, page).is_ok()).unwrap_or(false);
        lines.end_line();
        if !done && !lines.full {
            lines.drop_page(page);
            if let Some(text) = guarded(|| document.extract_text(&[page]).ok()).flatten() {
                lines.plain_page(page, &text);
            }
        }
    }
    lines
}

/// `None` when the library panics.
fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// The title that the document gives itself, unless it is the name of the file it was made from.
fn title(document: &Document) -> Option<String> {
    let info = document.trailer.get(b"Info").ok()?;
    let (_, info) = document.dereference(info).ok()?;
    let bytes = info.as_dict().ok()?.get(b"Title").ok()?.as_str().ok()?;
    let text = super::text::decode(bytes);
    let made_up =
        text.contains(".doc") || text.contains(".indd") || text.contains(".tex") || text.to_ascii_lowercase().starts_with("untitled");
    (!made_up && text.chars().filter(|c| c.is_alphabetic()).count() >= 3).then_some(text)
}
