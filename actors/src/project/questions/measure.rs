//! Questions for measuring: nothing of them is kept.

use std::collections::HashSet;

use entities::DocumentId;
use uuid::Uuid;

use super::super::ProjectActor;
use crate::{
    contain::Serve,
    fault::Fault,
    knowledge::{
        answer::{self, Outcome},
        index::Method,
    },
    request,
};

/// The best documents of each way to rank, best first, and whether the question is answered.
pub struct Measure {
    pub question: String,
    /// Documents of each ranking.
    pub limit: usize,
    /// Documents that are kept back when it is asked whether the question is answered.
    pub withheld: Vec<DocumentId>,
}

pub struct Measured {
    /// In the order of [`Measured::METHODS`].
    pub rankings: Vec<Vec<DocumentId>>,
    pub is_answered: bool,
    /// The same without the documents that were withheld.
    pub is_answered_without: bool,
}

impl Measured {
    pub const METHODS: [(Method, &'static str); 4] = [
        (Method::Words, "words (BM25F)"),
        (Method::Meaning, "meaning"),
        (Method::Halves, "half and half"),
        (Method::Shipped, "shipped"),
    ];
}

request! {
    Measure => Measured, needs System;
}

const HITS: usize = 12;

impl Serve<Measure> for ProjectActor {
    async fn serve(&self, asked: Measure) -> Result<Measured, Fault> {
        let (loaded, engine) = (self.index().await?, self.seed.engine.clone());
        let meaning = self.meaning(&loaded, &[&asked.question]).await?;
        let measure = move || {
            let space = loaded.read().map_err(|_| Fault::Internal("index lock"))?.space.clone();
            let vector = meaning.of(&engine, &space, &asked.question)?;
            let loaded = loaded.read().map_err(|_| Fault::Internal("index lock"))?;
            let (index, question) = (&loaded.index, asked.question.as_str());
            let ranked = Measured::METHODS.map(|(method, _)| {
                let ranked = index.search_documents(method, question, vector.as_ref(), asked.limit);
                ranked.into_iter().map(|(document, _)| document.into()).collect()
            });
            let is_answered = |without: &HashSet<Uuid>| {
                let hits = index.search_without(question, vector.as_ref(), HITS, without);
                answer::extract(question, vector.as_ref(), &hits).outcome == Outcome::Answered
            };
            let withheld: HashSet<Uuid> = asked.withheld.iter().map(|document| document.uuid()).collect();
            Ok(Measured {
                rankings: ranked.into(),
                is_answered: is_answered(&HashSet::new()),
                is_answered_without: is_answered(&withheld),
            })
        };
        self.seed.lane.question(measure).await?
    }
}
