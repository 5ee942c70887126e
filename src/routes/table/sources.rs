//! Knowledge sources of a project.

use super::{Door::Session, Route, delete, get, patch, post};
use crate::routes::{dashboard::sources, views as v};

pub(in crate::routes) fn rows() -> Vec<Route> {
    vec![
        get(
            "/projects/{project}/sources",
            sources::list,
            Session,
            "Where the project's knowledge comes from by itself",
        )
        .gives::<v::SourcesView>(200),
        post(
            "/projects/{project}/sources",
            sources::create,
            Session,
            "Connect a source; its first sync begins at once",
        )
        .takes::<v::NewSource>()
        .gives::<v::KnowledgeSource>(201),
        get(
            "/projects/{project}/sources/choices",
            sources::choices,
            Session,
            "What there is to choose from when a source is set up",
        )
        .asks(&["kind", "grant", "team", "search", "within", "after"])
        .gives::<v::SourceChoices>(200),
        get(
            "/projects/{project}/sources/{source}",
            sources::show,
            Session,
            "A source with its history and what is not taken of it",
        )
        .gives::<v::SourcePageView>(200),
        patch(
            "/projects/{project}/sources/{source}",
            sources::change,
            Session,
            "Change a source; with another config everything is read anew",
        )
        .takes::<v::SourcePatch>()
        .gives::<v::KnowledgeSource>(200),
        post(
            "/projects/{project}/sources/{source}/sync",
            sources::sync,
            Session,
            "Sync a source now",
        )
        .accepted(),
        delete(
            "/projects/{project}/sources/{source}",
            sources::leave,
            Session,
            "Disconnect a source, and keep or delete its documents",
        )
        .takes::<v::Leaving>()
        .fresh()
        .gives::<v::ReceiptView>(202),
    ]
}
