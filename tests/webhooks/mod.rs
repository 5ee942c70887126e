//! What providers send, at their doors.

mod battery;
mod calls;
mod crash;
mod questions;
mod set_up;

use pernoex::Clock;
use reqwest::StatusCode;

use crate::support::{Person, TestApp};

const PROVIDERS: [&str; 5] = ["elevenlabs", "retell", "vapi", "bland", "standard"];

/// A server whose clock stands still, and an owner with a project.
async fn shop() -> (TestApp, Clock, Person, String) {
    let clock = Clock::manual(Clock::system().now());
    let settings = [
        ("PERNOEX_METRICS_LISTEN", "127.0.0.1:0"),
        ("PERNOEX_SESSION_IDLE_MINUTES", "43200"),
        ("PERNOEX_SESSION_HOURS", "2160"),
    ];
    let app = TestApp::start_with(clock.clone(), &settings).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lamps").await;
    (app, clock, ada, project)
}

/// The conversations of a project, the latest first.
async fn conversations(person: &mut Person, project: &str) -> Vec<serde_json::Value> {
    let (mut all, mut place) = (Vec::new(), String::new());
    loop {
        let (status, mut found) = person.get(&format!("{project}/conversations?limit=200{place}")).await;
        assert_eq!(status, StatusCode::OK, "{found}");
        all.append(found["conversations"].as_array_mut().unwrap());
        let Some(next) = found["next"].as_str() else { return all };
        place = format!("&before={next}");
    }
}

/// How many messages of `source` were refused for `reason`, by all nodes together.
async fn refusals(app: &TestApp, source: &str, reason: &str) -> u64 {
    let line = format!("pernoex_webhook_rejections_total{{source=\"{source}\",reason=\"{reason}\"}} ");
    let mut refused = 0;
    for node in app.each_metrics() {
        let page = reqwest::get(format!("http://{node}/metrics")).await.unwrap().text().await.unwrap();
        let count = page.lines().find_map(|found| found.strip_prefix(&line));
        refused += count.map_or(0, |count| count.parse::<u64>().unwrap());
    }
    refused
}
