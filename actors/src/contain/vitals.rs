//! What is known of an actor from outside: a few counters beside it. Nothing here knows what a message says.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use actix::ArbiterHandle;
use entities::{Millis, ProjectId, TenantId};
use serde::Serialize;
use tokio::{sync::Semaphore, time::Instant};

use super::histogram::{Histogram, Times};
use crate::clock::Clock;

/// Where an actor lives and whose it is.
#[derive(Clone)]
pub struct Home {
    pub arbiter: ArbiterHandle,
    /// The arbiter's number, to show.
    pub number: usize,
    pub tenant: TenantId,
    pub project: Option<ProjectId>,
    pub ledger: Arc<Ledger>,
}

/// Counts of the actors that are gone, so that sums over all never fall.
pub struct Ledger {
    pub(crate) clock: Clock,
    departed: Mutex<BTreeMap<&'static str, Counts>>,
}

/// What actors of one kind did.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// How many there were.
    pub started: u64,
    pub handled: u64,
    pub refused: u64,
    pub failures: u64,
    pub restarts: u64,
    pub times: Times,
}

impl Counts {
    pub fn add(&mut self, other: &Self) {
        self.started += other.started;
        self.handled += other.handled;
        self.refused += other.refused;
        self.failures += other.failures;
        self.restarts += other.restarts;
        self.times.add(&other.times);
    }
}

impl Ledger {
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            departed: Mutex::default(),
        }
    }

    /// By kind.
    #[must_use]
    pub fn departed(&self) -> BTreeMap<&'static str, Counts> {
        self.departed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How an actor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Refuses until a time, because it failed again and again.
    Quarantined,
    /// Failed, and waits a little before it is rebuilt.
    BackingOff,
    /// Is built from storage.
    Starting,
    /// Has messages.
    Running,
    /// Waits for messages.
    Idle,
}

/// Why an actor failed: a category, never what it worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Panic,
    /// A message took longer than its bound and was cancelled.
    Hang,
    /// The database or the cache did not answer.
    Storage,
    /// It could not be built from storage.
    Build,
    /// Work off its thread panicked.
    Work,
    /// Something that should not be: sealed data that does not open, a value out of place.
    Internal,
}

const REASONS: [Reason; 6] = [
    Reason::Panic,
    Reason::Hang,
    Reason::Storage,
    Reason::Build,
    Reason::Work,
    Reason::Internal,
];

/// What a reply says of the actor that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    pub reason: Reason,
    /// The actor's state may be broken: it is rebuilt.
    pub breaks: bool,
}

pub(super) enum Phase {
    Starting,
    BackingOff,
    Ready,
    Quarantined { until: Instant },
}

/// One actor's counters, shared by its handle, the actor, and whoever looks.
pub struct Vitals {
    kind: &'static str,
    home: Home,
    started_at: Millis,
    born: Instant,
    pub(super) slots: Arc<Semaphore>,
    capacity: usize,
    phase: AtomicU8,
    /// Milliseconds after `born` until which it is quarantined.
    until: AtomicI64,
    /// Milliseconds after `born` at which the last message was sent.
    used: AtomicI64,
    peak: AtomicUsize,
    refused: AtomicU64,
    failures: AtomicU64,
    restarts: AtomicU64,
    times: Histogram,
    last_failure: AtomicU8,
    last_failure_at: AtomicI64,
    /// Bytes of what it keeps in memory, if it says.
    memory: Arc<AtomicUsize>,
}

/// An actor at one moment.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    pub kind: &'static str,
    pub tenant: TenantId,
    pub project: Option<ProjectId>,
    pub state: State,
    /// Messages that wait or are being handled, the most there ever were, and the most that are admitted.
    pub depth: usize,
    pub peak: usize,
    pub capacity: usize,
    pub handled: u64,
    /// Messages that the full mailbox turned away.
    pub refused: u64,
    pub failures: u64,
    pub restarts: u64,
    pub last_failure: Option<Reason>,
    pub last_failure_at: Option<Millis>,
    /// Microseconds, to the end of the bucket.
    pub p50_us: Option<u64>,
    pub p99_us: Option<u64>,
    pub started_at: Millis,
    pub idle_s: u64,
    pub arbiter: usize,
    /// Seconds until a quarantined actor is tried again.
    pub retry_after_s: Option<u64>,
    pub memory_bytes: usize,
    #[serde(skip)]
    pub times: Times,
}

