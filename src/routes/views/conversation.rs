//! Conversations.

use actors::project::conversations::{ConversationCard, Turn};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{CitationView, Reader, answer::citations, time};

#[derive(Serialize, ToSchema)]
pub struct Conversations {
    pub conversations: Vec<ConversationView>,
    /// For `before` of the next page.
    pub next: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ConversationView {
    pub id: Uuid,
    /// `widget` or `dashboard`.
    pub channel: String,
    pub started_at: DateTime<Utc>,
    pub last_at: DateTime<Utc>,
    /// The first question.
    pub title: String,
    pub questions: i32,
    pub unanswered: i32,
    pub helpful: i32,
    pub unhelpful: i32,
    pub origin: Option<String>,
}

impl From<ConversationCard> for ConversationView {
    fn from(card: ConversationCard) -> Self {
        Self {
            id: card.id.uuid(),
            channel: card.channel,
            started_at: time(card.started_at),
            last_at: time(card.last_at),
            title: card.title,
            questions: card.questions,
            unanswered: card.unanswered,
            helpful: card.helpful,
            unhelpful: card.unhelpful,
            origin: card.origin,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ConversationPage {
    #[serde(flatten)]
    pub conversation: ConversationView,
    pub turns: Vec<TurnView>,
}

#[derive(Serialize, ToSchema)]
pub struct Turns {
    pub turns: Vec<TurnView>,
}

#[derive(Serialize, ToSchema)]
pub struct TurnView {
    pub id: Uuid,
    /// `visitor` or `assistant`.
    pub role: String,
    pub text: String,
    pub created_at: DateTime<Utc>,
    pub outcome: Option<String>,
    pub written_by: Option<String>,
    pub helpful: Option<bool>,
    pub citations: Vec<CitationView>,
    pub closest: Vec<CitationView>,
}

pub(in crate::routes) fn turns(turns: Vec<Turn>, reader: Reader) -> Vec<TurnView> {
    let view = |turn: Turn| TurnView {
        id: turn.id.uuid(),
        role: turn.role,
        text: turn.text,
        created_at: time(turn.created_at),
        outcome: turn.outcome,
        written_by: turn.written_by,
        helpful: turn.helpful,
        citations: citations(turn.citations, reader),
        closest: citations(turn.closest, reader),
    };
    turns.into_iter().map(view).collect()
}
