//! What was asked and answered.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use entities::{ConversationId, MessageId, Millis, VisitorId, conversation, message};
use serde::{Deserialize, Serialize};

use super::{ProjectActor, questions::Cited};
use crate::{
    contain::Serve,
    fault::{Fault, Invalid},
    request,
};

#[derive(Clone, Debug, Serialize)]
pub struct ConversationCard {
    pub id: ConversationId,
    pub channel: String,
    pub started_at: Millis,
    pub last_at: Millis,
    /// The first question.
    pub title: String,
    pub questions: i32,
    pub unanswered: i32,
    pub helpful: i32,
    pub unhelpful: i32,
    pub origin: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Turn {
    pub id: MessageId,
    /// `visitor` or `assistant`.
    pub role: String,
    pub text: String,
    pub created_at: Millis,
    pub outcome: Option<String>,
    pub written_by: Option<String>,
    pub helpful: Option<bool>,
    pub citations: Vec<Cited>,
    pub closest: Vec<Cited>,
}

/// What is sealed of a turn.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct SealedTurn {
    pub text: String,
    #[serde(default)]
    pub citations: Vec<Cited>,
    #[serde(default)]
    pub closest: Vec<Cited>,
    #[serde(default)]
    pub written_by: Option<String>,
}

#[derive(Default)]
pub struct ListConversations {
    pub limit: u64,
    /// From an earlier page.
    pub before: Option<String>,
    pub channel: Option<String>,
    pub outcome: Option<String>,
}
pub struct ConversationPage {
    pub conversations: Vec<ConversationCard>,
    /// For the next page, if there is one.
    pub next: Option<String>,
}
pub struct ShowConversation(pub ConversationId);
/// The turns of a visitor's own latest conversation.
pub struct OwnConversation(pub VisitorId);
/// What someone thought of an answer; `None` takes it back.
pub struct Feedback {
    pub message: MessageId,
    pub helpful: Option<bool>,
}
/// As [`Feedback`], for an answer that this visitor was given.
pub struct OwnFeedback {
    pub visitor: VisitorId,
    pub feedback: Feedback,
}

request! {
    ListConversations => ConversationPage, needs Member;
    ShowConversation => (ConversationCard, Vec<Turn>), needs Member;
    Feedback => (), needs Member;
    OwnConversation => Vec<Turn>, needs Visitor;
    OwnFeedback => (), needs Visitor;
}

const MOST_A_PAGE: u64 = 200;

fn cursor(card: &conversation::Conversation) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{}.{}", card.last_at, card.id))
}

fn parse_cursor(text: &str) -> Result<(Millis, ConversationId), Fault> {
    let refuse = || Fault::invalid(Invalid::Cursor, "before", "Use the value of `next` from an earlier page.");
    let text = BASE64_URL_SAFE_NO_PAD
        .decode(text)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(refuse)?;
    let (at, id) = text.split_once('.').ok_or_else(refuse)?;
    Ok((at.parse().map_err(|_| refuse())?, id.parse().map_err(|_| refuse())?))
}

impl ProjectActor {
    fn card(&self, row: conversation::Conversation) -> Result<ConversationCard, Fault> {
        let title = self.open("conversation", "title", row.id.uuid(), &row.title)?;
        Ok(ConversationCard {
            id: row.id,
            channel: row.channel,
            started_at: row.started_at,
            last_at: row.last_at,
            title: String::from_utf8_lossy(&title).into_owned(),
            questions: row.questions,
            unanswered: row.unanswered,
            helpful: row.helpful,
            unhelpful: row.unhelpful,
            origin: row.origin,
        })
    }

    pub(super) fn turn(&self, row: message::Message) -> Result<Turn, Fault> {
        let sealed: SealedTurn = self.open_json("message", "sealed", row.id.uuid(), &row.sealed)?;
        Ok(Turn {
            id: row.id,
            role: row.role,
            text: sealed.text,
            created_at: row.created_at,
            outcome: row.outcome,
            written_by: sealed.written_by,
            helpful: row.helpful,
            citations: sealed.citations,
            closest: sealed.closest,
        })
    }

    pub(super) async fn turns(&self, conversation: ConversationId) -> Result<Vec<Turn>, Fault> {
        let project = self.id();
        let rows = self
            .db()
            .read(async |tx| message::of_conversation(tx, project, conversation).await)
            .await?;
        rows.into_iter().map(|row| self.turn(row)).collect()
    }

    /// The last `most` turns, in their order.
    pub(super) async fn last_turns(&self, conversation: ConversationId, most: u64) -> Result<Vec<Turn>, Fault> {
        let project = self.id();
        let rows = self
            .db()
            .read(async |tx| message::last_of_conversation(tx, project, conversation, most).await)
            .await?;
        rows.into_iter().map(|row| self.turn(row)).collect()
    }

    async fn judge(&self, feedback: Feedback, only: Option<VisitorId>) -> Result<(), Fault> {
        let project = self.id();
        let found = self
            .db()
            .write(async |tx| message::set_helpful(tx, project, feedback.message, feedback.helpful, only).await)
            .await?;
        if found { Ok(()) } else { Err(Fault::NotFound) }
    }
}

impl Serve<ListConversations> for ProjectActor {
    async fn serve(&self, list: ListConversations) -> Result<ConversationPage, Fault> {
        let limit = list.limit.clamp(1, MOST_A_PAGE);
        let before = list.before.as_deref().map(parse_cursor).transpose()?;
        let filter = conversation::Filter {
            channel: list.channel,
            outcome: list.outcome,
            before,
        };
        let project = self.id();
        let rows = self
            .db()
            .read(async |tx| conversation::list(tx, project, &filter, limit).await)
            .await?;
        let next = rows.last().filter(|_| rows.len() as u64 == limit).map(cursor);
        let conversations = rows.into_iter().map(|row| self.card(row)).collect::<Result<_, _>>()?;
        Ok(ConversationPage { conversations, next })
    }
}

impl Serve<ShowConversation> for ProjectActor {
    async fn serve(&self, ShowConversation(id): ShowConversation) -> Result<(ConversationCard, Vec<Turn>), Fault> {
        let project = self.id();
        let row = self
            .db()
            .read(async |tx| conversation::find(tx, project, id).await)
            .await?
            .ok_or(Fault::NotFound)?;
        Ok((self.card(row)?, self.turns(id).await?))
    }
}

impl Serve<OwnConversation> for ProjectActor {
    async fn serve(&self, OwnConversation(visitor): OwnConversation) -> Result<Vec<Turn>, Fault> {
        let project = self.id();
        let own = self
            .db()
            .read(async |tx| conversation::of_visitor(tx, project, visitor).await)
            .await?;
        match own {
            Some(own) => self.turns(own.id).await,
            None => Ok(Vec::new()),
        }
    }
}

impl Serve<Feedback> for ProjectActor {
    async fn serve(&self, feedback: Feedback) -> Result<(), Fault> {
        self.judge(feedback, None).await
    }
}

impl Serve<OwnFeedback> for ProjectActor {
    async fn serve(&self, own: OwnFeedback) -> Result<(), Fault> {
        self.judge(own.feedback, Some(own.visitor)).await
    }
}
