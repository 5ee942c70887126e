//! Which project the channels of a Slack team ask.

use sea_orm::{Order, Set, entity::prelude::*, sea_query::Expr};

use crate::{Millis, ProjectId, SlackInstallationId, StoreError, TenantTx, tenant_db::TenantScoped};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_channel")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub installation_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub channel_id: String,
    pub name: String,
    pub project_id: Option<Uuid>,
    pub seen_at: i64,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}

/// Stands for every channel that is not named, and for direct messages.
pub const OTHERS: &str = "*";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    pub installation: SlackInstallationId,
    /// Slack's own id, such as `C0123`, or [`OTHERS`].
    pub channel: String,
    /// What people here call it; empty when nobody said.
    pub name: String,
    /// `None` for a channel in which somebody asked that is not mapped.
    pub project: Option<ProjectId>,
    pub seen_at: Millis,
}

impl From<Model> for Channel {
    fn from(row: Model) -> Self {
        Self {
            installation: row.installation_id.into(),
            channel: row.channel_id,
            name: row.name,
            project: row.project_id.map(ProjectId::from),
            seen_at: row.seen_at,
        }
    }
}

fn this(installation: SlackInstallationId, channel: &str) -> sea_orm::Condition {
    sea_orm::Condition::all()
        .add(Column::InstallationId.eq(installation.uuid()))
        .add(Column::ChannelId.eq(channel))
}

/// Every channel of every team that is known, by its id.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx) -> Result<Vec<Channel>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .order(Column::InstallationId, Order::Asc)
        .order(Column::ChannelId, Order::Asc)
        .all()
        .await?;
    Ok(rows.into_iter().map(Channel::from).collect())
}

/// The channel as it is known, if it is.
///
/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, installation: SlackInstallationId, channel: &str) -> Result<Option<Channel>, StoreError> {
    let row = tx.find::<Entity>().filter(this(installation, channel)).one().await?;
    Ok(row.map(Channel::from))
}

/// Stores the channel as it is to be known, in the place of what was known of it.
///
/// # Errors
/// `Orphan` when there is no such installation or project.
pub async fn put(tx: &TenantTx, channel: &Channel) -> Result<(), StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::Name, channel.name.as_str())
        .set(Column::ProjectId, Expr::value(channel.project.map(ProjectId::uuid)))
        .set(Column::SeenAt, channel.seen_at)
        .filter(this(channel.installation, &channel.channel));
    if update.run().await? > 0 {
        return Ok(());
    }
    insert(tx, channel).await
}

/// Remembers a channel in which somebody asked. What is known of it stays as it is.
///
/// # Errors
/// `Conflict` when it was mapped or seen at this moment; `Orphan` when the installation is gone.
pub async fn note(tx: &TenantTx, channel: &Channel) -> Result<(), StoreError> {
    match find(tx, channel.installation, &channel.channel).await? {
        Some(_) => Ok(()),
        None => insert(tx, channel).await,
    }
}

async fn insert(tx: &TenantTx, channel: &Channel) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        installation_id: Set(channel.installation.uuid()),
        channel_id: Set(channel.channel.clone()),
        name: Set(channel.name.clone()),
        project_id: Set(channel.project.map(ProjectId::uuid)),
        seen_at: Set(channel.seen_at),
    })
    .await
}

/// # Errors
/// When the database does not answer.
pub async fn remove(tx: &TenantTx, installation: SlackInstallationId, channel: &str) -> Result<bool, StoreError> {
    Ok(tx.delete::<Entity>(this(installation, channel)).await? == 1)
}

/// Takes a project that is being deleted out of every team's channels.
pub(crate) async fn forget_project(tx: &TenantTx, project: ProjectId) -> Result<(), StoreError> {
    tx.delete::<Entity>(Column::ProjectId.eq(project.uuid())).await?;
    Ok(())
}
