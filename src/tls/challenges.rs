//! What an authority asks for on port 80, to see that the name is ours (RFC 8555, 8.3).

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Answers by token, as long as an order goes on.
#[derive(Default)]
pub struct Challenges(Mutex<BTreeMap<String, String>>);

impl Challenges {
    pub fn put(&self, token: String, answer: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token, answer);
    }

    pub fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    #[must_use]
    pub fn answer(&self, token: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }
}
