//! What a tenant has to do with providers: what they send, and what is said to them. The actor is started by the first message to it, so
//! that a tenant without providers does not pay for it.

pub mod deliver;
pub mod events;
pub mod retry;
pub mod slack;
pub mod voice;

use std::sync::Arc;

use entities::{Millis, TenantDb, TenantId};
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use self::voice::keys::KnownKeys;
use crate::{
    contain::{Behaviour, Handle, Request, Serve},
    engine::{Engine, Lane},
    fault::Fault,
    outward::Fetcher,
    sources::Wishes,
    tenant::Projects,
    vault::{Keeper, VaultActor},
};

/// Receives what providers send, sees to it, and speaks to them.
pub struct IntegrationActor {
    seed: IntegrationSeed,
    /// What proves the messages of voice agents.
    voice: KnownKeys,
    billing: Mutex<()>,
    /// What websites ask of robots.
    wishes: Arc<Wishes>,
}

#[derive(Clone)]
pub struct IntegrationSeed {
    /// For the addresses that are handed out.
    pub(crate) tenant: TenantId,
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) db: TenantDb,
    pub(crate) vault: Arc<Handle<VaultActor>>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) projects: Projects,
}

impl Behaviour for IntegrationActor {
    type Seed = IntegrationSeed;
    const NAME: &'static str = "integrations";

    async fn init(seed: IntegrationSeed) -> Result<Self, Fault> {
        Ok(Self {
            seed,
            voice: KnownKeys::default(),
            billing: Mutex::default(),
            wishes: Arc::default(),
        })
    }
}

impl IntegrationActor {
    pub(crate) fn db(&self) -> &TenantDb {
        &self.seed.db
    }

    pub(crate) fn vault(&self) -> &Handle<VaultActor> {
        &self.seed.vault
    }

    pub(crate) fn projects(&self) -> &Projects {
        &self.seed.projects
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.seed.engine
    }

    pub(crate) fn shared_engine(&self) -> Arc<Engine> {
        self.seed.engine.clone()
    }

    /// The tenant's way to the processor.
    pub(crate) fn lane(&self) -> Lane {
        self.seed.engine.lane(self.seed.tenant)
    }

    pub(crate) fn wishes(&self) -> Arc<Wishes> {
        self.wishes.clone()
    }

    pub(crate) fn tenant(&self) -> TenantId {
        self.seed.tenant
    }

    /// One act of an owner's at Stripe at a time: the next one sees what it did. Nothing that a worker does waits here.
    pub(crate) async fn billing_turn(&self) -> MutexGuard<'_, ()> {
        self.billing.lock().await
    }

    pub(crate) fn now(&self) -> Millis {
        self.seed.engine.clock.now()
    }

    /// The way out to addresses that customers supplied.
    pub(crate) fn fetcher(&self) -> &Fetcher {
        &self.seed.engine.fetcher
    }

    /// Tells the worker that something which was sent waits: it stands in the line of what goes outward.
    pub(crate) fn ring(&self) {
        self.seed.engine.outward_work.notify_one();
    }

    /// As [`Self::ring`], of one that waits for somebody else's server.
    pub(crate) fn ring_outward(&self) {
        self.seed.engine.outward_work.notify_one();
    }
}

/// Leads to a tenant's integrations.
#[derive(Clone)]
pub struct IntegrationsRef(pub(crate) Arc<Handle<IntegrationActor>>);

impl IntegrationsRef {
    /// # Errors
    /// What they answer, or why they did not.
    pub async fn ask<M, T>(&self, message: M) -> Result<T, Fault>
    where
        M: Request<Reply = Result<T, Fault>>,
        IntegrationActor: Serve<M>,
    {
        self.0.call(message).await?
    }
}

/// An id that is made of what it names: it need not be remembered, and a second time it is the same.
pub(crate) fn derived(parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    // Version 8, RFC 9562: made as its maker likes.
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Uuid::from_bytes(bytes)
}
