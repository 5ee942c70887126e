//! Credentials: bot tokens, signing secrets. Sealed with the tenant's key; opened by its vault only.

use sea_orm::{Order, Set, entity::prelude::*, sea_query::Expr};

use crate::{CredentialId, Millis, ProjectId, StoreError, TenantTx, keys, sealed::version_of, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "credential")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// `None` for the workspace's own.
    pub project_id: Option<Uuid>,
    pub sealed: Vec<u8>,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

/// A credential as it is stored: under which id, and sealed for that id by the tenant's key.
pub struct SealedCredential {
    pub id: CredentialId,
    pub bytes: Vec<u8>,
}

impl SealedCredential {
    /// Of the tenant's key that sealed it.
    ///
    /// # Errors
    /// `Damaged` when it is no sealed cell.
    pub fn key_version(&self) -> Result<i32, StoreError> {
        version_of(&self.bytes).ok_or(StoreError::Damaged("a sealed credential"))
    }
}

/// Stores a credential of the workspace, or of `project`.
///
/// # Errors
/// `KeyRetired` when the tenant's key that sealed it was replaced: have it sealed anew. `Orphan` when there is no such project.
pub async fn insert(
    tx: &TenantTx,
    credential: SealedCredential,
    project: Option<ProjectId>,
    now: Millis,
) -> Result<CredentialId, StoreError> {
    keys::hold_tenant_key(tx, credential.key_version()?).await?;
    let id = credential.id;
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(id.uuid()),
        project_id: Set(project.map(ProjectId::uuid)),
        sealed: Set(credential.bytes),
        created_at: Set(now),
    })
    .await?;
    Ok(id)
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, id: CredentialId) -> Result<Option<SealedCredential>, StoreError> {
    let row = tx.find::<Entity>().filter(Column::Id.eq(id.uuid())).one().await?;
    Ok(row.map(stored))
}

/// Up to `limit` of the tenant's, by id, after `after`.
///
/// # Errors
/// When the database does not answer.
pub async fn page(tx: &TenantTx, after: Option<CredentialId>, limit: u64) -> Result<Vec<SealedCredential>, StoreError> {
    let mut find = tx.find::<Entity>().order(Column::Id, Order::Asc).limit(limit);
    if let Some(after) = after {
        find = find.filter(Column::Id.gt(after.uuid()));
    }
    Ok(find.all().await?.into_iter().map(stored).collect())
}

/// Puts the same credential, sealed by a newer key, in its place.
///
/// # Errors
/// `KeyRetired` as in [`insert`].
pub async fn reseal(tx: &TenantTx, credential: SealedCredential) -> Result<(), StoreError> {
    keys::hold_tenant_key(tx, credential.key_version()?).await?;
    tx.update::<Entity>()
        .set(Column::Sealed, Expr::value(credential.bytes))
        .filter(Column::Id.eq(credential.id.uuid()))
        .run()
        .await?;
    Ok(())
}

/// `false` when it was gone already.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, id: CredentialId) -> Result<bool, StoreError> {
    Ok(tx.delete::<Entity>(Column::Id.eq(id.uuid())).await? == 1)
}

/// Ends those of a project that is being deleted.
pub(crate) async fn forget_project(tx: &TenantTx, project: ProjectId) -> Result<(), StoreError> {
    tx.delete::<Entity>(Column::ProjectId.eq(project.uuid())).await?;
    Ok(())
}

fn stored(row: Model) -> SealedCredential {
    SealedCredential {
        id: row.id.into(),
        bytes: row.sealed,
    }
}
