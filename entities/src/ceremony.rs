//! What the server must remember between two requests of one sign-in or enrolment, found by the SHA-256 of a ticket. Platform table:
//! much of it exists before an account does.

use sea_orm::{
    DatabaseTransaction, Set,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};

use crate::{AccountId, Millis, PlatformDb, PlatformTx, StoreError};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ceremony")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub ticket_hash: Vec<u8>,
    /// A ticket for one thing opens nothing else.
    pub purpose: String,
    pub account_id: Option<Uuid>,
    /// How often somebody tried to finish it, where that is counted.
    pub tries: i32,
    pub sealed: Vec<u8>,
    pub expires_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// One row, as it was laid down.
pub struct Ceremony {
    pub account: Option<AccountId>,
    pub sealed: Vec<u8>,
    pub expires_at: Millis,
    /// How many answers there were.
    pub tries: i32,
}

impl From<Model> for Ceremony {
    fn from(row: Model) -> Self {
        Self {
            account: row.account_id.map(AccountId::from),
            sealed: row.sealed,
            expires_at: row.expires_at,
            tries: row.tries,
        }
    }
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
    Ok(row.map(Ceremony::from))
}

/// Counts one more try at a ceremony that is not over, and returns it; `None` once it is, or after `most` of them.
///
/// # Errors
/// When the database does not answer.
pub async fn attempt(
    tx: &PlatformTx,
    ticket_hash: &[u8; 32],
    purpose: &str,
    most: i32,
    now: Millis,
) -> Result<Option<Ceremony>, StoreError> {
    let rows = Entity::update_many()
        .col_expr(Column::Tries, Expr::col(Column::Tries).add(1))
        .filter(Column::TicketHash.eq(ticket_hash.as_slice()))
        .filter(Column::Purpose.eq(purpose))
        .filter(Column::Tries.lt(most))
        .filter(Column::ExpiresAt.gt(now))
        .exec_with_returning(tx.raw())
        .await?;
    Ok(rows.into_iter().next().map(Ceremony::from))
}

/// Uses a ceremony up that was tried successfully; `false` when another request came first.
///
/// # Errors
/// When the database does not answer.
pub async fn finish(tx: &PlatformTx, ticket_hash: &[u8; 32]) -> Result<bool, StoreError> {
    let gone = Entity::delete_by_id(ticket_hash.to_vec()).exec(tx.raw()).await?;
    Ok(gone.rows_affected == 1)
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
            tries: Set(0),
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
