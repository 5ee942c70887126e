//! What headers are made of.

use entities::Millis;

use super::{Headers, Rejection};

/// Longer than any sender's.
const LONGEST: usize = 4096;
/// More signatures than any sender sends in one header.
const MOST_SIGNATURES: usize = 8;

/// The one value of a header, in visible ASCII.
pub(super) fn only<'a>(headers: &'a (impl Headers + ?Sized), name: &str) -> Result<&'a str, Rejection> {
    let all = headers.all(name);
    let value = match all.as_slice() {
        [] => return Err(Rejection::MissingHeader),
        [one] => *one,
        _ => return Err(Rejection::DuplicateHeader),
    };
    let plain = value.len() <= LONGEST && value.iter().all(|byte| (0x20..0x7f).contains(byte));
    let text = std::str::from_utf8(value).ok().filter(|_| plain);
    text.ok_or(Rejection::MalformedHeader)
}

/// Whole seconds since 1970, as milliseconds.
pub(super) fn seconds(text: &str) -> Result<Millis, Rejection> {
    millis(text)?.checked_mul(1000).ok_or(Rejection::MalformedHeader)
}

/// Digits and nothing else.
pub(super) fn millis(text: &str) -> Result<Millis, Rejection> {
    let digits = (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number.ok_or(Rejection::MalformedHeader)
}

/// 64 lower-case hexadecimal digits.
pub(super) fn hex(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let text: &[u8; 64] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// The values of `key` in `key=value` parts between commas, of which there may be others too.
pub(super) fn values<'a>(header: &'a str, key: &str) -> Vec<&'a str> {
    let parts = header.split(',').filter_map(|part| part.split_once('='));
    parts.filter(|(found, _)| *found == key).map(|(_, value)| value).collect()
}

/// The one value of `key` among such parts.
pub(super) fn value<'a>(header: &'a str, key: &str) -> Result<&'a str, Rejection> {
    match values(header, key).as_slice() {
        [one] => Ok(one),
        _ => Err(Rejection::MalformedHeader),
    }
}

/// The signatures among `texts`: at least one, not too many, and each whole.
pub(super) fn signatures<'a>(
    texts: impl IntoIterator<Item = &'a str>,
    decode: impl Fn(&str) -> Option<[u8; 32]>,
) -> Result<Vec<[u8; 32]>, Rejection> {
    let mut found = Vec::new();
    for (n, text) in texts.into_iter().enumerate() {
        if n == MOST_SIGNATURES {
            return Err(Rejection::MalformedHeader);
        }
        found.push(decode(text).ok_or(Rejection::MalformedHeader)?);
    }
    if found.is_empty() {
        Err(Rejection::MalformedHeader)
    } else {
        Ok(found)
    }
}
