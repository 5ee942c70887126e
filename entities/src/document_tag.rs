//! Tags of documents: words that the team finds them by.

use sea_orm::{Condition, Order, QuerySelect, Set, entity::prelude::*};

use crate::{DocumentId, ProjectId, StoreError, TenantTx, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_tag")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub document_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag: String,
    pub project_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

fn among(project: ProjectId, documents: &[DocumentId]) -> Condition {
    Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::DocumentId.is_in(documents.iter().map(|id| id.uuid())))
}

/// The tags of these documents, by document and tag.
///
/// # Errors
/// When the database does not answer.
pub async fn of(tx: &TenantTx, project: ProjectId, documents: &[DocumentId]) -> Result<Vec<(DocumentId, String)>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(among(project, documents))
        .order(Column::DocumentId, Order::Asc)
        .order(Column::Tag, Order::Asc)
        .all()
        .await?;
    Ok(rows.into_iter().map(|row| (row.document_id.into(), row.tag)).collect())
}

/// Gives a tag to those of the documents that do not bear it.
///
/// # Errors
/// `Orphan` when one of the documents is not there.
pub async fn add(tx: &TenantTx, project: ProjectId, documents: &[DocumentId], tag: &str) -> Result<(), StoreError> {
    let bear = tx.find::<Entity>().filter(among(project, documents)).filter(Column::Tag.eq(tag));
    let bear: Vec<Uuid> = bear.all().await?.into_iter().map(|row| row.document_id).collect();
    let rows = documents.iter().filter(|id| !bear.contains(&id.uuid())).map(|id| ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        document_id: Set(id.uuid()),
        tag: Set(tag.to_owned()),
        project_id: Set(project.uuid()),
    });
    tx.insert_all(rows.collect()).await
}

/// Takes a tag off the documents, or with `None` every tag.
///
/// # Errors
/// When the database does not answer.
pub async fn remove(tx: &TenantTx, project: ProjectId, documents: &[DocumentId], tag: Option<&str>) -> Result<(), StoreError> {
    tx.delete::<Entity>(among(project, documents).add_option(tag.map(|tag| Column::Tag.eq(tag))))
        .await?;
    Ok(())
}

/// Every tag of the project with how many documents bear it, by tag.
///
/// # Errors
/// When the database does not answer.
pub async fn counts(tx: &TenantTx, project: ProjectId) -> Result<Vec<(String, i64)>, StoreError> {
    #[derive(sea_orm::FromQueryResult)]
    struct Count {
        tag: String,
        found: i64,
    }
    let counted = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .order(Column::Tag, Order::Asc)
        .shape(|select| {
            select
                .select_only()
                .column(Column::Tag)
                .column_as(Column::DocumentId.count(), "found")
                .group_by(Column::Tag)
        })
        .into::<Count>()
        .await?;
    Ok(counted.into_iter().map(|count| (count.tag, count.found)).collect())
}
