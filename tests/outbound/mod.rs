//! Webhooks that projects send.

mod delivery;
mod events;
mod interruption;
mod refusals;
mod secrets;

use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Person, TestApp};

/// What lets the receivers of these stories be reached. Sessions outlast the days that the clock is moved by.
const SETTINGS: &[(&str, &str)] = &[
    ("PERNOEX_ALLOW_PRIVATE", "127.0.0.1"),
    ("PERNOEX_LIMIT_FACTOR", "1000"),
    ("PERNOEX_SESSION_IDLE_MINUTES", "43200"),
    ("PERNOEX_SESSION_HOURS", "2160"),
];
const EVERY: [&str; 3] = ["question.unanswered", "feedback.negative", "document.failed"];
const HOUR_MS: i64 = 3_600_000;

/// A server whose clock is the story's: ahead of that of the program, whose keys it must not have to wait for.
async fn start() -> (TestApp, Clock) {
    let clock = Clock::manual(4_000_000_000_000);
    (TestApp::start_with(clock.clone(), SETTINGS).await, clock)
}

struct Hook {
    /// Below the API.
    path: String,
    secret: String,
}

async fn add(person: &mut Person, project: &str, url: &str, events: &[&str]) -> Hook {
    let (status, made) = person
        .post(&format!("{project}/webhooks"), json!({ "url": url, "events": events }))
        .await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    Hook {
        path: format!("{project}/webhooks/{}", made["webhook"]["id"].as_str().unwrap()),
        secret: made["secret"].as_str().unwrap().to_owned(),
    }
}

async fn log(person: &mut Person, hook: &Hook) -> Vec<Value> {
    let (status, page) = person.get(&format!("{}/deliveries", hook.path)).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    page["deliveries"].as_array().unwrap().clone()
}

/// The latest delivery, once it is as `as_wanted` says.
async fn latest(person: &mut Person, hook: &Hook, as_wanted: impl Fn(&Value) -> bool) -> Value {
    let mut seen = Value::Null;
    for _ in 0..400 {
        seen = log(person, hook).await.first().cloned().unwrap_or_default();
        if as_wanted(&seen) {
            return seen;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("it never comes to that: {seen}");
}

async fn test_event(person: &mut Person, hook: &Hook) -> Value {
    let (status, sent) = person.post(&format!("{}/test", hook.path), json!({})).await;
    assert_eq!(status, StatusCode::CREATED, "{sent}");
    sent
}

async fn show(person: &mut Person, project: &str) -> Value {
    person.get(&format!("{project}/webhooks")).await.1["webhooks"][0].clone()
}
