//! By which models passages and questions are embedded: the built-in one, or one that the operator configured; and the change from one to
//! the other while questions are asked.
//!
//! Only how passages are found changes with the model. What is fitted to the built-in one's own numbers stays with it: which question one
//! of the team's answers is for, which sentence of a language model a passage supports, which questions belong together.

mod endpoint;
mod take_up;
mod wire;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use entities::embeddings::BUILT_IN;

use crate::{
    clock::Clock,
    fault::Fault,
    knowledge::{
        embed::{DIMENSIONS, Scale},
        index::Space,
    },
};
pub(crate) use endpoint::Endpoint;
pub use endpoint::EndpointSettings;
pub(crate) use take_up::{take_up, towards};

/// What the operator configured.
#[derive(Default)]
pub struct EmbeddingSettings {
    /// What everything is to be embedded by; the built-in model without.
    pub current: Option<EndpointSettings>,
    /// What it was before: questions are asked by it until everything is embedded anew.
    pub previous: Option<EndpointSettings>,
}

/// What this process did with the models of others, for those who watch.
#[derive(Default)]
pub(crate) struct Counts {
    requests: AtomicU64,
    failures: AtomicU64,
    texts: AtomicU64,
    tokens: AtomicU64,
    /// Questions that were answered by their words alone, because their meaning was not to be had.
    fallbacks: AtomicU64,
}

/// As [`Counts`], at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmbeddingCounts {
    pub requests: u64,
    pub failures: u64,
    pub texts: u64,
    pub tokens: u64,
    pub fallbacks: u64,
}

/// The models that this process can embed by.
pub(crate) struct Models {
    endpoints: Vec<Endpoint>,
    /// What everything is to be embedded by.
    wanted: String,
    counts: Arc<Counts>,
}

/// One model that makes vectors.
#[derive(Clone, Copy)]
pub(crate) enum Maker<'a> {
    BuiltIn,
    Endpoint(&'a Endpoint),
}

impl Models {
    pub(crate) fn new(settings: EmbeddingSettings, clock: &Clock) -> Result<Self, Fault> {
        let counts = Arc::<Counts>::default();
        let open = |settings: Option<EndpointSettings>| {
            let open = |settings| Endpoint::new(settings, clock.clone(), counts.clone());
            settings.map(open).transpose()
        };
        let (current, previous) = (open(settings.current)?, open(settings.previous)?);
        Ok(Self {
            wanted: current.as_ref().map_or(BUILT_IN, Endpoint::space).to_owned(),
            endpoints: current.into_iter().chain(previous).collect(),
            counts,
        })
    }

    pub(crate) fn wanted(&self) -> &str {
        &self.wanted
    }

    /// The model that made the vectors of `space`; `None` when this process was not told of it.
    pub(crate) fn maker(&self, space: &str) -> Option<Maker<'_>> {
        if space == BUILT_IN {
            return Some(Maker::BuiltIn);
        }
        let found = self.endpoints.iter().find(|endpoint| endpoint.space() == space);
        found.map(Maker::Endpoint)
    }

    pub(crate) fn fell_back(&self) {
        self.counts.fallbacks.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> EmbeddingCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        EmbeddingCounts {
            requests: read(&self.counts.requests),
            failures: read(&self.counts.failures),
            texts: read(&self.counts.texts),
            tokens: read(&self.counts.tokens),
            fallbacks: read(&self.counts.fallbacks),
        }
    }
}

/// Dimensions of a space, as its name says.
pub(crate) fn dimensions(space: &str) -> usize {
    if space == BUILT_IN {
        return DIMENSIONS;
    }
    let named = space.rsplit('/').next().and_then(|number| number.parse().ok());
    named.unwrap_or(DIMENSIONS)
}

/// What an index is made for.
pub(crate) fn space_of(space: &str, scale: Option<&[f32]>) -> Space {
    Space::new(dimensions(space), scale.and_then(Scale::read_from))
}

/// The model of a space, for people.
#[must_use]
pub fn model_name(space: &str) -> &str {
    if space == BUILT_IN {
        return "all-MiniLM-L6-v2";
    }
    let without = space.rsplit_once('/').map_or(space, |(name, _)| name);
    without.rsplit_once('@').map_or(without, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::embed::MODEL_NAME;

    #[test]
    fn a_space_says_by_its_name_what_it_is() {
        assert_eq!(BUILT_IN, MODEL_NAME);
        assert_eq!((model_name(BUILT_IN), dimensions(BUILT_IN)), ("all-MiniLM-L6-v2", 384));
        let space = "org/model@v2@0a1b2c3d/1024";
        assert_eq!((model_name(space), dimensions(space)), ("org/model@v2", 1_024));
    }
}
