//! Putting the parts together, and taking them apart in order.

use std::{sync::Arc, time::Duration};

use entities::{Location, Store, StoreError, job::Queue};

use crate::{
    backup::{BackupSettings, PlaceId, Schedule},
    billing::{Billing, BillingSettings},
    clock::Clock,
    disclosure::{Disclosure, DisclosureSettings, keep_watch},
    embeddings::{EmbeddingSettings, Models, take_up},
    engine::{DocumentLimits, Engine},
    fault::Fault,
    identity::{
        Hasher, Identity, Ways,
        passkeys::Passkeys,
        provider::{Parts, Providers, ProvidersSettings, watch_revocations},
        totp::CodeLife,
    },
    integrations::slack::{SlackApp, SlackSettings},
    jobs::{Running, Worker, keep_house, watch_keys},
    language_model::{LanguageModel, LanguageModelSettings},
    limits::Limits,
    mail::{MailSettings, Outbox, Postman},
    operators::{
        Operations,
        follow::{Known, follow},
    },
    outward::{AllowList, Fetcher},
    redis_pool::{RedisAddress, RedisPool},
    registry::Registry,
    sessions::SessionLimits,
    sources::{apps::SourceSettings, connect::Connections},
    throttle::Throttle,
    vault::{Keeper, KeyError, MasterKeys, RingSettings},
    watch::{History, take_samples},
};

pub struct PlatformSettings {
    pub location: Location,
    /// Where the shares of keys are kept, and how long.
    pub ring: RingSettings,
    pub redis: Option<RedisAddress>,
    pub bcrypt_cost: u32,
    /// How long a code of an authenticator app opens.
    pub code_life: CodeLife,
    pub documents: DocumentLimits,
    pub language_model: Option<LanguageModelSettings>,
    /// By what passages are embedded.
    pub embeddings: EmbeddingSettings,
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
    /// What of the operator's own network may be asked for what somebody else supplied.
    pub allow_private: AllowList,
    /// Whose accounts open ours.
    pub providers: Option<ProvidersSettings>,
    /// The Slack app, if there is one.
    pub slack: Option<SlackSettings>,
    /// Where knowledge can be connected from. Without it, from websites and Slack alone.
    pub sources: Option<SourceSettings>,
    /// Stripe and plans, if plans are sold here.
    pub billing: Option<BillingSettings>,
    pub disclosure: DisclosureSettings,
    /// Where backups go, if anywhere, and when.
    pub backups: Option<BackupSettings>,
    /// Where they go, though it may be another process that makes them.
    pub backups_in: Option<PlaceId>,
    pub clock: Clock,
}

/// Steps that wait for somebody else's server: they take no processor to speak of.
const AT_ONCE_OUTWARD: usize = 16;

/// The running whole.
pub struct Platform {
    pub registry: Arc<Registry>,
    pub identity: Arc<Identity>,
    pub providers: Arc<Providers>,
    pub slack: Option<Arc<SlackApp>>,
    pub sources: Option<Arc<Connections>>,
    pub billing: Option<Arc<Billing>>,
    pub limits: Arc<Limits>,
    pub engine: Arc<Engine>,
    pub operations: Arc<Operations>,
    pub disclosure: Arc<Disclosure>,
    pub keeper: Arc<Keeper>,
    worker: Running,
    outward_worker: Running,
    postman: Postman,
    sampler: tokio::task::JoinHandle<()>,
    housekeeper: tokio::task::JoinHandle<()>,
    key_watch: tokio::task::JoinHandle<()>,
    /// Does what operators asked other nodes for.
    follower: tokio::task::JoinHandle<()>,
    revocations: tokio::task::JoinHandle<()>,
    takes_up: tokio::task::JoinHandle<()>,
    report_watch: tokio::task::JoinHandle<()>,
    backups: Option<Schedule>,
}

