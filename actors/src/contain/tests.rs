use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use actix::Arbiter;
use tokio::sync::Notify;

use super::*;
use crate::request;

/// Counts in memory on top of what "storage" holds, and breaks on request.
struct Counter {
    seed: Seed,
    stored: u32,
}

#[derive(Clone, Default)]
struct Seed {
    storage: Arc<AtomicU32>,
    builds: Arc<AtomicU32>,
    gate: Arc<Notify>,
}

impl Behaviour for Counter {
    type Seed = Seed;
    const NAME: &'static str = "counter";

    async fn init(seed: Seed) -> Result<Self, Fault> {
        seed.builds.fetch_add(1, Ordering::SeqCst);
        let stored = seed.storage.load(Ordering::SeqCst);
        Ok(Self { seed, stored })
    }
}

struct Add(u32);
struct Read;
struct Break;
struct Wait;

request! {
    Add => u32, needs System, exclusive;
    Read => u32, needs System;
    Break => (), needs System;
    Wait => (), needs System;
}

impl Serve<Add> for Counter {
    async fn serve(&self, Add(n): Add) -> Result<u32, Fault> {
        Ok(self.seed.storage.fetch_add(n, Ordering::SeqCst) + n)
    }
}
impl Serve<Read> for Counter {
    async fn serve(&self, _: Read) -> Result<u32, Fault> {
        Ok(self.stored)
    }
}
impl Serve<Break> for Counter {
    async fn serve(&self, _: Break) -> Result<(), Fault> {
        tokio::task::yield_now().await;
        panic!("asked to break")
    }
}
impl Serve<Wait> for Counter {
    async fn serve(&self, _: Wait) -> Result<(), Fault> {
        self.seed.gate.notified().await;
        Ok(())
    }
}

fn home() -> Home {
    Home {
        arbiter: Arbiter::current(),
        number: 0,
        tenant: entities::TenantId::new(),
        project: None,
        ledger: Arc::new(Ledger::new(crate::clock::Clock::system())),
    }
}

fn start(seed: &Seed, capacity: usize) -> Handle<Counter> {
    let policy = RestartPolicy {
        backoff: Duration::from_millis(1),
        // Long enough to be seen on a busy machine.
        quarantine: Duration::from_secs(1),
        ..Default::default()
    };
    Handle::start(&home(), seed.clone(), capacity, policy)
}

#[actix_rt::test]
async fn a_crashed_actor_comes_back_from_storage() {
    let seed = Seed::default();
    let counter = start(&seed, 8);
    assert_eq!(counter.call(Add(3)).await.unwrap().unwrap(), 3);
    assert_eq!(counter.call(Break).await.err(), Some(CallError::Crashed));
    assert_eq!(
        counter.call(Read).await.unwrap().unwrap(),
        3,
        "the rebuilt state is what storage holds"
    );
    assert_eq!(seed.builds.load(Ordering::SeqCst), 2);
}

#[actix_rt::test]
async fn a_full_mailbox_refuses_at_once_and_admits_again() {
    let seed = Seed::default();
    let counter = start(&seed, 2);
    let (first, second) = (counter.call(Wait), counter.call(Wait));
    assert_eq!(counter.call(Read).await.err(), Some(CallError::Overloaded));
    let waiting = actix_rt::spawn(async move { (first.await, second.await) });
    while !waiting.is_finished() {
        seed.gate.notify_waiters();
        tokio::task::yield_now().await;
    }
    assert!(counter.call(Read).await.is_ok());
}

#[actix_rt::test]
async fn a_slow_message_holds_up_no_other() {
    let seed = Seed::default();
    let counter = start(&seed, 8);
    let slow = actix_rt::spawn(counter.call(Wait));
    assert!(counter.call(Read).await.is_ok());
    assert!(counter.call(Add(1)).await.is_ok());
    seed.gate.notify_one();
    assert!(slow.await.unwrap().is_ok());
}

