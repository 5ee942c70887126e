//! From a question to the passages that may answer it.

use std::sync::RwLock;

use tracing::{Instrument, debug_span};

use super::super::{ProjectActor, conversations::Turn, loaded::Loaded};
use crate::{
    embeddings::Maker,
    engine::Engine,
    fault::Fault,
    knowledge::{
        answer::{self, Answer},
        embed::Vector,
        follow_up::{Said, answer_best, readings},
        index::Hit,
    },
    privacy::without_marks,
};

/// Passages that an answer is made of.
const HITS: usize = 12;
/// How often another model may take over while one question is asked.
const TRIES: usize = 3;

/// How a question's meaning is found.
pub(super) enum Meaning {
    /// Here, on the way.
    BuiltIn,
    /// It was asked for: by the model that is named, of each text.
    Asked { space: Box<str>, vectors: Vec<(String, Vector)> },
    /// Not at all: its words must do.
    Unknown,
}

/// Why a look brought nothing.
enum Missed {
    /// Another model took over since the meaning was asked for.
    Moved,
    Fault(Fault),
}

impl From<Fault> for Missed {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Meaning {
    /// The vector of a text, for an index that was made by `space`.
    pub(super) fn of(&self, engine: &Engine, space: &str, text: &str) -> Result<Option<Vector>, Fault> {
        match self {
            Self::Asked { vectors, .. } => Ok(vectors.iter().find(|(known, _)| known == text).map(|(_, vector)| vector.clone())),
            Self::BuiltIn if space == entities::embeddings::BUILT_IN => engine.embed(text).map(Some),
            Self::BuiltIn | Self::Unknown => Ok(None),
        }
    }

    /// Whether it can be compared with what `space` made.
    fn fits(&self, space: &str) -> bool {
        match self {
            Self::BuiltIn => space == entities::embeddings::BUILT_IN,
            Self::Asked { space: asked, .. } => **asked == *space,
            Self::Unknown => true,
        }
    }
}

impl ProjectActor {
    /// Embeds the question, finds passages and makes an answer of them. `earlier`: the turns before it, which it may lean on.
    /// One place on the processor for all of it: each further one would be another wait.
    pub(super) async fn search(&self, question: &str, earlier: &[Turn]) -> Result<(Answer, Vec<Hit>), Fault> {
        let question = without_marks(question);
        let said = earlier.iter().map(|turn| Said {
            by_visitor: turn.role == "visitor",
            text: &turn.text,
        });
        let readings = readings(&question, &said.collect::<Vec<_>>());
        let texts: Vec<&str> = readings.iter().map(|reading| reading.text.as_str()).collect();
        for tried in 1..=TRIES {
            let loaded = self.index().instrument(debug_span!("refresh")).await?;
            let meaning = match tried {
                TRIES => Meaning::Unknown,
                _ => self.meaning(&loaded, &texts).await?,
            };
            let (engine, question, readings) = (self.seed.engine.clone(), question.clone(), readings.clone());
            let search = move || answer_best(&question, &readings, |reading| look_up(&engine, &loaded, &meaning, reading));
            match self.seed.lane.question(search).await? {
                Ok(found) => return Ok(found),
                Err(Missed::Moved) => {}
                Err(Missed::Fault(fault)) => return Err(fault),
            }
        }
        Err(Fault::Internal("a search that ends"))
    }

    /// How to find what texts mean. A model on somebody else's server is asked here; when it does not answer, nobody who asks is told: what
    /// they ask is looked for by its words.
    pub(super) async fn meaning(&self, loaded: &RwLock<Loaded>, texts: &[&str]) -> Result<Meaning, Fault> {
        let (space, meant) = {
            let loaded = loaded.read().map_err(|_| Fault::Internal("index lock"))?;
            if loaded.index.vectors() == 0 {
                return Ok(Meaning::Unknown);
            }
            let meant: Vec<String> = texts.iter().map(|text| loaded.index.meant(text)).collect();
            (loaded.space.clone(), meant)
        };
        let models = &self.seed.engine.models;
        let endpoint = match models.maker(&space) {
            Some(Maker::BuiltIn) => return Ok(Meaning::BuiltIn),
            Some(Maker::Endpoint(endpoint)) => endpoint,
            None => {
                models.fell_back();
                return Ok(Meaning::Unknown);
            }
        };
        let asked: Vec<&str> = meant.iter().map(String::as_str).collect();
        match endpoint.questions(&asked).instrument(debug_span!("embed")).await {
            Ok(vectors) => Ok(Meaning::Asked {
                space: (*space).into(),
                vectors: meant.into_iter().zip(vectors).collect(),
            }),
            Err(_) => {
                models.fell_back();
                Ok(Meaning::Unknown)
            }
        }
    }
}

fn look_up(engine: &Engine, loaded: &RwLock<Loaded>, meaning: &Meaning, question: &str) -> Result<(Answer, Vec<Hit>), Missed> {
    let index = || loaded.read().map_err(|_| Fault::Internal("index lock"));
    let (space, meant) = {
        let loaded = index()?;
        (loaded.space.clone(), loaded.index.meant(question))
    };
    if !meaning.fits(&space) {
        return Err(Missed::Moved);
    }
    let vector = debug_span!("embed").in_scope(|| meaning.of(engine, &space, &meant))?;
    let hits = {
        let _span = debug_span!("scan").entered();
        let loaded = index()?;
        // While this was embedded here, another may have taken over.
        if loaded.space != space {
            return Err(Missed::Moved);
        }
        loaded.index.search(question, vector.as_ref(), HITS)
    };
    let extracted = debug_span!("extract").in_scope(|| answer::extract(question, vector.as_ref(), &hits));
    Ok((extracted, hits))
}
