//! By which secret a project's website says who its visitors are. The secrets are credentials of the tenant.

use sea_orm::{Condition, Set, entity::prelude::*, sea_query::Expr};

use crate::{CredentialId, Millis, ProjectId, StoreError, TenantTx, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "widget_identity")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub project_id: Uuid,
    /// Ids of credentials.
    pub secret: Uuid,
    pub secret_at: i64,
    pub previous: Option<Uuid>,
    pub previous_until: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

#[derive(Clone, Copy, Debug)]
pub struct WidgetIdentity {
    /// The credential that signs.
    pub secret: CredentialId,
    pub secret_at: Millis,
    /// The one before it, with the time until which it signs too.
    pub previous: Option<(CredentialId, Millis)>,
}

fn of(project: ProjectId) -> Condition {
    Condition::all().add(Column::ProjectId.eq(project.uuid()))
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, project: ProjectId) -> Result<Option<WidgetIdentity>, StoreError> {
    let row = tx.find::<Entity>().filter(of(project)).one().await?;
    Ok(row.map(|row| WidgetIdentity {
        secret: row.secret.into(),
        secret_at: row.secret_at,
        previous: row.previous.map(CredentialId::from).zip(row.previous_until),
    }))
}

/// Stores `identity` in place of what was there.
///
/// # Errors
/// `Orphan` when there is no such project.
pub async fn put(tx: &TenantTx, project: ProjectId, identity: WidgetIdentity) -> Result<(), StoreError> {
    let previous = (
        identity.previous.map(|(id, _)| id.uuid()),
        identity.previous.map(|(_, until)| until),
    );
    let changed = tx
        .update::<Entity>()
        .filter(of(project))
        .set(Column::Secret, Expr::value(identity.secret.uuid()))
        .set(Column::SecretAt, Expr::value(identity.secret_at))
        .set(Column::Previous, Expr::value(previous.0))
        .set(Column::PreviousUntil, Expr::value(previous.1))
        .run()
        .await?;
    if changed == 1 {
        return Ok(());
    }
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        project_id: Set(project.uuid()),
        secret: Set(identity.secret.uuid()),
        secret_at: Set(identity.secret_at),
        previous: Set(previous.0),
        previous_until: Set(previous.1),
    })
    .await
}

/// `false` when there was none.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, project: ProjectId) -> Result<bool, StoreError> {
    Ok(tx.delete::<Entity>(of(project)).await? == 1)
}
