//! Which projects a Member is assigned to. Admins and Owners need no row: they reach every project.

use sea_orm::{Set, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{AccountId, Millis, ProjectId, StoreError, TenantTx, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "project_member")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: Uuid,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

/// The projects that someone sees. To everything else the answer is that it does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    Every,
    Only(Vec<ProjectId>),
}

impl Reach {
    #[must_use]
    pub fn covers(&self, project: ProjectId) -> bool {
        match self {
            Self::Every => true,
            Self::Only(assigned) => assigned.contains(&project),
        }
    }
}

/// # Errors
/// When the database does not answer.
pub async fn assigned(tx: &TenantTx, account: AccountId) -> Result<Vec<ProjectId>, StoreError> {
    let rows = tx.find::<Entity>().filter(Column::AccountId.eq(account.uuid())).all().await?;
    Ok(rows.into_iter().map(|row| row.project_id.into()).collect())
}

/// Every assignment of the tenant.
///
/// # Errors
/// When the database does not answer.
pub async fn all(tx: &TenantTx) -> Result<Vec<(AccountId, ProjectId)>, StoreError> {
    let rows = tx.find::<Entity>().all().await?;
    Ok(rows.into_iter().map(|row| (row.account_id.into(), row.project_id.into())).collect())
}

/// Assigns exactly `projects`.
///
/// # Errors
/// `Orphan` when a project is not the tenant's.
pub async fn assign(tx: &TenantTx, account: AccountId, projects: &[ProjectId], now: Millis) -> Result<(), StoreError> {
    tx.delete::<Entity>(Column::AccountId.eq(account.uuid())).await?;
    let row = |project: &ProjectId| ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        account_id: Set(account.uuid()),
        project_id: Set(project.uuid()),
        created_at: Set(now),
    };
    tx.insert_all(projects.iter().map(row).collect()).await
}

/// Nobody is assigned to `project` any more.
pub(crate) async fn forget_project(tx: &TenantTx, project: ProjectId) -> Result<(), StoreError> {
    tx.delete::<Entity>(Column::ProjectId.eq(project.uuid())).await?;
    Ok(())
}
