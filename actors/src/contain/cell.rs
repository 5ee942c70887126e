//! The one actor type.

use std::{any::Any, collections::VecDeque, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use actix::prelude::*;
use futures_util::{FutureExt, future::LocalBoxFuture};
use tokio::{
    sync::{Mutex, Notify, OwnedSemaphorePermit},
    time::Instant,
};
use tracing::{Instrument, Span};

use super::{
    Behaviour, CallError, Failure, Request, RestartPolicy, Serve, Vitals,
    strike::Strike,
    vitals::{Phase, Reason},
};

/// A message on its way, with its place in the mailbox. Dropping it, read or unread, gives the place back.
///
/// One type for all messages of an actor: what carries them is compiled once for each actor, and not for each of some hundred messages.
pub(super) struct Envelope<T: Behaviour> {
    serve: Serving<T>,
    exclusive: bool,
    patience: Duration,
    slot: OwnedSemaphorePermit,
    /// From when it is sent until it is answered, as part of what whoever sends it is at.
    span: Span,
}

type Serving<T> = Box<dyn FnOnce(Arc<T>) -> LocalBoxFuture<'static, Served> + Send>;

/// A reply, and what it says of the actor's health.
pub(super) struct Served {
    reply: Box<dyn Any + Send>,
    failure: Option<Failure>,
}

impl<T: Behaviour> Envelope<T> {
    pub(super) fn new<M: Request>(message: M, slot: OwnedSemaphorePermit) -> Self
    where
        T: Serve<M>,
    {
        let serve = |state: Arc<T>| {
            let serving = async move {
                let reply = state.serve(message).await;
                let failure = M::failure(&reply);
                Served {
                    reply: Box::new(reply),
                    failure,
                }
            };
            serving.boxed_local()
        };
        Self {
            serve: Box::new(serve),
            exclusive: M::EXCLUSIVE,
            patience: M::PATIENCE,
            slot,
            span: tracing::debug_span!("actor", name = T::NAME),
        }
    }
}

impl<T: Behaviour> Message for Envelope<T> {
    type Result = Result<Box<dyn Any + Send>, CallError>;
}

/// Begin anew: an operator asks.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Reset;

/// Hosts a behaviour and contains its failures.
pub(super) struct Cell<T: Behaviour> {
    state: Option<Arc<T>>,
    seed: T::Seed,
    policy: RestartPolicy,
    vitals: Arc<Vitals>,
    crashes: VecDeque<Instant>,
    quarantine: Quarantine,
    /// Exclusive messages hold it while they run.
    turn: Arc<Mutex<()>>,
    /// Rings for what is running when a reset gives it up.
    cancelled: Arc<Notify>,
}

#[derive(Default)]
struct Quarantine {
    until: Option<Instant>,
    /// How often in a row, and when the last one ended.
    repeats: u32,
    ended: Option<Instant>,
}

/// What became of a message.
enum Outcome {
    Served(Served),
    Panicked,
    Hung,
    Cancelled,
}

impl<T: Behaviour> Cell<T> {
    pub(super) fn new(seed: T::Seed, policy: RestartPolicy, vitals: Arc<Vitals>) -> Self {
        Self {
            state: None,
            seed,
            policy,
            vitals,
            crashes: VecDeque::new(),
            quarantine: Quarantine::default(),
            turn: Arc::default(),
            cancelled: Arc::default(),
        }
    }

    /// Builds the state. The mailbox waits meanwhile; nothing in it is lost.
    fn build(&mut self, ctx: &mut Context<Self>) {
        let (seed, vitals, bound) = (self.seed.clone(), self.vitals.clone(), self.policy.building);
        let delay = match self.crashes.len() {
            0 => Duration::ZERO,
            n => self.policy.backoff * 2_u32.saturating_pow(u32::try_from(n - 1).unwrap_or(8).min(8)),
        };
        let building = async move {
            if !delay.is_zero() {
                vitals.enter(&Phase::BackingOff);
                tokio::time::sleep(delay).await;
            }
            vitals.enter(&Phase::Starting);
            let init = async {
                Strike::build(&vitals).await;
                T::init(seed).await
            };
            tokio::time::timeout(bound, AssertUnwindSafe(init).catch_unwind()).await
        };
        ctx.wait(building.into_actor(self).map(|built, cell, ctx| match built {
            Ok(Ok(Ok(state))) => {
                cell.state = Some(Arc::new(state));
                cell.vitals.enter(&Phase::Ready);
            }
            Ok(Ok(Err(fault))) => {
                tracing::warn!(actor = T::NAME, %fault, "an actor could not be built");
                let storage = fault.failure().is_some_and(|failure| failure.reason == Reason::Storage);
                cell.crashed(if storage { Reason::Storage } else { Reason::Build }, ctx);
            }
            Ok(Err(_)) => cell.crashed(Reason::Panic, ctx),
            Err(_) => cell.crashed(Reason::Hang, ctx),
        }));
    }

    fn crashed(&mut self, reason: Reason, ctx: &mut Context<Self>) {
        self.state = None;
        self.vitals.failed(reason);
        let now = Instant::now();
        self.crashes.push_back(now);
        while self.crashes.front().is_some_and(|at| now - *at > self.policy.window) {
            self.crashes.pop_front();
        }
        if self.crashes.len() > self.policy.crashes {
            let length = self.quarantine.begin(reason, &self.policy, now);
            tracing::error!(
                actor = T::NAME,
                ?reason,
                seconds = length.as_secs(),
                "an actor keeps failing and is quarantined"
            );
            self.vitals.enter(&Phase::Quarantined { until: now + length });
            self.crashes.clear();
            return;
        }
        tracing::warn!(actor = T::NAME, ?reason, crashes = self.crashes.len(), "an actor is rebuilt");
        self.vitals.restarted();
        self.build(ctx);
    }

    /// The state, or how long to stay away. After its quarantine the next message finds a rebuilt actor or waits for one.
    fn ready(&mut self, ctx: &mut Context<Self>) -> Result<Arc<T>, CallError> {
        let now = Instant::now();
        if let Some(until) = self.quarantine.until {
            if now < until {
                let left = until - now;
                return Err(CallError::Quarantined {
                    retry_after_s: left.as_secs() + 1,
                });
            }
            self.quarantine.until = None;
            self.quarantine.ended = Some(now);
            self.vitals.restarted();
            self.build(ctx);
        }
        self.state.clone().ok_or(CallError::Quarantined { retry_after_s: 1 })
    }

    /// Several messages may fail on one broken state: only the first takes it down.
    fn broken(&mut self, served: &std::sync::Weak<T>, reason: Reason, ctx: &mut Context<Self>) {
        let current = self
            .state
            .as_ref()
            .is_some_and(|state| std::ptr::eq(Arc::as_ptr(state), served.as_ptr()));
        if current {
            self.crashed(reason, ctx);
        } else {
            self.vitals.failed(reason);
        }
    }
}

impl Quarantine {
    /// Doubles with each repetition, unless storage is to blame: when that is back, everyone shall be.
    fn begin(&mut self, reason: Reason, policy: &RestartPolicy, now: Instant) -> Duration {
        let calm = policy.quarantine * 2 * MOST_TIMES;
        if reason == Reason::Storage || self.ended.is_none_or(|ended| now - ended > calm) {
            self.repeats = 0;
        }
        let length = policy.quarantine * (1 << self.repeats.min(8)).min(MOST_TIMES);
        self.repeats += 1;
        self.until = Some(now + length);
        length
    }
}

/// A quarantine grows to as many times its first length.
const MOST_TIMES: u32 = 16;

impl<T: Behaviour> Actor for Cell<T> {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        // Admission is bounded by the handle's semaphore, before a message gets here.
        ctx.set_mailbox_capacity(0);
        self.build(ctx);
    }
}

