//! Knowledge sources, what each has, and what they did.

use entities::{
    ReceiptId, SourceId, SourceRunId, job,
    source::{self, Change, Source},
    source_item::{self, Item, Left, Listed, Room, Which, hash_of},
    source_receipt::{self, Cause, GrantOutcome, Receipt},
    source_run::{self, Run},
};

use super::call::{Call, id, read, tenant, write};
use crate::walls::store::World;

pub(super) const OPERATIONS: &[&str] = &[
    "source::insert",
    "source::find",
    "source::list",
    "source::of_grant",
    "source::of_team",
    "source::without_job",
    "source::change",
    "source::hold",
    "source::interrupt",
    "source::set_sync",
    "source::leave",
    "source::delete",
    "source_item::take",
    "source_item::known",
    "source_item::waiting",
    "source_item::set",
    "source_item_gone::mark_gone",
    "source_item_gone::gone",
    "source_item::join",
    "source_item::missed",
    "source_item::stale",
    "source_item::delete",
    "source_item::counts",
    "source_item::skipped",
    "source_item::purge",
    "source_run::insert",
    "source_run::latest",
    "source_receipt::insert",
    "source_receipt::find",
    "source_receipt::of_source",
    "source_receipt::shown",
    "source_receipt::page",
    "source_receipt::note_told",
    "source_receipt::set",
    "job::enqueue_sync",
    "job::enqueue_leaving",
];

pub(super) fn source(call: &Call) -> SourceId {
    id(40, call.n[1], 3).into()
}

fn receipt(call: &Call) -> ReceiptId {
    id(41, call.n[2], 3).into()
}

fn run(call: &Call) -> i32 {
    i32::try_from(call.n[3] % 3).unwrap()
}

fn names(call: &Call) -> Vec<String> {
    (0..call.n[2] % 3 + 1).map(|n| format!("item {n}")).collect()
}

fn new_source(call: &Call) -> Source {
    Source {
        id: source(call),
        project: call.project(),
        kind: "website".into(),
        name: call.content(),
        // Grants are another file's: here are as many without.
        grant: None,
        team: Some(format!("T{}", call.n[2] % 2)),
        config: call.content(),
        every_minutes: 60,
        leaving: false,
        edition: 0,
        again: false,
        sync: source::Sync::default(),
        created_at: call.at,
    }
}

fn new_receipt(call: &Call) -> Receipt {
    Receipt {
        id: receipt(call),
        kind: "website".into(),
        name: call.content(),
        project: Some(call.project()),
        source: Some(source(call)),
        grant: None,
        asked_at: call.at,
        asked_by: Some(call.content()),
        outcome: GrantOutcome::Pending,
        finish_at: None,
        deletes: call.n[3].is_multiple_of(2),
        documents_left: 1,
        documents_done: 0,
        done_at: None,
        last_error: None,
        // Some are parts of others.
        part_of: call.n[0].is_multiple_of(3).then(|| id(41, call.n[0], 3).into()),
        cause: Cause::Disconnected,
    }
}

fn item(call: &Call) -> Item {
    let name = format!("item {}", call.n[2] % 3);
    let skipped = call.n[3].is_multiple_of(2);
    Item {
        hash: hash_of(&name),
        item: name,
        document: (!skipped).then(|| call.document()),
        version: Some(call.content()),
        listed: None,
        depth: 0,
        tries: 0,
        skip: skipped.then(|| ("code".into(), call.content())),
        url: Some(call.content()),
        title: Some(call.content()),
        links: vec![hash_of("item 0")],
    }
}

