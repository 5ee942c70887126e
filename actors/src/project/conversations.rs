//! What was asked and answered.

use std::collections::{HashMap, hash_map::Entry};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
pub use entities::conversation::Filter;
use entities::{AccountId, ConversationId, CuratedId, MessageId, Millis, TenantTx, VisitorId, conversation, members, message};
use serde::{Deserialize, Serialize};

use super::{
    ProjectActor,
    hand_off::HAND_OFF,
    inbox::{
        ConversationNote,
        search::{Excerpt, Found},
    },
    questions::Cited,
    visitors::Person,
};
use crate::{
    contain::Serve,
    fault::{Fault, Invalid},
    knowledge::answer::safe,
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
    /// Where the visitor asked, without query and fragment.
    pub page: Option<String>,
    pub visitor: Option<VisitorId>,
    /// Who the visitor is, if a website said so.
    pub person: Option<Person>,
    /// `open` or `resolved`.
    pub state: String,
    pub assignee: Option<Assignee>,
    /// When the visitor last asked for a person.
    pub handed_over_at: Option<Millis>,
    pub changed_at: Millis,
}

/// The member who sees to a conversation.
#[derive(Clone, Debug, Serialize)]
pub struct Assignee {
    pub account: AccountId,
    /// `None` when they belong to the workspace no longer.
    pub email: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Turn {
    pub id: MessageId,
    /// `visitor` or `assistant`; [`HAND_OFF`] for what was written to the team.
    pub role: String,
    pub text: String,
    pub created_at: Millis,
    pub outcome: Option<String>,
    pub written_by: Option<String>,
    pub helpful: Option<bool>,
    pub citations: Vec<Cited>,
    pub closest: Vec<Cited>,
    /// The team's own answer that was given.
    pub curated: Option<CuratedId>,
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
    #[serde(default)]
    pub curated: Option<CuratedId>,
    /// How an answer's text is written: 1 as [`safe::write`] does, 0 as it was before there was that.
    #[serde(default)]
    pub form: u8,
}

impl SealedTurn {
    /// The text of an answer, as answers are written now.
    pub(super) fn answer_text(&self) -> String {
        match self.form {
            0 => safe::clean(&self.text, &safe::Rules::of_document(self.citations.iter().map(|cited| cited.n))),
            _ => self.text.clone(),
        }
    }
}

#[derive(Default)]
pub struct ListConversations {
    pub limit: u64,
    /// From an earlier page.
    pub before: Option<String>,
    /// Its `before` is not looked at.
    pub filter: Filter,
    /// Words that are all in it, whoever said them.
    pub search: Option<String>,
}
pub struct ConversationPage {
    pub conversations: Vec<(ConversationCard, Option<Excerpt>)>,
    /// For the next page, if there is one. A search looks through a bounded number at a time: its page may be empty, and still have a next.
    pub next: Option<String>,
    /// Of a search that is not through yet: how far back it has looked.
    pub searched_to: Option<Millis>,
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
    ListConversations => ConversationPage, needs Member, patience = 30;
    ShowConversation => (ConversationCard, Vec<Turn>, Vec<ConversationNote>), needs Member;
    Feedback => (), needs Member;
    OwnConversation => Vec<Turn>, needs Visitor;
    OwnFeedback => (), needs Visitor;
}

/// Of a visitor's conversation; then their next question begins another.
const MOST_QUESTIONS: i32 = 100;
/// That a visitor is shown of their own.
const MOST_OWN_TURNS: u64 = 200;
const MOST_A_PAGE: u64 = 200;

fn cursor((at, id): (Millis, ConversationId)) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{at}.{id}"))
}

