//! Voice agents.

use actors::{
    integrations::voice::{
        call::CallResult,
        set_up::{Connected, Delivery, VoiceView},
    },
    project::calls::CallView,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::time;

#[derive(Serialize, ToSchema)]
pub struct VoiceAgents {
    pub agents: Vec<VoiceAgentView>,
}

#[derive(Serialize, ToSchema)]
pub struct VoiceAgentView {
    pub id: Uuid,
    /// `elevenlabs`, `retell`, `vapi`, `bland` or `standard`.
    pub provider: &'static str,
    /// Where it sends its calls when they are over.
    pub url: String,
    /// Where it asks in the middle of one; none for a provider that does not sign the time.
    pub question_url: Option<String>,
    /// In which header the signature comes, where the customer chose one.
    pub header: Option<String>,
    pub has_secret: bool,
    /// Whether a secret can be made here. Otherwise the provider makes it.
    pub makes_secret: bool,
    pub previous_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub deliveries: Vec<VoiceDelivery>,
    pub refused: Option<VoiceRefusal>,
}

/// Something that the provider sent.
#[derive(Serialize, ToSchema)]
pub struct VoiceDelivery {
    pub id: Uuid,
    /// `call` or `question`.
    pub kind: &'static str,
    pub received_at: DateTime<Utc>,
    pub done_at: Option<DateTime<Utc>>,
    /// `waiting`, `done`, `ignored` or `failed`.
    pub state: String,
    pub reason: Option<String>,
    /// Whether it failed, and can be tried again.
    pub can_retry: bool,
}

/// The last message that did not prove whose it is.
#[derive(Serialize, ToSchema)]
pub struct VoiceRefusal {
    pub at: DateTime<Utc>,
    /// Such as `wrong_signature` or `too_old`.
    pub reason: &'static str,
}

#[derive(Deserialize, ToSchema)]
pub struct VoiceConnection {
    pub provider: String,
    pub header: Option<String>,
}

#[derive(Deserialize, ToSchema)]
pub struct VoiceSecret {
    /// As the provider shows it; left out to have one made.
    #[schema(value_type = Option<String>)]
    pub secret: Option<Zeroizing<String>>,
}

#[derive(Serialize, ToSchema)]
pub struct VoiceConnected {
    #[serde(flatten)]
    pub agent: VoiceAgentView,
    /// Shown this once.
    pub secret: Option<String>,
}

/// What is known of a call besides its turns.
#[derive(Serialize, ToSchema)]
pub struct CallDetails {
    pub provider: String,
    pub duration_s: Option<i32>,
    /// Why it ended, in the provider's words.
    pub ended: Option<String>,
    pub successful: Option<bool>,
    pub summary: Option<String>,
    pub sentiment: Option<String>,
    /// What else the provider found out.
    pub details: Vec<CallDetail>,
}

#[derive(Serialize, ToSchema)]
pub struct CallDetail {
    pub name: String,
    pub value: String,
}

impl VoiceAgentView {
    pub fn of(agent: VoiceView, origin: &str) -> Self {
        let url = format!("{origin}/webhooks/voice/{}", agent.address);
        Self {
            id: agent.id.uuid(),
            provider: agent.provider.as_str(),
            question_url: agent.provider.signs_time().then(|| format!("{url}/question")),
            url,
            header: agent.header,
            has_secret: agent.has_secret,
            makes_secret: agent.provider.takes_secret(),
            previous_until: agent.previous_until.map(time),
            created_at: time(agent.created_at),
            deliveries: agent.deliveries.into_iter().map(VoiceDelivery::from).collect(),
            refused: agent.refused.map(|(at, rejection)| VoiceRefusal {
                at: time(at),
                reason: rejection.as_str(),
            }),
        }
    }
}

impl From<Delivery> for VoiceDelivery {
    fn from(delivery: Delivery) -> Self {
        Self {
            kind: if delivery.is_question { "question" } else { "call" },
            received_at: time(delivery.received_at),
            done_at: delivery.done_at.map(time),
            id: delivery.id.uuid(),
            can_retry: delivery.can_retry,
            state: delivery.state,
            reason: delivery.reason,
        }
    }
}

impl VoiceConnected {
    pub fn of(connected: Connected, origin: &str) -> Self {
        let shown = |secret: actors::SecretBytes| secret.open(|secret| String::from_utf8_lossy(secret).into_owned());
        Self {
            agent: VoiceAgentView::of(connected.endpoint, origin),
            secret: connected.secret.map(shown),
        }
    }
}

impl From<CallView> for CallDetails {
    fn from(CallView { duration_s, result }: CallView) -> Self {
        let CallResult {
            provider,
            ended,
            successful,
            summary,
            sentiment,
            details,
        } = result;
        let details = details.into_iter().map(|(name, value)| CallDetail { name, value });
        Self {
            provider,
            duration_s,
            ended,
            successful,
            summary,
            sentiment,
            details: details.collect(),
        }
    }
}
