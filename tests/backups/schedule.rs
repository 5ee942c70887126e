//! Backups that servers make by themselves.

use actors::clock::Clock;
use reqwest::StatusCode;

use super::{eventually, names, prepared, reader, sign_in, started};

const DAY: i64 = 86_400_000;

#[tokio::test]
async fn one_is_made_each_day_by_one_node_and_those_are_kept_that_should_be() {
    let place = tempfile::tempdir().unwrap();
    let clock = Clock::manual(Clock::system().now());
    let settings = [
        ("PERNOEX_BACKUP_EVERY_HOURS", "24"),
        ("PERNOEX_BACKUP_KEEP_DAYS", "3"),
        ("PERNOEX_METRICS_LISTEN", "127.0.0.1:0"),
    ];
    let mut app = prepared(clock.clone(), place.path(), &settings).await;
    app.start_again();
    let mut operator = app.operator().await;
    let all = async |many: usize, newest: &str| {
        eventually("a backup", async || {
            let names = names(place.path());
            (names.len() == many && names.last().is_some_and(|last| last.as_str() > newest)).then_some(names)
        })
        .await
    };
    let first = all(1, "").await;
    // Another node looks at the same time, and finds that it is done.
    let beside = app.beside();
    let mut newest = first[0].clone();
    for (day, kept) in [(1, 2), (2, 3), (3, 3), (4, 3), (5, 3)] {
        clock.advance(DAY + 1000);
        let names = all(kept, &newest).await;
        newest = names.last().unwrap().clone();
        assert_eq!(names.contains(&first[0]), day <= 2, "{day}: {names:?}");
    }
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert_eq!(names(place.path()).last(), Some(&newest), "and none besides");
    let rows = app.rows().await;
    let runs = rows
        .ask(
            "select 1 as one from backup_run where state = 'done' and cause = 'schedule'",
            vec![],
        )
        .await;
    assert_eq!(runs.len(), 6);
    rows.close().await;

    // Days went by.
    sign_in(&app, &mut operator).await;
    let (status, page) = operator.get("/operator/api/actors").await;
    assert_eq!(status, StatusCode::OK);
    let shown = &page["server"]["backups"];
    assert!(
        shown["last_success_at"].is_string() && shown["every_hours"] == 24 && shown["failures"] == 0,
        "{shown}"
    );
    let text = reqwest::get(format!("http://{}/metrics", app.metrics.unwrap()))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for line in [
        "pernoex_backup_failures 0",
        "pernoex_backup_interval_seconds 86400",
        "pernoex_backup_last_success_age_seconds ",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    drop(beside);
}

#[tokio::test]
async fn a_copy_that_is_taken_elsewhere_says_nothing_of_those_that_are_kept() {
    let (place, away) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let app = started(place.path()).await;
    let away = away.path().display().to_string();
    let (well, report) = app.command_meanwhile(&["backup", "--at", &away]).await;
    assert!(well, "{report}");
    let (_, report) = app.command(&["doctor"]);
    assert!(report.contains("none was made yet"), "{report}");
    // By another name, but there.
    let here = place.path().join(".").display().to_string();
    let (well, report) = app.command_meanwhile(&["backup", "--at", &here]).await;
    assert!(well, "{report}");
    let (_, report) = app.command(&["doctor"]);
    assert!(report.contains("the last was made 0 hours ago"), "{report}");
    // As when its volume is not mounted.
    std::fs::remove_dir_all(place.path()).unwrap();
    let (well, report) = app.command(&["doctor"]);
    assert!(!well && report.contains("the place cannot be looked at"), "{report}");
}

#[tokio::test]
async fn once_they_go_elsewhere_the_next_is_due_at_once_and_those_before_do_not_count() {
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut app = prepared(Clock::system(), old.path(), &[("PERNOEX_BACKUP_EVERY_HOURS", "24")]).await;
    app.start_again();
    let made = async |place: &std::path::Path| eventually("a backup", async || (names(place).len() == 1).then_some(())).await;
    made(old.path()).await;
    app.stop().await;
    assert!(app.command(&["doctor"]).1.contains("the last was made 0 hours ago"));
    app.configure("PERNOEX_BACKUP_TO", &new.path().display().to_string());
    assert!(app.command(&["doctor"]).1.contains("none was made yet in the place that is set"));
    assert!(app.command(&["verify", "--inside"]).1.contains("no backup was made yet"));
    app.start_again();
    made(new.path()).await;
    app.stop().await;
    assert!(app.command(&["doctor"]).1.contains("the last was made 0 hours ago"));
    let rows = app.rows().await;
    let places = rows
        .ask("select distinct place as one from backup_run where length(place) = 32", vec![])
        .await;
    assert_eq!(places.len(), 2);
    // As they were written before places were noted.
    rows.run("update backup_run set place = null", vec![]).await;
    rows.close().await;
    let elsewhere = new.path().join("elsewhere").display().to_string();
    app.configure("PERNOEX_BACKUP_TO", &elsewhere);
    assert!(app.command(&["doctor"]).1.contains("the last was made 0 hours ago"));
}

#[tokio::test]
async fn one_that_fails_is_told_and_tried_again() {
    let place = tempfile::tempdir().unwrap();
    let inside = place.path().join("mounted");
    std::fs::write(&inside, "a file where a folder should be").unwrap();
    let clock = Clock::manual(Clock::system().now());
    let mut app = prepared(clock.clone(), &inside, &[("PERNOEX_BACKUP_EVERY_HOURS", "24")]).await;
    app.start_again();
    let mut operator = app.operator().await;
    let mut shown = async || operator.get("/operator/api/actors").await.1["server"]["backups"].clone();
    let failed = eventually("a failure", async || Some(shown().await).filter(|shown| shown["failures"] == 1)).await;
    assert!(failed["failure"].as_str().unwrap().contains("mounted"), "{failed}");
    let (well, report) = app.command(&["doctor"]);
    assert!(
        !well && report.contains("FAILURE  backups") && report.contains("none was made yet"),
        "{report}"
    );
    std::fs::remove_file(&inside).unwrap();
    clock.advance(16 * 60_000);
    let done = eventually("the next", async || {
        Some(shown().await).filter(|shown| shown["last_success_at"].is_string())
    })
    .await;
    assert_eq!(done["failures"], 0);
}

#[tokio::test]
async fn the_role_that_reads_all_rows_can_change_none_and_is_not_the_servers() {
    let place = tempfile::tempdir().unwrap();
    let mut app = prepared(Clock::system(), place.path(), &[]).await;
    let Some(reader) = reader(&app) else { return };
    app.start_again();
    app.owner("ada").await;
    app.owner("eve").await;
    let connect = async |url: &str| {
        let location = entities::Location::Postgres {
            url: url.to_owned(),
            connections: 1,
        };
        crate::support::rows::Rows(
            sea_orm::Database::connect(entities::connect_options(&location, true))
                .await
                .unwrap(),
        )
    };
    let count = async |rows: &crate::support::rows::Rows| rows.ask("select 1 as one from workspace", vec![]).await.len();
    let (reading, serving) = (connect(&reader).await, connect(&app.setting("DATABASE_URL").unwrap()).await);
    assert_eq!((count(&reading).await, count(&serving).await), (2, 0));
    use sea_orm::ConnectionTrait;
    for forbidden in [
        "update workspace set name = 'x'",
        "set transaction read write; delete from project",
        "select 1 from session",
        "select 1 from account_token",
        "select 1 from mail",
    ] {
        assert!(reading.0.execute_unprepared(forbidden).await.is_err(), "{forbidden}");
    }
    reading.close().await;
    serving.close().await;
    // A table that the role was not let into makes no smaller backup, but none.
    let rows = app.rows().await;
    rows.run("drop policy backup_reads on document", vec![]).await;
    let migration = app.setting("MIGRATION_DATABASE_URL").unwrap();
    app.configure("MIGRATION_DATABASE_URL", "");
    let (done, said) = app.command(&["backup"]);
    assert!(!done && said.contains("sees only a part of the table document"), "{said}");
    app.configure("MIGRATION_DATABASE_URL", &migration);
    let (done, said) = app.command(&["backup"]);
    assert!(done, "which the migration mends: {said}");
    rows.close().await;
}
