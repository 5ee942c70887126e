//! What all tenants of a process share: the embedding model, a bounded share of the processor, the language model if one
//! is configured. Holds no tenant's data beyond a call.

use std::sync::{Arc, OnceLock};

use tokio::sync::{Notify, Semaphore};

use crate::{
    clock::Clock,
    fault::Fault,
    knowledge::{
        embed::{Embedder, Vector},
        parse,
    },
    language_model::LanguageModel,
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
    /// Visitors who wait: as many at once as there are cores.
    questions: Arc<Semaphore>,
    /// Ingestion in the background: fewer, in the order they came, so that tenants take turns batch by batch.
    batches: Arc<Semaphore>,
    pub(crate) language_model: Option<LanguageModel>,
    pub(crate) clock: Clock,
    pub(crate) limits: DocumentLimits,
    /// Rings when a job was enqueued.
    pub(crate) work: Arc<Notify>,
}

impl Engine {
    #[must_use]
    pub fn new(language_model: Option<LanguageModel>, clock: Clock, limits: DocumentLimits) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            embedder: OnceLock::new(),
            questions: Arc::new(Semaphore::new(cores.max(2))),
            batches: Arc::new(Semaphore::new(cores.saturating_sub(1).max(1))),
            language_model,
            clock,
            limits,
            work: Arc::default(),
        }
    }

    fn embedder(&self) -> Result<&Embedder, Fault> {
        if let Some(embedder) = self.embedder.get() {
            return Ok(embedder);
        }
        let loaded = Embedder::load().map_err(|_| Fault::Internal("embedding model"))?;
        Ok(self.embedder.get_or_init(|| loaded))
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

    /// Runs work that somebody waits for.
    pub(crate) async fn question<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        run(&self.questions, work).await
    }

    /// Runs work that can wait its turn.
    pub(crate) async fn batch<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        run(&self.batches, work).await
    }

    pub(crate) async fn embed_question(self: &Arc<Self>, question: &str) -> Result<Option<Vector>, Fault> {
        let (engine, question) = (self.clone(), question.to_owned());
        let embedded = self.question(move || embed(&engine, &[question.as_str()])).await??;
        Ok(embedded.into_iter().next())
    }

    pub(crate) async fn embed_passages(self: &Arc<Self>, passages: Vec<String>) -> Result<Vec<Vector>, Fault> {
        let engine = self.clone();
        self.batch(move || embed(&engine, &passages.iter().map(String::as_str).collect::<Vec<_>>()))
            .await?
    }
}

fn embed(engine: &Engine, texts: &[&str]) -> Result<Vec<Vector>, Fault> {
    engine.embedder()?.embed(texts).map_err(|_| Fault::Internal("embedding"))
}

/// A panic in the work comes back as `Crashed`.
async fn run<T: Send + 'static>(slots: &Arc<Semaphore>, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
    let slot = slots.clone().acquire_owned().await.map_err(|_| Fault::Internal("work pool"))?;
    // The slot goes with the work: a caller that gives up does not free a core that is still busy.
    let done = tokio::task::spawn_blocking(move || {
        let _slot = slot;
        work()
    });
    done.await.map_err(|_| Fault::Crashed)
}
