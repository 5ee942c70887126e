//! The picture in the head of a project's widget, sealed like all that a tenant stores.

use sea_orm::{Condition, Set, entity::prelude::*, sea_query::Expr};

use crate::{
    ProjectId, StoreError, TenantTx,
    tenant_db::{SealedCells, TenantScoped},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "widget_logo")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: Uuid,
    pub media_type: String,
    pub sealed: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
    const SEALED: Option<SealedCells<Self>> = Some(SealedCells {
        project: Column::ProjectId,
        row: Column::ProjectId,
        cells: &[Column::Sealed],
    });
}

#[derive(Clone, Debug)]
pub struct WidgetLogo {
    pub media_type: String,
    pub sealed: Vec<u8>,
}

fn of(project: ProjectId) -> Condition {
    Condition::all().add(Column::ProjectId.eq(project.uuid()))
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, project: ProjectId) -> Result<Option<WidgetLogo>, StoreError> {
    let row = tx.find::<Entity>().filter(of(project)).one().await?;
    Ok(row.map(|row| WidgetLogo {
        media_type: row.media_type,
        sealed: row.sealed,
    }))
}

/// Stores `logo` in place of the one before.
///
/// # Errors
/// `KeyRetired` when it was sealed by a key that is closed, `Orphan` when there is no such project.
pub async fn put(tx: &TenantTx, project: ProjectId, logo: WidgetLogo) -> Result<(), StoreError> {
    let changed = tx
        .update::<Entity>()
        .set(Column::MediaType, Expr::value(logo.media_type.clone()))
        .seal(Column::Sealed, project, logo.sealed.clone())
        .filter(of(project))
        .run()
        .await?;
    if changed == 1 {
        return Ok(());
    }
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        project_id: Set(project.uuid()),
        media_type: Set(logo.media_type),
        sealed: Set(logo.sealed),
    })
    .await
}

/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, project: ProjectId) -> Result<(), StoreError> {
    tx.delete::<Entity>(of(project)).await?;
    Ok(())
}
