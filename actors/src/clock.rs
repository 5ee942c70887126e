//! Time, handed in: tests move it instead of sleeping.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use entities::Millis;

#[derive(Clone)]
pub struct Clock(Arc<Source>);

enum Source {
    System,
    Manual(AtomicI64),
}

impl Clock {
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Source::System))
    }

    /// A clock that stands still until [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual(now: Millis) -> Self {
        Self(Arc::new(Source::Manual(AtomicI64::new(now))))
    }

    #[must_use]
    pub fn now(&self) -> Millis {
        match &*self.0 {
            Source::System => chrono::Utc::now().timestamp_millis(),
            Source::Manual(now) => now.load(Ordering::SeqCst),
        }
    }

    /// Moves a manual clock; the system's own is not ours to move.
    pub fn advance(&self, by: Millis) {
        if let Source::Manual(now) = &*self.0 {
            now.fetch_add(by, Ordering::SeqCst);
        }
    }
}
