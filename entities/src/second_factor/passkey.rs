//! Passkeys. `credential` is JSON: a public key and a counter, no secret.

use sea_orm::{QueryOrder, Set, entity::prelude::*, sea_query::Expr};

use crate::{AccountId, Millis, PlatformTx, StoreError};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account_passkey")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Uuid,
    #[sea_orm(unique)]
    pub credential_id: Vec<u8>,
    pub credential: String,
    pub name: String,
    pub created_at: i64,
    pub used_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[derive(Clone, Debug)]
pub struct Passkey {
    pub id: Uuid,
    pub account: AccountId,
    pub credential_id: Vec<u8>,
    pub credential: String,
    pub name: String,
    pub created_at: Millis,
    pub used_at: Option<Millis>,
}

impl From<Model> for Passkey {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            account: row.account_id.into(),
            credential_id: row.credential_id,
            credential: row.credential,
            name: row.name,
            created_at: row.created_at,
            used_at: row.used_at,
        }
    }
}

/// The oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &PlatformTx, account: AccountId) -> Result<Vec<Passkey>, StoreError> {
    let rows = Entity::find()
        .filter(Column::AccountId.eq(account.uuid()))
        .order_by_asc(Column::Id)
        .all(tx.raw())
        .await?;
    Ok(rows.into_iter().map(Passkey::from).collect())
}

/// # Errors
/// When the database does not answer.
pub async fn count(tx: &PlatformTx, account: AccountId) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::AccountId.eq(account.uuid())).count(tx.raw()).await?)
}

/// Whose a credential is.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &PlatformTx, credential_id: &[u8]) -> Result<Option<Passkey>, StoreError> {
    let row = Entity::find().filter(Column::CredentialId.eq(credential_id)).one(tx.raw()).await?;
    Ok(row.map(Passkey::from))
}

/// # Errors
/// `Conflict` when the credential is registered, with whomever.
pub async fn insert(tx: &PlatformTx, passkey: Passkey) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(passkey.id),
        account_id: Set(passkey.account.uuid()),
        credential_id: Set(passkey.credential_id),
        credential: Set(passkey.credential),
        name: Set(passkey.name),
        created_at: Set(passkey.created_at),
        used_at: Set(passkey.used_at),
    };
    Entity::insert(row).exec_without_returning(tx.raw()).await?;
    Ok(())
}

/// Notes a use: `credential` takes the place of the one that `passkey` was read with. `false` when that is not what is stored any more.
///
/// # Errors
/// When the database does not answer.
pub async fn used(tx: &PlatformTx, passkey: &Passkey, credential: &str, now: Millis) -> Result<bool, StoreError> {
    let changed = Entity::update_many()
        .col_expr(Column::Credential, Expr::value(credential))
        .col_expr(Column::UsedAt, Expr::value(now))
        .filter(Column::Id.eq(passkey.id))
        .filter(Column::Credential.eq(passkey.credential.as_str()))
        .exec(tx.raw())
        .await?;
    Ok(changed.rows_affected == 1)
}

/// `false` when it is not the account's.
///
/// # Errors
/// When the database does not answer.
pub async fn rename(tx: &PlatformTx, account: AccountId, id: Uuid, name: &str) -> Result<bool, StoreError> {
    let changed = Entity::update_many()
        .col_expr(Column::Name, Expr::value(name))
        .filter(Column::Id.eq(id))
        .filter(Column::AccountId.eq(account.uuid()))
        .exec(tx.raw())
        .await?;
    Ok(changed.rows_affected == 1)
}

/// `false` when it is not the account's.
///
/// # Errors
/// When the database does not answer.
pub async fn remove(tx: &PlatformTx, account: AccountId, id: Uuid) -> Result<bool, StoreError> {
    let gone = Entity::delete_many()
        .filter(Column::Id.eq(id))
        .filter(Column::AccountId.eq(account.uuid()))
        .exec(tx.raw())
        .await?;
    Ok(gone.rows_affected == 1)
}

pub(super) async fn remove_all(tx: &PlatformTx, account: AccountId) -> Result<(), StoreError> {
    Entity::delete_many()
        .filter(Column::AccountId.eq(account.uuid()))
        .exec(tx.raw())
        .await?;
    Ok(())
}
