//! Looking for words in what is sealed: conversations are opened here, in memory, a bounded number at a time, the latest first, and nothing
//! of them is kept. A search that comes after reads on where this one stopped.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use entities::{
    ConversationId, MessageId, Millis,
    conversation::{self, Conversation, Filter},
    conversation_note::{self, Note},
    message::{self, Message},
};
use serde::Serialize;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::{
    super::{ProjectActor, conversations::SealedTurn, visitors::Person},
    Written,
};
use crate::{
    fault::{Fault, Invalid},
    vault::{ContentKey, Place},
};

/// Where a search found something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// The turn that it is from; `None` for the title, a name or a note.
    pub message: Option<MessageId>,
    pub text: String,
}

pub(in crate::project) struct Found {
    pub rows: Vec<Conversation>,
    /// One for each row.
    pub excerpts: Vec<Option<Excerpt>>,
    /// The last conversation that was looked at, if there may be others after it.
    pub next: Option<(Millis, ConversationId)>,
    /// Whether there is more to look through.
    pub more: bool,
}

const LONGEST_SEARCH: usize = 200;
const MOST_TERMS: usize = 8;
/// Conversations that are read at once.
const BATCH: u64 = 50;
/// Conversations that one search looks through, and how long it may take, before it answers with what it has.
const MOST_CONVERSATIONS: u64 = 5_000;
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Characters of an excerpt before what was found, and in all.
const LEAD: usize = 60;
const EXCERPT: usize = 200;

/// In lower case and without accents.
fn fold(text: &str) -> String {
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c));
    plain.flat_map(char::to_lowercase).collect()
}

/// Words, and phrases in quotation marks, that must all be there.
struct Terms(Vec<String>);

impl Terms {
    fn parse(text: &str) -> Result<Self, Fault> {
        let refuse = |reason: String| Err(Fault::invalid(Invalid::Search, "q", reason));
        if text.chars().count() > LONGEST_SEARCH {
            return refuse(format!("Use at most {LONGEST_SEARCH} characters."));
        }
        let mut terms = Vec::new();
        for (n, part) in fold(text).split('"').enumerate() {
            match n % 2 {
                0 => terms.extend(part.split_whitespace().map(str::to_owned)),
                _ => terms.push(part.split_whitespace().collect::<Vec<_>>().join(" ")),
            }
        }
        terms.retain(|term| !term.is_empty());
        match terms.len() {
            0 => refuse("Type what to look for.".into()),
            1..=MOST_TERMS => Ok(Self(terms)),
            _ => refuse(format!("Look for at most {MOST_TERMS} words at a time.")),
        }
    }
}

/// The text around the first of `terms` in it, on one line.
fn excerpt(text: &str, terms: &[String]) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let chars: Vec<char> = line.chars().collect();
    // Folding changes lengths: which character each folded byte came of.
    let (mut folded, mut origin) = (String::new(), Vec::new());
    for (at, c) in chars.iter().enumerate() {
        folded.push_str(&fold(&c.to_string()));
        origin.resize(folded.len(), at);
    }
    let found = terms.iter().filter_map(|term| folded.find(term.as_str())).min();
    let at = found.and_then(|at| origin.get(at).copied()).unwrap_or(0);
    let from = at.saturating_sub(LEAD);
    let to = chars.len().min(from + EXCERPT);
    let middle: String = chars[from..to].iter().collect();
    let (before, after) = (if from > 0 { "…" } else { "" }, if to < chars.len() { "…" } else { "" });
    format!("{before}{}{after}", middle.trim())
}

/// One conversation that is looked through.
struct Reading<'a> {
    terms: &'a Terms,
    missing: Vec<bool>,
    found: Option<Excerpt>,
}

impl Reading<'_> {
    fn read(&mut self, text: &str, message: Option<MessageId>) {
        let folded = fold(text);
        let mut here = false;
        for (term, missing) in self.terms.0.iter().zip(&mut self.missing) {
            if folded.contains(term.as_str()) {
                *missing = false;
                here = true;
            }
        }
        // What was said tells more than the title, which is the first question.
        if here && self.found.as_ref().is_none_or(|found| found.message.is_none() && message.is_some()) {
            let text = excerpt(text, &self.terms.0);
            self.found = Some(Excerpt { message, text });
        }
    }

    fn is_through(&self) -> bool {
        self.missing.iter().all(|missing| !missing) && self.found.as_ref().is_some_and(|found| found.message.is_some())
    }
}

struct Batch {
    rows: Vec<Conversation>,
    messages: Vec<Message>,
    notes: Vec<Note>,
}

fn by_conversation<T>(all: Vec<T>, of: impl Fn(&T) -> ConversationId) -> HashMap<ConversationId, Vec<T>> {
    let mut found: HashMap<ConversationId, Vec<T>> = HashMap::new();
    for one in all {
        found.entry(of(&one)).or_default().push(one);
    }
    found
}

