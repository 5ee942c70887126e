//! What the team does about conversations: who sees to them, whether they are resolved, notes, and what is new.

pub mod export;
pub mod search;
pub mod todos;

use entities::{
    AccountId, ConversationId, Millis, NoteId, TenantTx,
    conversation::{self, Handling},
    conversation_note::{self, Note},
    members, todo,
};
use serde::{Deserialize, Serialize};

use super::{ProjectActor, conversations::ConversationCard};
use crate::{
    audit::By,
    contain::Serve,
    fault::{Fault, Invalid, Limit},
    request,
    text::parse_text,
};

/// What the team noted at a conversation.
#[derive(Clone, Debug, Serialize)]
pub struct ConversationNote {
    pub id: NoteId,
    pub conversation: ConversationId,
    pub author: AccountId,
    /// The author's address at that time.
    pub email: String,
    pub text: String,
    pub created_at: Millis,
}

/// What is sealed of a note, and of what is to be done.
#[derive(Serialize, Deserialize)]
pub(super) struct Written {
    pub text: String,
    pub email: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboxState {
    Open,
    Resolved,
}

/// Resolves or reopens a conversation, takes it on or gives it back.
pub struct HandleConversation {
    pub conversation: ConversationId,
    pub state: Option<InboxState>,
    /// Whether whoever sends this sees to it from now on; `false` for nobody.
    pub mine: Option<bool>,
    pub by: By,
}
/// Notes something at a conversation.
pub struct AddNote {
    pub conversation: ConversationId,
    pub text: String,
    pub by: By,
}
/// Takes back what one noted oneself.
pub struct DeleteNote {
    pub conversation: ConversationId,
    pub note: NoteId,
    pub by: By,
}
/// How much waits for the team.
pub struct CountInbox;
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct InboxCounts {
    /// Open conversations in which an answer is missing or did not help, or a person is asked for.
    pub attention: u64,
    /// What is to be done.
    pub todos: u64,
}
/// What changed since a moment, that included, on whichever node; the earliest first.
pub struct InboxChanges {
    pub since: Millis,
}
pub struct Changed {
    pub conversations: Vec<ConversationCard>,
    pub counts: InboxCounts,
    pub now: Millis,
}

request! {
    HandleConversation => ConversationCard, needs Member;
    AddNote => ConversationNote, needs Member;
    DeleteNote => (), needs Member;
    CountInbox => InboxCounts, needs Member;
    InboxChanges => Changed, needs Member;
}

/// Characters of a note or of something to do.
const LONGEST: usize = 5_000;
/// Notes at one conversation.
const MOST_NOTES: u64 = 200;
/// Conversations that one look at what changed tells of.
pub const MOST_CHANGES: usize = 100;

pub(super) fn parse_written(text: &str) -> Result<String, Fault> {
    let text = parse_text(text, "text", LONGEST)?;
    if text.is_empty() {
        return Err(Fault::invalid(Invalid::TextEmpty, "text", "Write something."));
    }
    Ok(text)
}

pub(super) async fn email_of(tx: &TenantTx, account: AccountId) -> Result<String, Fault> {
    members::email_of(tx, account).await?.ok_or(Fault::NotAllowed)
}

impl ProjectActor {
    fn note(&self, row: Note) -> Result<ConversationNote, Fault> {
        let Written { text, email } = self.open_json("conversation_note", "sealed", row.id.uuid(), &row.sealed)?;
        Ok(ConversationNote {
            id: row.id,
            conversation: row.conversation,
            author: row.author,
            email,
            text,
            created_at: row.created_at,
        })
    }

    /// By conversation, in their order.
    pub(super) async fn notes(&self, tx: &TenantTx, conversations: &[ConversationId]) -> Result<Vec<ConversationNote>, Fault> {
        let most = MOST_NOTES * conversations.len() as u64;
        let rows = conversation_note::of_conversations(tx, self.id(), conversations, most).await?;
        rows.into_iter().map(|row| self.note(row)).collect()
    }

    async fn inbox_counts(&self, tx: &TenantTx) -> Result<InboxCounts, Fault> {
        Ok(InboxCounts {
            attention: conversation::attention(tx, self.id()).await?,
            todos: todo::undone(tx, self.id()).await?,
        })
    }
}

impl Serve<HandleConversation> for ProjectActor {
    async fn serve(&self, handle: HandleConversation) -> Result<ConversationCard, Fault> {
        let (project, id, now) = (self.id(), handle.conversation, self.now());
        let handling = Handling {
            state: handle.state.map(|state| match state {
                InboxState::Open => conversation::OPEN,
                InboxState::Resolved => conversation::RESOLVED,
            }),
            assignee: handle.mine.map(|mine| mine.then_some(handle.by.account)),
        };
        let handled = self.db().write(async |tx| {
            if !conversation::handle(tx, project, id, &handling, now).await? {
                return Err(Fault::NotFound);
            }
            let row = conversation::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
            self.cards(tx, vec![row]).await?.pop().ok_or(Fault::NotFound)
        });
        handled.await
    }
}

impl Serve<AddNote> for ProjectActor {
    async fn serve(&self, add: AddNote) -> Result<ConversationNote, Fault> {
        let text = parse_written(&add.text)?;
        let (project, conversation, now) = (self.id(), add.conversation, self.now());
        let added = self.db().write(async |tx| {
            if !conversation::touch(tx, project, conversation, now).await? {
                return Err(Fault::NotFound);
            }
            let there = conversation_note::of_conversations(tx, project, &[conversation], MOST_NOTES).await?;
            if there.len() as u64 >= MOST_NOTES {
                let reason = format!("A conversation takes at most {MOST_NOTES} notes.");
                return Err(Fault::Limit {
                    code: Limit::TooManyNotes,
                    reason,
                });
            }
            let id = NoteId::new();
            let email = email_of(tx, add.by.account).await?;
            let written = Written { text, email };
            let note = Note {
                id,
                conversation,
                author: add.by.account,
                sealed: self.seal_json("conversation_note", "sealed", id.uuid(), &written)?,
                created_at: now,
            };
            conversation_note::insert(tx, project, note.clone()).await?;
            self.note(note)
        });
        added.await
    }
}

impl Serve<DeleteNote> for ProjectActor {
    async fn serve(&self, delete: DeleteNote) -> Result<(), Fault> {
        let (project, now, of) = (self.id(), self.now(), delete.conversation);
        let deleted = self.db().write(async |tx| {
            let deleted = conversation_note::delete(tx, project, of, delete.note, delete.by.account).await?;
            Ok::<_, Fault>(deleted && conversation::touch(tx, project, of, now).await?)
        });
        if deleted.await? { Ok(()) } else { Err(Fault::NotFound) }
    }
}

impl Serve<CountInbox> for ProjectActor {
    async fn serve(&self, _: CountInbox) -> Result<InboxCounts, Fault> {
        self.db().read(async |tx| self.inbox_counts(tx).await).await
    }
}

impl Serve<InboxChanges> for ProjectActor {
    async fn serve(&self, InboxChanges { since }: InboxChanges) -> Result<Changed, Fault> {
        let (project, now) = (self.id(), self.now());
        let changed = self.db().read(async |tx| {
            let rows = conversation::changed(tx, project, since, MOST_CHANGES as u64).await?;
            Ok(Changed {
                conversations: self.cards(tx, rows).await?,
                counts: self.inbox_counts(tx).await?,
                now,
            })
        });
        changed.await
    }
}
