//! What opens something: private keys, and the keys and tokens of services.

use super::mask::Span;

/// How issuers mark what they give out, and how many characters at least follow.
const MARKS: &[(&str, usize)] = &[
    ("sk_live_", 10),
    ("sk_test_", 10),
    ("rk_live_", 10),
    ("rk_test_", 10),
    ("whsec_", 16),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("xoxa-", 10),
    ("xoxb-", 10),
    ("xoxe-", 10),
    ("xoxp-", 10),
    ("xoxr-", 10),
    ("xoxs-", 10),
    ("xapp-", 10),
    ("sk-ant-", 16),
    ("sk-proj-", 16),
    ("sk-", 32),
    ("AIza", 35),
    ("ya29.", 20),
    ("npm_", 30),
    ("pypi-", 30),
    ("hf_", 30),
    ("SG.", 30),
    ("dop_v1_", 30),
    ("shpat_", 24),
    ("shpss_", 24),
    ("ATATT", 40),
    ("lin_api_", 24),
    ("ntn_", 30),
    ("secret_", 32),
    ("pnxwh_", 16),
];
/// Marks of Amazon's keys: so many upper-case letters and digits follow, and nothing else.
const AMAZON: [&str; 2] = ["AKIA", "ASIA"];
const AMAZON_REST: usize = 16;

/// Characters of what a service gives out.
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '/' | '.' | '~')
}

fn starts_with(chars: &[char], text: &str) -> bool {
    let mut rest = chars.iter();
    text.chars().all(|c| rest.next() == Some(&c))
}

/// Everything from `-----BEGIN … PRIVATE KEY-----` to its end; without one, to the end of the text.
pub(super) fn private_keys(chars: &[char]) -> Vec<Span> {
    const BEGIN: &str = "-----BEGIN ";
    const HEAD: &str = "PRIVATE KEY";
    const DASHES: &str = "-----";
    /// Of the head's line: `ENCRYPTED`, `OPENSSH`, `RSA`, `PGP … BLOCK`.
    const LINE: usize = 64;
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if !starts_with(&chars[at..], BEGIN) {
            at += 1;
            continue;
        }
        let body = at + BEGIN.len();
        let line = &chars[body..chars.len().min(body + LINE)];
        let close = (0..line.len()).find(|n| starts_with(&line[*n..], DASHES));
        let head: String = line[..close.unwrap_or(0)].iter().collect();
        if !head.contains(HEAD) {
            at = body;
            continue;
        }
        let after = body + close.unwrap_or(0) + DASHES.len();
        let end = (after..chars.len()).find(|n| starts_with(&chars[*n..], "-----END "));
        let end = end.map_or(chars.len(), |end| {
            let tail = end + "-----END ".len();
            let close = (tail..chars.len().min(tail + LINE)).find(|n| starts_with(&chars[*n..], DASHES));
            close.map_or(tail, |close| close + DASHES.len())
        });
        found.push(Span { start: at, end });
        at = end;
    }
    found
}

/// Where the characters in a row that `is` takes end, for each place.
fn ends(chars: &[char], is: impl Fn(char) -> bool) -> Vec<usize> {
    let mut ends = vec![chars.len(); chars.len()];
    let mut end = chars.len();
    for (at, c) in chars.iter().enumerate().rev() {
        if !is(*c) {
            end = at;
        }
        ends[at] = end;
    }
    ends
}

/// A text, and where what begins at each place ends: looked at once, however often it is asked.
struct Marked<'a> {
    chars: &'a [char],
    /// Of a token.
    tokens: Vec<usize>,
    /// Of a token's part: letters, digits, `-` and `_`.
    parts: Vec<usize>,
}

