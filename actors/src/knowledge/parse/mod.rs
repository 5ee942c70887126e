//! Reads an uploaded document into blocks of plain text.

mod docx;
mod docx_styles;
mod html;
mod html_head;
mod html_rules;
mod html_source;
mod html_tree;
mod markdown;
mod media;
mod pdf;
mod pdf_fonts;
mod pdf_guard;
mod pdf_lines;
mod plain;
mod stop;
mod text;

#[cfg(test)]
mod hostile_pdf_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;

pub(crate) use html_head::PageHead;
pub use media::MediaType;
pub use stop::Stop;

/// What one document may cost. Everything beyond is refused with a reason, never cut off silently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub pages: u32,
    /// Bytes that compressed parts (DOCX entries, PDF streams) may unpack to, in total.
    pub decompressed_bytes: u64,
    pub chunks: usize,
    /// Bytes of text in all blocks together.
    pub text_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pages: 2_000,
            decompressed_bytes: 200 << 20,
            chunks: 20_000,
            text_bytes: 20 << 20,
        }
    }
}

/// A document as text, in reading order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    pub title: Option<String>,
    pub blocks: Vec<Block>,
    /// Known for PDF only.
    pub pages: Option<u32>,
    /// Where the document says it lives: `http` or `https`, otherwise absent.
    pub source_url: Option<String>,
}

/// One piece of a document. Texts are trimmed, never empty, and free of control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// `level` is 1 to 6.
    Heading {
        level: u8,
        text: String,
    },
    Paragraph(String),
    /// `marker` is "-" or a number with its dot; `depth` counts from 0.
    ListItem {
        marker: String,
        depth: u8,
        text: String,
    },
    /// Lines as written.
    Code(String),
    /// Cells named by their column: "Plan: Team; Price: $20".
    TableRow(String),
    /// What follows stands on this page, counted from 1.
    PageBreak(u32),
}

impl Block {
    /// The text, without list marker.
    pub fn text(&self) -> &str {
        match self {
            Self::Heading { text, .. } | Self::ListItem { text, .. } => text,
            Self::Paragraph(text) | Self::Code(text) | Self::TableRow(text) => text,
            Self::PageBreak(_) => "",
        }
    }
}

/// Why a document was refused, in words for the person who uploaded it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("This file could not be read as {0}. It may be damaged, or of another type than its name says.")]
    Unreadable(&'static str),
    #[error("This file is protected with a password. Upload a copy without one.")]
    Encrypted,
    #[error("No text was found in this file. Scanned pages need text recognition (OCR) first.")]
    NoText,
    #[error("This file has more than {limit} pages. Split it and upload the parts.")]
    TooManyPages { limit: u32 },
    #[error("This file unpacks to more than {} MiB. Split it and upload the parts.", .limit >> 20)]
    TooLargeInside { limit: u64 },
    #[error("A part of this file unpacks to more than {} MiB, or draws more than can be read safely. Leave it out, or upload its text.", .limit >> 20)]
    PartTooLarge { limit: u64 },
    #[error("This file makes more than {limit} searchable passages. Split it and upload the parts.")]
    TooManyChunks { limit: usize },
    #[error("This page nests its elements more than {limit} deep. Simplify it, or upload its text.")]
    TooDeep { limit: u32 },
    #[error(
        "This page is made of more than {limit} elements, or of stray marks and elements that are never closed. Split it and upload the parts."
    )]
    TooManyElements { limit: usize },
    #[error("Reading this file was stopped.")]
    Stopped,
}

impl ParseError {
    /// A stable name for APIs and for storage.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "unreadable",
            Self::Encrypted => "encrypted",
            Self::NoText => "no_text",
            Self::TooManyPages { .. } => "too_many_pages",
            Self::TooLargeInside { .. } => "too_large_inside",
            Self::PartTooLarge { .. } => "part_too_large",
            Self::TooManyChunks { .. } => "too_many_chunks",
            Self::TooDeep { .. } => "too_deep",
            Self::TooManyElements { .. } => "too_many_elements",
            Self::Stopped => "stopped",
        }
    }
}

