//! Two tenants whose rows have the same ids do everything that the storage layer can do, in turns. What each gets, and what is stored of
//! each afterwards, must be what it would be if the other did not exist.

mod audit;
pub(super) mod call;
mod conversations;
mod documents;
mod keys;
mod people;
mod projects;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use syn::{FnArg, Item, Visibility};

use self::call::{ADA, Call, EVE, NOW, tenant, world};
use super::{messages::parsed, store::World};
use crate::support::Dice;

/// Every public operation on a tenant's rows, by file and name. One that is missing fails the test below.
fn operations() -> Vec<&'static str> {
    [
        documents::OPERATIONS,
        conversations::OPERATIONS,
        keys::OPERATIONS,
        projects::OPERATIONS,
        people::OPERATIONS,
        audit::OPERATIONS,
    ]
    .concat()
}

/// They end a tenant, and so come last.
const ENDINGS: &[&str] = &["workspace::delete", "purge::purge"];

fn every() -> impl Iterator<Item = &'static str> {
    operations().into_iter().chain(ENDINGS.iter().copied())
}

/// Those that make what the others need come more often.
const MAKERS: &[&str] = &[
    "project::insert",
    "keys::store_project_key",
    "document::insert",
    "document_body::store",
    "chunk::insert",
    "chunk::set_embedding",
    "conversation::insert",
    "message::insert",
    "session::create",
    "job::enqueue",
    "member::insert",
    "invitation::insert",
    "project_member::assign",
];

async fn perform(world: &World, call: &Call) -> String {
    let (file, _) = call.operation.split_once("::").unwrap();
    match file {
        "document" | "document_body" | "chunk" => documents::perform(world, call).await,
        "conversation" | "message" => conversations::perform(world, call).await,
        "keys" | "sealed" => keys::perform(world, call).await,
        "project" | "job" => projects::perform(world, call).await,
        "audit" => audit::perform(world, call).await,
        _ => people::perform(world, call).await,
    }
}

