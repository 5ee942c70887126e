//! The one actor type.

use std::{collections::VecDeque, panic::AssertUnwindSafe, sync::Arc};

use actix::prelude::*;
use futures_util::FutureExt;
use tokio::{
    sync::{Mutex, OwnedSemaphorePermit},
    time::Instant,
};

use super::{Behaviour, CallError, Request, RestartPolicy, Serve};

/// A message on its way, with its place in the mailbox. Dropping it, read or unread, gives the place back.
pub(super) struct Envelope<M> {
    pub message: M,
    pub slot: OwnedSemaphorePermit,
}

impl<M: Request> Message for Envelope<M> {
    type Result = Result<M::Reply, CallError>;
}

/// Hosts a behaviour and contains its panics.
pub(super) struct Cell<T: Behaviour> {
    state: Option<Arc<T>>,
    seed: T::Seed,
    policy: RestartPolicy,
    crashes: VecDeque<Instant>,
    quarantined_until: Option<Instant>,
    /// Exclusive messages hold it while they run.
    turn: Arc<Mutex<()>>,
}

impl<T: Behaviour> Cell<T> {
    pub(super) fn new(seed: T::Seed, policy: RestartPolicy) -> Self {
        Self {
            state: None,
            seed,
            policy,
            crashes: VecDeque::new(),
            quarantined_until: None,
            turn: Arc::default(),
        }
    }

    /// Builds the state. The mailbox waits meanwhile; nothing in it is lost.
    fn build(&mut self, ctx: &mut Context<Self>) {
        let seed = self.seed.clone();
        let delay = match self.crashes.len() {
            0 => std::time::Duration::ZERO,
            n => self.policy.backoff * 2_u32.saturating_pow(u32::try_from(n - 1).unwrap_or(8).min(8)),
        };
        let building = async move {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            AssertUnwindSafe(async move { T::init(seed).await }).catch_unwind().await
        };
        ctx.wait(building.into_actor(self).map(|built, cell, ctx| match built {
            Ok(Ok(state)) => cell.state = Some(Arc::new(state)),
            Ok(Err(fault)) => {
                tracing::warn!(actor = T::NAME, %fault, "an actor could not be built");
                cell.crashed(ctx);
            }
            Err(_) => cell.crashed(ctx),
        }));
    }

    fn crashed(&mut self, ctx: &mut Context<Self>) {
        self.state = None;
        let now = Instant::now();
        self.crashes.push_back(now);
        while self.crashes.front().is_some_and(|at| now - *at > self.policy.window) {
            self.crashes.pop_front();
        }
        if self.crashes.len() > self.policy.crashes {
            tracing::error!(actor = T::NAME, "an actor keeps failing and is quarantined");
            self.quarantined_until = Some(now + self.policy.quarantine);
            self.crashes.clear();
            return;
        }
        tracing::warn!(actor = T::NAME, crashes = self.crashes.len(), "an actor is rebuilt");
        self.build(ctx);
    }

    /// The state, unless the actor is quarantined. After its quarantine the next message finds a rebuilt actor or waits for one.
    fn ready(&mut self, ctx: &mut Context<Self>) -> Option<Arc<T>> {
        if self.quarantined_until.is_some_and(|until| Instant::now() >= until) {
            self.quarantined_until = None;
            self.build(ctx);
        }
        self.state.clone()
    }
}

impl<T: Behaviour> Actor for Cell<T> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // Admission is bounded by the handle's semaphore, before a message gets here.
        ctx.set_mailbox_capacity(0);
        self.build(ctx);
    }
}

impl<T: Behaviour> Unpin for Cell<T> {}

impl<T: Serve<M>, M: Request> Handler<Envelope<M>> for Cell<T> {
    type Result = ResponseActFuture<Self, Result<M::Reply, CallError>>;

    fn handle(&mut self, envelope: Envelope<M>, ctx: &mut Self::Context) -> Self::Result {
        let Some(state) = self.ready(ctx) else {
            return Box::pin(async { Err(CallError::Down) }.into_actor(self));
        };
        let turn = M::EXCLUSIVE.then(|| self.turn.clone());
        let served = Arc::downgrade(&state);
        let work = async move {
            let Envelope { message, slot } = envelope;
            let _turn = match &turn {
                Some(turn) => Some(turn.lock().await),
                None => None,
            };
            let outcome = AssertUnwindSafe(state.serve(message)).catch_unwind().await;
            drop(slot);
            outcome
        };
        Box::pin(work.into_actor(self).map(move |outcome, cell, ctx| match outcome {
            Ok(reply) => Ok(reply),
            Err(_) => {
                // Several messages may fail on one broken state: only the first takes it down.
                if cell
                    .state
                    .as_ref()
                    .is_some_and(|state| std::ptr::eq(Arc::as_ptr(state), served.as_ptr()))
                {
                    cell.crashed(ctx);
                }
                Err(CallError::Crashed)
            }
        }))
    }
}
