//! How a file of a repository is written, told by its name. What is neither Markdown nor plain text is made Markdown of, as far as that
//! goes: headings, lists, code and links are kept, what only a renderer could fill in is left out.

use super::{asciidoc, mdx, rst};
use crate::knowledge::parse::MediaType;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Markup {
    Markdown,
    Mdx,
    Rst,
    AsciiDoc,
    Text,
}

/// A longer file is read as the plain text that it is: no page that a person wrote is, and markup can ask for more than it weighs.
const MOST_CONVERTED: usize = 256 * 1024;
/// Of a table.
pub(super) const MOST_COLUMNS: usize = 32;

impl Markup {
    /// `None` for a file that is not read.
    pub(super) fn of(path: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "md" | "markdown" | "mdown" | "mkd" => Self::Markdown,
            "mdx" => Self::Mdx,
            "rst" | "rest" => Self::Rst,
            "adoc" | "asciidoc" | "asc" => Self::AsciiDoc,
            "txt" | "text" => Self::Text,
            _ => return None,
        })
    }

    /// What the parser is to take it for, and its text.
    pub(super) fn read(self, text: &str) -> (MediaType, String) {
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        match self {
            Self::Mdx | Self::Rst | Self::AsciiDoc if text.len() > MOST_CONVERTED => (MediaType::PlainText, text),
            Self::Markdown => (MediaType::Markdown, text),
            Self::Mdx => (MediaType::Markdown, mdx::to_markdown(&text)),
            Self::Rst => (MediaType::Markdown, rst::to_markdown(&text)),
            Self::AsciiDoc => (MediaType::Markdown, asciidoc::to_markdown(&text)),
            Self::Text => (MediaType::PlainText, text),
        }
    }
}

/// How far a line is set in: a tab is eight columns.
pub(super) fn indent(line: &str) -> usize {
    let blank = line.chars().take_while(|character| character.is_whitespace());
    blank.map(|character| if character == '\t' { 8 } else { 1 }).sum()
}

/// A line without its first `columns` of indentation.
pub(super) fn outdent(line: &str, columns: usize) -> &str {
    let (mut rest, mut left) = (line, columns);
    while left > 0 {
        let mut characters = rest.chars();
        match characters.next() {
            Some('\t') => left = left.saturating_sub(8),
            Some(character) if character.is_whitespace() => left -= 1,
            _ => break,
        }
        rest = characters.as_str();
    }
    rest
}

/// A fence that none of `lines` would close.
fn fence(lines: &[&str]) -> String {
    let longest = lines
        .iter()
        .map(|line| line.trim_start().chars().take_while(|character| *character == '`').count());
    "`".repeat(longest.max().unwrap_or(0).max(2) + 1)
}

/// Puts lines down as code.
pub(super) fn push_code(out: &mut String, language: &str, lines: &[&str]) {
    let fence = fence(lines);
    let language: String = language.chars().filter(|character| character.is_ascii_alphanumeric()).collect();
    out.push_str(&format!("\n{fence}{language}\n"));
    for line in lines {
        out.push_str(line);
        out.push('\n');
    }
    out.push_str(&fence);
    out.push_str("\n\n");
}

/// Puts rows down as a table, the first of them as its head.
pub(super) fn push_table(out: &mut String, rows: &[Vec<String>]) {
    let Some(columns) = rows.iter().map(Vec::len).max().filter(|columns| *columns > 0) else {
        return;
    };
    let columns = columns.min(MOST_COLUMNS);
    out.push('\n');
    for (number, row) in rows.iter().enumerate() {
        // Only the head must have them all.
        let cells = if number == 0 { columns } else { row.len().min(columns) };
        for column in 0..cells {
            let cell = row.get(column).map(String::as_str).unwrap_or_default();
            out.push_str("| ");
            out.push_str(&cell.replace('|', "\\|"));
            out.push(' ');
        }
        out.push_str("|\n");
        if number == 0 {
            out.push_str(&"| --- ".repeat(columns));
            out.push_str("|\n");
        }
    }
    out.push('\n');
}

/// The paragraphs of a text, whatever is between them: what the tests of those who write Markdown compare.
#[cfg(test)]
pub(super) fn paragraphs(text: &str) -> String {
    let parts = text.split("\n\n").map(|part| part.trim_matches('\n'));
    parts.filter(|part| !part.trim().is_empty()).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_name() {
        assert_eq!(Markup::of("docs/Guide.MD"), Some(Markup::Markdown));
        assert_eq!(Markup::of("a.b/c.mdx"), Some(Markup::Mdx));
        assert_eq!(Markup::of("x.rst"), Some(Markup::Rst));
        assert_eq!(Markup::of("x.adoc"), Some(Markup::AsciiDoc));
        assert_eq!(Markup::of("notes.txt"), Some(Markup::Text));
        for other in ["LICENSE", "a.md/LICENSE", "logo.png", "main.rs", ""] {
            assert_eq!(Markup::of(other), None, "{other}");
        }
    }

    #[test]
    fn code_that_shows_fences_stays_code() {
        let mut out = String::new();
        push_code(&mut out, "md;x", &["```", "code", "```"]);
        assert_eq!(out, "\n````mdx\n```\ncode\n```\n````\n\n");
    }

    #[test]
    fn indentation_is_taken_off_and_no_more() {
        assert_eq!((indent("\t x"), indent("x")), (9, 0));
        assert_eq!((outdent("    x", 2), outdent("\tx", 4), outdent("x", 4)), ("  x", "x", "x"));
    }
}
