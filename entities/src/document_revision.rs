//! What documents were before: earlier contents, each sealed with the project's key.

use sea_orm::{Condition, Order, QuerySelect, Set, entity::prelude::*, sea_query::Expr};

use crate::{
    DocumentId, Millis, ProjectId, RevisionId, StoreError, TenantTx,
    tenant_db::{SealedCells, TenantScoped},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "document_revision")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub document_id: Uuid,
    pub project_id: Uuid,
    /// Unique in the document.
    pub revision: i32,
    pub media_type: String,
    pub size: i64,
    pub replaced_at: i64,
    pub sealed: Vec<u8>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
    const SEALED: Option<SealedCells<Self>> = Some(SealedCells {
        project: Column::ProjectId,
        row: Column::Id,
        cells: &[Column::Sealed],
    });
}

#[derive(Clone, Debug)]
pub struct Revision {
    pub id: RevisionId,
    pub document: DocumentId,
    pub revision: i32,
    pub media_type: String,
    pub size: i64,
    pub replaced_at: Millis,
    pub sealed: Vec<u8>,
}

/// A revision without its contents.
#[derive(Clone, Debug, PartialEq, Eq, sea_orm::FromQueryResult)]
pub struct Entry {
    pub revision: i32,
    pub media_type: String,
    pub size: i64,
    pub replaced_at: Millis,
}

fn of(project: ProjectId, document: DocumentId) -> Condition {
    Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::DocumentId.eq(document.uuid()))
}

/// Keeps what a document was until `replaced_at`, and lets go of the oldest of its revisions that are more than `most`.
///
/// # Errors
/// `Conflict` when that revision is kept already, `Orphan` when there is no such document.
pub async fn insert(tx: &TenantTx, project: ProjectId, kept: Revision, most: u64) -> Result<(), StoreError> {
    let document = kept.document;
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(kept.id.uuid()),
        document_id: Set(document.uuid()),
        project_id: Set(project.uuid()),
        revision: Set(kept.revision),
        media_type: Set(kept.media_type),
        size: Set(kept.size),
        replaced_at: Set(kept.replaced_at),
        sealed: Set(kept.sealed),
    })
    .await?;
    let listed = list(tx, project, document).await?;
    if let Some(first) = listed.get(usize::try_from(most).unwrap_or(usize::MAX)) {
        tx.delete::<Entity>(of(project, document).add(Column::Revision.lte(first.revision)))
            .await?;
    }
    Ok(())
}

/// The latest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx, project: ProjectId, document: DocumentId) -> Result<Vec<Entry>, StoreError> {
    tx.find::<Entity>()
        .filter(of(project, document))
        .order(Column::Revision, Order::Desc)
        .shape(|select| {
            select
                .select_only()
                .columns([Column::Revision, Column::MediaType, Column::Size, Column::ReplacedAt])
        })
        .into::<Entry>()
        .await
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, project: ProjectId, document: DocumentId, revision: i32) -> Result<Option<Revision>, StoreError> {
    let find = tx.find::<Entity>().filter(of(project, document).add(Column::Revision.eq(revision)));
    Ok(find.one().await?.map(|row| Revision {
        id: row.id.into(),
        document: row.document_id.into(),
        revision: row.revision,
        media_type: row.media_type,
        size: row.size,
        replaced_at: row.replaced_at,
        sealed: row.sealed,
    }))
}

/// Bytes of everything that a project keeps of earlier contents.
///
/// # Errors
/// When the database does not answer.
pub async fn total(tx: &TenantTx, project: ProjectId) -> Result<i64, StoreError> {
    #[derive(sea_orm::FromQueryResult)]
    struct Sum {
        bytes: Option<i64>,
    }
    let sums = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .shape(|select| select.select_only().column_as(Expr::cust("cast(sum(size) as bigint)"), "bytes"))
        .into::<Sum>()
        .await?;
    Ok(sums.first().and_then(|sum| sum.bytes).unwrap_or(0))
}

/// Lets go of the oldest of a project's revisions, `bytes` of them or a few more.
///
/// # Errors
/// When the database does not answer.
pub async fn let_go(tx: &TenantTx, project: ProjectId, bytes: i64) -> Result<(), StoreError> {
    #[derive(sea_orm::FromQueryResult)]
    struct Size {
        id: Uuid,
        size: i64,
    }
    let mut left = bytes;
    while left > 0 {
        let oldest = tx
            .find::<Entity>()
            .filter(Column::ProjectId.eq(project.uuid()))
            .order(Column::ReplacedAt, Order::Asc)
            .order(Column::Id, Order::Asc)
            .limit(50)
            .shape(|select| select.select_only().columns([Column::Id, Column::Size]))
            .into::<Size>()
            .await?;
        if oldest.is_empty() {
            return Ok(());
        }
        let mut going = Vec::new();
        for one in oldest {
            if left <= 0 {
                break;
            }
            left -= one.size;
            going.push(one.id);
        }
        tx.delete::<Entity>(Column::Id.is_in(going)).await?;
    }
    Ok(())
}
