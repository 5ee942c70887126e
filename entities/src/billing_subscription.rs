//! What a tenant has subscribed to: what Stripe answered last when it was asked, whatever was heard in between.

use sea_orm::{Order, Set, entity::prelude::*, sea_query::Expr};

use crate::{Millis, StoreError, TenantTx, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "billing_subscription")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub item: Option<String>,
    pub price: Option<String>,
    pub status: String,
    pub begun_at: i64,
    pub period_end: Option<i64>,
    pub trial_end: Option<i64>,
    pub cancel_at: Option<i64>,
    pub past_due_since: Option<i64>,
    pub ticket: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Stripe's own.
    pub id: String,
    /// Stripe's id of the line that is paid for.
    pub item: Option<String>,
    /// What is paid for, by Stripe's id of the price.
    pub price: Option<String>,
    /// Stripe's word for it, such as `active`.
    pub status: String,
    pub begun_at: Millis,
    /// When it is paid for anew.
    pub period_end: Option<Millis>,
    pub trial_end: Option<Millis>,
    /// When it ends, if that is settled.
    pub cancel_at: Option<Millis>,
    /// Since when a payment is due.
    pub past_due_since: Option<Millis>,
    /// Of the look at Stripe that found this.
    pub ticket: i64,
}

impl From<Model> for Subscription {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            item: row.item,
            price: row.price,
            status: row.status,
            begun_at: row.begun_at,
            period_end: row.period_end,
            trial_end: row.trial_end,
            cancel_at: row.cancel_at,
            past_due_since: row.past_due_since,
            ticket: row.ticket,
        }
    }
}

/// Those that there are or were, the oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx) -> Result<Vec<Subscription>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .order(Column::BegunAt, Order::Asc)
        .order(Column::Id, Order::Asc)
        .all()
        .await?;
    Ok(rows.into_iter().map(Subscription::from).collect())
}

/// Stores what a look at Stripe found. `false` when that of a later look is stored already.
///
/// # Errors
/// When the database does not answer.
pub async fn put(tx: &TenantTx, found: &Subscription) -> Result<bool, StoreError> {
    let known = tx.find::<Entity>().filter(Column::Id.eq(found.id.as_str())).count().await? > 0;
    if !known {
        tx.insert(ActiveModel {
            tenant_id: Set(tx.tenant().uuid()),
            id: Set(found.id.clone()),
            item: Set(found.item.clone()),
            price: Set(found.price.clone()),
            status: Set(found.status.clone()),
            begun_at: Set(found.begun_at),
            period_end: Set(found.period_end),
            trial_end: Set(found.trial_end),
            cancel_at: Set(found.cancel_at),
            past_due_since: Set(found.past_due_since),
            ticket: Set(found.ticket),
        })
        .await?;
        return Ok(true);
    }
    let update = tx
        .update::<Entity>()
        .set(Column::Item, Expr::value(found.item.clone()))
        .set(Column::Price, Expr::value(found.price.clone()))
        .set(Column::Status, found.status.as_str())
        .set(Column::BegunAt, found.begun_at)
        .set(Column::PeriodEnd, Expr::value(found.period_end))
        .set(Column::TrialEnd, Expr::value(found.trial_end))
        .set(Column::CancelAt, Expr::value(found.cancel_at))
        .set(Column::PastDueSince, Expr::value(found.past_due_since))
        .set(Column::Ticket, found.ticket)
        .filter(Column::Id.eq(found.id.as_str()))
        .filter(Column::Ticket.lt(found.ticket));
    Ok(update.run().await? == 1)
}
