//! An OpenAI-compatible endpoint that makes vectors of texts: how often it is asked, how long it is waited for, and what it is forgiven.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use entities::Millis;
use sha2::{Digest, Sha256};
use tokio::sync::{OnceCell, Semaphore};
use url::Url;
use zeroize::Zeroizing;

use super::{Counts, wire::Wire};
use crate::{
    clock::Clock,
    fault::Fault,
    knowledge::embed::{Scale, Vector, probes},
    openai,
    text::hex,
};

/// Where and as whom vectors are asked for.
pub struct EndpointSettings {
    /// Such as `https://api.openai.com/v1`.
    pub base_url: Url,
    pub key: Option<Zeroizing<String>>,
    pub model: String,
    pub dimensions: usize,
    /// How long a question waits for its vector.
    pub patience: Duration,
    /// Texts of one request.
    pub batch: usize,
}

pub(crate) struct Endpoint {
    wire: Wire,
    patience: Duration,
    batch: usize,
    space: String,
    clock: Clock,
    counts: Arc<Counts>,
    /// Until when it is not asked: for passages, and for questions.
    shut: [AtomicI64; 2],
    at_once: Semaphore,
    scale: OnceCell<Scale>,
}

/// Who waits for the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    Passages,
    Question,
}

/// Why there are no vectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub reason: String,
    /// Not to be asked before this is over, in milliseconds.
    pub wait: Option<Millis>,
    /// It is the texts that it does not take.
    pub texts: bool,
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::EmbeddingWaits {
            reason: refusal.reason,
            wait_ms: refusal.wait,
        }
    }
}

/// Requests for passages under way, whoever's they are: the rest of what waits for others' servers is not to wait for this one.
const AT_ONCE: usize = 4;
const BUSY_MS: Millis = 400;
/// How long a request for passages may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest that is waited for because the endpoint asks for it; and how long questions are answered without it after it failed.
pub(super) const MOST_WAIT_MS: Millis = 3_600_000;
const SHUT_MS: Millis = 5_000;
const MOST_SHUT_MS: Millis = 30_000;
/// How often a text that is not taken is cut in half before it is left without a meaning.
const CUTS: usize = 4;

impl Refusal {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            wait: None,
            texts: false,
        }
    }
}

impl Endpoint {
    pub(super) fn new(settings: EndpointSettings, clock: Clock, counts: Arc<Counts>) -> Result<Self, Fault> {
        Ok(Self {
            space: space(settings.base_url.as_str(), &settings.model, settings.dimensions),
            wire: Wire::new(
                openai::Endpoint::new(&settings.base_url, "embeddings", settings.key)?,
                settings.model,
                settings.dimensions,
            ),
            patience: settings.patience,
            batch: settings.batch.max(1),
            clock,
            counts,
            shut: [AtomicI64::new(0), AtomicI64::new(0)],
            at_once: Semaphore::new(AT_ONCE),
            scale: OnceCell::new(),
        })
    }

    pub(crate) fn space(&self) -> &str {
        &self.space
    }

    /// Texts that are worth one request.
    pub(crate) fn batch(&self) -> usize {
        self.batch
    }

    /// How its cosines are to be read: asked once.
    pub(crate) async fn scale(&self) -> Result<&Scale, Refusal> {
        let measure = async || {
            let mut vectors = Vec::new();
            for some in probes().chunks(self.batch) {
                vectors.extend(self.ask(For::Passages, some).await?);
            }
            Scale::of(&vectors).ok_or_else(|| Refusal::new("its vectors do not tell texts apart"))
        };
        self.scale.get_or_try_init(measure).await
    }

    /// The vectors of questions, or why there are none: at once while it is known not to answer.
    pub(crate) async fn questions(&self, texts: &[&str]) -> Result<Vec<Vector>, Refusal> {
        self.ask(For::Question, texts).await
    }