impl<T: Behaviour> Unpin for Cell<T> {}

impl<T: Behaviour> Handler<Reset> for Cell<T> {
    type Result = ();

    fn handle(&mut self, _: Reset, ctx: &mut Self::Context) {
        self.state = None;
        self.crashes.clear();
        self.quarantine = Quarantine::default();
        self.cancelled.notify_waiters();
        self.vitals.restarted();
        self.build(ctx);
    }
}

impl<T: Behaviour> Handler<Envelope<T>> for Cell<T> {
    type Result = ResponseActFuture<Self, Result<Box<dyn Any + Send>, CallError>>;

    fn handle(&mut self, envelope: Envelope<T>, ctx: &mut Self::Context) -> Self::Result {
        let state = match self.ready(ctx) {
            Ok(state) => state,
            Err(refused) => return Box::pin(async move { Err(refused) }.into_actor(self)),
        };
        let turn = envelope.exclusive.then(|| self.turn.clone());
        let (served, vitals, cancelled) = (Arc::downgrade(&state), self.vitals.clone(), self.cancelled.clone());
        let strike = Strike::plan(&vitals);
        let bound = strike.bound(envelope.patience * self.policy.hang_factor);
        let work = async move {
            let Envelope { serve, slot, span, .. } = envelope;
            let serving = async {
                let _turn = match &turn {
                    Some(turn) => Some(turn.lock().await),
                    None => None,
                };
                let began = Instant::now();
                let serving = async {
                    strike.before().await;
                    let served = serve(state).await;
                    strike.after().await;
                    served
                };
                let outcome = tokio::time::timeout(bound, AssertUnwindSafe(serving).catch_unwind()).await;
                vitals.handled(began.elapsed());
                match outcome {
                    Ok(Ok(served)) => Outcome::Served(served),
                    Ok(Err(_)) => Outcome::Panicked,
                    Err(_) => Outcome::Hung,
                }
            };
            let outcome = tokio::select! {
                biased;
                () = cancelled.notified() => Outcome::Cancelled,
                outcome = serving.instrument(span) => outcome,
            };
            drop(slot);
            outcome
        };
        Box::pin(work.into_actor(self).map(move |outcome, cell, ctx| match outcome {
            Outcome::Served(Served { reply, failure }) => {
                match failure {
                    Some(Failure { reason, breaks: true }) => cell.broken(&served, reason, ctx),
                    Some(Failure { reason, .. }) => cell.vitals.failed(reason),
                    None => {}
                }
                Ok(reply)
            }
            Outcome::Panicked => {
                cell.broken(&served, Reason::Panic, ctx);
                Err(CallError::Crashed)
            }
            Outcome::Hung => {
                cell.broken(&served, Reason::Hang, ctx);
                Err(CallError::Crashed)
            }
            Outcome::Cancelled => Err(CallError::Crashed),
        }))
    }
}
