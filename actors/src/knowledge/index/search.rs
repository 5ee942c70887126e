//! Finding passages.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::fuse::fuse;
use super::{Analyser, Index, Slot};
use crate::knowledge::embed::{DIMENSIONS, Vector};

/// Characters of a question that are looked at.
const LONGEST: usize = 2_000;

/// A term of the question, stemmed.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    pub stem: String,
    /// Inverse document frequency in this project: how much it tells.
    pub weight: f32,
    /// Whether any passage of the project holds it.
    pub known: bool,
}

/// A passage that was found.
#[derive(Clone, Debug)]
pub struct Hit {
    pub chunk: Uuid,
    pub document: Uuid,
    pub title: String,
    pub heading: Vec<String>,
    pub text: String,
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
    /// The best passages, best first. Passages that share neither a word nor any meaning with the question are left out.
    pub fn search(&self, query: &str, query_vector: Option<&Vector>, limit: usize) -> Vec<Hit> {
        let scores = self.scores(query, query_vector);
        let rarest = self.lexical.weight(1);
        let weight: f32 = scores.terms.iter().map(|term| term.weight.min(rarest)).sum();
        let weight = weight.max(f32::MIN_POSITIVE);
        let best = top(&scores.fused, limit);
        best.into_iter()
            .filter_map(|at| {
                let slot = self.slots.get(at)?.as_ref()?;
                let document = self.documents.get(&slot.document)?;
                Some(Hit {
                    chunk: slot.chunk,
                    document: slot.document,
                    title: document.title.to_string(),
                    heading: slot.heading.iter().map(ToString::to_string).collect(),
                    text: slot.text.to_string(),
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

    /// The best documents with the score of their best passage, best first.
    pub fn search_documents(&self, query: &str, query_vector: Option<&Vector>, limit: usize) -> Vec<(Uuid, f32)> {
        let scores = self.scores(query, query_vector);
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

    fn scores(&self, query: &str, query_vector: Option<&Vector>) -> Scores {
        let end = query.char_indices().nth(LONGEST).map_or(query.len(), |(at, _)| at);
        let terms = self.lexical.query(Analyser::new().terms(&query[..end]), &self.tuning);
        let mut lexical = vec![0.0; self.slots.len()];
        let mut held = vec![0.0; self.slots.len()];
        self.lexical.score(&terms, &self.tuning, &mut lexical, &mut held);
        let cosines = query_vector
            .filter(|_| self.vectors > 0)
            .map_or_else(Vec::new, |vector| self.cosines(vector));
        let possible = terms.iter().map(|term| term.weight).sum::<f32>() * (self.tuning.k1 + 1.0);
        let mut fused = fuse(&self.tuning, &lexical, possible, &cosines);
        for (slot, score) in self.slots.iter().zip(&mut fused) {
            if slot.is_none() {
                *score = -1.0;
            }
        }
        let terms = terms
            .into_iter()
            .map(|term| Term {
                known: !term.stands.is_empty(),
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
            .chunks_exact(DIMENSIONS)
            .zip(&self.scales)
            .map(|(values, scale)| {
                if *scale == 0.0 {
                    f32::NAN
                } else {
                    crate::knowledge::embed::product(values, question.values()) * scale * question.scale()
                }
            })
            .collect();
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
