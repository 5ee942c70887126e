//! What providers of knowledge tell by themselves: that something is there no longer. It goes at once, and not only with the next sync.

use entities::{
    SourceId, TenantTx,
    inbound_event::End,
    job,
    source::{self, Phase, Source},
    source_item::Which,
};

use super::connector::Kind;
use crate::{
    fault::Fault,
    integrations::{IntegrationActor, events::Pending},
    project::GoneAtSource,
};

/// What a provider told, as far as must be known to acknowledge it.
#[derive(Debug, PartialEq, Eq)]
pub enum Told {
    /// For the tenants that read with one of these accounts there.
    Event {
        kind: Kind,
        /// The provider's own ids.
        holders: Vec<String>,
        /// Its own id of what it tells, where it has one.
        id: Option<String>,
        /// What it means here, as JSON.
        payload: Vec<u8>,
    },
    /// Asks for nothing here.
    Nothing,
}

const UNKNOWN: &str = "No source of knowledge has this.";

impl IntegrationActor {
    /// Lets go of some of what a source has. `false` when it has none of that.
    pub(super) async fn let_go_at_once(&self, source: &Source, which: Which) -> Result<bool, Fault> {
        let told = GoneAtSource { source: source.id, which };
        match self.projects().get(source.project).await {
            Ok(project) => project.ask(told).await,
            // It was deleted meanwhile.
            Err(Fault::NotFound) => Ok(false),
            Err(fault) => Err(fault),
        }
    }

    /// Has sources looked through soon.
    pub(super) async fn look_again(&self, sources: &[SourceId]) -> Result<(), Fault> {
        let now = self.now();
        for id in sources {
            self.db().write(async |tx| look_again_in(tx, *id, now).await).await?;
        }
        self.ring_outward();
        Ok(())
    }

    /// Ends what was told, which concerned something here or nothing.
    pub(super) async fn told(&self, pending: Pending, known: bool) -> Result<(), Fault> {
        match known {
            true => {
                self.ring_outward();
                self.end(pending, End::Done).await
            }
            false => self.end(pending, End::Ignored(UNKNOWN)).await,
        }
    }
}

/// Begins a sync now, or another one when the present one has ended.
pub(crate) async fn look_again_in(tx: &TenantTx, source: SourceId, now: entities::Millis) -> Result<(), Fault> {
    let Some(held) = source::hold(tx, source, None).await? else {
        return Ok(());
    };
    let mut sync = held.sync;
    if sync.phase == Phase::Idle {
        sync.due_at = Some(now);
    }
    source::set_sync(tx, source, &sync, true).await?;
    let run_at = sync.wait_until.map_or(now, |until| now.max(until));
    job::enqueue_sync(tx, held.project, source, run_at, now).await?;
    Ok(())
}
