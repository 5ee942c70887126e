//! What was asked and answered.

use entities::{conversation, message};

use super::call::{Call, read, tenant, write};
use crate::walls::store::World;

pub(super) const OPERATIONS: &[&str] = &[
    "conversation::insert",
    "conversation::find",
    "conversation::of_visitor",
    "conversation::list",
    "conversation::count",
    "conversation::purge",
    "message::insert",
    "message::of_conversation",
    "message::last_of_conversation",
    "message::set_helpful",
    "message::per_day",
    "message::in_all",
    "message::conversations",
    "message::unanswered",
    "message::top_sources",
];

pub(super) async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let (project, document, at) = (call.project(), call.document(), call.at);
    match call.operation {
        "conversation::insert" => {
            let conversation = conversation::Conversation {
                id: call.conversation(),
                channel: "widget".into(),
                visitor: Some(call.visitor()),
                origin: None,
                title: call.sealed(),
                started_at: at,
                last_at: at,
                questions: 0,
                unanswered: 0,
                helpful: 0,
                unhelpful: 0,
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
                latency_ms: None,
                created_at: at,
            };
            write(db, async |tx| message::insert(tx, project, new, &[document]).await).await
        }
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
                message::set_helpful(tx, project, call.message(), helpful, only).await
            })
            .await
        }
        "message::per_day" => read(db, async |tx| message::per_day(tx, project, call.days()).await).await,
        "message::in_all" => read(db, async |tx| message::in_all(tx, project, call.days()).await).await,
        "message::conversations" => read(db, async |tx| message::conversations(tx, project, call.days()).await).await,
        "message::unanswered" => read(db, async |tx| message::unanswered(tx, project, call.days(), 3).await).await,
        "message::top_sources" => {
            read(db, async |tx| {
                let mut found = message::top_sources(tx, project, call.days(), 100).await?;
                found.sort_unstable(); // equals come in any order
                Ok(found)
            })
            .await
        }
        unknown => panic!("{unknown} has no call here"),
    }
}
