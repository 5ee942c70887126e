//! Finding passages.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tracing::debug_span;
use uuid::Uuid;

use super::fuse::{fuse, fuse_plainly};
use super::synonyms::{Word, words};
use super::{Analyser, Index, Method, Slot};
use crate::knowledge::embed::Vector;
use crate::knowledge::language::Language;

/// Characters of a question that are looked at.
const LONGEST: usize = 2_000;

/// A term of the question, stemmed.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    pub stem: String,
    /// Inverse document frequency in this project: how much it tells.
    pub weight: f32,
    /// Whether any passage of the project holds it, or what stands for it.
    pub known: bool,
    /// Terms of the project that stand for it: itself, synonyms, near spellings.
    pub forms: Vec<String>,
}

impl Term {
    /// Whether a text with these terms holds it.
    pub fn is_in(&self, terms: &HashSet<String>) -> bool {
        terms.contains(&self.stem) || self.forms.iter().any(|form| terms.contains(form))
    }
}

/// A passage that was found.
#[derive(Clone, Debug)]
pub struct Hit {
    pub chunk: Uuid,
    pub document: Uuid,
    pub title: String,
    pub heading: Vec<String>,
    pub text: String,
    /// The passages next to it in the same section.
    pub before: Option<String>,
    pub after: Option<String>,
    pub language: Language,
    pub position: u32,
    pub page: Option<u32>,
    pub source_url: Option<String>,
    /// 0 to 1, from words and meaning; orders hits of one search, and means little across searches.
    pub score: f32,
    /// BM25.
    pub lexical: f32,
    /// The question's terms that the passage holds, by weight, 0 to 1. A word that no passage holds weighs as one that a
    /// single passage holds: in a small project most words of a question are unknown, however well it is answered.
    pub coverage: f32,
    /// `None` while the passage or the question has no vector.
    pub cosine: Option<f32>,
    /// The question's terms, the same for all hits of a search.
    pub terms: Arc<[Term]>,
    /// Passages of the project, the same for all hits of a search.
    pub passages: usize,
}

impl Hit {
    /// The terms of a text in this passage's language.
    pub fn terms_of(&self, text: &str) -> HashSet<String> {
        Analyser::of(self.language).terms(text).into_iter().collect()
    }
}

/// What is known of every slot after a search; places without a passage have the score -1.
struct Scores {
    fused: Vec<f32>,
    lexical: Vec<f32>,
    held: Vec<f32>,
    /// Empty without a question's vector; NaN where a passage has none.
    cosines: Vec<f32>,
    terms: Arc<[Term]>,
}

impl Index {
    /// The best passages, best first. Passages that share neither a word nor any meaning with the question are left out, and so
    /// are those that say the same as a better one.
    pub fn search(&self, query: &str, query_vector: Option<&Vector>, limit: usize) -> Vec<Hit> {
        self.search_without(query, query_vector, limit, &HashSet::new())
    }

    /// As [`Self::search`], as though the documents `withheld` had nothing to say: for measuring refusals.
    pub fn search_without(&self, query: &str, query_vector: Option<&Vector>, limit: usize, withheld: &HashSet<Uuid>) -> Vec<Hit> {
        let mut scores = self.scores(Method::Shipped, query, query_vector);
        for at in withheld
            .iter()
            .filter_map(|document| self.documents.get(document))
            .flat_map(|document| &document.slots)
        {
            if let Some(score) = scores.fused.get_mut(*at as usize) {
                *score = -1.0;
            }
        }
        let rarest = self.lexical.weight(1);
        let weight: f32 = scores.terms.iter().map(|term| term.weight.min(rarest)).sum();
        let weight = weight.max(f32::MIN_POSITIVE);
        let best = self.distinct(top(&scores.fused, limit.saturating_mul(2)), limit);
        best.into_iter()
            .filter_map(|at| {
                let slot = self.slots.get(at)?.as_ref()?;
                let document = self.documents.get(&slot.document)?;
                let (before, after) = self.neighbours(slot);
                Some(Hit {
                    chunk: slot.chunk,
                    document: slot.document,
                    title: document.title.to_string(),
                    heading: slot.heading.iter().map(ToString::to_string).collect(),
                    text: slot.text.to_string(),
                    before,
                    after,
                    language: document.language,
                    position: slot.position,
                    page: slot.page,
                    source_url: document.source_url.as_ref().map(ToString::to_string),
                    score: *scores.fused.get(at)?,
                    lexical: *scores.lexical.get(at)?,
                    coverage: (scores.held.get(at)? / weight).clamp(0.0, 1.0),
                    cosine: scores.cosines.get(at).copied().filter(|cosine| !cosine.is_nan()),
                    terms: Arc::clone(&scores.terms),
                    passages: self.len(),
                })
            })
            .collect()
    }

