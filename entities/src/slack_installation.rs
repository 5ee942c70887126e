//! Slack teams that the app is installed in. The bot's token is a credential, and its row names it.

use sea_orm::{Order, Set, entity::prelude::*, sea_query::Expr};

use crate::{
    CredentialId, Millis, SlackInstallationId, StoreError, TenantTx,
    renewal::{self, Renewed},
    slack_route,
    tenant_db::TenantScoped,
};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_installation")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub team_id: String,
    pub team_name: String,
    pub app_id: String,
    pub bot_user: String,
    pub credential_id: Option<Uuid>,
    pub state: String,
    pub installed_at: i64,
    /// When the token ends, where tokens rotate.
    pub expires_at: Option<i64>,
    /// Until when some node has the right to renew the token.
    pub refreshing_until: i64,
    pub heard_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}
impl TenantScoped for Entity {
    const TENANT: Column = Column::TenantId;
}
impl Renewed for Entity {
    const ID: Column = Column::Id;
    const CREDENTIAL: Column = Column::CredentialId;
    const EXPIRES_AT: Column = Column::ExpiresAt;
    const REFRESHING_UNTIL: Column = Column::RefreshingUntil;
}

/// How a connection to a team stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Connected,
    /// Somebody removed the app in Slack.
    Uninstalled,
    /// Slack ended the token.
    Revoked,
}

impl Standing {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Uninstalled => "uninstalled",
            Self::Revoked => "revoked",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        [Self::Connected, Self::Uninstalled, Self::Revoked]
            .into_iter()
            .find(|one| one.as_str() == text)
            .ok_or(StoreError::Damaged("slack_installation.state"))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    pub id: SlackInstallationId,
    /// Slack's own id of the team, such as `T0123`.
    pub team: String,
    pub name: String,
    pub app: String,
    /// As whom the app speaks there.
    pub bot_user: String,
    /// The bot's token, while there is one.
    pub credential: Option<CredentialId>,
    pub standing: Standing,
    pub installed_at: Millis,
    /// When the token ends, where tokens rotate.
    pub expires_at: Option<Millis>,
    /// When Slack last sent something that was meant for it.
    pub heard_at: Option<Millis>,
}

impl TryFrom<Model> for Installation {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id.into(),
            team: row.team_id,
            name: row.team_name,
            app: row.app_id,
            bot_user: row.bot_user,
            credential: row.credential_id.map(CredentialId::from),
            standing: Standing::parse(&row.state)?,
            installed_at: row.installed_at,
            expires_at: row.expires_at,
            heard_at: row.heard_at,
        })
    }
}

/// Stores an installation and makes its team's events lead here.
///
/// # Errors
/// `Conflict` when the team is connected already, by whichever tenant.
pub async fn insert(tx: &TenantTx, new: &Installation) -> Result<(), StoreError> {
    tx.insert(ActiveModel {
        tenant_id: Set(tx.tenant().uuid()),
        id: Set(new.id.uuid()),
        team_id: Set(new.team.clone()),
        team_name: Set(new.name.clone()),
        app_id: Set(new.app.clone()),
        bot_user: Set(new.bot_user.clone()),
        credential_id: Set(new.credential.map(CredentialId::uuid)),
        state: Set(new.standing.as_str().into()),
        installed_at: Set(new.installed_at),
        expires_at: Set(new.expires_at),
        refreshing_until: Set(0),
        heard_at: Set(new.heard_at),
    })
    .await?;
    slack_route::publish(tx, &new.team, new.id).await
}