/// Reads `bytes` as `media`. `name` is the file's name and gives the title where the document has none.
///
/// Memory is bounded by `limits` except inside the PDF library (see `pdf`), and time is not: run this on a blocking
/// thread with a deadline that raises `stop`, which ends the reading with `Stopped` at its next step.
pub fn parse(media: MediaType, name: &str, bytes: &[u8], limits: &Limits, stop: &Stop) -> Result<Parsed, ParseError> {
    if bytes.len() as u64 > limits.decompressed_bytes {
        return Err(ParseError::TooLargeInside {
            limit: limits.decompressed_bytes,
        });
    }
    let parsed = match media {
        MediaType::Markdown => markdown::read(&text::decode(bytes), stop)?,
        MediaType::PlainText => plain::read(&text::decode(bytes)),
        MediaType::Html => html::read(&text::decode_html(bytes), stop)?,
        MediaType::Docx => docx::read(bytes, limits, stop)?,
        MediaType::Pdf => pdf::read(bytes, limits, stop)?,
    };
    finish(parsed, name, limits)
}

/// As [`parse`] for HTML, with what the page says of itself and where it leads. That is there whether or not there is text.
pub(crate) fn parse_page(
    name: &str,
    bytes: &[u8],
    limits: &Limits,
    stop: &Stop,
) -> Result<(Result<Parsed, ParseError>, PageHead), ParseError> {
    let (parsed, head) = html::read_page(&text::decode_html(bytes), stop)?;
    Ok((finish(parsed, name, limits), head))
}

fn finish(mut parsed: Parsed, name: &str, limits: &Limits) -> Result<Parsed, ParseError> {
    parsed.blocks = parsed.blocks.into_iter().filter_map(tidy).collect();
    let size: usize = parsed.blocks.iter().map(|block| block.text().len()).sum();
    if size > limits.text_bytes {
        return Err(ParseError::TooLargeInside {
            limit: limits.text_bytes as u64,
        });
    }
    if !parsed.blocks.iter().any(|block| block.text().chars().any(char::is_alphanumeric)) {
        return Err(ParseError::NoText);
    }
    parsed.title = parsed.title.map(|title| text::title(&title)).filter(|title| !title.is_empty());
    if parsed.title.is_none() {
        parsed.title = leading_heading(&parsed.blocks).or_else(|| text::title_of_file(name));
    }
    parsed.source_url = parsed.source_url.as_deref().and_then(text::web_address);
    Ok(parsed)
}

/// The heading that opens the document: only text above the second heading may come before it.
fn leading_heading(blocks: &[Block]) -> Option<String> {
    let mut headings = blocks.iter().take(12).filter_map(|block| match block {
        Block::Heading { level, text } => Some((*level, text)),
        _ => None,
    });
    let (level, first) = headings.next()?;
    let alone = level == 1 || blocks.iter().find(|block| !matches!(block, Block::PageBreak(_))).map(Block::text) == Some(first);
    alone.then(|| text::title(first)).filter(|title| !title.is_empty())
}

/// Cleans a block's text; `None` when nothing is left.
fn tidy(block: Block) -> Option<Block> {
    let block = match block {
        Block::Heading { level, text } => Block::Heading {
            level: level.clamp(1, 6),
            text: text::one_line(&text),
        },
        Block::Paragraph(text) => Block::Paragraph(text::one_line(&text)),
        Block::ListItem { marker, depth, text } => Block::ListItem {
            marker,
            depth: depth.min(6),
            text: text::one_line(&text),
        },
        Block::Code(text) => Block::Code(text::lines(&text)),
        Block::TableRow(text) => Block::TableRow(text::one_line(&text)),
        page @ Block::PageBreak(_) => return Some(page),
    };
    (!block.text().is_empty()).then_some(block)
}
