//! What is sent by webhook, and what became of it.

use sea_orm::{Condition, Order, QuerySelect, QueryTrait, Set, entity::prelude::*, sea_query::Expr};

use crate::{
    DeliveryId, Millis, ProjectId, StoreError, TenantTx, WebhookId,
    tenant_db::{SealedCells, TenantScoped},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_delivery")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    pub endpoint_id: Uuid,
    pub event: String,
    pub sealed: Vec<u8>,
    pub state: String,
    pub attempts: i32,
    pub reason: Option<String>,
    pub status: Option<i32>,
    pub took_ms: Option<i32>,
    pub created_at: i64,
    pub tried_at: Option<i64>,
    pub next_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
    const SEALED: Option<SealedCells<Self>> = Some(SealedCells {
        project: Column::ProjectId,
        row: Column::Id,
        cells: &[Column::Sealed],
    });
}

#[derive(Clone, Debug)]
pub struct Delivery {
    pub id: DeliveryId,
    pub endpoint: WebhookId,
    pub event: String,
    /// The body, byte by byte the same with every try.
    pub sealed: Vec<u8>,
    /// `waiting`, `delivered` or `failed`.
    pub state: String,
    pub attempts: i32,
    /// Why the last try failed: a stable code.
    pub reason: Option<String>,
    /// What the receiver answered to it.
    pub status: Option<i32>,
    pub took_ms: Option<i32>,
    pub created_at: Millis,
    pub tried_at: Option<Millis>,
    pub next_at: Option<Millis>,
}

impl From<Model> for Delivery {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            endpoint: row.endpoint_id.into(),
            event: row.event,
            sealed: row.sealed,
            state: row.state,
            attempts: row.attempts,
            reason: row.reason,
            status: row.status,
            took_ms: row.took_ms,
            created_at: row.created_at,
            tried_at: row.tried_at,
            next_at: row.next_at,
        }
    }
}

/// What came of a try.
#[derive(Clone, Debug, Default)]
pub struct Try {
    pub state: &'static str,
    pub attempts: i32,
    pub reason: Option<&'static str>,
    pub status: Option<i32>,
    pub took_ms: Option<i32>,
    pub tried_at: Option<Millis>,
    pub next_at: Option<Millis>,
}

fn one(project: ProjectId, id: DeliveryId) -> Condition {
    Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::Id.eq(id.uuid()))
}

/// # Errors
/// `Orphan` when the endpoint is gone, `KeyRetired` when the body was sealed by a key that is closed.
pub async fn insert(tx: &TenantTx, project: ProjectId, delivery: &Delivery) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(delivery.id.uuid()),
        project_id: Set(project.uuid()),
        endpoint_id: Set(delivery.endpoint.uuid()),
        event: Set(delivery.event.clone()),
        sealed: Set(delivery.sealed.clone()),
        state: Set(delivery.state.clone()),
        attempts: Set(delivery.attempts),
        reason: Set(delivery.reason.clone()),
        status: Set(delivery.status),
        took_ms: Set(delivery.took_ms),
        created_at: Set(delivery.created_at),
        tried_at: Set(delivery.tried_at),
        next_at: Set(delivery.next_at),
    })
    .await
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, project: ProjectId, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
    let row = tx.find::<Entity>().filter(one(project, id)).one().await?;
    Ok(row.map(Delivery::from))
}

/// Up to `limit` of an endpoint's deliveries, the latest first, of those before `before`.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    tx: &TenantTx,
    project: ProjectId,
    endpoint: WebhookId,
    before: Option<DeliveryId>,
    limit: u64,
) -> Result<Vec<Delivery>, StoreError> {
    let of = Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::EndpointId.eq(endpoint.uuid()))
        .add_option(before.map(|before| Column::Id.lt(before.uuid())));
    let find = tx.find::<Entity>().filter(of).order(Column::Id, Order::Desc);
    Ok(find.limit(limit).all().await?.into_iter().map(Delivery::from).collect())
}

/// Up to `limit` of a project's deliveries, of whatever endpoint, after `after`, by id.
///
/// # Errors
/// When the database does not answer.
pub async fn of_project(tx: &TenantTx, project: ProjectId, after: Option<DeliveryId>, limit: u64) -> Result<Vec<Delivery>, StoreError> {
    let of = Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add_option(after.map(|after| Column::Id.gt(after.uuid())));
    let find = tx.find::<Entity>().filter(of).order(Column::Id, Order::Asc);
    Ok(find.limit(limit).all().await?.into_iter().map(Delivery::from).collect())
}

/// Deletes these of a project, those that wait too; returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, project: ProjectId, ids: &[DeliveryId]) -> Result<u64, StoreError> {
    let these = Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
    tx.delete::<Entity>(these).await
}

/// Notes what came of a try, or that another one is to come.
///
/// # Errors
/// When the database does not answer.
pub async fn note(tx: &TenantTx, project: ProjectId, id: DeliveryId, tried: &Try) -> Result<bool, StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::State, tried.state)
        .set(Column::Attempts, tried.attempts)
        .set(Column::Reason, Expr::value(tried.reason.map(str::to_owned)))
        .set(Column::Status, Expr::value(tried.status))
        .set(Column::TookMs, Expr::value(tried.took_ms))
        .set(Column::TriedAt, Expr::value(tried.tried_at))
        .set(Column::NextAt, Expr::value(tried.next_at));
    Ok(update.filter(one(project, id)).run().await? == 1)
}

async fn delete_some(tx: &TenantTx, which: Condition, limit: u64) -> Result<u64, StoreError> {
    let some = tx
        .find::<Entity>()
        .filter(which)
        .limit(limit)
        .shape(|select| select.select_only().column(Column::Id));
    tx.delete::<Entity>(Column::Id.in_subquery(some.walled().into_query())).await
}

/// Deletes up to `limit` of those that are done and were made before `before`, of all projects; returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn sweep(tx: &TenantTx, before: Millis, limit: u64) -> Result<u64, StoreError> {
    let old = Condition::all().add(Column::CreatedAt.lt(before)).add(Column::State.ne("waiting"));
    delete_some(tx, old, limit).await
}

/// Deletes up to `limit` of a project that is being purged; returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(tx: &TenantTx, project: ProjectId, limit: u64) -> Result<u64, StoreError> {
    delete_some(tx, Condition::all().add(Column::ProjectId.eq(project.uuid())), limit).await
}