/// Connects a team anew that this tenant knows: its channels stay. Returns whether the installation is there.
///
/// # Errors
/// `Conflict` when another tenant connected the team meanwhile.
pub async fn reconnect(tx: &TenantTx, new: &Installation) -> Result<bool, StoreError> {
    let update = tx
        .update::<Entity>()
        .set(Column::TeamName, new.name.as_str())
        .set(Column::AppId, new.app.as_str())
        .set(Column::BotUser, new.bot_user.as_str())
        .set(Column::CredentialId, Expr::value(new.credential.map(CredentialId::uuid)))
        .set(Column::State, new.standing.as_str())
        .set(Column::InstalledAt, new.installed_at)
        .set(Column::ExpiresAt, Expr::value(new.expires_at))
        .set(Column::RefreshingUntil, 0_i64);
    if update.filter(Column::Id.eq(new.id.uuid())).run().await? != 1 {
        return Ok(false);
    }
    slack_route::withdraw(tx, new.id).await?;
    slack_route::publish(tx, &new.team, new.id).await?;
    Ok(true)
}

/// # Errors
/// When the database does not answer.
pub async fn find(tx: &TenantTx, id: SlackInstallationId) -> Result<Option<Installation>, StoreError> {
    let row = tx.find::<Entity>().filter(Column::Id.eq(id.uuid())).one().await?;
    row.map(Installation::try_from).transpose()
}

/// # Errors
/// When the database does not answer.
pub async fn find_by_team(tx: &TenantTx, team: &str) -> Result<Option<Installation>, StoreError> {
    let row = tx.find::<Entity>().filter(Column::TeamId.eq(team)).one().await?;
    row.map(Installation::try_from).transpose()
}

/// The oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(tx: &TenantTx) -> Result<Vec<Installation>, StoreError> {
    let rows = tx
        .find::<Entity>()
        .order(Column::InstalledAt, Order::Asc)
        .order(Column::Id, Order::Asc)
        .all()
        .await?;
    rows.into_iter().map(Installation::try_from).collect()
}

/// Notes that Slack ended the connection: the team's events lead nowhere, and the token is forgotten. `false` when it was over already.
///
/// # Errors
/// When the database does not answer.
pub async fn end(tx: &TenantTx, id: SlackInstallationId, how: Standing) -> Result<bool, StoreError> {
    slack_route::withdraw(tx, id).await?;
    let update = tx
        .update::<Entity>()
        .set(Column::State, how.as_str())
        .set(Column::CredentialId, Expr::value(Option::<Uuid>::None))
        .set(Column::ExpiresAt, Expr::value(Option::<i64>::None))
        .filter(Column::Id.eq(id.uuid()))
        .filter(Column::State.eq(Standing::Connected.as_str()));
    Ok(update.run().await? == 1)
}

/// Removes an installation with its channels and threads. The conversations stay.
///
/// # Errors
/// When the database does not answer.
pub async fn delete(tx: &TenantTx, id: SlackInstallationId) -> Result<bool, StoreError> {
    slack_route::withdraw(tx, id).await?;
    Ok(tx.delete::<Entity>(Column::Id.eq(id.uuid())).await? == 1)
}

/// Takes the right to renew the token until `until`; `false` while another node has it.
///
/// # Errors
/// When the database does not answer.
pub async fn claim_refresh(tx: &TenantTx, id: SlackInstallationId, now: Millis, until: Millis) -> Result<bool, StoreError> {
    renewal::claim::<Entity>(tx, id.uuid(), now, until).await
}

/// Puts a renewed token in the place of `old`; `false` when that is not the installation's any more.
///
/// # Errors
/// When the database does not answer.
pub async fn set_token(
    tx: &TenantTx,
    id: SlackInstallationId,
    old: CredentialId,
    new: CredentialId,
    expires_at: Option<Millis>,
) -> Result<bool, StoreError> {
    renewal::replace::<Entity>(tx, id.uuid(), (old, new), expires_at).await
}

/// Notes that Slack sent something.
///
/// # Errors
/// When the database does not answer.
pub async fn heard(tx: &TenantTx, id: SlackInstallationId, at: Millis) -> Result<bool, StoreError> {
    let update = tx.update::<Entity>().set(Column::HeardAt, at).filter(Column::Id.eq(id.uuid()));
    Ok(update.run().await? == 1)
}
