//! The workspace itself: its name and its end.

use entities::{
    audit::{self, Act},
    tenants,
};
use serde_json::json;
use uuid::Uuid;

use super::authorise;
use crate::{
    audit::{By, workspace},
    contain::Serve,
    fault::Fault,
    request,
    role::ManageTeam,
    tenant::TenantSupervisor,
    text::parse_name,
    vault::admin::{destroy_now, queue_destruction},
};

pub struct RenameWorkspace {
    pub by: By,
    pub name: String,
}
/// Ends the workspace. Its keys are destroyed in the same transaction.
pub struct DeleteWorkspace {
    pub by: By,
    /// Must be the workspace's name.
    pub confirm: String,
}

request! {
    RenameWorkspace => (), needs ManageTeam, exclusive;
    DeleteWorkspace => (), needs ManageTeam, exclusive;
}

impl Serve<RenameWorkspace> for TenantSupervisor {
    async fn serve(&self, rename: RenameWorkspace) -> Result<(), Fault> {
        let name = parse_name(&rename.name, "name")?;
        let now = self.now();
        let renamed = self.db().write(async |tx| {
            authorise::<ManageTeam>(tx, rename.by.account).await?;
            let details = json!({ "from": tenants::name(tx).await? });
            tenants::rename(tx, &name).await?;
            audit::append(tx, rename.by.did_with(Act::WorkspaceRenamed, workspace(name), now, details)).await?;
            Ok(())
        });
        renamed.await
    }
}

impl Serve<DeleteWorkspace> for TenantSupervisor {
    async fn serve(&self, delete: DeleteWorkspace) -> Result<(), Fault> {
        let (now, ring) = (self.now(), self.key_ring());
        let deleted = self.db().write_alone(async |tx| {
            authorise::<ManageTeam>(tx, delete.by.account).await?;
            if tenants::name(tx).await?.as_deref() != Some(delete.confirm.trim()) {
                return Err(Fault::ConfirmationMismatch);
            }
            let shares = tenants::delete(tx, now).await?;
            queue_destruction(tx, ring, Uuid::nil().into(), &shares, now).await?;
            audit::append(tx, delete.by.did(Act::WorkspaceDeleted, workspace(delete.confirm.trim()), now)).await?;
            Ok(shares)
        });
        destroy_now(ring, &deleted.await?).await;
        self.forget_projects();
        self.team_changed();
        self.ring();
        Ok(())
    }
}
