//! Syncs: when they begin, what is in their way, and how they go on.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use super::{
    DAY_MS, MINUTE_MS, SETTINGS, at_a_time, connect_site, counts, documents, has_some, names, page, skipped, sync_now, synced, synced_by,
};
use crate::support::{
    TestApp,
    receiver::Receiver,
    site::{Page, Site, article},
    stripe::Stripe,
};

#[tokio::test]
async fn a_source_is_synced_again_by_itself_about_a_day_later() {
    let (app, clock) = at_a_time().await;
    let site = Site::start().await;
    site.put("/docs/", article("Home", "The first words.", &[]));
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let source = connect_site(&mut ada, &project, &site).await;
    synced(&mut ada, &source, 1).await;
    site.put("/docs/", article("Home", "Other words.", &[]));
    clock.advance(DAY_MS * 8 / 10);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(
        page(&mut ada, &source).await["runs"].as_array().unwrap().len(),
        1,
        "it is not its time"
    );
    clock.advance(DAY_MS * 4 / 10);
    assert_eq!(counts(&synced(&mut ada, &source, 2).await), [0, 1, 0, 0, 0]);
    // Every hour from now on.
    let (status, changed) = ada.patch(&source, json!({ "every_hours": 1, "name": "Hourly" })).await;
    assert_eq!(
        (status, &changed["every_hours"], &changed["name"]),
        (StatusCode::OK, &json!(1), &json!("Hourly"))
    );
    clock.advance(70 * MINUTE_MS);
    assert_eq!(counts(&synced(&mut ada, &source, 3).await), [0, 0, 0, 0, 1]);
    assert_eq!(
        ada.patch(&source, json!({ "every_hours": 0 })).await.0,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn a_site_that_asks_to_be_left_alone_is_left_alone_and_the_sync_goes_on_then() {
    let (app, clock) = at_a_time().await;
    let site = Site::start().await;
    site.grow(5, 4);
    site.put("/robots.txt", Page::status(404));
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    site.first(&[Page::status(404), Page::status(429).with("retry-after", "1800")]);
    let source = connect_site(&mut ada, &project, &site).await;
    let mut seen = json!(null);
    for _ in 0..200 {
        seen = page(&mut ada, &source).await["source"]["sync"].clone();
        if seen["waiting"] == true && seen["phase"] == "fetching" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert_eq!((&seen["waiting"], &seen["phase"]), (&json!(true), &json!("fetching")), "{seen}");
    site.asked();
    // Nor does somebody's impatience change that.
    sync_now(&mut ada, &source).await;
    clock.advance(29 * MINUTE_MS);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(site.asked().is_empty());
    clock.advance(2 * MINUTE_MS);
    // The one that was asked for meanwhile follows at once.
    let page = synced(&mut ada, &source, 2).await;
    assert_eq!(page["runs"][1]["added"], 5, "{page}");
    assert_eq!(counts(&page), [0, 0, 0, 0, 5]);
}

#[tokio::test]
async fn a_sync_of_a_site_that_is_down_ends_is_told_of_and_loses_nothing() {
    let (app, clock) = at_a_time().await;
    let (site, mut receiver) = (Site::start().await, Receiver::start().await);
    site.grow(4, 3);
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let hook = json!({ "url": receiver.url(), "events": ["sync.failed"] });
    assert_eq!(ada.post(&format!("{project}/webhooks"), hook).await.0, StatusCode::CREATED);
    let source = connect_site(&mut ada, &project, &site).await;
    synced(&mut ada, &source, 1).await;
    site.down(true);
    sync_now(&mut ada, &source).await;
    let failed = synced_by(&clock, &mut ada, &source, 2).await;
    assert_eq!(failed["runs"][0]["outcome"], "failed", "{failed}");
    assert_eq!(failed["source"]["sync"]["problem"]["code"], "unavailable");
    assert_eq!(documents(&mut ada, &project).await.len(), 4, "what was read stays");
    let told = receiver.next().await.json();
    assert_eq!(
        (&told["type"], &told["data"]["failure"]["code"]),
        (&json!("sync.failed"), &json!("unavailable"))
    );
    assert_eq!(told["data"]["source"]["name"], "127.0.0.1");
    site.down(false);
    sync_now(&mut ada, &source).await;
    let healed = synced_by(&clock, &mut ada, &source, 3).await;
    assert_eq!(
        (&healed["runs"][0]["outcome"], &healed["source"]["sync"]["problem"]),
        (&json!("done"), &json!(null))
    );
    assert_eq!(counts(&healed)[4], 4);
}

/// The row that says what is to be done next is gone, and nobody knows why: a source must not rest for ever.
#[tokio::test]
async fn a_source_that_lost_its_job_is_taken_up_again() {
    let site = Site::start().await;
    site.grow(3, 2);
    let app = TestApp::with(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let source = connect_site(&mut ada, &project, &site).await;
    synced(&mut ada, &source, 1).await;
    let rows = app.rows().await;
    assert_eq!(rows.run("delete from job where kind = 'sync_source'", vec![]).await, 1);
    assert_eq!(rows.run("update job set run_at = 0 where kind = 'sweep_events'", vec![]).await, 1);
    rows.close().await;
    synced(&mut ada, &source, 2).await;
}

#[tokio::test]
async fn another_choice_begins_anew_while_a_sync_is_under_way() {
    let site = Site::start().await;
    site.grow(100, 10);
    site.put("/other/", article("Other", "Other words.", &[]));
    site.slow(Duration::from_millis(20));
    let app = TestApp::with(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let source = connect_site(&mut ada, &project, &site).await;
    has_some(&mut ada, &source, 15).await;
    let (status, changed) = ada.patch(&source, json!({ "config": { "start": site.url("/other/") } })).await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    let page = synced(&mut ada, &source, 1).await;
    assert_eq!(
        names(&documents(&mut ada, &project).await),
        ["Other"],
        "what was read for the choice before is gone: {page}"
    );
    assert!(skipped(&page).is_empty());
}

#[tokio::test]
async fn pages_of_one_title_are_told_apart() {
    let site = Site::start().await;
    site.put("/docs/", article("Guide", "One.", &["a", "b"]));
    site.put("/docs/a", article("Guide", "Two.", &[]));
    site.put("/docs/b", article("Guide", "Three.", &[]));
    let app = TestApp::with(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let source = connect_site(&mut ada, &project, &site).await;
    synced(&mut ada, &source, 1).await;
    let first = documents(&mut ada, &project).await;
    assert_eq!(first.len(), 3);
    assert!(names(&first).iter().all(|name| name.starts_with("Guide")), "{first:?}");
    // A new title is a new name.
    site.put("/docs/b", article("Manual", "Three.", &[]));
    sync_now(&mut ada, &source).await;
    synced(&mut ada, &source, 2).await;
    assert!(names(&documents(&mut ada, &project).await).contains(&"Manual"));
}

/// One workspace's long sync does not keep another's short one waiting.
#[tokio::test]
async fn sources_take_turns() {
    let (long, short) = (Site::start().await, Site::start().await);
    long.grow(300, 20);
    long.slow(Duration::from_millis(10));
    short.grow(3, 2);
    let app = TestApp::with(SETTINGS).await;
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let (lantern, lamp) = (ada.project("Lantern").await, eve.project("Lamp").await);
    let big = connect_site(&mut ada, &lantern, &long).await;
    let little = connect_site(&mut ada, &lantern, &short).await;
    let theirs = connect_site(&mut eve, &lamp, &short).await;
    synced(&mut eve, &theirs, 1).await;
    for _ in 0..400 {
        if !page(&mut ada, &little).await["runs"].as_array().unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let unfinished = page(&mut ada, &big).await;
    assert!(
        unfinished["runs"].as_array().unwrap().is_empty(),
        "the long one is not over: {unfinished}"
    );
    assert!(unfinished["source"]["sync"]["total"].as_i64() > unfinished["source"]["sync"]["done"].as_i64());
    synced(&mut ada, &big, 1).await;
}

/// The plan of this workspace has room for two documents, and the project of another for three: the rest is named, and taken when there is room.
#[tokio::test]
async fn what_there_is_no_room_for_is_named_and_taken_later() {
    let site = Site::start().await;
    site.grow(5, 4);
    let stripe = Stripe::start().await;
    let planned = stripe.app(pernoex::Clock::system(), SETTINGS).await;
    let settings = [SETTINGS, &[("PERNOEX_MAX_DOCUMENTS", "3")]].concat();
    let small = TestApp::with(&settings).await;
    for (app, room, code) in [(&planned, 2, "plan_limit"), (&small, 3, "project_full")] {
        let mut ada = app.owner("ada").await;
        let project = ada.project("Lantern").await;
        let source = connect_site(&mut ada, &project, &site).await;
        let page = synced(&mut ada, &source, 1).await;
        assert_eq!(page["runs"][0]["outcome"], "done", "{page}");
        let left: Vec<String> = skipped(&page).into_iter().map(|(_, code)| code).collect();
        assert_eq!(left, vec![code; 5 - room], "{page}");
        let first = documents(&mut ada, &project).await;
        assert_eq!(first.len(), room);
        // One page makes room for another.
        let gone = first.iter().find(|one| one["name"] != "Page 0").unwrap();
        let path = gone["source_url"].as_str().unwrap().strip_prefix(&site.url("")).unwrap().to_owned();
        site.remove(&path);
        sync_now(&mut ada, &source).await;
        synced(&mut ada, &source, 2).await;
        sync_now(&mut ada, &source).await;
        synced(&mut ada, &source, 3).await;
        let after = documents(&mut ada, &project).await;
        assert_eq!(after.len(), room, "{after:?}");
        assert!(after.iter().all(|one| one["name"] != gone["name"]));
        site.grow(5, 4);
    }
}
