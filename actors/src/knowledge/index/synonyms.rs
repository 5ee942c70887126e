//! Words and phrases that mean the same in one project.

use std::ops::Range;

use super::Analyser;
use super::analyse::{Token, plain, tokens};
use super::lexical::Stand;
use crate::knowledge::language::Language;

/// What an occurrence of a synonym counts of one of the word itself.
const SHARE: f32 = 0.8;
/// Other names that are added to a question before its meaning is looked up.
const NAMED: usize = 2;

/// A word of a question: what it is as a term in each of the project's languages.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Word {
    pub forms: Vec<String>,
    /// Phrases of the index that mean the same.
    pub synonyms: Vec<Vec<Stand>>,
}

/// A phrase as words, each in its forms.
type Phrase = Vec<Vec<String>>;

/// Groups of phrases that mean the same, ready to be compared with questions in some languages.
#[derive(Default)]
pub(super) struct Synonyms {
    groups: Vec<Vec<String>>,
    analysed: Vec<Vec<Phrase>>,
}

impl Synonyms {
    pub(super) fn new(groups: Vec<Vec<String>>, languages: &[Language]) -> Self {
        let mut synonyms = Self {
            groups,
            analysed: Vec::new(),
        };
        synonyms.analyse(languages);
        synonyms
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Makes terms of the phrases anew: for when the languages of the project are others.
    pub(super) fn analyse(&mut self, languages: &[Language]) {
        let phrase = |text: &String| words(text, languages, None).into_iter().map(|word| word.forms).collect();
        self.analysed = self.groups.iter().map(|group| group.iter().map(phrase).collect()).collect();
    }

    /// Where each phrase stands in the question: group, phrase, first word.
    fn found(&self, question: &[Word]) -> Vec<(usize, usize, usize)> {
        let mut found = Vec::new();
        for (group, phrases) in self.analysed.iter().enumerate() {
            for (at, phrase) in phrases.iter().enumerate().filter(|(_, phrase)| !phrase.is_empty()) {
                let meets = |words: &[Word]| {
                    words
                        .iter()
                        .zip(phrase)
                        .all(|(word, forms)| word.forms.iter().any(|form| forms.contains(form)))
                };
                let places = question.windows(phrase.len()).enumerate().filter(|(_, words)| meets(words));
                found.extend(places.map(|(first, _)| (group, at, first)));
            }
        }
        found
    }

    /// Gives each word of the question what stands for it. `knows`: whether the index holds a term.
    pub(super) fn apply(&self, question: &mut [Word], knows: impl Fn(&str) -> bool) {
        for (group, own, first) in self.found(question) {
            let phrases = &self.analysed[group];
            let length = phrases[own].len();
            for (_, other) in phrases.iter().enumerate().filter(|(at, phrase)| *at != own && !phrase.is_empty()) {
                #[expect(clippy::cast_precision_loss, reason = "a phrase has a few words")]
                let share = SHARE / other.len() as f32;
                let known = other.iter().filter_map(|forms| forms.iter().find(|form| knows(form)));
                let stands: Vec<Stand> = known.map(|form| Stand::new(form.as_str(), share)).collect();
                // A phrase whose words are not all there stands nowhere.
                if stands.len() == other.len() {
                    for word in &mut question[first..first + length] {
                        word.synonyms.push(stands.clone());
                    }
                }
            }
        }
    }

    /// What to look up the meaning of: a question with other names for what it names. A name that the project's own texts do not use
    /// gives way to the first of them, for it means nothing there; other names stand beside it. `knows`: whether the index holds a term.
    pub(super) fn meant(&self, text: &str, question: &[Word], knows: impl Fn(&str) -> bool) -> String {
        let mut meant = text.to_owned();
        let mut beside: Vec<&str> = Vec::new();
        for (group, own, _) in self.found(question) {
            let known = self.analysed[group][own].iter().all(|forms| forms.iter().any(|form| knows(form)));
            let mut others = self.groups[group]
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != own)
                .map(|(_, other)| other.as_str());
            if let Some(place) = place_of(&meant, &self.groups[group][own]).filter(|_| !known) {
                let Some(first) = others.next() else { continue };
                meant.replace_range(place, first);
            }
            for other in others.take(NAMED) {
                if !beside.contains(&other) {
                    beside.push(other);
                }
            }
        }
        if beside.is_empty() {
            meant
        } else {
            format!("{meant} ({})", beside.join(", "))
        }
    }
}

/// Where a phrase stands in a text as words of its own, whatever its case.
fn place_of(text: &str, phrase: &str) -> Option<Range<usize>> {
    let sought = phrase.to_lowercase();
    // Another case seldom has another number of characters, and then by one or two.
    let longest = phrase.chars().count() + 2;
    let is_word = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
    let starts = text
        .char_indices()
        .map(|(from, _)| from)
        .filter(|from| !is_word(text[..*from].chars().next_back()));
    starts.into_iter().find_map(|from| {
        let ends = text[from..]
            .char_indices()
            .map(|(at, char)| from + at + char.len_utf8())
            .take(longest);
        let end = ends.into_iter().find(|end| text[from..*end].to_lowercase() == sought)?;
        (!is_word(text[end..].chars().next())).then_some(from..end)
    })
}

/// The words of a text that say something, each as a term in every one of `languages`. `asked_in`: the language whose words
/// without meaning are left out; otherwise those of the first one.
pub(super) fn words(text: &str, languages: &[Language], asked_in: Option<Language>) -> Vec<Word> {
    let ignoring = asked_in.or(languages.first().copied()).unwrap_or_default();
    let analysers: Vec<Analyser> = match languages {
        [] => vec![Analyser::of(ignoring)],
        _ => languages.iter().map(|language| Analyser::of(*language)).collect(),
    };
    let mut words = Vec::new();
    tokens(text, &mut |token| {
        let forms = match token {
            Token::Exact(term) => vec![term.to_owned()],
            Token::Word(word) => {
                let plain = plain(word);
                if ignoring.ignores(&plain) {
                    return;
                }
                let mut forms: Vec<String> = Vec::with_capacity(analysers.len());
                for analyser in &analysers {
                    let stem = analyser.stem(word, plain.clone());
                    if !forms.contains(&stem) {
                        forms.push(stem);
                    }
                }
                forms
            }
        };
        words.push(Word {
            forms,
            synonyms: Vec::new(),
        });
    });
    words
}
