//! The mail that a server without a mail server leaves in its data folder.

use std::time::Duration;

use super::TestApp;

pub struct Letter {
    pub to: String,
    pub subject: String,
    pub text: String,
}

impl Letter {
    /// Reads an `.eml` file: its plain part.
    pub fn read(raw: &str) -> Self {
        let header = |name: &str| {
            let line = raw
                .lines()
                .find(|line| line.starts_with(name))
                .unwrap_or_else(|| panic!("no {name} in {raw}"));
            line[name.len()..].trim().to_owned()
        };
        let (_, plain) = raw.split_once("text/plain").unwrap();
        let (head, body) = plain.split_once("\r\n\r\n").unwrap();
        let text = body.split("\r\n--").next().unwrap();
        let text = if head.contains("quoted-printable") {
            unquoted(text)
        } else {
            text.to_owned()
        };
        Self {
            to: header("To:").trim_matches(['<', '>']).to_owned(),
            subject: header("Subject:"),
            text,
        }
    }

    /// What is behind the # of its link.
    pub fn token(&self) -> String {
        let (_, rest) = self.text.split_once('#').unwrap_or_else(|| panic!("no link in {}", self.text));
        rest.split_whitespace().next().unwrap().to_owned()
    }
}

fn unquoted(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let (mut out, mut bytes) = (Vec::new(), text.bytes());
    while let Some(byte) = bytes.next() {
        if byte == b'=' {
            let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
            out.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).unwrap()
}

impl TestApp {
    /// Everything that was mailed to `to`, the oldest first.
    pub fn letters(&self, to: &str) -> Vec<Letter> {
        let mut letters = self.all_letters();
        letters.retain(|letter| letter.to == to);
        letters
    }

    pub fn all_letters(&self) -> Vec<Letter> {
        let Ok(entries) = std::fs::read_dir(self.data().join("mail")) else {
            return Vec::new();
        };
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|kind| kind == "eml"));
        paths.sort();
        let letters = paths.iter().map(|path| Letter::read(&std::fs::read_to_string(path).unwrap()));
        letters.collect()
    }

    /// The latest letter to `to` whose subject has `about` in it, once there are `n` of them.
    pub async fn nth_letter(&self, to: &str, about: &str, n: usize) -> Letter {
        for _ in 0..600 {
            let mut found = self.letters(to);
            found.retain(|letter| letter.subject.contains(about));
            if found.len() >= n {
                return found.pop().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let subjects: Vec<String> = self.letters(to).into_iter().map(|letter| letter.subject).collect();
        panic!("no {n} letters about {about} came to {to}, but {subjects:?}")
    }

    pub async fn letter(&self, to: &str, about: &str) -> Letter {
        self.nth_letter(to, about, 1).await
    }
}
