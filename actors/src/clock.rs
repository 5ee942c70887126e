//! Time, handed in: tests move it instead of sleeping.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use entities::Millis;
use tokio::sync::Notify;

#[derive(Clone)]
pub struct Clock(Arc<Source>);

enum Source {
    System,
    Manual { now: AtomicI64, moved: Notify },
}

impl Clock {
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Source::System))
    }

    /// A clock that stands still until [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual(now: Millis) -> Self {
        Self(Arc::new(Source::Manual {
            now: AtomicI64::new(now),
            moved: Notify::new(),
        }))
    }

    #[must_use]
    pub fn now(&self) -> Millis {
        match &*self.0 {
            Source::System => chrono::Utc::now().timestamp_millis(),
            Source::Manual { now, .. } => now.load(Ordering::SeqCst),
        }
    }

    /// Moves a manual clock; the system's own is not ours to move.
    pub fn advance(&self, by: Millis) {
        if let Source::Manual { now, moved } = &*self.0 {
            now.fetch_add(by, Ordering::SeqCst);
            moved.notify_waiters();
        }
    }

    /// Completes when the clock leaps. The system's own runs on, and what waits for it sleeps.
    pub(crate) async fn leapt(&self) {
        match &*self.0 {
            Source::System => std::future::pending().await,
            Source::Manual { moved, .. } => moved.notified().await,
        }
    }
}
