//! Syncs that stand still. A step whose process died is taken up by whoever finds its lease run out; what is looked for here is a source
//! without a job, which should not be, and would never be synced again.

use entities::{job, source};

use crate::{contain::Serve, fault::Fault, request, tenant::TenantSupervisor};

/// Gives each source that lost its job a new one.
pub(crate) struct TakeUpSyncs;

request! { TakeUpSyncs => (), needs System; }

impl Serve<TakeUpSyncs> for TenantSupervisor {
    async fn serve(&self, _: TakeUpSyncs) -> Result<(), Fault> {
        let lost = self.db().read(async |tx| source::without_job(tx).await).await?;
        let now = self.now();
        for source in lost {
            tracing::warn!(source = %source.id, "a source had no job, and is taken up again");
            let taken_up = self.db().write(async |tx| {
                if source::hold(tx, source.id, None).await?.is_some() {
                    job::enqueue_sync(tx, source.project, source.id, now, now).await?;
                }
                Ok::<_, Fault>(())
            });
            taken_up.await?;
        }
        Ok(())
    }
}
