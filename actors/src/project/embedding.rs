//! Another model takes over: a project's chunks are embedded by it one after the other, beside what is there, and when the last one is,
//! questions are compared with the new ones from one transaction on.

use std::collections::{HashMap, hash_map::Entry};

use entities::{
    ChunkId, DocumentId, chunk, documents,
    embeddings::{self, BUILT_IN, Embeddings, Slot},
    job, projects,
};

use super::{
    ProjectActor,
    ingest::{EMBED_STEP, lost},
};
use crate::{
    contain::Serve,
    embeddings::{Maker, model_name, space_of},
    fault::Fault,
    knowledge::embed::{Vector, passage_text},
    request,
};

/// The next step: empties, embeds, or changes over.
pub(crate) struct Reembed {
    pub job: job::Claimed,
    /// The chunk that was done last.
    pub after: Option<ChunkId>,
}

/// By what passages are found.
pub struct ShowEmbedding;

pub struct EmbeddingReport {
    /// The model that questions are compared by.
    pub model: String,
    /// Whether that, or the one that is to take over, is on somebody else's server.
    pub elsewhere: bool,
    pub takes_over: Option<TakesOver>,
}

/// A model that is to take over.
pub struct TakesOver {
    pub model: String,
    pub passages: u64,
    pub done: u64,
    /// Why the last step of it is to be tried again.
    pub waits: Option<String>,
}

request! {
    Reembed => (), needs System, patience = 300;
    ShowEmbedding => EmbeddingReport, needs Member;
}

/// Cells that are emptied in one step.
const EMPTY_STEP: u64 = 2_000;
/// How long a step waits that another node, or a start with other settings, must do.
const ELSEWHERE_MS: i64 = 30_000;

impl Maker<'_> {
    pub(super) fn is_elsewhere(self) -> bool {
        matches!(self, Self::Endpoint(_))
    }

    /// Chunks of one step.
    pub(super) fn step(self) -> u64 {
        match self {
            Self::BuiltIn => EMBED_STEP,
            Self::Endpoint(endpoint) => endpoint.batch() as u64,
        }
    }
}

impl ProjectActor {
    /// What makes vectors of a space.
    pub(super) fn maker(&self, space: &str) -> Result<Maker<'_>, Fault> {
        self.seed.engine.models.maker(space).ok_or_else(|| Fault::EmbeddingWaits {
            reason: format!("this server has no settings for {}", model_name(space)),
            wait_ms: Some(ELSEWHERE_MS),
        })
    }

    pub(super) async fn embed_passages(&self, maker: Maker<'_>, passages: Vec<String>) -> Result<Vec<Vector>, Fault> {
        match maker {
            // All of it is done already, or gone.
            _ if passages.is_empty() => Ok(Vec::new()),
            Maker::BuiltIn => self.seed.lane.embed_passages(passages).await,
            Maker::Endpoint(endpoint) => {
                let passages: Vec<&str> = passages.iter().map(String::as_str).collect();
                Ok(endpoint.passages(&passages).await?)
            }
        }
    }

    pub(super) fn seal_vectors(&self, slot: Slot, rows: &[chunk::Chunk], vectors: &[Vector]) -> Result<Vec<(ChunkId, Vec<u8>)>, Fault> {
        let sealed = rows.iter().zip(vectors).map(|(row, vector)| {
            let sealed = self.seal("chunk", slot.name(), row.id.uuid(), &vector.to_bytes())?;
            Ok((row.id, sealed))
        });
        sealed.collect()
    }

    /// Puts a job into the line where its next step belongs: what waits for somebody else's server is not to hold up what does not.
    pub(super) async fn change_line(&self, job: &job::Claimed, next: job::Work) -> Result<(), Fault> {
        let now = self.now();
        self.go_on(job, next, now).await?;
        self.seed.engine.work.notify_one();
        self.ring_outward();
        Ok(())
    }

    /// Whether these are still the project's, in the transaction that relies on it.
    async fn unchanged(&self, tx: &entities::TenantTx, known: &Embeddings) -> Result<(), Fault> {
        match embeddings::hold(tx, self.id()).await? {
            Some(now) if now == *known => Ok(()),
            _ => Err(lost()),
        }
    }

    async fn empty_some(&self, job: &job::Claimed, current: Embeddings) -> Result<(), Fault> {
        let (project, now) = (self.id(), self.now());
        self.db()
            .write(async |tx| {
                let emptied = chunk::empty(tx, project, current.slot.opposite(), EMPTY_STEP).await?;
                self.unchanged(tx, &current).await?;
                if emptied < EMPTY_STEP {
                    let emptied = Embeddings {
                        emptying: false,
                        ..current.clone()
                    };
                    embeddings::store(tx, project, &emptied).await?;
                }
                if job::release(tx, job, now).await? { Ok(()) } else { Err(lost()) }
            })
            .await
    }

    async fn embed_some(&self, step: &Reembed, maker: Maker<'_>, current: &Embeddings, rows: Vec<chunk::Chunk>) -> Result<(), Fault> {
        let (project, now, slot) = (self.id(), self.now(), current.slot.opposite());
        let mut titles: HashMap<DocumentId, String> = HashMap::new();
        for row in &rows {
            if let Entry::Vacant(unknown) = titles.entry(row.document) {
                let document = self.db().read(async |tx| documents::find(tx, project, row.document).await).await?;
                unknown.insert(document.map(|document| document.title).unwrap_or_default());
            }
        }
        let passages = rows.iter().map(|row| {
            let title = titles.get(&row.document).map(String::as_str).unwrap_or_default();
            Ok(passage_text(title, &self.open_chunk(row)?))
        });
        let vectors = self.embed_passages(maker, passages.collect::<Result<_, Fault>>()?).await?;
        let sealed = self.seal_vectors(slot, &rows, &vectors)?;
        let after = rows.last().map(|row| row.id);
        let next = work(maker, after);
        self.db()
            .write(async |tx| {
                for (id, embedding) in sealed {
                    // One that was deleted meanwhile stays so.
                    chunk::set_embedding(tx, project, slot, id, embedding).await?;
                }
                self.unchanged(tx, current).await?;
                if job::advance(tx, &step.job, next, now).await? {
                    Ok(())
                } else {
                    Err(lost())
                }
            })
            .await
    }

    /// Has the other model take over, unless chunks came meanwhile that it has not embedded.
    async fn change_over(&self, step: &Reembed, maker: Maker<'_>, current: &Embeddings) -> Result<(), Fault> {
        let (project, now, slot) = (self.id(), self.now(), current.slot.opposite());
        let scale = match maker {
            Maker::BuiltIn => None,
            Maker::Endpoint(endpoint) => Some(endpoint.scale().await?.numbers()),
        };
        let next = current.switched(scale).ok_or_else(lost)?;
        // Questions go on meanwhile. They are compared with the old ones until all new ones are at hand.
        let _changing = self.changing().await;
        let vectors = match self.is_loaded()? {
            true => self.open_vectors(slot, &next.space).await?,
            false => Vec::new(),
        };
        let version = self.db().write(async |tx| {
            self.unchanged(tx, current).await?;
            if !chunk::missing(tx, project, slot, None, 1).await?.is_empty() {
                let again = job::advance(tx, &step.job, work(maker, None), now).await?;
                return if again { Ok(None) } else { Err(lost()) };
            }
            embeddings::store(tx, project, &next).await?;
            match job::finish(tx, &step.job).await? {
                true => Ok(Some(projects::knowledge_changed(tx, project).await?)),
                false => Err(lost()),
            }
        });
        let Some(version) = version.await? else { return Ok(()) };
        tracing::info!(model = model_name(&next.space), %project, "another embedding model has taken over");
        self.follow_all(Some(version), move |loaded| {
            loaded.index.embed_anew(space_of(&next.space, next.scale.as_deref()), vectors);
            loaded.space = next.space.into();
        })
        .await
    }
}

