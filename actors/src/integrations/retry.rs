//! Trying once more what failed, because somebody asks for it.

use entities::{EndpointId, EventId, ProjectId, TenantTx, inbound_event, job, slack::answers};

use super::{
    IntegrationActor,
    events::or_none,
    slack,
    voice::{self, set_up::own},
};
use crate::{contain::Serve, fault::Fault, request};

/// Whose events are meant.
#[derive(Clone, Copy)]
pub enum SentBy {
    Slack,
    /// A voice agent of this project.
    Agent {
        project: ProjectId,
        endpoint: EndpointId,
    },
}

/// Sees once more to something that was sent and failed. `NotFound` unless its body is kept; `DeliveryWaiting` while it waits.
pub struct RetryEvent {
    pub of: SentBy,
    pub event: EventId,
}

request! { RetryEvent => (), needs ManageProjects, exclusive; }

/// How the events are known that are meant.
async fn source(tx: &TenantTx, of: SentBy) -> Result<String, Fault> {
    match of {
        SentBy::Slack => Ok(slack::SOURCE.to_owned()),
        SentBy::Agent { project, endpoint } => Ok(voice::source_of(own(tx, project, endpoint).await?.id)),
    }
}

impl Serve<RetryEvent> for IntegrationActor {
    async fn serve(&self, RetryEvent { of, event }: RetryEvent) -> Result<(), Fault> {
        let now = self.now();
        let again = self.db().write(async |tx| {
            let source = source(tx, of).await?;
            let found = inbound_event::find(tx, event).await?.filter(|found| found.source == source);
            let found = found.ok_or(Fault::NotFound)?;
            if found.state == "waiting" {
                return Err(Fault::DeliveryWaiting);
            }
            if !inbound_event::try_again(tx, &source, event).await? {
                return Err(Fault::NotFound);
            }
            // Where nobody here knew whether Slack took the answer, whoever asks for this has looked.
            answers::set_posting(tx, event, None).await?;
            job::enqueue(tx, or_none(found.project), job::Work::HandleEvent { event }, now).await?;
            Ok(())
        });
        again.await?;
        self.ring();
        Ok(())
    }
}
