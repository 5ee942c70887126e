//! Putting the parts together, and taking them apart in order.

use std::{sync::Arc, time::Duration};

use entities::{Location, Store, StoreError};

use crate::{
    clock::Clock,
    engine::{DocumentLimits, Engine},
    fault::Fault,
    identity::{
        Hasher, Identity,
        passkeys::Passkeys,
        provider::{Parts, Providers, ProvidersSettings, watch_revocations},
    },
    jobs::{Running, Worker, keep_house, watch_keys},
    language_model::{LanguageModel, LanguageModelSettings},
    limits::Limits,
    mail::{MailSettings, Outbox, Postman},
    operators::Operations,
    redis_pool::RedisPool,
    registry::Registry,
    sessions::SessionLimits,
    throttle::Throttle,
    vault::{Keeper, KeyError, MasterKeys, RingSettings},
    watch::{History, take_samples},
};

pub struct PlatformSettings {
    pub location: Location,
    /// Where the shares of keys are kept, and how long.
    pub ring: RingSettings,
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
    pub sessions: SessionLimits,
    /// How long a workspace that was deleted can be taken back.
    pub second_thoughts: Duration,
    /// As which address browsers know this server, if that was said.
    pub public_url: Option<url::Url>,
    pub mail: MailSettings,
    /// Whose accounts open ours.
    pub providers: Option<ProvidersSettings>,
    pub clock: Clock,
}

/// The running whole.
pub struct Platform {
    pub registry: Arc<Registry>,
    pub identity: Arc<Identity>,
    pub providers: Arc<Providers>,
    pub limits: Arc<Limits>,
    pub engine: Arc<Engine>,
    pub operations: Arc<Operations>,
    pub keeper: Arc<Keeper>,
    worker: Running,
    postman: Postman,
    sampler: tokio::task::JoinHandle<()>,
    housekeeper: tokio::task::JoinHandle<()>,
    key_watch: tokio::task::JoinHandle<()>,
    revocations: tokio::task::JoinHandle<()>,
}

/// Why the parts cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for PlatformError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl Platform {
    /// Opens the database, which was migrated before, and starts what waits for work. Must be called inside an actix system.
    ///
    /// # Errors
    /// When the database or Redis cannot be reached, a key cannot be opened, or a setting cannot be used.
    pub async fn start(masters: MasterKeys, settings: PlatformSettings) -> Result<Self, PlatformError> {
        let store = Store::open(&settings.location).await?;
        let started = Self::on(store.clone(), masters, settings).await;
        if started.is_err() {
            // A process that ends while SQLCipher still works on a connection crashes in its clean-up.
            store.close().await;
        }
        started
    }

    async fn on(store: Store, masters: MasterKeys, settings: PlatformSettings) -> Result<Self, PlatformError> {
        let keeper = Keeper::open(masters, settings.ring, store.platform(), settings.clock.now()).await?;
        let keeper = Arc::new(keeper);
        let redis = match &settings.redis_url {
            Some(url) => Some(RedisPool::connect(url).await?),
            None => None,
        };
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let language_model = settings.language_model.map(LanguageModel::new).transpose()?;
        let outbox = Arc::new(Outbox::new(
            store.platform(),
            keeper.clone(),
            settings.clock.clone(),
            settings.mail.origin.clone(),
        ));
        let engine = Arc::new(Engine::new(
            language_model,
            settings.clock.clone(),
            settings.documents,
            settings.invitation,
            settings.sessions,
            settings.second_thoughts,
            outbox.clone(),
        ));
        let limits = Arc::new(Limits::new(redis.clone(), settings.limit_factor));
        let throttle = Arc::new(Throttle::new(redis.clone(), settings.limit_factor));
        let identity = Arc::new(Identity {
            platform: store.platform(),
            keeper: keeper.clone(),
            hasher: Hasher::new(&keeper, settings.bcrypt_cost, cores)?,
            passkeys: Passkeys::at(settings.public_url.as_ref()),
            limits: limits.clone(),
            throttle: throttle.clone(),
            outbox: outbox.clone(),
            clock: settings.clock.clone(),
        });
        let parts = Parts {
            platform: store.platform(),
            keeper: keeper.clone(),
            limits: limits.clone(),
            outbox: outbox.clone(),
            clock: settings.clock.clone(),
        };
        let providers = Arc::new(Providers::new(settings.providers, parts)?);
        let (platform, clock) = (store.platform(), settings.clock);
        platform.end_leases().await?;
        let registry = Arc::new(Registry::new(store, redis, keeper.clone(), engine.clone(), cores));
        let postman = Postman::start(outbox, settings.mail)?;
        let worker = Worker::new(registry.clone(), platform.clone(), cores + 1).spawn();
        let housekeeper = tokio::spawn(keep_house(registry.clone(), limits.clone(), throttle, settings.idle));
        let history = Arc::<History>::default();
        let sampler = tokio::spawn(take_samples(registry.clone(), history.clone()));
        let operations = Arc::new(Operations {
            platform,
            registry: registry.clone(),
            identity: identity.clone(),
            engine: engine.clone(),
            history,
            started_at: clock.now(),
            clock,
        });
        let key_watch = tokio::spawn(watch_keys(registry.clone()));
        // Not to be moved between threads: what it awaits borrows.
        let revocations = actix_rt::spawn(watch_revocations(providers.clone()));
        Ok(Self {
            registry,
            identity,
            providers,
            limits,
            engine,
            operations,
            sampler,
            keeper,
            worker,
            postman,
            housekeeper,
            key_watch,
            revocations,
        })
    }

    /// Finishes the steps that are running and closes the database. What waits is taken up by the next start.
    pub async fn stop(self) {
        self.housekeeper.abort();
        self.sampler.abort();
        self.key_watch.abort();
        self.revocations.abort();
        self.worker.stop().await;
        self.postman.stop().await;
        self.registry.close().await;
    }
}
