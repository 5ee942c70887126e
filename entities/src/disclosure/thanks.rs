//! Who is thanked in public: by the name that they agreed to, or by none.

use sea_orm::{QueryOrder, QuerySelect, Set, entity::prelude::*, sea_query::OnConflict};

use crate::{Millis, PlatformTx, StoreError};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "report_thanks")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub report_id: Uuid,
    pub at: i64,
    pub name: Option<String>,
}

impl ActiveModelBehavior for ActiveModel {}

/// # Errors
/// When the database does not answer.
pub async fn put(tx: &PlatformTx, report: Uuid, name: Option<String>, now: Millis) -> Result<(), StoreError> {
    let row = ActiveModel {
        report_id: Set(report),
        at: Set(now),
        name: Set(name),
    };
    let again = OnConflict::column(Column::ReportId).update_column(Column::Name).to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(tx.raw()).await?;
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn remove(tx: &PlatformTx, report: Uuid) -> Result<(), StoreError> {
    Entity::delete_by_id(report).exec(tx.raw()).await?;
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn is_there(tx: &PlatformTx, report: Uuid) -> Result<bool, StoreError> {
    Ok(Entity::find_by_id(report).one(tx.raw()).await?.is_some())
}

/// Names and when, the latest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &PlatformTx, most: u64) -> Result<Vec<(Option<String>, Millis)>, StoreError> {
    let rows = Entity::find().order_by_desc(Column::At).limit(most).all(tx.raw()).await?;
    Ok(rows.into_iter().map(|row| (row.name, row.at)).collect())
}
