//! What was said about a report, and each change of its state.

use sea_orm::{QueryOrder, Set, entity::prelude::*};

use crate::{Millis, PlatformTx, StoreError};

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "report_entry")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub report_id: Uuid,
    pub at: i64,
    pub author: String,
    pub hidden: i32,
    pub state: Option<String>,
    pub sealed: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("report_entry").field("id", &self.id).finish_non_exhaustive()
    }
}

pub struct Entry {
    pub id: Uuid,
    pub report: Uuid,
    pub at: Millis,
    /// `reporter` or `operator`.
    pub author: String,
    /// For operators only.
    pub hidden: bool,
    /// The state that it changed to, if it is a change.
    pub state: Option<String>,
    pub sealed: Option<Vec<u8>>,
}

/// # Errors
/// `Orphan` when the report is gone.
pub async fn insert(tx: &PlatformTx, new: Entry) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(new.id),
        report_id: Set(new.report),
        at: Set(new.at),
        author: Set(new.author),
        hidden: Set(i32::from(new.hidden)),
        state: Set(new.state),
        sealed: Set(new.sealed),
    };
    Entity::insert(row).exec_without_returning(tx.raw()).await?;
    Ok(())
}

/// The oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn of(tx: &PlatformTx, report: Uuid) -> Result<Vec<Entry>, StoreError> {
    let rows = Entity::find()
        .filter(Column::ReportId.eq(report))
        .order_by_asc(Column::At)
        .order_by_asc(Column::Id)
        .all(tx.raw())
        .await?;
    let entry = |row: Model| Entry {
        id: row.id,
        report: row.report_id,
        at: row.at,
        author: row.author,
        hidden: row.hidden != 0,
        state: row.state,
        sealed: row.sealed,
    };
    Ok(rows.into_iter().map(entry).collect())
}

/// # Errors
/// When the database does not answer.
pub async fn count(tx: &PlatformTx, report: Uuid) -> Result<u64, StoreError> {
    Ok(Entity::find().filter(Column::ReportId.eq(report)).count(tx.raw()).await?)
}
