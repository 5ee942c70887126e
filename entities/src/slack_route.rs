//! Where a Slack team's events lead. Platform table: the team's id is all that a verified event brings.

use sea_orm::{Set, entity::prelude::*};
use sha2::{Digest, Sha256};

use crate::{PlatformDb, SlackInstallationId, StoreError, TenantId, TenantTx, platform_db::is_open};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "slack_route")]
pub(crate) struct Model {
    /// SHA-256 of the team's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub team_hash: Vec<u8>,
    pub workspace_id: Uuid,
    pub installation_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}

fn hash(team: &str) -> Vec<u8> {
    Sha256::digest(team.as_bytes()).to_vec()
}

/// # Errors
/// `Conflict` when the team's events lead somewhere already.
pub(crate) async fn publish(tx: &TenantTx, team: &str, installation: SlackInstallationId) -> Result<(), StoreError> {
    let row = ActiveModel {
        team_hash: Set(hash(team)),
        workspace_id: Set(tx.tenant().uuid()),
        installation_id: Set(installation.uuid()),
    };
    Entity::insert(row).exec_without_returning(tx.raw()).await?;
    Ok(())
}

pub(crate) async fn withdraw(tx: &TenantTx, installation: SlackInstallationId) -> Result<(), StoreError> {
    Entity::delete_many()
        .filter(Column::InstallationId.eq(installation.uuid()))
        .filter(Column::WorkspaceId.eq(tx.tenant().uuid()))
        .exec(tx.raw())
        .await?;
    Ok(())
}

pub(crate) async fn withdraw_all(tx: &TenantTx) -> Result<(), StoreError> {
    let own = Column::WorkspaceId.eq(tx.tenant().uuid());
    Entity::delete_many().filter(own).exec(tx.raw()).await?;
    Ok(())
}

impl PlatformDb {
    /// Whose the events of this Slack team are; nobody's while the tenant is being deleted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn slack_route(&self, team: &str) -> Result<Option<TenantId>, StoreError> {
        let tx = self.store().begin_read().await?;
        let row = Entity::find_by_id(hash(team)).one(&tx).await?;
        let row = match row {
            Some(row) if is_open(&tx, row.workspace_id).await? => Some(row),
            _ => None,
        };
        tx.rollback().await?;
        Ok(row.map(|row| row.workspace_id.into()))
    }
}