impl Vitals {
    pub(super) fn new(kind: &'static str, home: Home, capacity: usize, memory: Arc<AtomicUsize>) -> Self {
        Self {
            kind,
            started_at: home.ledger.clock.now(),
            home,
            born: Instant::now(),
            slots: Arc::new(Semaphore::new(capacity)),
            capacity,
            phase: AtomicU8::new(0),
            until: AtomicI64::new(0),
            used: AtomicI64::new(0),
            peak: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            times: Histogram::default(),
            last_failure: AtomicU8::new(u8::MAX),
            last_failure_at: AtomicI64::new(0),
            memory,
        }
    }

    pub fn kind(&self) -> &'static str {
        self.kind
    }

    pub fn tenant(&self) -> TenantId {
        self.home.tenant
    }

    pub fn project(&self) -> Option<ProjectId> {
        self.home.project
    }

    fn after_birth(&self, at: Instant) -> i64 {
        i64::try_from(at.saturating_duration_since(self.born).as_millis()).unwrap_or(i64::MAX)
    }

    pub(super) fn touch(&self) {
        self.used.store(self.after_birth(Instant::now()), Relaxed);
    }

    pub(super) fn idle(&self) -> Duration {
        let used = u64::try_from(self.used.load(Relaxed)).unwrap_or(0);
        self.born.elapsed().saturating_sub(Duration::from_millis(used))
    }

    fn depth(&self) -> usize {
        self.capacity.saturating_sub(self.slots.available_permits())
    }

    pub(super) fn admitted(&self) {
        let depth = self.depth();
        // Mostly it is no new peak, and then nothing is written.
        if depth > self.peak.load(Relaxed) {
            self.peak.fetch_max(depth, Relaxed);
        }
    }

    pub(super) fn turned_away(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    pub(super) fn handled(&self, took: Duration) {
        self.times.record(took);
    }

    pub(super) fn failed(&self, reason: Reason) {
        self.failures.fetch_add(1, Relaxed);
        let number = REASONS.iter().position(|known| *known == reason);
        self.last_failure
            .store(number.and_then(|n| u8::try_from(n).ok()).unwrap_or(u8::MAX), Relaxed);
        self.last_failure_at.store(self.home.ledger.clock.now(), Relaxed);
    }

    pub(super) fn restarted(&self) {
        self.restarts.fetch_add(1, Relaxed);
    }

    pub(super) fn enter(&self, phase: &Phase) {
        let number = match phase {
            Phase::Starting => 0,
            Phase::BackingOff => 1,
            Phase::Ready => 2,
            Phase::Quarantined { until } => {
                self.until.store(self.after_birth(*until), Relaxed);
                3
            }
        };
        self.phase.store(number, Relaxed);
    }

    pub(crate) fn counts(&self) -> Counts {
        let times = self.times.read();
        Counts {
            started: 1,
            handled: times.count(),
            refused: self.refused.load(Relaxed),
            failures: self.failures.load(Relaxed),
            restarts: self.restarts.load(Relaxed),
            times,
        }
    }

    pub(crate) fn status(&self) -> Status {
        let (counts, depth, phase) = (self.counts(), self.depth(), self.phase.load(Relaxed));
        let left = self.until.load(Relaxed) - self.after_birth(Instant::now());
        let last_failure = REASONS.get(usize::from(self.last_failure.load(Relaxed))).copied();
        Status {
            kind: self.kind,
            tenant: self.home.tenant,
            project: self.home.project,
            state: match phase {
                0 => State::Starting,
                1 => State::BackingOff,
                3 => State::Quarantined,
                _ if depth > 0 => State::Running,
                _ => State::Idle,
            },
            depth,
            peak: self.peak.load(Relaxed),
            capacity: self.capacity,
            handled: counts.handled,
            refused: counts.refused,
            failures: counts.failures,
            restarts: counts.restarts,
            last_failure,
            last_failure_at: last_failure.map(|_| self.last_failure_at.load(Relaxed)),
            p50_us: counts.times.percentile(50),
            p99_us: counts.times.percentile(99),
            started_at: self.started_at,
            idle_s: self.idle().as_secs(),
            arbiter: self.home.number,
            retry_after_s: (phase == 3).then(|| u64::try_from(left).unwrap_or(0).div_ceil(1000)),
            memory_bytes: self.memory.load(Relaxed),
            times: counts.times,
        }
    }
}

impl Drop for Vitals {
    fn drop(&mut self) {
        let counts = self.counts();
        let mut departed = self.home.ledger.departed.lock().unwrap_or_else(PoisonError::into_inner);
        departed.entry(self.kind).or_default().add(&counts);
    }
}
