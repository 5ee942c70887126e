//! Takes out of a text what must be neither stored nor sent on: e-mail addresses, numbers of phones, cards and bank accounts, and what opens
//! something. Pure, and linear in the text's length: each finder walks over it once, and looks a bounded way ahead.

use serde::{Deserialize, Serialize};

use super::{numbers, secrets};

/// What is masked. Everything, unless somebody says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaskSettings {
    pub email: bool,
    pub phone: bool,
    /// Of 14 to 19 digits with a right check digit.
    pub card: bool,
    /// With right check digits, and as long as its country's are.
    pub iban: bool,
    /// API keys, tokens and private keys: by how their issuers mark them, or by how random they look.
    pub secret: bool,
}

impl Default for MaskSettings {
    fn default() -> Self {
        Self {
            email: true,
            phone: true,
            card: true,
            iban: true,
            secret: true,
        }
    }
}

/// Characters from `start` to before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub start: usize,
    pub end: usize,
}

const MARKS: [&str; 5] = ["[email]", "[phone]", "[card]", "[iban]", "[secret]"];

/// `text` with `[email]`, `[phone]`, `[card]`, `[iban]` and `[secret]` in place of what they name. What is masked stays as it is.
#[must_use]
pub fn mask(text: &str, settings: &MaskSettings) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut found: Vec<Option<&'static str>> = vec![None; chars.len()];
    // Where two would overlap, the earlier kind is right: an address may look like a key, and a card's number like a phone's.
    let mut put = |spans: Vec<Span>, label: &'static str| {
        for Span { start, end } in spans {
            if found[start..end].iter().all(Option::is_none) {
                found[start..end].fill(Some(label));
            }
        }
    };
    if settings.secret {
        put(secrets::private_keys(&chars), "[secret]");
        put(secrets::marked(&chars), "[secret]");
    }
    if settings.email {
        put(emails(&chars), "[email]");
    }
    if settings.iban {
        put(numbers::ibans(&chars), "[iban]");
    }
    let groups = numbers::runs(&chars);
    if settings.card {
        put(numbers::cards(&groups), "[card]");
    }
    if settings.phone {
        put(numbers::phones(&chars, &groups), "[phone]");
    }
    if settings.secret {
        put(secrets::random(&chars), "[secret]");
    }
    let mut masked = String::with_capacity(text.len());
    let mut before = None;
    for (char, label) in chars.into_iter().zip(found) {
        match label {
            None => masked.push(char),
            // Two of a kind that touch are one.
            Some(label) if before != Some(label) => masked.push_str(label),
            Some(_) => {}
        }
        before = label;
    }
    masked
}

/// A text without the marks of what is masked in it: they are nothing that anybody asks for. Unchanged if nothing else is in it.
#[must_use]
pub fn without_marks(text: &str) -> String {
    let rest = MARKS.iter().fold(text.to_owned(), |text, mark| text.replace(mark, ""));
    if rest.chars().any(char::is_alphanumeric) {
        rest
    } else {
        text.to_owned()
    }
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'' | '#' | '&' | '*' | '=' | '~')
}

