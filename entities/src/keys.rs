//! Wrapped keys. A tenant key is wrapped by the master key, a project key by the tenant key; neither is stored in the clear.

use sea_orm::{Order, Set, entity::prelude::*};

use crate::{Millis, ProjectId, StoreError, TenantTx, tenant_db::TenantScoped};

pub(crate) mod tenant_key {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tenant_key")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub tenant_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub version: i32,
        pub wrapped: Vec<u8>,
        pub created_at: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "project_key")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i32,
    pub wrapped: Vec<u8>,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}

impl TenantScoped for tenant_key::Entity {
    const TENANT: tenant_key::Column = tenant_key::Column::TenantId;
}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

pub struct TenantKey {
    pub version: i32,
    pub wrapped: Vec<u8>,
}

pub struct ProjectKey {
    pub project: ProjectId,
    pub version: i32,
    pub wrapped: Vec<u8>,
}

pub(crate) async fn store_tenant_key(tx: &TenantTx, key: TenantKey, now: Millis) -> Result<(), StoreError> {
    tx.insert(tenant_key::ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        version: Set(key.version),
        wrapped: Set(key.wrapped),
        created_at: Set(now),
    })
    .await
}

/// Every version, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn tenant_keys(tx: &TenantTx) -> Result<Vec<TenantKey>, StoreError> {
    let rows = tx
        .find::<tenant_key::Entity>()
        .order(tenant_key::Column::Version, Order::Asc)
        .all()
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| TenantKey {
            version: row.version,
            wrapped: row.wrapped,
        })
        .collect())
}

/// # Errors
/// `Conflict` when that version exists.
pub async fn store_project_key(tx: &TenantTx, key: ProjectKey, now: Millis) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        project_id: Set(key.project.uuid()),
        version: Set(key.version),
        wrapped: Set(key.wrapped),
        created_at: Set(now),
    })
    .await
}

/// Every version of a project's key, oldest first; none for a project that was deleted.
///
/// # Errors
/// When the database does not answer.
pub async fn project_keys(tx: &TenantTx, project: ProjectId) -> Result<Vec<ProjectKey>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .order(Column::Version, Order::Asc)
        .all()
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| ProjectKey {
            project,
            version: row.version,
            wrapped: row.wrapped,
        })
        .collect())
}

/// Destroys every version of a project's key: what it sealed cannot be opened again.
pub(crate) async fn destroy_project_keys(tx: &TenantTx, project: ProjectId) -> Result<(), StoreError> {
    tx.delete::<Entity>(Column::ProjectId.eq(project.uuid())).await?;
    Ok(())
}

/// Destroys every key of the tenant: nothing that was sealed here can be opened again.
pub(crate) async fn destroy_all(tx: &TenantTx) -> Result<(), StoreError> {
    tx.delete::<tenant_key::Entity>(sea_orm::Condition::all()).await?;
    tx.delete::<Entity>(sea_orm::Condition::all()).await?;
    Ok(())
}
