//! Who a tenant is at Stripe.

use sea_orm::{
    Set,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait},
};

use crate::{Millis, StoreError, TenantTx, stripe_route, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "billing_customer")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    pub customer: String,
    /// Of the latest look at Stripe.
    pub ticket: i64,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

/// Stripe's id of the tenant, if it was ever told of it.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx) -> Result<Option<String>, StoreError> {
    Ok(tx.find::<Entity>().one().await?.map(|row| row.customer))
}

/// Stores Stripe's id of the tenant, and makes its events lead here.
///
/// # Errors
/// `Conflict` when the tenant has one, or another tenant has this one.
pub async fn insert(tx: &TenantTx, customer: &str, now: Millis) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        customer: Set(customer.to_owned()),
        ticket: Set(0),
        created_at: Set(now),
    })
    .await?;
    stripe_route::publish(tx, customer).await
}

/// The number of a look at Stripe that is about to begin: higher than that of each that began before. `None` without a customer.
///
/// # Errors
/// When the database does not answer.
pub async fn next_ticket(tx: &TenantTx) -> Result<Option<i64>, StoreError> {
    tx.update::<Entity>()
        .set(Column::Ticket, Expr::col(Column::Ticket).add(1))
        .run()
        .await?;
    Ok(tx.find::<Entity>().one().await?.map(|row| row.ticket))
}