/// What its issuer marks, and JSON Web Tokens.
pub(super) fn marked(chars: &[char]) -> Vec<Span> {
    let text = Marked {
        chars,
        tokens: ends(chars, is_token),
        parts: ends(chars, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')),
    };
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let begins = chars[at].is_ascii_alphabetic() && at.checked_sub(1).is_none_or(|before| !chars[before].is_ascii_alphanumeric());
        match if begins { text.end_at(at) } else { None } {
            Some(end) => {
                found.push(Span { start: at, end });
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

impl Marked<'_> {
    /// Where the marked secret ends that begins at a place.
    fn end_at(&self, at: usize) -> Option<usize> {
        /// Characters that tell a secret from a word.
        const TELLING: usize = 64;
        let chars = &self.chars[at..];
        if starts_with(chars, "eyJ") {
            let mut end = self.parts[at];
            let mut parts = 1;
            while parts < 5 && self.chars.get(end) == Some(&'.') && end + 1 < self.chars.len() {
                (end, parts) = (self.parts[end + 1].max(end + 1), parts + 1);
            }
            return (parts >= 3 && end - at > 30).then_some(end);
        }
        for mark in AMAZON.iter().filter(|mark| starts_with(chars, mark)) {
            let rest = chars[mark.len()..].iter().take(AMAZON_REST + 1);
            let rest = rest.take_while(|c| c.is_ascii_uppercase() || c.is_ascii_digit()).count();
            let alone = !chars.get(mark.len() + rest).is_some_and(|c| c.is_alphanumeric());
            if rest == AMAZON_REST && alone {
                return Some(at + mark.len() + rest);
            }
        }
        let (mark, least) = MARKS.iter().find(|(mark, _)| starts_with(chars, mark))?;
        let body = at + mark.len();
        let mut end = self.tokens.get(body).map_or(body, |end| (*end).max(body));
        // The sentence's own.
        if end > body && self.chars[end - 1] == '.' {
            end -= 1;
        }
        let told = &self.chars[body..end.min(body + TELLING)];
        // A word about keys is none.
        let looks_made = told.iter().any(char::is_ascii_digit) || has_mixed_case(told);
        (end - body >= *least && looks_made).then_some(end)
    }
}

fn has_mixed_case(chars: &[char]) -> bool {
    chars.iter().any(char::is_ascii_uppercase) && chars.iter().any(char::is_ascii_lowercase)
}

/// Letters and digits in a row that nobody would write: long, and changing between the two over and over.
const RANDOM: usize = 20;
const HEX: usize = 32;
const CHANGES: usize = 4;

/// What looks random.
pub(super) fn random(chars: &[char]) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let length = chars[at..].iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '+').count();
        if length == 0 {
            at += 1;
            continue;
        }
        // Part of a word in another script.
        let whole =
            !chars.get(at + length).is_some_and(|c| c.is_alphanumeric()) && !at.checked_sub(1).is_some_and(|n| chars[n].is_alphanumeric());
        if whole && is_random(&chars[at..at + length]) {
            // With what belongs to it: the padding of Base64.
            let padding = chars[at + length..].iter().take(2).take_while(|c| **c == '=').count();
            found.push(Span {
                start: at,
                end: at + length + padding,
            });
            at += padding;
        }
        at += length;
    }
    found
}

fn is_random(chars: &[char]) -> bool {
    if chars.len() < RANDOM {
        return false;
    }
    let digits = chars.iter().filter(|c| c.is_ascii_digit()).count();
    let letters = chars.iter().filter(|c| c.is_ascii_alphabetic()).count();
    let changes = chars
        .windows(2)
        .filter(|two| two[0].is_ascii_digit() != two[1].is_ascii_digit())
        .count();
    if digits < 3 || letters < 3 || changes < CHANGES {
        return false;
    }
    let hex = chars.iter().all(|c| c.is_ascii_digit() || matches!(c, 'a'..='f'))
        || chars.iter().all(|c| c.is_ascii_digit() || matches!(c, 'A'..='F'));
    if hex { chars.len() >= HEX } else { entropy(chars) >= 3.2 }
}

/// Bits a character, by how often each is there.
fn entropy(chars: &[char]) -> f64 {
    let mut counts = [0_u32; 128];
    for c in chars {
        counts[(*c as usize).min(127)] += 1;
    }
    let all = f64::from(u32::try_from(chars.len()).unwrap_or(u32::MAX));
    let bits = counts.iter().filter(|n| **n > 0).map(|n| {
        let share = f64::from(*n) / all;
        -share * share.log2()
    });
    bits.sum()
}
