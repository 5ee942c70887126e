//! Which tenants are alive in this process.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix::{Arbiter, ArbiterHandle};
use entities::{Millis, ProjectId, Store, TenantId, job};

use crate::{
    contain::{Home, Ledger},
    engine::Engine,
    fault::Fault,
    redis_pool::RedisPool,
    tenant::{ProjectRef, Tenant, TenantSeed, public_key_hash},
    vault::MasterKey,
};

/// Finds a tenant's tree, starting it on first use, and lets go of those that nobody uses.
pub struct Registry {
    store: Store,
    redis: Option<RedisPool>,
    master: Arc<MasterKey>,
    pub(crate) engine: Arc<Engine>,
    arbiters: Vec<ArbiterHandle>,
    next_arbiter: AtomicUsize,
    tenants: Mutex<HashMap<TenantId, Arc<Tenant>>>,
    pub(crate) ledger: Arc<Ledger>,
}

impl Registry {
    /// Spreads tenants over `arbiters` threads.
    #[must_use]
    pub fn new(store: Store, redis: Option<RedisPool>, master: Arc<MasterKey>, engine: Arc<Engine>, arbiters: usize) -> Self {
        let ledger = Arc::new(Ledger::new(engine.clock.clone()));
        Self {
            store,
            redis,
            master,
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
            redis: self.redis.clone(),
            master: self.master.clone(),
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

    pub(crate) async fn finish(&self, tenant: TenantId, job: job::Claimed) -> Result<(), Fault> {
        self.store.tenant(tenant).write(async |tx| job::finish(tx, &job).await).await?;
        Ok(())
    }

    pub(crate) fn living(&self) -> Vec<Arc<Tenant>> {
        self.lock().values().cloned().collect()
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
