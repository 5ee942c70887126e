//! What a project tells of itself. An event is stored for each of its receivers in the transaction of what happened: told of is exactly
//! what is so.

use chrono::{DateTime, SecondsFormat};
use entities::{DeliveryId, Millis, TenantTx, WebhookId, job, webhook_delivery, webhook_endpoint};
use serde_json::{Value, json};

use crate::{fault::Fault, project::ProjectActor};

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $id:literal),* $(,)?) => {
        /// Something that receivers choose to be told of. Its name is stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Event { $($(#[$doc])* $name),* }

        impl Event {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $id),* }
            }
        }
    };
}

events! {
    /// The knowledge held no answer.
    QuestionUnanswered = "question.unanswered",
    /// Somebody said that an answer did not help.
    FeedbackNegative = "feedback.negative",
    /// A document could not be read.
    DocumentFailed = "document.failed",
    /// A sync of a source ended without having read all of it.
    SyncFailed = "sync.failed",
    /// A visitor asked for a person.
    ConversationHandedOver = "conversation.handed_over",
}

impl Event {
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.as_str() == name)
    }
}

/// Sent by hand to see whether a receiver answers.
pub(super) const TEST: &str = "webhook.test";

/// Those who are to be told of an event. Usually nobody, and then nothing else is asked for.
pub(crate) struct Listening(Vec<WebhookId>);

impl Listening {
    pub(crate) fn is_nobody(&self) -> bool {
        self.0.is_empty()
    }
}

/// The body: type, time and data, as Standard Webhooks lays it out.
pub(super) fn body(event: &str, at: Millis, data: &Value) -> Result<Vec<u8>, Fault> {
    let timestamp = DateTime::from_timestamp_millis(at).unwrap_or_default();
    let timestamp = timestamp.to_rfc3339_opts(SecondsFormat::Millis, true);
    let body = json!({ "type": event, "timestamp": timestamp, "data": data });
    serde_json::to_vec(&body).map_err(|_| Fault::Internal("event"))
}

impl ProjectActor {
    pub(crate) async fn listening(&self, tx: &TenantTx, event: Event) -> Result<Listening, Fault> {
        let endpoints = webhook_endpoint::list(tx, self.id()).await?.into_iter();
        let listens =
            |endpoint: &webhook_endpoint::Endpoint| endpoint.paused.is_none() && endpoint.events.iter().any(|name| name == event.as_str());
        Ok(Listening(endpoints.filter(listens).map(|endpoint| endpoint.id).collect()))
    }

    /// Stores `event` for those who listen, each with the job that sends it. Ring after the commit.
    pub(crate) async fn announce(&self, tx: &TenantTx, event: Event, to: &Listening, data: &Value) -> Result<(), Fault> {
        for endpoint in &to.0 {
            self.post(tx, *endpoint, event.as_str(), data).await?;
        }
        Ok(())
    }

    pub(super) async fn post(&self, tx: &TenantTx, endpoint: WebhookId, event: &str, data: &Value) -> Result<DeliveryId, Fault> {
        let (project, now, id) = (self.id(), self.now(), DeliveryId::new());
        let delivery = webhook_delivery::Delivery {
            id,
            endpoint,
            event: event.to_owned(),
            sealed: self.seal("webhook_delivery", "sealed", id.uuid(), &body(event, now, data)?)?,
            state: "waiting".into(),
            attempts: 0,
            reason: None,
            status: None,
            took_ms: None,
            created_at: now,
            tried_at: None,
            next_at: Some(now),
        };
        webhook_delivery::insert(tx, project, &delivery).await?;
        job::enqueue(tx, project, job::Work::DeliverWebhook { delivery: id }, now).await?;
        Ok(id)
    }

    /// Tells those who send that something waits.
    pub(crate) fn ring_outward(&self) {
        self.seed.engine.outward_work.notify_one();
    }
}