#[actix_rt::test]
async fn an_actor_that_keeps_failing_is_quarantined_and_tried_again_later() {
    let seed = Seed::default();
    let counter = start(&seed, 8);
    for _ in 0..6 {
        assert_eq!(counter.call(Break).await.err(), Some(CallError::Crashed));
    }
    assert!(matches!(counter.call(Read).await.err(), Some(CallError::Quarantined { .. })));
    let mut patience = 5_000;
    while counter.call(Read).await.is_err() && patience > 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
        patience -= 1;
    }
    assert!(counter.call(Read).await.is_ok(), "it recovers by itself after its quarantine");
}

#[actix_rt::test]
async fn dropping_the_reply_does_not_cancel_accepted_work() {
    let seed = Seed::default();
    let counter = start(&seed, 8);
    let (slow, read) = (counter.call(Wait), counter.call(Read));
    let slow = actix_rt::spawn(slow);
    read.await.unwrap().unwrap();
    let add = actix_rt::spawn(counter.call(Add(5)));
    tokio::task::yield_now().await;
    tokio::task::yield_now().await;
    add.abort();
    seed.gate.notify_one();
    slow.await.unwrap().unwrap().unwrap();
    assert_eq!(counter.call(Add(0)).await.unwrap().unwrap(), 5);
}

/// Never ends by itself; a hand-written request, for a patience of milliseconds.
struct Hang;
/// The same, but others wait for its turn.
struct HangAlone;
/// Fails as work off the thread does that panicked.
struct Spoil;
/// Fails as storage does.
struct Unreachable;

request! {
    Spoil => (), needs System;
    Unreachable => (), needs System;
}

macro_rules! impatient {
    ($($message:ty, $exclusive:literal;)*) => {$(
        impl Request for $message {
            type Reply = Result<(), Fault>;
            type Needs = crate::role::System;
            const EXCLUSIVE: bool = $exclusive;
            const PATIENCE: Duration = Duration::from_millis(20);
        }
        impl Serve<$message> for Counter {
            async fn serve(&self, _: $message) -> Result<(), Fault> {
                std::future::pending().await
            }
        }
    )*};
}
impatient! {
    Hang, false;
    HangAlone, true;
}

impl Serve<Spoil> for Counter {
    async fn serve(&self, _: Spoil) -> Result<(), Fault> {
        Err(Fault::WorkPanicked)
    }
}
impl Serve<Unreachable> for Counter {
    async fn serve(&self, _: Unreachable) -> Result<(), Fault> {
        Err(Fault::Storage(entities::StoreError::Unavailable("test")))
    }
}

