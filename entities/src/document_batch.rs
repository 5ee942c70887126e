//! One thing that is done to many documents, a step at a time.

use sea_orm::{Condition, Set, entity::prelude::*, sea_query::Expr};

use crate::{BatchId, DocumentId, Millis, ProjectId, StoreError, TenantTx, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_batch")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    /// JSON: what is done.
    pub action: String,
    /// JSON: to which documents.
    pub chosen: String,
    /// `running` or `done`.
    pub state: String,
    pub total: i32,
    pub done: i32,
    pub skipped: i32,
    /// The last document that was seen to; they are seen to by their ids.
    pub last_id: Option<Uuid>,
    pub created_at: i64,
    pub finished_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    pub id: BatchId,
    pub action: String,
    pub chosen: String,
    pub total: i32,
    pub done: i32,
    /// Of those that are done: what could not be, because it follows its source or is as it should be.
    pub skipped: i32,
    pub last: Option<DocumentId>,
    pub created_at: Millis,
    pub finished_at: Option<Millis>,
}

/// Stores a batch, and forgets those of the project that were finished before `old`.
///
/// # Errors
/// `Orphan` when there is no such project.
pub async fn insert(tx: &TenantTx, project: ProjectId, batch: &Batch, old: Millis) -> Result<(), StoreError> {
    let finished = Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::FinishedAt.lt(old));
    tx.delete::<Entity>(finished).await?;
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(batch.id.uuid()),
        project_id: Set(project.uuid()),
        action: Set(batch.action.clone()),
        chosen: Set(batch.chosen.clone()),
        state: Set("running".into()),
        total: Set(batch.total),
        done: Set(batch.done),
        skipped: Set(batch.skipped),
        last_id: Set(batch.last.map(DocumentId::uuid)),
        created_at: Set(batch.created_at),
        finished_at: Set(batch.finished_at),
    })
    .await
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, project: ProjectId, id: BatchId) -> Result<Option<Batch>, StoreError> {
    let row = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::Id.eq(id.uuid()))
        .one()
        .await?;
    Ok(row.map(|row| Batch {
        id: row.id.into(),
        action: row.action,
        chosen: row.chosen,
        total: row.total,
        done: row.done,
        skipped: row.skipped,
        last: row.last_id.map(DocumentId::from),
        created_at: row.created_at,
        finished_at: row.finished_at,
    }))
}

/// Notes how far a batch is.
///
/// # Errors
/// When the database does not answer.
pub async fn set(tx: &TenantTx, batch: &Batch) -> Result<bool, StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::State, if batch.finished_at.is_some() { "done" } else { "running" })
        .set(Column::Done, batch.done)
        .set(Column::Skipped, batch.skipped)
        .set(Column::LastId, Expr::value(batch.last.map(DocumentId::uuid)))
        .set(Column::FinishedAt, Expr::value(batch.finished_at));
    Ok(update.filter(Column::Id.eq(batch.id.uuid())).run().await? == 1)
}
