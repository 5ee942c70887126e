//! Where a project's webhooks go. The address is sealed, and so are the secrets, which are credentials of the tenant.

use sea_orm::{Condition, Order, Set, entity::prelude::*, sea_query::Expr};

use crate::{
    CredentialId, Millis, ProjectId, StoreError, TenantTx, WebhookId,
    tenant_db::{SealedCells, TenantScoped},
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_endpoint")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    pub sealed: Vec<u8>,
    pub description: String,
    /// JSON array of names of events.
    pub events: String,
    /// Ids of credentials.
    pub secret: Uuid,
    pub previous: Option<Uuid>,
    pub previous_until: Option<i64>,
    pub paused: Option<String>,
    pub paused_at: Option<i64>,
    /// Of the first failure since the last success.
    pub failing_since: Option<i64>,
    pub created_at: i64,
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
pub struct Endpoint {
    pub id: WebhookId,
    /// The address.
    pub sealed: Vec<u8>,
    pub description: String,
    pub events: Vec<String>,
    /// The credential that signs, and the one before it with the time until which it signs too.
    pub secret: CredentialId,
    pub previous: Option<(CredentialId, Millis)>,
    /// Why nothing is sent, and since when.
    pub paused: Option<(String, Millis)>,
    pub failing_since: Option<Millis>,
    pub created_at: Millis,
}

impl TryFrom<Model> for Endpoint {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            sealed: row.sealed,
            description: row.description,
            events: serde_json::from_str(&row.events).map_err(|_| StoreError::Damaged("webhook_endpoint.events"))?,
            secret: row.secret.into(),
            previous: row.previous.map(CredentialId::from).zip(row.previous_until),
            paused: row.paused.zip(row.paused_at),
            failing_since: row.failing_since,
            created_at: row.created_at,
        })
    }
}

fn names(events: &[String]) -> Result<String, StoreError> {
    serde_json::to_string(events).map_err(|_| StoreError::Damaged("value to store"))
}

fn one(project: ProjectId, id: WebhookId) -> Condition {
    Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::Id.eq(id.uuid()))
}

/// # Errors
/// `Orphan` when there is no such project, `KeyRetired` when the address was sealed by a key that is closed.
pub async fn insert(tx: &TenantTx, project: ProjectId, endpoint: &Endpoint) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(endpoint.id.uuid()),
        project_id: Set(project.uuid()),
        sealed: Set(endpoint.sealed.clone()),
        description: Set(endpoint.description.clone()),
        events: Set(names(&endpoint.events)?),
        secret: Set(endpoint.secret.uuid()),
        previous: Set(endpoint.previous.map(|(id, _)| id.uuid())),
        previous_until: Set(endpoint.previous.map(|(_, until)| until)),
        paused: Set(endpoint.paused.as_ref().map(|(why, _)| why.clone())),
        paused_at: Set(endpoint.paused.as_ref().map(|(_, at)| *at)),
        failing_since: Set(endpoint.failing_since),
        created_at: Set(endpoint.created_at),
    })
    .await
}

/// The project's endpoints, the oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx, project: ProjectId) -> Result<Vec<Endpoint>, StoreError> {
    let find = tx.find::<Entity>().filter(Column::ProjectId.eq(project.uuid()));
    let rows = find.order(Column::Id, Order::Asc).all().await?;
    rows.into_iter().map(Endpoint::try_from).collect()
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, project: ProjectId, id: WebhookId) -> Result<Option<Endpoint>, StoreError> {
    let row = tx.find::<Entity>().filter(one(project, id)).one().await?;
    row.map(Endpoint::try_from).transpose()
}

/// What a member changes by hand.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The address, sealed.
    pub sealed: Option<Vec<u8>>,
    pub description: Option<String>,
    pub events: Option<Vec<String>>,
}

/// # Errors
/// `KeyRetired` when the address was sealed by a key that is closed.
pub async fn change(tx: &TenantTx, project: ProjectId, id: WebhookId, change: Change) -> Result<bool, StoreError> {
    let update = tx.update::<Entity>().filter(one(project, id));
    // Once, and in any case: PostgreSQL takes no column twice, and no update without any.
    let mut update = match change.description {
        Some(description) => update.set(Column::Description, description),
        None => update.set(Column::Description, Expr::col(Column::Description)),
    };
    if let Some(sealed) = change.sealed {
        update = update.seal(Column::Sealed, project, sealed);
    }
    if let Some(events) = change.events {
        update = update.set(Column::Events, names(&events)?);
    }
    Ok(update.run().await? == 1)
}

/// # Errors
/// When the database does not answer.
pub async fn set_secrets(
    tx: &TenantTx,
    project: ProjectId,
    id: WebhookId,
    secret: CredentialId,
    previous: Option<(CredentialId, Millis)>,
) -> Result<bool, StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::Secret, Expr::value(secret.uuid()))
        .set(Column::Previous, Expr::value(previous.map(|(id, _)| id.uuid())))
        .set(Column::PreviousUntil, Expr::value(previous.map(|(_, until)| until)));
    Ok(update.filter(one(project, id)).run().await? == 1)
}

/// Sends nothing from now on, and says why; or, without a reason, sends again as if nothing had failed.
///
/// # Errors
/// When the database does not answer.
pub async fn pause(tx: &TenantTx, project: ProjectId, id: WebhookId, why: Option<&str>, now: Millis) -> Result<bool, StoreError> {
    let mut update = tx
        .update::<Entity>()
        .set(Column::Paused, Expr::value(why.map(str::to_owned)))
        .set(Column::PausedAt, Expr::value(why.map(|_| now)));
    if why.is_none() {
        update = update.set(Column::FailingSince, Expr::value(Option::<i64>::None));
    }
    Ok(update.filter(one(project, id)).run().await? == 1)
}

/// Notes since when deliveries fail; `None` for that they do not.
///
/// # Errors
/// When the database does not answer.
pub async fn set_failing(tx: &TenantTx, project: ProjectId, id: WebhookId, since: Option<Millis>) -> Result<bool, StoreError> {
    let update = tx.update::<Entity>().set(Column::FailingSince, Expr::value(since));
    Ok(update.filter(one(project, id)).run().await? == 1)
}

/// Deletes an endpoint with what was sent to it.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, project: ProjectId, id: WebhookId) -> Result<bool, StoreError> {
    Ok(tx.delete::<Entity>(one(project, id)).await? == 1)
}