/// Why the parts cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    #[error(transparent)]
    Keys(KeyError),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<KeyError> for PlatformError {
    fn from(error: KeyError) -> Self {
        match error {
            // Keys are rows too: what does not answer is the database.
            KeyError::Storage(error) => Self::from(error),
            error => Self::Keys(error),
        }
    }
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
        let redis = match &settings.redis {
            Some(address) => Some(RedisPool::connect(address).await?),
            None => None,
        };
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let language_model = settings.language_model.map(LanguageModel::new).transpose()?;
        let models = Models::new(settings.embeddings, &settings.clock)?;
        let outbox = Arc::new(Outbox::new(
            store.platform(),
            keeper.clone(),
            settings.clock.clone(),
            settings.mail.origin.clone(),
        ));
        let limits = Arc::new(Limits::new(redis.clone(), settings.limit_factor));
        let slack = match settings.slack {
            Some(slack) => {
                let (keeper, clock) = (keeper.clone(), settings.clock.clone());
                Some(Arc::new(SlackApp::new(slack, store.platform(), keeper, limits.clone(), clock)?))
            }
            None => None,
        };
        let sources = match settings.sources {
            Some(sources) => {
                let (keeper, clock) = (keeper.clone(), settings.clock.clone());
                Some(Arc::new(Connections::new(
                    sources,
                    store.platform(),
                    keeper,
                    limits.clone(),
                    clock,
                )?))
            }
            None => None,
        };
        let billing = match settings.billing {
            Some(billing) => Some(Arc::new(Billing::new(billing, keeper.clone())?)),
            None => None,
        };
        let engine = Engine::new(
            (language_model, models),
            settings.clock.clone(),
            settings.documents,
            settings.invitation,
            settings.sessions,
            settings.second_thoughts,
            (outbox.clone(), Fetcher::new(settings.allow_private)?),
        );
        let engine = Arc::new(
            engine
                .with_slack(slack.clone())
                .with_sources(sources.clone())
                .with_billing(billing.clone()),
        );
        let throttle = Arc::new(Throttle::new(redis.clone(), settings.limit_factor));
        let passkeys = Passkeys::at(settings.public_url.as_ref());
        let clients = settings.providers.iter().flat_map(|providers| &providers.clients);
        let ways = Ways {
            providers: clients.map(|client| client.provider).collect(),
            passkeys: passkeys.is_available(),
        };
        let identity = Arc::new(Identity {
            platform: store.platform(),
            keeper: keeper.clone(),
            hasher: Hasher::new(&keeper, settings.bcrypt_cost, cores)?,
            passkeys,
            ways: ways.clone(),
            code_life: settings.code_life,
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
            ways,
            clock: settings.clock.clone(),
            slack: slack.clone(),
            sources: sources.clone(),
            billing: billing.clone(),
        };
        let providers = Arc::new(Providers::new(settings.providers, parts)?);
        let disclosure = Arc::new(Disclosure::new(
            (store.platform(), keeper.clone(), outbox.clone(), limits.clone()),
            settings.clock.clone(),
            settings.disclosure,
            settings.mail.origin.clone(),
        ));
        let (platform, clock) = (store.platform(), settings.clock);
        platform.end_leases().await?;
        let takes_up = tokio::spawn(take_up(store.clone(), engine.clone()));
        let registry = Arc::new(Registry::new(store, redis, keeper.clone(), engine.clone(), cores));
        let postman = Postman::start(outbox.clone(), settings.mail)?;
        let worker = Worker::new(registry.clone(), platform.clone(), Queue::Here, cores + 1).spawn();
        let outward_worker = Worker::new(registry.clone(), platform.clone(), Queue::Outward, AT_ONCE_OUTWARD).spawn();
        let housekeeper = tokio::spawn(keep_house(registry.clone(), limits.clone(), throttle, settings.idle));
        let history = Arc::<History>::default();
        let sampler = tokio::spawn(take_samples(registry.clone(), history.clone()));
        let backup_every = settings.backups.as_ref().and_then(|backups| backups.every);
        let backups = settings
            .backups
            .and_then(|backups| Schedule::of(keeper.clone(), platform.clone(), backups, clock.clone()));
        let known = Arc::<Known>::default();
        let follower = tokio::spawn(follow(registry.clone(), platform.clone(), known.clone(), clock.clone()));
        let operations = Arc::new(Operations {
            known,
            backup_every,
            backups_in: settings.backups_in,
            platform,
            registry: registry.clone(),
            identity: identity.clone(),
            engine: engine.clone(),
            outbox,
            history,
            disclosure: disclosure.clone(),
            started_at: clock.now(),
            clock,
        });
        let report_watch = tokio::spawn(keep_watch(disclosure.clone()));
        let key_watch = tokio::spawn(watch_keys(registry.clone()));
        // Not to be moved between threads: what it awaits borrows.
        let revocations = actix_rt::spawn(watch_revocations(providers.clone(), registry.clone()));
        Ok(Self {
            registry,
            identity,
            providers,
            slack,
            sources,
            billing,
            limits,
            engine,
            operations,
            disclosure,
            report_watch,
            sampler,
            keeper,
            worker,
            outward_worker,
            postman,
            housekeeper,
            key_watch,
            follower,
            revocations,
            takes_up,
            backups,
        })
    }

    /// Finishes the steps that are running and closes the database. What waits is taken up by the next start.
    pub async fn stop(self) {
        self.housekeeper.abort();
        self.sampler.abort();
        self.key_watch.abort();
        self.follower.abort();
        self.report_watch.abort();
        self.revocations.abort();
        self.takes_up.abort();
        if let Some(backups) = self.backups {
            backups.stop().await;
        }
        self.worker.stop().await;
        self.outward_worker.stop().await;
        self.postman.stop().await;
        self.registry.close().await;
    }
}
