//! Transactions on the platform's own tables, for changes that are more than one statement.

use sea_orm::DatabaseTransaction;

use crate::{
    AccountId, PlatformDb, StoreError, TenantTx, account,
    session::{self, Kept},
};

/// A transaction on tables that no tenant owns. Ends with the work that [`PlatformDb::write`] was given.
///
/// It is no connection, and does not lend the one that it holds:
/// ```compile_fail,E0616
/// fn connection(tx: &entities::PlatformTx) -> &sea_orm::DatabaseTransaction {
///     &tx.tx
/// }
/// ```
pub struct PlatformTx {
    tx: DatabaseTransaction,
}

impl PlatformTx {
    pub(crate) fn new(tx: DatabaseTransaction) -> Self {
        Self { tx }
    }

    pub(crate) fn into_transaction(self) -> DatabaseTransaction {
        self.tx
    }

    pub(crate) fn raw(&self) -> &DatabaseTransaction {
        &self.tx
    }
}

async fn run<T, E: From<StoreError>>(tx: PlatformTx, work: impl AsyncFnOnce(&PlatformTx) -> Result<T, E>) -> Result<T, E> {
    match work(&tx).await {
        Ok(value) => {
            tx.into_transaction().commit().await.map_err(StoreError::from)?;
            Ok(value)
        }
        Err(error) => {
            tx.into_transaction().rollback().await.map_err(StoreError::from)?;
            Err(error)
        }
    }
}

impl PlatformDb {
    /// Runs `work` on one consistent view of the rows.
    ///
    /// # Errors
    /// What `work` returns, or `Unavailable`.
    pub async fn read<T, E: From<StoreError>>(&self, work: impl AsyncFnOnce(&PlatformTx) -> Result<T, E>) -> Result<T, E> {
        let tx = PlatformTx::new(self.store().begin_read().await?);
        let outcome = work(&tx).await;
        tx.into_transaction().rollback().await.map_err(StoreError::from)?;
        outcome
    }

    /// Runs `work` as one transaction: all of it is stored when this returns `Ok`, none of it otherwise.
    ///
    /// # Errors
    /// What `work` returns, or `Unavailable`.
    pub async fn write<T, E: From<StoreError>>(&self, work: impl AsyncFnOnce(&PlatformTx) -> Result<T, E>) -> Result<T, E> {
        run(PlatformTx::new(self.store().begin_write().await?), work).await
    }

    /// As [`PlatformDb::write`], and every session of `account` ends with it, but for `keep`.
    /// Changes of one account take turns by it.
    ///
    /// # Errors
    /// What `work` returns; `Orphan` when the account is gone, `SessionOver` when the session to keep is.
    pub async fn write_ending_sessions<T, E: From<StoreError>>(
        &self,
        account: AccountId,
        keep: Option<Kept>,
        work: impl AsyncFnOnce(&PlatformTx) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut tx = self.store().begin_write().await?;
        let epoch = account::end_sessions(&tx, account).await?;
        if let Some(kept) = keep {
            let there = TenantTx::enter(tx, kept.tenant).await?;
            let carried = session::carry_over(&there, account, &kept, epoch).await;
            tx = there.into_transaction();
            if let Err(error) = carried {
                tx.rollback().await.map_err(StoreError::from)?;
                return Err(error.into());
            }
        }
        run(PlatformTx::new(tx), work).await
    }
}