pub(super) async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let (id, project, at, run) = (source(call), call.project(), call.at, run(call));
    match call.operation {
        "source::insert" => write(db, async |tx| source::insert(tx, &new_source(call)).await).await,
        "source::find" => read(db, async |tx| source::find(tx, id).await).await,
        "source::list" => {
            let only = call.n[3].is_multiple_of(2).then_some(project);
            read(db, async |tx| source::list(tx, only).await).await
        }
        "source::of_grant" => {
            // Each source is given the grant first, that there is something to find.
            let grant = super::call::id(42, 0, 1);
            let insert = "insert into source_grant (tenant_id, id, kind, holder_id, holder_name, state, connected_at) \
                values ($1, $2, 'github', '1', $3, 'active', 0)";
            let values = [tenant(call.who).uuid().into(), grant.into(), call.content().into()];
            let _ = world.execute(insert, values).await;
            let update = "update source set grant_id = $1 where tenant_id = $2";
            let values = [grant.into(), tenant(call.who).uuid().into()];
            world.execute(update, values).await.unwrap();
            read(db, async |tx| source::of_grant(tx, grant.into()).await).await
        }
        "source::of_team" => {
            let team = format!("T{}", call.n[2] % 2);
            read(db, async |tx| source::of_team(tx, &team).await).await
        }
        "source::without_job" => {
            // They come in any order.
            read(db, async |tx| {
                let mut found = source::without_job(tx).await?;
                found.sort_by_key(|source| source.id);
                Ok(found)
            })
            .await
        }
        "source::change" => {
            let change = Change {
                name: Some(call.content()),
                config: call.n[3].is_multiple_of(2).then(|| call.content()),
                every_minutes: None,
            };
            write(db, async |tx| source::change(tx, project, id, change).await).await
        }
        "source::hold" => {
            let edition = call.n[3].is_multiple_of(2).then_some(0);
            write(db, async |tx| source::hold(tx, id, edition).await).await
        }
        "source::interrupt" => write(db, async |tx| source::interrupt(tx, id).await).await,
        "source::set_sync" => {
            let sync = source::Sync {
                run,
                phase: source::Phase::Fetching,
                problem: Some(("code".into(), call.content())),
                ..source::Sync::default()
            };
            write(db, async |tx| source::set_sync(tx, id, &sync, true).await).await
        }
        "source::leave" => write(db, async |tx| source::leave(tx, id).await).await,
        "source::delete" => write(db, async |tx| source::delete(tx, id).await).await,
        "source_run::insert" => {
            let run = Run {
                id: SourceRunId::from(super::call::id(43, call.n[2], 5)),
                started_at: at,
                finished_at: at,
                problem: Some(("code".into(), call.content())),
                added: 1,
                changed: 2,
                removed: 3,
                skipped: 4,
                unchanged: 5,
            };
            write(db, async |tx| source_run::insert(tx, id, &run).await).await
        }
        "source_run::latest" => read(db, async |tx| source_run::latest(tx, id, 3).await).await,
        "source_receipt::insert" => write(db, async |tx| source_receipt::insert(tx, &new_receipt(call)).await).await,
        "source_receipt::find" => read(db, async |tx| source_receipt::find(tx, receipt(call)).await).await,
        "source_receipt::of_source" => {
            // Which of several is found is the database's own choice.
            let found = db.read(async |tx| source_receipt::of_source(tx, id).await).await;
            format!("{:?}", found.map(|found| found.map(|found| found.kind)))
        }
        "source_receipt::shown" => read(db, async |tx| source_receipt::shown(tx, receipt(call)).await).await,
        "source_receipt::page" => {
            let before = call.n[3].is_multiple_of(2).then(|| receipt(call));
            read(db, async |tx| source_receipt::page(tx, before, 3).await).await
        }
        "source_receipt::note_told" => {
            let (new, of) = (super::call::id(44, call.n[2], 9).into(), new_source(call));
            write(db, async |tx| source_receipt::note_told(tx, new, &of, 2, at).await).await
        }
        "source_receipt::set" => {
            let receipt = Receipt {
                outcome: GrantOutcome::Revoked,
                done_at: Some(at),
                last_error: Some(call.content()),
                ..new_receipt(call)
            };
            write(db, async |tx| source_receipt::set(tx, &receipt).await).await
        }
        "job::enqueue_sync" => write(db, async |tx| job::enqueue_sync(tx, project, id, at, at).await).await,
        "job::enqueue_leaving" => write(db, async |tx| job::enqueue_leaving(tx, project, id, at).await).await,
        _ => perform_on_items(world, call).await,
    }
}

async fn perform_on_items(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let (id, run, names) = (source(call), run(call), names(call));
    let hashes: Vec<_> = names.iter().map(|name| hash_of(name)).collect();
    match call.operation {
        "source_item::take" => {
            let listed: Vec<Listed> = names
                .iter()
                .map(|name| Listed {
                    item: name.clone(),
                    version: call.n[0].is_multiple_of(2).then(|| call.content()),
                    depth: i32::try_from(call.n[0] % 2).unwrap(),
                })
                .collect();
            let room = Room { items: 2, depth: 1 };
            write(db, async |tx| source_item::take(tx, id, run, &listed, room).await).await
        }
        "source_item::known" => {
            let found = db.read(async |tx| source_item::known(tx, id, &hashes).await).await;
            format!("{:?}", found.map(by_name))
        }
        "source_item::waiting" => read(db, async |tx| source_item::waiting(tx, id, run, 5).await).await,
        "source_item::set" => {
            let left = [Left::Stored, Left::Skipped, Left::Waiting, Left::Again, Left::Gone][usize::try_from(call.n[0] % 5).unwrap()];
            write(db, async |tx| source_item::set(tx, id, &item(call), left).await).await
        }
        "source_item_gone::mark_gone" => {
            let which = match call.n[0] % 4 {
                0 => Which::All,
                1 => Which::Beginning(vec!["ITEM ".into()]),
                below => Which::Items {
                    items: names,
                    below: below == 2,
                },
            };
            write(db, async |tx| source_item::mark_gone(tx, id, &which).await).await
        }
        "source_item_gone::gone" => read(db, async |tx| source_item::gone(tx, id, 3).await).await,
        "source_item::join" => write(db, async |tx| source_item::join(tx, id, run).await).await,
        "source_item::missed" => read(db, async |tx| source_item::missed(tx, id, run).await).await,
        "source_item::stale" => {
            let found = db.read(async |tx| source_item::stale(tx, id, run, 5).await).await;
            format!("{:?}", found.map(by_name))
        }
        "source_item::delete" => write(db, async |tx| source_item::delete(tx, id, &hashes).await).await,
        "source_item::counts" => read(db, async |tx| source_item::counts(tx, id).await).await,
        "source_item::skipped" => read(db, async |tx| source_item::skipped(tx, id, 3).await).await,
        "source_item::purge" => write(db, async |tx| source_item::purge(tx, id, 1_000).await).await,
        unknown => panic!("{unknown} has no call here"),
    }
}

/// They come in any order.
fn by_name(mut found: Vec<Item>) -> Vec<Item> {
    found.sort_by(|one, other| one.item.cmp(&other.item));
    found
}