    /// The first `limit` of `places` that say something new.
    fn distinct(&self, places: Vec<usize>, limit: usize) -> Vec<usize> {
        let mut kept: Vec<(usize, Said<'_>)> = Vec::with_capacity(limit.min(places.len()));
        for at in places {
            if kept.len() == limit {
                break;
            }
            let Some(Some(slot)) = self.slots.get(at) else { continue };
            let said = Said::of(slot);
            if !kept.iter().any(|(_, known)| said.repeats(known, self.tuning.repeats)) {
                kept.push((at, said));
            }
        }
        kept.into_iter().map(|(at, _)| at).collect()
    }

    /// The passages before and after one, where a section was too long for one passage.
    fn neighbours(&self, slot: &Slot) -> (Option<String>, Option<String>) {
        let text = |at: Option<usize>| {
            let place = self.documents.get(&slot.document)?.slots.get(at?)?;
            let next = self.slots.get(*place as usize)?.as_ref()?;
            (next.heading == slot.heading).then(|| next.text.to_string())
        };
        let own = self.documents.get(&slot.document).and_then(|document| {
            let place = self.by_chunk.get(&slot.chunk)?;
            document.slots.iter().position(|at| at == place)
        });
        (text(own.and_then(|own| own.checked_sub(1))), text(own.map(|own| own + 1)))
    }

    /// What to look up the meaning of: the question, with other names for what it names.
    pub fn meant(&self, query: &str) -> String {
        if self.synonyms.is_empty() {
            return query.to_owned();
        }
        let spoken = self.spoken();
        let words = words(query, &spoken, Some(Language::of_question(query, &spoken)));
        self.synonyms.meant(query, &words, |term| self.lexical.knows(term))
    }

    /// The best documents with the score of their best passage, best first.
    pub fn search_documents(&self, method: Method, query: &str, query_vector: Option<&Vector>, limit: usize) -> Vec<(Uuid, f32)> {
        let scores = self.scores(method, query, query_vector);
        let mut best: HashMap<Uuid, f32> = HashMap::new();
        for (slot, score) in self.slots.iter().zip(&scores.fused) {
            if let Some(Slot { document, .. }) = slot
                && *score > 0.0
            {
                let known = best.entry(*document).or_insert(*score);
                *known = known.max(*score);
            }
        }
        let mut found: Vec<(Uuid, f32)> = best.into_iter().collect();
        // Equal scores in a fixed order, so that a measurement can be repeated.
        found.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        found.truncate(limit);
        found
    }

    /// The words of a question, with what stands for them in this project.
    fn words(&self, query: &str) -> Vec<Word> {
        let spoken = self.spoken();
        let mut words = words(query, &spoken, Some(Language::of_question(query, &spoken)));
        if !self.synonyms.is_empty() {
            self.synonyms.apply(&mut words, |term| self.lexical.knows(term));
        }
        words
    }

    fn scores(&self, method: Method, query: &str, query_vector: Option<&Vector>) -> Scores {
        let end = query.char_indices().nth(LONGEST).map_or(query.len(), |(at, _)| at);
        let mut lexical = vec![0.0; self.slots.len()];
        let mut held = vec![0.0; self.slots.len()];
        let terms = debug_span!("words").in_scope(|| {
            let terms = self.lexical.query(self.words(&query[..end]), &self.tuning);
            self.lexical.score(&terms, &self.tuning, &mut lexical, &mut held);
            terms
        });
        let cosines = debug_span!("vectors").in_scope(|| {
            let fits = |vector: &&Vector| self.vectors > 0 && vector.values().len() == self.space.width;
            let vector = query_vector.filter(fits);
            vector.map_or_else(Vec::new, |vector| self.cosines(vector))
        });
        let _span = debug_span!("fuse").entered();
        let possible = terms.iter().map(|term| term.weight).sum::<f32>() * (self.tuning.k1 + 1.0);
        let mut fused = match method {
            Method::Shipped => fuse(&self.tuning, &lexical, possible, &cosines),
            plain => fuse_plainly(plain, &lexical, &cosines),
        };
        for (slot, score) in self.slots.iter().zip(&mut fused) {
            if slot.is_none() {
                *score = -1.0;
            }
        }
        let terms = terms
            .into_iter()
            .map(|term| Term {
                known: !term.stands.is_empty(),
                forms: term.stands.into_iter().map(|stand| stand.term.into_string()).collect(),
                stem: term.stem,
                weight: term.weight,
            })
            .collect();
        Scores {
            fused,
            lexical,
            held,
            cosines,
            terms,
        }
    }

    /// The question's cosine with every passage: an exact scan, one slot after the other.
    fn cosines(&self, question: &Vector) -> Vec<f32> {
        let mut cosines: Vec<f32> = self
            .values
            .chunks_exact(self.space.width)
            .zip(&self.scales)
            .map(|(values, scale)| {
                if *scale == 0.0 {
                    f32::NAN
                } else {
                    crate::knowledge::embed::product(values, question.values()) * scale * question.scale()
                }
            })
            .collect();
        if let Some(scale) = &self.space.scale {
            cosines.iter_mut().for_each(|cosine| *cosine = scale.read(*cosine));
        }
        // Passages that were added after the last vector.
        cosines.resize(self.slots.len(), f32::NAN);
        cosines
    }
}

/// The places of the highest positive scores, highest first, equal ones in order of place.
fn top(scores: &[f32], limit: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..scores.len()).filter(|at| scores[*at] > 0.0).collect();
    let order = |a: &usize, b: &usize| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b));
    if limit < places.len() {
        places.select_nth_unstable_by(limit, order);
        places.truncate(limit);
    }
    places.sort_unstable_by(order);
    places
}

