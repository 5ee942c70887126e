//! The audit log's own wall: what somebody who has the database does to it is seen.

use entities::{
    TenantDb,
    audit::{
        self, Act, Note, Target,
        chain::{Broken, Hash},
    },
};
use sea_orm::{ConnectionTrait, Database, DbErr};

use super::{
    queries::call::{ADA, EVE, account_of, tenant, world},
    store::World,
};

fn note(n: i64) -> Note {
    Note {
        at: 1_700_000_000_000 + n,
        actor: Some(account_of(ADA)),
        address: "192.0.2.1".into(),
        act: Act::ProjectCreated,
        target: Target::of("project", n, "Lantern"),
        done: true,
        details: serde_json::json!({ "n": n }),
    }
}

async fn add(db: &TenantDb, count: i64) {
    for n in 0..count {
        db.write(async |tx| audit::append(tx, note(n)).await).await.unwrap();
    }
}

/// A log of ten entries in each of two workspaces, and no trigger in the way of whoever has the file.
async fn logged() -> World {
    let world = world().await;
    for who in [ADA, EVE] {
        // The first is the workspace's own beginning.
        add(&world.store.tenant(tenant(who)), 9).await;
    }
    world
}

async fn force(world: &World, sql: &str) -> Result<u64, DbErr> {
    if !world.is_postgres() {
        for trigger in ["audit_kept", "audit_whole", "audit_checkpoint_kept", "audit_checkpoint_whole"] {
            world.raw.execute_unprepared(&format!("drop trigger if exists {trigger}")).await?;
        }
    }
    world.execute(sql, [tenant(ADA).uuid().into()]).await
}

async fn broken(world: &World, who: u128) -> Option<Broken> {
    let db = world.store.tenant(tenant(who));
    let found = db.read(async |tx| audit::check(tx, None).await).await.unwrap();
    found.err()
}

#[tokio::test]
async fn a_log_that_was_left_alone_holds() {
    let world = logged().await;
    assert_eq!(broken(&world, ADA).await, None);
    assert_eq!(broken(&world, EVE).await, None);
    world.close().await;
}

#[tokio::test]
async fn an_entry_that_was_altered_is_named() {
    for column in [
        "at",
        "email",
        "address",
        "act",
        "target_kind",
        "target_id",
        "target_name",
        "outcome",
        "details",
    ] {
        let world = logged().await;
        let value = if column == "at" { "7" } else { "'x'" };
        let sql = format!("update audit set {column} = {value} where tenant_id = $1 and seq = 5");
        assert_eq!(force(&world, &sql).await.unwrap(), 1);
        assert_eq!(broken(&world, ADA).await, Some(Broken::Altered(5)), "{column}");
        assert_eq!(broken(&world, EVE).await, None, "the other's holds");
        world.close().await;
    }
    let world = logged().await;
    force(&world, "update audit set actor = null where tenant_id = $1 and seq = 5")
        .await
        .unwrap();
    assert_eq!(broken(&world, ADA).await, Some(Broken::Altered(5)));
    world.close().await;
}

#[tokio::test]
async fn an_entry_that_was_deleted_is_missed() {
    for (condition, found) in [
        ("seq = 1", Broken::Gap { expected: 1, found: 2 }),
        ("seq = 5", Broken::Gap { expected: 5, found: 6 }),
        ("seq >= 9", Broken::Short { expected: 10, found: 8 }),
        ("seq > 0", Broken::Short { expected: 10, found: 0 }),
    ] {
        let world = logged().await;
        force(&world, &format!("delete from audit where tenant_id = $1 and {condition}"))
            .await
            .unwrap();
        assert_eq!(broken(&world, ADA).await, Some(found), "{condition}");
        world.close().await;
    }
}

#[tokio::test]
async fn a_deleted_entry_is_missed_when_the_rest_moved_up() {
    let world = logged().await;
    force(&world, "delete from audit where tenant_id = $1 and seq = 5").await.unwrap();
    for seq in 6..=10 {
        let sql = format!("update audit set seq = {} where tenant_id = $1 and seq = {seq}", seq - 1);
        force(&world, &sql).await.unwrap();
    }
    assert_eq!(broken(&world, ADA).await, Some(Broken::Link(5)));
    world.close().await;
}

#[tokio::test]
async fn two_entries_that_changed_places_are_seen() {
    let world = logged().await;
    for (from, to) in [(5, 99), (6, 5), (99, 6)] {
        let sql = format!("update audit set seq = {to} where tenant_id = $1 and seq = {from}");
        force(&world, &sql).await.unwrap();
    }
    assert_eq!(broken(&world, ADA).await, Some(Broken::Link(5)));
    world.close().await;
}

#[tokio::test]
async fn a_log_put_in_the_place_of_anothers_is_seen() {
    let world = logged().await;
    let other = tenant(EVE).uuid();
    force(&world, "delete from audit where tenant_id = $1").await.unwrap();
    let columns = "seq, at, actor, email, address, act, target_kind, target_id, target_name, outcome, details, previous, hash";
    let copy = format!("insert into audit (tenant_id, {columns}) select $1, {columns} from audit where tenant_id = $2");
    let values = [tenant(ADA).uuid().into(), other.into()];
    assert_eq!(world.execute(&copy, values).await.unwrap(), 10);
    assert_eq!(broken(&world, ADA).await, Some(Broken::Link(1)));
    world.close().await;
}