/// `name@host.tld`. What has no top-level domain of letters is none: a package of a version, or a mention.
fn emails(chars: &[char]) -> Vec<Span> {
    let mut found = Vec::new();
    let mut from = 0;
    for (at, c) in chars.iter().enumerate() {
        if !matches!(c, '@' | '＠') || at < from {
            continue;
        }
        let local = chars[from..at].iter().rev().take_while(|c| is_local(**c)).count();
        let start = at - local;
        let host = chars[at + 1..]
            .iter()
            .take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
            .count();
        let mut end = at + 1 + host;
        while end > at + 1 && matches!(chars[end - 1], '.' | '-') {
            end -= 1;
        }
        // Nothing before this mark is looked at again.
        from = at + 1;
        let name: String = chars[at + 1..end].iter().collect();
        let Some((host, top)) = name.rsplit_once('.') else { continue };
        let is_top = top.chars().count() >= 2 && (top.chars().all(char::is_alphabetic) || top.starts_with("xn--"));
        if local == 0 || !is_top || host.is_empty() || host.split('.').any(str::is_empty) {
            continue;
        }
        from = end;
        found.push(Span { start, end });
    }
    found
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn masked(text: &str) -> String {
        mask(text, &MaskSettings::default())
    }

    #[test]
    fn marks_are_not_asked_for() {
        assert_eq!(without_marks("How do I export, [email]?"), "How do I export, ?");
        assert_eq!(without_marks("[email] [secret]"), "[email] [secret]");
        assert_eq!(without_marks("What is [field]?"), "What is [field]?");
    }

    #[test]
    fn what_is_nobodys_business_is_masked() {
        let table = [
            ("Write to ada.love+lace@mail.example.co.uk, please.", "Write to [email], please."),
            ("<grüße@bücher.example>", "<[email]>"),
            ("mailto:bob@example.com?subject=x", "mailto:[email]?subject=x"),
            ("a@example.com,b@example.org", "[email],[email]"),
            ("Call +49 (0)30 1234-5678 today", "Call [phone] today"),
            ("+1 212 555 0187", "[phone]"),
            ("0049 30 12345678", "[phone]"),
            ("my number is 06 12 34 56 78", "my number is [phone]"),
            ("030/12345678", "[phone]"),
            ("020 7946 0958.", "[phone]."),
            ("(212) 555-0187 or 212.555.0188", "[phone] or [phone]"),
            ("1-800-555-0199", "[phone]"),
            ("Tel.: 5550187", "Tel.: [phone]"),
            ("phone 612 345 678", "phone [phone]"),
            ("4111 1111 1111 1111 exp 12/29", "[card] exp 12/29"),
            ("4111 1111 1111 1111 12/29 123", "[card] 12/29 123"),
            ("378282246310005", "[card]"),
            ("5555-5555-5555-4444!", "[card]!"),
            ("６０１１１１１１１１１１１１１７", "[card]"),
            ("DE89 3704 0044 0532 0130 00", "[iban]"),
            ("iban: gb29nwbk60161331926819.", "iban: [iban]."),
            ("FR1420041010050500013M02606", "[iban]"),
            ("key sk_live_4eC39HqLyjWDarjtT1zdp7dc works", "key [secret] works"),
            ("token=ghp_16C7e42F292c6912E7710c838347Ae178B4a", "token=[secret]"),
            ("xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOcHrzqqgy", "[secret]"),
            ("AKIAIOSFODNN7EXAMPLE", "[secret]"),
            ("sk-proj-AbCdEfGhIjKlMnOpQrStUv", "[secret]"),
            (
                "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
                "Bearer [secret]",
            ),
            (
                "here: -----BEGIN RSA PRIVATE KEY-----\nMIIEpAIB\n-----END RSA PRIVATE KEY----- thanks",
                "here: [secret] thanks",
            ),
            ("-----BEGIN PRIVATE KEY-----\nMIIEvQ and no end", "[secret]"),
            ("secret 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "secret [secret]"),
            (
                "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1a2b3c4d5e",
                "wJalrXUtnFEMI/K7MDENG/[secret]",
            ),
            ("password=Zk8vQ2mX9pL4nR7tB1cY6wD3", "password=[secret]"),
        ];
        for (text, wanted) in table {
            assert_eq!(masked(text), wanted, "{text}");
            assert_eq!(masked(wanted), wanted, "masking twice");
        }
    }

    #[test]
    fn what_only_looks_like_it_stays() {
        let table = [
            "How do I update from 10.15.7 to 11.2.3-beta.4?",
            "Version 2024.11.0 (build 20240115.3)",
            "Part no. AB-1234-5678-90 and X100-2000-3000",
            "SKU 4006381333931 on the shelf",
            "On 01.02.2024 10:30, and on 2024-02-01 at 09:15",
            "12/24/2025, 24-12-2025 and 2025/12/24",
            "It costs 1.234.567,89 EUR or $1,234,567.89 or 1 234 567 890 yen",
            "192.168.100.200 and 10.0.0.1:8080, 2001:db8::8a2e:370:7334",
            "ISBN 978-3-16-148410-0",
            "npm install @scope/package@1.2.3, thanks @ada",
            "error 0x80070057 in line 1234567",
            "id 01a20b41-557d-7255-8b08-6f3f637673f7",
            "https://docs.example.com/how-to-reset-my-password-in-version-2024/step-12",
            "com.example.application.settings.NetworkConfiguration2",
            "getElementsByTagNameInDocument2023Version",
            "order 1234567890",
            "1234 5678 9012 3456 is not a card",
            "1732600000000 milliseconds",
            "-----BEGIN CERTIFICATE-----",
            "sk_live_ is the prefix of live keys, ghp_ that of GitHub's",
            "The torque is 12 34 56 78 Nm",
            "DE12 3456 is a bus line",
            "Temperatures of 200 300 400 500 degrees",
            "the_quick_brown_fox_jumps_over_13_lazy_dogs_42",
        ];
        for text in table {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn each_kind_has_a_switch() {
        let text = "a@example.com +49 30 12345678 4111111111111111 DE89370400440532013000 AKIAIOSFODNN7EXAMPLE";
        let off = MaskSettings {
            email: false,
            phone: false,
            card: false,
            iban: false,
            secret: false,
        };
        assert_eq!(mask(text, &off), text);
        let only: [(MaskSettings, &str); 5] = [
            (MaskSettings { email: true, ..off }, "[email]"),
            (MaskSettings { phone: true, ..off }, "[phone]"),
            (MaskSettings { card: true, ..off }, "[card]"),
            (MaskSettings { iban: true, ..off }, "[iban]"),
            (MaskSettings { secret: true, ..off }, "[secret]"),
        ];
        for (settings, label) in only {
            let masked = mask(text, &settings);
            assert_eq!(masked.matches('[').count(), 1, "{masked}");
            assert!(masked.contains(label), "{masked}");
        }
    }

    /// A number that nobody chose, the same each time.
    fn next(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    #[test]
    fn whatever_stands_around_it_a_secret_does_not_stay() {
        let kept = [
            "ada@example.com",
            "4111111111111111",
            "DE89370400440532013000",
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        ];
        let around: Vec<char> = "aZ09 \n\t.,:;!?()[]{}<>\"'`|äé中🙂\u{200b}"
            .chars()
            .filter(|c| !c.is_alphanumeric())
            .collect();
        let mut state = 0x9e37_79b9_7f4a_7c15;
        for _ in 0..2_000 {
            let mut noise = |most: u64| -> String {
                let length = next(&mut state) % most;
                (0..length)
                    .map(|_| around[usize::try_from(next(&mut state)).unwrap_or(0) % around.len()])
                    .collect()
            };
            let (before, after) = (noise(12), noise(12));
            for secret in kept {
                let text = format!("{before} {secret} {after}");
                assert!(!masked(&text).contains(secret), "{text:?}");
            }
        }
    }

    #[test]
    fn hostile_texts_take_time_in_proportion_to_their_length() {
        let hostile = |n: usize| {
            [
                "a".repeat(n),
                "@".repeat(n),
                "a@".repeat(n / 2),
                "a.".repeat(n / 2) + "@b",
                "1".repeat(n),
                "1 ".repeat(n / 2),
                "+1-".repeat(n / 3),
                "(".repeat(n),
                "-----BEGIN ".repeat(n / 11),
                "eyJ".repeat(n / 3),
                "eyJ.".repeat(n / 4),
                "DE89 ".repeat(n / 5),
                "sk_live_".repeat(n / 8),
                "sk_live_".repeat(n / 16) + &".".repeat(n / 2),
                "tel ".repeat(n / 4),
                "ä9".repeat(n / 2),
            ]
        };
        for text in hostile(300_000) {
            let began = Instant::now();
            let masked = masked(&text);
            let head: String = text.chars().take(12).collect();
            // Quadratic would be hours.
            assert!(began.elapsed() < Duration::from_secs(10), "{head}: {:?}", began.elapsed());
            assert!(masked.len() <= text.len() + 16, "{head}");
        }
    }
}