/// What of a batch holds all terms.
fn look(key: &ContentKey, terms: &Terms, batch: Batch) -> Result<Vec<(Conversation, Option<Excerpt>)>, Fault> {
    fn open<T: serde::de::DeserializeOwned>(key: &ContentKey, place: Place, sealed: &[u8]) -> Result<T, Fault> {
        serde_json::from_slice(&key.open(place, sealed)?).map_err(|_| Fault::Internal("sealed value"))
    }
    let mut messages = by_conversation(batch.messages, |message| message.conversation);
    let mut notes = by_conversation(batch.notes, |note| note.conversation);
    let mut hits = Vec::new();
    for row in batch.rows {
        let id = row.id.uuid();
        let mut reading = Reading {
            terms,
            missing: vec![true; terms.0.len()],
            found: None,
        };
        let title = key.open(Place("conversation", "title", id), &row.title)?;
        reading.read(&String::from_utf8_lossy(&title), None);
        if let Some(sealed) = &row.person {
            let person: Person = open(key, Place("conversation", "person", id), sealed)?;
            for text in [Some(person.id), person.name, person.mail].into_iter().flatten() {
                reading.read(&text, None);
            }
        }
        for note in notes.remove(&row.id).unwrap_or_default() {
            let written: Written = open(key, Place("conversation_note", "sealed", note.id.uuid()), &note.sealed)?;
            reading.read(&written.text, None);
        }
        for message in messages.remove(&row.id).unwrap_or_default() {
            if reading.is_through() {
                break;
            }
            let turn: SealedTurn = open(key, Place("message", "sealed", message.id.uuid()), &message.sealed)?;
            reading.read(&turn.text, Some(message.id));
        }
        if reading.missing.iter().all(|missing| !missing) {
            hits.push((row, reading.found));
        }
    }
    Ok(hits)
}

impl ProjectActor {
    /// Up to `limit` conversations that hold all of `words`, of those that `filter` lets through.
    pub(in crate::project) async fn look_for(&self, words: &str, mut filter: Filter, limit: u64) -> Result<Found, Fault> {
        let terms = Arc::new(Terms::parse(words)?);
        let (project, began) = (self.id(), Instant::now());
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Found {
            rows: Vec::new(),
            excerpts: Vec::new(),
            next: None,
            more: false,
        };
        let mut looked = 0;
        loop {
            let batch = self.db().read(async |tx| {
                let rows = conversation::list(tx, project, &filter, BATCH).await?;
                let ids: Vec<ConversationId> = rows.iter().map(|row| row.id).collect();
                Ok::<_, Fault>(Batch {
                    messages: message::of_conversations(tx, project, &ids).await?,
                    notes: conversation_note::of_conversations(tx, project, &ids, super::MOST_NOTES * BATCH).await?,
                    rows,
                })
            });
            let batch = batch.await?;
            let read = batch.rows.len() as u64;
            let last = batch.rows.last().map(|row| (row.last_at, row.id));
            let (key, terms) = (self.seed.key.clone(), terms.clone());
            for (row, excerpt) in self.seed.lane.question(move || look(&key, &terms, batch)).await?? {
                if found.rows.len() == limit {
                    // The rest of the batch comes with the next page.
                    found.more = true;
                    break;
                }
                found.rows.push(row);
                found.excerpts.push(excerpt);
            }
            looked += read;
            if found.more || found.rows.len() == limit {
                found.next = found.rows.last().map(|row| (row.last_at, row.id));
                found.more = false;
                return Ok(found);
            }
            if read < BATCH {
                return Ok(found);
            }
            if looked >= MOST_CONVERSATIONS || began.elapsed() > PATIENCE {
                (found.next, found.more) = (last, true);
                return Ok(found);
            }
            filter.before = last;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whatever_their_case_and_accents() {
        let terms = Terms::parse("CAFE \"zwei  Wörter\"").unwrap();
        assert_eq!(terms.0, ["cafe", "zwei worter"]);
        assert!(Terms::parse("  \"\" ").is_err());
        assert!(Terms::parse(&"a ".repeat(9)).is_err());
        assert!(Terms::parse(&"a".repeat(201)).is_err());
    }

    #[test]
    fn an_excerpt_shows_what_was_found_and_what_is_around_it() {
        let terms = vec!["ecole".to_owned()];
        let text = format!("{} L'École\nest fermée. {}", "é ".repeat(100), "fin ".repeat(100));
        let shown = excerpt(&text, &terms);
        assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
        assert!(shown.contains("L'École est fermée."), "{shown}");
        assert!(shown.chars().count() <= EXCERPT + 2);
        assert_eq!(excerpt("École", &terms), "École");
    }

    #[test]
    fn a_conversation_is_found_when_all_terms_are_in_it_wherever() {
        let terms = Terms::parse("export data").unwrap();
        let mut reading = Reading {
            terms: &terms,
            missing: vec![true; 2],
            found: None,
        };
        reading.read("How do I export?", None);
        assert!(!reading.is_through());
        let id = MessageId::new();
        reading.read("All your data, as CSV.", Some(id));
        assert!(reading.is_through());
        assert_eq!(reading.found.unwrap().message, Some(id));
    }
}
