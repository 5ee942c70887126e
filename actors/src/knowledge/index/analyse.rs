//! Text to search terms: words in lower case, without accents, stemmed as English, identifiers also in parts.

use rust_stemmers::{Algorithm, Stemmer};

use crate::knowledge::sentence::is_ideograph;

/// Longest word kept, in letters: what is longer is data and not a word.
const LONGEST: usize = 40;

/// Words that say nothing about what is asked. "off", "up" and the like stay: they matter in instructions.
const STOP: [&str; 149] = [
    "a",
    "about",
    "after",
    "again",
    "all",
    "also",
    "am",
    "an",
    "and",
    "any",
    "anyone",
    "are",
    "as",
    "at",
    "be",
    "because",
    "been",
    "before",
    "being",
    "both",
    "but",
    "by",
    "can",
    "cannot",
    "could",
    "did",
    "do",
    "does",
    "doing",
    "done",
    "each",
    "either",
    "else",
    "ever",
    "every",
    "few",
    "for",
    "from",
    "further",
    "had",
    "has",
    "have",
    "having",
    "he",
    "her",
    "here",
    "hers",
    "him",
    "his",
    "how",
    "however",
    "i",
    "if",
    "in",
    "into",
    "is",
    "it",
    "its",
    "itself",
    "just",
    "let",
    "like",
    "may",
    "me",
    "might",
    "more",
    "most",
    "much",
    "must",
    "my",
    "myself",
    "nor",
    "not",
    "now",
    "of",
    "on",
    "once",
    "one",
    "only",
    "or",
    "other",
    "our",
    "ours",
    "own",
    "please",
    "possible",
    "really",
    "s",
    "same",
    "shall",
    "she",
    "should",
    "so",
    "some",
    "someone",
    "something",
    "such",
    "t",
    "than",
    "that",
    "the",
    "their",
    "theirs",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "those",
    "through",
    "to",
    "too",
    "us",
    "very",
    "via",
    "was",
    "way",
    "we",
    "well",
    "were",
    "what",
    "when",
    "where",
    "whether",
    "which",
    "while",
    "who",
    "whom",
    "whose",
    "why",
    "will",
    "with",
    "within",
    "would",
    "yet",
    "you",
    "your",
    "yours",
    "yourself",
    "d",
    "ll",
    "m",
    "re",
    "ve",
    "don",
    "im",
    "want",
    "need",
];

/// Makes search terms. Cheap to make; holds no text.
pub(crate) struct Analyser {
    stemmer: Stemmer,
}

impl Analyser {
    pub(crate) fn new() -> Self {
        Self {
            stemmer: Stemmer::create(Algorithm::English),
        }
    }

    /// The terms of a text in order, repeated as they are.
    pub(crate) fn terms(&self, text: &str) -> Vec<String> {
        let mut terms = Vec::with_capacity(text.len() / 8);
        for compound in
            text.split(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '\'' | '’' | '+' | '#' | '/')))
        {
            self.compound(compound, &mut terms);
        }
        terms
    }

    /// "max_retryCount" gives its parts and the whole: people ask for either.
    fn compound(&self, compound: &str, terms: &mut Vec<String>) {
        let compound = compound
            .trim_matches(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '+' | '#'))
            .trim_start_matches(['+', '#', '/']);
        if compound.is_empty() {
            return;
        }
        if matches!(compound, "C++" | "c++" | "C#" | "c#" | "F#" | "f#") {
            terms.push(compound.to_lowercase());
            return;
        }
        let mut whole = String::new();
        let mut parts = 0;
        let joined = compound.contains(['_', '-']) || is_version(compound);
        for word in compound.split(|letter: char| !letter.is_alphanumeric()) {
            // "don't", "user's": what follows the apostrophe says nothing.
            if word.is_empty() {
                continue;
            }
            let humps = humps(word);
            if humps.len() > 1 && !joined {
                self.word(word, terms);
            }
            for hump in humps {
                self.word(hump, terms);
                parts += 1;
            }
            if is_version(compound) && !whole.is_empty() {
                whole.push('.');
            }
            whole.push_str(word);
        }
        if joined && parts > 1 {
            self.word(&whole, terms);
        }
    }

    fn word(&self, word: &str, terms: &mut Vec<String>) {
        if word.chars().any(is_ideograph) {
            terms.extend(
                word.chars()
                    .filter(|letter| letter.is_alphanumeric())
                    .take(LONGEST)
                    .map(|letter| letter.to_lowercase().collect()),
            );
            return;
        }
        let plain: String = word
            .chars()
            .take(LONGEST)
            .flat_map(char::to_lowercase)
            .map(without_accent)
            .collect();
        if STOP.contains(&plain.as_str()) {
            return;
        }
        if plain.bytes().all(|byte| byte.is_ascii_lowercase()) {
            terms.push(self.stemmer.stem(&plain).into_owned());
        } else {
            terms.push(plain);
        }
    }
}

/// "2.1" or "v1.10.3".
fn is_version(compound: &str) -> bool {
    let digits = compound.strip_prefix(['v', 'V']).unwrap_or(compound);
    digits.contains('.') && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// "getUserName" → get, User, Name; "HTTPServer" and "PDFs" stay whole.
fn humps(word: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut before = None;
    for (at, letter) in word.char_indices() {
        if letter.is_uppercase() && before.is_some_and(char::is_lowercase) {
            parts.push(&word[start..at]);
            start = at;
        }
        before = Some(letter);
    }
    parts.push(&word[start..]);
    // Single letters come from random strings and product names ("iPhone").
    if parts.iter().any(|part| part.len() < 2) {
        vec![word]
    } else {
        parts
    }
}

/// The letter below the accent, for the languages of Western and Central Europe.
fn without_accent(letter: char) -> char {
    match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'ì'..='ï' | 'ī' | 'į' | 'ı' => 'i',
        'ł' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ő' => 'o',
        'ř' => 'r',
        'ś' | 'š' | 'ş' => 's',
        'ť' | 'ţ' => 't',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lowered_stemmed_and_freed_of_stop_words() {
        assert_eq!(Analyser::new().terms("How do I cancel my Subscriptions?"), ["cancel", "subscript"]);
        assert_eq!(Analyser::new().terms("Café don't"), ["café".replace('é', "e")]);
    }

    #[test]
    fn identifiers_are_found_whole_and_in_parts() {
        let terms = Analyser::new().terms("max_retries getUserName wi-fi v2.1 C++ node.js");
        for wanted in [
            "max",
            "retri",
            "maxretri",
            "user",
            "getusernam",
            "wifi",
            "v2.1",
            "c++",
            "node",
            "js",
        ] {
            assert!(terms.iter().any(|term| term == wanted), "{wanted} is not in {terms:?}");
        }
    }

    #[test]
    fn odd_text_does_no_harm() {
        for text in [
            "",
            "...",
            "___",
            "'’'",
            "+#/",
            "\u{0}",
            "İSTANBUL ß ﬁ",
            "東京タワー",
            &"x".repeat(10_000),
        ] {
            assert!(
                Analyser::new()
                    .terms(text)
                    .iter()
                    .all(|term| !term.is_empty() && term.chars().count() <= LONGEST * 2)
            );
        }
    }
}
