//! Who works in a tenant, and as what.

use sea_orm::{DbBackend, Order, QuerySelect, Set, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    AccountId, Millis, NewAccount, StoreError, TenantTx, account, platform_db, project_member::Reach, tenant::directory,
    tenant_db::TenantScoped,
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "member")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    pub role: String,
    pub created_at: i64,
    /// Sessions whose proof is older were ended by an Owner.
    pub sessions_from: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

/// What a member may do. Ordered: each may do all that the one before may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Member,
    Admin,
    Owner,
}

impl Role {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, StoreError> {
        match text {
            "member" => Ok(Self::Member),
            "admin" => Ok(Self::Admin),
            "owner" => Ok(Self::Owner),
            _ => Err(StoreError::Damaged("member.role")),
        }
    }
}

/// What someone is in the tenant at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub role: Role,
    pub reach: Reach,
    /// When they joined, the last time if several.
    pub since: Millis,
    /// Whether their account has one.
    #[serde(default)]
    pub second_factor: bool,
    /// From when on they may do nothing here, for want of the second factor that the workspace requires.
    #[serde(default)]
    pub barred_from: Option<Millis>,
    /// When the workspace ends, which is shut until then.
    #[serde(default)]
    pub ends_at: Option<Millis>,
}

/// A member as the team sees them.
#[derive(Clone, Debug)]
pub struct Member {
    pub account: AccountId,
    pub email: String,
    pub role: Role,
    pub since: Millis,
    /// Whether their account has one.
    pub second_factor: bool,
}

async fn find(tx: &TenantTx, account: AccountId) -> Result<Option<Model>, StoreError> {
    tx.find::<Entity>().filter(Column::AccountId.eq(account.uuid())).one().await
}

/// The role of `account` in this tenant; `None` for someone who does not belong to it.
///
/// # Errors
/// When the database does not answer, or holds no known role.
pub async fn role_of(tx: &TenantTx, account: AccountId) -> Result<Option<Role>, StoreError> {
    find(tx, account).await?.map(|row| Role::parse(&row.role)).transpose()
}

/// Whether a member's account has a second factor.
///
/// # Errors
/// When the database does not answer.
pub async fn has_second_factor(tx: &TenantTx, account: AccountId) -> Result<bool, StoreError> {
    if find(tx, account).await?.is_none() {
        return Ok(false);
    }
    let row = account::Entity::find_by_id(account.uuid()).one(tx.raw()).await?;
    Ok(row.is_some_and(|row| row.second_factor_at.is_some()))
}

/// Whether `account`, member or not, is opened by a password that is not [`LONG`](crate::accounts::LONG) and by nothing besides it. No
/// change of the account comes in between until the transaction ends.
///
/// # Errors
/// When the database does not answer.
pub async fn has_short_password_only(tx: &TenantTx, account: AccountId) -> Result<bool, StoreError> {
    let mut find = account::Entity::find_by_id(account.uuid());
    if tx.raw().get_database_backend() == DbBackend::Postgres {
        find = find.lock_exclusive();
    }
    let row = find.one(tx.raw()).await?;
    Ok(row.is_some_and(|row| !row.password_hash.is_empty() && !row.password_long && row.second_factor_at.is_none()))
}

/// Everyone, the longest here first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx) -> Result<Vec<Member>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .order(Column::CreatedAt, Order::Asc)
        .order(Column::AccountId, Order::Asc)
        .all()
        .await?;
    let ids = rows.iter().map(|row| row.account_id);
    let accounts = account::Entity::find().filter(account::Column::Id.is_in(ids)).all(tx.raw()).await?;
    let accounts: std::collections::HashMap<Uuid, account::Model> = accounts.into_iter().map(|row| (row.id, row)).collect();
    let member = |row: Model| {
        let account = accounts.get(&row.account_id).ok_or(StoreError::Orphan)?;
        Ok(Member {
            account: row.account_id.into(),
            email: account.email.clone(),
            role: Role::parse(&row.role)?,
            since: row.created_at,
            second_factor: account.second_factor_at.is_some(),
        })
    };
    rows.into_iter().map(member).collect()
}

