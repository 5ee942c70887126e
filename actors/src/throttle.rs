//! Growing delays between tries at one account from one network address. In this process or, for several nodes, in Redis. Knows
//! nothing of whether there is such an account.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use deadpool_redis::redis;
use sha2::{Digest, Sha256};

use crate::{fault::Fault, limits::by_network, redis_pool::RedisPool, text::hex};

/// Tries that may fail at once.
const FREE: u32 = 5;
/// After the last free one. Doubles with each try.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Tries are forgotten after a day without any.
const FORGET: Duration = Duration::from_secs(86_400);
/// From where somebody signed in stays known as long.
const KNOWN: Duration = Duration::from_secs(30 * 86_400);
/// What one process remembers at most: beyond, what was quiet longest goes.
const MOST: usize = 100_000;

/// Somebody at one network address who tries one account.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Who([u8; 32]);

impl Who {
    pub(crate) fn new(email: &str, address: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(email.as_bytes());
        hash.update([0]);
        hash.update(by_network(address).as_bytes());
        Self(hash.finalize().into())
    }

    fn key(&self, kind: &str) -> String {
        format!("pernoex:{kind}:{}", hex(&self.0))
    }
}

#[derive(Default)]
struct Memory {
    tries: HashMap<Who, Tries>,
    known: HashMap<Who, Instant>,
}

struct Tries {
    count: u32,
    until: Instant,
    last: Instant,
}

enum Place {
    Here(Mutex<Memory>),
    Redis(RedisPool),
}

pub(crate) struct Throttle {
    place: Place,
    free: u32,
}

/// Takes and returns milliseconds; counts the try if it may be made.
const TRY: &str = r"
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local wait = tonumber(redis.call('HGET', KEYS[1], 'until') or 0) - now
if wait > 0 then return wait end
local count = redis.call('HINCRBY', KEYS[1], 'count', 1)
local over = count - tonumber(ARGV[1])
local delay = 0
if over >= 0 then delay = math.min(tonumber(ARGV[2]) * 2 ^ math.min(over, 20), tonumber(ARGV[3])) end
redis.call('HSET', KEYS[1], 'until', string.format('%.0f', now + delay))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 0";

