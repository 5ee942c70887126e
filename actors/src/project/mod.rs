//! One project: its documents, its index, its conversations. Reached through a tenant only.

pub mod analytics;
pub mod calls;
mod changed;
pub mod channels;
pub mod conversations;
pub mod curated;
pub mod documents;
pub mod embedding;
pub mod hand_off;
pub mod inbox;
mod ingest;
mod letting_go;
pub mod library;
mod loaded;
pub mod model_use;
pub mod privacy;
pub mod questions;
mod reseal;
mod sourced;
pub mod synonyms;
pub mod visitors;
pub mod webhooks;
pub mod widget;

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use entities::{Millis, ProjectId, TenantDb};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    contain::{Behaviour, Handle},
    engine::{Engine, Lane},
    fault::Fault,
    vault::{ContentKey, Keeper, Place, VaultActor},
};
pub(crate) use changed::{ChangedAtSource, GoneAtSource};
pub(crate) use embedding::Reembed;
pub(crate) use ingest::{EmbedDocument, GiveUp, ReadDocument};
pub(crate) use letting_go::LetGo;
pub(crate) use library::batches::ChangeSome;
use loaded::Knowledge;
pub(crate) use privacy::ForgetConversations;
pub(crate) use reseal::{RefreshKey, Reseal};
pub(crate) use sourced::{Came, Outcome, TakeFromSource};

/// Keeps one project. Its index is built from the rows when it is first asked and dropped with the actor.
pub struct ProjectActor {
    seed: ProjectSeed,
    knowledge: Knowledge,
    /// What questions without an answer mean, once it was worked out.
    meanings: analytics::gaps::Meanings,
    curated: curated::KnownAnswers,
}

#[derive(Clone)]
pub struct ProjectSeed {
    pub(crate) project: ProjectId,
    pub(crate) db: TenantDb,
    pub(crate) key: Arc<ContentKey>,
    pub(crate) vault: Arc<Handle<VaultActor>>,
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) lane: Lane,
    /// Bytes of the index in memory, for those who watch.
    pub(crate) memory: Arc<AtomicUsize>,
}

impl Behaviour for ProjectActor {
    type Seed = ProjectSeed;
    const NAME: &'static str = "project";

    async fn init(seed: ProjectSeed) -> Result<Self, Fault> {
        seed.memory.store(0, Ordering::Relaxed);
        Ok(Self {
            seed,
            knowledge: Knowledge::default(),
            meanings: analytics::gaps::Meanings::default(),
            curated: curated::KnownAnswers::default(),
        })
    }
}

impl ProjectActor {
    fn db(&self) -> &TenantDb {
        &self.seed.db
    }

    fn id(&self) -> ProjectId {
        self.seed.project
    }

    fn now(&self) -> Millis {
        self.seed.engine.clock.now()
    }

    fn seal(&self, table: &'static str, column: &'static str, row: Uuid, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        Ok(self.seed.key.seal(Place(table, column, row), plain)?)
    }

    fn open(&self, table: &'static str, column: &'static str, row: Uuid, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        self.seed.key.open(Place(table, column, row), sealed)
    }

    fn seal_json<T: serde::Serialize>(&self, table: &'static str, column: &'static str, row: Uuid, value: &T) -> Result<Vec<u8>, Fault> {
        let plain = Zeroizing::new(serde_json::to_vec(value).map_err(|_| Fault::Internal("value to seal"))?);
        self.seal(table, column, row, &plain)
    }

    fn open_json<T: serde::de::DeserializeOwned>(
        &self,
        table: &'static str,
        column: &'static str,
        row: Uuid,
        sealed: &[u8],
    ) -> Result<T, Fault> {
        serde_json::from_slice(&self.open(table, column, row, sealed)?).map_err(|_| Fault::Internal("sealed value"))
    }
}
