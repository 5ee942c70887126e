//! How often something may happen. The generic cell rate algorithm, in this process or, for several nodes, in Redis.

use std::{collections::HashMap, num::NonZeroU32, sync::Arc, time::Duration};

use deadpool_redis::redis;
use governor::{DefaultKeyedRateLimiter, Quota, clock::Clock as _};

use crate::{fault::Fault, redis_pool::RedisPool};

/// At most `burst` at once, and as many again spread over `per`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    name: &'static str,
    burst: u32,
    per: Duration,
}

impl Rule {
    /// By network address.
    pub const SIGN_UP: Self = Self::new("sign-up", 20, 3600);
    /// By network address.
    pub const SIGN_IN_ADDRESS: Self = Self::new("sign-in-address", 50, 600);
    /// By account, so that many addresses together get few tries at one. Far more than a person needs, and not asked of those who
    /// sign in from where they did before: nobody is locked out for long by strangers.
    pub const SIGN_IN_ACCOUNT: Self = Self::new("sign-in-account", 100, 3600);
    /// By network address: asking for mail about an account.
    pub const MAIL_ASKED: Self = Self::new("mail-asked", 20, 3600);
    /// By mailed address, whether or not it has an account.
    pub const MAIL_TO: Self = Self::new("mail-to", 5, 3600);
    /// By network address: following mailed links.
    pub const LINK_FOLLOWED: Self = Self::new("link-followed", 60, 600);
    /// By account: codes and passkeys tried, on however many tickets.
    pub const SECOND_FACTOR: Self = Self::new("second-factor", 10, 600);
    /// By account: a million codes, of which three are right at a time, are not to be gone through in a lifetime.
    pub const SECOND_FACTOR_DAY: Self = Self::new("second-factor-day", 60, 86_400);
    /// By network address: options to sign in with a passkey, each of which is remembered for some minutes.
    pub const PASSKEY_OPTIONS: Self = Self::new("passkey-options", 60, 600);
    /// By account: wrong passwords that are noted in the audit log.
    pub const FAILURE_NOTE: Self = Self::new("failure-note", 5, 3600);
    /// By network address: going to a provider to sign in.
    pub const PROVIDER_START: Self = Self::new("provider-start", 50, 600);
    /// By public key: what one project's visitors may cost together.
    pub const WIDGET_KEY: Self = Self::new("widget-key", 600, 60);
    /// By public key and visitor's network address.
    pub const WIDGET_ADDRESS: Self = Self::new("widget-address", 30, 60);
    /// By account.
    pub const DASHBOARD_QUESTION: Self = Self::new("dashboard-question", 60, 60);

    /// By workspace.
    pub const INVITATION_WORKSPACE: Self = Self::new("invitation-workspace", 50, 3600);
    /// By workspace and invited address: new links included.
    pub const INVITATION_ADDRESS: Self = Self::new("invitation-address", 6, 3600);
    /// By network address: looking at an invitation, or accepting one.
    pub const INVITATION_LOOK: Self = Self::new("invitation-look", 60, 600);
    /// By workspace: projects created and deleted, each of which changes keys.
    pub const PROJECT_CHANGE: Self = Self::new("project-change", 60, 60);
    /// By account.
    pub const FOUND_WORKSPACE: Self = Self::new("found-workspace", 10, 3600);

    const fn new(name: &'static str, burst: u32, seconds: u64) -> Self {
        Self {
            name,
            burst,
            per: Duration::from_secs(seconds),
        }
    }

    fn interval(self) -> Duration {
        self.per / self.burst
    }
}

enum Place {
    Here {
        by_rule: std::sync::Mutex<HashMap<Rule, Arc<DefaultKeyedRateLimiter<String>>>>,
        clock: governor::clock::DefaultClock,
    },
    Redis(RedisPool),
}

pub struct Limits {
    place: Place,
    /// Tests and benchmarks that are not about limits multiply them.
    factor: u32,
}

