//! The project's index in memory, and how it follows the rows.
//!
//! Every change of what the project knows counts up in the project's row, in the same transaction. A question compares that
//! count with the one its index reflects: whoever made the change, and on whichever node, a deleted document is not answered
//! from afterwards.

use std::{
    collections::{BTreeMap, HashMap},
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

/// An index on its way: parts of it are made beside each other, and added in their order.
struct Building(std::sync::Mutex<Grown>);

#[derive(Default)]
struct Grown {
    index: Index,
    /// The part that comes next, and those after it that are there already.
    next: usize,
    early: BTreeMap<usize, Index>,
    /// The words that parts met, handed on from each to one that begins when it has ended.
    words: Vec<Memory>,
}

impl Building {
    fn new(index: Index) -> Self {
        let grown = Grown { index, ..Grown::default() };
        Self(std::sync::Mutex::new(grown))
    }

    fn words(&self) -> Result<Memory, Fault> {
        Ok(self.0.lock().map_err(broken)?.words.pop().unwrap_or_default())
    }

    fn add(&self, n: usize, part: Index, words: Memory) -> Result<(), Fault> {
        let mut guard = self.0.lock().map_err(broken)?;
        let grown = &mut *guard;
        grown.words.push(words);
        grown.early.insert(n, part);
        while let Some(part) = grown.early.remove(&grown.next) {
            grown.index.merge(part);
            grown.next += 1;
        }
        Ok(())
    }

    fn take(&self) -> Result<Index, Fault> {
        Ok(std::mem::take(&mut self.0.lock().map_err(broken)?.index))
    }
}

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
        // Changes wait while the rows are read, so that none falls between the rows and the index. One that was under way has been followed
        // by now, and mostly that is all that was missing.
        let _changing = self.changing().await;
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

    /// Builds the index from the rows, while [`Self::changing`] is held.
    ///
    /// Some documents at a time, a few times at once: while one part waits for its rows, another is opened, analysed and added.
    async fn load(&self) -> Result<Loaded, Fault> {
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
        let building = Arc::new(Building::new(Index::of(space_of(&embeddings.space, embeddings.scale.as_deref()))));
        let parts = stream::iter(in_parts(documents).into_iter().enumerate());
        let parts = parts.map(|part| self.load_part(part, &embeddings, building.clone()));
        // Nothing else is waited for meanwhile: a part that nobody looked after would keep its place at the processor, and whoever waits for
        // that place would wait for ever.
        let mut parts = parts.buffer_unordered(at_once);
        while let Some(part) = parts.next().await {
            part?;
        }
        drop(parts);
        let (memory, space) = (self.seed.memory.clone(), embeddings.space.into());
        let finish = move || {
            let mut index = building.take()?;
            index.set_synonyms(synonyms);
            index.shrink();
            memory.store(index.memory_bytes(), Ordering::Relaxed);
            Ok(Loaded { version, index, space })
        };
        self.seed.lane.question(finish).await?
    }

    /// Adds some documents to the index.
    async fn load_part(
        &self,
        (n, documents): (usize, Vec<documents::Document>),
        embeddings: &Embeddings,
        building: Arc<Building>,
    ) -> Result<(), Fault> {
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
            let (mut index, mut memory) = (index, building.words()?);
            for document in documents {
                if let Some(passages) = opened.remove(&document.id) {
                    let id = document.id.uuid();
                    index.add_with(&mut memory, id, &document.title, document.source_url.as_deref(), passages);
                }
            }
            building.add(n, index, memory)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_come_early_wait_for_those_before_them() {
        let building = Building::new(Index::new());
        for n in [2, 0, 3, 1] {
            let (mut part, mut words) = (Index::new(), building.words().unwrap());
            let chunk = Chunk {
                heading: Vec::new(),
                text: format!("lantern {n}"),
                page: None,
            };
            part.add_with(
                &mut words,
                Uuid::from_u128(n),
                "Lantern",
                None,
                vec![(Uuid::from_u128(n), chunk, None)],
            );
            building.add(usize::try_from(n).unwrap(), part, words).unwrap();
        }
        let index = building.take().unwrap();
        let hits = index.search("lantern", None, 10);
        // They are alike: their places decide.
        let order: Vec<_> = hits.iter().map(|hit| hit.document.as_u128()).collect();
        assert_eq!(order, [0, 1, 2, 3]);
    }
}