fn work(maker: Maker<'_>, after: Option<ChunkId>) -> job::Work {
    match maker.is_elsewhere() {
        true => job::Work::ReembedOutward { after },
        false => job::Work::Reembed { after },
    }
}

impl Serve<Reembed> for ProjectActor {
    async fn serve(&self, step: Reembed) -> Result<(), Fault> {
        let (project, after) = (self.id(), step.after);
        let current = self.db().read(async |tx| embeddings::load(tx, project).await).await?;
        let current = current.ok_or(Fault::NotFound)?;
        let Some(next) = current.next() else {
            return self.drop_job(&step.job).await;
        };
        let maker = self.maker(next)?;
        if maker.is_elsewhere() != matches!(step.job.work, job::Work::ReembedOutward { .. }) {
            return self.change_line(&step.job, work(maker, after)).await;
        }
        if current.emptying {
            return self.empty_some(&step.job, current).await;
        }
        let slot = current.slot.opposite();
        let rows = self
            .db()
            .read(async |tx| chunk::missing(tx, project, slot, after, maker.step()).await)
            .await?;
        match (rows.is_empty(), after) {
            (false, _) => self.embed_some(&step, maker, &current, rows).await,
            // Some may have come that stand before the last one.
            (true, Some(_)) => self.go_on(&step.job, work(maker, None), self.now()).await,
            (true, None) => self.change_over(&step, maker, &current).await,
        }
    }
}

impl Serve<ShowEmbedding> for ProjectActor {
    async fn serve(&self, _: ShowEmbedding) -> Result<EmbeddingReport, Fault> {
        let project = self.id();
        self.db()
            .read(async |tx| {
                let current = embeddings::load(tx, project).await?.ok_or(Fault::NotFound)?;
                let takes_over = match current.next() {
                    None => None,
                    Some(next) => {
                        // What a third made is emptied first, and counts for nothing.
                        let (passages, done) = chunk::progress(tx, project, current.slot.opposite()).await?;
                        Some(TakesOver {
                            model: model_name(next).to_owned(),
                            passages,
                            done: if current.emptying { 0 } else { done },
                            waits: job::reembedding_waits(tx, project).await?,
                        })
                    }
                };
                Ok(EmbeddingReport {
                    model: model_name(&current.space).to_owned(),
                    elsewhere: [Some(current.space.as_str()), current.next()]
                        .into_iter()
                        .flatten()
                        .any(|space| space != BUILT_IN),
                    takes_over,
                })
            })
            .await
    }
}
