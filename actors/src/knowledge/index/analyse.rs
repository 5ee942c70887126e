//! Text to search terms: words in lower case, without accents, stemmed by their language, identifiers also in parts, and
//! scripts without blanks in pairs of letters.

use foldhash::HashMap;
use rust_stemmers::Stemmer;

use crate::knowledge::language::{Language, without_accent};
use crate::knowledge::sentence::is_ideograph;

/// Longest word kept, in letters: what is longer is data and not a word.
const LONGEST: usize = 40;

/// Makes search terms of texts in one language. Cheap to make; holds no text.
pub(crate) struct Analyser {
    language: Language,
    stemmer: Stemmer,
}

/// Analysers that remember the words they met: most words of a project are the same few thousand, and looking one up takes a tenth
/// of the time that stemming takes. Terms have numbers here, so that counting them copies no text.
#[derive(Default)]
pub struct Memory {
    analysers: HashMap<Language, (Analyser, Stems)>,
    numbers: HashMap<Box<str>, Number>,
    terms: Vec<Box<str>>,
}

/// A term's number in one memory.
pub(super) type Number = u32;

/// What became of a word; `None` of one that says nothing.
type Stems = HashMap<Box<str>, Option<Number>>;

/// Words remembered: some megabytes at most, for as long as an index is built.
const REMEMBERED: usize = 100_000;

impl Memory {
    /// The terms of a text in order, repeated as they are.
    pub(super) fn terms(&mut self, language: Language, text: &str) -> Vec<Number> {
        let Self { analysers, numbers, terms } = self;
        let mut number = |term: &str| {
            if let Some(number) = numbers.get(term) {
                return *number;
            }
            let number = Number::try_from(terms.len()).unwrap_or(Number::MAX);
            terms.push(term.into());
            numbers.insert(term.into(), number);
            number
        };
        let entry = analysers.entry(language);
        let (analyser, known) = entry.or_insert_with(|| (Analyser::of(language), Stems::default()));
        let mut found = Vec::with_capacity(text.len() / 8);
        tokens(text, &mut |token| match token {
            Token::Exact(term) => found.push(number(term)),
            Token::Word(word) => {
                let term = known.get(word).copied().unwrap_or_else(|| {
                    let term = analyser.term(Token::Word(word)).map(|term| number(&term));
                    if known.len() < REMEMBERED {
                        known.insert(word.into(), term);
                    }
                    term
                });
                found.extend(term);
            }
        });
        found
    }

    /// The term that has this number.
    pub(super) fn term(&self, number: Number) -> &str {
        self.terms.get(number as usize).map_or("", |term| term)
    }

    /// Every term that was met.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().map(|term| &**term)
    }
}

/// A piece of text that becomes one term.
pub(super) enum Token<'a> {
    /// In lower case, with its accents.
    Word(&'a str),
    /// A term as it stands.
    Exact(&'a str),
}

impl Analyser {
    /// For English.
    pub(crate) fn new() -> Self {
        Self::of(Language::English)
    }

    pub(crate) fn of(language: Language) -> Self {
        Self {
            language,
            stemmer: Stemmer::create(language.algorithm()),
        }
    }

    /// The terms of a text in order, repeated as they are.
    pub(crate) fn terms(&self, text: &str) -> Vec<String> {
        let mut terms = Vec::with_capacity(text.len() / 8);
        tokens(text, &mut |token| terms.extend(self.term(token)));
        terms
    }

    fn term(&self, token: Token<'_>) -> Option<String> {
        match token {
            Token::Exact(term) => Some(term.to_owned()),
            Token::Word(word) => {
                let plain = plain(word);
                (!self.language.ignores(&plain)).then(|| self.stem(word, plain))
            }
        }
    }

    /// `word` in lower case, `plain` the same without accents.
    pub(super) fn stem(&self, word: &str, plain: String) -> String {
        if !plain.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return plain;
        }
        match self.language {
            Language::English | Language::Dutch => self.stemmer.stem(&plain).into_owned(),
            Language::German => self.stemmer.stem(&without_digraphs(&plain)).into_owned(),
            // Their endings carry accents, which are left out as often as not.
            Language::French | Language::Italian => folded(&self.stemmer.stem(word)),
            Language::Spanish | Language::Portuguese => folded(&self.stemmer.stem(&with_accent(word, self.language))),
        }
    }
}

/// A word in lower case without its accents.
pub(super) fn plain(word: &str) -> String {
    word.chars().map(without_accent).collect()
}

fn folded(stem: &str) -> String {
    stem.chars().map(without_accent).collect()
}

/// "zuruecksetzen" as "zurucksetzen", which is also what "zurücksetzen" becomes. "ue" after a vowel or q is none ("neue", "Quelle").
fn without_digraphs(word: &str) -> String {
    let mut kept = String::with_capacity(word.len());
    let mut before = ' ';
    for letter in word.chars() {
        let opens = matches!(before, 'a' | 'o' | 'u');
        let preceded = kept.chars().rev().nth(1);
        let inside = !matches!(preceded, Some('a' | 'e' | 'i' | 'o' | 'u' | 'q'));
        if letter == 'e' && opens && inside {
            before = letter;
            continue;
        }
        kept.push(letter);
        before = letter;
    }
    kept
}

