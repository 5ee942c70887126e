//! A tenant's sessions.

mod storage;

use entities::{AccountId, Millis, TenantDb, TenantId, tenants::Standing};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    clock::Clock,
    contain::{Behaviour, Serve},
    fault::Fault,
    redis_pool::RedisPool,
    request,
};
pub(crate) use storage::Storage;

/// The SHA-256 of a session's id. The id itself is with the browser only.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionHash([u8; 32]);

impl SessionHash {
    #[must_use]
    pub fn of(id: &[u8]) -> Self {
        Self(Sha256::digest(id).into())
    }
}

pub struct SessionActor {
    seed: SessionSeed,
    storage: Storage,
}

#[derive(Clone)]
pub struct SessionSeed {
    pub(crate) tenant: TenantId,
    pub(crate) db: TenantDb,
    pub(crate) redis: Option<RedisPool>,
    pub(crate) clock: Clock,
}

impl Behaviour for SessionActor {
    type Seed = SessionSeed;
    const NAME: &'static str = "sessions";

    async fn init(seed: SessionSeed) -> Result<Self, Fault> {
        let storage = Storage::of(seed.tenant, seed.db.clone(), seed.redis.clone());
        Ok(Self { seed, storage })
    }
}

/// A living session, with the role and the projects that its member has at this moment.
pub struct Live {
    pub account: AccountId,
    pub standing: Standing,
    /// JSON.
    pub state: String,
}

/// Begins a session under an id that was never used.
pub struct BeginSession {
    pub hash: SessionHash,
    pub account: AccountId,
    pub state: String,
    pub ttl_ms: Millis,
}

/// Replaces the state of a living session; `false` when it ended meanwhile.
pub struct UpdateSession {
    pub hash: SessionHash,
    pub account: AccountId,
    pub state: String,
    pub ttl_ms: Millis,
}

/// `None` for a session that never was, expired or was ended, and when its account no longer belongs to the tenant.
pub struct LoadSession(pub SessionHash);

/// Moves the end of a living session.
pub struct TouchSession {
    pub hash: SessionHash,
    pub ttl_ms: Millis,
}

/// Ends a session, on every node.
pub struct EndSession(pub SessionHash);

/// Removes what expired.
pub(crate) struct SweepSessions;

request! {
    BeginSession => (), needs System;
    UpdateSession => bool, needs System;
    LoadSession => Option<Live>, needs System;
    TouchSession => (), needs System;
    EndSession => (), needs System;
    SweepSessions => (), needs System;
}

impl Serve<BeginSession> for SessionActor {
    async fn serve(&self, begin: BeginSession) -> Result<(), Fault> {
        let now = self.seed.clock.now();
        self.storage.create(begin.hash, begin.account, begin.state, begin.ttl_ms, now).await
    }
}

impl Serve<UpdateSession> for SessionActor {
    async fn serve(&self, update: UpdateSession) -> Result<bool, Fault> {
        let now = self.seed.clock.now();
        self.storage
            .update(update.hash, update.account, update.state, update.ttl_ms, now)
            .await
    }
}

impl Serve<LoadSession> for SessionActor {
    async fn serve(&self, LoadSession(hash): LoadSession) -> Result<Option<Live>, Fault> {
        // Asked for each time: a change of the role or of the projects, or a removal, bites with the next request.
        let found = self.storage.live(&self.seed.db, hash, self.seed.clock.now()).await?;
        // Who left and came back does not get the sessions of the earlier time back.
        let found = found.filter(|(found, standing)| found.begun_at >= standing.since);
        Ok(found.map(|(found, standing)| Live {
            account: found.account,
            standing,
            state: found.state,
        }))
    }
}

impl Serve<TouchSession> for SessionActor {
    async fn serve(&self, touch: TouchSession) -> Result<(), Fault> {
        self.storage.touch(touch.hash, touch.ttl_ms, self.seed.clock.now()).await
    }
}

impl Serve<EndSession> for SessionActor {
    async fn serve(&self, EndSession(hash): EndSession) -> Result<(), Fault> {
        self.storage.delete(hash).await
    }
}

impl Serve<SweepSessions> for SessionActor {
    async fn serve(&self, _: SweepSessions) -> Result<(), Fault> {
        self.storage.sweep(self.seed.clock.now()).await
    }
}
