//! The workspace itself: its name and its end.

use entities::{AccountId, tenants};
use uuid::Uuid;

use super::authorise;
use crate::{
    contain::Serve,
    fault::Fault,
    request,
    role::ManageTeam,
    tenant::TenantSupervisor,
    text::parse_name,
    vault::admin::{destroy_now, queue_destruction},
};

pub struct RenameWorkspace {
    pub by: AccountId,
    pub name: String,
}
/// Ends the workspace. Its keys are destroyed in the same transaction.
pub struct DeleteWorkspace {
    pub by: AccountId,
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
        let renamed = self.db().write(async |tx| {
            authorise::<ManageTeam>(tx, rename.by).await?;
            Ok(tenants::rename(tx, &name).await?)
        });
        renamed.await
    }
}

impl Serve<DeleteWorkspace> for TenantSupervisor {
    async fn serve(&self, delete: DeleteWorkspace) -> Result<(), Fault> {
        let (now, ring) = (self.now(), self.key_ring());
        let deleted = self.db().write_alone(async |tx| {
            authorise::<ManageTeam>(tx, delete.by).await?;
            if tenants::name(tx).await?.as_deref() != Some(delete.confirm.trim()) {
                return Err(Fault::ConfirmationMismatch);
            }
            let shares = tenants::delete(tx, now).await?;
            queue_destruction(tx, ring, Uuid::nil().into(), &shares, now).await?;
            Ok(shares)
        });
        destroy_now(ring, &deleted.await?).await;
        self.forget_projects();
        self.team_changed();
        self.ring();
        Ok(())
    }
}
