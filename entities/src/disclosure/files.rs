//! What was attached to a report. Names and contents are sealed.

use sea_orm::{ConnectionTrait, FromQueryResult, QueryOrder, QuerySelect, Set, Statement, entity::prelude::*};

use crate::{Millis, PlatformTx, StoreError};

#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "report_file")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub report_id: Uuid,
    pub at: i64,
    pub size: i32,
    pub name: Vec<u8>,
    pub sealed: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("report_file").field("id", &self.id).finish_non_exhaustive()
    }
}

/// All but the contents.
#[derive(FromQueryResult)]
pub struct About {
    pub id: Uuid,
    pub at: Millis,
    /// Bytes, as they were sent.
    pub size: i32,
    pub name: Vec<u8>,
}

pub struct NewFile {
    pub about: About,
    pub report: Uuid,
    pub sealed: Vec<u8>,
}

/// # Errors
/// `Orphan` when the report is gone.
pub async fn insert(tx: &PlatformTx, new: NewFile) -> Result<(), StoreError> {
    let row = ActiveModel {
        id: Set(new.about.id),
        report_id: Set(new.report),
        at: Set(new.about.at),
        size: Set(new.about.size),
        name: Set(new.about.name),
        sealed: Set(new.sealed),
    };
    Entity::insert(row).exec_without_returning(tx.raw()).await?;
    Ok(())
}

/// The oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn of(tx: &PlatformTx, report: Uuid) -> Result<Vec<About>, StoreError> {
    let found = Entity::find()
        .select_only()
        .columns([Column::Id, Column::At, Column::Size, Column::Name])
        .filter(Column::ReportId.eq(report))
        .order_by_asc(Column::At)
        .order_by_asc(Column::Id);
    Ok(found.into_model::<About>().all(tx.raw()).await?)
}

/// A file of this report, and of no other: its name and its contents.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &PlatformTx, report: Uuid, id: Uuid) -> Result<Option<(Vec<u8>, Vec<u8>)>, StoreError> {
    let row = Entity::find_by_id(id).filter(Column::ReportId.eq(report)).one(tx.raw()).await?;
    Ok(row.map(|row| (row.name, row.sealed)))
}

/// Bytes of the files of all reports.
///
/// # Errors
/// When the database does not answer.
pub async fn total(tx: &PlatformTx) -> Result<i64, StoreError> {
    let question = "select cast(coalesce(sum(size), 0) as bigint) as total from report_file";
    let row = tx
        .raw()
        .query_one_raw(Statement::from_string(tx.raw().get_database_backend(), question))
        .await?
        .ok_or(StoreError::Damaged("report_file"))?;
    Ok(row.try_get("", "total")?)
}
