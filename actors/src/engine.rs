//! What all tenants of a process share: the embedding model, a bounded share of the processor, the language model if one
//! is configured. Holds no tenant's data beyond a call.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use entities::{
    Millis, TenantId,
    fair::{Fair, Load, Place},
};
use tokio::sync::Notify;

use crate::{
    billing::Billing,
    clock::Clock,
    embeddings::Models,
    fault::Fault,
    integrations::slack::SlackApp,
    knowledge::{
        embed::{Embedder, Vector},
        parse,
    },
    language_model::LanguageModel,
    mail::Outbox,
    outward::Fetcher,
    sessions::SessionLimits,
    sources::connect::Connections,
};

/// How much a project may hold and a file may be.
#[derive(Clone, Debug)]
pub struct DocumentLimits {
    pub file_bytes: u64,
    pub documents: i64,
    pub total_bytes: i64,
    pub inside: parse::Limits,
    /// How long one file may take to read.
    pub reading_s: u64,
}

impl Default for DocumentLimits {
    fn default() -> Self {
        Self {
            file_bytes: 20 << 20,
            documents: 5_000,
            total_bytes: 2 << 30,
            inside: parse::Limits::default(),
            reading_s: 60,
        }
    }
}

pub struct Engine {
    embedder: OnceLock<Embedder>,
    cores: usize,
    /// Visitors who wait: as many at once as there are cores. While several tenants ask, none has them all.
    questions: Fair<TenantId>,
    /// Ingestion in the background: fewer, passage by passage in turn between tenants, and only on what visitors leave free.
    batches: Fair<TenantId>,
    pub(crate) language_model: Option<LanguageModel>,
    /// By which models passages are found.
    pub(crate) models: Models,
    pub(crate) clock: Clock,
    pub(crate) limits: DocumentLimits,
    /// How long an invitation can be accepted.
    pub(crate) invitation_ms: Millis,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) slack: Option<Arc<SlackApp>>,
    /// The providers that knowledge is connected from.
    pub(crate) sources: Option<Arc<Connections>>,
    /// What plans there are; without it everything is unlimited.
    pub(crate) billing: Option<Arc<Billing>>,
    pub(crate) sessions: SessionLimits,
    /// How long a workspace that was deleted can be taken back.
    pub(crate) second_thoughts_ms: Millis,
    /// The way out to addresses that somebody else supplied.
    pub(crate) fetcher: Fetcher,
    /// Rings when a job was enqueued.
    pub(crate) work: Arc<Notify>,
    /// As `work`, for those that wait for somebody else's server.
    pub(crate) outward_work: Arc<Notify>,
}

