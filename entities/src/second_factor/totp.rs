//! Authenticator apps: one an account. The secret is sealed; `last_step` is the last time step whose code was taken.

use sea_orm::{
    Set,
    entity::prelude::*,
    sea_query::{Expr, OnConflict},
};

use crate::{AccountId, Millis, PlatformTx, StoreError};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_totp")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    pub sealed: Vec<u8>,
    pub created_at: i64,
    pub confirmed_at: Option<i64>,
    pub last_step: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

pub struct Totp {
    pub sealed: Vec<u8>,
    pub created_at: Millis,
    /// `None` until the person showed that their app has the secret.
    pub confirmed_at: Option<Millis>,
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &PlatformTx, account: AccountId) -> Result<Option<Totp>, StoreError> {
    let row = Entity::find_by_id(account.uuid()).one(tx.raw()).await?;
    Ok(row.map(|row| Totp {
        sealed: row.sealed,
        created_at: row.created_at,
        confirmed_at: row.confirmed_at,
    }))
}

pub(super) async fn is_confirmed(tx: &PlatformTx, account: AccountId) -> Result<bool, StoreError> {
    Ok(find(tx, account).await?.is_some_and(|totp| totp.confirmed_at.is_some()))
}

/// Lays a secret ready, in the place of one that was never confirmed. `false` when one is in use.
///
/// # Errors
/// When the database does not answer.
pub async fn prepare(tx: &PlatformTx, account: AccountId, sealed: Vec<u8>, now: Millis) -> Result<bool, StoreError> {
    Entity::delete_many()
        .filter(Column::AccountId.eq(account.uuid()))
        .filter(Column::ConfirmedAt.is_null())
        .exec(tx.raw())
        .await?;
    let row = ActiveModel {
        account_id: Set(account.uuid()),
        sealed: Set(sealed),
        created_at: Set(now),
        confirmed_at: Set(None),
        last_step: Set(0),
    };
    let keep = OnConflict::column(Column::AccountId).do_nothing().to_owned();
    let stored = Entity::insert(row).on_conflict(keep).exec_without_returning(tx.raw()).await?;
    Ok(stored == 1)
}

/// Puts the secret to use that was laid ready and has this `sealed` form. `false` when another took its place.
///
/// # Errors
/// When the database does not answer.
pub async fn confirm(tx: &PlatformTx, account: AccountId, sealed: &[u8], step: i64, now: Millis) -> Result<bool, StoreError> {
    let changed = Entity::update_many()
        .col_expr(Column::ConfirmedAt, Expr::value(now))
        .col_expr(Column::LastStep, Expr::value(step))
        .filter(Column::AccountId.eq(account.uuid()))
        .filter(Column::ConfirmedAt.is_null())
        .filter(Column::Sealed.eq(sealed))
        .exec(tx.raw())
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Takes the code of `step`; `false` when that or a later one was taken already.
///
/// # Errors
/// When the database does not answer.
pub async fn take_step(tx: &PlatformTx, account: AccountId, step: i64) -> Result<bool, StoreError> {
    let changed = Entity::update_many()
        .col_expr(Column::LastStep, Expr::value(step))
        .filter(Column::AccountId.eq(account.uuid()))
        .filter(Column::ConfirmedAt.is_not_null())
        .filter(Column::LastStep.lt(step))
        .exec(tx.raw())
        .await?;
    Ok(changed.rows_affected == 1)
}

/// `false` when none is in use.
///
/// # Errors
/// When the database does not answer.
pub async fn remove(tx: &PlatformTx, account: AccountId) -> Result<bool, StoreError> {
    let gone = Entity::delete_many()
        .filter(Column::AccountId.eq(account.uuid()))
        .filter(Column::ConfirmedAt.is_not_null())
        .exec(tx.raw())
        .await?;
    Ok(gone.rows_affected == 1)
}
