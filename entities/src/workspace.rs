//! What a tenant calls itself, and how it ends.

use sea_orm::{
    DatabaseTransaction, DbBackend, QuerySelect, Set,
    entity::prelude::*,
    sea_query::{Expr, LockType},
};

use crate::{
    Millis, StoreError, TenantId, TenantTx, invitation_route, job, keys, member, session, slack_route, source_route, stripe_route,
    tenant::{self, directory},
    tenant_db::TenantScoped,
    widget_route,
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workspace")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    pub name: String,
    pub created_at: i64,
    /// From when on members need a second factor.
    pub second_factor_from: Option<i64>,
    /// Characters.
    pub password_length: i32,
    /// Being deleted: it ends then.
    pub ends_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

/// The name of the tenant; `None` when there is no such tenant.
///
/// # Errors
/// When the database does not answer.
pub async fn name(tx: &TenantTx) -> Result<Option<String>, StoreError> {
    Ok(tx.find::<Entity>().one().await?.map(|row| row.name))
}

/// The name of the tenant, and how long its members' passwords must be that are all they sign in with.
///
/// # Errors
/// When the database does not answer.
pub async fn passwords(tx: &TenantTx) -> Result<Option<(String, i32)>, StoreError> {
    Ok(tx.find::<Entity>().one().await?.map(|row| (row.name, row.password_length)))
}

/// As [`passwords`], for who asks on behalf of somebody who belongs to several.
pub(crate) async fn passwords_of(tx: &DatabaseTransaction, tenant: TenantId) -> Result<Option<(String, i32)>, StoreError> {
    let row = Entity::find().filter(Column::TenantId.eq(tenant.uuid())).one(tx).await?;
    Ok(row.map(|row| (row.name, row.password_length)))
}

/// # Errors
/// When the database does not answer.
pub async fn set_password_length(tx: &TenantTx, length: i32) -> Result<(), StoreError> {
    tx.update::<Entity>().set(Column::PasswordLength, length).run().await?;
    Ok(())
}

/// Makes changes of the team take turns, until the transaction ends. The embedded database has one writer anyway.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &TenantTx) -> Result<(), StoreError> {
    if tx.raw().get_database_backend() == DbBackend::Postgres {
        tx.find::<Entity>().shape(|select| select.lock(LockType::Update)).one().await?;
    }
    Ok(())
}

pub(crate) async fn insert(tx: &TenantTx, name: String, now: Millis) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        name: Set(name),
        created_at: Set(now),
        second_factor_from: Set(None),
        password_length: Set(12),
        ends_at: Set(None),
    })
    .await
}

/// What holds for all of a tenant's members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// From when on they need a second factor.
    pub second_factor_from: Option<Millis>,
    /// When the tenant ends.
    pub ends_at: Option<Millis>,
}

/// # Errors
/// When the database does not answer.
pub async fn rules(tx: &TenantTx) -> Result<Rules, StoreError> {
    let row = tx.find::<Entity>().one().await?;
    Ok(row.map_or_else(Rules::default, |row| Rules {
        second_factor_from: row.second_factor_from,
        ends_at: row.ends_at,
    }))
}

/// Shuts the tenant until it ends at `at`, or opens it again.
///
/// # Errors
/// When the database does not answer.
pub async fn end_at(tx: &TenantTx, at: Option<Millis>) -> Result<(), StoreError> {
    tx.update::<Entity>().set(Column::EndsAt, at).run().await?;
    tenant::Entity::update_many()
        .col_expr(tenant::Column::EndsAt, Expr::value(at))
        .filter(tenant::Column::Id.eq(tx.tenant().uuid()))
        .exec(tx.raw())
        .await?;
    tx.delete::<job::Entity>(job::Column::Kind.eq(job::END_WORKSPACE)).await?;
    if let Some(at) = at {
        job::enqueue(tx, Uuid::nil().into(), job::Work::EndWorkspace, at).await?;
    }
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn require_second_factor(tx: &TenantTx, from: Option<Millis>) -> Result<(), StoreError> {
    tx.update::<Entity>().set(Column::SecondFactorFrom, from).run().await?;
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn rename(tx: &TenantTx, name: &str) -> Result<(), StoreError> {
    tx.update::<Entity>().set(Column::Name, name).run().await?;
    Ok(())
}

/// Ends the tenant at once: no key, no member, no session, no way in. Its rows are noise from now on and are purged by a job.
/// Returns the shares of its keys, which the key ring is to destroy.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, now: Millis) -> Result<Vec<Uuid>, StoreError> {
    let (raw, id) = (tx.raw(), tx.tenant().uuid());
    let shares = keys::destroy_all_keys(tx).await?;
    tx.delete::<session::Entity>(sea_orm::Condition::all()).await?;
    tx.delete::<member::Entity>(sea_orm::Condition::all()).await?;
    // What else waits has lost its key, and so its meaning; but for shares that are still to be destroyed.
    tx.delete::<job::Entity>(job::Column::Kind.ne(job::DESTROY_SHARE)).await?;
    directory::Entity::delete_many()
        .filter(directory::Column::WorkspaceId.eq(id))
        .exec(raw)
        .await?;
    widget_route::Entity::delete_many()
        .filter(widget_route::Column::WorkspaceId.eq(id))
        .exec(raw)
        .await?;
    invitation_route::Entity::delete_many()
        .filter(invitation_route::Column::WorkspaceId.eq(id))
        .exec(raw)
        .await?;
    slack_route::withdraw_all(tx).await?;
    source_route::withdraw_all(tx).await?;
    stripe_route::withdraw_all(tx).await?;
    tenant::Entity::update_many()
        .col_expr(tenant::Column::DeletedAt, Expr::value(now))
        .filter(tenant::Column::Id.eq(id))
        .exec(raw)
        .await?;
    job::enqueue(tx, Uuid::nil().into(), job::Work::PurgeWorkspace, now).await?;
    Ok(shares)
}
