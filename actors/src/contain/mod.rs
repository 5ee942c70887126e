//! Containment: a panic in one actor costs that actor its state and nobody else anything.
//!
//! actix by itself lets a panicking actor die for good, and its mailboxes are unbounded. Here domain code is a plain
//! [`Behaviour`] with `async fn serve`; one generic actor hosts it, catches its panics, rebuilds it from storage, and is
//! reached through a [`Handle`] that admits a bounded number of messages.

mod cell;
mod handle;
#[cfg(test)]
mod tests;

use std::{future::Future, time::Duration};

pub use handle::Handle;

use crate::fault::Fault;

/// What an actor does, as plain state and async functions. The state is a cache: storage can always make it anew.
pub trait Behaviour: Sized + Send + Sync + 'static {
    /// What the actor is born with, its tenant included. Kept for rebuilding.
    type Seed: Clone + Send + Sync + Unpin + 'static;
    /// For logs.
    const NAME: &'static str;

    fn init(seed: Self::Seed) -> impl Future<Output = Result<Self, Fault>> + 'static;
}

/// A message, its reply, and who may send it.
pub trait Request: Send + 'static {
    type Reply: Send + 'static;
    /// The least role whose pass may carry this message: one of [`crate::role`].
    type Needs;
    /// Exclusive messages of one actor run one after the other; the rest run beside each other and beside them, so that
    /// a slow read holds up nobody.
    const EXCLUSIVE: bool = false;
    /// How long the sender waits. Accepted work goes on after that.
    const PATIENCE: Duration = Duration::from_secs(20);
}

/// That an actor understands a message.
pub trait Serve<M: Request>: Behaviour {
    fn serve(&self, message: M) -> impl Future<Output = M::Reply>;
}

/// Declares messages: `request! { ListProjects => Vec<Project>, needs Member; }`, with `exclusive` where order matters and
/// `patience = 60` (seconds) where twenty are not enough.
#[macro_export]
macro_rules! request {
    ($($message:ty => $reply:ty, needs $role:ident $(, $key:ident $(= $value:literal)?)*;)*) => {$(
        impl $crate::contain::Request for $message {
            type Reply = Result<$reply, $crate::Fault>;
            type Needs = $crate::role::$role;
            $($crate::request!(@$key $($value)?);)*
        }
    )*};
    (@exclusive) => { const EXCLUSIVE: bool = true; };
    (@patience $seconds:literal) => { const PATIENCE: std::time::Duration = std::time::Duration::from_secs($seconds); };
}

/// When to stop rebuilding an actor that keeps failing.
#[derive(Clone, Copy, Debug)]
pub struct RestartPolicy {
    /// More crashes than this within `window` quarantine the actor.
    pub crashes: usize,
    pub window: Duration,
    /// Before the first rebuild; doubles with each crash in the window.
    pub backoff: Duration,
    /// How long a quarantined actor refuses before it is tried again.
    pub quarantine: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            crashes: 5,
            window: Duration::from_secs(10),
            backoff: Duration::from_millis(20),
            quarantine: Duration::from_secs(30),
        }
    }
}

/// Why a message has no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// As many messages wait as this actor admits.
    Overloaded,
    /// The actor is quarantined, or gone with its thread.
    Down,
    /// It panicked over this message and is being rebuilt.
    Crashed,
    /// No reply in time. The work may still complete.
    TimedOut,
}