pub(super) fn parse_cursor(text: &str) -> Result<(Millis, ConversationId), Fault> {
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
    /// Without the assignee's address: see [`Self::cards`].
    fn card(&self, row: conversation::Conversation) -> Result<ConversationCard, Fault> {
        let id = row.id.uuid();
        let title = self.open("conversation", "title", id, &row.title)?;
        let person = row
            .person
            .as_deref()
            .map(|sealed| self.open_json("conversation", "person", id, sealed));
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
            page: row.page,
            visitor: row.visitor,
            person: person.transpose()?,
            state: row.state,
            assignee: row.assignee.map(|account| Assignee { account, email: None }),
            handed_over_at: row.handed_over_at,
            changed_at: row.changed_at,
        })
    }

    pub(super) async fn cards(&self, tx: &TenantTx, rows: Vec<conversation::Conversation>) -> Result<Vec<ConversationCard>, Fault> {
        let mut known: HashMap<AccountId, Option<String>> = HashMap::new();
        let mut cards = Vec::with_capacity(rows.len());
        for row in rows {
            let mut card = self.card(row)?;
            if let Some(assignee) = &mut card.assignee {
                assignee.email = match known.entry(assignee.account) {
                    Entry::Occupied(known) => known.get().clone(),
                    Entry::Vacant(place) => place.insert(members::email_of(tx, assignee.account).await?).clone(),
                };
            }
            cards.push(card);
        }
        Ok(cards)
    }

    pub(super) fn turn(&self, row: message::Message) -> Result<Turn, Fault> {
        let sealed: SealedTurn = self.open_json("message", "sealed", row.id.uuid(), &row.sealed)?;
        Ok(Turn {
            id: row.id,
            text: match row.role.as_str() {
                "assistant" => sealed.answer_text(),
                _ => sealed.text,
            },
            role: row.role,
            created_at: row.created_at,
            outcome: row.outcome,
            written_by: sealed.written_by,
            helpful: row.helpful,
            citations: sealed.citations,
            closest: sealed.closest,
            curated: sealed.curated,
        })
    }

    /// The conversation that a visitor's next question belongs to: the latest, unless it is long.
    pub(super) async fn goes_on_with(&self, visitor: VisitorId) -> Result<Option<conversation::Conversation>, Fault> {
        let project = self.id();
        let latest = self.db().read(async |tx| conversation::of_visitor(tx, project, visitor).await);
        Ok(latest.await?.filter(|latest| latest.questions < MOST_QUESTIONS))
    }

    /// The last `most` turns, in their order.
    pub(super) async fn last_turns(&self, conversation: ConversationId, most: u64) -> Result<Vec<Turn>, Fault> {
        let project = self.id();
        let rows = self
            .db()
            .read(async |tx| message::last_of_conversation(tx, project, conversation, most).await)
            .await?;
        // What was said to the team, with an address in it, is nobody else's.
        let rows = rows.into_iter().filter(|row| row.role != HAND_OFF);
        rows.map(|row| self.turn(row)).collect()
    }

    async fn judge(&self, feedback: Feedback, only: Option<VisitorId>) -> Result<(), Fault> {
        let (project, now) = (self.id(), self.now());
        let told = self.db().write(async |tx| {
            let judged = message::set_helpful(tx, project, feedback.message, feedback.helpful, only, now).await?;
            let judged = judged.ok_or(Fault::NotFound)?;
            match feedback.helpful == Some(false) && judged.before != Some(false) {
                true => self.tell_unhelpful(tx, judged.conversation, feedback.message).await,
                false => Ok(false),
            }
        });
        if told.await? {
            self.ring_outward();
        }
        Ok(())
    }
}

impl ProjectActor {
    /// A page of conversations, and what a search found in each.
    pub(super) async fn page(&self, list: ListConversations) -> Result<ConversationPage, Fault> {
        let limit = list.limit.clamp(1, MOST_A_PAGE);
        let filter = Filter {
            before: list.before.as_deref().map(parse_cursor).transpose()?,
            ..list.filter
        };
        let project = self.id();
        let Found {
            rows,
            excerpts,
            next,
            more,
        } = match list.search.as_deref() {
            Some(words) => self.look_for(words, filter, limit).await?,
            None => {
                let rows = self
                    .db()
                    .read(async |tx| conversation::list(tx, project, &filter, limit).await)
                    .await?;
                let next = rows.last().filter(|_| rows.len() as u64 == limit);
                Found {
                    next: next.map(|last| (last.last_at, last.id)),
                    excerpts: vec![None; rows.len()],
                    more: false,
                    rows,
                }
            }
        };
        let cards = self.db().read(async |tx| self.cards(tx, rows).await).await?;
        Ok(ConversationPage {
            conversations: cards.into_iter().zip(excerpts).collect(),
            searched_to: next.filter(|_| more).map(|(at, _)| at),
            next: next.map(cursor),
        })
    }
}

impl Serve<ListConversations> for ProjectActor {
    async fn serve(&self, list: ListConversations) -> Result<ConversationPage, Fault> {
        self.page(list).await
    }
}

impl Serve<ShowConversation> for ProjectActor {
    async fn serve(&self, ShowConversation(id): ShowConversation) -> Result<(ConversationCard, Vec<Turn>, Vec<ConversationNote>), Fault> {
        let project = self.id();
        let shown = self.db().read(async |tx| {
            let row = conversation::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
            let card = self.cards(tx, vec![row]).await?.pop().ok_or(Fault::NotFound)?;
            let turns = message::of_conversation(tx, project, id).await?;
            let turns = turns.into_iter().map(|row| self.turn(row)).collect::<Result<_, _>>()?;
            Ok((card, turns, self.notes(tx, &[id]).await?))
        });
        shown.await
    }
}

impl Serve<OwnConversation> for ProjectActor {
    async fn serve(&self, OwnConversation(visitor): OwnConversation) -> Result<Vec<Turn>, Fault> {
        let project = self.id();
        let own = self
            .db()
            .read(async |tx| conversation::of_visitor(tx, project, visitor).await)
            .await?;
        let Some(own) = own else { return Ok(Vec::new()) };
        let turns = self
            .db()
            .read(async |tx| message::last_of_conversation(tx, project, own.id, MOST_OWN_TURNS).await)
            .await?;
        turns.into_iter().map(|row| self.turn(row)).collect()
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
