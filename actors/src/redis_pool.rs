//! Connections to Redis.

use deadpool_redis::{Config, Connection, Runtime, redis};

use crate::fault::Fault;

#[derive(Clone)]
pub struct RedisPool(deadpool_redis::Pool);

impl RedisPool {
    /// Connects, and proves that the server answers.
    ///
    /// # Errors
    /// `Cache` when it does not.
    pub async fn connect(url: &str) -> Result<Self, Fault> {
        let mut config = Config::from_url(url);
        let mut pool = deadpool_redis::PoolConfig::new(32);
        pool.timeouts.wait = Some(std::time::Duration::from_secs(2));
        pool.timeouts.create = Some(std::time::Duration::from_secs(2));
        pool.timeouts.recycle = Some(std::time::Duration::from_secs(2));
        config.pool = Some(pool);
        let pool = Self(config.create_pool(Some(Runtime::Tokio1)).map_err(|_| Fault::Cache)?);
        pool.ping().await?;
        Ok(pool)
    }

    pub(crate) async fn get(&self) -> Result<Connection, Fault> {
        self.0.get().await.map_err(|_| Fault::Cache)
    }

    /// # Errors
    /// `Cache` when the server does not answer.
    pub async fn ping(&self) -> Result<(), Fault> {
        let mut connection = self.get().await?;
        let _: String = redis::cmd("PING").query_async(&mut connection).await.map_err(|_| Fault::Cache)?;
        Ok(())
    }
}
