//! What was sent, what became of it, and sending it again.

use entities::{DeliveryId, Millis, WebhookId, job, webhook_delivery, webhook_endpoint};
use serde_json::json;
use zeroize::Zeroizing;

use super::events;
use crate::{contain::Serve, fault::Fault, project::ProjectActor, request};

/// A delivery without its body.
#[derive(Clone, Debug)]
pub struct DeliveryCard {
    pub id: DeliveryId,
    pub event: String,
    /// `waiting`, `delivered` or `failed`.
    pub state: String,
    pub attempts: i32,
    /// Why the last try failed: a stable code.
    pub reason: Option<String>,
    pub status: Option<i32>,
    pub took_ms: Option<i32>,
    pub created_at: Millis,
    pub tried_at: Option<Millis>,
    pub next_at: Option<Millis>,
}

impl From<webhook_delivery::Delivery> for DeliveryCard {
    fn from(row: webhook_delivery::Delivery) -> Self {
        Self {
            id: row.id,
            event: row.event,
            state: row.state,
            attempts: row.attempts,
            reason: row.reason,
            status: row.status,
            took_ms: row.took_ms,
            created_at: row.created_at,
            tried_at: row.tried_at,
            next_at: row.next_at,
        }
    }
}

/// The latest first.
pub struct ListDeliveries {
    pub webhook: WebhookId,
    pub before: Option<DeliveryId>,
    pub limit: u64,
}
pub struct Deliveries {
    pub deliveries: Vec<DeliveryCard>,
    /// For the next page, if there is one.
    pub next: Option<DeliveryId>,
}
/// A delivery with the body that is sent.
pub struct ShowDelivery {
    pub webhook: WebhookId,
    pub delivery: DeliveryId,
}
/// Sends a delivery again, under the id that it had.
pub struct ReplayDelivery {
    pub webhook: WebhookId,
    pub delivery: DeliveryId,
}
/// Sends an event that says nothing.
pub struct SendTestEvent(pub WebhookId);

/// Where a delivery goes, and what it is.
pub(crate) struct OpenDelivery(pub DeliveryId);
pub(crate) struct Parcel {
    pub url: Zeroizing<String>,
    pub body: Zeroizing<Vec<u8>>,
}

request! {
    ListDeliveries => Deliveries, needs ManageProjects;
    ShowDelivery => (DeliveryCard, String), needs ManageProjects;
    ReplayDelivery => DeliveryCard, needs ManageProjects, exclusive;
    SendTestEvent => DeliveryCard, needs ManageProjects;
    OpenDelivery => Parcel, needs System;
}

const MOST_A_PAGE: u64 = 100;

impl ProjectActor {
    async fn delivery(&self, webhook: WebhookId, id: DeliveryId) -> Result<webhook_delivery::Delivery, Fault> {
        let project = self.id();
        let found = self.db().read(async |tx| webhook_delivery::find(tx, project, id).await).await?;
        found.filter(|found| found.endpoint == webhook).ok_or(Fault::NotFound)
    }

    fn open_body(&self, delivery: &webhook_delivery::Delivery) -> Result<Zeroizing<Vec<u8>>, Fault> {
        self.open("webhook_delivery", "sealed", delivery.id.uuid(), &delivery.sealed)
    }
}

fn refuse_paused(endpoint: Option<webhook_endpoint::Endpoint>) -> Result<(), Fault> {
    match endpoint.ok_or(Fault::NotFound)?.paused {
        None => Ok(()),
        Some(_) => Err(Fault::WebhookPaused),
    }
}

impl Serve<ListDeliveries> for ProjectActor {
    async fn serve(&self, list: ListDeliveries) -> Result<Deliveries, Fault> {
        let (project, limit) = (self.id(), list.limit.clamp(1, MOST_A_PAGE));
        let rows = self.db().read(async |tx| {
            webhook_endpoint::find(tx, project, list.webhook).await?.ok_or(Fault::NotFound)?;
            Ok::<_, Fault>(webhook_delivery::list(tx, project, list.webhook, list.before, limit + 1).await?)
        });
        let mut deliveries: Vec<DeliveryCard> = rows.await?.into_iter().map(DeliveryCard::from).collect();
        let more = deliveries.len() as u64 > limit;
        if more {
            deliveries.pop();
        }
        let next = deliveries.last().filter(|_| more).map(|last| last.id);
        Ok(Deliveries { deliveries, next })
    }
}

impl Serve<ShowDelivery> for ProjectActor {
    async fn serve(&self, show: ShowDelivery) -> Result<(DeliveryCard, String), Fault> {
        let delivery = self.delivery(show.webhook, show.delivery).await?;
        let body = String::from_utf8_lossy(&self.open_body(&delivery)?).into_owned();
        Ok((delivery.into(), body))
    }
}

impl Serve<ReplayDelivery> for ProjectActor {
    async fn serve(&self, replay: ReplayDelivery) -> Result<DeliveryCard, Fault> {
        let (project, now, id) = (self.id(), self.now(), replay.delivery);
        let again = self.db().write(async |tx| {
            refuse_paused(webhook_endpoint::find(tx, project, replay.webhook).await?)?;
            let found = webhook_delivery::find(tx, project, id).await?;
            let found = found.filter(|found| found.endpoint == replay.webhook).ok_or(Fault::NotFound)?;
            if found.state == "waiting" {
                return Err(Fault::DeliveryWaiting);
            }
            let waiting = webhook_delivery::Try {
                state: "waiting",
                next_at: Some(now),
                ..webhook_delivery::Try::default()
            };
            webhook_delivery::note(tx, project, id, &waiting).await?;
            job::enqueue(tx, project, job::Work::DeliverWebhook { delivery: id }, now).await?;
            Ok(())
        });
        again.await?;
        self.ring_outward();
        Ok(self.delivery(replay.webhook, id).await?.into())
    }
}

impl Serve<SendTestEvent> for ProjectActor {
    async fn serve(&self, SendTestEvent(webhook): SendTestEvent) -> Result<DeliveryCard, Fault> {
        let project = self.id();
        let sent = self.db().write(async |tx| {
            refuse_paused(webhook_endpoint::find(tx, project, webhook).await?)?;
            let data = json!({ "project": project, "message": "This is a test." });
            self.post(tx, webhook, events::TEST, &data).await
        });
        let id = sent.await?;
        self.ring_outward();
        Ok(self.delivery(webhook, id).await?.into())
    }
}

impl Serve<OpenDelivery> for ProjectActor {
    async fn serve(&self, OpenDelivery(id): OpenDelivery) -> Result<Parcel, Fault> {
        let project = self.id();
        let (delivery, endpoint) = self
            .db()
            .read(async |tx| {
                let delivery = webhook_delivery::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
                let endpoint = webhook_endpoint::find(tx, project, delivery.endpoint).await?;
                Ok::<_, Fault>((delivery, endpoint.ok_or(Fault::NotFound)?))
            })
            .await?;
        Ok(Parcel {
            url: self.open_url(&endpoint)?,
            body: self.open_body(&delivery)?,
        })
    }
}
