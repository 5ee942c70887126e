//! Sessions of a tenant's members, found by the SHA-256 of their id: a stolen table opens nothing.

use sea_orm::{Set, entity::prelude::*};

use crate::{AccountId, Millis, StoreError, TenantTx, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "session")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id_hash: Vec<u8>,
    pub account_id: Uuid,
    /// JSON; holds no secret.
    pub state: String,
    pub created_at: i64,
    pub expires_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

#[derive(Clone, Debug)]
pub struct Session {
    pub id_hash: [u8; 32],
    pub account: AccountId,
    pub state: String,
    pub begun_at: Millis,
    pub expires_at: Millis,
}

/// # Errors
/// `Conflict` when the id is taken; otherwise when the database does not answer.
pub async fn create(tx: &TenantTx, session: Session) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id_hash: Set(session.id_hash.to_vec()),
        account_id: Set(session.account.uuid()),
        state: Set(session.state),
        created_at: Set(session.begun_at),
        expires_at: Set(session.expires_at),
    })
    .await
}

/// The session, unless it is unknown or expired.
///
/// # Errors
/// When the database does not answer.
pub async fn load(tx: &TenantTx, id_hash: &[u8; 32], now: Millis) -> Result<Option<Session>, StoreError> {
    let row = tx
        .find::<Entity>()
        .filter(Column::IdHash.eq(id_hash.as_slice()))
        .filter(Column::ExpiresAt.gt(now))
        .one()
        .await?;
    Ok(row.map(|row| Session {
        id_hash: *id_hash,
        account: row.account_id.into(),
        state: row.state,
        begun_at: row.created_at,
        expires_at: row.expires_at,
    }))
}

/// Replaces the state of a session that still lives; `false` when it is gone, so that a late write cannot bring it back.
///
/// # Errors
/// When the database does not answer.
pub async fn update(tx: &TenantTx, session: &Session, now: Millis) -> Result<bool, StoreError> {
    let changed = tx
        .update::<Entity>()
        .set(Column::State, session.state.clone())
        .set(Column::ExpiresAt, session.expires_at)
        .filter(Column::IdHash.eq(session.id_hash.as_slice()))
        .filter(Column::AccountId.eq(session.account.uuid()))
        .filter(Column::ExpiresAt.gt(now))
        .run()
        .await?;
    Ok(changed == 1)
}

/// Moves the end of a living session.
///
/// # Errors
/// When the database does not answer.
pub async fn touch(tx: &TenantTx, id_hash: &[u8; 32], expires_at: Millis, now: Millis) -> Result<(), StoreError> {
    tx.update::<Entity>()
        .set(Column::ExpiresAt, expires_at)
        .filter(Column::IdHash.eq(id_hash.as_slice()))
        .filter(Column::ExpiresAt.gt(now))
        .run()
        .await?;
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, id_hash: &[u8; 32]) -> Result<(), StoreError> {
    tx.delete::<Entity>(Column::IdHash.eq(id_hash.as_slice())).await?;
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn delete_expired(tx: &TenantTx, now: Millis) -> Result<u64, StoreError> {
    tx.delete::<Entity>(Column::ExpiresAt.lte(now)).await
}
