//! What is seen of rows, by who asks more than once.

use std::sync::atomic::AtomicBool;

use actors::MasterKeys;
use entities::{
    Location, Store,
    evidence::{Evidence, FollowedLogs, gather, opens_without_key},
};
use sea_orm::{ConnectionTrait, Database};

use super::lived_in;
use crate::support::TestApp;

/// As the server opens it.
async fn store(app: &TestApp) -> Store {
    let location = match app.setting("DATABASE_URL") {
        Some(url) => Location::Postgres { url, connections: 2 },
        None => {
            let (masters, _) = MasterKeys::load_or_create(&app.data().join("master.key"), None).unwrap();
            let path = app.data().join("pernoex.db");
            let key = actors::database_key(&path, &masters).await.unwrap();
            Location::Embedded { path, key }
        }
    };
    Store::open(&location).await.unwrap()
}

const HOUR: i64 = 3_600_000;

#[tokio::test]
async fn a_table_of_tenants_is_known_for_one_on_both_databases() {
    let (app, _, _) = lived_in().await;
    let store = store(&app).await;
    let stop = AtomicBool::new(false);
    let found = gather(&store, 0, &stop, &mut FollowedLogs::default(), None).await.unwrap();
    for (column, is_tenants) in [
        ("document_body.sealed", true),
        ("credential.sealed", true),
        ("chunk.embedding", true),
        ("mail.sealed", false),
        ("report.sealed", false),
    ] {
        assert_eq!(found.columns.get(column), Some(&is_tenants), "{column} of {:?}", found.columns);
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    assert!(
        gather(&store, 0, &stop, &mut FollowedLogs::default(), None).await.is_err(),
        "told to stop"
    );
    store.close().await;
}

#[tokio::test]
async fn a_log_is_followed_from_where_it_held_and_once_a_day_from_its_first_entry() {
    let (app, mut ada, _) = lived_in().await;
    let store = store(&app).await;
    let (stop, mut known) = (AtomicBool::new(false), FollowedLogs::default());
    let first = gather(&store, 0, &stop, &mut known, None).await.unwrap();
    assert!(first.broken_logs.is_empty() && first.entries > 2, "{first:?}");
    ada.project("Another").await;
    let next = gather(&store, HOUR, &stop, &mut known, None).await.unwrap();
    assert!(next.broken_logs.is_empty() && next.entries > first.entries, "{next:?}");
    let rows = app.rows().await;
    if app.setting("DATABASE_URL").is_none() {
        rows.run("drop trigger audit_kept", vec![]).await;
    }
    rows.run("update audit set target_name = 'Another' where seq = 2", vec![]).await;
    let is_broken = |found: Evidence| !found.broken_logs.is_empty();
    assert!(!is_broken(gather(&store, 2 * HOUR, &stop, &mut known, None).await.unwrap()));
    assert!(is_broken(
        gather(&store, 2 * HOUR, &stop, &mut FollowedLogs::default(), None).await.unwrap()
    ));
    assert!(is_broken(gather(&store, 24 * HOUR, &stop, &mut known, None).await.unwrap()));
    // What was found broken is looked at from the first entry until it is not.
    assert!(is_broken(gather(&store, 25 * HOUR, &stop, &mut known, None).await.unwrap()));
    rows.close().await;
    store.close().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_is_not_said_to_be_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    assert_eq!(opens_without_key(&path("none.db")).await, None);
    assert_eq!(opens_without_key(folder.path()).await, None);
    std::fs::write(path("empty.db"), b"").unwrap();
    assert_eq!(opens_without_key(&path("empty.db")).await, None);
    std::fs::write(path("sealed.db"), [0xa7; 8_192]).unwrap();
    assert_eq!(opens_without_key(&path("sealed.db")).await, Some(false));
    let address = format!("sqlite://{}?mode=rwc", path("clear.db").display());
    let clear = Database::connect(address).await.unwrap();
    clear.execute_unprepared("create table a (b text)").await.unwrap();
    clear.close().await.unwrap();
    assert_eq!(opens_without_key(&path("clear.db")).await, Some(true));
}
