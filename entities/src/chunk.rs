//! Chunks of documents: text and embedding, each sealed with the project's key.

use sea_orm::{Condition, Order, QuerySelect, Set, entity::prelude::*};

use crate::{
    ChunkId, DocumentId, ProjectId, StoreError, TenantTx,
    embeddings::Slot,
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
    /// By another model than `embedding`: see [`crate::embeddings`].
    pub embedding_other: Option<Vec<u8>>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
    const SEALED: Option<SealedCells<Self>> = Some(SealedCells {
        project: Column::ProjectId,
        row: Column::Id,
        cells: &[Column::Sealed, Column::Embedding, Column::EmbeddingOther],
    });
}

pub struct Chunk {
    pub id: ChunkId,
    pub document: DocumentId,
    pub position: i32,
    pub sealed: Vec<u8>,
    pub embedding: Option<Vec<u8>>,
    pub embedding_other: Option<Vec<u8>>,
}

impl Chunk {
    #[must_use]
    pub fn embedding(&self, slot: Slot) -> Option<&[u8]> {
        match slot {
            Slot::First => self.embedding.as_deref(),
            Slot::Other => self.embedding_other.as_deref(),
        }
    }
}

impl Slot {
    fn column(self) -> Column {
        match self {
            Self::First => Column::Embedding,
            Self::Other => Column::EmbeddingOther,
        }
    }
}

impl From<Model> for Chunk {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            document: row.document_id.into(),
            position: row.position,
            sealed: row.sealed,
            embedding: row.embedding,
            embedding_other: row.embedding_other,
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
            embedding_other: Set(chunk.embedding_other),
        })
        .collect();
    while !rows.is_empty() {
        let rest = rows.split_off(rows.len().min(ROWS_A_STATEMENT));
        tx.insert_all(rows).await?;
        rows = rest;
    }
    Ok(())
}

/// The chunks of some documents, by document, in their order.
///
/// # Errors
/// When the database does not answer.
pub async fn of_documents(tx: &TenantTx, project: ProjectId, documents: &[DocumentId]) -> Result<Vec<Chunk>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::DocumentId.is_in(documents.iter().map(|id| id.uuid())))
        .order(Column::DocumentId, Order::Asc)
        .order(Column::Position, Order::Asc)
        .all()
        .await?;
    Ok(rows.into_iter().map(Chunk::from).collect())
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

/// The next chunks of a document that have no embedding in `slot`, in order.
///
/// # Errors
/// When the database does not answer.
pub async fn without_embedding(tx: &TenantTx, slot: Slot, document: DocumentId, limit: u64) -> Result<Vec<Chunk>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::DocumentId.eq(document.uuid()))
        .filter(slot.column().is_null())
        .order(Column::Position, Order::Asc)
        .limit(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(Chunk::from).collect())
}

/// How many chunks of a document have an embedding in `slot`.
///
/// # Errors
/// When the database does not answer.
pub async fn embedded(tx: &TenantTx, slot: Slot, document: DocumentId) -> Result<u64, StoreError> {
    let found = tx
        .find::<Entity>()
        .filter(Column::DocumentId.eq(document.uuid()))
        .filter(slot.column().is_not_null());
    found.count().await
}

/// # Errors
/// When the database does not answer.
pub async fn set_embedding(tx: &TenantTx, project: ProjectId, slot: Slot, id: ChunkId, sealed: Vec<u8>) -> Result<(), StoreError> {
    tx.update::<Entity>()
        .seal(slot.column(), project, sealed)
        .filter(Column::Id.eq(id.uuid()))
        .run()
        .await?;
    Ok(())
}

/// The next chunks of a project that have no embedding in `slot`, by id, after one of them.
///
/// # Errors
/// When the database does not answer.
pub async fn missing(tx: &TenantTx, project: ProjectId, slot: Slot, after: Option<ChunkId>, limit: u64) -> Result<Vec<Chunk>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(slot.column().is_null())
        .filter(Condition::all().add_option(after.map(|after| Column::Id.gt(after.uuid()))))
        .order(Column::Id, Order::Asc)
        .limit(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(Chunk::from).collect())
}

/// The next chunks of a project, by id, after one of them.
///
/// # Errors
/// When the database does not answer.
pub async fn after(tx: &TenantTx, project: ProjectId, after: Option<ChunkId>, limit: u64) -> Result<Vec<Chunk>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Condition::all().add_option(after.map(|after| Column::Id.gt(after.uuid()))))
        .order(Column::Id, Order::Asc)
        .limit(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(Chunk::from).collect())
}

/// Of how many chunks of a project, and how many of them have an embedding in `slot`.
///
/// # Errors
/// When the database does not answer.
pub async fn progress(tx: &TenantTx, project: ProjectId, slot: Slot) -> Result<(u64, u64), StoreError> {
    let all = || tx.find::<Entity>().filter(Column::ProjectId.eq(project.uuid()));
    let done = all().filter(slot.column().is_not_null()).count().await?;
    Ok((all().count().await?, done))
}

/// Empties `slot` of up to `limit` chunks of a project; returns of how many.
///
/// # Errors
/// When the database does not answer.
pub async fn empty(tx: &TenantTx, project: ProjectId, slot: Slot, limit: u64) -> Result<u64, StoreError> {
    let some = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(slot.column().is_not_null())
        .limit(limit)
        .shape(|select| select.select_only().column(Column::Id));
    let condition = Column::Id.in_subquery(sea_orm::QueryTrait::into_query(some.walled()));
    tx.update::<Entity>().clear(slot.column()).filter(condition).run().await
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