/// Whoever cuts off the tail and sets the head back is found out by what was signed.
#[tokio::test]
async fn a_tail_that_was_cut_off_with_its_head_is_missed_by_the_last_signature() {
    let world = logged().await;
    let db = world.store.tenant(tenant(ADA));
    let sign = || async {
        db.write(async |tx| audit::sign(tx, 1, |message| message.to_vec()).await)
            .await
            .unwrap()
    };
    let signed = sign().await.unwrap().unwrap();
    assert_eq!(signed.seq, 10);
    assert_eq!(sign().await.unwrap().unwrap(), signed, "nothing new, nothing to sign");
    force(&world, "delete from audit where tenant_id = $1 and seq > 8").await.unwrap();
    let head = "update audit_head set seq = 8, hash = (select hash from audit where tenant_id = $1 and seq = 8) where tenant_id = $1";
    force(&world, head).await.unwrap();
    let found = sign().await;
    assert_eq!(found, Err(Broken::Short { expected: 10, found: 8 }));
    // Nor does going on from there make it look right.
    add(&db, 4).await;
    assert_eq!(sign().await, Err(Broken::Link(11)));
    world.close().await;
}

#[tokio::test]
async fn an_altered_entry_is_never_signed() {
    let world = logged().await;
    let db = world.store.tenant(tenant(ADA));
    force(&world, "update audit set act = 'project.renamed' where tenant_id = $1 and seq = 10")
        .await
        .unwrap();
    let signed = db.write(async |tx| audit::sign(tx, 1, |_| panic!("signed")).await).await.unwrap();
    assert_eq!(signed, Err(Broken::Altered(10)));
    world.close().await;
}

#[tokio::test]
async fn the_server_itself_can_neither_alter_nor_delete_an_entry() {
    let world = logged().await;
    let statements = [
        "update audit set act = 'x'",
        "delete from audit",
        "update audit_checkpoint set at = 0",
        "delete from audit_checkpoint",
    ];
    let db = world.store.tenant(tenant(ADA));
    db.write(async |tx| audit::sign(tx, 1, |message| message.to_vec()).await)
        .await
        .unwrap()
        .unwrap();
    let app = match &world.application {
        None => world.raw.clone(),
        Some(url) => {
            let location = entities::Location::Postgres {
                url: url.clone(),
                connections: 1,
            };
            Database::connect(entities::connect_options(&location, true)).await.unwrap()
        }
    };
    for sql in statements {
        assert!(app.execute_unprepared(sql).await.is_err(), "{sql}");
    }
    if world.is_postgres() {
        // Not while the workspace lives, and of no other's ever.
        app.execute_unprepared(&format!("set app.tenant_id = '{}'", tenant(ADA)))
            .await
            .unwrap();
        app.execute_unprepared("select purge_audit(100)").await.unwrap();
        app.close().await.unwrap();
    }
    assert_eq!(broken(&world, ADA).await, None);
    world.close().await;
}

/// Writers of one workspace queue at the head of its log; writers of a person's acts go through several. None waits for ever, and no
/// number is given twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_that_writes_at_once_leaves_a_chain_without_gaps() {
    let world = logged().await;
    let mut writers = Vec::new();
    for n in 0..24_i64 {
        let (store, who) = (world.store.clone(), if n % 2 == 0 { ADA } else { EVE });
        writers.push(tokio::spawn(async move {
            if n % 3 == 0 {
                let platform = store.platform();
                let account = account_of(who);
                platform
                    .write(async |tx| audit::append_for_account(tx, account, &note(n)).await)
                    .await
                    .unwrap();
            } else {
                store
                    .tenant(tenant(who))
                    .write(async |tx| audit::append(tx, note(n)).await)
                    .await
                    .unwrap();
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let mut all = 0;
    for who in [ADA, EVE] {
        let db = world.store.tenant(tenant(who));
        let head = db.read(async |tx| audit::check(tx, None).await).await.unwrap().unwrap();
        all += head.seq;
    }
    assert_eq!(all, 20 + 24);
    world.close().await;
}

/// What is hashed is written down; whoever reimplements it gets the same.
#[test]
fn the_hash_of_an_entry_is_what_the_documentation_says() {
    use sha2::Digest;
    let entry = audit::chain::Entry {
        seq: 1,
        at: 2,
        actor: None,
        email: "a".into(),
        address: String::new(),
        act: "b".into(),
        target_kind: String::new(),
        target_id: String::new(),
        target_name: String::new(),
        outcome: "done".into(),
        details: "{}".into(),
        previous: [7; 32],
        hash: [0; 32],
    };
    let id = tenant(ADA);
    let uuid = id.uuid();
    let mut bytes = Vec::new();
    let fields: [&[u8]; 14] = [
        b"pernoex audit v1",
        uuid.as_bytes().as_slice(),
        &1_i64.to_be_bytes(),
        &2_i64.to_be_bytes(),
        b"",
        b"a",
        b"",
        b"b",
        b"",
        b"",
        b"",
        b"done",
        b"{}",
        &[7; 32],
    ];
    for field in fields {
        bytes.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
        bytes.extend(field);
    }
    let expected: Hash = sha2::Sha256::digest(&bytes).into();
    assert_eq!(entry.computed_hash(id), expected);
}