/// The e-mail address of a member; `None` for someone who does not belong to the tenant.
///
/// # Errors
/// When the database does not answer.
pub async fn email_of(tx: &TenantTx, account: AccountId) -> Result<Option<String>, StoreError> {
    if find(tx, account).await?.is_none() {
        return Ok(None);
    }
    let row = account::Entity::find_by_id(account.uuid()).one(tx.raw()).await?;
    Ok(row.map(|row| row.email))
}

/// The epoch of a member's account: its sessions of an earlier one are over. `None` for someone who does not belong to the tenant.
///
/// # Errors
/// When the database does not answer.
pub async fn epoch(tx: &TenantTx, account: AccountId) -> Result<Option<i64>, StoreError> {
    if find(tx, account).await?.is_none() {
        return Ok(None);
    }
    let row = account::Entity::find_by_id(account.uuid()).one(tx.raw()).await?;
    Ok(row.map(|row| row.epoch))
}

/// From when on a proof of who they are counts here: an Owner ended the sessions of those that are older. `None` for someone who does not
/// belong to the tenant.
///
/// # Errors
/// When the database does not answer.
pub async fn sessions_from(tx: &TenantTx, account: AccountId) -> Result<Option<Millis>, StoreError> {
    Ok(find(tx, account).await?.map(|row| row.sessions_from))
}

/// Whether the address is a member's.
///
/// # Errors
/// When the database does not answer.
pub async fn has_email(tx: &TenantTx, email: &str) -> Result<bool, StoreError> {
    let row = account::Entity::find()
        .filter(account::Column::Email.eq(email))
        .one(tx.raw())
        .await?;
    match row {
        Some(row) => Ok(find(tx, row.id.into()).await?.is_some()),
        None => Ok(false),
    }
}

/// # Errors
/// `Conflict` when the address has an account.
pub async fn insert_account(tx: &TenantTx, new: NewAccount, now: Millis) -> Result<(), StoreError> {
    platform_db::insert_account(tx.raw(), new, now).await
}

/// # Errors
/// `Conflict` when they are a member already.
pub async fn insert(tx: &TenantTx, account: AccountId, role: Role, now: Millis) -> Result<(), StoreError> {
    let entry = directory::ActiveModel {
        account_id: Set(account.uuid()),
        workspace_id: Set(tx.tenant().uuid()),
        used_at: Set(0),
    };
    directory::Entity::insert(entry).exec_without_returning(tx.raw()).await?;
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        account_id: Set(account.uuid()),
        role: Set(role.as_str().into()),
        created_at: Set(now),
        sessions_from: Set(0),
    })
    .await
}

/// # Errors
/// When the database does not answer.
pub async fn set_role(tx: &TenantTx, account: AccountId, role: Role) -> Result<bool, StoreError> {
    let update = tx.update::<Entity>().set(Column::Role, role.as_str());
    Ok(update.filter(Column::AccountId.eq(account.uuid())).run().await? == 1)
}

/// Ends a membership. The person's sessions and assignments here go with it.
///
/// # Errors
/// When the database does not answer.
pub async fn remove(tx: &TenantTx, account: AccountId) -> Result<bool, StoreError> {
    directory::Entity::delete_many()
        .filter(directory::Column::AccountId.eq(account.uuid()))
        .filter(directory::Column::WorkspaceId.eq(tx.tenant().uuid()))
        .exec(tx.raw())
        .await?;
    Ok(tx.delete::<Entity>(Column::AccountId.eq(account.uuid())).await? == 1)
}

/// # Errors
/// When the database does not answer.
pub async fn owners(tx: &TenantTx) -> Result<u64, StoreError> {
    tx.find::<Entity>().filter(Column::Role.eq(Role::Owner.as_str())).count().await
}