/// "configuracion" with the accent by which the stemmer knows its ending.
fn with_accent(word: &str, language: Language) -> String {
    let endings: &[(&str, &str)] = match language {
        Language::Spanish => &[("cion", "ción"), ("sion", "sión")],
        _ => &[("coes", "ções"), ("soes", "sões"), ("cao", "ção"), ("sao", "são")],
    };
    for (bare, accented) in endings {
        if let Some(root) = word.strip_suffix(bare).filter(|root| root.len() > 1) {
            return format!("{root}{accented}");
        }
    }
    word.to_owned()
}

/// Hands each token of a text to `emit`, in order.
pub(super) fn tokens(text: &str, emit: &mut dyn FnMut(Token<'_>)) {
    for part in text.split(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '\'' | '’' | '+' | '#' | '/')))
    {
        compound(part, emit);
    }
}

/// "max_retryCount" gives its parts and the whole: people ask for either.
fn compound(compound: &str, emit: &mut dyn FnMut(Token<'_>)) {
    let compound = compound
        .trim_matches(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '+' | '#'))
        .trim_start_matches(['+', '#', '/']);
    if compound.is_empty() {
        return;
    }
    // Most words, the short way.
    let mut letters = compound.bytes();
    if letters.next().is_some_and(|first| first.is_ascii_alphanumeric())
        && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    {
        word(compound, emit);
        return;
    }
    if matches!(compound, "C++" | "c++" | "C#" | "c#" | "F#" | "f#") {
        emit(Token::Exact(&compound.to_lowercase()));
        return;
    }
    let mut whole = String::new();
    let mut parts = 0;
    let version = is_version(compound);
    let joined = version || compound.contains(['_', '-']);
    for run in compound.split(|letter: char| !letter.is_alphanumeric()) {
        // "don't", "user's": what follows the apostrophe says nothing.
        if run.is_empty() {
            continue;
        }
        let humps = humps(run);
        if humps.len() > 1 && !joined {
            word(run, emit);
        }
        for hump in humps {
            word(hump, emit);
            parts += 1;
        }
        if joined {
            if version && !whole.is_empty() {
                whole.push('.');
            }
            whole.push_str(run);
        }
    }
    if joined && parts > 1 {
        word(&whole, emit);
    }
}

fn word(word: &str, emit: &mut dyn FnMut(Token<'_>)) {
    if word.is_ascii() {
        let mut letters = [0; LONGEST];
        let cut = word.as_bytes().iter().zip(&mut letters);
        let length = cut.map(|(letter, place)| *place = letter.to_ascii_lowercase()).count();
        if let Ok(word) = std::str::from_utf8(&letters[..length]) {
            emit(Token::Word(word));
        }
        return;
    }
    let letters: Vec<char> = word.chars().take(LONGEST).flat_map(char::to_lowercase).collect();
    for run in letters.chunk_by(|a, b| is_ideograph(*a) == is_ideograph(*b)) {
        let text = |letters: &[char]| letters.iter().collect::<String>();
        match run {
            [first, ..] if !is_ideograph(*first) => emit(Token::Word(&text(run))),
            [alone] => emit(Token::Exact(&text(&[*alone]))),
            _ => run.windows(2).for_each(|pair| emit(Token::Exact(&text(pair)))),
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
    fn forms_of_a_word_meet_in_each_language_with_and_without_accents() {
        for (language, one, other) in [
            (Language::German, "Rechnungen kündigen", "Rechnung kuendigen"),
            (Language::German, "die neuen Quellen", "eine neue Quelle"),
            (Language::French, "les abonnements résiliés", "l'abonnement résilié"),
            (Language::Spanish, "las configuraciones", "la configuracion"),
            (Language::Portuguese, "as configurações", "a configuracao"),
            (Language::Italian, "delle fatture", "la fattura"),
            (Language::Dutch, "de facturen", "een factuur"),
        ] {
            let analyser = Analyser::of(language);
            assert_eq!(analyser.terms(one), analyser.terms(other), "{language:?}");
        }
    }

    #[test]
    fn scripts_without_blanks_become_pairs() {
        assert_eq!(Analyser::new().terms("東京タワー"), ["東京", "京タ", "タワ", "ワー"]);
        assert_eq!(Analyser::new().terms("iPhone版"), ["iphon", "版"]);
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
            "ue aue que",
            &"x".repeat(10_000),
        ] {
            for language in Language::ALL {
                let terms = Analyser::of(language).terms(text);
                assert!(terms.iter().all(|term| !term.is_empty() && term.chars().count() <= LONGEST * 2));
            }
        }
    }
}
