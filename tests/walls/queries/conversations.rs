//! What was asked and answered, what the team does about it, and what is counted of it.

use entities::{
    NoteId, TodoId,
    conversation::{self, Handling},
    conversation_note::{self, Note},
    message, rollup,
    todo::{self, Todo},
};

use super::call::{Call, NOW, id, read, tenant, write};
use crate::walls::store::World;

pub(super) const OPERATIONS: &[&str] = &[
    "conversation::insert",
    "conversation::find",
    "conversation::of_visitor",
    "conversation::list",
    "conversation::count",
    "conversation::purge",
    "conversation::touch",
    "conversation::set_person",
    "conversation::handle",
    "conversation::changed",
    "conversation::attention",
    "conversation_note::insert",
    "conversation_note::of_conversations",
    "conversation_note::delete",
    "todo::insert",
    "todo::list",
    "todo::find",
    "todo::undone",
    "todo::count",
    "todo::set_done",
    "todo::set_text",
    "todo::delete",
    "message::insert",
    "message::find",
    "message::of_conversation",
    "message::of_conversations",
    "message::last_of_conversation",
    "message::set_helpful",
    "message::tell_once",
    "message::unanswered",
    "rollup::days",
    "rollup::distinct",
    "rollup::visitors",
    "rollup::pages",
    "rollup::sources",
    "rollup::last_cited",
    "rollup::forget_visitor",
    "rollup::forget_unseen",
    "rollup::purge",
];

fn note(call: &Call) -> NoteId {
    id(60, call.n[2], 5).into()
}

fn to_do(call: &Call) -> TodoId {
    id(61, call.n[1], 5).into()
}

