//! How likely the passages found hold an answer.
//!
//! Fitted on two collections of questions (1 474 in all): those asked of their own collection, of the other one, and of
//! their own with every passage that answers them taken out.

use crate::knowledge::index::Hit;

/// Answers are given from this confidence on.
pub const ANSWER_FROM: f32 = 0.5;
/// Hits that may carry an answer.
const LOOKED_AT: usize = 5;

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
    match hit.cosine.filter(|_| embedded) {
        Some(cosine) => {
            let both = 16.0 * (cosine - 0.465) + 2.5 * (hit.coverage - 0.45);
            // All that was asked for stands there word for word: a term in a glossary, an error code.
            let by_name = 12.0 * (hit.coverage - 0.8) + 8.0 * (cosine - 0.3);
            both.max(by_name)
        }
        // By words alone, the fewer there are the more of them must be met.
        None => {
            let terms = u8::try_from(hit.terms.len().clamp(1, 100)).map_or(1.0, f32::from);
            10.0 * (hit.coverage - 0.45 - 0.2 / terms)
        }
    }
}
