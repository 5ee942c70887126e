//! Conversations of a project, what the team does about them, and figures.

use super::{Door::Session, Route, delete, get, patch, post};
use crate::routes::{
    dashboard::{analytics, conversations, inbox, todos},
    views as v,
};

pub(in crate::routes) fn rows() -> Vec<Route> {
    vec![
        get(
            "/projects/{project}/conversations",
            conversations::list,
            Session,
            "Conversations, the latest first",
        )
        .asks(&[
            "limit",
            "before",
            "channel",
            "state",
            "outcome",
            "rating",
            "handed_over",
            "visitor",
            "mine",
            "from",
            "to",
        ])
        .gives::<v::Conversations>(200),
        post(
            "/projects/{project}/conversations/search",
            conversations::search,
            Session,
            "Conversations that hold words, the latest first",
        )
        .takes::<v::ConversationSearch>()
        .gives::<v::Conversations>(200),
        post(
            "/projects/{project}/conversations/export",
            inbox::export,
            Session,
            "Whole conversations, for elsewhere",
        )
        .takes::<v::ConversationExport>()
        .fresh()
        .exports(&["application/jsonl", "text/csv"]),
        get(
            "/projects/{project}/conversations/{conversation}",
            conversations::show,
            Session,
            "A conversation with its turns and notes",
        )
        .gives::<v::ConversationPage>(200),
        patch(
            "/projects/{project}/conversations/{conversation}",
            inbox::handle,
            Session,
            "Resolve or reopen a conversation, take it on or give it back",
        )
        .takes::<v::ConversationPatch>()
        .gives::<v::ConversationView>(200),
        get(
            "/projects/{project}/conversations/{conversation}/export",
            inbox::export_one,
            Session,
            "A whole conversation, for elsewhere",
        )
        .asks(&["format"])
        .fresh()
        .exports(&["application/jsonl", "text/csv"]),
        post(
            "/projects/{project}/conversations/{conversation}/notes",
            inbox::add_note,
            Session,
            "Note something at a conversation",
        )
        .takes::<v::NoteBody>()
        .gives::<v::NoteView>(201),
        delete(
            "/projects/{project}/conversations/{conversation}/notes/{note}",
            inbox::delete_note,
            Session,
            "Take back what one noted oneself",
        )
        .empty(),
        get(
            "/projects/{project}/inbox",
            inbox::look,
            Session,
            "How much waits for the team; as events, also changes of conversations as they happen",
        )
        .gives::<v::InboxView>(200)
        .streams(),
        get(
            "/projects/{project}/todos",
            todos::list,
            Session,
            "What is to be done, the latest first",
        )
        .asks(&["done", "before", "limit"])
        .gives::<v::Todos>(200),
        post("/projects/{project}/todos", todos::add, Session, "Note what is to be done")
            .takes::<v::NewTodo>()
            .gives::<v::TodoView>(201),
        patch(
            "/projects/{project}/todos/{todo}",
            todos::change,
            Session,
            "Tick something off, or say it in other words",
        )
        .takes::<v::TodoPatch>()
        .gives::<v::TodoView>(200),
        delete(
            "/projects/{project}/todos/{todo}",
            todos::delete,
            Session,
            "Delete something that was to be done",
        )
        .empty(),
        get("/projects/{project}/analytics", analytics::show, Session, "Figures by day")
            .asks(&["days", "from", "to", "stale_days"])
            .gives::<v::AnalyticsView>(200),
        get(
            "/projects/{project}/analytics/gaps",
            analytics::gaps,
            Session,
            "Questions without an answer, grouped by what they mean",
        )
        .asks(&["days", "from", "to"])
        .gives::<v::GapsView>(200),
        get(
            "/projects/{project}/analytics/export",
            analytics::export,
            Session,
            "Figures, for elsewhere",
        )
        .fresh()
        .asks(&["days", "from", "to", "stale_days", "format"])
        .exports(&["application/json", "text/csv"]),
    ]
}
