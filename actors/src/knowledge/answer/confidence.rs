//! How likely the passages found hold an answer.
//!
//! A sum of three things that anyone can check: how near in meaning the passage is, how much of the question's words it
//! holds, and what nearness comes by chance. Fitted on the questions of `calibration/` (half of its products; the others
//! were kept for looking) and on a collection of 1 249 questions: its own, another one's, and its own with every passage
//! that answers them taken out. More nearness or more words never lower it.

use crate::knowledge::index::Hit;

/// Answers are given from this confidence on.
pub const ANSWER_FROM: f32 = 0.5;
/// Hits that may carry an answer.
const LOOKED_AT: usize = 5;
/// The cosine that tells nothing either way, in a project of one passage and in one of `MANY`.
const NEAR_IN_ONE: f32 = 0.34;
const NEAR_IN_MANY: f32 = 0.465;
const MANY: f32 = 720.0;

/// 0 to 1. `embedded`: the question has a vector.
pub fn confidence(embedded: bool, hits: &[Hit]) -> f32 {
    let log_odds = hits
        .iter()
        .take(LOOKED_AT)
        .map(|hit| log_odds(embedded, hit))
        .fold(f32::NEG_INFINITY, f32::max);
    1.0 / (1.0 + (-log_odds).exp())
}

/// Words and meaning are weighed in the same passage: a word here and a likeness there answer nothing.
fn log_odds(embedded: bool, hit: &Hit) -> f32 {
    let terms = number(hit.terms.len().max(1));
    match hit.cosine.filter(|_| embedded) {
        Some(cosine) => {
            let both = 16.0 * (cosine - chance(hit.passages, terms)) + 2.5 * (hit.coverage - 0.45);
            // All that was asked for stands there word for word: a term in a glossary, an error code.
            let by_name = 12.0 * (hit.coverage - 0.8) + 8.0 * (cosine - 0.3);
            both.max(by_name)
        }
        // By words alone, the fewer there are the more of them must be met.
        None => 10.0 * (hit.coverage - 0.45 - 0.2 / terms),
    }
}

/// The best of many passages comes nearer by chance than the best of a few, and a few words are never as near to a whole
/// passage as a sentence is.
fn chance(passages: usize, terms: f32) -> f32 {
    let many = (number(passages + 1).ln() / MANY.ln()).min(1.0);
    NEAR_IN_ONE + (NEAR_IN_MANY - NEAR_IN_ONE) * many - 0.04 / terms
}

/// Counts above a million tell no more.
#[expect(clippy::cast_precision_loss, reason = "at most a million, which is exact")]
fn number(count: usize) -> f32 {
    count.min(1_000_000) as f32
}
