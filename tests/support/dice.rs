//! Chance that can be had again.

/// SplitMix64: a run is its seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        if from.is_empty() {
            None
        } else {
            Some(&from[self.below(from.len())])
        }
    }
}

/// `PERNOEX_TEST_SEED`, or another one each time. Print it.
pub fn seed() -> u64 {
    match std::env::var("PERNOEX_TEST_SEED") {
        Ok(seed) => seed.parse().expect("PERNOEX_TEST_SEED is a number"),
        Err(_) => uuid::Uuid::new_v4().as_u64_pair().0,
    }
}

/// Whether to take minutes instead of seconds: `tests/run --full`.
pub fn is_full() -> bool {
    std::env::var("PERNOEX_TEST_FULL").is_ok_and(|value| value == "1")
}
