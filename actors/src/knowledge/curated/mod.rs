//! Whether a question is one that the team answered itself.

#[cfg(test)]
mod calibration_tests;

use std::collections::BTreeSet;

use crate::knowledge::{answer::safe::visible, embed::Vector, index::Analyser};

/// The likeness from which an answer of the team is given. Fitted on `calibration.txt`: other questions must not be taken, and
/// whoever misses a wording adds it. Seen on a collection that was kept for looking (125 questions in 1 249 wordings, the first
/// wording of every second question known): of 567 further wordings of theirs 156 win, none of them for a wrong answer, and of
/// 619 wordings of the others none is taken.
pub(crate) const WINS_FROM: f32 = 0.5;

/// A question as it is compared with others.
#[derive(Clone, Debug)]
pub(crate) struct Wording {
    /// Its words in lower case, with single blanks.
    plain: String,
    terms: BTreeSet<String>,
    vector: Option<Vector>,
}

impl Wording {
    pub(crate) fn of(question: &str, vector: Option<Vector>) -> Self {
        Self {
            plain: plain(question),
            terms: Analyser::new().terms(question).into_iter().collect(),
            vector,
        }
    }

    /// Whether both say the same, word for word.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.plain == other.plain
    }

    pub(crate) fn with_vector(self, vector: Vector) -> Self {
        Self {
            vector: Some(vector),
            ..self
        }
    }
}

/// The words of a question, by which two are known to be the same.
pub(crate) fn plain(question: &str) -> String {
    let lower = visible(question).to_lowercase();
    let words = lower
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// How likely both ask for the same, 0 to 1.
pub(crate) fn likeness(asked: &Wording, known: &Wording) -> f32 {
    if asked.is_same(known) {
        return 1.0;
    }
    let both = asked.terms.intersection(&known.terms).count();
    let either = asked.terms.union(&known.terms).count();
    let shared = if either == 0 { 0.0 } else { ratio(both, either) };
    let log_odds = match (&asked.vector, &known.vector) {
        (Some(one), Some(other)) => {
            let near = one.dot(other);
            28.0 * (near - 0.81) + 2.0 * (shared - 0.4)
        }
        // By words alone only the same words will do: "cancel" and "cancelled" ask for something else.
        _ => f32::NEG_INFINITY,
    };
    1.0 / (1.0 + (-log_odds).exp())
}

/// The place of the answer that `asked` is most likely for, if it wins. Each is known by its wordings.
pub(crate) fn winner<'a>(asked: &Wording, answers: impl Iterator<Item = &'a [Wording]>) -> Option<usize> {
    let mut best: Option<(usize, f32)> = None;
    for (at, wordings) in answers.enumerate() {
        let likeness = wordings.iter().map(|known| likeness(asked, known)).fold(0.0, f32::max);
        if likeness >= WINS_FROM && best.is_none_or(|(_, known)| likeness > known) {
            best = Some((at, likeness));
        }
    }
    best.map(|(at, _)| at)
}

#[expect(clippy::cast_precision_loss, reason = "terms of a question: a few")]
fn ratio(part: usize, whole: usize) -> f32 {
    part as f32 / whole.max(1) as f32
}
