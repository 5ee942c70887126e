//! The team's own answers in memory, as fresh as the rows: their questions are compared with every question that is asked.

use std::sync::{Arc, RwLock};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use entities::{CuratedId, curated_answer, projects};

use super::{Content, SealedCurated};
use crate::{
    fault::Fault,
    knowledge::{
        curated::{Wording, plain, winner},
        embed::Vector,
    },
    project::ProjectActor,
};

/// What is remembered between questions.
#[derive(Default)]
pub(in crate::project) struct KnownAnswers(RwLock<Option<Arc<Known>>>);

pub(super) struct Known {
    /// The count of the project's changes that this reflects.
    version: i64,
    answers: Vec<KnownAnswer>,
    /// Of `answers`, those that are given.
    given: Vec<usize>,
}

struct KnownAnswer {
    id: CuratedId,
    content: Content,
    wordings: Vec<Wording>,
}

impl Known {
    /// Whether an answer other than `but` has this question, word for word.
    pub(super) fn has_question(&self, question: &str, but: Option<CuratedId>) -> bool {
        let words = plain(question);
        let others = self.answers.iter().filter(|answer| Some(answer.id) != but);
        others
            .flat_map(|answer| &answer.content.questions)
            .any(|known| plain(known) == words)
    }

    fn winner(&self, asked: &Wording) -> Option<(CuratedId, Content)> {
        let given = self.given.iter().filter_map(|at| self.answers.get(*at));
        let at = winner(asked, given.clone().map(|answer| answer.wordings.as_slice()))?;
        let answer = given.into_iter().nth(at)?;
        Some((answer.id, answer.content.clone()))
    }

    /// By the same words: nothing has to be embedded.
    fn by_name(&self, asked: &Wording) -> Option<(CuratedId, Content)> {
        let mut given = self.given.iter().filter_map(|at| self.answers.get(*at));
        let found = given.find(|answer| answer.wordings.iter().any(|known| known.is_same(asked)))?;
        Some((found.id, found.content.clone()))
    }
}

fn broken<T>(_: T) -> Fault {
    Fault::Internal("curated answers' lock")
}

impl ProjectActor {
    /// The answer of the team that wins for `question`, if one does.
    pub(in crate::project) async fn curated_for(&self, question: &str) -> Result<Option<(CuratedId, Content)>, Fault> {
        let known = self.known_answers().await?;
        if known.given.is_empty() {
            return Ok(None);
        }
        let asked = Wording::of(question, None);
        if let Some(found) = known.by_name(&asked) {
            return Ok(Some(found));
        }
        let (engine, question) = (self.seed.engine.clone(), question.to_owned());
        let find = move || Ok(known.winner(&asked.with_vector(engine.embed(&question)?)));
        self.seed.lane.question(find).await?
    }

    pub(super) async fn known_answers(&self) -> Result<Arc<Known>, Fault> {
        let id = self.id();
        let held = self.curated.0.read().map_err(broken)?.clone();
        let (version, rows) = self
            .db()
            .read(async |tx| {
                let version = projects::knowledge(tx, id).await?.ok_or(Fault::NotFound)?;
                let fresh = held.as_ref().is_some_and(|held| held.version >= version);
                let rows = match fresh {
                    true => None,
                    false => Some(curated_answer::list(tx, id).await?),
                };
                Ok::<_, Fault>((version, rows))
            })
            .await?;
        let Some(rows) = rows else {
            return held.ok_or(Fault::Internal("curated answers"));
        };
        let mut known = Known {
            version,
            answers: Vec::with_capacity(rows.len()),
            given: Vec::new(),
        };
        for row in rows {
            let sealed: SealedCurated = self.open_json("curated_answer", "sealed", row.id.uuid(), &row.sealed)?;
            let vectors = sealed
                .vectors
                .iter()
                .map(|text| BASE64_STANDARD.decode(text).ok().and_then(|bytes| Vector::from_bytes(&bytes)));
            let wordings = sealed.content.questions.iter().zip(vectors.chain(std::iter::repeat(None)));
            if row.enabled {
                known.given.push(known.answers.len());
            }
            known.answers.push(KnownAnswer {
                id: row.id,
                wordings: wordings.map(|(question, vector)| Wording::of(question, vector)).collect(),
                content: sealed.content,
            });
        }
        let known = Arc::new(known);
        *self.curated.0.write().map_err(broken)? = Some(known.clone());
        Ok(known)
    }
}
