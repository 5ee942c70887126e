//! What the server must remember between two requests of one sign-in or enrolment, found by the SHA-256 of a ticket. Platform table:
//! much of it exists before an account does.

use sea_orm::{DatabaseTransaction, Set, entity::prelude::*};

use crate::{AccountId, Millis, PlatformDb, StoreError};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ceremony")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub ticket_hash: Vec<u8>,
    /// A ticket for one thing opens nothing else.
    pub purpose: String,
    pub account_id: Option<Uuid>,
    pub sealed: Vec<u8>,
    pub expires_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// One row, as it was laid down.
pub struct Ceremony {
    pub account: Option<AccountId>,
    pub sealed: Vec<u8>,
    pub expires_at: Millis,
}

/// Takes a ceremony away and returns it; of two who come with one ticket, one gets it. As part of what the transaction does besides.
pub(crate) async fn take(
    tx: &DatabaseTransaction,
    ticket_hash: &[u8; 32],
    purpose: &str,
    now: Millis,
) -> Result<Option<Ceremony>, StoreError> {
    let Some(found) = find(tx, ticket_hash, purpose, now).await? else {
        return Ok(None);
    };
    let gone = Entity::delete_by_id(ticket_hash.to_vec()).exec(tx).await?;
    Ok((gone.rows_affected == 1).then_some(found))
}

async fn find(tx: &DatabaseTransaction, ticket_hash: &[u8; 32], purpose: &str, now: Millis) -> Result<Option<Ceremony>, StoreError> {
    let row = Entity::find_by_id(ticket_hash.to_vec())
        .filter(Column::Purpose.eq(purpose))
        .filter(Column::ExpiresAt.gt(now))
        .one(tx)
        .await?;
    Ok(row.map(|row| Ceremony {
        account: row.account_id.map(AccountId::from),
        sealed: row.sealed,
        expires_at: row.expires_at,
    }))
}

impl PlatformDb {
    /// Lays a ceremony down.
    ///
    /// # Errors
    /// `Conflict` when the ticket is taken.
    pub async fn begin_ceremony(&self, ticket_hash: &[u8; 32], purpose: &str, ceremony: Ceremony) -> Result<(), StoreError> {
        let tx = self.store().begin_write().await?;
        let row = ActiveModel {
            ticket_hash: Set(ticket_hash.to_vec()),
            purpose: Set(purpose.to_owned()),
            account_id: Set(ceremony.account.map(AccountId::uuid)),
            sealed: Set(ceremony.sealed),
            expires_at: Set(ceremony.expires_at),
        };
        Entity::insert(row).exec_without_returning(&tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Takes a ceremony away and returns it; `None` when the ticket is unknown, expired, used or for something else.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_ceremony(&self, ticket_hash: &[u8; 32], purpose: &str, now: Millis) -> Result<Option<Ceremony>, StoreError> {
        let tx = self.store().begin_write().await?;
        let taken = take(&tx, ticket_hash, purpose, now).await?;
        tx.commit().await?;
        Ok(taken)
    }

    /// Looks at a ceremony and leaves it there.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn look_at_ceremony(&self, ticket_hash: &[u8; 32], purpose: &str, now: Millis) -> Result<Option<Ceremony>, StoreError> {
        let tx = self.store().begin_read().await?;
        let found = find(&tx, ticket_hash, purpose, now).await?;
        tx.rollback().await?;
        Ok(found)
    }

    /// Removes the ceremonies that nobody finished in time.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sweep_ceremonies(&self, now: Millis) -> Result<(), StoreError> {
        let tx = self.store().begin_write().await?;
        Entity::delete_many().filter(Column::ExpiresAt.lte(now)).exec(&tx).await?;
        tx.commit().await?;
        Ok(())
    }
}
