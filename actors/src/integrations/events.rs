//! What providers send: stored before it is acknowledged, seen to once.

use entities::{
    EventId, Millis, ProjectId, StoreError, TenantTx,
    inbound_event::{self, End, Event, NewEvent},
    job,
};
use uuid::Uuid;

use super::{IntegrationActor, slack, voice};
use crate::{
    billing,
    contain::Serve,
    fault::Fault,
    request,
    vault::credentials::{OpenEvent, SealEvent},
};

/// Providers of knowledge, as their events are stored: by the names of their kinds.
const GITHUB: &str = "github";
const NOTION: &str = "notion";
/// How long it is known that something was sent before, and shown what became of it.
const KEPT_MS: Millis = 30 * 86_400_000;

/// Stores what `source` sent, with the job that sees to it. Acknowledge it only after this. The body of a project's goes with the project.
pub struct Receive {
    /// Who sends, such as `slack`. Decides what sees to it.
    pub source: String,
    /// The sender's own id of it, or a hash of it.
    pub external_id: String,
    pub project: Option<ProjectId>,
    pub payload: Vec<u8>,
}

/// Whether something was sent for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    New,
    Known,
}

/// Sees to something that was sent.
pub(crate) struct HandleEvent {
    pub job: job::Claimed,
    pub event: EventId,
}
/// Lets go of something that cannot be seen to, and says why.
pub(crate) struct GiveUpEvent {
    pub job: job::Claimed,
    pub event: EventId,
    pub reason: String,
}

request! {
    Receive => Received, needs System;
    HandleEvent => (), needs System, patience = 180;
    GiveUpEvent => (), needs System;
}

/// Something that is being seen to, with the job that does so.
#[derive(Clone, Copy)]
pub(crate) struct Pending {
    pub event: EventId,
    pub job: job::Claimed,
}

impl Pending {
    /// Ends the event and its job in this transaction, together with what was changed for it. `false` when another worker came first:
    /// then nothing else may be stored either.
    pub(crate) async fn end(&self, tx: &TenantTx, end: End<'_>, now: Millis) -> Result<bool, StoreError> {
        let mine = inbound_event::finish(tx, self.event, end, now).await?;
        Ok(job::finish(tx, &self.job).await? && mine)
    }
}

/// Names the job of what belongs to no project.
pub(super) fn or_none(project: Option<ProjectId>) -> ProjectId {
    project.unwrap_or_else(|| Uuid::nil().into())
}

impl IntegrationActor {
    /// Stores what was sent, if `still` finds in the same transaction that it may be.
    pub(super) async fn receive(&self, receive: &Receive, still: impl AsyncFn(&TenantTx) -> Result<(), Fault>) -> Result<Received, Fault> {
        let mut tries = 0;
        loop {
            tries += 1;
            let (id, body) = (EventId::new(), receive.payload.clone());
            let sealed = self.vault().call(SealEvent { event: id, body }).await??;
            let (now, project) = (self.now(), receive.project);
            let stored = self.db().write(async |tx| {
                still(tx).await?;
                let event = NewEvent {
                    id,
                    source: &receive.source,
                    external_id: &receive.external_id,
                    project,
                    sealed,
                };
                inbound_event::insert(tx, event, now).await?;
                job::enqueue(tx, or_none(project), job::Work::HandleEvent { event: id }, now).await?;
                Ok::<_, Fault>(())
            });
            match stored.await {
                Ok(()) => {
                    self.ring();
                    return Ok(Received::New);
                }
                Err(Fault::Storage(StoreError::Conflict)) => return Ok(Received::Known),
                // The project was deleted meanwhile.
                Err(Fault::Storage(StoreError::Orphan)) => return Err(Fault::NotFound),
                Err(Fault::Storage(StoreError::KeyRetired)) if tries < 3 => {}
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Ends something for which nothing else is to be stored.
    pub(crate) async fn end(&self, pending: Pending, end: End<'_>) -> Result<(), Fault> {
        let now = self.now();
        self.db().write(async |tx| pending.end(tx, end, now).await).await?;
        Ok(())
    }

    async fn see_to(&self, event: Event, pending: Pending) -> Result<(), Fault> {
        let body = self.vault().call(OpenEvent(event.id)).await??;
        let body = body.open(|body| zeroize::Zeroizing::new(body.to_vec()));
        match event.source.split('.').next() {
            Some(billing::SOURCE) => self.hear_stripe(pending, &body).await,
            Some(slack::SOURCE) => self.hear_slack(pending, &body).await,
            Some(GITHUB) => self.hear_github(pending, &body).await,
            Some(NOTION) => self.hear_notion(pending, &body).await,
            Some(voice::SOURCE) => self.see_to_call(&event, &body, pending).await,
            _ => self.end(pending, End::Failed("Nothing here knows this sender.")).await,
        }
    }
}

impl Serve<Receive> for IntegrationActor {
    async fn serve(&self, receive: Receive) -> Result<Received, Fault> {
        self.receive(&receive, async |_| Ok(())).await
    }
}

impl Serve<HandleEvent> for IntegrationActor {
    async fn serve(&self, HandleEvent { job, event }: HandleEvent) -> Result<(), Fault> {
        let found = self.db().read(async |tx| inbound_event::find(tx, event).await).await?;
        match found.filter(|event| event.state == "waiting" && event.sealed.is_some()) {
            Some(found) => self.see_to(found, Pending { event, job }).await,
            // Seen to before, or gone with its project.
            None => {
                self.db().write(async |tx| job::finish(tx, &job).await).await?;
                Ok(())
            }
        }
    }
}

impl Serve<GiveUpEvent> for IntegrationActor {
    async fn serve(&self, give_up: GiveUpEvent) -> Result<(), Fault> {
        let GiveUpEvent { job, event, reason } = give_up;
        self.end(Pending { event, job }, End::Failed(&reason)).await
    }
}

/// Before when what was seen to is forgotten.
pub(crate) fn forgotten_before(now: Millis) -> Millis {
    now - KEPT_MS
}
