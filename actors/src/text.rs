//! Names that people give to things.

use crate::fault::{Fault, Invalid};

/// A name of 1 to 80 characters without control characters, trimmed and with inner white space folded.
///
/// # Errors
/// `Invalid`, naming `field`.
pub(crate) fn parse_name(text: &str, field: &str) -> Result<String, Fault> {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let hidden =
        |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    if folded.is_empty() || folded.chars().count() > 80 || folded.chars().any(hidden) {
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
