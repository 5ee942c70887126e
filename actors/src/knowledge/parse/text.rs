//! Decoding bytes and cleaning text.

use std::borrow::Cow;

/// Longest title kept, in characters.
const TITLE: usize = 200;

/// UTF-8, UTF-16 with a byte order mark, else Windows-1252.
pub(super) fn decode(bytes: &[u8]) -> String {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => match str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            // A few damaged bytes in a UTF-8 file must not turn every accent into two letters.
            Err(_) if mostly_utf8(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Err(_) => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
        },
    }
}

/// As [`decode`], but a page that declares a Western encoding is believed.
pub(super) fn decode_html(bytes: &[u8]) -> String {
    let head = String::from_utf8_lossy(bytes.get(..1024).unwrap_or(bytes)).to_ascii_lowercase();
    let western = [
        "charset=iso-8859-1",
        "charset=\"iso-8859-1",
        "charset=windows-1252",
        "charset=\"windows-1252",
    ];
    if str::from_utf8(bytes).is_err() && western.iter().any(|name| head.contains(name)) {
        return bytes.iter().map(|byte| windows_1252(*byte)).collect();
    }
    decode(bytes)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// Whether more multi-byte sequences are right than wrong.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut right, mut wrong) = (0usize, 0usize);
    for part in bytes.utf8_chunks() {
        right += part.valid().chars().filter(|c| !c.is_ascii()).count();
        wrong += usize::from(!part.invalid().is_empty());
    }
    right > wrong * 4
}

fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', ' ', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', ' ', 'Ž', ' ', ' ', '‘', '’', '“', '”', '•', '–', '—', '˜', '™',
        'š', '›', 'œ', ' ', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// Characters that are invisible or steer the display, by which text can be hidden from a reader but not from a search.
fn unwanted(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{B}' | '\u{E}'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFD}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Without invisible characters.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.contains(unwanted) {
        text.chars().filter(|c| !unwanted(*c)).collect::<String>().into()
    } else {
        text.into()
    }
}

/// Cleaned, with every run of white space made one blank.
pub(super) fn one_line(text: &str) -> String {
    let text = clean(text);
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// Cleaned, with its lines kept and blank lines around it dropped.
pub(super) fn lines(text: &str) -> String {
    let text = clean(text).replace("\r\n", "\n").replace(['\r', '\u{C}'], "\n");
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let first = lines.iter().position(|line| !line.is_empty()).unwrap_or(lines.len());
    let last = lines.iter().rposition(|line| !line.is_empty()).map_or(first, |at| at + 1);
    lines.get(first..last).unwrap_or_default().join("\n")
}

/// One line, not longer than a title should be.
pub(super) fn title(text: &str) -> String {
    let line = one_line(text).replace('`', "");
    match line.char_indices().nth(TITLE) {
        Some((end, _)) => line[..end].trim_end().to_owned(),
        None => line,
    }
}

/// "getting-started_guide.md" → "Getting started guide".
pub(super) fn title_of_file(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let words = title(&stem.replace(['_', '-', '+'], " "));
    let first = words.chars().next()?;
    Some(first.to_uppercase().chain(words.chars().skip(1)).collect())
}

/// The address if it is one a browser may be sent to.
pub(super) fn web_address(text: &str) -> Option<String> {
    let url = url::Url::parse(text.trim()).ok()?;
    let safe = matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty() && url.password().is_none();
    (safe && url.as_str().len() <= 2_000).then(|| url.to_string())
}
