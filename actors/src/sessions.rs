//! A tenant's sessions. Their rows are in the database, on one node as on many: a change that ends sessions and their end are one
//! transaction, and what a session may is read together with it.

use std::time::Duration;

use entities::{
    AccountId, Millis, TenantDb,
    audit::{self, Act, Target},
    members, sessions as rows,
    tenants::Standing,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    audit::By,
    clock::Clock,
    contain::{Behaviour, Serve},
    fault::Fault,
    request,
};

/// The SHA-256 of a session's id. The id itself is with the browser only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionHash([u8; 32]);

impl SessionHash {
    #[must_use]
    pub fn of(id: &[u8]) -> Self {
        Self(Sha256::digest(id).into())
    }

    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for SessionHash {
    fn from(hash: [u8; 32]) -> Self {
        Self(hash)
    }
}

/// How long sessions live.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// Unused.
    pub idle: Duration,
    /// At most.
    pub whole: Duration,
}

impl SessionLimits {
    fn idle_ms(self) -> Millis {
        Millis::try_from(self.idle.as_millis()).unwrap_or(Millis::MAX)
    }

    fn whole_ms(self) -> Millis {
        Millis::try_from(self.whole.as_millis()).unwrap_or(Millis::MAX)
    }
}

/// How stale the note of a session's last use may be: a write for every request would be one too many.
const NOTE_MS: Millis = 60_000;

pub struct SessionActor {
    seed: SessionSeed,
}

#[derive(Clone)]
pub struct SessionSeed {
    pub(crate) db: TenantDb,
    pub(crate) clock: Clock,
    pub(crate) limits: SessionLimits,
}

impl Behaviour for SessionActor {
    type Seed = SessionSeed;
    const NAME: &'static str = "sessions";

    async fn init(seed: SessionSeed) -> Result<Self, Fault> {
        Ok(Self { seed })
    }
}

/// A living session, with the role and the projects that its member has at this moment.
pub struct Live {
    pub account: AccountId,
    pub standing: Standing,
    /// JSON.
    pub state: String,
    pub proof: Proof,
}

/// When somebody last proved each of their factors. Zero for never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proofs {
    /// What opens their account by itself: a password, a provider, a passkey.
    pub first: Millis,
    /// What is asked for besides: a code, a backup code, a passkey.
    pub second: Millis,
    /// Either. Of a session that began before the others were kept, all that is known.
    pub last: Millis,
}

impl Proofs {
    #[must_use]
    pub fn of_first(at: Millis) -> Self {
        Self {
            first: at,
            second: 0,
            last: at,
        }
    }

    /// As a passkey proves them, which verifies its user.
    #[must_use]
    pub fn of_both(at: Millis) -> Self {
        Self {
            first: at,
            second: at,
            last: at,
        }
    }

    /// With the first proved anew, at this moment.
    #[must_use]
    pub fn and_first(self, now: Millis) -> Self {
        Self {
            first: now,
            last: now,
            ..self
        }
    }

    /// With the second proved anew, at this moment.
    #[must_use]
    pub fn and_second(self, now: Millis) -> Self {
        Self {
            second: now,
            last: now,
            ..self
        }
    }
}

/// How a session came to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Of the account, when its credentials were looked at: once it passes, the session is over.
    pub epoch: i64,
    pub proofs: Proofs,
    /// What the browser calls itself.
    pub agent: String,
    /// The network address that it began from.
    pub address: String,
    /// When it ends in any case. `None` for a sign-in, which begins a whole span; what goes on under another id goes on no longer.
    pub ends_at: Option<Millis>,
}

/// Begins a session under an id that was never used.
pub struct BeginSession {
    pub hash: SessionHash,
    pub account: AccountId,
    pub state: String,
    pub proof: Proof,
    pub why: Why,
}

/// Why there is a session under an id that was never used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Somebody comes in by it.
    Entered,
    /// They proved once more who they are.
    Proved,
    /// It goes on under a new id, for what somebody else did.
    GoesOn,
}

/// Replaces the state of a living session; `false` when it ended meanwhile.
pub struct UpdateSession {
    pub hash: SessionHash,
    pub account: AccountId,
    pub state: String,
}

/// `None` for a session that never was, expired or was ended, and when its account no longer belongs to the tenant.
pub struct LoadSession(pub SessionHash);

/// Ends a session, on every node.
pub struct EndSession(pub SessionHash);

/// The living sessions of one person here.
pub struct ListSessions(pub AccountId);

/// A session as its owner sees it.
#[derive(Clone, Debug)]
pub struct SessionCard {
    pub hash: SessionHash,
    pub begun_at: Millis,
    pub seen_at: Millis,
    pub ends_at: Millis,
    pub agent: String,
    pub address: String,
}

