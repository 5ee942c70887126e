//! Mail that waits to be sent. Written in the transaction of the act that it tells of; sealed, because it carries links and addresses.
//! Leased by a worker until a deadline, so that one that vanished loses nothing.

use sea_orm::{
    DatabaseTransaction, DbBackend, QueryOrder, QuerySelect, QueryTrait, Set,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, LockBehavior, LockType},
};

use crate::{Millis, PlatformTx, StoreError, TenantTx};

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub sealed: Vec<u8>,
    pub created_at: i64,
    pub run_at: i64,
    pub attempts: i32,
    pub locked_until: i64,
    /// Why it was given up. Names no address.
    pub failure: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("mail").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A mail that a worker has until its lease runs out.
pub struct Leased {
    pub id: Uuid,
    pub sealed: Vec<u8>,
    pub created_at: Millis,
    /// This one included.
    pub attempts: i32,
}

async fn insert_in(tx: &DatabaseTransaction, id: Uuid, sealed: Vec<u8>, now: Millis) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(id),
        sealed: Set(sealed),
        created_at: Set(now),
        run_at: Set(now),
        attempts: Set(0),
        locked_until: Set(0),
        failure: Set(None),
    };
    Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn insert(tx: &PlatformTx, id: Uuid, sealed: Vec<u8>, now: Millis) -> Result<(), StoreError> {
    insert_in(tx.raw(), id, sealed, now).await
}

/// As [`insert`], in a tenant's transaction.
///
/// # Errors
/// When the database does not answer.
pub async fn insert_beside(tx: &TenantTx, id: Uuid, sealed: Vec<u8>, now: Millis) -> Result<(), StoreError> {
    insert_in(tx.raw(), id, sealed, now).await
}

/// Leases the mail that waits longest, if one is due.
///
/// # Errors
/// When the database does not answer.
pub async fn lease(tx: &PlatformTx, now: Millis, until: Millis) -> Result<Option<Leased>, StoreError> {
    let mut due = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::Failure.is_null())
        .filter(Column::RunAt.lte(now))
        .filter(Column::LockedUntil.lt(now))
        .order_by_asc(Column::RunAt)
        .limit(1);
    if tx.raw().get_database_backend() == DbBackend::Postgres {
        due = due.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked);
    }
    let rows = Entity::update_many()
        .col_expr(Column::LockedUntil, Expr::value(until))
        .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        .filter(Column::Id.in_subquery(due.into_query()))
        .exec_with_returning(tx.raw())
        .await?;
    Ok(rows.into_iter().next().map(|row| Leased {
        id: row.id,
        sealed: row.sealed,
        created_at: row.created_at,
        attempts: row.attempts,
    }))
}

/// Whether one may be due. Asked before [`lease`], which takes the right to write.
///
/// # Errors
/// When the database does not answer.
pub async fn is_due(tx: &PlatformTx, now: Millis) -> Result<bool, StoreError> {
    let found = Entity::find()
        .filter(Column::Failure.is_null())
        .filter(Column::RunAt.lte(now))
        .filter(Column::LockedUntil.lt(now))
        .limit(1)
        .one(tx.raw())
        .await?;
    Ok(found.is_some())
}

pub(crate) async fn end_leases(tx: &DatabaseTransaction) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::LockedUntil, Expr::value(0_i64))
        .filter(Column::LockedUntil.gt(0_i64))
        .exec(tx)
        .await?;
    Ok(())
}

/// Puts other words in place of a mail's: what was asked for has become a letter.
///
/// # Errors
/// When the database does not answer.
pub async fn replace(tx: &PlatformTx, id: Uuid, sealed: Vec<u8>) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::Sealed, Expr::value(sealed))
        .filter(Column::Id.eq(id))
        .exec(tx.raw())
        .await?;
    Ok(())
}

/// It was sent: nothing of it stays.
///
/// # Errors
/// When the database does not answer.
pub async fn done(tx: &PlatformTx, id: Uuid) -> Result<(), StoreError> {
    Entity::delete_by_id(id).exec(tx.raw()).await?;
    Ok(())
}

/// It is to be tried again.
///
/// # Errors
/// When the database does not answer.
pub async fn put_back(tx: &PlatformTx, id: Uuid, run_at: Millis) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::RunAt, Expr::value(run_at))
        .col_expr(Column::LockedUntil, Expr::value(0_i64))
        .filter(Column::Id.eq(id))
        .exec(tx.raw())
        .await?;
    Ok(())
}

/// It is not tried any more. What it said is forgotten, why it failed is kept.
///
/// # Errors
/// When the database does not answer.
pub async fn give_up(tx: &PlatformTx, id: Uuid, failure: &str) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::Failure, Expr::value(failure))
        .col_expr(Column::Sealed, Expr::value(Vec::<u8>::new()))
        .filter(Column::Id.eq(id))
        .exec(tx.raw())
        .await?;
    Ok(())
}

/// Removes those that were given up before `before`.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(tx: &PlatformTx, before: Millis) -> Result<(), StoreError> {
    Entity::delete_many()
        .filter(Column::Failure.is_not_null())
        .filter(Column::CreatedAt.lt(before))
        .exec(tx.raw())
        .await?;
    Ok(())
}
