//! Which language a text is written in, as far as searching it by its words needs to know.

use std::collections::HashMap;
use std::sync::LazyLock;

use rust_stemmers::Algorithm;

/// Languages whose words are stemmed, and whose words that say nothing are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    #[default]
    English,
    German,
    French,
    Spanish,
    Portuguese,
    Italian,
    Dutch,
}

/// How many there are.
pub(crate) const LANGUAGES: usize = 7;
/// Words of a text that are looked at.
const LOOKED_AT: usize = 400;

impl Language {
    pub const ALL: [Self; LANGUAGES] = [
        Self::English,
        Self::German,
        Self::French,
        Self::Spanish,
        Self::Portuguese,
        Self::Italian,
        Self::Dutch,
    ];

    pub(crate) fn algorithm(self) -> Algorithm {
        match self {
            Self::English => Algorithm::English,
            Self::German => Algorithm::German,
            Self::French => Algorithm::French,
            Self::Spanish => Algorithm::Spanish,
            Self::Portuguese => Algorithm::Portuguese,
            Self::Italian => Algorithm::Italian,
            Self::Dutch => Algorithm::Dutch,
        }
    }

    /// Words that say nothing about what is asked. "off", "up" and the like are none in English: they matter in instructions.
    fn stop_words(self) -> &'static str {
        match self {
            Self::English => include_str!("language/english.txt"),
            Self::German => include_str!("language/german.txt"),
            Self::French => include_str!("language/french.txt"),
            Self::Spanish => include_str!("language/spanish.txt"),
            Self::Portuguese => include_str!("language/portuguese.txt"),
            Self::Italian => include_str!("language/italian.txt"),
            Self::Dutch => include_str!("language/dutch.txt"),
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }

    /// Whether `word`, in lower case and without accents, says nothing in this language.
    pub(crate) fn ignores(self, word: &str) -> bool {
        STOP.get(word).is_some_and(|languages| languages & self.bit() != 0)
    }

    /// The language of a text: the one that most of its words without meaning are from. English when they do not tell.
    pub fn of(text: &str) -> Self {
        let counts = count(text);
        let most = counts.iter().copied().max().unwrap_or_default();
        // A name or two in another language are none.
        if most < 3 {
            return Self::English;
        }
        Self::ALL
            .into_iter()
            .zip(counts)
            .find(|(_, count)| *count == most)
            .map_or(Self::English, |(language, _)| language)
    }

    /// The language that a question is asked in: of those of which it holds most words without meaning, the first of
    /// `preferred`; then any.
    pub(crate) fn of_question(text: &str, preferred: &[Self]) -> Self {
        let counts = count(text);
        let most = counts.iter().copied().max().unwrap_or_default();
        let held = |language: &Self| counts[*language as usize] == most;
        let first = preferred.iter().chain(&Self::ALL).copied().find(held);
        first.unwrap_or_default()
    }
}

/// Word → the languages in which it says nothing, a bit each.
static STOP: LazyLock<HashMap<String, u8>> = LazyLock::new(|| {
    let mut words: HashMap<String, u8> = HashMap::new();
    for language in Language::ALL {
        for word in language.stop_words().split_whitespace() {
            *words.entry(word.chars().map(without_accent).collect()).or_default() |= language.bit();
        }
    }
    words
});

/// How many words of `text` say nothing, by language.
fn count(text: &str) -> [u32; LANGUAGES] {
    let mut counts = [0; LANGUAGES];
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    for word in words.take(LOOKED_AT) {
        let plain: String = word.chars().flat_map(char::to_lowercase).map(without_accent).collect();
        if let Some(languages) = STOP.get(&plain) {
            for language in Language::ALL {
                counts[language as usize] += u32::from(languages & language.bit() != 0);
            }
        }
    }
    counts
}

/// The letter below the accent, for the languages of Western and Central Europe.
pub(crate) fn without_accent(letter: char) -> char {
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
    fn texts_are_told_apart_by_their_little_words() {
        for (text, language) in [
            (
                "The invoice is sent to the owner of the workspace at the end of each month.",
                Language::English,
            ),
            (
                "Die Rechnung wird am Ende des Monats an den Inhaber des Kontos geschickt.",
                Language::German,
            ),
            (
                "La facture est envoyée au propriétaire du compte à la fin de chaque mois.",
                Language::French,
            ),
            (
                "La factura se envía al propietario de la cuenta al final de cada mes, y también por correo.",
                Language::Spanish,
            ),
            (
                "A fatura é enviada ao dono da conta no fim de cada mês, e também por correio.",
                Language::Portuguese,
            ),
            (
                "La fattura viene inviata al proprietario del conto alla fine di ogni mese.",
                Language::Italian,
            ),
            (
                "De factuur wordt aan het eind van de maand naar de eigenaar van het account gestuurd.",
                Language::Dutch,
            ),
            ("max_retries = 3", Language::English),
            ("", Language::English),
            ("東京タワーの営業時間", Language::English),
        ] {
            assert_eq!(Language::of(text), language, "{text}");
        }
    }

    #[test]
    fn a_question_that_could_be_of_several_is_of_the_projects_first() {
        let project = [Language::German, Language::English];
        assert_eq!(Language::of_question("Passwort?", &project), Language::German);
        assert_eq!(Language::of_question("How do I reset it?", &project), Language::English);
        assert_eq!(
            Language::of_question("Comment est-ce que je peux payer ?", &project),
            Language::French
        );
    }

    #[test]
    fn each_word_is_ignored_in_its_own_language() {
        assert!(Language::German.ignores("fur") && !Language::English.ignores("fur"));
        assert!(Language::English.ignores("the") && !Language::English.ignores("off"));
    }
}
