//! Which mails became reports, by the hash of their id.

use sea_orm::{Set, entity::prelude::*, sea_query::OnConflict};

use crate::{Millis, PlatformTx, StoreError};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "report_mail")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub hash: Vec<u8>,
    pub at: i64,
}

impl ActiveModelBehavior for ActiveModel {}

/// Notes it, and whether it is a new one. Forgets those from before `until`.
///
/// # Errors
/// When the database does not answer.
pub async fn is_new(tx: &PlatformTx, hash: &[u8; 32], now: Millis, until: Millis) -> Result<bool, StoreError> {
    Entity::delete_many().filter(Column::At.lt(until)).exec(tx.raw()).await?;
    let row = ActiveModel {
        hash: Set(hash.to_vec()),
        at: Set(now),
    };
    let known = OnConflict::column(Column::Hash).do_nothing().to_owned();
    let inserted = Entity::insert(row).on_conflict(known).exec_without_returning(tx.raw()).await?;
    Ok(inserted == 1)
}
