//! Connections to Redis.

use std::fmt;

use deadpool_redis::{
    Connection, Manager, PoolConfig, Runtime,
    redis::{self, IntoConnectionInfo, TlsCertificates},
};

use crate::fault::Fault;

/// Where Redis is.
#[derive(Clone)]
pub struct RedisAddress {
    pub url: String,
    /// Whose certificates are taken instead of those that this machine trusts: PEM.
    pub ca: Option<String>,
}

impl fmt::Debug for RedisAddress {
    /// The address holds a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisAddress")
    }
}

impl RedisAddress {
    fn pool(&self) -> Result<deadpool_redis::Pool, redis::RedisError> {
        let mut info = self.url.as_str().into_connection_info()?;
        if let Some(ca) = &self.ca {
            let certificates = TlsCertificates {
                client_tls: None,
                root_cert: Some(ca.as_bytes().to_vec()),
            };
            info = redis::Client::build_with_tls(info, certificates)?.get_connection_info().clone();
        }
        let mut config = PoolConfig::new(32);
        config.timeouts.wait = Some(PATIENCE);
        config.timeouts.create = Some(PATIENCE);
        config.timeouts.recycle = Some(PATIENCE);
        let pool = deadpool_redis::Pool::builder(Manager::new(info)?)
            .config(config)
            .runtime(Runtime::Tokio1)
            .build();
        pool.map_err(|_| (redis::ErrorKind::InvalidClientConfig, "no runtime").into())
    }
}

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(2);

#[derive(Clone)]
pub struct RedisPool(deadpool_redis::Pool);

impl RedisPool {
    /// Connects, and proves that the server answers.
    ///
    /// # Errors
    /// `Cache` when it does not. The log has the reason, for those who look for it: a start that fails says one line.
    pub async fn connect(address: &RedisAddress) -> Result<Self, Fault> {
        let pool = Self(address.pool().map_err(Fault::cache)?);
        if let Err(error) = pool.0.get().await {
            tracing::debug!(%error, "Redis cannot be reached");
            return Err(Fault::cache(error));
        }
        pool.ping().await?;
        Ok(pool)
    }

    pub(crate) async fn get(&self) -> Result<Connection, Fault> {
        self.0.get().await.map_err(Fault::cache)
    }

    /// # Errors
    /// `Cache` when the server does not answer.
    pub async fn ping(&self) -> Result<(), Fault> {
        let mut connection = self.get().await?;
        let _: String = redis::cmd("PING").query_async(&mut connection).await.map_err(Fault::cache)?;
        Ok(())
    }
}
