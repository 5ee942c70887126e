//! Reading and embedding, a bounded step at a time. A step's results and what becomes of its job are one transaction: a
//! process that dies in between repeats the step, and a worker that lost its lease changes nothing.

use std::time::Duration;

use entities::{ChunkId, DocumentId, TenantTx, chunk, document_print::Print, documents, embeddings, job, projects};
use tracing::{Instrument, debug_span};
use uuid::Uuid;

use super::{ProjectActor, loaded::SealedChunk};
use crate::{
    contain::Serve,
    fault::Fault,
    knowledge::{
        chunk::{self as chunking, Chunk},
        embed::{Vector, passage_text},
        parse::{self, MediaType, ParseError, Stop},
    },
    request,
    vault::Place,
};

pub(crate) struct ReadDocument {
    pub job: job::Claimed,
    pub document: DocumentId,
    pub revision: i32,
}

pub(crate) struct EmbedDocument {
    pub job: job::Claimed,
    pub document: DocumentId,
    pub revision: i32,
}

/// A document that a job cannot finish says why.
pub(crate) struct GiveUp {
    pub job: job::Claimed,
    pub document: DocumentId,
    pub revision: i32,
}

request! {
    ReadDocument => (), needs System, patience = 180;
    EmbedDocument => (), needs System, patience = 120;
    GiveUp => (), needs System;
}

/// Chunks of one step of the built-in model: a fraction of a second of one core, so that others get their turn.
pub(super) const EMBED_STEP: u64 = 8;

struct Read {
    title: String,
    pages: Option<i32>,
    source_url: Option<String>,
    chunks: Vec<(ChunkId, Chunk, Vec<u8>)>,
}

/// Ends a reading that is still running when its caller goes, so that its place in the pool is free again.
struct RaisedAtEnd(Stop);

impl Drop for RaisedAtEnd {
    fn drop(&mut self) {
        self.0.raise();
    }
}

/// The job no longer holds: it was taken over, or its document is gone. Rolls the transaction back.
pub(super) fn lost() -> Fault {
    Fault::Internal("lost lease")
}

impl ProjectActor {
    /// The document, unless it was deleted or replaced since the job was written.
    async fn wanted(&self, document: DocumentId, revision: i32) -> Result<Option<documents::Document>, Fault> {
        let project = self.id();
        let found = self.db().read(async |tx| documents::find(tx, project, document).await).await?;
        Ok(found.filter(|found| found.revision == revision))
    }

    pub(super) async fn drop_job(&self, job: &job::Claimed) -> Result<(), Fault> {
        self.db().write(async |tx| job::finish(tx, job).await).await?;
        Ok(())
    }

    async fn fail(&self, job: &job::Claimed, document: DocumentId, revision: i32, code: &str, detail: &str) -> Result<(), Fault> {
        let now = self.now();
        let told = self.db().write(async |tx| {
            let failed = documents::fail(tx, document, revision, (code, detail), now).await?;
            let told = failed && self.tell_failed(tx, document, (code, detail)).await?;
            if job::finish(tx, job).await? { Ok(told) } else { Err(lost()) }
        });
        if told.await? {
            self.ring_outward();
        }
        Ok(())
    }