impl Engine {
    #[must_use]
    pub(crate) fn new(
        (language_model, models): (Option<LanguageModel>, Models),
        clock: Clock,
        limits: DocumentLimits,
        invitation: Duration,
        sessions: SessionLimits,
        second_thoughts: Duration,
        (outbox, fetcher): (Arc<Outbox>, Fetcher),
    ) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            embedder: OnceLock::new(),
            cores,
            questions: Fair::sharing(cores, cores.saturating_sub(1), cores),
            batches: Fair::new(cores.saturating_sub(1), cores.saturating_sub(2)),
            language_model,
            models,
            clock,
            limits,
            invitation_ms: Millis::try_from(invitation.as_millis()).unwrap_or(Millis::MAX),
            sessions,
            second_thoughts_ms: Millis::try_from(second_thoughts.as_millis()).unwrap_or(Millis::MAX),
            outbox,
            slack: None,
            sources: None,
            fetcher,
            billing: None,
            work: Arc::default(),
            outward_work: Arc::default(),
        }
    }

    #[must_use]
    pub(crate) fn with_slack(self, slack: Option<Arc<SlackApp>>) -> Self {
        Self { slack, ..self }
    }

    #[must_use]
    pub(crate) fn with_sources(self, sources: Option<Arc<Connections>>) -> Self {
        Self { sources, ..self }
    }

    #[must_use]
    pub(crate) fn with_billing(self, billing: Option<Arc<Billing>>) -> Self {
        Self { billing, ..self }
    }

    fn embedder(&self) -> Result<&Embedder, Fault> {
        if let Some(embedder) = self.embedder.get() {
            return Ok(embedder);
        }
        let loaded = Embedder::load().map_err(|_| Fault::Internal("embedding model"))?;
        Ok(self.embedder.get_or_init(|| loaded))
    }

    /// One text's vector. Takes the processor for 10 to 40 ms.
    pub(crate) fn embed(&self, text: &str) -> Result<Vector, Fault> {
        let _span = tracing::debug_span!("embedding").entered();
        let embedded = self.embedder()?.embed(&[text]).map_err(|_| Fault::Internal("embedding"))?;
        embedded.into_iter().next().ok_or(Fault::Internal("embedding"))
    }

    /// Loads the embedding model, so that the first question does not.
    ///
    /// # Errors
    /// `Internal` when the compiled-in model cannot be read.
    pub async fn warm_up(self: &Arc<Self>) -> Result<(), Fault> {
        let engine = self.clone();
        tokio::task::spawn_blocking(move || engine.embedder().map(|_| ()))
            .await
            .map_err(|_| Fault::Crashed)?
    }

    /// One tenant's way to the processor.
    pub(crate) fn lane(self: &Arc<Self>, tenant: TenantId) -> Lane {
        Lane {
            engine: self.clone(),
            tenant,
        }
    }

    /// Gives others the places of work that does not end: a thread cannot be stopped from outside.
    pub(crate) fn write_off(&self) {
        let hung = self.questions.write_off(HUNG) + self.batches.write_off(HUNG);
        if hung > 0 {
            tracing::error!(hung, "work on the processor does not end");
        }
    }

    /// How busy the processor's places are: for questions, for ingestion.
    #[must_use]
    pub fn load(&self) -> (Load, Load) {
        (self.questions.load(), self.batches.load())
    }
}

/// How long ingestion makes way for visitors, so that it goes on when they never pause.
const MAKES_WAY: Duration = Duration::from_millis(500);
/// Longer than any piece of work takes.
const HUNG: Duration = Duration::from_secs(180);

/// Leads to the processor on behalf of one tenant. Its actors are born with it, and nobody can name another's.
#[derive(Clone)]
pub(crate) struct Lane {
    engine: Arc<Engine>,
    tenant: TenantId,
}

impl Lane {
    /// Runs work that somebody waits for.
    pub(crate) async fn question<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        let place = self.engine.questions.enter(self.tenant).await;
        self.run(place, work).await
    }

    /// Runs work that can wait its turn.
    pub(crate) async fn batch<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        let place = self.engine.batches.enter(self.tenant).await;
        self.engine.questions.calm(self.engine.cores, MAKES_WAY).await;
        self.run(place, work).await
    }

    /// A place for each passage: whoever comes meanwhile waits for one of them and not for all.
    pub(crate) async fn embed_passages(&self, passages: Vec<String>) -> Result<Vec<Vector>, Fault> {
        let mut vectors = Vec::with_capacity(passages.len());
        for passage in passages {
            let engine = self.engine.clone();
            vectors.push(self.batch(move || engine.embed(&passage)).await??);
        }
        Ok(vectors)
    }

    /// A panic in the work comes back as `WorkPanicked`.
    async fn run<T: Send + 'static>(&self, place: Place<TenantId>, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        // The place goes with the work: a caller that gives up does not free a core that is still busy.
        #[cfg(feature = "faults")]
        let fault = entities::faults::take(self.tenant, entities::faults::Point::Work);
        // Part of what whoever waits for it is at.
        let span = tracing::Span::current();
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            let _span = span.entered();
            #[cfg(feature = "faults")]
            #[expect(clippy::panic, reason = "this is what the feature is for")]
            match fault {
                Some(entities::faults::Effect::Slow(time)) => std::thread::sleep(time),
                Some(_) => panic!("a planned fault"),
                None => {}
            }
            work()
        });
        done.await.map_err(|_| Fault::WorkPanicked)
    }
}
