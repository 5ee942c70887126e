//! What a person proves besides a password: an authenticator app, backup codes, passkeys. Platform tables: they exist before a tenant
//! is known. Whether there is one is kept in the account as well, so that a request need not look into two more tables.

pub mod backup_code;
pub mod passkey;
pub mod totp;

use sea_orm::{
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};

use crate::{AccountId, Millis, PlatformTx, StoreError};

mod facts {
    //! The account's row, as far as second factors go.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub email: String,
        pub epoch: i64,
        pub second_factor_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What a person has to prove themselves with.
pub struct Factors {
    pub email: String,
    /// Sessions of an earlier one are over.
    pub epoch: i64,
    /// Since when there is a second factor.
    pub since: Option<Millis>,
    pub totp: bool,
    /// Not used yet.
    pub backup_codes: u64,
    pub passkeys: u64,
}

/// The factors of `account`; `None` for one that is gone.
///
/// # Errors
/// When the database does not answer.
pub async fn of(tx: &PlatformTx, account: AccountId) -> Result<Option<Factors>, StoreError> {
    let Some(row) = facts::Entity::find_by_id(account.uuid()).one(tx.raw()).await? else {
        return Ok(None);
    };
    Ok(Some(Factors {
        email: row.email,
        epoch: row.epoch,
        since: row.second_factor_at,
        totp: totp::is_confirmed(tx, account).await?,
        backup_codes: backup_code::left(tx, account).await?,
        passkeys: passkey::count(tx, account).await?,
    }))
}

/// Notes in the account whether there is a second factor, after one came or went. With the last one the backup codes go.
/// Returns whether there is one.
///
/// # Errors
/// When the database does not answer.
pub async fn settle(tx: &PlatformTx, account: AccountId, now: Millis) -> Result<bool, StoreError> {
    let any = totp::is_confirmed(tx, account).await? || passkey::count(tx, account).await? > 0;
    let since = if any {
        Expr::col(facts::Column::SecondFactorAt).if_null(now)
    } else {
        backup_code::remove(tx, account).await?;
        Expr::value(Option::<Millis>::None)
    };
    facts::Entity::update_many()
        .col_expr(facts::Column::SecondFactorAt, since)
        .filter(facts::Column::Id.eq(account.uuid()))
        .exec(tx.raw())
        .await?;
    Ok(any)
}

/// Takes every factor and backup code away.
///
/// # Errors
/// When the database does not answer.
pub async fn remove_all(tx: &PlatformTx, account: AccountId, now: Millis) -> Result<(), StoreError> {
    totp::remove(tx, account).await?;
    remove_passkeys(tx, account, now).await
}

/// Takes every passkey of an account away; backup codes go with the last factor.
///
/// # Errors
/// When the database does not answer.
pub async fn remove_passkeys(tx: &PlatformTx, account: AccountId, now: Millis) -> Result<(), StoreError> {
    passkey::remove_all(tx, account).await?;
    settle(tx, account, now).await?;
    Ok(())
}
