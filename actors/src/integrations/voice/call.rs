//! A call, as every provider's account of it is brought into one form.

use entities::Millis;
use serde::{Deserialize, Serialize};

/// A call that is over.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Call {
    /// The provider's.
    pub id: String,
    pub started_at: Option<Millis>,
    pub duration_s: Option<i32>,
    pub turns: Vec<Spoken>,
    pub result: CallResult,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Spoken {
    pub by_caller: bool,
    pub text: String,
    /// Milliseconds since the call began.
    pub at: Option<Millis>,
}

/// How a call ended, and what the provider made of it. Sealed where it is stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CallResult {
    pub provider: String,
    /// Why it ended, in the provider's words.
    pub ended: Option<String>,
    pub successful: Option<bool>,
    pub summary: Option<String>,
    pub sentiment: Option<String>,
    /// What else the provider found out, by name.
    #[serde(default)]
    pub details: Vec<(String, String)>,
}

/// Longer than what is said in one go.
const LONGEST_TURN: usize = 10_000;
const MOST_TURNS: usize = 2_000;
const LONGEST_TEXT: usize = 4_000;
const MOST_DETAILS: usize = 40;

fn cut(text: &str, most: usize) -> String {
    let plain = text.trim().chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    plain.take(most).collect()
}

impl Call {
    /// Bounded in every part, without turns in which nothing was said.
    pub(crate) fn bounded(mut self) -> Self {
        for turn in &mut self.turns {
            turn.text = cut(&turn.text, LONGEST_TURN);
        }
        self.turns.retain(|turn| !turn.text.is_empty());
        self.turns.truncate(MOST_TURNS);
        self.result = self.result.bounded();
        self
    }

    /// Everything that people said, or that repeats it, in the same order each time.
    pub(crate) fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let CallResult {
            ended, summary, details, ..
        } = &mut self.result;
        let turns = self.turns.iter_mut().map(|turn| &mut turn.text);
        turns.chain(ended).chain(summary).chain(details.iter_mut().map(|(_, value)| value))
    }
}

impl CallResult {
    fn bounded(self) -> Self {
        let text = |text: Option<String>| text.map(|text| cut(&text, LONGEST_TEXT)).filter(|text| !text.is_empty());
        let details = self.details.into_iter().take(MOST_DETAILS);
        Self {
            provider: self.provider,
            ended: text(self.ended),
            successful: self.successful,
            summary: text(self.summary),
            sentiment: text(self.sentiment),
            details: details
                .map(|(name, value)| (cut(&name, 100), cut(&value, LONGEST_TEXT)))
                .filter(|(name, value)| !name.is_empty() && !value.is_empty())
                .collect(),
        }
    }

    /// With what `earlier` knew and this does not: providers tell of one call more than once, in any order.
    pub(crate) fn after(self, earlier: Self) -> Self {
        Self {
            provider: self.provider,
            ended: self.ended.or(earlier.ended),
            successful: self.successful.or(earlier.successful),
            summary: self.summary.or(earlier.summary),
            sentiment: self.sentiment.or(earlier.sentiment),
            details: if self.details.is_empty() { earlier.details } else { self.details },
        }
    }
}
