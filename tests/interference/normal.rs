//! Answers without what chance has in them.

use std::collections::BTreeMap;

/// Ids and times of an answer by the order in which they first appear.
#[derive(Default)]
pub(super) struct Normal(BTreeMap<String, usize>);

/// How long answers took is the machine's doing: `"…_ms":12`.
fn without_durations(text: &str) -> String {
    let mut parts = text.split("_ms\":");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str("_ms\":");
        kept.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()).trim_start_matches("null"));
    }
    kept
}

/// Where anybody may send to, it is shown that somebody did whose message did not prove itself: `"refused":{"at":…,"reason":…}`.
fn without_refusals(text: &str) -> String {
    let mut parts = text.split("\"refused\":{");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str("\"refused\":null");
        kept.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    kept
}

impl Normal {
    pub(super) fn of(&mut self, text: &str) -> String {
        // A picture of a secret.
        let text = match text.split_once("\"qr_svg\":\"") {
            Some((head, tail)) => format!("{head}{}", tail.split_once("</svg>").map_or("", |(_, rest)| rest)),
            None => text.to_owned(),
        };
        let cut = |text: &str, name: &str| -> String {
            let mark = format!("\"{name}\":\"");
            let mut parts = text.split(&mark);
            let mut kept = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                kept.push_str(part.split_once('"').map_or("", |(_, rest)| rest));
            }
            kept
        };
        // Which request it was is nobody's state, and secrets are random: in how many words they fall, too.
        let text = ["request_id", "secret", "otpauth_uri"]
            .into_iter()
            .fold(text, |text, name| cut(&text, name));
        let text = without_refusals(&without_durations(&text));
        let mut out = String::new();
        let mut word = String::new();
        for c in text.chars().chain([' ']) {
            if c.is_ascii_alphanumeric() || "-_:.+".contains(c) {
                word.push(c);
                continue;
            }
            out.push_str(&self.word(&word));
            out.push(c);
            word.clear();
        }
        out
    }

    fn word(&mut self, word: &str) -> String {
        let bytes = word.as_bytes();
        let is_time = word.len() >= 19 && bytes[4] == b'-' && bytes[7] == b'-' && bytes[10] == b'T' && bytes[13] == b':';
        if is_time {
            return "(time)".into();
        }
        let is_id = word.len() == 36 && word.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
        let is_random = word.starts_with("pk_") || word.starts_with("inv_") || (word.len() >= 40 && !word.contains('.'));
        // An account's, as authenticators know it.
        let is_handle = word.len() == 22
            && word.bytes().any(|c| c.is_ascii_uppercase())
            && word.bytes().any(|c| c.is_ascii_lowercase())
            && !word.contains('.');
        let is_random = is_random || is_handle;
        // A session's: its workspace's and its own.
        let is_random = is_random || (word.len() == 80 && word.as_bytes()[36] == b'.');
        // The server's own address, or the client's.
        let is_port = word.len() >= 4 && bytes.iter().all(u8::is_ascii_digit) || word.starts_with("127.");
        if is_port {
            return "(port)".into();
        }
        if is_id || is_random {
            let next = self.0.len();
            let n = *self.0.entry(word.to_owned()).or_insert(next);
            return format!("#{n}");
        }
        word.to_owned()
    }
}
