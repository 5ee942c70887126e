//! Codes for the day when the phone is gone, each of one use, by a keyed hash.

use sea_orm::{Set, entity::prelude::*, sea_query::Expr};

use crate::{AccountId, Millis, PlatformTx, StoreError};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_backup_code")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub code_hash: Vec<u8>,
    pub used_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Replaces all codes of `account`, used or not.
///
/// # Errors
/// When the database does not answer.
pub async fn replace(tx: &PlatformTx, account: AccountId, hashes: Vec<[u8; 32]>) -> Result<(), StoreError> {
    remove(tx, account).await?;
    let rows = hashes.into_iter().map(|hash| ActiveModel {
        account_id: Set(account.uuid()),
        code_hash: Set(hash.to_vec()),
        used_at: Set(None),
    });
    Entity::insert_many(rows).exec_without_returning(tx.raw()).await?;
    Ok(())
}

pub(super) async fn remove(tx: &PlatformTx, account: AccountId) -> Result<(), StoreError> {
    Entity::delete_many()
        .filter(Column::AccountId.eq(account.uuid()))
        .exec(tx.raw())
        .await?;
    Ok(())
}

/// How many are not used yet.
///
/// # Errors
/// When the database does not answer.
pub async fn left(tx: &PlatformTx, account: AccountId) -> Result<u64, StoreError> {
    let unused = Entity::find()
        .filter(Column::AccountId.eq(account.uuid()))
        .filter(Column::UsedAt.is_null());
    Ok(unused.count(tx.raw()).await?)
}

/// Uses the code up; `false` when there is no such code, or it was used.
///
/// # Errors
/// When the database does not answer.
pub async fn take(tx: &PlatformTx, account: AccountId, hash: [u8; 32], now: Millis) -> Result<bool, StoreError> {
    let changed = Entity::update_many()
        .col_expr(Column::UsedAt, Expr::value(now))
        .filter(Column::AccountId.eq(account.uuid()))
        .filter(Column::CodeHash.eq(hash.as_slice()))
        .filter(Column::UsedAt.is_null())
        .exec(tx.raw())
        .await?;
    Ok(changed.rows_affected == 1)
}
