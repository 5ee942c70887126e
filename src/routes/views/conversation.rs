//! Conversations.

use actors::{
    CuratedId,
    project::{
        conversations::{ConversationCard, Turn},
        inbox::search::Excerpt,
        visitors::Person,
    },
};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    CallDetails, CitationView, NoteView, Reader,
    answer::{citations, told},
    time,
};

#[derive(Serialize, ToSchema)]
pub struct Conversations {
    pub conversations: Vec<ConversationView>,
    /// For `before` of the next page.
    pub next: Option<String>,
    /// Of a search that is not through yet: it looked at conversations since then. Go on with `next`, also when this page is empty.
    pub searched_to: Option<DateTime<Utc>>,
}

impl From<actors::project::conversations::ConversationPage> for Conversations {
    fn from(page: actors::project::conversations::ConversationPage) -> Self {
        let conversations = page.conversations.into_iter();
        Self {
            conversations: conversations.map(|(card, excerpt)| ConversationView::of(card, excerpt)).collect(),
            next: page.next,
            searched_to: page.searched_to.map(time),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ConversationView {
    pub id: Uuid,
    /// `widget`, `dashboard`, `slack` or `voice`.
    pub channel: String,
    pub started_at: DateTime<Utc>,
    pub last_at: DateTime<Utc>,
    /// When anything about it changed last.
    pub changed_at: DateTime<Utc>,
    /// The first question.
    pub title: String,
    pub questions: i32,
    pub unanswered: i32,
    pub helpful: i32,
    pub unhelpful: i32,
    pub origin: Option<String>,
    /// Where the visitor asked, without query and fragment.
    pub page: Option<String>,
    pub visitor: Option<Uuid>,
    pub person: Option<PersonView>,
    /// `open` or `resolved`.
    pub state: String,
    pub assignee: Option<AssigneeView>,
    /// When the visitor last asked for a person.
    pub handed_over_at: Option<DateTime<Utc>>,
    /// What a search found.
    pub excerpt: Option<ExcerptView>,
}

/// Who a visitor is, as the website says that they are on.
#[derive(Serialize, ToSchema)]
pub struct PersonView {
    pub id: String,
    pub name: Option<String>,
    pub mail: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct AssigneeView {
    pub account: Uuid,
    /// None when they belong to the workspace no longer.
    pub email: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ExcerptView {
    /// The turn that it is from; none for the title, a name or a note.
    pub message: Option<Uuid>,
    pub text: String,
}

impl ConversationView {
    pub(in crate::routes) fn of(card: ConversationCard, excerpt: Option<Excerpt>) -> Self {
        Self {
            id: card.id.uuid(),
            channel: card.channel,
            started_at: time(card.started_at),
            last_at: time(card.last_at),
            changed_at: time(card.changed_at),
            title: card.title,
            questions: card.questions,
            unanswered: card.unanswered,
            helpful: card.helpful,
            unhelpful: card.unhelpful,
            origin: card.origin,
            page: card.page,
            visitor: card.visitor.map(actors::VisitorId::uuid),
            person: card.person.map(|Person { id, name, mail }| PersonView { id, name, mail }),
            state: card.state,
            assignee: card.assignee.map(|assignee| AssigneeView {
                account: assignee.account.uuid(),
                email: assignee.email,
            }),
            handed_over_at: card.handed_over_at.map(time),
            excerpt: excerpt.map(|found| ExcerptView {
                message: found.message.map(actors::MessageId::uuid),
                text: found.text,
            }),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct ConversationPage {
    #[serde(flatten)]
    pub conversation: ConversationView,
    /// Of a conversation by voice, once the call is over.
    pub call: Option<CallDetails>,
    pub turns: Vec<TurnView>,
    /// What the team noted, in its order.
    pub notes: Vec<NoteView>,
}

#[derive(Serialize, ToSchema)]
pub struct Turns {
    pub turns: Vec<TurnView>,
}

#[derive(Serialize, ToSchema)]
pub struct TurnView {
    pub id: Uuid,
    /// `visitor` or `assistant`; in a call, `caller` or `agent`.
    pub role: String,
    pub text: String,
    pub created_at: DateTime<Utc>,
    pub outcome: Option<String>,
    pub written_by: Option<String>,
    pub helpful: Option<bool>,
    pub citations: Vec<CitationView>,
    pub closest: Vec<CitationView>,
    /// The team's own answer that was given. Not told to visitors.
    pub curated: Option<Uuid>,
}

pub(in crate::routes) fn turns(turns: Vec<Turn>, reader: Reader) -> Vec<TurnView> {
    let view = |turn: Turn| TurnView {
        id: turn.id.uuid(),
        role: turn.role,
        text: turn.text,
        created_at: time(turn.created_at),
        outcome: turn.outcome,
        written_by: turn.written_by.map(|by| told(&by, reader).to_owned()),
        helpful: turn.helpful,
        citations: citations(turn.citations, reader),
        closest: citations(turn.closest, reader),
        curated: turn.curated.filter(|_| reader == Reader::Member).map(CuratedId::uuid),
    };
    turns.into_iter().map(view).collect()
}
