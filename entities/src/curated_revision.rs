//! What answers of the team said, revision by revision.

use sea_orm::{Condition, Order, Set, entity::prelude::*};

use crate::{
    AccountId, CuratedId, Millis, ProjectId, StoreError, TenantTx,
    tenant_db::{SealedCells, TenantScoped},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "curated_revision")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    pub curated_id: Uuid,
    pub revision: i32,
    pub sealed: Vec<u8>,
    pub author_id: Option<Uuid>,
    pub restored_from: Option<i32>,
    pub created_at: i64,
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
    /// Of the row, which the cell is bound to.
    pub id: Uuid,
    pub curated: CuratedId,
    /// From 1, without gaps.
    pub revision: i32,
    pub sealed: Vec<u8>,
    /// Who wrote it. They may have left since.
    pub author: Option<AccountId>,
    /// The earlier revision that it says again.
    pub restored_from: Option<i32>,
    pub created_at: Millis,
}

impl From<Model> for Revision {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            curated: row.curated_id.into(),
            revision: row.revision,
            sealed: row.sealed,
            author: row.author_id.map(AccountId::from),
            restored_from: row.restored_from,
            created_at: row.created_at,
        }
    }
}

/// # Errors
/// `Conflict` when there is a revision of that number, `Orphan` when there is no such answer.
pub async fn insert(tx: &TenantTx, project: ProjectId, revision: Revision) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(revision.id),
        project_id: Set(project.uuid()),
        curated_id: Set(revision.curated.uuid()),
        revision: Set(revision.revision),
        sealed: Set(revision.sealed),
        author_id: Set(revision.author.map(AccountId::uuid)),
        restored_from: Set(revision.restored_from),
        created_at: Set(revision.created_at),
    })
    .await
}

fn of(project: ProjectId, curated: CuratedId) -> Condition {
    Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::CuratedId.eq(curated.uuid()))
}

/// The revisions of an answer, the latest first, at most `limit`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx, project: ProjectId, curated: CuratedId, limit: u64) -> Result<Vec<Revision>, StoreError> {
    let found = tx.find::<Entity>().filter(of(project, curated));
    let rows = found.order(Column::Revision, Order::Desc).limit(limit).all().await?;
    Ok(rows.into_iter().map(Revision::from).collect())
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, project: ProjectId, curated: CuratedId, revision: i32) -> Result<Option<Revision>, StoreError> {
    let found = tx
        .find::<Entity>()
        .filter(of(project, curated))
        .filter(Column::Revision.eq(revision));
    Ok(found.one().await?.map(Revision::from))
}
