//! Sessions of a tenant's members, found by the SHA-256 of their id: a stolen table opens nothing.

use sea_orm::{Condition, Order, Set, entity::prelude::*};

use crate::{AccountId, Millis, StoreError, TenantId, TenantTx, member, tenant_db::TenantScoped};

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
    /// Moves with use, and never beyond `ends_at`.
    pub expires_at: i64,
    /// Of the account, when the session began: it ends when the account's passes.
    pub epoch: i64,
    /// When the person last proved who they are.
    pub proved_at: i64,
    /// When they last proved what opens their account by itself.
    pub first_proof_at: i64,
    /// When they last proved what is asked for besides.
    pub second_proof_at: i64,
    pub seen_at: i64,
    pub ends_at: i64,
    /// What the browser calls itself.
    pub agent: String,
    /// The network address that it began from.
    pub address: String,
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
    pub epoch: i64,
    /// When the person last proved who they are.
    pub proved_at: Millis,
    /// Zero for never.
    pub first_proof_at: Millis,
    /// Zero for never.
    pub second_proof_at: Millis,
    pub seen_at: Millis,
    pub ends_at: Millis,
    pub agent: String,
    pub address: String,
}

impl TryFrom<Model> for Session {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id_hash: row.id_hash.try_into().map_err(|_| StoreError::Damaged("session.id_hash"))?,
            account: row.account_id.into(),
            state: row.state,
            begun_at: row.created_at,
            expires_at: row.expires_at,
            epoch: row.epoch,
            proved_at: row.proved_at,
            first_proof_at: row.first_proof_at,
            second_proof_at: row.second_proof_at,
            seen_at: row.seen_at,
            ends_at: row.ends_at,
            agent: row.agent,
            address: row.address,
        })
    }
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
        epoch: Set(session.epoch),
        proved_at: Set(session.proved_at),
        first_proof_at: Set(session.first_proof_at),
        second_proof_at: Set(session.second_proof_at),
        seen_at: Set(session.seen_at),
        ends_at: Set(session.ends_at),
        agent: Set(session.agent),
        address: Set(session.address),
    })
    .await
}

/// The living sessions of `account` in this tenant, the last used first.
///
/// # Errors
/// When the database does not answer.
pub async fn of_account(tx: &TenantTx, account: AccountId, epoch: i64, now: Millis) -> Result<Vec<Session>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::AccountId.eq(account.uuid()))
        .filter(Column::Epoch.eq(epoch))
        .filter(Column::ExpiresAt.gt(now))
        .filter(Column::EndsAt.gt(now))
        .order(Column::SeenAt, Order::Desc)
        .order(Column::IdHash, Order::Desc)
        .all()
        .await?;
    rows.into_iter().map(Session::try_from).collect()
}

/// Replaces the state of a session that still lives; `false` when it is gone, so that a late write cannot bring it back.
///
/// # Errors
/// When the database does not answer.
pub async fn update(tx: &TenantTx, id_hash: &[u8; 32], account: AccountId, state: &str, now: Millis) -> Result<bool, StoreError> {
    let changed = tx
        .update::<Entity>()
        .set(Column::State, state)
        .filter(Column::IdHash.eq(id_hash.as_slice()))
        .filter(Column::AccountId.eq(account.uuid()))
        .filter(Column::ExpiresAt.gt(now))
        .run()
        .await?;
    Ok(changed == 1)
}

/// Notes that a living session was used, and moves its end.
///
/// # Errors
/// When the database does not answer.
pub async fn touch(tx: &TenantTx, id_hash: &[u8; 32], expires_at: Millis, now: Millis) -> Result<(), StoreError> {
    tx.update::<Entity>()
        .set(Column::ExpiresAt, expires_at)
        .set(Column::SeenAt, now)
        .filter(Column::IdHash.eq(id_hash.as_slice()))
        .filter(Column::ExpiresAt.gt(now))
        .run()
        .await?;
    Ok(())
}

/// A session that goes on when all others of its account end.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    pub tenant: TenantId,
    pub id_hash: [u8; 32],
    /// When a second factor was proved in it just now.
    pub second_proof_at: Option<Millis>,
}

/// Lets the session go on in its account's new epoch. Only one of the epoch before: what was over before stays over.
///
/// # Errors
/// `SessionOver` when it is gone, or of another epoch.
pub(crate) async fn carry_over(tx: &TenantTx, account: AccountId, kept: &Kept, epoch: i64) -> Result<(), StoreError> {
    let mut update = tx.update::<Entity>().set(Column::Epoch, epoch);
    if let Some(at) = kept.second_proof_at {
        update = update.set(Column::ProvedAt, at).set(Column::SecondProofAt, at);
    }
    let changed = update
        .filter(Column::IdHash.eq(kept.id_hash.as_slice()))
        .filter(Column::AccountId.eq(account.uuid()))
        .filter(Column::Epoch.eq(epoch - 1))
        .run()
        .await?;
    if changed == 1 { Ok(()) } else { Err(StoreError::SessionOver) }
}

/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, id_hash: &[u8; 32]) -> Result<(), StoreError> {
    tx.delete::<Entity>(Column::IdHash.eq(id_hash.as_slice())).await?;
    Ok(())
}

/// Ends a session of `account`, and of nobody else; `false` when there is none.
///
/// # Errors
/// When the database does not answer.
pub async fn delete_of(tx: &TenantTx, account: AccountId, id_hash: &[u8; 32]) -> Result<bool, StoreError> {
    let wanted = Condition::all()
        .add(Column::IdHash.eq(id_hash.as_slice()))
        .add(Column::AccountId.eq(account.uuid()));
    Ok(tx.delete::<Entity>(wanted).await? == 1)
}

/// Ends the sessions of `account` in this tenant, and those that come in from another of theirs without a newer proof of who they are;
/// `false` when they do not belong to it.
///
/// # Errors
/// When the database does not answer.
pub async fn end_all_of(tx: &TenantTx, account: AccountId, now: Millis) -> Result<bool, StoreError> {
    let moved = tx.update::<member::Entity>().set(member::Column::SessionsFrom, now);
    let moved = moved.filter(member::Column::AccountId.eq(account.uuid())).run().await?;
    tx.delete::<Entity>(Column::AccountId.eq(account.uuid())).await?;
    Ok(moved == 1)
}

/// # Errors
/// When the database does not answer.
pub async fn delete_expired(tx: &TenantTx, now: Millis) -> Result<u64, StoreError> {
    tx.delete::<Entity>(Column::ExpiresAt.lte(now)).await
}
