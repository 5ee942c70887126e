//! The project's index in memory, and how it follows the rows.
//!
//! Every change of what the project knows counts up in the project's row, in the same transaction. A question compares that
//! count with the one its index reflects: whoever made the change, and on whichever node, a deleted document is not answered
//! from afterwards.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock, atomic::Ordering},
};

use entities::{DocumentId, chunk, documents, projects};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use super::ProjectActor;
use crate::{
    fault::Fault,
    knowledge::{chunk::Chunk, embed::Vector, index::Index},
};

pub(super) struct Loaded {
    /// The count of changes that this index reflects.
    version: i64,
    pub(super) index: Index,
}

#[derive(Default)]
pub(super) struct Knowledge {
    loaded: RwLock<Option<Arc<RwLock<Loaded>>>>,
    loading: Mutex<()>,
    /// Held from before a change's transaction until the index has followed it.
    changing: Mutex<()>,
}

/// What is sealed of a chunk.
#[derive(Serialize, Deserialize)]
pub(super) struct SealedChunk {
    pub heading: Vec<String>,
    pub text: String,
    pub page: Option<u32>,
}

/// A chunk's place, id, text and embedding, opened.
type Read = (i32, Uuid, Chunk, Option<Vector>);

const PAGE: u64 = 500;

fn broken<T>(_: T) -> Fault {
    Fault::Internal("index lock")
}

impl ProjectActor {
    /// Waits for other changes of the knowledge to complete. Take it before the transaction, keep it until [`Self::follow`].
    pub(super) async fn changing(&self) -> MutexGuard<'_, ()> {
        self.knowledge.changing.lock().await
    }

    /// Makes the index follow a committed change: one that counted up to `version`, or one that did not count. An index that
    /// missed a change in between stays as it is, and is built anew by the next question.
    pub(super) async fn follow(&self, version: Option<i64>, apply: impl FnOnce(&mut Index) + Send + 'static) -> Result<(), Fault> {
        let Some(loaded) = self.knowledge.loaded.read().map_err(broken)?.clone() else {
            return Ok(());
        };
        // A search may hold the lock for milliseconds: not on this thread.
        let memory = self.seed.memory.clone();
        let followed = self.seed.lane.question(move || {
            let mut loaded = loaded.write().map_err(broken)?;
            if version.is_none_or(|version| loaded.version + 1 == version) {
                apply(&mut loaded.index);
                loaded.version = version.unwrap_or(loaded.version);
                memory.store(loaded.index.bytes(), Ordering::Relaxed);
            }
            Ok(())
        });
        followed.await?
    }

    /// The index, as fresh as the rows.
    pub(super) async fn index(&self) -> Result<Arc<RwLock<Loaded>>, Fault> {
        let id = self.id();
        let current = self
            .db()
            .read(async |tx| projects::knowledge(tx, id).await)
            .await?
            .ok_or(Fault::NotFound)?;
        if let Some(fresh) = self.fresh(current)? {
            return Ok(fresh);
        }
        let _loading = self.knowledge.loading.lock().await;
        if let Some(fresh) = self.fresh(current)? {
            return Ok(fresh);
        }
        let loaded = Arc::new(RwLock::new(self.load().await?));
        *self.knowledge.loaded.write().map_err(broken)? = Some(loaded.clone());
        Ok(loaded)
    }

    fn fresh(&self, current: i64) -> Result<Option<Arc<RwLock<Loaded>>>, Fault> {
        let Some(loaded) = self.knowledge.loaded.read().map_err(broken)?.clone() else {
            return Ok(None);
        };
        // `>=`: a change may have been followed since the count was read.
        let is_fresh = loaded.read().map_err(broken)?.version >= current;
        Ok(is_fresh.then_some(loaded))
    }

    /// Builds the index from the rows. Changes wait meanwhile, so that none falls between the rows and the index.
    async fn load(&self) -> Result<Loaded, Fault> {
        let _changing = self.changing().await;
        let id = self.id();
        let (version, documents) = self
            .db()
            .read(async |tx| {
                let version = projects::knowledge(tx, id).await?.ok_or(Fault::NotFound)?;
                Ok::<_, Fault>((version, documents::list(tx, id).await?))
            })
            .await?;
        let mut by_document: HashMap<DocumentId, Vec<Read>> = HashMap::new();
        let mut after = None;
        loop {
            let page = self.db().read(async |tx| chunk::page(tx, id, after, PAGE).await).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for row in page {
                let (text, vector) = self.open_chunk(&row)?;
                by_document
                    .entry(row.document)
                    .or_default()
                    .push((row.position, row.id.uuid(), text, vector));
            }
        }
        let memory = self.seed.memory.clone();
        let build = move || {
            let mut index = Index::new();
            for document in documents {
                let Some(mut chunks) = by_document.remove(&document.id) else {
                    continue;
                };
                chunks.sort_by_key(|(position, ..)| *position);
                let chunks = chunks.into_iter().map(|(_, id, chunk, vector)| (id, chunk, vector)).collect();
                index.add(document.id.uuid(), &document.title, document.source_url.as_deref(), chunks);
            }
            memory.store(index.bytes(), Ordering::Relaxed);
            Loaded { version, index }
        };
        self.seed.lane.question(build).await
    }

    pub(super) fn open_chunk(&self, row: &chunk::Chunk) -> Result<(Chunk, Option<Vector>), Fault> {
        let id = row.id.uuid();
        let sealed: SealedChunk = self.open_json("chunk", "sealed", id, &row.sealed)?;
        let vector = match &row.embedding {
            Some(embedding) => {
                let bytes = self.open("chunk", "embedding", id, embedding)?;
                Some(Vector::from_bytes(&bytes).ok_or(Fault::Internal("stored embedding"))?)
            }
            None => None,
        };
        Ok((
            Chunk {
                heading: sealed.heading,
                text: sealed.text,
                page: sealed.page,
            },
            vector,
        ))
    }
}
