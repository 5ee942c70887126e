//! The pages that whoever runs the installation writes. Public, and so not sealed.

use sea_orm::{Set, entity::prelude::*, sea_query::OnConflict};

use crate::{Millis, PlatformTx, StoreError};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "public_page")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub text: String,
    pub at: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// # Errors
/// When the database does not answer.
pub async fn put(tx: &PlatformTx, name: &str, text: String, now: Millis) -> Result<(), StoreError> {
    let row = ActiveModel {
        name: Set(name.to_owned()),
        text: Set(text),
        at: Set(now),
    };
    let again = OnConflict::column(Column::Name)
        .update_columns([Column::Text, Column::At])
        .to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(tx.raw()).await?;
    Ok(())
}

/// # Errors
/// When the database does not answer.
pub async fn remove(tx: &PlatformTx, name: &str) -> Result<(), StoreError> {
    Entity::delete_by_id(name).exec(tx.raw()).await?;
    Ok(())
}

/// Its text and when it was written, unless it is as it came.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &PlatformTx, name: &str) -> Result<Option<(String, Millis)>, StoreError> {
    Ok(Entity::find_by_id(name).one(tx.raw()).await?.map(|row| (row.text, row.at)))
}
