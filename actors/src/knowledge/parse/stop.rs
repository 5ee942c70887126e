//! Ending a reading that nobody waits for any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::ParseError;

/// Raised by whoever waits for a reading, seen by the reading at its next step. Clones share one state.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn raise(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// `Stopped` once it is raised.
    pub(crate) fn check(&self) -> Result<(), ParseError> {
        if self.is_raised() { Err(ParseError::Stopped) } else { Ok(()) }
    }
}