/// What a passage says, to see whether another says the same.
struct Said<'a> {
    heading: Option<&'a str>,
    words: HashSet<String>,
    /// Words with digits: two prices are not the same, however alike the texts around them.
    figures: usize,
}

impl<'a> Said<'a> {
    fn of(slot: &'a Slot) -> Self {
        let split = slot
            .text
            .split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| !word.is_empty());
        let words: HashSet<String> = split.map(str::to_lowercase).collect();
        Self {
            heading: slot.heading.last().map(|heading| &**heading),
            figures: words.iter().filter(|word| has_digit(word)).count(),
            words,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "words of a passage")]
    fn repeats(&self, other: &Self, from: f32) -> bool {
        let (less, more) = (self.words.len().min(other.words.len()), self.words.len().max(other.words.len()));
        // A cheap look first: sets of very different sizes share too little.
        if self.heading != other.heading || self.figures != other.figures || (less as f32) < from * more as f32 {
            return false;
        }
        let shared = self.words.iter().filter(|word| other.words.contains(*word));
        let (mut common, mut figures) = (0_usize, 0_usize);
        for word in shared {
            common += 1;
            figures += usize::from(has_digit(word));
        }
        let all = self.words.len() + other.words.len() - common;
        figures == self.figures && common as f32 >= from * all as f32
    }
}

fn has_digit(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}
