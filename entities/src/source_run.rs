//! The history of a source: one row a sync that ended.

use sea_orm::{Condition, Order, Set, entity::prelude::*};

use crate::{Millis, SourceId, SourceRunId, StoreError, TenantTx, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "source_run")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub source_id: Uuid,
    pub started_at: i64,
    pub finished_at: i64,
    pub outcome: String,
    pub added: i32,
    pub changed: i32,
    pub removed: i32,
    pub skipped: i32,
    pub unchanged: i32,
    pub problem_code: Option<String>,
    pub problem_detail: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

/// As many are kept of a source.
const MOST: u64 = 50;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    pub id: SourceRunId,
    pub started_at: Millis,
    pub finished_at: Millis,
    /// Why it failed: a word for programs, and one for people.
    pub problem: Option<(String, String)>,
    pub added: i32,
    pub changed: i32,
    pub removed: i32,
    pub skipped: i32,
    pub unchanged: i32,
}

impl From<Model> for Run {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            started_at: row.started_at,
            finished_at: row.finished_at,
            problem: row.problem_code.map(|code| (code, row.problem_detail.unwrap_or_default())),
            added: row.added,
            changed: row.changed,
            removed: row.removed,
            skipped: row.skipped,
            unchanged: row.unchanged,
        }
    }
}

/// Stores how a sync ended, and lets go of the oldest.
///
/// # Errors
/// `Orphan` when there is no such source.
pub async fn insert(tx: &TenantTx, source: SourceId, run: &Run) -> Result<(), StoreError> {
    let (code, detail) = run.problem.clone().unzip();
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(run.id.uuid()),
        source_id: Set(source.uuid()),
        started_at: Set(run.started_at),
        finished_at: Set(run.finished_at),
        outcome: Set(if code.is_some() { "failed" } else { "done" }.into()),
        added: Set(run.added),
        changed: Set(run.changed),
        removed: Set(run.removed),
        skipped: Set(run.skipped),
        unchanged: Set(run.unchanged),
        problem_code: Set(code),
        problem_detail: Set(detail),
    })
    .await?;
    if let Some(oldest) = latest(tx, source, MOST).await?.last() {
        let older = Condition::all()
            .add(Column::SourceId.eq(source.uuid()))
            .add(Column::Id.lt(oldest.id.uuid()));
        tx.delete::<Entity>(older).await?;
    }
    Ok(())
}

/// The latest first.
///
/// # Errors
/// When the database does not answer.
pub async fn latest(tx: &TenantTx, source: SourceId, limit: u64) -> Result<Vec<Run>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::SourceId.eq(source.uuid()))
        .order(Column::Id, Order::Desc)
        .limit(limit)
        .all()
        .await?;
    Ok(rows.into_iter().map(Run::from).collect())
}
