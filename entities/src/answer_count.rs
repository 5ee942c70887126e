//! How many answers a tenant gave, a row a month: counting them is one small write, and asking for it one small read.

use sea_orm::{
    Set,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use crate::{StoreError, TenantTx, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "answer_count")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    /// Since the year 0, in UTC.
    #[sea_orm(primary_key, auto_increment = false)]
    pub month: i32,
    pub answers: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

/// Counts one more. Returns how many it makes: of two at the same time the second waits for the first, and both are told the truth.
///
/// # Errors
/// When the database does not answer.
pub async fn add(tx: &TenantTx, month: i32) -> Result<i64, StoreError> {
    let row = ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        month: Set(month),
        answers: Set(1),
    };
    let more = Expr::col((Entity, Column::Answers)).add(1);
    let on_conflict = OnConflict::columns([Column::TenantId, Column::Month])
        .value(Column::Answers, more)
        .to_owned();
    Entity::insert(row)
        .on_conflict(on_conflict)
        .exec_without_returning(tx.raw())
        .await?;
    given(tx, month).await
}

/// # Errors
/// When the database does not answer.
pub async fn given(tx: &TenantTx, month: i32) -> Result<i64, StoreError> {
    let row = tx.find::<Entity>().filter(Column::Month.eq(month)).one().await?;
    Ok(row.map_or(0, |row| row.answers))
}
