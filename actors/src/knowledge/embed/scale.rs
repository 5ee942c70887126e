//! How near in meaning another model's cosines are.
//!
//! Each model has its own idea of near: what is 0.45 to one is 0.82 to another, and every measure of ours was fitted on the built-in
//! one's. So a model is shown questions and passages of ours, each with each, and its cosines are lined up with the built-in model's, rank by
//! rank: what it calls as near as one pair of a hundred is read as that which the built-in model calls so. The order stays as it was.

use super::Vector;

const PROBES: &str = include_str!("probes.txt");

/// Shares of all pairs, from the farthest to the nearest. One pair of 24 belongs together.
const RANKS: [f32; 10] = [0.0, 0.1, 0.3, 0.5, 0.7, 0.85, 0.95, 0.97, 0.99, 1.0];

/// The built-in model's cosines at these ranks; a test holds them to it.
const BUILT_IN: [f32; RANKS.len()] = [-0.154, -0.047, 0.013, 0.057, 0.107, 0.165, 0.269, 0.313, 0.495, 0.692];

/// Cosines of a model at [`RANKS`].
#[derive(Clone, Debug, PartialEq)]
pub struct Scale([f32; RANKS.len()]);

/// Less between the farthest and the nearest pair than rounding to bytes takes away: such vectors tell nothing.
const NARROWEST: f32 = 0.02;

/// The questions and passages to be embedded, in this order, for [`Scale::of`].
#[must_use]
pub fn probes() -> Vec<&'static str> {
    let pairs = || PROBES.lines().filter_map(|line| line.split_once(" => "));
    let questions = pairs().map(|(question, _)| question);
    questions.chain(pairs().map(|(_, passage)| passage)).collect()
}

impl Scale {
    /// From the vectors of [`probes`]; `None` when they do not tell texts apart.
    #[must_use]
    pub fn of(vectors: &[Vector]) -> Option<Self> {
        let ranked = ranked(vectors);
        Self::read_from(&RANKS.map(|rank| at_rank(&ranked, rank)))
    }

    /// As [`Self::numbers`] gave it.
    #[must_use]
    pub fn read_from(numbers: &[f32]) -> Option<Self> {
        let numbers: [f32; RANKS.len()] = numbers.try_into().ok()?;
        let rises = numbers.iter().all(|number| number.is_finite()) && numbers.is_sorted();
        (rises && numbers[RANKS.len() - 1] - numbers[0] >= NARROWEST).then_some(Self(numbers))
    }

    #[must_use]
    pub fn numbers(&self) -> Vec<f32> {
        self.0.to_vec()
    }

    /// What the built-in model would call a cosine of this one's. `NaN` stays what it is.
    pub(crate) fn read(&self, cosine: f32) -> f32 {
        if cosine.is_nan() {
            return cosine;
        }
        let at = self.0.iter().position(|known| cosine <= *known);
        // Beyond the ends: as far as the next to it, on to where the same text meets itself.
        let (low, high, from, to) = match at {
            Some(0) => (-1.0, self.0[0], -1.0, BUILT_IN[0]),
            Some(at) => (self.0[at - 1], self.0[at], BUILT_IN[at - 1], BUILT_IN[at]),
            None => (self.0[RANKS.len() - 1], 1.0, BUILT_IN[RANKS.len() - 1], 1.0),
        };
        let share = ((cosine - low) / (high - low).max(1e-6)).clamp(0.0, 1.0);
        from + (to - from) * share
    }
}

/// The cosines of every question with every passage, the farthest first.
fn ranked(vectors: &[Vector]) -> Vec<f32> {
    let (questions, passages) = vectors.split_at(vectors.len() / 2);
    let mut cosines: Vec<f32> = questions
        .iter()
        .flat_map(|question| passages.iter().map(|passage| question.dot(passage)))
        .collect();
    cosines.sort_by(f32::total_cmp);
    cosines
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "some hundreds of pairs"
)]
fn at_rank(ranked: &[f32], rank: f32) -> f32 {
    let last = ranked.len().saturating_sub(1);
    ranked.get((last as f32 * rank).round() as usize).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::embed::{DIMENSIONS, Embedder};

    #[test]
    fn the_built_in_models_cosines_are_those_that_are_noted() {
        let vectors = Embedder::load().unwrap().embed(&probes()).unwrap();
        let ranked = ranked(&vectors);
        assert_eq!(ranked.len(), 576);
        let found = RANKS.map(|rank| at_rank(&ranked, rank));
        let is_near = found.iter().zip(BUILT_IN).all(|(found, noted)| (found - noted).abs() < 0.02);
        assert!(is_near, "{found:?} is not {BUILT_IN:?}");
    }

    #[test]
    fn a_model_that_finds_everything_near_is_read_as_the_built_in_one_is() {
        let embedder = Embedder::load().unwrap();
        // The same meaning in other numbers: turned about, and drawn to one side, as of many models.
        let other = |text: &str| {
            let exact = embedder.embed_exact(text).unwrap();
            let mut turned: Vec<f32> = exact.iter().rev().map(|value| -value).collect();
            turned.push(1.5);
            Vector::quantise_to(&turned, DIMENSIONS + 1)
        };
        let scale = Scale::of(&probes().iter().map(|text| other(text)).collect::<Vec<_>>()).unwrap();
        let texts = [
            "Where is my parcel?",
            "You can track a delivery with the number in the mail.",
            "The wing is swept.",
        ];
        let (exact, turned) = (embedder.embed(&texts).unwrap(), texts.map(other));
        for at in [1, 2] {
            let (known, raw) = (exact[0].dot(&exact[at]), turned[0].dot(&turned[at]));
            assert!(raw > known + 0.2, "{raw} is far from {known}");
            assert!((scale.read(raw) - known).abs() < 0.05, "{} is not {known}", scale.read(raw));
        }
        assert!((scale.read(1.0) - 1.0).abs() < 1e-6 && scale.read(f32::NAN).is_nan());
        assert_eq!(Scale::read_from(&scale.numbers()), Some(scale));
    }

    #[test]
    fn vectors_that_tell_nothing_apart_are_no_scale() {
        let same = vec![Vector::quantise(&[1.0]); probes().len()];
        assert_eq!(Scale::of(&same), None);
        assert_eq!(Scale::of(&[]), None);
        assert_eq!(Scale::read_from(&[0.0; 3]), None);
        assert_eq!(Scale::read_from(&[f32::NAN; RANKS.len()]), None);
    }
}
