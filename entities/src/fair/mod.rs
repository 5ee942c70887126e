//! A bounded number of places, shared fairly: whoever asks for a thousand waits behind their own, not before everyone else.

mod queue;

use std::{
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Notify, oneshot};

use queue::{Queue, Ticket};

/// Places for work, by a key such as the tenant or the address for whom it is.
pub struct Fair<K: Clone + Eq + Hash>(Arc<Inner<K>>);

struct Inner<K> {
    queue: Mutex<Queue<K, oneshot::Sender<()>>>,
    /// Rings when somebody left.
    left: Notify,
}

/// How busy a [`Fair`] is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    pub working: usize,
    pub waiting: usize,
}

/// A place in the line or at work. Dropping it, at any moment, gives it to the next.
pub struct Place<K: Clone + Eq + Hash> {
    fair: Fair<K>,
    key: K,
    ticket: Ticket,
}

impl<K: Clone + Eq + Hash> Clone for Fair<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: Clone + Eq + Hash> Fair<K> {
    /// `places` in all, of which one key holds at most `each`.
    #[must_use]
    pub fn new(places: usize, each: usize) -> Self {
        Self::sharing(places, each, each)
    }

    /// As [`Fair::new`], but a key holds up to `alone` as long as no other has come lately.
    #[must_use]
    pub fn sharing(places: usize, each: usize, alone: usize) -> Self {
        let queue = Queue::new(places.max(1), each.max(1), alone.max(1));
        Self(Arc::new(Inner {
            queue: Mutex::new(queue),
            left: Notify::new(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, Queue<K, oneshot::Sender<()>>> {
        // No code that can panic runs under the lock.
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn admit(&self) {
        let now = Instant::now();
        let mut queue = self.lock();
        while let Some(wake) = queue.admit(now) {
            // Whoever stopped listening has dropped the place or is about to, and that gives it on.
            let _ = wake.send(());
        }
    }

    /// Waits for a place.
    pub async fn enter(&self, key: K) -> Place<K> {
        let (wake, turn) = oneshot::channel();
        let ticket = self.lock().arrive(&key, wake, Instant::now());
        let place = Place {
            fair: self.clone(),
            key,
            ticket,
        };
        self.admit();
        // The other end is in the queue until it speaks: this cannot fail.
        let _ = turn.await;
        place
    }

    /// Gives on the places of work that has run for `bound` and cannot be stopped. Returns how many.
    pub fn write_off(&self, bound: Duration) -> usize {
        let count = self.lock().write_off(bound, Instant::now());
        self.admit();
        count
    }

    /// Waits until fewer than `busy` places are taken, but no longer than `patience`.
    pub async fn calm(&self, busy: usize, patience: Duration) {
        let calm = async {
            loop {
                let left = self.0.left.notified();
                if self.load().working < busy {
                    return;
                }
                left.await;
            }
        };
        let _ = tokio::time::timeout(patience, calm).await;
    }

    #[must_use]
    pub fn load(&self) -> Load {
        let queue = self.lock();
        Load {
            working: queue.working(),
            waiting: queue.waiting(),
        }
    }
}

impl<K: Clone + Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        self.fair.lock().leave(&self.key, self.ticket, Instant::now());
        self.fair.admit();
        self.fair.0.left.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;

    #[tokio::test]
    async fn a_flood_of_one_does_not_hold_up_another() {
        let fair = Fair::new(1, 1);
        let first = fair.enter("flood").await;
        let flood: Vec<_> = (0..500)
            .map(|_| {
                let fair = fair.clone();
                tokio::spawn(async move { drop(fair.enter("flood").await) })
            })
            .collect();
        while fair.load().waiting < 500 {
            tokio::task::yield_now().await;
        }
        let other = tokio::spawn({
            let fair = fair.clone();
            async move {
                let _place = fair.enter("other").await;
                fair.load().waiting
            }
        });
        while fair.load().waiting < 501 {
            tokio::task::yield_now().await;
        }
        drop(first);
        let still_waiting = other.await.unwrap();
        assert!(
            still_waiting >= 499,
            "the other came in after at most one more: {still_waiting} of 500 wait"
        );
        for one in flood {
            one.await.unwrap();
        }
        assert_eq!(fair.load(), Load::default());
    }

    #[tokio::test]
    async fn a_place_that_nobody_takes_up_goes_to_the_next() {
        let fair = Fair::new(1, 1);
        let first = fair.enter(1).await;
        let mut looks = Context::from_waker(Waker::noop());
        let mut gives_up = Box::pin(fair.enter(2));
        assert!(gives_up.as_mut().poll(&mut looks).is_pending());
        let mut next = Box::pin(fair.enter(3));
        assert!(next.as_mut().poll(&mut looks).is_pending());
        // It was told to come in and leaves without looking.
        drop(first);
        drop(gives_up);
        drop(next.await);
        assert_eq!(fair.load(), Load::default());
    }

    #[tokio::test]
    async fn places_survive_a_storm_of_cancellations() {
        let fair = Fair::new(2, 1);
        let storm: Vec<_> = (0..2000_u32)
            .map(|n| {
                let fair = fair.clone();
                tokio::spawn(async move {
                    let enter = fair.enter(n % 7);
                    let patience = Duration::from_micros(u64::from(n % 13) * 50);
                    if let Ok(_place) = tokio::time::timeout(patience, enter).await {
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        for one in storm {
            one.await.unwrap();
        }
        assert_eq!(fair.load(), Load::default());
        let (a, b) = (fair.enter(1).await, fair.enter(2).await);
        drop((a, b));
    }
}
