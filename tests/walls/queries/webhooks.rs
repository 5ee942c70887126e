//! Webhooks: where to, and what was sent.

use entities::{webhook_delivery, webhook_endpoint};

use super::call::{Call, read, tenant, write};
use crate::walls::store::World;

pub(super) const OPERATIONS: &[&str] = &[
    "webhook_endpoint::insert",
    "webhook_endpoint::list",
    "webhook_endpoint::find",
    "webhook_endpoint::change",
    "webhook_endpoint::set_secrets",
    "webhook_endpoint::pause",
    "webhook_endpoint::set_failing",
    "webhook_endpoint::delete",
    "webhook_delivery::insert",
    "webhook_delivery::find",
    "webhook_delivery::list",
    "webhook_delivery::of_project",
    "webhook_delivery::delete",
    "webhook_delivery::note",
    "webhook_delivery::sweep",
    "webhook_delivery::purge",
];

pub(super) async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let (project, endpoint, at) = (call.project(), call.endpoint(), call.at);
    match call.operation {
        "webhook_endpoint::insert" => {
            let new = webhook_endpoint::Endpoint {
                id: endpoint,
                sealed: call.sealed(),
                description: call.content(),
                events: vec![call.content()],
                secret: call.credential(),
                previous: call.n[3].is_multiple_of(2).then(|| (call.credential(), at)),
                paused: None,
                failing_since: None,
                created_at: at,
            };
            write(db, async |tx| webhook_endpoint::insert(tx, project, &new).await).await
        }
        "webhook_endpoint::list" => read(db, async |tx| webhook_endpoint::list(tx, project).await).await,
        "webhook_endpoint::find" => read(db, async |tx| webhook_endpoint::find(tx, project, endpoint).await).await,
        "webhook_endpoint::change" => {
            let change = webhook_endpoint::Change {
                sealed: (!call.n[3].is_multiple_of(2)).then(|| call.sealed()),
                description: Some(call.content()),
                events: Some(vec![call.content()]),
            };
            write(db, async |tx| webhook_endpoint::change(tx, project, endpoint, change).await).await
        }
        "webhook_endpoint::set_secrets" => {
            let previous = call.n[3].is_multiple_of(2).then(|| (call.credential(), at));
            write(db, async |tx| {
                webhook_endpoint::set_secrets(tx, project, endpoint, call.credential(), previous).await
            })
            .await
        }
        "webhook_endpoint::pause" => {
            let why = call.n[3].is_multiple_of(2).then(|| call.content());
            write(db, async |tx| {
                webhook_endpoint::pause(tx, project, endpoint, why.as_deref(), at).await
            })
            .await
        }
        "webhook_endpoint::set_failing" => write(db, async |tx| webhook_endpoint::set_failing(tx, project, endpoint, Some(at)).await).await,
        "webhook_endpoint::delete" => write(db, async |tx| webhook_endpoint::delete(tx, project, endpoint).await).await,
        "webhook_delivery::insert" => {
            let new = webhook_delivery::Delivery {
                id: call.delivery(),
                endpoint,
                event: call.content(),
                sealed: call.sealed(),
                state: if call.n[3].is_multiple_of(2) { "waiting" } else { "failed" }.into(),
                attempts: 0,
                reason: None,
                status: None,
                took_ms: None,
                created_at: at,
                tried_at: None,
                next_at: None,
            };
            write(db, async |tx| webhook_delivery::insert(tx, project, &new).await).await
        }
        "webhook_delivery::find" => read(db, async |tx| webhook_delivery::find(tx, project, call.delivery()).await).await,
        "webhook_delivery::list" => {
            let before = call.n[3].is_multiple_of(3).then(|| call.delivery());
            read(db, async |tx| webhook_delivery::list(tx, project, endpoint, before, 3).await).await
        }
        "webhook_delivery::of_project" => {
            let after = (!call.n[3].is_multiple_of(2)).then(|| call.delivery());
            read(db, async |tx| webhook_delivery::of_project(tx, project, after, 3).await).await
        }
        "webhook_delivery::delete" => write(db, async |tx| webhook_delivery::delete(tx, project, &[call.delivery()]).await).await,
        "webhook_delivery::note" => {
            let tried = webhook_delivery::Try {
                state: if call.n[3].is_multiple_of(2) { "delivered" } else { "waiting" },
                attempts: 1,
                tried_at: Some(at),
                ..webhook_delivery::Try::default()
            };
            write(db, async |tx| webhook_delivery::note(tx, project, call.delivery(), &tried).await).await
        }
        // All that there can be: which of several goes first is the database's own choice.
        "webhook_delivery::sweep" => write(db, async |tx| webhook_delivery::sweep(tx, at - 20, 5).await).await,
        "webhook_delivery::purge" => write(db, async |tx| webhook_delivery::purge(tx, project, 1000).await).await,
        unknown => panic!("{unknown} has no call here"),
    }
}
