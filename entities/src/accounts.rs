//! Accounts in a transaction on the platform's tables: asked about and changed together with what belongs to the change.

use sea_orm::{
    DatabaseTransaction, DbBackend, QueryOrder, QuerySelect,
    entity::prelude::*,
    sea_query::{Expr, Func},
};

use crate::{
    AccountId, Millis, PlatformTx, StoreError, TenantId,
    account::{self, Account, Column, Entity},
    store::set_local,
    tenant::directory,
    workspace,
};

/// Characters of a password that may be the only factor where a workspace asks for that (NIST SP 800-63B).
pub const LONG: i32 = 15;

/// # Errors
/// When the database does not answer.
pub async fn by_email(tx: &PlatformTx, email: &str) -> Result<Option<Account>, StoreError> {
    let row = Entity::find().filter(Column::Email.eq(email)).one(tx.raw()).await?;
    Ok(row.map(Account::from))
}

/// # Errors
/// When the database does not answer.
pub async fn by_id(tx: &PlatformTx, id: AccountId) -> Result<Option<Account>, StoreError> {
    Ok(Entity::find_by_id(id.uuid()).one(tx.raw()).await?.map(Account::from))
}

/// As [`by_id`], and makes changes of the account take turns until the transaction ends. The embedded database has one writer anyway.
///
/// # Errors
/// When the database does not answer.
pub async fn lock(tx: &PlatformTx, id: AccountId) -> Result<Option<Account>, StoreError> {
    let mut find = Entity::find_by_id(id.uuid());
    if tx.raw().get_database_backend() == DbBackend::Postgres {
        find = find.lock_exclusive();
    }
    Ok(find.one(tx.raw()).await?.map(Account::from))
}

/// Ends every session of `account` in the transaction of what calls for it. Those that begin later carry the epoch that is returned.
///
/// # Errors
/// `Orphan` when the account is gone.
pub async fn end_sessions(tx: &PlatformTx, id: AccountId) -> Result<i64, StoreError> {
    account::end_sessions(tx.raw(), id).await
}

/// Sets another password, unless the account has changed since `epoch` was read.
///
/// # Errors
/// When the database does not answer.
pub async fn set_password(tx: &PlatformTx, id: AccountId, epoch: i64, hash: &str, long: bool) -> Result<bool, StoreError> {
    let changed = Entity::update_many()
        .col_expr(Column::PasswordHash, Expr::value(hash))
        .col_expr(Column::PasswordLong, Expr::value(long))
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::Epoch.eq(epoch))
        .exec(tx.raw())
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Sets another address, which was proved.
///
/// # Errors
/// `Conflict` when it has an account.
pub async fn set_email(tx: &PlatformTx, id: AccountId, email: &str, now: Millis) -> Result<(), StoreError> {
    Entity::update_many()
        .col_expr(Column::Email, Expr::value(email))
        .col_expr(Column::VerifiedAt, Expr::value(now))
        .filter(Column::Id.eq(id.uuid()))
        .exec(tx.raw())
        .await?;
    Ok(())
}

/// Notes that the address was proved; the first time counts.
///
/// # Errors
/// When the database does not answer.
pub async fn verify(tx: &PlatformTx, id: AccountId, now: Millis) -> Result<(), StoreError> {
    verify_in(tx.raw(), id, now).await
}

pub(crate) async fn verify_in(tx: &DatabaseTransaction, id: AccountId, now: Millis) -> Result<(), StoreError> {
    let first = Func::coalesce([Expr::col(Column::VerifiedAt), Expr::value(now)]);
    Entity::update_many()
        .col_expr(Column::VerifiedAt, first.into())
        .filter(Column::Id.eq(id.uuid()))
        .exec(tx)
        .await?;
    Ok(())
}

/// What the workspaces of an account ask of its password.
pub struct Demands {
    /// Characters.
    pub length: i32,
    /// The names of the workspaces.
    pub names: Vec<String>,
}

/// What the workspaces of `account` ask of its password.
///
/// # Errors
/// When the database does not answer.
pub async fn demands(tx: &PlatformTx, account: AccountId) -> Result<Demands, StoreError> {
    let tx = tx.raw();
    let mut demands = Demands {
        length: 0,
        names: Vec::new(),
    };
    let workspaces = directory::Entity::find()
        .filter(directory::Column::AccountId.eq(account.uuid()))
        .order_by_asc(directory::Column::WorkspaceId)
        .all(tx)
        .await?;
    for row in workspaces {
        let tenant: TenantId = row.workspace_id.into();
        set_local(tx, "app.tenant_id", tenant.to_string()).await?;
        if let Some((name, length)) = workspace::passwords_of(tx, tenant).await? {
            demands.length = demands.length.max(length);
            demands.names.push(name);
        }
    }
    set_local(tx, "app.tenant_id", String::new()).await?;
    Ok(demands)
}
