//! What the team does about conversations.

use actors::{
    AccountId, MessageId, Millis, VisitorId,
    project::{
        conversations::Filter,
        inbox::{
            ConversationNote, InboxCounts, InboxState,
            todos::{TodoCard, TodoPage},
        },
    },
};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::time;

/// The name of a kind, such as `widget`: what could be no name is refused before anything is looked up by it.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Word(String);

impl TryFrom<String> for Word {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let named = (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if named { Ok(Self(text)) } else { Err("no name") }
    }
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StateFilter {
    Open,
    Resolved,
    /// Open, and an answer is missing or did not help, or a person is asked for.
    Attention,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OutcomeFilter {
    Answered,
    Unanswered,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum RatingFilter {
    Helpful,
    Unhelpful,
}

/// Which conversations. What is left out lets all through.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationFilter {
    /// At most 200.
    pub limit: Option<u64>,
    /// From an earlier page.
    pub before: Option<String>,
    #[schema(value_type = Option<String>)]
    pub channel: Option<Word>,
    pub state: Option<StateFilter>,
    pub outcome: Option<OutcomeFilter>,
    pub rating: Option<RatingFilter>,
    /// Whether the visitor asked for a person.
    pub handed_over: Option<bool>,
    #[schema(value_type = Option<Uuid>)]
    pub visitor: Option<VisitorId>,
    /// Whether only those that whoever asks sees to.
    pub mine: Option<bool>,
    /// Something was said on this day, UTC, or later.
    pub from: Option<NaiveDate>,
    /// Nothing was said after this day, UTC.
    pub to: Option<NaiveDate>,
}

fn begin(day: NaiveDate) -> Millis {
    day.and_time(NaiveTime::MIN).and_utc().timestamp_millis()
}

impl ConversationFilter {
    pub(in crate::routes) fn into_filter(self, me: AccountId) -> Filter {
        let state = self.state.map(|state| match state {
            StateFilter::Open => "open",
            StateFilter::Resolved => "resolved",
            StateFilter::Attention => "attention",
        });
        let outcome = self.outcome.map(|outcome| match outcome {
            OutcomeFilter::Answered => "answered",
            OutcomeFilter::Unanswered => "unanswered",
        });
        let rating = self.rating.map(|rating| match rating {
            RatingFilter::Helpful => "helpful",
            RatingFilter::Unhelpful => "unhelpful",
        });
        Filter {
            channel: self.channel.map(|word| word.0),
            state: state.map(str::to_owned),
            outcome: outcome.map(str::to_owned),
            rating: rating.map(str::to_owned),
            handed_over: self.handed_over,
            visitor: self.visitor,
            assignee: self.mine.filter(|mine| *mine).map(|_| me),
            from: self.from.map(begin),
            to: self.to.and_then(|day| day.succ_opt()).map(begin),
            before: None,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationSearch {
    /// Words, and phrases in quotation marks, that are all in it: up to 8, up to 200 characters. Case and accents do not matter.
    pub q: String,
    pub filter: Option<ConversationFilter>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    /// One conversation a line, with all that belongs to it.
    Jsonl,
    /// One turn or note a line.
    Csv,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationExport {
    pub format: ExportFormat,
    /// As in a search.
    pub q: Option<String>,
    /// Its `limit` and `before` are not looked at.
    pub filter: Option<ConversationFilter>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StateChange {
    Open,
    Resolved,
}

impl From<StateChange> for InboxState {
    fn from(change: StateChange) -> Self {
        match change {
            StateChange::Open => Self::Open,
            StateChange::Resolved => Self::Resolved,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationPatch {
    pub state: Option<StateChange>,
    /// Whether whoever asks sees to it from now on; `false` for nobody.
    pub mine: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteBody {
    /// 1 to 5000 characters.
    pub text: String,
}

#[derive(Serialize, ToSchema)]
pub struct NoteView {
    pub id: Uuid,
    pub text: String,
    /// Of who wrote it, at that time.
    pub email: String,
    /// Whether whoever asks wrote it, and may delete it.
    pub own: bool,
    pub created_at: DateTime<Utc>,
}

impl NoteView {
    pub(in crate::routes) fn of(note: ConversationNote, me: AccountId) -> Self {
        Self {
            id: note.id.uuid(),
            text: note.text,
            email: note.email,
            own: note.author == me,
            created_at: time(note.created_at),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct InboxView {
    /// Open conversations in which an answer is missing or did not help, or a person is asked for.
    pub attention: u64,
    /// What is to be done.
    pub todos: u64,
}

impl From<InboxCounts> for InboxView {
    fn from(counts: InboxCounts) -> Self {
        Self {
            attention: counts.attention,
            todos: counts.todos,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTodo {
    /// Up to 5000 characters. May be left out when a question says it all.
    pub text: Option<String>,
    /// The turn of a conversation that it came of.
    #[schema(value_type = Option<Uuid>)]
    pub question: Option<MessageId>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TodoPatch {
    pub done: Option<bool>,
    pub text: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct Todos {
    pub todos: Vec<TodoView>,
    /// For `before` of the next page.
    pub next: Option<Uuid>,
    /// How many are not done.
    pub undone: u64,
}

impl From<TodoPage> for Todos {
    fn from(page: TodoPage) -> Self {
        Self {
            todos: page.todos.into_iter().map(TodoView::from).collect(),
            next: page.next.map(actors::TodoId::uuid),
            undone: page.undone,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct TodoView {
    pub id: Uuid,
    /// Empty when the question says it all.
    pub text: String,
    pub question: Option<TodoQuestionView>,
    /// Of who wrote it, at that time.
    pub email: String,
    pub created_at: DateTime<Utc>,
    pub done_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub struct TodoQuestionView {
    pub conversation: Uuid,
    pub message: Uuid,
    /// None when it was deleted.
    pub text: Option<String>,
}

impl From<TodoCard> for TodoView {
    fn from(card: TodoCard) -> Self {
        Self {
            id: card.id.uuid(),
            text: card.text,
            question: card.question.map(|question| TodoQuestionView {
                conversation: question.conversation.uuid(),
                message: question.message.uuid(),
                text: question.text,
            }),
            email: card.email,
            created_at: time(card.created_at),
            done_at: card.done_at.map(time),
        }
    }
}
