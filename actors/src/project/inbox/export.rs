//! Conversations on their way out: JSON lines, which keep all of them, and CSV, which opens in a spreadsheet.

use entities::{
    ConversationId, Millis,
    audit::{self, Act, Target},
    conversation, conversation_note, message,
};
use serde_json::{Value, json};

use super::{
    super::{
        ProjectActor,
        conversations::{ConversationCard, Filter, ListConversations, Turn},
    },
    ConversationNote, MOST_NOTES,
};
use crate::{
    audit::By,
    contain::Serve,
    fault::Fault,
    request,
    text::{csv_row, rfc3339},
};

/// Notes that conversations are exported.
pub struct BeginConversationExport {
    pub by: By,
    pub format: &'static str,
    /// One of them, or as many as are found.
    pub conversation: Option<ConversationId>,
}
/// A part of an export.
pub struct ExportConversations {
    pub filter: Filter,
    pub search: Option<String>,
    pub before: Option<String>,
}
/// One conversation, whole.
pub struct ExportConversation(pub ConversationId);
pub struct ExportedPage {
    pub conversations: Vec<Exported>,
    pub next: Option<String>,
}
pub struct Exported {
    pub conversation: ConversationCard,
    pub turns: Vec<Turn>,
    pub notes: Vec<ConversationNote>,
}

request! {
    BeginConversationExport => Millis, needs Member;
    ExportConversations => ExportedPage, needs Member, patience = 30;
    ExportConversation => Exported, needs Member;
}

/// Conversations of one part.
const PART: u64 = 50;

impl ProjectActor {
    async fn whole(&self, cards: Vec<ConversationCard>) -> Result<Vec<Exported>, Fault> {
        let project = self.id();
        let ids: Vec<ConversationId> = cards.iter().map(|card| card.id).collect();
        let read = self.db().read(async |tx| {
            let turns = message::of_conversations(tx, project, &ids).await?;
            let notes = conversation_note::of_conversations(tx, project, &ids, MOST_NOTES * PART).await?;
            Ok::<_, Fault>((turns, notes))
        });
        let (turns, notes) = read.await?;
        let mut exported: Vec<Exported> = cards
            .into_iter()
            .map(|conversation| Exported {
                conversation,
                turns: Vec::new(),
                notes: Vec::new(),
            })
            .collect();
        // Rows come by the conversation's id.
        let place = |id: ConversationId| exported.iter().position(|one| one.conversation.id == id);
        let (turns, notes): (Vec<_>, Vec<_>) = (
            turns.into_iter().map(|row| (place(row.conversation), row)).collect(),
            notes.into_iter().map(|row| (place(row.conversation), row)).collect(),
        );
        for (place, row) in turns {
            if let Some(one) = place.and_then(|place| exported.get_mut(place)) {
                one.turns.push(self.turn(row)?);
            }
        }
        for (place, row) in notes {
            if let Some(one) = place.and_then(|place| exported.get_mut(place)) {
                one.notes.push(self.note(row)?);
            }
        }
        Ok(exported)
    }
}

impl Serve<BeginConversationExport> for ProjectActor {
    async fn serve(&self, begin: BeginConversationExport) -> Result<Millis, Fault> {
        let (project, now) = (self.row().await?, self.now());
        let mut details = json!({ "format": begin.format });
        if let Some(conversation) = begin.conversation {
            details["conversation"] = json!(conversation);
        }
        let noted = self.db().write(async |tx| {
            if let Some(id) = begin.conversation {
                conversation::find(tx, project.id, id).await?.ok_or(Fault::NotFound)?;
            }
            let target = Target::of("project", project.id, project.name.as_str());
            audit::append(tx, begin.by.did_with(Act::ConversationsExported, target, now, details)).await?;
            Ok(now)
        });
        noted.await
    }
}

impl Serve<ExportConversations> for ProjectActor {
    async fn serve(&self, export: ExportConversations) -> Result<ExportedPage, Fault> {
        let list = ListConversations {
            limit: PART,
            before: export.before,
            filter: export.filter,
            search: export.search,
        };
        let page = self.page(list).await?;
        let cards = page.conversations.into_iter().map(|(card, _)| card).collect();
        Ok(ExportedPage {
            conversations: self.whole(cards).await?,
            next: page.next,
        })
    }
}