async fn until(handle: &Handle<Counter>, holds: impl Fn(&Status) -> bool) -> Status {
    for _ in 0..2000 {
        let status = handle.vitals().status();
        if holds(&status) {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("not in time: {:?}", handle.vitals().status())
}

#[actix_rt::test]
async fn work_that_hangs_is_cancelled_and_the_actor_rebuilt() {
    let seed = Seed::default();
    let counter = start(&seed, 8);
    assert_eq!(
        counter.call(Hang).await.err(),
        Some(CallError::TimedOut),
        "the sender gives up first"
    );
    assert_eq!(seed.builds.load(Ordering::SeqCst), 1, "which by itself changes nothing");
    let status = until(&counter, |status| status.failures == 1 && status.state == State::Idle).await;
    assert_eq!((status.last_failure, status.restarts, status.depth), (Some(Reason::Hang), 1, 0));
    assert_eq!(seed.builds.load(Ordering::SeqCst), 2);
}

#[actix_rt::test]
async fn a_hanging_turn_is_released_to_those_who_wait_for_it() {
    let seed = Seed::default();
    let counter = start(&seed, 8);
    let hung = counter.call(HangAlone);
    let add = counter.call(Add(2));
    assert!(hung.await.is_err());
    assert_eq!(add.await.unwrap().unwrap(), 2);
}

#[actix_rt::test]
async fn a_reset_ends_a_quarantine_and_gives_up_what_hangs() {
    let seed = Seed::default();
    let policy = RestartPolicy {
        backoff: Duration::from_millis(1),
        ..Default::default()
    };
    let counter = Handle::<Counter>::start(&home(), seed.clone(), 8, policy);
    let stuck = counter.call(Wait);
    for _ in 0..6 {
        assert_eq!(counter.call(Break).await.err(), Some(CallError::Crashed));
    }
    let refused = counter.call(Read).await.err();
    assert!(
        matches!(refused, Some(CallError::Quarantined { retry_after_s: 29..=31 })),
        "{refused:?}"
    );
    let status = counter.vitals().status();
    assert_eq!((status.state, status.failures), (State::Quarantined, 6));
    assert!(status.retry_after_s.is_some());
    counter.reset().await.unwrap();
    assert!(counter.call(Read).await.is_ok());
    assert_eq!(stuck.await.err(), Some(CallError::Crashed));
    assert_eq!(until(&counter, |status| status.depth == 0).await.state, State::Idle);
}

#[actix_rt::test]
async fn spoiled_state_is_rebuilt_and_unreachable_storage_is_only_counted() {
    let seed = Seed::default();
    let counter = start(&seed, 8);
    assert!(counter.call(Unreachable).await.unwrap().is_err());
    let status = counter.vitals().status();
    assert_eq!(
        (status.failures, status.restarts, status.last_failure),
        (1, 0, Some(Reason::Storage))
    );
    assert!(counter.call(Spoil).await.unwrap().is_err());
    counter.call(Read).await.unwrap().unwrap();
    assert_eq!(seed.builds.load(Ordering::SeqCst), 2);
    assert_eq!(counter.vitals().status().last_failure, Some(Reason::Work));
}

#[actix_rt::test]
async fn a_quarantine_grows_while_it_does_not_help() {
    let seed = Seed::default();
    let policy = RestartPolicy {
        crashes: 0,
        backoff: Duration::ZERO,
        quarantine: Duration::from_millis(200),
        ..Default::default()
    };
    let counter = Handle::<Counter>::start(&home(), seed.clone(), 8, policy);
    let mut lengths = Vec::new();
    for _ in 0..3 {
        // From before the crash: whoever is told of it may learn of it late.
        let mut began = tokio::time::Instant::now();
        while counter.call(Break).await.err() != Some(CallError::Crashed) {
            tokio::time::sleep(Duration::from_millis(1)).await;
            began = tokio::time::Instant::now();
        }
        while counter.call(Read).await.is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        lengths.push(began.elapsed());
    }
    // At least so long: a busy machine makes each longer.
    let expected = [200, 400, 800].map(Duration::from_millis);
    assert!(
        lengths.iter().zip(expected).all(|(length, expected)| *length >= expected),
        "{lengths:?}"
    );
}

#[actix_rt::test]
async fn vitals_count_what_happens_and_outlive_the_actor_as_sums() {
    let (seed, home) = (Seed::default(), home());
    let counter = Handle::<Counter>::start(&home, seed.clone(), 3, RestartPolicy::default());
    let waiting: Vec<_> = (0..3).map(|_| counter.call(Wait)).collect();
    assert_eq!(counter.call(Read).await.err(), Some(CallError::Overloaded));
    let status = counter.vitals().status();
    assert_eq!((status.depth, status.peak, status.capacity, status.refused), (3, 3, 3, 1));
    let all = actix_rt::spawn(futures_util::future::join_all(waiting));
    while !all.is_finished() {
        seed.gate.notify_waiters();
        tokio::task::yield_now().await;
    }
    let status = until(&counter, |status| status.depth == 0).await;
    assert_eq!((status.handled, status.peak, status.state), (3, 3, State::Idle));
    assert!(status.p50_us.is_some() && status.p99_us >= status.p50_us);
    drop(counter);
    for _ in 0..2000 {
        if home.ledger.departed().contains_key("counter") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let departed = home.ledger.departed()["counter"];
    assert_eq!((departed.handled, departed.refused), (3, 1));
}
