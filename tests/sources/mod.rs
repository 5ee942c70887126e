//! Knowledge sources.

mod clocks;
mod confluence;
mod endings;
mod ends;
mod github;
mod grants;
mod inside;
mod kill;
mod leaving;
mod lists;
mod markup;
mod notion;
mod outage;
mod slack_channels;
mod sync;
mod told;
mod website;

use std::time::Duration;

use pernoex::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Person, TestApp, site::Site};

/// What lets the stand-ins of these stories be reached. Sessions outlast the days that the clock is moved by.
pub(crate) const SETTINGS: &[(&str, &str)] = &[
    ("PERNOEX_ALLOW_PRIVATE", "127.0.0.1"),
    ("PERNOEX_LIMIT_FACTOR", "1000"),
    ("PERNOEX_SESSION_IDLE_MINUTES", "43200"),
    ("PERNOEX_SESSION_HOURS", "2160"),
];
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// A server whose clock is the story's.
async fn at_a_time() -> (TestApp, Clock) {
    let clock = Clock::manual(1_800_000_000_000);
    (TestApp::start_with(clock.clone(), SETTINGS).await, clock)
}

/// Connects a source; returns its path below the API.
pub(crate) async fn connect(person: &mut Person, project: &str, body: Value) -> String {
    let (status, source) = person.post(&format!("{project}/sources"), body).await;
    assert_eq!(status, StatusCode::CREATED, "{source}");
    format!("{project}/sources/{}", source["id"].as_str().unwrap())
}

/// Connects a website, whose start is at `/docs/`.
async fn connect_site(person: &mut Person, project: &str, site: &Site) -> String {
    let config = json!({ "start": site.url("/docs/") });
    connect(person, project, json!({ "kind": "website", "config": config })).await
}

pub(crate) async fn page(person: &mut Person, source: &str) -> Value {
    let (status, page) = person.get(source).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    page
}

/// Waits until so many syncs have ended, and everything that came of them was processed. Returns the source's page.
pub(crate) async fn synced(person: &mut Person, source: &str, runs: usize) -> Value {
    let mut seen = Value::Null;
    for _ in 0..1_200 {
        seen = page(person, source).await;
        if seen["runs"].as_array().unwrap().len() >= runs && seen["source"]["sync"]["phase"] == "idle" {
            let project = source.split("/sources/").next().unwrap();
            person.settled(project).await;
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the source is not synced in time: {seen}");
}

/// As [`synced`], while the clock goes on.
async fn synced_by(clock: &Clock, person: &mut Person, source: &str, runs: usize) -> Value {
    let mut seen = Value::Null;
    for _ in 0..1_200 {
        seen = page(person, source).await;
        if seen["runs"].as_array().unwrap().len() >= runs && seen["source"]["sync"]["phase"] == "idle" {
            return seen;
        }
        // To when it goes on, if nothing is under way. Else by little: a step that waits for its turn at a provider does so by the world's
        // clock, and no other worker may have its job meanwhile.
        let until = seen["source"]["sync"]["wait_until"].as_str();
        let until = until.map(|until| chrono::DateTime::parse_from_rfc3339(until).unwrap().timestamp_millis());
        clock.advance(until.map_or(2_000, |until| (until + 1 - clock.now()).max(2_000)));
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    panic!("the source is not synced in time: {seen}");
}

/// Waits until some documents of a sync that goes on are there.
async fn has_some(person: &mut Person, source: &str, documents: i64) {
    for _ in 0..400 {
        if page(person, source).await["source"]["counts"]["documents"].as_i64() >= Some(documents) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{documents} documents do not come in time");
}

pub(crate) async fn sync_now(person: &mut Person, source: &str) {
    let answer = person.send(Method::POST, &format!("{source}/sync"), None, &[]).await;
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
}

async fn leave(person: &mut Person, source: &str, documents: &str) -> Value {
    let (status, receipt) = person.delete(source, Some(json!({ "documents": documents }))).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{receipt}");
    receipt
}

/// The documents of a project, by name.
pub(crate) async fn documents(person: &mut Person, project: &str) -> Vec<Value> {
    let mut documents = person.settled(project).await;
    documents.sort_by(|one, other| one["name"].as_str().cmp(&other["name"].as_str()));
    documents
}

pub(crate) fn names(documents: &[Value]) -> Vec<&str> {
    documents.iter().map(|document| document["name"].as_str().unwrap()).collect()
}

/// What is not taken, by the end of its address, and why.
fn skipped(page: &Value) -> Vec<(String, String)> {
    let mut skipped: Vec<_> = page["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let path = one["id"].as_str().unwrap().splitn(4, '/').nth(3).unwrap().to_owned();
            (path, one["code"].as_str().unwrap().to_owned())
        })
        .collect();
    skipped.sort();
    skipped
}

/// Added, changed, removed, skipped, unchanged: of the latest sync.
fn counts(page: &Value) -> [i64; 5] {
    ["added", "changed", "removed", "skipped", "unchanged"].map(|name| page["runs"][0][name].as_i64().unwrap())
}
