//! The bytes that were uploaded, sealed with the project's key.

use sea_orm::{Set, entity::prelude::*};

use crate::{
    DocumentId, ProjectId, StoreError, TenantTx,
    tenant_db::{SealedCells, TenantScoped},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_body")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_id: Uuid,
    pub project_id: Uuid,
    pub sealed: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
    const SEALED: Option<SealedCells<Self>> = Some(SealedCells {
        project: Column::ProjectId,
        row: Column::DocumentId,
        cells: &[Column::Sealed],
    });
}

/// # Errors
/// `Conflict` when the document has a body already.
pub async fn store(tx: &TenantTx, project: ProjectId, document: DocumentId, sealed: Vec<u8>) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        document_id: Set(document.uuid()),
        project_id: Set(project.uuid()),
        sealed: Set(sealed),
    })
    .await
}

/// # Errors
/// When the database does not answer.
pub async fn load(tx: &TenantTx, project: ProjectId, document: DocumentId) -> Result<Option<Vec<u8>>, StoreError> {
    let row = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::DocumentId.eq(document.uuid()))
        .one()
        .await?;
    Ok(row.map(|row| row.sealed))
}

pub(crate) async fn delete_of(tx: &TenantTx, document: DocumentId) -> Result<(), StoreError> {
    tx.delete::<Entity>(Column::DocumentId.eq(document.uuid())).await?;
    Ok(())
}
