//! Chunks of documents: text and embedding, each sealed with the project's key.

use sea_orm::{Order, QuerySelect, Set, entity::prelude::*};

use crate::{
    ChunkId, DocumentId, ProjectId, StoreError, TenantTx,
    tenant_db::{SealedCells, TenantScoped},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "chunk")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    pub document_id: Uuid,
    /// Place in the document, from 0.
    pub position: i32,
    pub sealed: Vec<u8>,
    pub embedding: Option<Vec<u8>>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
    const SEALED: Option<SealedCells<Self>> = Some(SealedCells {
        project: Column::ProjectId,
        row: Column::Id,
        cells: &[Column::Sealed, Column::Embedding],
    });
}

pub struct Chunk {
    pub id: ChunkId,
    pub document: DocumentId,
    pub position: i32,
    pub sealed: Vec<u8>,
    pub embedding: Option<Vec<u8>>,
}

impl From<Model> for Chunk {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            document: row.document_id.into(),
            position: row.position,
            sealed: row.sealed,
            embedding: row.embedding,
        }
    }
}

/// Rows of one insert: SQLite and PostgreSQL both bound the parameters of a statement.
const ROWS_A_STATEMENT: usize = 500;

/// # Errors
/// `Orphan` when there is no such document.
pub async fn insert(tx: &TenantTx, project: ProjectId, chunks: Vec<Chunk>) -> Result<(), StoreError> {
    let mut rows: Vec<ActiveModel> = chunks
        .into_iter()
        .map(|chunk| ActiveModel {
            tenant_id: Set(tx.tenant().uuid()),
            id: Set(chunk.id.uuid()),
            project_id: Set(project.uuid()),
            document_id: Set(chunk.document.uuid()),
            position: Set(chunk.position),
            sealed: Set(chunk.sealed),
            embedding: Set(chunk.embedding),
        })
        .collect();
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(ROWS_A_STATEMENT));
        tx.insert_all(rows).await?;
        rows = rest;
    }
    Ok(())
}

/// Up to `limit` chunks of a project whose id is greater than `after`, by id.
///
/// # Errors
/// When the database does not answer.
pub async fn page(tx: &TenantTx, project: ProjectId, after: Option<ChunkId>, limit: u64) -> Result<Vec<Chunk>, StoreError> {
    let mut find = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .order(Column::Id, Order::Asc)
        .limit(limit);
    if let Some(after) = after {
        find = find.filter(Column::Id.gt(after.uuid()));
    }
    Ok(find.all().await?.into_iter().map(Chunk::from).collect())
}

/// A document's chunks in their order.
///
/// # Errors
/// When the database does not answer.
pub async fn of_document(tx: &TenantTx, project: ProjectId, document: DocumentId) -> Result<Vec<Chunk>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::DocumentId.eq(document.uuid()))
        .order(Column::Position, Order::Asc)
        .all()
        .await?;
    Ok(rows.into_iter().map(Chunk::from).collect())
}

/// The next chunks of a document that have no embedding, in order.
///
/// # Errors
/// When the database does not answer.
pub async fn without_embedding(tx: &TenantTx, document: DocumentId, limit: u64) -> Result<Vec<Chunk>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::DocumentId.eq(document.uuid()))
        .filter(Column::Embedding.is_null())
        .order(Column::Position, Order::Asc)
        .limit(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(Chunk::from).collect())
}

/// How many chunks of a document have an embedding.
///
/// # Errors
/// When the database does not answer.
pub async fn embedded(tx: &TenantTx, document: DocumentId) -> Result<u64, StoreError> {
    let found = tx
        .find::<Entity>()
        .filter(Column::DocumentId.eq(document.uuid()))
        .filter(Column::Embedding.is_not_null());
    found.count().await
}

/// # Errors
/// When the database does not answer.
pub async fn set_embedding(tx: &TenantTx, project: ProjectId, id: ChunkId, sealed: Vec<u8>) -> Result<(), StoreError> {
    tx.update::<Entity>()
        .seal(Column::Embedding, project, sealed)
        .filter(Column::Id.eq(id.uuid()))
        .run()
        .await?;
    Ok(())
}

pub(crate) async fn delete_of(tx: &TenantTx, document: DocumentId) -> Result<(), StoreError> {
    tx.delete::<Entity>(Column::DocumentId.eq(document.uuid())).await?;
    Ok(())
}

/// Deletes up to `limit` chunks of a project that is being purged; returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(tx: &TenantTx, project: ProjectId, limit: u64) -> Result<u64, StoreError> {
    let some = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .limit(limit)
        .shape(|select| select.select_only().column(Column::Id));
    let condition = Column::Id.in_subquery(sea_orm::QueryTrait::into_query(some.walled()));
    tx.delete::<Entity>(condition).await
}
