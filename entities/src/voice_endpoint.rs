//! Where a project's voice agents send their calls. What proves them is a credential; the one before it is good for a while.

use sea_orm::{Condition, Order, Set, entity::prelude::*, sea_query::Expr};

use crate::{CredentialId, EndpointId, Millis, ProjectId, StoreError, TenantTx, credential, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "voice_endpoint")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub project_id: Uuid,
    pub provider: String,
    /// In which header the signature comes, where that is for the customer to say.
    pub header: Option<String>,
    pub credential_id: Option<Uuid>,
    pub previous_id: Option<Uuid>,
    pub previous_until: Option<i64>,
    pub created_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

#[derive(Clone, Debug)]
pub struct VoiceEndpoint {
    pub id: EndpointId,
    pub project: ProjectId,
    pub provider: String,
    pub header: Option<String>,
    /// `None` until somebody entered the provider's secret.
    pub credential: Option<CredentialId>,
    /// The one before, and until when it is good.
    pub previous: Option<(CredentialId, Millis)>,
    pub created_at: Millis,
}

impl From<Model> for VoiceEndpoint {
    fn from(row: Model) -> Self {
        Self {
            id: row.id.into(),
            project: row.project_id.into(),
            provider: row.provider,
            header: row.header,
            credential: row.credential_id.map(CredentialId::from),
            previous: row.previous_id.map(CredentialId::from).zip(row.previous_until),
            created_at: row.created_at,
        }
    }
}

/// # Errors
/// `Orphan` when there is no such project.
pub async fn insert(tx: &TenantTx, endpoint: VoiceEndpoint) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(endpoint.id.uuid()),
        project_id: Set(endpoint.project.uuid()),
        provider: Set(endpoint.provider),
        header: Set(endpoint.header),
        credential_id: Set(endpoint.credential.map(CredentialId::uuid)),
        previous_id: Set(endpoint.previous.map(|(previous, _)| previous.uuid())),
        previous_until: Set(endpoint.previous.map(|(_, until)| until)),
        created_at: Set(endpoint.created_at),
    })
    .await
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, id: EndpointId) -> Result<Option<VoiceEndpoint>, StoreError> {
    let row = tx.find::<Entity>().filter(Column::Id.eq(id.uuid())).one().await?;
    Ok(row.map(VoiceEndpoint::from))
}

/// Those of a project, the oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx, project: ProjectId) -> Result<Vec<VoiceEndpoint>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .filter(Column::ProjectId.eq(project.uuid()))
        .order(Column::CreatedAt, Order::Asc)
        .order(Column::Id, Order::Asc)
        .all()
        .await?;
    Ok(rows.into_iter().map(VoiceEndpoint::from).collect())
}

/// Those of a provider, in all projects.
///
/// # Errors
/// When the database does not answer.
pub async fn of_provider(tx: &TenantTx, provider: &str) -> Result<Vec<EndpointId>, StoreError> {
    let found = tx.find::<Entity>().filter(Column::Provider.eq(provider));
    let rows = found.order(Column::Id, Order::Asc).all().await?;
    Ok(rows.into_iter().map(|row| row.id.into()).collect())
}

fn one(project: ProjectId, id: EndpointId) -> Condition {
    Condition::all()
        .add(Column::ProjectId.eq(project.uuid()))
        .add(Column::Id.eq(id.uuid()))
}

/// Puts another credential in place, with the one before it. `false` when there is no such endpoint in the project.
///
/// # Errors
/// When the database does not answer.
pub async fn set_credential(
    tx: &TenantTx,
    project: ProjectId,
    id: EndpointId,
    credential: CredentialId,
    previous: Option<(CredentialId, Millis)>,
) -> Result<bool, StoreError> {
    let changed = tx
        .update::<Entity>()
        .set(Column::CredentialId, Expr::value(credential.uuid()))
        .set(Column::PreviousId, Expr::value(previous.map(|(previous, _)| previous.uuid())))
        .set(Column::PreviousUntil, Expr::value(previous.map(|(_, until)| until)))
        .filter(one(project, id))
        .run()
        .await?;
    Ok(changed == 1)
}

/// `false` when there is no such endpoint in the project.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, project: ProjectId, id: EndpointId) -> Result<bool, StoreError> {
    Ok(tx.delete::<Entity>(one(project, id)).await? == 1)
}

/// Deletes the credentials whose time is over. Returns how many.
///
/// # Errors
/// When the database does not answer.
pub async fn expire(tx: &TenantTx, now: Millis) -> Result<u64, StoreError> {
    let over = Condition::all()
        .add(Column::PreviousId.is_not_null())
        .add(Column::PreviousUntil.lte(now));
    let rows = tx.find::<Entity>().filter(over).all().await?;
    let mut count = 0;
    for row in rows {
        let Some(previous) = row.previous_id else { continue };
        credential::delete(tx, previous.into()).await?;
        count += tx
            .update::<Entity>()
            .set(Column::PreviousId, Expr::value(Option::<Uuid>::None))
            .set(Column::PreviousUntil, Expr::value(Option::<i64>::None))
            .filter(Column::Id.eq(row.id))
            .filter(Column::PreviousId.eq(previous))
            .run()
            .await?;
    }
    Ok(count)
}

/// Ends those of a project that is being deleted.
pub(crate) async fn forget_project(tx: &TenantTx, project: ProjectId) -> Result<(), StoreError> {
    tx.delete::<Entity>(Column::ProjectId.eq(project.uuid())).await?;
    Ok(())
}