fn delay(count: u32, free: u32) -> Duration {
    match count.checked_sub(free) {
        None => Duration::ZERO,
        Some(over) => FIRST.saturating_mul(1 << over.min(20)).min(LONGEST),
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Throttle {
    pub(crate) fn new(redis: Option<RedisPool>, factor: u32) -> Self {
        Self {
            place: redis.map_or_else(|| Place::Here(Mutex::default()), Place::Redis),
            free: FREE.saturating_mul(factor.max(1)),
        }
    }

    /// Counts one more try before it is made: many at once are not more than one after the other.
    ///
    /// # Errors
    /// `TooMany` with the time to wait; `Cache` when Redis does not answer.
    pub(crate) async fn attempt(&self, who: &Who) -> Result<(), Fault> {
        let wait = match &self.place {
            Place::Here(memory) => {
                let now = Instant::now();
                let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
                if memory.tries.len() >= MOST {
                    forget(&mut memory, now);
                }
                let tries = memory.tries.entry(who.clone()).or_insert(Tries {
                    count: 0,
                    until: now,
                    last: now,
                });
                let wait = tries.until.saturating_duration_since(now);
                if wait.is_zero() {
                    tries.count = tries.count.saturating_add(1);
                    tries.until = now + delay(tries.count, self.free);
                    tries.last = now;
                }
                wait
            }
            Place::Redis(pool) => {
                let mut connection = pool.get().await?;
                let wait: u64 = redis::Script::new(TRY)
                    .key(who.key("tries"))
                    .arg(self.free)
                    .arg(millis(FIRST))
                    .arg(millis(LONGEST))
                    .arg(millis(FORGET))
                    .invoke_async(&mut connection)
                    .await
                    .map_err(Fault::cache)?;
                Duration::from_millis(wait)
            }
        };
        if wait.is_zero() {
            return Ok(());
        }
        Err(Fault::TooMany {
            retry_after_s: wait.as_secs() + 1,
        })
    }

    /// They are who they say: earlier tries count no more, and where they are is known. Answers how many there were, this one included.
    ///
    /// # Errors
    /// `Cache` when Redis does not answer.
    pub(crate) async fn succeeded(&self, who: &Who) -> Result<u32, Fault> {
        match &self.place {
            Place::Here(memory) => {
                let mut memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
                memory.known.insert(who.clone(), Instant::now());
                Ok(memory.tries.remove(who).map_or(0, |tries| tries.count))
            }
            Place::Redis(pool) => {
                let mut connection = pool.get().await?;
                let (count,): (Option<u32>,) = redis::pipe()
                    .hget(who.key("tries"), "count")
                    .del(who.key("tries"))
                    .ignore()
                    .set_ex(who.key("known"), 1, KNOWN.as_secs())
                    .ignore()
                    .query_async(&mut connection)
                    .await
                    .map_err(Fault::cache)?;
                Ok(count.unwrap_or(0))
            }
        }
    }

    /// Whether they signed in from here before.
    ///
    /// # Errors
    /// `Cache` when Redis does not answer.
    pub(crate) async fn is_known(&self, who: &Who) -> Result<bool, Fault> {
        match &self.place {
            Place::Here(memory) => {
                let memory = memory.lock().unwrap_or_else(PoisonError::into_inner);
                Ok(memory.known.get(who).is_some_and(|since| since.elapsed() < KNOWN))
            }
            Place::Redis(pool) => {
                let mut connection = pool.get().await?;
                redis::cmd("EXISTS")
                    .arg(who.key("known"))
                    .query_async::<bool>(&mut connection)
                    .await
                    .map_err(Fault::cache)
            }
        }
    }

    /// Forgets what is over.
    pub(crate) fn sweep(&self) {
        if let Place::Here(memory) = &self.place {
            forget(&mut memory.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
        }
    }
}

fn forget(memory: &mut Memory, now: Instant) {
    memory.tries.retain(|_, tries| now.saturating_duration_since(tries.last) < FORGET);
    memory.known.retain(|_, since| now.saturating_duration_since(*since) < KNOWN);
    if memory.tries.len() >= MOST {
        // A flood of addresses: half of it goes, the quiet half.
        let mut ages: Vec<Instant> = memory.tries.values().map(|tries| tries.last).collect();
        let (_, middle, _) = ages.select_nth_unstable(MOST / 2);
        let middle = *middle;
        memory.tries.retain(|_, tries| tries.last > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_quarter_of_an_hour() {
        let seconds = |count| delay(count, FREE).as_secs();
        assert_eq!(
            [
                seconds(4),
                seconds(5),
                seconds(6),
                seconds(7),
                seconds(14),
                seconds(15),
                seconds(90)
            ],
            [0, 1, 2, 4, 512, 900, 900]
        );
    }

    #[tokio::test]
    async fn tries_elsewhere_and_at_others_are_not_held_up() {
        let throttle = Throttle::new(None, 1);
        let (eve, ada) = (
            Who::new("ada@example.com", "198.51.100.7"),
            Who::new("ada@example.com", "192.0.2.1"),
        );
        for _ in 0..5 {
            throttle.attempt(&eve).await.unwrap();
        }
        assert!(matches!(throttle.attempt(&eve).await, Err(Fault::TooMany { retry_after_s: 1 })));
        throttle.attempt(&ada).await.unwrap();
        assert_eq!(throttle.succeeded(&eve).await.unwrap(), 5);
        throttle.attempt(&eve).await.unwrap();
        assert!(throttle.is_known(&eve).await.unwrap() && !throttle.is_known(&ada).await.unwrap());
    }
}
