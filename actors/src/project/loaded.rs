//! The project's index in memory, and how it follows the rows.
//!
//! Every change of what the project knows counts up in the project's row, in the same transaction. A question compares that
//! count with the one its index reflects: whoever made the change, and on whichever node, a deleted document is not answered
//! from afterwards.

use std::{
    collections::HashMap,
    sync::{Arc, RwLock, atomic::Ordering},
};

use entities::{
    DocumentId, chunk, documents,
    embeddings::{self, Embeddings, Slot},
    projects,
};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, MutexGuard};
use tracing::{Instrument, debug_span};
use uuid::Uuid;

use super::ProjectActor;
use crate::{
    embeddings::{dimensions, space_of},
    fault::Fault,
    knowledge::{
        chunk::Chunk,
        embed::Vector,
        index::{Index, Memory, Passages},
    },
    vault::{ContentKey, Place},
};

pub(super) struct Loaded {
    /// The count of changes that this index reflects.
    version: i64,
    pub(super) index: Index,
    /// What made its vectors.
    pub(super) space: Arc<str>,
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

/// The words that parts of an index met, handed on from each to one that begins when it has ended.
type Words = std::sync::Mutex<Vec<Memory>>;

/// Chunks that are read and analysed at a time, and documents that they are of.
const PART: i64 = 1_000;
const DOCUMENTS: usize = 500;

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
        self.follow_all(version, move |loaded| apply(&mut loaded.index)).await
    }

    /// As [`Self::follow`], for what concerns more than the index.
    pub(super) async fn follow_all(&self, version: Option<i64>, apply: impl FnOnce(&mut Loaded) + Send + 'static) -> Result<(), Fault> {
        let Some(loaded) = self.knowledge.loaded.read().map_err(broken)?.clone() else {
            return Ok(());
        };
        // A search may hold the lock for milliseconds: not on this thread.
        let memory = self.seed.memory.clone();
        let followed = self.seed.lane.question(move || {
            let mut loaded = loaded.write().map_err(broken)?;
            if version.is_none_or(|version| loaded.version + 1 == version) {
                apply(&mut loaded);
                loaded.version = version.unwrap_or(loaded.version);
                memory.store(loaded.index.memory_bytes(), Ordering::Relaxed);
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
        let loaded = Arc::new(RwLock::new(self.load().instrument(debug_span!("load")).await?));
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

    /// Whether there is an index in memory.
    pub(super) fn is_loaded(&self) -> Result<bool, Fault> {
        Ok(self.knowledge.loaded.read().map_err(broken)?.is_some())
    }

    /// Builds the index from the rows. Changes wait meanwhile, so that none falls between the rows and the index.
    ///
    /// Some documents at a time, a few times at once: while one part waits for its rows, another is opened and analysed.
    async fn load(&self) -> Result<Loaded, Fault> {
        let _changing = self.changing().await;
        let id = self.id();
        let (version, documents, synonyms, embeddings) = self
            .db()
            .read(async |tx| {
                let version = projects::knowledge(tx, id).await?.ok_or(Fault::NotFound)?;
                let synonyms = projects::synonyms(tx, id).await?;
                let embeddings = embeddings::load(tx, id).await?.ok_or(Fault::NotFound)?;
                Ok::<_, Fault>((version, documents::list(tx, id).await?, synonyms, embeddings))
            })
            .await?;
        let synonyms = self.open_synonyms(synonyms.as_deref())?;
        let at_once = std::thread::available_parallelism().map_or(2, usize::from);
        let words = Arc::<Words>::default();
        let parts = stream::iter(in_parts(documents)).map(|part| self.load_part(part, &embeddings, words.clone()));
        let mut parts = parts.buffered(at_once);
        let mut index = Index::of(space_of(&embeddings.space, embeddings.scale.as_deref()));
        while let Some(part) = parts.next().await {
            let part = part?;
            index = self.merge(index, part).await?;
        }
        drop(parts);
        let (memory, space) = (self.seed.memory.clone(), embeddings.space.into());
        let finish = move || {
            index.set_synonyms(synonyms);
            index.shrink();
            memory.store(index.memory_bytes(), Ordering::Relaxed);
            Loaded { version, index, space }
        };
        self.seed.lane.question(finish).await
    }

    async fn merge(&self, mut index: Index, part: Index) -> Result<Index, Fault> {
        let merge = move || {
            index.merge(part);
            index
        };
        self.seed.lane.question(merge).await
    }

    /// The index of some documents alone.
    async fn load_part(&self, documents: Vec<documents::Document>, embeddings: &Embeddings, words: Arc<Words>) -> Result<Index, Fault> {
        let project = self.id();
        let ids: Vec<DocumentId> = documents.iter().map(|document| document.id).collect();
        let rows = self.db().read(async |tx| chunk::of_documents(tx, project, &ids).await);
        let rows = rows.instrument(debug_span!("load_rows")).await?;
        let (key, embeddings) = (self.seed.key.clone(), embeddings.clone());
        let build = move || {
            let opened = debug_span!("load_open").in_scope(|| {
                let mut opened: HashMap<DocumentId, Passages> = HashMap::new();
                for row in rows {
                    let text = open(&key, &row)?;
                    let vector = open_vector(&key, &row, embeddings.slot, dimensions(&embeddings.space))?;
                    opened.entry(row.document).or_default().push((row.id.uuid(), text, vector));
                }
                Ok::<_, Fault>(opened)
            });
            let mut opened = opened?;
            let _span = debug_span!("load_analyse").entered();
            let index = Index::of(space_of(&embeddings.space, embeddings.scale.as_deref()));
            let (mut index, mut memory) = (index, words.lock().map_err(broken)?.pop().unwrap_or_default());
            for document in documents {
                if let Some(passages) = opened.remove(&document.id) {
                    let id = document.id.uuid();
                    index.add_with(&mut memory, id, &document.title, document.source_url.as_deref(), passages);
                }
            }
            words.lock().map_err(broken)?.push(memory);
            Ok(index)
        };
        self.seed.lane.question(build).await?
    }

    pub(super) fn open_chunk(&self, row: &chunk::Chunk) -> Result<Chunk, Fault> {
        open(&self.seed.key, row)
    }

    /// The vectors of one slot, of a whole project, as far as there are any.
    pub(super) async fn open_vectors(&self, slot: Slot, space: &str) -> Result<Vec<(Uuid, Vector)>, Fault> {
        let (project, dimensions) = (self.id(), dimensions(space));
        let (mut vectors, mut after) = (Vec::new(), None);
        loop {
            let rows = self
                .db()
                .read(async |tx| chunk::after(tx, project, after, PART.unsigned_abs()).await)
                .await?;
            let Some(last) = rows.last() else { return Ok(vectors) };
            after = Some(last.id);
            let key = self.seed.key.clone();
            let open = move || {
                let opened = rows.iter().filter_map(|row| {
                    let vector = open_vector(&key, row, slot, dimensions).transpose()?;
                    Some(vector.map(|vector| (row.id.uuid(), vector)))
                });
                opened.collect::<Result<Vec<_>, Fault>>()
            };
            vectors.extend(self.seed.lane.batch(open).await??);
        }
    }

    /// Whether both embeddings of a chunk are its own.
    pub(super) fn check_vectors(&self, row: &chunk::Chunk) -> Result<(), Fault> {
        for slot in [Slot::First, Slot::Other] {
            if let Some(embedding) = row.embedding(slot) {
                self.open("chunk", slot.name(), row.id.uuid(), embedding)?;
            }
        }
        Ok(())
    }
}

fn open(key: &ContentKey, row: &chunk::Chunk) -> Result<Chunk, Fault> {
    let sealed = key.open(Place("chunk", "sealed", row.id.uuid()), &row.sealed)?;
    let sealed: SealedChunk = serde_json::from_slice(&sealed).map_err(|_| Fault::Internal("sealed value"))?;
    Ok(Chunk {
        heading: sealed.heading,
        text: sealed.text,
        page: sealed.page,
    })
}

fn open_vector(key: &ContentKey, row: &chunk::Chunk, slot: Slot, dimensions: usize) -> Result<Option<Vector>, Fault> {
    let Some(embedding) = row.embedding(slot) else { return Ok(None) };
    let bytes = key.open(Place("chunk", slot.name(), row.id.uuid()), embedding)?;
    let vector = Vector::from_bytes_of(&bytes, dimensions);
    vector.map(Some).ok_or(Fault::Internal("stored embedding"))
}

/// Documents in parts of some `PART` chunks.
fn in_parts(documents: Vec<documents::Document>) -> Vec<Vec<documents::Document>> {
    let mut parts: Vec<Vec<documents::Document>> = Vec::new();
    let mut chunks = i64::from(i32::MAX);
    for document in documents {
        chunks += i64::from(document.chunks);
        match parts.last_mut().filter(|part| chunks <= PART && part.len() < DOCUMENTS) {
            Some(part) => part.push(document),
            None => {
                chunks = i64::from(document.chunks);
                parts.push(vec![document]);
            }
        }
    }
    parts
}
