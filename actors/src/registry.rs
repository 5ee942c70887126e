//! Which tenants are alive in this process.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix::{Arbiter, ArbiterHandle};
use entities::{EndpointId, InvitationId, Millis, ProjectId, Store, StoreError, TenantId, job, keys, sessions, tenants};
use futures_util::StreamExt;
use uuid::Uuid;

use crate::{
    contain::{Home, Ledger},
    engine::Engine,
    fault::Fault,
    integrations::voice::address,
    redis_pool::RedisPool,
    sessions::SessionHash,
    sources::Kind,
    team::invitations::InvitationToken,
    tenant::{PURGE_STEP, ProjectRef, Tenant, TenantSeed, public_key_hash},
    vault::Keeper,
    webhooks::VoiceProvider,
};

/// Finds a tenant's tree, starting it on first use, and lets go of those that nobody uses.
pub struct Registry {
    store: Store,
    redis: Option<RedisPool>,
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) engine: Arc<Engine>,
    arbiters: Vec<ArbiterHandle>,
    next_arbiter: AtomicUsize,
    tenants: Mutex<HashMap<TenantId, Arc<Tenant>>>,
    pub(crate) ledger: Arc<Ledger>,
}

impl Registry {
    /// Spreads tenants over `arbiters` threads.
    #[must_use]
    pub fn new(store: Store, redis: Option<RedisPool>, keeper: Arc<Keeper>, engine: Arc<Engine>, arbiters: usize) -> Self {
        let ledger = Arc::new(Ledger::new(engine.clock.clone()));
        Self {
            store,
            redis,
            keeper,
            engine,
            ledger,
            arbiters: (0..arbiters.max(1)).map(|_| Arbiter::new().handle()).collect(),
            next_arbiter: AtomicUsize::new(0),
            tenants: Mutex::default(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, Arc<Tenant>>> {
        // No code that can panic runs under the lock, and the map is whole between any two calls.
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tree of a tenant. For doors and for the worker: holding the result is being that tenant.
    ///
    /// # Errors
    /// `NotFound` when there is no such tenant.
    pub async fn tenant(&self, id: TenantId) -> Result<Arc<Tenant>, Fault> {
        if let Some(running) = self.lock().get(&id).filter(|tenant| tenant.is_alive()) {
            return Ok(running.clone());
        }
        if !self.store.platform().tenant_exists(id).await? {
            return Err(Fault::NotFound);
        }
        let mut tenants = self.lock();
        if let Some(running) = tenants.get(&id).filter(|tenant| tenant.is_alive()) {
            return Ok(running.clone());
        }
        let turn = self.next_arbiter.fetch_add(1, Ordering::Relaxed) % self.arbiters.len();
        let tenant = Arc::new(Tenant::start(TenantSeed {
            tenant: id,
            db: self.store.tenant(id),
            keeper: self.keeper.clone(),
            engine: self.engine.clone(),
            home: Home {
                arbiter: self.arbiters[turn].clone(),
                number: turn,
                tenant: id,
                project: None,
                ledger: self.ledger.clone(),
            },
        }));
        tenants.insert(id, tenant.clone());
        Ok(tenant)
    }

    /// The project that a widget's public key leads to, with the tenant it belongs to.
    ///
    /// # Errors
    /// `NotFound` for a key that is not, or no longer, one.
    pub async fn by_public_key(&self, key: &str) -> Result<(Arc<Tenant>, ProjectRef), Fault> {
        let route = self.store.platform().route(&public_key_hash(key)).await?;
        let (tenant, project): (TenantId, ProjectId) = route.ok_or(Fault::NotFound)?;
        let tenant = self.tenant(tenant).await?;
        let project = tenant.project(project).await?;
        Ok((tenant, project))
    }

    /// The tenant that a Slack team is connected to.
    ///
    /// # Errors
    /// `NotFound` for a team that is connected to none.
    pub async fn by_slack_team(&self, team: &str) -> Result<Arc<Tenant>, Fault> {
        let route = self.store.platform().slack_route(team).await?;
        self.tenant(route.ok_or(Fault::NotFound)?).await
    }

    /// The tenants that read knowledge with any of these accounts at a provider.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn by_source_holders(&self, kind: Kind, holders: &[String]) -> Result<Vec<TenantId>, Fault> {
        Ok(self.store.platform().source_routes(kind.as_str(), holders).await?)
    }

    /// The endpoint of a voice agent that an address leads to. A made-up one costs no look at the database.
    ///
    /// # Errors
    /// `NotFound` for an address that we did not make, or whose tenant is gone.
    pub async fn by_voice_address(&self, text: &str) -> Result<(Arc<Tenant>, EndpointId), Fault> {
        let target = address::read(&self.keeper, text).ok_or(Fault::NotFound)?;
        Ok((self.tenant(target.tenant).await?, target.endpoint))
    }

    /// Whose voice agent sends to an address; `None` for one that we did not make.
    #[must_use]
    pub fn voice_provider(&self, text: &str) -> Option<VoiceProvider> {
        address::read(&self.keeper, text).map(|target| target.provider)
    }

    /// The tenant that a customer of Stripe's is.
    ///
    /// # Errors
    /// `NotFound` for a customer that is none.
    pub async fn by_stripe_customer(&self, customer: &str) -> Result<Arc<Tenant>, Fault> {
        let route = self.store.platform().stripe_route(customer).await?;
        self.tenant(route.ok_or(Fault::NotFound)?).await
    }

    /// The invitation that a token leads to, with the tenant that it is into.
    ///
    /// # Errors
    /// `InvitationInvalid` for a token that leads nowhere, or no longer anywhere.
    pub async fn by_invitation(&self, token: &InvitationToken) -> Result<(TenantId, Arc<Tenant>, InvitationId), Fault> {
        let route = self.store.platform().invitation_route(&token.hash().0).await?;
        let (id, invitation) = route.ok_or(Fault::InvitationInvalid)?;
        match self.tenant(id).await {
            Ok(tenant) => Ok((id, tenant, invitation)),
            Err(Fault::NotFound) => Err(Fault::InvitationInvalid),
            Err(fault) => Err(fault),
        }
    }

    /// Stops what nobody has used for `idle`. Whoever holds a tenant keeps it: nothing is taken from under a request.
    pub fn evict(&self, idle: Duration) {
        let mut tenants = self.lock();
        for tenant in tenants.values() {
            tenant.evict_projects(idle);
        }
        tenants.retain(|_, tenant| Arc::strong_count(tenant) > 1 || tenant.idle() < idle || tenant.running_projects() > 0);
    }

    /// Gives a failed job back to be tried at `run_at`, or parks it with its reason.
    pub(crate) async fn put_back(&self, tenant: TenantId, job: job::Claimed, reason: &str, run_at: Option<Millis>) -> Result<(), Fault> {
        self.store
            .tenant(tenant)
            .write(async |tx| job::put_back(tx, &job, reason, run_at).await)
            .await?;
        Ok(())
    }

    /// Lets go of a deleted tenant and of the keys that its actors hold. Whoever still holds it keeps it until they are done.
    pub fn forget(&self, tenant: TenantId) {
        self.lock().remove(&tenant);
    }

    /// As [`Registry::forget`], for tenants that another node deleted.
    pub(crate) async fn forget_deleted(&self) -> Result<(), Fault> {
        let living: Vec<TenantId> = self.lock().keys().copied().collect();
        for tenant in living {
            if !self.store.platform().tenant_exists(tenant).await? {
                self.forget(tenant);
            }
        }
        Ok(())
    }

    /// Removes some rows of a deleted tenant. Done here, because a tenant without keys has no actors.
    pub(crate) async fn purge(&self, tenant: TenantId, job: job::Claimed) -> Result<(), Fault> {
        let (db, now) = (self.store.tenant(tenant), self.engine.clock.now());
        db.write_alone(async |tx| {
            if !tenants::purge(tx, PURGE_STEP).await? {
                job::release(tx, &job, now).await?;
            }
            Ok::<_, StoreError>(())
        })
        .await?;
        Ok(())
    }

    pub(crate) async fn finish(&self, tenant: TenantId, job: job::Claimed) -> Result<(), Fault> {
        self.store.tenant(tenant).write(async |tx| job::finish(tx, &job).await).await?;
        Ok(())
    }

    /// As [`Registry::finish`], and what the database keeps of the share goes with the job.
    pub(crate) async fn finish_share(&self, tenant: TenantId, job: job::Claimed, share: Uuid) -> Result<(), Fault> {
        let db = self.store.tenant(tenant);
        db.write(async |tx| {
            keys::drop_shares(tx, &[share]).await?;
            job::finish(tx, &job).await
        })
        .await?;
        Ok(())
    }

    pub(crate) fn living(&self) -> Vec<Arc<Tenant>> {
        self.lock().values().cloned().collect()
    }

    /// Counts the changes of keys that any process made.
    pub(crate) async fn key_epoch(&self) -> Result<i64, Fault> {
        Ok(self.store.platform().key_epoch().await?)
    }

    /// Makes those of `tenants` that are alive look at their keys anew, a few at a time. Returns those who could not in time.
    pub(crate) async fn refresh_keys(&self, tenants: &HashSet<TenantId>) -> HashSet<TenantId> {
        const AT_ONCE: usize = 4;
        const PATIENCE: Duration = Duration::from_secs(5);
        let living: Vec<_> = {
            let living = self.lock();
            let wanted = living.iter().filter(|(id, _)| tenants.contains(id));
            wanted.map(|(id, tenant)| (*id, tenant.clone())).collect()
        };
        let refreshed = futures_util::stream::iter(living).map(|(id, tenant)| async move {
            let done = tokio::time::timeout(PATIENCE, tenant.refresh_keys()).await;
            (!done.unwrap_or(false)).then_some(id)
        });
        refreshed.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await
    }

    pub(crate) fn living_ids(&self) -> HashSet<TenantId> {
        self.lock().keys().copied().collect()
    }

    /// Ends a session where it is kept, for when the tenant's own keeper of sessions does not answer.
    ///
    /// # Errors
    /// `Storage` when the database does not answer either.
    pub async fn end_session(&self, tenant: TenantId, hash: SessionHash) -> Result<(), Fault> {
        let db = self.store.tenant(tenant);
        Ok(db.write(async |tx| sessions::delete(tx, hash.as_bytes()).await).await?)
    }

    /// How many tenants are alive.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// # Errors
    /// `Storage` or `Cache` when the database or Redis does not answer.
    pub async fn ready(&self) -> Result<(), Fault> {
        self.store.ping().await?;
        match &self.redis {
            Some(redis) => redis.ping().await,
            None => Ok(()),
        }
    }

    /// Lets go of every tenant and closes the database.
    pub async fn close(&self) {
        self.lock().clear();
        self.store.close().await;
    }
}
