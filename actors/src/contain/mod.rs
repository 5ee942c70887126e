//! Containment: a panic in one actor costs that actor its state and nobody else anything.
//!
//! actix by itself lets a panicking actor die for good, and its mailboxes are unbounded. Here domain code is a plain
//! [`Behaviour`] with `async fn serve`; one generic actor hosts it, catches its panics, rebuilds it from storage, and is
//! reached through a [`Handle`] that admits a bounded number of messages.

mod cell;
mod handle;
mod histogram;
mod strike;
#[cfg(test)]
mod tests;
mod vitals;

use std::{future::Future, time::Duration};

pub use handle::Handle;
pub use histogram::{Times, end as bucket_end};
pub use vitals::{Counts, Failure, Home, Ledger, Reason, State, Status, Vitals};

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
    /// How long the sender waits. Accepted work goes on after that, up to [`RestartPolicy::hang_factor`] times as long.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// What a reply says of the actor's health.
    fn failure(_reply: &Self::Reply) -> Option<Failure> {
        None
    }
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
            fn failure(reply: &Self::Reply) -> Option<$crate::contain::Failure> {
                reply.as_ref().err().and_then($crate::Fault::failure)
            }
            $($crate::request!(@$key $($value)?);)*
        }
    )*};
    (@exclusive) => { const EXCLUSIVE: bool = true; };
    (@patience $seconds:literal) => { const PATIENCE: std::time::Duration = std::time::Duration::from_secs($seconds); };
}

/// When to give up work that does not end, and when to stop rebuilding an actor that keeps failing.
#[derive(Clone, Copy, Debug)]
pub struct RestartPolicy {
    /// More crashes than this within `window` quarantine the actor.
    pub crashes: usize,
    pub window: Duration,
    /// Before the first rebuild; doubles with each crash in the window.
    pub backoff: Duration,
    /// How long a quarantined actor refuses before it is tried again. Doubles when that does not help.
    pub quarantine: Duration,
    /// A message that takes this many times its sender's patience is cancelled, and the actor rebuilt.
    pub hang_factor: u32,
    /// How long building may take.
    pub building: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            crashes: 5,
            window: Duration::from_secs(10),
            backoff: Duration::from_millis(20),
            quarantine: Duration::from_secs(30),
            hang_factor: 2,
            building: Duration::from_secs(60),
        }
    }
}

/// Why a message has no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// As many messages wait as this actor admits.
    Overloaded,
    /// The actor is gone with its thread.
    Down,
    /// It failed again and again, and is left alone for a while.
    Quarantined { retry_after_s: u64 },
    /// It failed over this message, or was reset, and is being rebuilt.
    Crashed,
    /// No reply in time. The work may still complete.
    TimedOut,
}