/// Takes and returns microseconds. Time is the Redis server's, so that nodes whose clocks differ agree.
const GCRA: &str = r"
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local interval, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local early = due - now - interval * (burst - 1)
if early > 0 then return early end
redis.call('SET', KEYS[1], string.format('%.0f', due + interval), 'PX', math.ceil((due + interval - now) / 1000) + 1000)
return 0";

impl Limits {
    #[must_use]
    pub fn new(redis: Option<RedisPool>, factor: u32) -> Self {
        let here = || Place::Here {
            by_rule: std::sync::Mutex::default(),
            clock: governor::clock::DefaultClock::default(),
        };
        Self {
            place: redis.map_or_else(here, Place::Redis),
            factor: factor.max(1),
        }
    }

    /// Counts one more of `who` under `rule`.
    ///
    /// # Errors
    /// `TooMany` with the time to wait; `Cache` when Redis does not answer: without a count nobody passes.
    pub async fn check(&self, rule: Rule, who: &str) -> Result<(), Fault> {
        let rule = Rule {
            burst: rule.burst.saturating_mul(self.factor),
            ..rule
        };
        let wait = match &self.place {
            Place::Here { by_rule, clock } => {
                let limiter = limiter(by_rule, rule)?;
                match limiter.check_key(&who.to_owned()) {
                    Ok(()) => return Ok(()),
                    Err(not_yet) => not_yet.wait_time_from(clock.now()),
                }
            }
            Place::Redis(pool) => {
                let mut connection = pool.get().await?;
                let early: u64 = redis::Script::new(GCRA)
                    .key(format!("pernoex:limit:{}:{who}", rule.name))
                    .arg(u64::try_from(rule.interval().as_micros()).unwrap_or(u64::MAX))
                    .arg(rule.burst)
                    .invoke_async(&mut connection)
                    .await
                    .map_err(|_| Fault::Cache)?;
                if early == 0 {
                    return Ok(());
                }
                Duration::from_micros(early)
            }
        };
        Err(Fault::TooMany {
            retry_after_s: wait.as_secs() + 1,
        })
    }

    /// Forgets whoever has waited long enough, so that passers-by do not fill the memory.
    pub fn sweep(&self) {
        if let Place::Here { by_rule, .. } = &self.place
            && let Ok(by_rule) = by_rule.lock()
        {
            for limiter in by_rule.values() {
                limiter.retain_recent();
                limiter.shrink_to_fit();
            }
        }
    }
}

type ByRule = std::sync::Mutex<HashMap<Rule, Arc<DefaultKeyedRateLimiter<String>>>>;

fn limiter(by_rule: &ByRule, rule: Rule) -> Result<Arc<DefaultKeyedRateLimiter<String>>, Fault> {
    let mut by_rule = by_rule.lock().map_err(|_| Fault::Internal("limits"))?;
    if let Some(limiter) = by_rule.get(&rule) {
        return Ok(limiter.clone());
    }
    let burst = NonZeroU32::new(rule.burst).ok_or(Fault::Internal("a limit of none"))?;
    let quota = Quota::with_period(rule.interval())
        .ok_or(Fault::Internal("a limit without time"))?
        .allow_burst(burst);
    let limiter = Arc::new(DefaultKeyedRateLimiter::keyed(quota));
    by_rule.insert(rule, limiter.clone());
    Ok(limiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_burst_passes_and_the_next_one_is_told_when_to_come_back() {
        let limits = Limits::new(None, 1);
        let rule = Rule::new("test", 3, 60);
        for _ in 0..3 {
            limits.check(rule, "ada").await.unwrap();
        }
        let Err(Fault::TooMany { retry_after_s }) = limits.check(rule, "ada").await else {
            panic!("must refuse")
        };
        assert!((1..=21).contains(&retry_after_s), "{retry_after_s}");
        limits.check(rule, "grace").await.unwrap();
    }
}