pub(super) async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let (project, document, at) = (call.project(), call.document(), call.at);
    match call.operation {
        "conversation::insert" => {
            let conversation = conversation::Conversation {
                id: call.conversation(),
                channel: "widget".into(),
                visitor: Some(call.visitor()),
                origin: Some(call.content()),
                page: None,
                title: call.sealed(),
                person: call.n[3].is_multiple_of(2).then(|| call.sealed()),
                started_at: at,
                last_at: at,
                questions: 0,
                unanswered: 0,
                helpful: 0,
                unhelpful: 0,
                state: conversation::OPEN.into(),
                assignee: None,
                changed_at: at,
                handed_over_at: None,
            };
            write(db, async |tx| conversation::insert(tx, project, conversation).await).await
        }
        "conversation::find" => read(db, async |tx| conversation::find(tx, project, call.conversation()).await).await,
        "conversation::of_visitor" => read(db, async |tx| conversation::of_visitor(tx, project, call.visitor()).await).await,
        "conversation::list" => {
            let filter = conversation::Filter {
                before: call.n[2].is_multiple_of(2).then(|| (at, call.conversation())),
                ..Default::default()
            };
            read(db, async |tx| conversation::list(tx, project, &filter, 5).await).await
        }
        "conversation::count" => {
            let step = conversation::Step {
                questions: 1,
                unanswered: i32::from(call.n[3].is_multiple_of(2)),
                ..Default::default()
            };
            write(db, async |tx| conversation::count(tx, call.conversation(), step, Some(at)).await).await
        }
        "conversation::purge" => write(db, async |tx| conversation::purge(tx, project, 1000).await).await,
        "message::insert" => {
            let new = message::Message {
                id: call.message(),
                conversation: call.conversation(),
                role: if call.n[2].is_multiple_of(2) { "visitor" } else { "assistant" }.into(),
                sealed: call.sealed(),
                outcome: Some(if call.n[3] % 4 < 2 { "unanswered" } else { "answered" }.into()),
                helpful: None,
                visitor: Some(call.visitor()),
                latency_ms: Some(i32::try_from(call.n[0] % 1000).unwrap()),
                created_at: at,
            };
            write(db, async |tx| message::insert(tx, project, new, &[document]).await).await
        }
        "message::find" => read(db, async |tx| message::find(tx, project, call.message()).await).await,
        "message::of_conversation" => read(db, async |tx| message::of_conversation(tx, project, call.conversation()).await).await,
        "message::last_of_conversation" => {
            read(db, async |tx| {
                message::last_of_conversation(tx, project, call.conversation(), 2).await
            })
            .await
        }
        "message::set_helpful" => {
            let only = call.n[1].is_multiple_of(2).then(|| call.visitor());
            let helpful = Some(call.n[3].is_multiple_of(3));
            write(db, async |tx| {
                message::set_helpful(tx, project, call.message(), helpful, only, at).await
            })
            .await
        }
        "message::tell_once" => write(db, async |tx| message::tell_once(tx, project, call.message()).await).await,
        "message::of_conversations" => read(db, async |tx| message::of_conversations(tx, project, &[call.conversation()]).await).await,
        "message::unanswered" => read(db, async |tx| message::unanswered(tx, project, (0, i64::MAX), 3).await).await,
        "conversation::set_person" => {
            write(db, async |tx| {
                conversation::set_person(tx, project, call.conversation(), call.sealed()).await
            })
            .await
        }
        "conversation::touch" => write(db, async |tx| conversation::touch(tx, project, call.conversation(), at).await).await,
        "conversation::handle" => {
            let handling = Handling {
                state: Some([conversation::OPEN, conversation::RESOLVED][usize::from(call.n[2].is_multiple_of(2))]),
                assignee: Some(call.n[3].is_multiple_of(3).then(|| call.account())),
            };
            write(db, async |tx| {
                conversation::handle(tx, project, call.conversation(), &handling, at).await
            })
            .await
        }
        "conversation::changed" => read(db, async |tx| conversation::changed(tx, project, NOW, 5).await).await,
        "conversation::attention" => read(db, async |tx| conversation::attention(tx, project).await).await,
        "conversation_note::insert" => {
            let new = Note {
                id: note(call),
                conversation: call.conversation(),
                author: call.account(),
                sealed: call.sealed(),
                created_at: at,
            };
            write(db, async |tx| conversation_note::insert(tx, project, new).await).await
        }
        "conversation_note::of_conversations" => {
            read(db, async |tx| {
                conversation_note::of_conversations(tx, project, &[call.conversation()], 5).await
            })
            .await
        }
        "conversation_note::delete" => {
            write(db, async |tx| {
                conversation_note::delete(tx, project, call.conversation(), note(call), call.account()).await
            })
            .await
        }
        "todo::insert" => {
            let new = Todo {
                id: to_do(call),
                question: call.n[3].is_multiple_of(2).then(|| (call.conversation(), call.message())),
                author: call.account(),
                sealed: call.sealed(),
                created_at: at,
                done_at: None,
            };
            write(db, async |tx| todo::insert(tx, project, new).await).await
        }
        "todo::list" => read(db, async |tx| todo::list(tx, project, call.n[3].is_multiple_of(3), None, 5).await).await,
        "todo::find" => read(db, async |tx| todo::find(tx, project, to_do(call)).await).await,
        "todo::undone" => read(db, async |tx| todo::undone(tx, project).await).await,
        "todo::count" => read(db, async |tx| todo::count(tx, project).await).await,
        "todo::set_done" => {
            let done = call.n[3].is_multiple_of(2).then_some(at);
            write(db, async |tx| todo::set_done(tx, project, to_do(call), done).await).await
        }
        "todo::set_text" => write(db, async |tx| todo::set_text(tx, project, to_do(call), call.sealed()).await).await,
        "todo::delete" => write(db, async |tx| todo::delete(tx, project, to_do(call)).await).await,
        "rollup::days" => read(db, async |tx| rollup::days(tx, project, call.days()).await).await,
        "rollup::distinct" => {
            read(db, async |tx| {
                // Nothing is nothing, as elsewhere.
                Ok(Some(rollup::distinct(tx, project, call.days()).await?).filter(|found| *found != rollup::Distinct::default()))
            })
            .await
        }
        "rollup::visitors" => read(db, async |tx| rollup::visitors(tx, project, call.days()).await).await,
        "rollup::pages" => read(db, async |tx| rollup::pages(tx, project, call.days(), 5).await).await,
        "rollup::sources" => read(db, async |tx| rollup::sources(tx, project, call.days()).await).await,
        "rollup::last_cited" => read(db, async |tx| rollup::last_cited(tx, project).await).await,
        "rollup::forget_visitor" => write(db, async |tx| rollup::forget_visitor(tx, project, call.visitor()).await).await,
        "rollup::forget_unseen" => {
            // Today's stay, or go.
            let day = message::day_of(at) + i32::from(call.n[1].is_multiple_of(2));
            write(db, async |tx| rollup::forget_unseen(tx, project, day).await).await
        }
        "rollup::purge" => write(db, async |tx| rollup::purge(tx, project, 1000).await).await,
        unknown => panic!("{unknown} has no call here"),
    }
}