/// `wanted` are drawn more often: chance alone would seldom get to what they need.
fn calls(seed: u64, count: usize, wanted: &[&'static str]) -> Vec<Call> {
    let mut dice = Dice::new(seed);
    let mut drawn = Vec::with_capacity(count);
    let all = operations();
    for turn in 0..count {
        let operations = if turn < 80 || dice.below(3) == 0 { MAKERS } else { all.as_slice() };
        let operation = match dice.below(5) {
            0 if !wanted.is_empty() => wanted[dice.below(wanted.len())],
            _ => operations[dice.below(operations.len())],
        };
        // Seldom, or little would be left to look at.
        let ends = [
            "project::delete",
            "project::purge",
            "chunk::purge",
            "conversation::purge",
            "document::delete",
            "member::remove",
        ];
        if ends.contains(&operation) && dice.below(3) > 0 {
            continue;
        }
        drawn.push(Call {
            who: if dice.below(2) == 0 { ADA } else { EVE },
            operation,
            n: std::array::from_fn(|_| dice.next() >> 16),
            at: NOW + i64::try_from(turn).unwrap(),
        });
    }
    // At last one of them goes, table by table.
    let end = |operation| Call {
        who: EVE,
        operation,
        n: [0; 4],
        at: NOW + i64::try_from(count).unwrap(),
    };
    drawn.push(end("workspace::delete"));
    drawn.extend(std::iter::repeat_with(|| end("purge::purge")).take(40));
    drawn
}

/// The other's content in an answer, as text or as bytes.
fn gives_away(answer: &str, who: u128) -> bool {
    let other = if who == ADA { EVE } else { ADA };
    let mark = format!("of {other:x} at");
    let bytes = mark.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
    answer.contains(&mark) || answer.contains(&bytes)
}

/// Runs `calls` in one database for both and in one for each alone; says where they differ. Notes in `did` what came back.
async fn difference(calls: &[Call], did: &mut BTreeMap<&'static str, BTreeSet<String>>) -> Option<String> {
    let both = world().await;
    let alone = BTreeMap::from([(ADA, world().await), (EVE, world().await)]);
    let found = difference_in(&both, &alone, calls, did).await;
    both.close().await;
    for (_, world) in alone {
        world.close().await;
    }
    found
}

async fn difference_in(
    both: &World,
    alone: &BTreeMap<u128, World>,
    calls: &[Call],
    did: &mut BTreeMap<&'static str, BTreeSet<String>>,
) -> Option<String> {
    for call in calls {
        let (together, apart) = (perform(both, call).await, perform(&alone[&call.who], call).await);
        if together != apart {
            return Some(format!("{call:?}\n  answers {together}\n  alone   {apart}"));
        }
        if gives_away(&together, call.who) {
            return Some(format!("{call:?} is answered with the other's content: {together}"));
        }
        did.entry(call.operation).or_default().insert(together);
    }
    for (who, world) in alone {
        let (together, apart) = (both.rows_of(tenant(*who)).await, world.rows_of(tenant(*who)).await);
        if together != apart {
            let missing: Vec<_> = apart.iter().filter(|row| !together.contains(row)).collect();
            let added: Vec<_> = together.iter().filter(|row| !apart.contains(row)).collect();
            return Some(format!("rows of {who:x} were changed by the other: {missing:?} became {added:?}"));
        }
    }
    None
}

/// The operations that have not shown anything but their absence of effect.
fn idle(did: &BTreeMap<&'static str, BTreeSet<String>>) -> Vec<&'static str> {
    let nothing = ["Ok(None)", "Ok(false)", "Ok([])", "Ok(0)", "Ok([0])"];
    let did_something = |operation: &&str| {
        let answers = did.get(operation).into_iter().flatten();
        answers
            .into_iter()
            .any(|one| one.starts_with("Ok") && !nothing.contains(&one.as_str()))
    };
    every().filter(|operation| !did_something(operation)).collect()
}

/// Leaves out halves, quarters, … while it still fails.
async fn shrunk(mut calls: Vec<Call>, mut reason: String) -> (Vec<Call>, String) {
    let mut size = calls.len() / 2;
    while size > 0 {
        let mut from = 0;
        while from < calls.len() {
            let mut fewer = calls.clone();
            fewer.drain(from..(from + size).min(calls.len()));
            match difference(&fewer, &mut BTreeMap::new()).await {
                Some(still) => (calls, reason) = (fewer, still),
                None => from += size,
            }
        }
        size /= if size > 8 { 4 } else { 2 };
    }
    (calls, reason)
}

#[tokio::test]
async fn no_operation_reads_or_changes_the_rows_of_another_tenant_with_the_same_ids() {
    let (seed, mut did) = (crate::support::seed(), BTreeMap::new());
    let count = if crate::support::is_full() { 20_000 } else { 1_500 };
    // Another round for what chance has left out.
    for seed in (0..20).map(|round| seed.wrapping_add(round)) {
        let wanted = if did.is_empty() { Vec::new() } else { idle(&did) };
        let calls = calls(seed, count, &wanted);
        println!("seed {seed}: {} calls", calls.len());
        if let Some(reason) = difference(&calls, &mut did).await {
            let (calls, reason) = shrunk(calls, reason).await;
            panic!("seed {seed}: {reason}\nafter {calls:#?}");
        }
        if idle(&did).is_empty() {
            return;
        }
        println!("nothing found yet: {:?}", idle(&did));
    }
    panic!("never found anything: {:?}", idle(&did));
}

/// Names of public functions that take a transaction, by file.
fn public_operations() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("entities/src");
    let mut found = BTreeSet::new();
    for (path, file) in parsed(&folder) {
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for item in file.items {
            let Item::Fn(function) = item else { continue };
            let takes_tx = function.sig.inputs.iter().any(|input| {
                let FnArg::Typed(one) = input else { return false };
                let text = quote::ToTokens::to_token_stream(&one.ty).to_string();
                text.contains("TenantTx") || text.contains("TenantDb")
            });
            if takes_tx && matches!(function.vis, Visibility::Public(_)) {
                found.insert(format!("{stem}::{}", function.sig.ident));
            }
        }
    }
    found
}

#[test]
fn every_public_operation_on_rows_is_in_the_test_above() {
    let known: BTreeSet<String> = every().map(str::to_owned).collect();
    assert_eq!(public_operations(), known);
}

#[tokio::test]
async fn a_child_is_found_below_its_own_parent_only() {
    let world = world().await;
    let call = |operation, n| Call {
        who: ADA,
        operation,
        n,
        at: NOW,
    };
    for made in [
        call("project::insert", [0, 0, 0, 0]),
        Call {
            at: NOW + 1,
            ..call("project::insert", [1, 1, 0, 0])
        },
        call("keys::store_project_key", [0, 0, 0, 1]),
        call("keys::store_project_key", [0, 0, 1, 1]),
        call("document::insert", [0, 0, 0, 0]),
        call("document_body::store", [0, 0, 0, 0]),
        call("chunk::insert", [0, 0, 0, 0]),
        call("conversation::insert", [0, 0, 0, 0]),
        call("message::insert", [0, 0, 1, 0]),
    ] {
        assert_eq!(perform(&world, &made).await, "Ok(())", "{made:?}");
    }
    let before = world.rows_of(tenant(ADA)).await;
    // Those that change something come last, so that each has something to find below the right parent.
    let operations = [
        ("document::find", "Ok(None)"),
        ("document::list", "Ok([])"),
        ("document_body::load", "Ok(None)"),
        ("chunk::page", "Ok([])"),
        ("chunk::of_document", "Ok([])"),
        ("conversation::find", "Ok(None)"),
        ("conversation::list", "Ok([])"),
        ("conversation::of_visitor", "Ok(None)"),
        ("message::of_conversation", "Ok([])"),
        ("message::unanswered", "Ok([])"),
        ("message::top_sources", "Ok([])"),
        ("message::set_helpful", "Ok(false)"),
        ("conversation::purge", "Ok(0)"),
        ("chunk::purge", "Ok(0)"),
        ("document::update", "Ok(false)"),
        ("document::replace", "Ok(None)"),
        ("document::delete", "Ok(false)"),
    ];
    for (operation, nothing) in operations {
        let wrong = call(operation, [1, 0, 1, 0]);
        assert_eq!(perform(&world, &wrong).await, nothing, "{operation} below another project");
    }
    assert_eq!(world.rows_of(tenant(ADA)).await, before);
    for (operation, nothing) in operations {
        let right = perform(&world, &call(operation, [0, 0, 1, 0])).await;
        assert!(right.starts_with("Ok") && right != nothing, "{operation} below its own: {right}");
    }
    world.close().await;
}
