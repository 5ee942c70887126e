//! Names that people give to things, and how bytes, times and tables are written.

use chrono::{DateTime, SecondsFormat, Utc};
use entities::Millis;

use crate::fault::{Fault, Invalid};

/// Characters that nobody sees, or that change the order of those around them.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// In lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// As it stands in HTML, between tags and in quoted attributes.
#[must_use]
pub fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// UTC, with milliseconds.
pub(crate) fn rfc3339(at: Millis) -> String {
    DateTime::<Utc>::from_timestamp_millis(at)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Quoted, and never the beginning of what a spreadsheet would calculate, neither of itself nor where a program that takes something else than
/// the comma for the end of a cell would cut it.
fn cell(text: &str) -> String {
    let calculates = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    let is_blank = |c: char| c.is_whitespace() || is_hidden(c);
    let mut written = String::with_capacity(text.len() + 3);
    written.push('"');
    if text.trim_start_matches(is_blank).starts_with(calculates) || text.starts_with(['\t', '\r', '\n']) {
        written.push('\'');
    }
    let mut may_begin = false;
    for c in text.chars() {
        if may_begin && calculates(c) {
            written.push('\'');
        }
        may_begin = matches!(c, ';' | '\t' | '|' | '\r' | '\n') || (may_begin && is_blank(c));
        if c == '"' {
            written.push('"');
        }
        written.push(c);
    }
    written.push('"');
    written
}

/// A row of a table as comma-separated values, for spreadsheets.
pub(crate) fn csv_row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    format!("{}\r\n", cells.join(","))
}

/// A name of 1 to 80 characters without control characters, trimmed and with inner white space folded.
///
/// # Errors
/// `Invalid`, naming `field`.
pub(crate) fn parse_name(text: &str, field: &str) -> Result<String, Fault> {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if folded.is_empty() || folded.chars().count() > 80 || folded.chars().any(is_hidden) {
        return Err(Fault::invalid(Invalid::Name, field, "Use 1 to 80 ordinary characters."));
    }
    Ok(folded)
}

/// Text of at most `most` characters, trimmed.
///
/// # Errors
/// `Invalid`, naming `field`.
pub(crate) fn parse_text(text: &str, field: &str, most: usize) -> Result<String, Fault> {
    let text = text.trim();
    if text.chars().count() > most {
        return Err(Fault::invalid(
            Invalid::TextTooLong,
            field,
            format!("Use at most {most} characters."),
        ));
    }
    Ok(text.chars().filter(|c| *c == '\n' || !c.is_control()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(escape_html("<b a=\"1\">&</b>"), "&lt;b a=&quot;1&quot;&gt;&amp;&lt;/b&gt;");
    }

    #[test]
    fn no_cell_begins_what_a_spreadsheet_would_calculate() {
        for (text, written) in [
            ("plain", "\"plain\""),
            ("=1+1", "\"'=1+1\""),
            (" @SUM(A1)", "\"' @SUM(A1)\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("\tx", "\"'\tx\""),
            ("＝1+1", "\"'＝1+1\""),
            ("＠SUM(A1)", "\"'＠SUM(A1)\""),
            ("\u{200b}=1", "\"'\u{200b}=1\""),
            ("a;=1+1", "\"a;'=1+1\""),
            ("a; \u{a0}=1|-2", "\"a; \u{a0}'=1|'-2\""),
            ("a\t@b\r\n＋c", "\"a\t'@b\r\n'＋c\""),
            ("\t=1", "\"'\t'=1\""),
            ("12", "\"12\""),
            ("0.5", "\"0.5\""),
            ("a - b = c; d-e, me@example.com", "\"a - b = c; d-e, me@example.com\""),
            ("one\ntwo | three", "\"one\ntwo | three\""),
            ("say \"hi\", then", "\"say \"\"hi\"\", then\""),
        ] {
            assert_eq!(cell(text), written);
        }
    }
}