/// Ends a session of the one who asks, and of nobody else.
pub struct EndSessionOf {
    pub by: By,
    pub hash: SessionHash,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// Ends a session of one person, which goes on under another id; `false` when it was over.
pub struct TakeSession {
    pub account: AccountId,
    pub hash: SessionHash,
}

/// Removes what expired.
pub(crate) struct SweepSessions;

request! {
    BeginSession => (), needs System;
    UpdateSession => bool, needs System;
    LoadSession => Option<Live>, needs System;
    EndSession => (), needs System;
    ListSessions => Vec<SessionCard>, needs System;
    EndSessionOf => (), needs System;
    TakeSession => bool, needs System;
    SweepSessions => (), needs System;
}

impl Serve<BeginSession> for SessionActor {
    async fn serve(&self, begin: BeginSession) -> Result<(), Fault> {
        let now = self.seed.clock.now();
        let by = By {
            account: begin.account,
            address: begin.proof.address.clone(),
        };
        let row = rows::Session {
            id_hash: begin.hash.0,
            account: begin.account,
            state: begin.state,
            begun_at: now,
            expires_at: now.saturating_add(self.seed.limits.idle_ms()),
            epoch: begin.proof.epoch,
            proved_at: begin.proof.proofs.last,
            first_proof_at: begin.proof.proofs.first,
            second_proof_at: begin.proof.proofs.second,
            seen_at: now,
            ends_at: begin
                .proof
                .ends_at
                .unwrap_or(Millis::MAX)
                .min(now.saturating_add(self.seed.limits.whole_ms())),
            agent: begin.proof.agent,
            address: begin.proof.address,
        };
        let begun = self.seed.db.write(async |tx| {
            rows::create(tx, row).await?;
            let act = match begin.why {
                Why::Entered => Act::SignedIn,
                Why::Proved => Act::Proved,
                Why::GoesOn => return Ok(()),
            };
            audit::append(tx, by.did(act, Target::default(), now)).await?;
            Ok::<_, Fault>(())
        });
        begun.await
    }
}

impl Serve<UpdateSession> for SessionActor {
    async fn serve(&self, update: UpdateSession) -> Result<bool, Fault> {
        let now = self.seed.clock.now();
        let UpdateSession { hash, account, state } = update;
        let updated = self.seed.db.write(async |tx| rows::update(tx, &hash.0, account, &state, now).await);
        Ok(updated.await?)
    }
}

impl Serve<LoadSession> for SessionActor {
    async fn serve(&self, LoadSession(hash): LoadSession) -> Result<Option<Live>, Fault> {
        let now = self.seed.clock.now();
        let Some((session, standing)) = self.seed.db.read(async |tx| rows::living(tx, &hash.0, now).await).await? else {
            return Ok(None);
        };
        if now - session.seen_at >= NOTE_MS {
            let until = now.saturating_add(self.seed.limits.idle_ms()).min(session.ends_at);
            self.seed.db.write(async |tx| rows::touch(tx, &hash.0, until, now).await).await?;
        }
        Ok(Some(Live {
            account: session.account,
            standing,
            state: session.state,
            proof: Proof {
                epoch: session.epoch,
                proofs: Proofs {
                    first: session.first_proof_at,
                    second: session.second_proof_at,
                    last: session.proved_at,
                },
                agent: session.agent,
                address: session.address,
                ends_at: Some(session.ends_at),
            },
        }))
    }
}

impl Serve<EndSession> for SessionActor {
    async fn serve(&self, EndSession(hash): EndSession) -> Result<(), Fault> {
        Ok(self.seed.db.write(async |tx| rows::delete(tx, &hash.0).await).await?)
    }
}

impl Serve<ListSessions> for SessionActor {
    async fn serve(&self, ListSessions(account): ListSessions) -> Result<Vec<SessionCard>, Fault> {
        let now = self.seed.clock.now();
        let found: Result<_, Fault> = self
            .seed
            .db
            .read(async |tx| {
                let Some(epoch) = members::epoch(tx, account).await? else {
                    return Ok(Vec::new());
                };
                Ok(rows::of_account(tx, account, epoch, now).await?)
            })
            .await;
        let card = |session: rows::Session| SessionCard {
            hash: SessionHash(session.id_hash),
            begun_at: session.begun_at,
            seen_at: session.seen_at,
            ends_at: session.ends_at,
            agent: session.agent,
            address: session.address,
        };
        Ok(found?.into_iter().map(card).collect())
    }
}

impl Serve<EndSessionOf> for SessionActor {
    async fn serve(&self, EndSessionOf { by, hash, is_this }: EndSessionOf) -> Result<(), Fault> {
        let now = self.seed.clock.now();
        let ended = self.seed.db.write(async |tx| {
            if !rows::delete_of(tx, by.account, &hash.0).await? {
                return Err(Fault::NotFound);
            }
            let act = if is_this { Act::SignedOut } else { Act::SessionRevoked };
            audit::append(tx, by.did(act, Target::default(), now)).await?;
            Ok(())
        });
        ended.await
    }
}

impl Serve<TakeSession> for SessionActor {
    async fn serve(&self, TakeSession { account, hash }: TakeSession) -> Result<bool, Fault> {
        let now = self.seed.clock.now();
        let taken = self.seed.db.write(async |tx| {
            // One of an epoch that passed has a row yet, and no life.
            let lives = rows::living(tx, &hash.0, now).await?.is_some();
            Ok::<_, Fault>(lives && rows::delete_of(tx, account, &hash.0).await?)
        });
        taken.await
    }
}

impl Serve<SweepSessions> for SessionActor {
    async fn serve(&self, _: SweepSessions) -> Result<(), Fault> {
        let now = self.seed.clock.now();
        self.seed.db.write(async |tx| rows::delete_expired(tx, now).await).await?;
        Ok(())
    }
}