    /// The vectors of passages. One that the endpoint does not take however short it is cut has no meaning; nobody waits for it for ever.
    pub(crate) async fn passages(&self, texts: &[&str]) -> Result<Vec<Vector>, Refusal> {
        // It takes what we know to be texts: from here on, what is refused is a text's own fault.
        self.scale().await?;
        let mut vectors = Vec::with_capacity(texts.len());
        for some in texts.chunks(self.batch) {
            match self.ask(For::Passages, some).await {
                Err(refusal) if refusal.texts => {
                    for text in some {
                        vectors.push(self.passage(text).await?);
                    }
                }
                outcome => vectors.extend(outcome?),
            }
        }
        Ok(vectors)
    }

    async fn passage(&self, text: &str) -> Result<Vector, Refusal> {
        let mut text = text;
        for _ in 0..=CUTS {
            match self.ask(For::Passages, &[text]).await {
                Err(refusal) if refusal.texts => {}
                outcome => return outcome?.pop().ok_or_else(|| Refusal::new("the answer is malformed")),
            }
            let half = text.chars().count() / 2;
            text = text.char_indices().nth(half).map_or(text, |(at, _)| &text[..at]);
        }
        tracing::warn!("the embedding endpoint does not take a passage: it is found by its words alone");
        Ok(self.wire.nothing())
    }

    /// One request.
    async fn ask(&self, asks: For, texts: &[&str]) -> Result<Vec<Vector>, Refusal> {
        let now = self.clock.now();
        let shut = &self.shut[usize::from(asks == For::Question)];
        let wait = shut.load(Ordering::Relaxed) - now;
        if wait > 0 {
            return Err(Refusal {
                wait: Some(wait),
                ..Refusal::new("it is given time")
            });
        }
        let _place = match asks {
            For::Question => None,
            For::Passages => Some(self.at_once.try_acquire().map_err(|_| Refusal {
                wait: Some(BUSY_MS + rand::random_range(0..BUSY_MS)),
                ..Refusal::new("others are embedded first")
            })?),
        };
        let patience = match asks {
            For::Question => self.patience,
            For::Passages => PATIENCE,
        };
        self.counts.requests.fetch_add(1, Ordering::Relaxed);
        let outcome = match tokio::time::timeout(patience, self.wire.request(texts)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Refusal::new("no answer in time")),
        };
        match &outcome {
            Ok((_, tokens)) => {
                self.counts.tokens.fetch_add(*tokens, Ordering::Relaxed);
                self.counts.texts.fetch_add(texts.len() as u64, Ordering::Relaxed);
            }
            Err(refused) => {
                self.counts.failures.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(reason = %refused.reason, "the embedding endpoint failed");
                let wait = refused.wait.map(|wait| wait.clamp(1_000, MOST_WAIT_MS));
                let until = match asks {
                    // Only what it asks for itself: otherwise each job has a patience of its own.
                    For::Passages => wait,
                    For::Question => Some(wait.unwrap_or(SHUT_MS).min(MOST_SHUT_MS)),
                };
                if let Some(until) = until {
                    shut.fetch_max(self.clock.now() + until, Ordering::Relaxed);
                }
            }
        }
        outcome.map(|(vectors, _)| vectors)
    }
}

/// Names a model by the server that it is on: two servers may call different models by one name.
fn space(base: &str, model: &str, dimensions: usize) -> String {
    let mark = hex(&Sha256::digest(base.trim_end_matches('/').as_bytes())[..4]);
    format!("{model}@{mark}/{dimensions}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_space_is_one_model_of_one_server() {
        let space = |base: &str| space(base, "org/small", 1_024);
        assert!(space("http://a/v1").starts_with("org/small@") && space("http://a/v1").ends_with("/1024"));
        assert_eq!(space("http://a/v1/"), space("http://a/v1"));
        assert_ne!(space("http://a/v1"), space("http://b/v1"));
    }
}
