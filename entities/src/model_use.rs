//! What a language model read and wrote for a project, a row a day.

use sea_orm::{
    Order, Set,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use crate::{ProjectId, StoreError, TenantTx, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "model_use")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: Uuid,
    /// Days since the epoch, UTC.
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: i32,
    pub answers: i64,
    pub guessed: i64,
    pub tokens_in: i64,
    pub tokens_out: i64,
    pub cost_micros: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

/// What was spent on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    pub day: i32,
    /// Times that the model was asked.
    pub answers: i64,
    /// Of those, how many the endpoint gave no count of tokens for.
    pub guessed: i64,
    pub tokens_in: i64,
    pub tokens_out: i64,
    /// Millionths of the currency that prices are in.
    pub cost_micros: i64,
}

/// Adds to what was spent on that day.
///
/// # Errors
/// `Orphan` when there is no such project.
pub async fn add(tx: &TenantTx, project: ProjectId, spent: Spent) -> Result<(), StoreError> {
    let row = ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        project_id: Set(project.uuid()),
        day: Set(spent.day),
        answers: Set(spent.answers),
        guessed: Set(spent.guessed),
        tokens_in: Set(spent.tokens_in),
        tokens_out: Set(spent.tokens_out),
        cost_micros: Set(spent.cost_micros),
    };
    let more = |column: Column, by: i64| Expr::col((Entity, column)).add(by);
    let on_conflict = OnConflict::columns([Column::TenantId, Column::ProjectId, Column::Day])
        .value(Column::Answers, more(Column::Answers, spent.answers))
        .value(Column::Guessed, more(Column::Guessed, spent.guessed))
        .value(Column::TokensIn, more(Column::TokensIn, spent.tokens_in))
        .value(Column::TokensOut, more(Column::TokensOut, spent.tokens_out))
        .value(Column::CostMicros, more(Column::CostMicros, spent.cost_micros))
        .to_owned();
    Entity::insert(row)
        .on_conflict(on_conflict)
        .exec_without_returning(tx.raw())
        .await?;
    Ok(())
}

/// What was spent on each day from `from` to `to`, both included; days without anything are left out.
///
/// # Errors
/// When the database does not answer.
pub async fn per_day(tx: &TenantTx, project: ProjectId, (from, to): (i32, i32)) -> Result<Vec<Spent>, StoreError> {
    let found = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .filter(Column::Day.between(from, to));
    let rows = found.order(Column::Day, Order::Asc).all().await?;
    let spent = rows.into_iter().map(|row| Spent {
        day: row.day,
        answers: row.answers,
        guessed: row.guessed,
        tokens_in: row.tokens_in,
        tokens_out: row.tokens_out,
        cost_micros: row.cost_micros,
    });
    Ok(spent.collect())
}
