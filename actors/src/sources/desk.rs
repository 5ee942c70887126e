//! What whoever runs the installation does with its integrations, from the command line, beside a server that may be running.

use entities::{Location, Store, StoreError, TenantId, job, tenants};
use uuid::Uuid;

use crate::{clock::Clock, fault::Fault};

/// Burns the integrations of workspaces. It asks for it, and the servers do it: the running ones at once, otherwise the next that starts.
/// So it is one job for each, and no crash leaves half of it undone.
pub struct IntegrationsDesk {
    store: Store,
    clock: Clock,
}

impl IntegrationsDesk {
    /// # Errors
    /// When the database cannot be opened.
    pub async fn open(location: &Location, clock: Clock) -> Result<Self, Fault> {
        Ok(Self {
            store: Store::open(location).await?,
            clock,
        })
    }

    /// Has every integration of a workspace, or of all of them, revoked. Returns of how many.
    ///
    /// # Errors
    /// `NotFound` when there is no such workspace.
    pub async fn revoke_all(&self, workspace: Option<TenantId>, deletes: bool) -> Result<usize, Fault> {
        let platform = self.store.platform();
        let asked = match workspace {
            Some(one) if platform.tenant_exists(one).await? => vec![one],
            Some(_) => return Err(Fault::NotFound),
            None => platform.tenants().await?,
        };
        let (now, mut count) = (self.clock.now(), 0);
        for tenant in asked {
            let db = self.store.tenant(tenant);
            let enqueued = db.write(async |tx| {
                // Deleted meanwhile: its integrations ended with it.
                if tenants::name(tx).await?.is_none() {
                    return Ok(false);
                }
                let nowhere = Uuid::nil().into();
                job::enqueue(tx, nowhere, job::Work::RevokeAll { deletes }, now).await?;
                Ok::<_, StoreError>(true)
            });
            count += usize::from(enqueued.await?);
        }
        Ok(count)
    }

    /// Closes the database.
    pub async fn close(self) {
        self.store.close().await;
    }
}