    /// Parses, chunks and seals off this thread, with a deadline.
    async fn read_file(&self, document: &documents::Document, bytes: Vec<u8>) -> Result<Result<Read, (String, String)>, Fault> {
        let media = MediaType::from_str(&document.media_type).ok_or(Fault::Internal("media type"))?;
        let (key, limits, name) = (self.seed.key.clone(), self.seed.engine.limits.inside, document.name.clone());
        let stop = Stop::new();
        // Also when this task is dropped: nobody waits then either.
        let _raised = RaisedAtEnd(stop.clone());
        let work = move || -> Result<Result<Read, ParseError>, Fault> {
            let parsed = match debug_span!("parse").in_scope(|| parse::parse(media, &name, &bytes, &limits, &stop)) {
                Ok(parsed) => parsed,
                Err(error) => return Ok(Err(error)),
            };
            let chunks = match debug_span!("chunk").in_scope(|| chunking::chunk(&parsed, &limits)) {
                Ok(chunks) => chunks,
                Err(error) => return Ok(Err(error)),
            };
            let _sealing = debug_span!("seal_text").entered();
            let sealed = chunks.into_iter().map(|chunk| {
                let id = ChunkId::new();
                let plain = SealedChunk {
                    heading: chunk.heading.clone(),
                    text: chunk.text.clone(),
                    page: chunk.page,
                };
                let plain = serde_json::to_vec(&plain).map_err(|_| Fault::Internal("chunk"))?;
                let sealed = key.seal(Place("chunk", "sealed", id.uuid()), &plain)?;
                Ok::<_, Fault>((id, chunk, sealed))
            });
            Ok(Ok(Read {
                title: parsed.title.unwrap_or(name),
                pages: parsed.pages.and_then(|pages| i32::try_from(pages).ok()),
                source_url: parsed.source_url,
                chunks: sealed.collect::<Result<_, _>>()?,
            }))
        };
        let seconds = self.seed.engine.limits.reading_s;
        let read = match tokio::time::timeout(Duration::from_secs(seconds), self.seed.lane.batch(work)).await {
            Ok(Ok(read)) => read?,
            // A parser that panics is broken by the file, and will be again.
            Ok(Err(Fault::WorkPanicked)) => return Ok(Err(("unreadable".into(), "The file is damaged and cannot be read.".into()))),
            Ok(Err(fault)) => return Err(fault),
            Err(_) => {
                return Ok(Err((
                    "timed_out".into(),
                    format!("Reading the file took longer than {seconds} seconds."),
                )));
            }
        };
        Ok(read.map_err(|error| (error.code().to_owned(), error.to_string())))
    }

    /// Stores what was read and queues the embedding. Returns the new count of the knowledge.
    async fn store_read(&self, tx: &TenantTx, step: &ReadDocument, read: &Read, print: &Print) -> Result<i64, Fault> {
        let (project, now) = (self.id(), self.now());
        let count = i32::try_from(read.chunks.len()).unwrap_or(i32::MAX);
        if !documents::set_read(tx, step.document, step.revision, (&read.title, read.pages, count), now).await? {
            return Err(lost());
        }
        if let Some(link) = &read.source_url {
            let change = documents::Change {
                source_url: Some(Some(link.clone())),
                ..Default::default()
            };
            documents::update(tx, project, step.document, change, now).await?;
        }
        let rows = read.chunks.iter().enumerate().map(|(position, (id, _, sealed))| chunk::Chunk {
            id: *id,
            document: step.document,
            position: i32::try_from(position).unwrap_or(i32::MAX),
            sealed: sealed.clone(),
            embedding: None,
            embedding_other: None,
        });
        chunk::insert(tx, project, rows.collect()).await?;
        self.store_print(tx, print).await?;
        let next = job::Work::EmbedDocument {
            document: step.document,
            revision: step.revision,
        };
        job::enqueue(tx, project, next, now).await?;
        if !job::finish(tx, &step.job).await? {
            return Err(lost());
        }
        Ok(projects::knowledge_changed(tx, project).await?)
    }
}

impl Serve<ReadDocument> for ProjectActor {
    async fn serve(&self, step: ReadDocument) -> Result<(), Fault> {
        let Some(document) = self.wanted(step.document, step.revision).await? else {
            return self.drop_job(&step.job).await;
        };
        if document.status != "queued" {
            return self.drop_job(&step.job).await;
        }
        let (project, id) = (self.id(), step.document);
        let sealed = self
            .db()
            .read(async |tx| documents::load_body(tx, project, id).await)
            .await?
            .ok_or(Fault::NotFound)?;
        let bytes = self.open("document_body", "sealed", id.uuid(), &sealed)?.to_vec();
        let mut read = match self.read_file(&document, bytes.clone()).await? {
            Ok(read) => read,
            Err((code, detail)) => return self.fail(&step.job, id, step.revision, &code, &detail).await,
        };
        let texts = read.chunks.iter().map(|(_, chunk, _)| chunk.text.clone()).collect();
        let print = self.print(id, step.revision, bytes, texts).await?;
        // A link that a member set by hand stays.
        if document.source_url.is_some() {
            read.source_url = None;
        }
        let link = read.source_url.clone().or(document.source_url);
        let _changing = self.changing().await;
        let stored = self.db().write(async |tx| self.store_read(tx, &step, &read, &print).await);
        let version = stored.instrument(debug_span!("write_text")).await?;
        self.seed.engine.work.notify_one();
        let chunks: Vec<(Uuid, Chunk, _)> = read.chunks.into_iter().map(|(id, chunk, _)| (id.uuid(), chunk, None)).collect();
        self.follow(Some(version), move |index| {
            index.remove(id.uuid());
            index.add(id.uuid(), &read.title, link.as_deref(), chunks);
        })
        .await
    }
}

