//! How often something may happen. The generic cell rate algorithm, in this process or, for several nodes, in Redis.

use std::{collections::HashMap, net::Ipv6Addr, num::NonZeroU32, sync::Arc, time::Duration};

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
    /// By network address: options to sign in with a passkey, each of which is remembered for some minutes. The sign-in page asks for some
    /// whenever it is opened.
    pub const PASSKEY_OPTIONS: Self = Self::new("passkey-options", 300, 600);
    /// By account: wrong passwords that are noted in the audit log.
    pub const FAILURE_NOTE: Self = Self::new("failure-note", 5, 3600);
    /// By network address: going to a provider to sign in.
    pub const PROVIDER_START: Self = Self::new("provider-start", 50, 600);
    /// By public key: what one project's visitors may cost together.
    pub const WIDGET_KEY: Self = Self::new("widget-key", 600, 60);
    /// By public key and visitor's network address.
    pub const WIDGET_ADDRESS: Self = Self::new("widget-address", 30, 60);
    /// By visitor: asking for a person, each of which somebody reads.
    pub const HAND_OFF_VISITOR: Self = Self::new("hand-off-visitor", 3, 3600);
    /// As above, by public key and visitor's network address.
    pub const HAND_OFF_ADDRESS: Self = Self::new("hand-off-address", 10, 3600);
    /// By public key: what one project's team may be sent.
    pub const HAND_OFF_KEY: Self = Self::new("hand-off-key", 200, 3600);
    /// By network address: messages at the doors of providers that were refused. Genuine ones are not counted here: a large provider sends
    /// everybody's from few addresses.
    pub const WEBHOOK_REFUSED: Self = Self::new("webhook-refused", 300, 60);
    /// By voice agent: what it sends and asks.
    pub const VOICE_AGENT: Self = Self::new("voice-agent", 600, 60);
    /// By voice agent: refused messages that those who set it up are told of, each of which may cost a look at the rows.
    pub const VOICE_REFUSAL_NOTE: Self = Self::new("voice-refusal-note", 6, 60);
    /// By connected team: questions asked in Slack.
    pub const SLACK_TEAM: Self = Self::new("slack-team", 600, 60);
    /// By workspace: webhooks sent by hand, to addresses that somebody chose.
    pub const WEBHOOK_SEND: Self = Self::new("webhook-send", 30, 60);
    /// By workspace: sources connected, changed and synced by hand, each of which asks a server that somebody chose.
    pub const SOURCE_CHANGE: Self = Self::new("source-change", 60, 60);
    /// By workspace: looks at what there is to choose from at providers.
    pub const SOURCE_CHOICES: Self = Self::new("source-choices", 120, 60);
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

    /// By network address: reports of vulnerabilities.
    pub const REPORT: Self = Self::new("report", 5, 3600);
    /// By mail address that a report names: of its own, so that reports cannot use up the letters which somebody asks for.
    pub const REPORT_TO: Self = Self::new("report-to", 5, 3600);
    /// From everybody together: somebody reads each.
    pub const REPORT_ALL: Self = Self::new("report-all", 200, 3600);
    /// By network address: private links of reports followed, whether or not they lead anywhere.
    pub const REPORT_STATUS: Self = Self::new("report-status", 120, 600);
    /// By report: messages and files of its reporter.
    pub const REPORT_WRITE: Self = Self::new("report-write", 30, 3600);
    /// Letters to the operators about what strangers do.
    pub const REPORT_LETTER: Self = Self::new("report-letter", 30, 3600);

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
        let who = &by_network(who);
        let rule = Rule {
            burst: rule.burst.saturating_mul(self.factor),
            ..rule
        };
        let wait = match &self.place {
            Place::Here { by_rule, clock } => {
                let limiter = limiter(by_rule, rule)?;
                match limiter.check_key(who) {
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
                    .map_err(Fault::cache)?;
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

/// `who` with each IPv6 address in it cut down to its /64: whoever has one address there has all of them. One that stands for an IPv4
/// address is that.
pub(crate) fn by_network(who: &str) -> String {
    let network = |word: &str| match word.parse::<Ipv6Addr>() {
        Err(_) => word.to_owned(),
        Ok(address) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_string()
            }
        },
    };
    who.split(' ').map(network).collect::<Vec<_>>().join(" ")
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

    #[tokio::test]
    async fn whoever_has_a_network_of_addresses_is_one_to_a_limit() {
        for (one, other) in [
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
            ("pk_key 2001:db8:1:2::1", "pk_key 2001:db8:1:2::2"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
        ] {
            assert_eq!(by_network(one), by_network(other));
        }
        for (one, other) in [
            ("2001:db8:1:2::1", "2001:db8:1:3::1"),
            ("pk_key 2001:db8:1:2::1", "pk_other 2001:db8:1:2::1"),
            ("192.0.2.7", "192.0.2.8"),
            ("ada@example.com", "eve@example.com"),
        ] {
            assert_ne!(by_network(one), by_network(other));
        }
        let (limits, rule) = (Limits::new(None, 1), Rule::new("test", 1, 60));
        limits.check(rule, "2001:db8:1:2::1").await.unwrap();
        let same = limits.check(rule, "2001:db8:1:2:a:b:c:d").await;
        assert!(matches!(same, Err(Fault::TooMany { .. })));
        limits.check(rule, "2001:db8:1:3::1").await.unwrap();
    }
}
