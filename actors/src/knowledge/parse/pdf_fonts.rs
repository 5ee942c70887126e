//! Font tables of a PDF, made harmless before the library reads them.
//!
//! The library writes out each range that a table claims (a few bytes can claim four thousand million codes) and reads tables
//! with a parser that calls itself for everything nested: memory and stack would end, and with them the program.

use std::collections::{HashMap, HashSet};

use pdf_extract::{Dictionary, Document, Object, ObjectId, Stream};

use super::pdf_guard::find;

/// Codes that one table may map: two bytes each in all fonts known to us.
const CODES: u64 = 1 << 16;
/// Entries of all tables together, counted anew for each font that uses them.
const ENTRIES: u64 = 4 << 20;
/// Brackets within brackets: real tables stay below five.
const NESTED: usize = 32;

/// Rewrites the tables of letters, cuts embedded fonts to what is read of them, and drops widths that claim too much.
pub(super) fn tame(document: &mut Document) {
    let mut uses: HashMap<(ObjectId, Table), u64> = HashMap::new();
    let mut wide = HashSet::new();
    for object in document.objects.values() {
        dictionaries(object, &mut |dictionary| {
            for table in [Table::Letters, Table::Program, Table::Codes] {
                if let Ok(Object::Reference(id)) = dictionary.get(table.key()) {
                    let id = document
                        .dereference(&Object::Reference(*id))
                        .ok()
                        .and_then(|(id, _)| id)
                        .unwrap_or(*id);
                    *uses.entry((id, table)).or_default() += 1;
                }
            }
            if let Ok(widths @ Object::Reference(id)) = dictionary.get(b"W")
                && document.dereference(widths).is_ok_and(|(_, widths)| claims_too_much(widths))
            {
                wide.insert(*id);
            }
        });
    }
    for object in document.objects.values_mut() {
        drop_widths(object, &wide);
    }
    let mut left = ENTRIES;
    for ((id, table), uses) in uses {
        let Some(Object::Stream(stream)) = document.objects.get_mut(&id) else {
            continue;
        };
        // Damage is read as it stands, as the library does.
        let content = stream.decompressed_content().unwrap_or_else(|_| stream.content.clone());
        let kept = match table {
            Table::Letters => {
                let (entries, kept) = letters(&content);
                let cost = entries.saturating_mul(uses);
                let affordable = cost <= left;
                left -= if affordable { cost } else { 0 };
                if affordable { kept } else { Vec::new() }
            }
            Table::Program => {
                let end = find(&content, b"eexec").map_or(content.len(), |at| at + b"eexec".len());
                shallow(content.get(..end).unwrap_or_default())
            }
            Table::Codes => shallow(&content),
        };
        *stream = Stream::new(Dictionary::new(), kept);
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Table {
    /// From codes to letters.
    Letters,
    /// An embedded Type 1 font.
    Program,
    /// From bytes to codes; mostly a name, and then nothing to read.
    Codes,
}

impl Table {
    fn key(self) -> &'static [u8] {
        match self {
            Self::Letters => b"ToUnicode",
            Self::Program => b"FontFile",
            Self::Codes => b"Encoding",
        }
    }
}

/// Every dictionary within an object. The library that read them bounds how deep they nest.
fn dictionaries(object: &Object, found: &mut dyn FnMut(&Dictionary)) {
    let dictionary = match object {
        Object::Dictionary(dictionary) => dictionary,
        Object::Stream(stream) => &stream.dict,
        Object::Array(parts) => return parts.iter().for_each(|part| dictionaries(part, found)),
        _ => return,
    };
    found(dictionary);
    for (_, part) in dictionary {
        dictionaries(part, found);
    }
}

fn drop_widths(object: &mut Object, wide: &HashSet<ObjectId>) {
    let dictionary = match object {
        Object::Dictionary(dictionary) => dictionary,
        Object::Stream(stream) => &mut stream.dict,
        Object::Array(parts) => return parts.iter_mut().for_each(|part| drop_widths(part, wide)),
        _ => return,
    };
    let dropped = match dictionary.get(b"W") {
        Ok(Object::Reference(id)) => wide.contains(id),
        Ok(widths) => claims_too_much(widths),
        Err(_) => false,
    };
    if dropped {
        dictionary.remove(b"W");
    }
    for (_, part) in dictionary.iter_mut() {
        drop_widths(part, wide);
    }
}

/// Walks `first [width …]` and `first last width` as the library does.
fn claims_too_much(widths: &Object) -> bool {
    let Ok(parts) = widths.as_array() else { return false };
    let (mut at, mut claimed) = (0, 0u64);
    while let [first, second, ..] = parts.get(at..).unwrap_or_default() {
        if let Object::Array(listed) = second {
            claimed = claimed.saturating_add(listed.len() as u64);
            at += 2;
        } else {
            let (first, last) = (first.as_i64().unwrap_or(0), second.as_i64().unwrap_or(0));
            claimed = claimed.saturating_add(u64::try_from(last.saturating_sub(first)).unwrap_or(0));
            at += 3;
        }
    }
    claimed > CODES
}

/// The content, or nothing when its brackets nest deeper than any real one's.
fn shallow(content: &[u8]) -> Vec<u8> {
    let mut depth = 0usize;
    for byte in content {
        match byte {
            b'[' | b'{' | b'<' | b'(' => depth += 1,
            b']' | b'}' | b'>' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > NESTED {
            return Vec::new();
        }
    }
    content.to_vec()
}

enum Token<'a> {
    Hex(Vec<u8>),
    Open,
    Close,
    Word(&'a [u8]),
}

/// Hexadecimal strings, words and square brackets. Everything else of the format means nothing here.
fn tokens(content: &[u8]) -> impl Iterator<Item = Token<'_>> {
    let mut rest = content;
    std::iter::from_fn(move || {
        loop {
            let (first, after) = rest.split_first()?;
            rest = after;
            match first {
                b'[' => return Some(Token::Open),
                b']' => return Some(Token::Close),
                b'%' => {
                    rest = after
                        .get(length(after, |byte| !matches!(byte, b'\r' | b'\n'))..)
                        .unwrap_or_default()
                }
                b'<' => {
                    let inside = after.get(..length(after, |byte| byte.is_ascii_hexdigit() || byte.is_ascii_whitespace()))?;
                    rest = after.get(inside.len()..).unwrap_or_default();
                    if rest.first() == Some(&b'>') {
                        return Some(Token::Hex(bytes(inside)));
                    }
                }
                byte if byte.is_ascii_alphabetic() => {
                    let end = length(after, |byte| byte.is_ascii_alphabetic());
                    let whole = content.get(content.len() - after.len() - 1..)?.get(..=end)?;
                    rest = after.get(end..).unwrap_or_default();
                    return Some(Token::Word(whole));
                }
                _ => {}
            }
        }
    })
}

fn length(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| belongs(**byte)).count()
}