impl Serve<EmbedDocument> for ProjectActor {
    async fn serve(&self, step: EmbedDocument) -> Result<(), Fault> {
        let Some(document) = self.wanted(step.document, step.revision).await? else {
            return self.drop_job(&step.job).await;
        };
        let project = self.id();
        let current = self.db().read(async |tx| embeddings::load(tx, project).await).await?;
        let current = current.ok_or(Fault::NotFound)?;
        let maker = self.maker(&current.space)?;
        let outward = job::Work::EmbedOutward {
            document: step.document,
            revision: step.revision,
        };
        if maker.is_elsewhere() != (step.job.work == outward) {
            let here = job::Work::EmbedDocument {
                document: step.document,
                revision: step.revision,
            };
            return self.change_line(&step.job, if maker.is_elsewhere() { outward } else { here }).await;
        }
        let (slot, step_size) = (current.slot, maker.step());
        let rows = self
            .db()
            .read(async |tx| chunk::without_embedding(tx, slot, step.document, step_size).await)
            .await?;
        let passages = rows.iter().map(|row| Ok(passage_text(&document.title, &self.open_chunk(row)?)));
        let passages = debug_span!("open_text").in_scope(|| passages.collect::<Result<_, Fault>>())?;
        let vectors = self.embed_passages(maker, passages).await?;
        let sealed: Vec<_> = debug_span!("seal_vectors").in_scope(|| self.seal_vectors(slot, &rows, &vectors))?;
        let (now, more) = (self.now(), rows.len() as u64 == step_size);
        let space = current.space;
        let _changing = self.changing().await;
        let version = self.db().write(async |tx| {
            for (id, embedding) in sealed {
                chunk::set_embedding(tx, project, slot, id, embedding).await?;
            }
            let done = i32::try_from(chunk::embedded(tx, slot, step.document).await?).unwrap_or(i32::MAX);
            let complete = done >= document.chunks;
            let still_wanted = documents::set_progress(tx, step.document, step.revision, done, complete, now).await?;
            let held = match more && !complete {
                true => job::release(tx, &step.job, now).await?,
                false => job::finish(tx, &step.job).await?,
            };
            // Another model may have taken over while this one was asked.
            let same = embeddings::hold(tx, project).await?;
            let same = same.is_some_and(|now| (now.slot, now.space.as_str()) == (slot, space.as_str()));
            if !(still_wanted && held && same) {
                return Err(lost());
            }
            // Counted once a document, not once a step: other nodes build their index anew for each count.
            Ok(if complete {
                Some(projects::knowledge_changed(tx, project).await?)
            } else {
                None
            })
        });
        let version = version.instrument(debug_span!("write_vectors")).await?;
        let vectors: Vec<(Uuid, Vector)> = rows.iter().map(|row| row.id.uuid()).zip(vectors).collect();
        self.follow_all(version, move |loaded| {
            if *loaded.space == *space {
                vectors
                    .into_iter()
                    .for_each(|(chunk, vector)| loaded.index.set_vector(chunk, vector));
            }
        })
        .await
    }
}

impl Serve<GiveUp> for ProjectActor {
    async fn serve(&self, up: GiveUp) -> Result<(), Fault> {
        let detail = "The file could not be processed after several tries. Upload it again, or ask the operator to look at the log.";
        self.fail(&up.job, up.document, up.revision, "failed_repeatedly", detail).await
    }
}
