//! What `pernoex doctor` asks of the world around a server: the database, Redis, the mail server and the address that browsers use. Each
//! is asked once, within a bounded time, and nothing is changed there.

use std::time::Duration;

use deadpool_redis::redis;
pub use entities::{Inspection, inspect};
use url::Url;

pub use crate::vault::prove::{KeyProof, prove_keys, prove_sealed};
use crate::{
    fault::Fault,
    mail,
    redis_pool::{RedisAddress, RedisPool},
};

/// What Redis says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheInspection {
    pub version: String,
    /// Milliseconds since the Unix epoch, by its clock.
    pub now: i64,
    /// 0 for as much as the machine has.
    pub most_bytes: u64,
    /// What it does when that is full, such as `noeviction`.
    pub policy: String,
    /// Takes no writes.
    pub is_replica: bool,
}

/// # Errors
/// `Cache` when it does not answer, or not as Redis does.
pub async fn inspect_cache(address: &RedisAddress) -> Result<CacheInspection, Fault> {
    let pool = RedisPool::connect(address).await?;
    let mut connection = pool.get().await?;
    let (seconds, micros): (i64, i64) = redis::cmd("TIME").query_async(&mut connection).await.map_err(Fault::cache)?;
    // Managed services refuse CONFIG, and answer INFO.
    let info: String = redis::cmd("INFO").query_async(&mut connection).await.map_err(Fault::cache)?;
    let find = |name: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().trim().to_owned()
    };
    Ok(CacheInspection {
        version: find("redis_version"),
        now: seconds * 1000 + micros / 1000,
        most_bytes: find("maxmemory").parse().unwrap_or(0),
        policy: find("maxmemory_policy"),
        is_replica: find("role") == "slave",
    })
}

/// Connects to a mail server, with TLS and credentials as they are set, and sends nothing.
///
/// # Errors
/// Why it cannot be used, in words that name no address.
pub async fn try_mail(smtp: mail::Smtp) -> Result<(), String> {
    mail::try_out(smtp).await
}

/// What answers at the address that browsers use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicAnswer {
    pub status: u16,
    /// Whether it is a Pernoex that is ready.
    pub is_ready: bool,
    /// Whether browsers are told to come by TLS only.
    pub has_hsts: bool,
}

const PATIENCE: Duration = Duration::from_secs(10);

/// Asks whether the server behind `public` is ready; by TLS, with its certificate checked, if the address says so.
///
/// # Errors
/// Why there is no answer.
pub async fn ask_public(public: &Url) -> Result<PublicAnswer, &'static str> {
    let address = public.join("readyz").map_err(|_| "the address cannot be completed")?;
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(PATIENCE)
        .build()
        .map_err(|_| "TLS cannot be set up here")?;
    let answer = client.get(address).send().await.map_err(|error| {
        if error.is_timeout() {
            "no answer within 10 s"
        } else if error.is_connect() {
            "no connection: the name leads nowhere, nobody listens, or the certificate is not valid"
        } else {
            "the answer cannot be understood"
        }
    })?;
    let status = answer.status().as_u16();
    let has_hsts = answer.headers().contains_key("strict-transport-security");
    let body = answer.json::<serde_json::Value>().await.unwrap_or_default();
    Ok(PublicAnswer {
        status,
        is_ready: status == 200 && body["status"] == "ready",
        has_hsts,
    })
}
