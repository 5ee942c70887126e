//! From passages to an answer: whole sentences with their sources, or an honest "I don't know".

mod confidence;
pub(crate) mod grounded;
mod link;
mod passage;
pub mod safe;
mod select;

#[cfg(test)]
mod calibration_tests;
#[cfg(test)]
mod grounded_tests;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use uuid::Uuid;

use crate::knowledge::embed::Vector;
use crate::knowledge::index::{Analyser, Hit};
pub use confidence::{ANSWER_FROM, confidence};
use passage::plain;
use select::choose;

/// Characters of an answer, more only to finish a list of steps.
const ANSWER: usize = 700;
/// Passages in one answer.
const PASSAGES: usize = 3;
/// Pages named when there is no answer.
const CLOSEST: usize = 3;
/// Characters of an excerpt.
const EXCERPT: usize = 280;
/// Words of all passages that a language model is given.
const PROMPT_WORDS: usize = 1_800;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Answered,
    Unanswered,
}

/// A source. `n` is the number that the answer's text uses for it, from 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Citation {
    pub n: u32,
    pub chunk: Uuid,
    pub document: Uuid,
    pub title: String,
    pub section: Vec<String>,
    pub excerpt: String,
    pub link: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub outcome: Outcome,
    /// As [`safe::write`] writes answers.
    pub text: String,
    /// The sources of the text, by number; empty when unanswered.
    pub citations: Vec<Citation>,
    /// The nearest pages when unanswered, at most three, none where nothing is near.
    pub closest: Vec<Citation>,
    /// How likely the passages hold an answer, 0 to 1.
    pub confidence: f32,
}

/// Answers from `hits` (best first, as [`Index::search`](crate::knowledge::index::Index::search) gives them). Five to ten hits are enough.
pub fn extract(question: &str, question_vector: Option<&Vector>, hits: &[Hit]) -> Answer {
    let talk = small_talk(question);
    if let Some(text) = talk {
        return Answer {
            outcome: Outcome::Unanswered,
            text: text.to_owned(),
            citations: Vec::new(),
            closest: Vec::new(),
            confidence: 0.0,
        };
    }
    let sure = confidence(question_vector.is_some(), hits);
    let (Some(best), true) = (hits.first(), sure >= ANSWER_FROM) else {
        return refuse(hits, sure);
    };
    let mut text = String::new();
    let mut citations: Vec<Citation> = Vec::new();
    let mut said: HashSet<String> = HashSet::new();
    for hit in hits.iter().take(PASSAGES + 2) {
        if citations.len() == PASSAGES || (!citations.is_empty() && !adds(best, hit)) {
            continue;
        }
        let room = ANSWER.saturating_sub(text.chars().count());
        if !citations.is_empty() && room < ANSWER / 4 {
            break;
        }
        let n = u32::try_from(citations.len() + 1).unwrap_or(u32::MAX);
        let Some(chosen) = choose(hit, room, citations.is_empty(), &said) else {
            continue;
        };
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&marked(&chosen.text, n));
        citations.push(citation(n, hit, &chosen.text, EXCERPT));
        said.extend(chosen.sentences);
    }
    if citations.is_empty() {
        return refuse(hits, sure);
    }
    Answer {
        outcome: Outcome::Answered,
        text: safe::clean(&text, &safe::Rules::of_document(citations.iter().map(|cited| cited.n))),
        citations,
        closest: Vec::new(),
        confidence: sure,
    }
}

/// Whether a further passage is worth telling beside the best one.
fn adds(best: &Hit, hit: &Hit) -> bool {
    let near_in_meaning = match (best.cosine, hit.cosine) {
        (Some(first), Some(this)) => this >= first - 0.08,
        _ => hit.coverage >= best.coverage * 0.9,
    };
    hit.score >= best.score * 0.85 && near_in_meaning
}

/// That there is no answer, and what comes closest.
pub fn refuse(hits: &[Hit], sure: f32) -> Answer {
    let mut documents = HashSet::new();
    let near = hits
        .iter()
        .filter(|hit| hit.cosine.map_or(hit.coverage >= 0.4, |cosine| cosine >= 0.25));
    let closest: Vec<Citation> = near
        .filter(|hit| documents.insert(hit.document))
        .take(CLOSEST)
        .zip(1..)
        .map(|(hit, n)| citation(n, hit, &hit.text, EXCERPT))
        .collect();
    let text = if closest.is_empty() {
        "I don't know: I could not find anything about this in the documentation."
    } else {
        "I don't know: I could not find an answer to this in the documentation. These pages come closest."
    };
    Answer {
        outcome: Outcome::Unanswered,
        text: text.to_owned(),
        citations: Vec::new(),
        closest,
        confidence: sure,
    }
}

