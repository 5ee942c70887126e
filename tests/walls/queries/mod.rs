//! Two tenants whose rows have the same ids do everything that the storage layer can do, in turns. What each gets, and what is stored of
//! each afterwards, must be what it would be if the other did not exist.

mod audit;
mod billing;
pub(super) mod call;
mod conversations;
mod curated;
mod documents;
mod grants;
mod integrations;
mod keys;
mod library;
mod people;
mod privacy;
mod projects;
mod slack;
mod sources;
mod webhooks;
mod widget;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::{Duration, Instant},
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
        curated::OPERATIONS,
        keys::OPERATIONS,
        projects::OPERATIONS,
        people::OPERATIONS,
        audit::OPERATIONS,
        integrations::OPERATIONS,
        slack::OPERATIONS,
        sources::OPERATIONS,
        grants::OPERATIONS,
        webhooks::OPERATIONS,
        billing::OPERATIONS,
        widget::OPERATIONS,
        privacy::OPERATIONS,
        library::OPERATIONS,
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
    // What most of the rest hangs on, more often still: by chance alone there would seldom be all of it.
    "project::insert",
    "project::insert",
    "keys::store_project_key",
    "keys::store_project_key",
    "keys::store_project_key",
    "conversation::insert",
    "conversation::insert",
    "message::insert",
    "message::insert",
    "document::insert",
    "document_body::store",
    "chunk::insert",
    "chunk::set_embedding",
    "conversation::insert",
    "message::insert",
    "conversation_note::insert",
    "todo::insert",
    "session::create",
    "job::enqueue",
    "job::enqueue_reembedding",
    "member::insert",
    "invitation::insert",
    "project_member::assign",
    "credential::insert",
    "inbound_event::insert",
    "slack_installation::insert",
    "slack_answer::insert",
    "webhook_endpoint::insert",
    "webhook_delivery::insert",
    "voice_endpoint::insert",
    "voice_call::store",
    "curated_answer::insert",
    "curated_revision::insert",
    "billing_customer::insert",
    "source::insert",
    "source_grant::insert",
    "source_item::take",
    "source_item::set",
    "source_receipt::insert",
    "widget_identity::put",
    "widget_logo::put",
    "collection::insert",
    "document_revision::insert",
    "document_print::put",
    "document_batch::insert",
    "document_tag::add",
    "project::set_synonyms",
];

/// What else one of them hangs on, and would be in the way of most.
const NEEDS: &[(&str, &[&str])] = &[
    ("collection::counts", &["document_filing::file"]),
    ("conversation::attention", &["conversation::count"]),
    ("document::read_again", &["document::fail"]),
    ("document_filing::twins_of", &["document_filing::set_twin"]),
    ("document_print::find_secret", &["document_print::insert_secret"]),
    ("inbound_event::forget", &["inbound_event::insert", "inbound_event::finish"]),
    ("inbound_event::sweep", &["inbound_event::insert", "inbound_event::finish"]),
    ("inbound_event::try_again", &["inbound_event::insert", "inbound_event::finish"]),
    ("job::next_forgetting", &["job::enqueue_forgetting"]),
    // One job at a time has what the numbers of a call name.
    ("job::waiting_shares", &["job::finish", "job::enqueue_for"]),
    ("keys::retire_project_keys", &["keys::close_project_keys"]),
    ("privacy::find", &["privacy::set"]),
    ("session::delete_expired", &["session::create"]),
    ("slack_channel::find", &["slack_channel::put"]),
    ("source_item::join", &["source_item::set"]),
    ("source_item::missed", &["source_item::set"]),
    ("voice_endpoint::expire", &["voice_endpoint::set_credential"]),
];

async fn perform(world: &World, call: &Call) -> String {
    let (file, _) = call.operation.split_once("::").unwrap();
    match file {
        _ if privacy::OPERATIONS.contains(&call.operation) => privacy::perform(world, call).await,
        _ if library::OPERATIONS.contains(&call.operation) => library::perform(world, call).await,
        "document" | "document_filing" | "document_body" | "chunk" => documents::perform(world, call).await,
        "conversation" | "conversation_note" | "message" | "rollup" | "todo" => conversations::perform(world, call).await,
        "keys" | "sealed" => keys::perform(world, call).await,
        "source_grant" | "source_route" => grants::perform(world, call).await,
        "source" | "source_item" | "source_item_gone" | "source_run" | "source_receipt" => sources::perform(world, call).await,
        "job" if sources::OPERATIONS.contains(&call.operation) => sources::perform(world, call).await,
        "project" | "job" | "embeddings" => projects::perform(world, call).await,
        "slack_installation" | "slack_channel" | "slack_answer" => slack::perform(world, call).await,
        "billing_customer" | "billing_subscription" | "answer_count" => billing::perform(world, call).await,
        "curated_answer" | "curated_revision" | "model_use" => curated::perform(world, call).await,
        "audit" => audit::perform(world, call).await,
        "credential" | "inbound_event" | "voice_call" | "voice_endpoint" => integrations::perform(world, call).await,
        "webhook_endpoint" | "webhook_delivery" => webhooks::perform(world, call).await,
        "widget_identity" | "widget_logo" | "visitor" => widget::perform(world, call).await,
        _ => people::perform(world, call).await,
    }
}

