//! What a question asks that leans on the conversation before it: "and on Windows?", "how long does it take?".
//!
//! By rules over words, the same each time, and without a language model. A question that stands on its own is left as it is.

mod words;

use crate::knowledge::answer::{Answer, Outcome, refuse};
use crate::knowledge::index::{Analyser, Hit};
use crate::knowledge::language::Language;
use words::{Leaning, leaning};

/// Characters of an earlier question that are carried over.
const CARRIED: usize = 300;
/// Words that say something, up to which a question may lean on the one before it.
const OPENED: usize = 6;
const POINTING: usize = 5;
/// As many words, and so many that say something, are too few to be sure.
const SHORT: usize = 5;
const FEW: usize = 2;

/// One turn of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said<'a> {
    pub by_visitor: bool,
    pub text: &'a str,
}

/// A way to understand a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The question in full.
    pub text: String,
    /// Whether an answer must hold a word of the question itself: what was carried over alone answers another question.
    pub needs_own_words: bool,
    /// Whether an answer to it is taken without a look at the other reading; otherwise the one that is answered best is.
    pub is_sure: bool,
}

/// How to understand `question` after `earlier` (oldest first): one reading, or two with the likelier first.
pub fn readings(question: &str, earlier: &[Said<'_>]) -> Vec<Reading> {
    let alone = Reading {
        text: question.to_owned(),
        needs_own_words: false,
        is_sure: true,
    };
    let asked: Vec<&str> = earlier
        .iter()
        .filter(|said| said.by_visitor && said.text != question)
        .map(|said| said.text)
        .collect();
    let Some((full, leans)) = in_full(question, &asked) else {
        return vec![alone];
    };
    let full = Reading {
        text: full,
        needs_own_words: !matches!(leans, Leans::Points | Leans::Perhaps),
        is_sure: leans != Leans::Perhaps,
    };
    match leans {
        Leans::Maybe => vec![alone, full],
        Leans::Points | Leans::Perhaps | Leans::Goes => vec![full, alone],
    }
}

/// The answer to the reading of `question` that is answered, or answered best; otherwise what comes closest to the likeliest one.
/// `look_up` answers one reading from the passages that it finds.
pub fn answer_best<E>(
    question: &str,
    readings: &[Reading],
    mut look_up: impl FnMut(&str) -> Result<(Answer, Vec<Hit>), E>,
) -> Result<(Answer, Vec<Hit>), E> {
    let mut best: Option<(Answer, Vec<Hit>)> = None;
    for reading in readings {
        let (mut answer, hits) = look_up(&reading.text)?;
        if reading.needs_own_words && !hits.first().is_some_and(|hit| holds_own_words(question, hit)) {
            answer = refuse(&hits, answer.confidence);
        }
        let is_answered = answer.outcome == Outcome::Answered;
        let is_better = best.as_ref().is_none_or(|(known, _)| match known.outcome {
            Outcome::Answered => is_answered && answer.confidence > known.confidence,
            Outcome::Unanswered => is_answered,
        });
        if is_better {
            best = Some((answer, hits));
        }
        if is_answered && reading.is_sure {
            break;
        }
    }
    match best {
        Some(best) => Ok(best),
        None => look_up(question),
    }
}

/// Whether a passage holds a word that `question` itself asks for.
fn holds_own_words(question: &str, hit: &Hit) -> bool {
    let own: Vec<String> = Language::ALL
        .into_iter()
        .filter(|language| *language == hit.language || *language == Language::of_question(question, &[hit.language]))
        .flat_map(|language| Analyser::of(language).terms(question))
        .collect();
    let held = hit.terms_of(&format!("{} {} {}", hit.title, hit.heading.join(" "), hit.text));
    let mut asked = hit.terms.iter().filter(|term| own.contains(&term.stem));
    asked.any(|term| term.is_in(&held))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leans {
    /// "it", "why?": says nothing without what was asked before.
    Points,
    /// The same with more words: "it" may be something that the question itself names.
    Perhaps,
    /// "and …", "what about …": asks the same of something else.
    Goes,
    /// Merely short.
    Maybe,
}

/// The question with what it takes over from those before it; `None` when it stands on its own.
fn in_full(question: &str, asked: &[&str]) -> Option<(String, Leans)> {
    let (before, further) = asked.split_last()?;
    let before: String = before.chars().take(CARRIED).collect();
    let language = Language::of_question(question, &[Language::of_question(&before, &[])]);
    let rules = leaning(language);
    let words = lowered(question);
    let said = Analyser::of(language).terms(question).len();
    let opener = rules.opener(&words);
    let leans = if (said == 0 && words.first().is_some_and(|first| rules.asks(first))) || (said <= POINTING && rules.points(&words)) {
        if said <= FEW { Leans::Points } else { Leans::Perhaps }
    } else if opener > 0 && said <= OPENED {
        Leans::Goes
    } else if (1..=FEW).contains(&said) && words.len() <= SHORT {
        Leans::Maybe
    } else {
        return None;
    };
    // What it leans on may itself lean on what was asked before that.
    let before = match in_full(&before, further) {
        Some((full, leans)) if leans != Leans::Maybe => full.chars().take(2 * CARRIED).collect(),
        _ => before,
    };
    let own = after_words(question, opener);
    let full = match leans {
        Leans::Points | Leans::Perhaps => format!("{}? {own}", without_mark(&before)),
        Leans::Goes | Leans::Maybe => {
            replaced(&before, &own, rules, language).unwrap_or_else(|| format!("{} {own}", without_mark(&before)))
        }
    };
    Some((full, leans))
}

fn without_mark(question: &str) -> &str {
    question.trim_end_matches(|letter: char| letter.is_whitespace() || matches!(letter, '?' | '.' | '!'))
}

fn lowered(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// The text behind its first `count` words.
fn after_words(text: &str, count: usize) -> String {
    let mut rest = text;
    for _ in 0..count {
        rest = rest.trim_start_matches(|letter: char| !letter.is_alphanumeric());
        rest = rest.trim_start_matches(char::is_alphanumeric);
    }
    rest.trim_start_matches(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ':'))
        .to_owned()
}

/// The earlier question with what the new one puts in another's place: "on Windows" for "on a Mac", "the Team plan" for "the
/// Starter plan". `None` when nothing is replaced.
fn replaced(before: &str, own: &str, rules: &Leaning, language: Language) -> Option<String> {
    let bare = |word: &str| {
        word.to_lowercase()
            .trim_matches(|letter: char| !letter.is_alphanumeric())
            .to_owned()
    };
    let (old, new): (Vec<&str>, Vec<&str>) = (before.split_whitespace().collect(), own.split_whitespace().collect());
    let is_preposition = |word: &&str| rules.prepositions.contains(&bare(word).as_str());
    if let Some(preposition) = new.first().filter(|first| is_preposition(first))
        && let Some(at) = old.iter().rposition(|word| bare(word) == bare(preposition)).filter(|at| *at > 0)
    {
        let end = old[at + 1..].iter().position(is_preposition);
        let after = end.map_or(old.len(), |end| at + 1 + end);
        // Far more than a name would be a clause of its own.
        if after - at <= 4 {
            let own = if after < old.len() { without_mark(own) } else { own };
            return Some([&old[..at], &[own], &old[after..]].concat().join(" "));
        }
    }
    let analyser = Analyser::of(language);
    let stem = |word: &str| analyser.terms(word).into_iter().next();
    let own_terms = analyser.terms(own);
    let (head, told) = own_terms.split_last().filter(|(_, told)| !told.is_empty())?;
    let at = old
        .windows(2)
        .position(|pair| stem(pair[1]).as_ref() == Some(head) && stem(pair[0]).is_some_and(|first| !own_terms.contains(&first)))?;
    let by: Vec<&str> = new
        .into_iter()
        .filter(|word| stem(word).is_some_and(|term| told.contains(&term)))
        .collect();
    Some([&old[..at], &by[..], &old[at + 1..]].concat().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(before: &[&str], question: &str) -> Vec<String> {
        let said: Vec<Said<'_>> = before.iter().map(|text| Said { by_visitor: true, text }).collect();
        readings(question, &said).into_iter().map(|reading| reading.text).collect()
    }

    #[test]
    fn a_follow_up_takes_over_what_it_leaves_out() {
        for (before, question, full) in [
            (
                "How do I install the app on a Mac?",
                "and on Windows?",
                "How do I install the app on Windows?",
            ),
            (
                "How do I request a refund?",
                "How long does it take?",
                "How do I request a refund? How long does it take?",
            ),
            (
                "How much does the Starter plan cost?",
                "what about the Team plan?",
                "How much does the Team plan cost?",
            ),
            ("Can I export invoices?", "Why?", "Can I export invoices? Why?"),
            (
                "Wie installiere ich die App auf dem Mac?",
                "und unter Windows?",
                "Wie installiere ich die App auf dem Mac unter Windows?",
            ),
            (
                "Wie kündige ich mein Abo?",
                "Was kostet das?",
                "Wie kündige ich mein Abo? Was kostet das?",
            ),
            (
                "Comment installer l'application sur Mac ?",
                "et sur Windows ?",
                "Comment installer l'application sur Windows ?",
            ),
            (
                "¿Cómo instalo la aplicación en Mac?",
                "¿y en Windows?",
                "¿Cómo instalo la aplicación en Windows?",
            ),
        ] {
            assert_eq!(after(&[before], question)[0], full);
        }
    }

    #[test]
    fn a_question_of_its_own_stays_as_it_is() {
        for question in [
            "How do I change the colour of the widget on my website?",
            "Is there a plan that includes single sign-on for everyone?",
            "Which languages does the assistant speak at the moment?",
        ] {
            assert_eq!(after(&["How do I cancel my plan?"], question), [question]);
        }
        assert_eq!(after(&[], "and on Windows?"), ["and on Windows?"]);
        assert_eq!(after(&["and on Windows?"], "and on Windows?"), ["and on Windows?"]);
    }

    #[test]
    fn a_short_question_is_first_read_alone() {
        let read = readings(
            "refund policy",
            &[Said {
                by_visitor: true,
                text: "How do I cancel?",
            }],
        );
        assert_eq!((read[0].text.as_str(), read[0].needs_own_words), ("refund policy", false));
        assert_eq!(
            (read[1].text.as_str(), read[1].needs_own_words),
            ("How do I cancel refund policy", true)
        );
    }

    #[test]
    fn what_is_leaned_on_may_lean_too() {
        let full = after(&["How do I install the app on a Mac?", "and on Windows?"], "how long does it take?");
        assert_eq!(full[0], "How do I install the app on Windows? how long does it take?");
    }

    #[test]
    fn odd_text_does_no_harm() {
        for text in ["", "?", "and", "¿", "it it it", "on", "\u{0}", "东京", &"it ".repeat(3_000)] {
            for other in ["", "?", "on a", "and on", &"on ".repeat(3_000)] {
                assert!(!after(&[other], text).is_empty());
            }
        }
    }
}