impl Serve<ExportConversation> for ProjectActor {
    async fn serve(&self, ExportConversation(id): ExportConversation) -> Result<Exported, Fault> {
        let project = self.id();
        let found = self.db().read(async |tx| {
            let row = conversation::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
            self.cards(tx, vec![row]).await
        });
        self.whole(found.await?).await?.pop().ok_or(Fault::NotFound)
    }
}

fn turn(turn: &Turn) -> Value {
    let sources = turn.citations.iter().map(
        |cited| json!({ "n": cited.n, "document": cited.document, "title": cited.title, "section": cited.section, "link": cited.link }),
    );
    json!({
        "id": turn.id,
        "role": turn.role,
        "at": rfc3339(turn.created_at),
        "text": turn.text,
        "outcome": turn.outcome,
        "written_by": turn.written_by,
        "helpful": turn.helpful,
        "sources": sources.collect::<Vec<_>>(),
    })
}

/// One conversation as a line of JSON.
#[must_use]
pub fn json_line(exported: &Exported) -> String {
    let Exported {
        conversation: card,
        turns,
        notes,
    } = exported;
    let note = |note: &ConversationNote| json!({ "at": rfc3339(note.created_at), "by": note.email, "text": note.text });
    let line = json!({
        "id": card.id,
        "channel": card.channel,
        "state": card.state,
        "started_at": rfc3339(card.started_at),
        "last_at": rfc3339(card.last_at),
        "handed_over_at": card.handed_over_at.map(rfc3339),
        "title": card.title,
        "website": card.origin,
        "page": card.page,
        "visitor": card.visitor,
        "person": card.person,
        "assignee": card.assignee.as_ref().and_then(|assignee| assignee.email.as_deref()),
        "turns": turns.iter().map(turn).collect::<Vec<_>>(),
        "notes": notes.iter().map(note).collect::<Vec<_>>(),
    });
    format!("{line}\n")
}

pub const CSV_HEADER: &str =
    "conversation,channel,state,website,page,visitor,person,name,e-mail,assignee,time,role,text,outcome,helpful,sources\r\n";

/// As [`json_line`], for spreadsheets: a row for each turn, and for each note.
#[must_use]
pub fn csv_rows(exported: &Exported) -> String {
    let card = &exported.conversation;
    let (id, visitor) = (
        card.id.to_string(),
        card.visitor.map(|visitor| visitor.to_string()).unwrap_or_default(),
    );
    let person = card.person.as_ref();
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let (name, mail) = (
        text(person.and_then(|who| who.name.as_ref())),
        text(person.and_then(|who| who.mail.as_ref())),
    );
    let (own, website, page) = (
        text(person.map(|who| &who.id)),
        text(card.origin.as_ref()),
        text(card.page.as_ref()),
    );
    let assignee = text(card.assignee.as_ref().and_then(|assignee| assignee.email.as_ref()));
    let row = |at: Millis, rest: [&str; 5]| {
        let at = rfc3339(at);
        let [role, text, outcome, helpful, sources] = rest;
        csv_row(&[
            &id,
            &card.channel,
            &card.state,
            &website,
            &page,
            &visitor,
            &own,
            &name,
            &mail,
            &assignee,
            &at,
            role,
            text,
            outcome,
            helpful,
            sources,
        ])
    };
    let mut rows = String::new();
    for turn in &exported.turns {
        let helpful = turn.helpful.map_or("", |helpful| if helpful { "yes" } else { "no" });
        let sources: Vec<&str> = turn.citations.iter().map(|cited| cited.title.as_str()).collect();
        let outcome = turn.outcome.as_deref().unwrap_or_default();
        rows.push_str(&row(
            turn.created_at,
            [&turn.role, &turn.text, outcome, helpful, &sources.join("; ")],
        ));
    }
    for note in &exported.notes {
        let by = format!("note by {}", note.email);
        rows.push_str(&row(note.created_at, [&by, &note.text, "", "", ""]));
    }
    rows
}
