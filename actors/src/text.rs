//! Names that people give to things.

use crate::fault::{Fault, Invalid};

/// Characters that nobody sees, or that change the order of those around them.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
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
