//! Where sessions are kept: the tenant's rows, or Redis when several nodes share them.

use deadpool_redis::redis;
use entities::{AccountId, Millis, TenantDb, TenantId, TenantTx, sessions, tenants, tenants::Standing};
use serde::{Deserialize, Serialize};

use super::SessionHash;
use crate::{fault::Fault, redis_pool::RedisPool};

pub(crate) enum Storage {
    Database(TenantDb),
    Redis { redis: RedisPool, tenant: TenantId },
}

/// What is kept of a session besides its id.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    pub account: AccountId,
    pub state: String,
    /// Sessions of an earlier version begin at 0 and end with the next request.
    #[serde(default)]
    pub begun_at: Millis,
}

fn redis_key(tenant: TenantId, hash: SessionHash) -> String {
    let hex: String = hash.0.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("pernoex:session:{tenant}:{hex}")
}

fn text(kept: &Kept) -> Result<String, Fault> {
    serde_json::to_string(kept).map_err(|_| Fault::Internal("session state"))
}

async fn ask<T: redis::FromRedisValue>(redis: &RedisPool, command: &redis::Cmd) -> Result<T, Fault> {
    let mut connection = redis.get().await?;
    command.query_async(&mut connection).await.map_err(|_| Fault::Cache)
}

fn row(hash: SessionHash, kept: Kept, expires_at: Millis) -> sessions::Session {
    sessions::Session {
        id_hash: hash.0,
        account: kept.account,
        state: kept.state,
        begun_at: kept.begun_at,
        expires_at,
    }
}

async fn row_of(tx: &TenantTx, hash: SessionHash, now: Millis) -> Result<Option<Kept>, Fault> {
    let found = sessions::load(tx, &hash.0, now).await?;
    Ok(found.map(|session| Kept {
        account: session.account,
        state: session.state,
        begun_at: session.begun_at,
    }))
}

impl Storage {
    /// Where the sessions of `tenant` are.
    pub(crate) fn of(tenant: TenantId, db: TenantDb, redis: Option<RedisPool>) -> Self {
        match redis {
            Some(redis) => Self::Redis { redis, tenant },
            None => Self::Database(db),
        }
    }

    pub(super) async fn create(&self, hash: SessionHash, account: AccountId, state: String, ttl: Millis, now: Millis) -> Result<(), Fault> {
        let kept = Kept {
            account,
            state,
            begun_at: now,
        };
        match self {
            Self::Database(db) => {
                db.write(async |tx| sessions::create(tx, row(hash, kept, now + ttl)).await).await?;
                Ok(())
            }
            Self::Redis { redis, tenant } => {
                let mut set = redis::cmd("SET");
                set.arg(redis_key(*tenant, hash))
                    .arg(text(&kept)?)
                    .arg("PX")
                    .arg(ttl.max(1))
                    .arg("NX");
                let stored: Option<String> = ask(redis, &set).await?;
                stored.map(|_| ()).ok_or(Fault::Internal("a session id was used twice"))
            }
        }
    }

    pub(super) async fn load(&self, hash: SessionHash, now: Millis) -> Result<Option<Kept>, Fault> {
        match self {
            Self::Database(db) => db.read(async |tx| row_of(tx, hash, now).await).await,
            Self::Redis { redis, tenant } => {
                let found: Option<String> = ask(redis, redis::cmd("GET").arg(redis_key(*tenant, hash))).await?;
                let kept = found.map(|text| serde_json::from_str::<Kept>(&text).map_err(|_| Fault::Internal("session state")));
                kept.transpose()
            }
        }
    }

    /// The session with what its member may at this moment: rows of both are read in one transaction.
    pub(super) async fn live(&self, db: &TenantDb, hash: SessionHash, now: Millis) -> Result<Option<(Kept, Standing)>, Fault> {
        let shared = match self {
            Self::Database(_) => None,
            Self::Redis { .. } => match self.load(hash, now).await? {
                Some(kept) => Some(kept),
                None => return Ok(None),
            },
        };
        db.read(async |tx| {
            let kept = match shared {
                Some(kept) => Some(kept),
                None => row_of(tx, hash, now).await?,
            };
            let Some(kept) = kept else { return Ok(None) };
            let standing = tenants::standing(tx, kept.account).await?;
            Ok(standing.map(|standing| (kept, standing)))
        })
        .await
    }

    /// Only what exists is updated: a write that comes after the sign-out brings nothing back.
    pub(super) async fn update(
        &self,
        hash: SessionHash,
        account: AccountId,
        state: String,
        ttl: Millis,
        now: Millis,
    ) -> Result<bool, Fault> {
        match self {
            Self::Database(db) => {
                let kept = Kept {
                    account,
                    state,
                    begun_at: now,
                };
                // The beginning of a row does not move.
                let session = row(hash, kept, now + ttl);
                Ok(db.write(async |tx| sessions::update(tx, &session, now).await).await?)
            }
            Self::Redis { redis, tenant } => {
                let Some(Kept { begun_at, .. }) = self.load(hash, now).await? else {
                    return Ok(false);
                };
                let mut set = redis::cmd("SET");
                set.arg(redis_key(*tenant, hash))
                    .arg(text(&Kept { account, state, begun_at })?)
                    .arg("PX")
                    .arg(ttl.max(1))
                    .arg("XX");
                let stored: Option<String> = ask(redis, &set).await?;
                Ok(stored.is_some())
            }
        }
    }

    pub(super) async fn touch(&self, hash: SessionHash, ttl: Millis, now: Millis) -> Result<(), Fault> {
        match self {
            Self::Database(db) => {
                db.write(async |tx| sessions::touch(tx, &hash.0, now + ttl, now).await).await?;
            }
            Self::Redis { redis, tenant } => {
                let _: i64 = ask(redis, redis::cmd("PEXPIRE").arg(redis_key(*tenant, hash)).arg(ttl.max(1))).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn delete(&self, hash: SessionHash) -> Result<(), Fault> {
        match self {
            Self::Database(db) => db.write(async |tx| sessions::delete(tx, &hash.0).await).await?,
            Self::Redis { redis, tenant } => {
                let _: i64 = ask(redis, redis::cmd("DEL").arg(redis_key(*tenant, hash))).await?;
            }
        }
        Ok(())
    }

    /// Redis forgets by itself.
    pub(super) async fn sweep(&self, now: Millis) -> Result<(), Fault> {
        if let Self::Database(db) = self {
            db.write(async |tx| sessions::delete_expired(tx, now).await).await?;
        }
        Ok(())
    }
}
