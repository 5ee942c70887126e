//! How long things took, in buckets that double: twenty-four counters, each one addition.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// The first bucket ends at 16 µs, the last but one at about 67 s; the last has no end.
pub const BUCKETS: usize = 24;
const FIRST: u64 = 16;

#[derive(Default)]
pub struct Histogram([AtomicU64; BUCKETS]);

/// A histogram's counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times(pub [u64; BUCKETS]);

fn bucket(micros: u64) -> usize {
    let doublings = u64::BITS - (micros.saturating_sub(1) / FIRST).leading_zeros();
    usize::try_from(doublings).unwrap_or(BUCKETS).min(BUCKETS - 1)
}

/// Microseconds at which a bucket ends.
#[must_use]
pub fn end(bucket: usize) -> u64 {
    FIRST << bucket.min(BUCKETS - 1)
}

impl Histogram {
    pub fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0[bucket(micros)].fetch_add(1, Ordering::Relaxed);
    }

    #[must_use]
    pub fn read(&self) -> Times {
        Times(std::array::from_fn(|at| self.0[at].load(Ordering::Relaxed)))
    }
}

impl Times {
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    pub fn add(&mut self, other: &Self) {
        for (mine, other) in self.0.iter_mut().zip(other.0) {
            *mine += other;
        }
    }

    /// What came since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at].saturating_sub(earlier.0[at])))
    }

    /// Microseconds that `percent` of the times stay below: the end of their bucket, hence at most twice the truth. `None` without any.
    #[must_use]
    pub fn percentile(&self, percent: u64) -> Option<u64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let wanted = (count * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let at = self.0.iter().position(|in_bucket| {
            seen += in_bucket;
            seen >= wanted
        });
        at.map(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_falls_into_the_bucket_that_ends_at_or_after_it() {
        for (micros, expected) in [(0, 0), (16, 0), (17, 1), (32, 1), (33, 2), (1_000_000, 16), (u64::MAX, BUCKETS - 1)] {
            assert_eq!(bucket(micros), expected, "{micros}");
            assert!(micros <= end(bucket(micros)) || bucket(micros) == BUCKETS - 1);
        }
    }

    #[test]
    fn percentiles_are_ends_of_buckets() {
        let times = Histogram::default();
        assert_eq!(times.read().percentile(50), None);
        for _ in 0..98 {
            times.record(Duration::from_micros(20));
        }
        let earlier = times.read();
        times.record(Duration::from_millis(10));
        times.record(Duration::from_millis(10));
        let read = times.read();
        assert_eq!(
            (read.percentile(50), read.percentile(98), read.percentile(99)),
            (Some(32), Some(32), Some(16_384))
        );
        assert_eq!(read.since(&earlier).percentile(50), Some(16_384));
        assert_eq!(read.count(), 100);
    }
}
