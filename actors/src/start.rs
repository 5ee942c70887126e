//! Putting the parts together, and taking them apart in order.

use std::{sync::Arc, time::Duration};

use entities::{Location, Store};

use crate::{
    clock::Clock,
    engine::{DocumentLimits, Engine},
    fault::Fault,
    identity::{Hasher, Identity},
    jobs::{Running, Worker, keep_house},
    language_model::{LanguageModel, LanguageModelSettings},
    limits::Limits,
    redis_pool::RedisPool,
    registry::Registry,
    vault::MasterKey,
    watch::{History, take_samples},
};

pub struct PlatformSettings {
    pub location: Location,
    pub redis_url: Option<String>,
    pub bcrypt_cost: u32,
    pub documents: DocumentLimits,
    pub language_model: Option<LanguageModelSettings>,
    /// Multiplies every rate limit.
    pub limit_factor: u32,
    /// How long a tenant or project stays in memory unused.
    pub idle: Duration,
    /// How long an invitation can be accepted.
    pub invitation: Duration,
    pub clock: Clock,
}

/// The running whole.
pub struct Platform {
    pub registry: Arc<Registry>,
    pub identity: Arc<Identity>,
    pub limits: Arc<Limits>,
    pub engine: Arc<Engine>,
    pub history: Arc<History>,
    worker: Running,
    housekeeper: tokio::task::JoinHandle<()>,
    sampler: tokio::task::JoinHandle<()>,
}

impl Platform {
    /// Opens the database, which was migrated before, and starts what waits for work. Must be called inside an actix system.
    ///
    /// # Errors
    /// When the database or Redis cannot be reached, or a setting cannot be used.
    pub async fn start(master: Arc<MasterKey>, settings: PlatformSettings) -> Result<Self, Fault> {
        let store = Store::open(&settings.location).await?;
        let redis = match &settings.redis_url {
            Some(url) => Some(RedisPool::connect(url).await?),
            None => None,
        };
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let language_model = settings.language_model.map(LanguageModel::new).transpose()?;
        let engine = Arc::new(Engine::new(
            language_model,
            settings.clock.clone(),
            settings.documents,
            settings.invitation,
        ));
        let limits = Arc::new(Limits::new(redis.clone(), settings.limit_factor));
        let identity = Arc::new(Identity {
            platform: store.platform(),
            master: master.clone(),
            hasher: Hasher::new(&master, settings.bcrypt_cost, cores)?,
            limits: limits.clone(),
            clock: settings.clock,
        });
        let platform = store.platform();
        let registry = Arc::new(Registry::new(store, redis, master, engine.clone(), cores));
        let worker = Worker::new(registry.clone(), platform, cores + 1).spawn();
        let housekeeper = tokio::spawn(keep_house(registry.clone(), limits.clone(), settings.idle));
        let history = Arc::<History>::default();
        let sampler = tokio::spawn(take_samples(registry.clone(), history.clone()));
        Ok(Self {
            registry,
            identity,
            limits,
            engine,
            history,
            worker,
            housekeeper,
            sampler,
        })
    }

    /// Finishes the steps that are running and closes the database. What waits is taken up by the next start.
    pub async fn stop(self) {
        self.housekeeper.abort();
        self.sampler.abort();
        self.worker.stop().await;
        self.registry.close().await;
    }
}
