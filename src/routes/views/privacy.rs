//! What is kept of what people write.

use actors::{
    VisitorId,
    privacy::MaskSettings,
    project::{privacy as p, visitors::Person},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{PersonView, Reader, TurnView, time, turns};

/// What is masked in what people write, before it is stored or sent to a language model.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MaskView {
    pub email: bool,
    pub phone: bool,
    pub card: bool,
    pub iban: bool,
    /// API keys, tokens and private keys.
    pub secret: bool,
}

impl From<MaskSettings> for MaskView {
    fn from(masks: MaskSettings) -> Self {
        let MaskSettings {
            email,
            phone,
            card,
            iban,
            secret,
        } = masks;
        Self {
            email,
            phone,
            card,
            iban,
            secret,
        }
    }
}

impl From<MaskView> for MaskSettings {
    fn from(view: MaskView) -> Self {
        let MaskView {
            email,
            phone,
            card,
            iban,
            secret,
        } = view;
        Self {
            email,
            phone,
            card,
            iban,
            secret,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PrivacyBody {
    pub mask: MaskView,
    /// Days that a conversation is kept after its last turn; `null` for ever. What is older is deleted soon.
    pub keep_days: Option<i32>,
}

#[derive(Serialize, ToSchema)]
pub struct PrivacyView {
    pub mask: MaskView,
    pub keep_days: Option<i32>,
    /// Conversations that the deletion under way has deleted so far.
    pub deleting: i32,
    pub last: Option<LastDeletion>,
    pub next_at: Option<DateTime<Utc>>,
    /// Conversations that would go at once if they were kept for as many days as the query asks.
    pub would_delete: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub struct LastDeletion {
    pub conversations: i32,
    pub at: DateTime<Utc>,
}

impl From<p::PrivacyView> for PrivacyView {
    fn from(view: p::PrivacyView) -> Self {
        Self {
            mask: view.masks.into(),
            keep_days: view.keep_days,
            deleting: view.deleting,
            last: view.deleted.map(|(conversations, at)| LastDeletion {
                conversations,
                at: time(at),
            }),
            next_at: view.next_at.map(time),
            would_delete: view.would_delete,
        }
    }
}

/// What there is of a visitor.
#[derive(Serialize, ToSchema)]
pub struct StoredVisitor {
    pub id: Uuid,
    pub conversations: Vec<Uuid>,
    pub messages: usize,
    pub channels: Vec<String>,
    pub first_at: Option<DateTime<Utc>>,
    pub last_at: Option<DateTime<Utc>>,
}

impl StoredVisitor {
    pub(in crate::routes) fn of(visitor: VisitorId, trace: p::VisitorTrace) -> Self {
        Self {
            id: visitor.uuid(),
            conversations: trace.conversations.iter().map(|id| id.uuid()).collect(),
            messages: trace.messages,
            channels: trace.channels,
            first_at: trace.first_at.map(time),
            last_at: trace.last_at.map(time),
        }
    }
}

/// Everything that is stored of a visitor.
#[derive(Serialize, ToSchema)]
pub struct VisitorData {
    pub visitor: Uuid,
    pub conversations: Vec<VisitorConversationData>,
}

#[derive(Serialize, ToSchema)]
pub struct VisitorConversationData {
    pub id: Uuid,
    pub channel: String,
    pub origin: Option<String>,
    /// Where they asked, without query and fragment.
    pub page: Option<String>,
    pub person: Option<PersonView>,
    pub started_at: DateTime<Utc>,
    pub turns: Vec<TurnView>,
}

impl VisitorData {
    pub(in crate::routes) fn of(visitor: VisitorId, found: Vec<p::VisitorConversation>) -> Self {
        let conversations = found.into_iter().map(|conversation| VisitorConversationData {
            id: conversation.id.uuid(),
            channel: conversation.channel,
            origin: conversation.origin,
            page: conversation.page,
            person: conversation.person.map(|Person { id, name, mail }| PersonView { id, name, mail }),
            started_at: time(conversation.started_at),
            // It goes to the visitor: what only the team may know of the sources is left out.
            turns: turns(conversation.turns, Reader::Visitor),
        });
        Self {
            visitor: visitor.uuid(),
            conversations: conversations.collect(),
        }
    }
}

/// What was deleted.
#[derive(Serialize, ToSchema)]
pub struct Erasure {
    pub conversations: u64,
    pub messages: u64,
}