/// `told` is what is told of the passage.
fn citation(n: u32, hit: &Hit, told: &str, characters: usize) -> Citation {
    let link = hit.source_url.as_ref().map(|url| link::at_passage(url, hit.page, told));
    Citation {
        n,
        chunk: hit.chunk,
        document: hit.document,
        title: hit.title.clone(),
        section: hit.heading.clone(),
        excerpt: shortened(&plain(told), characters),
        link,
    }
}

/// The beginning of a passage's text, as it is shown of a source.
pub(crate) fn excerpt(text: &str) -> String {
    shortened(&plain(text), EXCERPT)
}

/// Cut at a word, with an ellipsis.
fn shortened(text: &str, characters: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(characters) else {
        return text.to_owned();
    };
    let kept = &text[..end];
    let kept = kept.rsplit_once(char::is_whitespace).map_or(kept, |(before, _)| before);
    format!("{}…", kept.trim_end_matches([',', ';', ':', '.', ' ']))
}

/// The source's number goes behind the last sentence, and below code.
fn marked(text: &str, n: u32) -> String {
    if text.ends_with("```") {
        format!("{text}\n[{n}]")
    } else {
        format!("{text} [{n}]")
    }
}

/// An answer for what is no question; `None` for everything else.
fn small_talk(question: &str) -> Option<&'static str> {
    const GREETINGS: [&str; 22] = [
        "hi",
        "hello",
        "hey",
        "hallo",
        "hola",
        "bonjour",
        "good",
        "morning",
        "evening",
        "afternoon",
        "day",
        "there",
        "test",
        "testing",
        "yo",
        "greetings",
        "howdy",
        "help",
        "ok",
        "okay",
        "bye",
        "goodbye",
    ];
    const THANKS: [&str; 8] = ["thanks", "thank", "thx", "ty", "cheers", "merci", "danke", "gracias"];
    let lower = question.to_lowercase();
    let words: Vec<&str> = lower
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    if words.is_empty() {
        return Some("Please ask a question, and I will look for the answer in the documentation.");
    }
    if words.len() <= 8 && words.iter().any(|word| THANKS.contains(word)) && Analyser::new().terms(&lower).len() <= 2 {
        return Some("You're welcome! Ask me anything else about the documentation.");
    }
    let greets = words.iter().all(|word| GREETINGS.contains(word));
    if greets {
        return Some("Hello! Ask me a question, and I will look for the answer in the documentation.");
    }
    Analyser::new()
        .terms(&lower)
        .is_empty()
        .then_some("Could you say a little more about what you are looking for? I answer from the documentation.")
}

/// Numbered passages for a language model's prompt, best first, without repeats, at most some 1 800 words.
/// `excerpt` holds the whole passage.
pub fn passages_for_model(hits: &[Hit]) -> Vec<Citation> {
    let mut passages: Vec<Citation> = Vec::new();
    let mut kept: Vec<HashSet<String>> = Vec::new();
    let mut words = 0;
    for hit in hits {
        let own: HashSet<String> = hit.text.split_whitespace().map(str::to_lowercase).collect();
        let repeats = kept
            .iter()
            .any(|known| own.intersection(known).count() * 10 >= own.len().min(known.len()).max(1) * 9);
        let count = hit.text.split_whitespace().count();
        if repeats || (words + count > PROMPT_WORDS && !passages.is_empty()) {
            continue;
        }
        words += count;
        kept.push(own);
        let n = u32::try_from(passages.len() + 1).unwrap_or(u32::MAX);
        // The rest of the section, unless it is told anyway.
        let after = hit.after.as_ref().filter(|after| !hits.iter().any(|other| other.text == **after));
        let mut excerpt = hit.text.clone();
        if let Some(after) = after.filter(|after| words + after.split_whitespace().count() <= PROMPT_WORDS) {
            words += after.split_whitespace().count();
            excerpt.push_str("\n\n");
            excerpt.push_str(after);
        }
        passages.push(Citation {
            // What nobody sees in a document is not for a model's eyes either.
            excerpt: safe::visible(&excerpt),
            ..citation(n, hit, &hit.text, 0)
        });
    }
    passages
}