fn bytes(hexadecimal: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = hexadecimal
        .iter()
        .filter_map(|digit| char::from(*digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    // A missing last digit counts as 0.
    digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).unwrap_or(&0)).collect()
}

/// A table of letters as the library reads it without harm, and its number of codes.
fn letters(content: &[u8]) -> (u64, Vec<u8>) {
    let mut map: HashMap<u32, Vec<u16>> = HashMap::new();
    let (mut ranges, mut opened) = (None, false);
    let mut operands: Vec<Vec<u8>> = Vec::new();
    for token in tokens(content) {
        match (token, ranges) {
            (Token::Word(b"beginbfchar"), _) => (ranges, opened) = (Some(false), false),
            (Token::Word(b"beginbfrange"), _) => (ranges, opened) = (Some(true), false),
            (Token::Word(_), _) => ranges = None,
            (Token::Open, Some(true)) => {
                opened = true;
                continue;
            }
            (Token::Close, Some(true)) if opened => {
                opened = false;
                if let [first, _, listed @ ..] = operands.as_slice() {
                    for (code, text) in (code(first)..).zip(listed) {
                        map.insert(code, units(text));
                    }
                }
            }
            (Token::Hex(operand), Some(is_range)) => {
                operands.push(operand);
                match operands.as_slice() {
                    [from, text] if !is_range => _ = map.insert(code(from), units(text)),
                    [first, last, text] if is_range && !opened => {
                        let (first, last, text) = (code(first), code(last), units(text));
                        for step in 0..=u16::try_from(last.saturating_sub(first)).unwrap_or(u16::MAX) {
                            let mut text = text.clone();
                            let Some(end) = text.last_mut() else { break };
                            let Some(next) = end.checked_add(step) else { break };
                            *end = next;
                            map.insert(first.saturating_add(u32::from(step)), text);
                            if map.len() as u64 > CODES {
                                break;
                            }
                        }
                    }
                    _ => continue,
                }
            }
            _ => continue,
        }
        operands.clear();
        if map.len() as u64 > CODES {
            break;
        }
    }
    // What is no text would end the page.
    map.retain(|_, text| String::from_utf16(text).is_ok());
    let mut kept = format!("{} beginbfchar\n", map.len());
    for (code, text) in &map {
        let text: String = text.iter().map(|unit| format!("{unit:04X}")).collect();
        kept.push_str(&format!("<{code:08X}> <{text}>\n"));
    }
    kept.push_str("endbfchar\n");
    (map.len() as u64, kept.into_bytes())
}

