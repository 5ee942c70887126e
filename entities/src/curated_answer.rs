//! Answers that a team writes itself. What is asked and answered is sealed.

use sea_orm::{
    Condition, Order, Set,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};

use crate::{
    CuratedId, Millis, ProjectId, StoreError, TenantTx,
    tenant_db::{SealedCells, TenantScoped},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "curated_answer")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    pub sealed: Vec<u8>,
    pub enabled: bool,
    pub revision: i32,
    pub used: i64,
    pub used_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
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
pub struct Curated {
    pub id: CuratedId,
    pub sealed: Vec<u8>,
    /// Whether it is given as an answer.
    pub enabled: bool,
    /// The number of the present revision, from 1.
    pub revision: i32,
    /// How often it was given, and when last.
    pub used: i64,
    pub used_at: Option<Millis>,
    pub created_at: Millis,
    pub updated_at: Millis,
}

impl From<Model> for Curated {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            sealed: row.sealed,
            enabled: row.enabled,
            revision: row.revision,
            used: row.used,
            used_at: row.used_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

fn one(project: ProjectId, id: CuratedId) -> Condition {
    Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::Id.eq(id.uuid()))
}

/// # Errors
/// `Orphan` when there is no such project, `KeyRetired` when it was sealed by a key that is closed.
pub async fn insert(tx: &TenantTx, project: ProjectId, curated: &Curated) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(curated.id.uuid()),
        project_id: Set(project.uuid()),
        sealed: Set(curated.sealed.clone()),
        enabled: Set(curated.enabled),
        revision: Set(curated.revision),
        used: Set(curated.used),
        used_at: Set(curated.used_at),
        created_at: Set(curated.created_at),
        updated_at: Set(curated.updated_at),
    })
    .await
}

/// The project's answers, the latest change first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx, project: ProjectId) -> Result<Vec<Curated>, StoreError> {
    let found = tx.find::<Entity>().filter(Column::ProjectId.eq(project.uuid()));
    let rows = found
        .order(Column::UpdatedAt, Order::Desc)
        .order(Column::Id, Order::Desc)
        .all()
        .await?;
    Ok(rows.into_iter().map(Curated::from).collect())
}

/// # Errors
/// When the database does not answer.
pub async fn count(tx: &TenantTx, project: ProjectId) -> Result<u64, StoreError> {
    tx.find::<Entity>().filter(Column::ProjectId.eq(project.uuid())).count().await
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, project: ProjectId, id: CuratedId) -> Result<Option<Curated>, StoreError> {
    let row = tx.find::<Entity>().filter(one(project, id)).one().await?;
    Ok(row.map(Curated::from))
}

/// Puts the next revision in place of revision `from`. `false` when that is not the present one.
///
/// # Errors
/// `KeyRetired` when it was sealed by a key that is closed.
pub async fn revise(
    tx: &TenantTx,
    project: ProjectId,
    id: CuratedId,
    from: i32,
    (sealed, enabled): (Vec<u8>, bool),
    now: Millis,
) -> Result<bool, StoreError> {
    let update = tx
        .update::<Entity>()
        .seal(Column::Sealed, project, sealed)
        .set(Column::Enabled, enabled)
        .set(Column::Revision, Expr::value(from.saturating_add(1)))
        .set(Column::UpdatedAt, Expr::value(now));
    Ok(update.filter(one(project, id)).filter(Column::Revision.eq(from)).run().await? == 1)
}

/// Has it given as an answer or not. `false` when there is none.
///
/// # Errors
/// When the database does not answer.
pub async fn enable(tx: &TenantTx, project: ProjectId, id: CuratedId, enabled: bool, now: Millis) -> Result<bool, StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::Enabled, enabled)
        .set(Column::UpdatedAt, Expr::value(now));
    Ok(update.filter(one(project, id)).run().await? == 1)
}

/// Counts that it was given once more.
///
/// # Errors
/// When the database does not answer.
pub async fn used(tx: &TenantTx, project: ProjectId, id: CuratedId, now: Millis) -> Result<(), StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::Used, Expr::col(Column::Used).add(1))
        .set(Column::UsedAt, Expr::value(now));
    update.filter(one(project, id)).run().await?;
    Ok(())
}

/// Deletes it with its revisions. `false` when there is none.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, project: ProjectId, id: CuratedId) -> Result<bool, StoreError> {
    Ok(tx.delete::<Entity>(one(project, id)).await? == 1)
}
