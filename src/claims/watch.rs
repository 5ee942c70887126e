//! A server that holds itself to its claims: soon after its start, and every hour. What came of it is kept in memory alone, so that after a
//! restart nothing is shown as found that was not found since. Each node looks for itself, and shows what it saw itself.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use actors::{Millis, claims::FollowedLogs, clock::Clock};
use tokio::sync::Notify;

use super::{Check, Given, Outcome, Outcomes, Status, look, outside};

/// A start has better things to do first.
const FIRST: Duration = Duration::from_secs(15);
/// What is in front of a node leads to it only once it is ready, and has seen that.
const OUTSIDE: Duration = Duration::from_secs(60);
const EVERY: Duration = Duration::from_secs(3_600);
/// How long an end waits for a look to break off.
const PATIENCE: Duration = Duration::from_secs(5);
/// What was found longer ago is no finding any more.
const STALE: Millis = 3 * 3_600_000;

/// What was found last, and when.
#[derive(Default)]
pub struct Latest(RwLock<BTreeMap<Check, (Outcome, Millis)>>);

impl Latest {
    fn put(&self, found: Outcomes, at: Millis) {
        let mut latest = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (check, outcome) in found {
            if outcome.status() == Status::Broken {
                tracing::warn!(check = check.id(), found = outcome.words(), "a claim does not hold");
            }
            latest.insert(check, (outcome, at));
        }
    }

    /// What is recent enough to be shown.
    #[must_use]
    pub fn as_of(&self, now: Millis) -> BTreeMap<Check, (Outcome, Millis)> {
        let latest = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let recent = latest.iter().filter(|(_, (_, at))| now - at < STALE);
        recent.map(|(check, found)| (*check, found.clone())).collect()
    }
}

/// Looks until it is stopped.
pub struct Watch {
    stop: Arc<AtomicBool>,
    stopped: Arc<Notify>,
    task: tokio::task::JoinHandle<()>,
}

impl Watch {
    /// Begins. Must be called inside an actix system. `target`: the public address, if one is set.
    #[must_use]
    pub fn start(given: Given, target: Option<outside::Target>, latest: Arc<Latest>, clock: Clock) -> Self {
        let (stop, stopped) = (Arc::<AtomicBool>::default(), Arc::<Notify>::default());
        let (told, woken) = (stop.clone(), stopped.clone());
        // Not to be moved between threads: what it awaits borrows.
        let task = actix_web::rt::spawn(async move {
            let mut known = FollowedLogs::default();
            latest.put(outside::unasked(target.is_some()), clock.now());
            for wait in [FIRST, OUTSIDE - FIRST].into_iter().chain(std::iter::repeat(EVERY)) {
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = woken.notified() => return,
                }
                if wait != OUTSIDE - FIRST {
                    let found = look(&given, clock.now(), &told, &mut known).await;
                    if told.load(Ordering::Relaxed) {
                        return;
                    }
                    latest.put(found, clock.now());
                }
                if wait == FIRST {
                    continue;
                }
                let Some(target) = &target else { continue };
                tokio::select! {
                    found = outside::run(target) => latest.put(outside::by_itself(found), clock.now()),
                    () = woken.notified() => return,
                }
            }
        });
        Self { stop, stopped, task }
    }

    /// Breaks off what is being looked at, and waits until its connections are closed: not for long, for what is served comes first.
    pub async fn stop(self) {
        self.stop_within(PATIENCE).await;
    }

    async fn stop_within(mut self, patience: Duration) {
        self.stop.store(true, Ordering::Relaxed);
        self.stopped.notify_one();
        if tokio::time::timeout(patience, &mut self.task).await.is_err() {
            self.task.abort();
            tracing::warn!("a look at claims did not break off in time");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix_web::test]
    async fn a_look_that_does_not_break_off_holds_up_no_end() {
        let watch = Watch {
            stop: Arc::default(),
            stopped: Arc::default(),
            task: actix_web::rt::spawn(std::future::pending()),
        };
        let begun = std::time::Instant::now();
        watch.stop_within(Duration::from_millis(50)).await;
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn what_was_found_hours_ago_is_not_shown_as_found() {
        let latest = Latest::default();
        let found = || Outcome::Holds("well".into());
        latest.put([(Check::Sealed, found())].into(), 1_000);
        latest.put([(Check::Backups, found())].into(), 1_000 + STALE);
        assert_eq!(latest.as_of(1_000 + STALE - 1).len(), 2);
        let later = latest.as_of(1_000 + STALE);
        assert_eq!(later.keys().collect::<Vec<_>>(), [&Check::Backups]);
    }
}
