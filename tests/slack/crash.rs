//! The server is killed between its acknowledgement and the answer in Slack.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde_json::json;

use super::{EXPORT, reasons};
use crate::{
    kill::Server,
    support::{
        PASSWORD, Person,
        slack::{Sender, Slack, team},
    },
};

/// What a server says to others' at a time.
const AT_ONCE: usize = 16;
/// More than that: the last ones have not begun when the server dies.
const ASKED: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mention_that_was_acknowledged_is_answered_once_though_the_server_is_killed() {
    let slack = Slack::start().await;
    let mut server = Server::create().await;
    for (name, value) in slack.settings() {
        server.set(name, &value);
    }
    server.start().await;
    let mut ada = Person::at(&server.url);
    let sign_up = json!({ "email": "ada@example.com", "password": PASSWORD, "workspace": "Lamps" });
    let (status, session) = ada.post("/account", sign_up).await;
    assert_eq!(status, StatusCode::CREATED, "{session}");
    ada.took(&session);
    let project = ada.guide("Lantern").await;
    let team = team();
    let path = ada.connect_slack_there(&team).await;
    ada.map_channel(&path, "C1", &project).await;

    // Slack takes what is posted, and the server dies before it hears so.
    slack.be_silent("chat.postMessage", true);
    let (sender, mut events) = (Sender::at(&server.url), Vec::new());
    for n in 0..ASKED {
        events.push((n, sender.mention(&team, "C1", &format!("{n}.1"), None, EXPORT).await));
    }
    for _ in 0..900 {
        if slack.calls("chat.postMessage").len() == AT_ONCE {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    server.kill();
    let before = slack.calls("chat.postMessage").len();
    assert_eq!(before, AT_ONCE, "some are on their way, and the others have not begun");
    slack.be_silent("chat.postMessage", false);

    server.let_leases_run_out().await;
    server.start().await;
    ada.url.clone_from(&server.url);
    // Slack did not hear of some acknowledgements, and sends again.
    let sender = Sender::at(&server.url);
    for (n, id) in events.iter().take(3) {
        let event =
            json!({ "type": "app_mention", "user": "U1", "text": format!("<@U> {EXPORT}"), "ts": format!("{n}.1"), "channel": "C1" });
        sender.event_as(id, &team, event).await;
    }
    slack.called("chat.postMessage", ASKED).await;
    let deliveries = ada.slack_settled(20).await;
    let mut threads: BTreeMap<String, usize> = BTreeMap::new();
    for call in slack.calls("chat.postMessage") {
        *threads.entry(call.body["thread_ts"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(threads.len(), ASKED, "each has its answer");
    assert!(threads.values().all(|posted| *posted == 1), "and none has two: {threads:?}");
    // Those that were on their way are shown as what they are.
    let uncertain = reasons(&deliveries)
        .iter()
        .filter(|reason| reason.starts_with("Nobody knows"))
        .count();
    println!(
        "{before} on their way when the server was killed, {} not begun; {uncertain} of the last 20 uncertain",
        ASKED - before
    );
}