fn code(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |code, byte| code << 8 | u32::from(*byte))
}

fn units(bytes: &[u8]) -> Vec<u16> {
    match bytes {
        [only] => vec![u16::from(*only)],
        _ => bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn map(content: &str) -> Vec<String> {
        let (count, kept) = letters(content.as_bytes());
        let kept = String::from_utf8(kept).unwrap();
        let mut lines: Vec<String> = kept.lines().skip(1).map(str::to_owned).collect();
        assert_eq!(lines.pop().unwrap(), "endbfchar");
        assert_eq!(lines.len() as u64, count);
        lines.sort();
        lines
    }

    #[test]
    fn a_table_of_letters_keeps_what_it_says() {
        let table = "/CIDSystemInfo << /Registry (Adobe) >> def 1 begincodespacerange <00> <FF> endcodespacerange\n\
            2 beginbfchar\n<01> <0041>\n<0002> <D83D DE00> endbfchar % <09> <09>\n\
            2 beginbfrange <10> <12> <0061> <20> <21> [<0078> <00790079>] endbfrange <30> <0030>";
        assert_eq!(
            map(table),
            [
                "<00000001> <0041>",
                "<00000002> <D83DDE00>",
                "<00000010> <0061>",
                "<00000011> <0062>",
                "<00000012> <0063>",
                "<00000020> <0078>",
                "<00000021> <00790079>",
            ]
        );
        assert!(map("1 beginbfchar <01> <D800> endbfchar 1 beginbfrange <05> <01> endbfrange").is_empty());
    }

    #[test]
    fn a_table_claims_no_more_than_two_bytes_hold() {
        for claim in [
            "<0000> <FFFFFFFF> <0000>",
            "<0000> <FFFFFFFF> <00000000>",
            "<0000> <FFFF> <0000> <00010000> <FFFFFFFF> <0000>",
        ] {
            let most = CODES + 1;
            assert!(
                letters(format!("9 beginbfrange {claim} endbfrange").as_bytes()).0 <= most,
                "{claim}"
            );
        }
        assert_eq!(shallow(b"[[(x)]]"), b"[[(x)]]");
        assert!(shallow(&b"{".repeat(1_000)).is_empty());
    }
}
