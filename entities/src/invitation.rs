//! Invitations that nobody has accepted yet. An accepted or revoked one is gone, and its token leads nowhere.

use sea_orm::{Order, Set, entity::prelude::*, sea_query::Expr};

use crate::{
    AccountId, InvitationId, Millis, ProjectId, StoreError, TenantTx, invitation_route as route, member::Role, tenant_db::TenantScoped,
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitation")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Lower-cased; unique in the tenant.
    pub email: String,
    pub role: String,
    /// JSON array of project ids.
    pub projects: String,
    pub invited_by: Uuid,
    pub created_at: i64,
    pub expires_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

#[derive(Clone, Debug)]
pub struct Invitation {
    pub id: InvitationId,
    pub email: String,
    pub role: Role,
    /// Those that a Member is assigned to on joining.
    pub projects: Vec<ProjectId>,
    pub invited_by: AccountId,
    pub created_at: Millis,
    pub expires_at: Millis,
}

impl TryFrom<Model> for Invitation {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            email: row.email,
            role: Role::parse(&row.role)?,
            projects: serde_json::from_str(&row.projects).map_err(|_| StoreError::Damaged("invitation.projects"))?,
            invited_by: row.invited_by.into(),
            created_at: row.created_at,
            expires_at: row.expires_at,
        })
    }
}

/// Stores an invitation and makes its token lead to it.
///
/// # Errors
/// `Conflict` when the address is invited already.
pub async fn insert(tx: &TenantTx, invitation: &Invitation, token_hash: [u8; 32]) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(invitation.id.uuid()),
        email: Set(invitation.email.clone()),
        role: Set(invitation.role.as_str().into()),
        projects: Set(serde_json::to_string(&invitation.projects).map_err(|_| StoreError::Damaged("value to store"))?),
        invited_by: Set(invitation.invited_by.uuid()),
        created_at: Set(invitation.created_at),
        expires_at: Set(invitation.expires_at),
    })
    .await?;
    publish(tx, invitation.id, token_hash).await
}

async fn publish(tx: &TenantTx, id: InvitationId, token_hash: [u8; 32]) -> Result<(), StoreError> {
    let row = route::ActiveModel {
        token_hash: Set(token_hash.to_vec()),
        workspace_id: Set(tx.tenant().uuid()),
        invitation_id: Set(id.uuid()),
    };
    route::Entity::insert(row).exec_without_returning(tx.raw()).await?;
    Ok(())
}

/// Ends every token of the invitation; returns how many.
async fn withdraw(tx: &TenantTx, id: InvitationId) -> Result<u64, StoreError> {
    let gone = route::Entity::delete_many()
        .filter(route::Column::InvitationId.eq(id.uuid()))
        .filter(route::Column::WorkspaceId.eq(tx.tenant().uuid()))
        .exec(tx.raw())
        .await?;
    Ok(gone.rows_affected)
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, id: InvitationId) -> Result<Option<Invitation>, StoreError> {
    let row = tx.find::<Entity>().filter(Column::Id.eq(id.uuid())).one().await?;
    row.map(Invitation::try_from).transpose()
}

/// # Errors
/// When the database does not answer.
pub async fn find_by_email(tx: &TenantTx, email: &str) -> Result<Option<Invitation>, StoreError> {
    let row = tx.find::<Entity>().filter(Column::Email.eq(email)).one().await?;
    row.map(Invitation::try_from).transpose()
}

/// The latest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx) -> Result<Vec<Invitation>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .order(Column::CreatedAt, Order::Desc)
        .order(Column::Id, Order::Desc)
        .all()
        .await?;
    rows.into_iter().map(Invitation::try_from).collect()
}

/// A new token and a new end. The old token leads nowhere from the same commit on.
///
/// # Errors
/// When the database does not answer.
pub async fn renew(tx: &TenantTx, id: InvitationId, token_hash: [u8; 32], expires_at: Millis) -> Result<bool, StoreError> {
    let update = tx.update::<Entity>().set(Column::ExpiresAt, Expr::value(expires_at));
    if update.filter(Column::Id.eq(id.uuid())).run().await? != 1 {
        return Ok(false);
    }
    withdraw(tx, id).await?;
    publish(tx, id, token_hash).await?;
    Ok(true)
}

/// # Errors
/// When the database does not answer.
pub async fn revoke(tx: &TenantTx, id: InvitationId) -> Result<bool, StoreError> {
    withdraw(tx, id).await?;
    Ok(tx.delete::<Entity>(Column::Id.eq(id.uuid())).await? == 1)
}

/// Uses the token up and hands out what it stood for; `None` when it was used, replaced or revoked. Of two that use it at once, one gets it.
///
/// # Errors
/// When the database does not answer.
pub async fn redeem(tx: &TenantTx, id: InvitationId, token_hash: &[u8; 32]) -> Result<Option<Invitation>, StoreError> {
    let used = route::Entity::delete_many()
        .filter(route::Column::TokenHash.eq(token_hash.as_slice()))
        .filter(route::Column::InvitationId.eq(id.uuid()))
        .filter(route::Column::WorkspaceId.eq(tx.tenant().uuid()))
        .exec(tx.raw())
        .await?;
    if used.rows_affected != 1 {
        return Ok(None);
    }
    let invitation = find(tx, id).await?;
    tx.delete::<Entity>(Column::Id.eq(id.uuid())).await?;
    Ok(invitation)
}
