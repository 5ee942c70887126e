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

fn start(seed: &Seed, capacity: usize) -> Handle<Counter> {
    let policy = RestartPolicy {
        backoff: Duration::from_millis(1),
        quarantine: Duration::from_millis(30),
        ..Default::default()
    };
    Handle::start(&Arbiter::current(), seed.clone(), capacity, policy)
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
    assert_eq!(counter.call(Read).await.err(), Some(CallError::Down));
    let mut patience = 200;
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