/// Seldom, or little would be left to look at.
const ENDS: &[&str] = &[
    "project::delete",
    "project::purge",
    "chunk::purge",
    "conversation::purge",
    "rollup::purge",
    "rollup::forget_visitor",
    "rollup::forget_unseen",
    "document::delete",
    "member::remove",
    "slack_installation::delete",
    "webhook_endpoint::delete",
    "webhook_delivery::delete",
    "webhook_delivery::purge",
    "curated_answer::delete",
    "source::delete",
    "source_item::purge",
    "forgetting::delete",
    "forgetting::take_out",
    "collection::delete",
];

/// Everything that the others need, made from the same numbers, and then what is `wanted`: chance alone would seldom get to it. Some of
/// it is `missed`, one of so many: there are things that only what is not there yet shows.
fn beginning(dice: &mut Dice, wanted: &[&'static str], missed: Option<usize>) -> Vec<Call> {
    let n = std::array::from_fn(|_| dice.next() >> 16);
    let (first, second) = if dice.below(2) == 0 { (ADA, EVE) } else { (EVE, ADA) };
    let mut makers: Vec<&'static str> = Vec::new();
    for maker in MAKERS {
        if !makers.contains(maker) && missed.is_none_or(|of| dice.below(of) > 0) {
            makers.push(maker);
        }
    }
    // Twice over, so that none comes before what it hangs on.
    let mut operations: Vec<&'static str> = makers.iter().chain(&makers).copied().collect();
    for operation in wanted {
        operations.extend(NEEDS.iter().filter(|(who, _)| who == operation).flat_map(|(_, what)| *what));
        operations.push(operation);
    }
    operations.sort_by_key(|operation| ENDS.contains(operation));
    // What others made is older by then, or as old: some things only happen to what is.
    let later = [0, 100, 100_000][dice.below(3)];
    let made = makers.len() * 2;
    let call = |who| {
        move |(turn, operation): (usize, &&'static str)| Call {
            who,
            operation,
            n,
            at: NOW + if turn < made { 0 } else { later },
        }
    };
    let of_first: Vec<Call> = operations.iter().enumerate().map(call(first)).collect();
    of_first
        .into_iter()
        .chain(operations.iter().enumerate().map(call(second)))
        .collect()
}

fn calls(seed: u64, count: usize, wanted: &[&'static str], again: bool) -> Vec<Call> {
    let mut dice = Dice::new(seed);
    let mut drawn = beginning(&mut dice, wanted, None);
    for of in [None, None, Some(8), None, Some(6), Some(4)].into_iter().filter(|_| again) {
        drawn.extend(beginning(&mut dice, wanted, of));
    }
    let all = operations();
    for turn in 0..count {
        let operations = if turn < 80 || dice.below(3) == 0 { MAKERS } else { all.as_slice() };
        let operation = match dice.below(5) {
            0 if again && !wanted.is_empty() => wanted[dice.below(wanted.len())],
            _ => operations[dice.below(operations.len())],
        };
        if ENDS.contains(&operation) && dice.below(3) > 0 {
            continue;
        }
        drawn.push(Call {
            who: if dice.below(2) == 0 { ADA } else { EVE },
            operation,
            n: std::array::from_fn(|_| dice.next() >> 16),
            at: NOW + i64::try_from(turn).unwrap(),
        });
    }
    // At last one of them goes, table by table; more turns than there are tables: what is left of it has an id of its own making.
    let end = |operation| Call {
        who: EVE,
        operation,
        n: [0; 4],
        at: NOW + i64::try_from(count).unwrap(),
    };
    drawn.push(end("workspace::delete"));
    drawn.extend(std::iter::repeat_with(|| end("purge::purge")).take(150));
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

/// Leaves out halves, quarters, … while it still fails, for a while: a test that is ended for taking too long says nothing.
async fn shrunk(mut calls: Vec<Call>, mut reason: String) -> (Vec<Call>, String) {
    let until = Instant::now() + if crate::support::is_full() { SHRINK * 20 } else { SHRINK };
    let mut size = calls.len() / 2;
    while size > 0 {
        let mut from = 0;
        while from < calls.len() && Instant::now() < until {
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

const SHRINK: Duration = Duration::from_secs(60);

#[tokio::test]
async fn no_operation_reads_or_changes_the_rows_of_another_tenant_with_the_same_ids() {
    let (seed, mut did) = (crate::support::seed(), BTreeMap::new());
    let count = if crate::support::is_full() { 20_000 } else { 1_200 };
    let mut calls = calls(seed, count, &operations(), false);
    // Another round for what chance has left out.
    for seed in (0..24).map(|round| seed.wrapping_add(round)) {
        println!("seed {seed}: {} calls", calls.len());
        if let Some(reason) = difference(&calls, &mut did).await {
            println!("{reason}");
            let (calls, reason) = shrunk(calls, reason).await;
            panic!("seed {seed}: {reason}\nafter {calls:#?}");
        }
        if idle(&did).is_empty() {
            return;
        }
        println!("nothing found yet: {:?}", idle(&did));
        // Each round ends with those anyway, and what they leave has an id of its own making.
        let wanted: Vec<_> = idle(&did).into_iter().filter(|one| !ENDINGS.contains(one)).collect();
        calls = self::calls(seed.wrapping_add(1), 600, &wanted, true);
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
        call("keys::store_project_key", [1, 0, 0, 1]),
        call("keys::store_project_key", [1, 0, 1, 1]),
        call("document::insert", [0, 0, 0, 0]),
        call("document_body::store", [0, 0, 0, 0]),
        call("chunk::insert", [0, 0, 0, 0]),
        call("conversation::insert", [0, 0, 0, 0]),
        call("message::insert", [0, 0, 1, 0]),
        call("message::insert", [0, 0, 2, 1]),
        call("conversation_note::insert", [0, 0, 1, 0]),
        call("todo::insert", [0, 0, 1, 0]),
        call("webhook_endpoint::insert", [0, 0, 0, 0]),
        call("webhook_delivery::insert", [0, 0, 1, 0]),
        call("webhook_delivery::insert", [0, 0, 2, 0]),
        call("curated_answer::insert", [0, 0, 0, 0]),
        call("curated_revision::insert", [0, 0, 1, 0]),
    ] {
        assert_eq!(perform(&world, &made).await, "Ok(())", "{made:?}");
    }
    let before = world.rows_of(tenant(ADA)).await;
    // Those that change something come last, so that each has something to find below the right parent.
    let operations = [
        ("document::find", "Ok(None)"),
        ("document::list", "Ok([])"),
        ("document_body::load", "Ok(None)"),
        ("chunk::of_documents", "Ok([])"),
        ("chunk::of_document", "Ok([])"),
        ("conversation::find", "Ok(None)"),
        ("conversation::list", "Ok([])"),
        ("conversation::of_visitor", "Ok(None)"),
        ("message::of_conversation", "Ok([])"),
        ("message::of_conversations", "Ok([])"),
        ("message::unanswered", "Ok([])"),
        ("conversation::changed", "Ok([])"),
        ("conversation_note::of_conversations", "Ok([])"),
        ("todo::find", "Ok(None)"),
        ("todo::undone", "Ok(0)"),
        ("rollup::days", "Ok([])"),
        ("rollup::distinct", "Ok(None)"),
        ("rollup::visitors", "Ok([])"),
        ("rollup::pages", "Ok([])"),
        ("rollup::sources", "Ok([])"),
        ("rollup::last_cited", "Ok([])"),
        ("message::set_helpful", "Ok(None)"),
        ("message::tell_once", "Ok(false)"),
        ("conversation::touch", "Ok(false)"),
        ("conversation::set_person", "Ok(false)"),
        ("conversation::handle", "Ok(false)"),
        ("conversation_note::delete", "Ok(false)"),
        ("todo::set_done", "Ok(false)"),
        ("todo::delete", "Ok(false)"),
        ("rollup::forget_visitor", "Ok(false)"),
        ("rollup::forget_unseen", "Ok(0)"),
        ("rollup::purge", "Ok(0)"),
        ("webhook_endpoint::list", "Ok([])"),
        ("webhook_endpoint::find", "Ok(None)"),
        ("webhook_endpoint::change", "Ok(false)"),
        ("webhook_endpoint::set_secrets", "Ok(false)"),
        ("webhook_endpoint::pause", "Ok(false)"),
        ("webhook_endpoint::set_failing", "Ok(false)"),
        ("webhook_delivery::find", "Ok(None)"),
        ("webhook_delivery::of_project", "Ok([])"),
        ("webhook_delivery::note", "Ok(false)"),
        ("webhook_delivery::delete", "Ok(0)"),
        ("webhook_delivery::purge", "Ok(0)"),
        ("curated_answer::list", "Ok([])"),
        ("curated_answer::count", "Ok(0)"),
        ("curated_answer::find", "Ok(None)"),
        ("curated_answer::used", "Ok(None)"),
        ("curated_revision::list", "Ok([])"),
        ("curated_revision::find", "Ok(None)"),
        ("curated_answer::enable", "Ok(false)"),
        ("curated_answer::delete", "Ok(false)"),
        ("webhook_endpoint::delete", "Ok(false)"),
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
