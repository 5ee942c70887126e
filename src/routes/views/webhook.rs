//! Webhooks that a project sends.

use actors::{
    integrations::deliver::message_id,
    project::webhooks::{
        Event, Revealed, Webhook,
        deliveries::{Deliveries, DeliveryCard},
    },
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::time;

#[derive(Serialize, ToSchema)]
pub struct Webhooks {
    pub webhooks: Vec<WebhookView>,
    /// Every event that can be chosen.
    pub events: Vec<String>,
}

impl Webhooks {
    pub(in crate::routes) fn of(webhooks: Vec<Webhook>) -> Self {
        Self {
            webhooks: webhooks.into_iter().map(WebhookView::from).collect(),
            events: Event::ALL.iter().map(|event| event.as_str().to_owned()).collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct WebhookView {
    pub id: Uuid,
    pub url: String,
    pub description: String,
    pub events: Vec<String>,
    /// Why nothing is sent, if that is so.
    pub paused: Option<PauseView>,
    /// Since when every delivery fails.
    pub failing_since: Option<DateTime<Utc>>,
    /// Until when the secret before the present one signs too.
    pub previous_secret_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub struct PauseView {
    /// `by_hand`, `failing` (nothing got through for about a day) or `gone` (the receiver answered 410).
    pub reason: String,
    pub since: DateTime<Utc>,
}

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id.uuid(),
            url: webhook.url,
            description: webhook.description,
            events: webhook.events.iter().map(|event| event.as_str().to_owned()).collect(),
            paused: webhook.paused.map(|(reason, since)| PauseView {
                reason,
                since: time(since),
            }),
            failing_since: webhook.failing_since.map(time),
            previous_secret_until: webhook.previous_secret_until.map(time),
            created_at: time(webhook.created_at),
        }
    }
}

/// Shown once.
#[derive(Serialize, ToSchema)]
pub struct WebhookSecretView {
    pub webhook: WebhookView,
    /// `whsec_…`: verifies what is sent.
    pub secret: String,
}

impl From<Revealed> for WebhookSecretView {
    fn from(revealed: Revealed) -> Self {
        Self {
            secret: revealed.secret.open(|bytes| String::from_utf8_lossy(bytes).into_owned()),
            webhook: revealed.webhook.into(),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// A public https address.
    pub url: String,
    pub description: Option<String>,
    /// At least one, such as `question.unanswered`.
    pub events: Vec<String>,
}

/// Each field is left as it is when it is absent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookPatch {
    pub url: Option<String>,
    pub description: Option<String>,
    pub events: Option<Vec<String>>,
    pub paused: Option<bool>,
}

#[derive(Serialize, ToSchema)]
pub struct DeliveriesView {
    pub deliveries: Vec<DeliveryView>,
    /// For `before` of the next page.
    pub next: Option<Uuid>,
}

impl From<Deliveries> for DeliveriesView {
    fn from(page: Deliveries) -> Self {
        Self {
            deliveries: page.deliveries.into_iter().map(DeliveryView::from).collect(),
            next: page.next.map(actors::DeliveryId::uuid),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct DeliveryView {
    pub id: Uuid,
    /// The header `webhook-id`: the same with every try.
    pub message_id: String,
    pub event: String,
    /// `waiting`, `delivered` or `failed`.
    pub state: String,
    pub attempts: i32,
    /// Why the last try failed: `status`, `redirected`, `gone`, `timed_out`, `no_connection`, `cut_off`, `address_refused`, `paused`
    /// or `unreadable`.
    pub reason: Option<String>,
    /// What the receiver answered.
    pub status: Option<i32>,
    pub took_ms: Option<i32>,
    pub created_at: DateTime<Utc>,
    pub tried_at: Option<DateTime<Utc>>,
    /// When it is tried next.
    pub next_at: Option<DateTime<Utc>>,
}

impl From<DeliveryCard> for DeliveryView {
    fn from(card: DeliveryCard) -> Self {
        Self {
            id: card.id.uuid(),
            message_id: message_id(card.id),
            event: card.event,
            state: card.state,
            attempts: card.attempts,
            reason: card.reason,
            status: card.status,
            took_ms: card.took_ms,
            created_at: time(card.created_at),
            tried_at: card.tried_at.map(time),
            next_at: card.next_at.map(time),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct DeliveryPage {
    #[serde(flatten)]
    pub delivery: DeliveryView,
    /// As it is sent.
    pub body: String,
}
