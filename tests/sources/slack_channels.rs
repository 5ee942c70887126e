//! Channels of Slack: threads as documents, read with the token of a connected team.

use std::time::Duration;

use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{MINUTE_MS, SETTINGS, connect, counts, documents, names, sync_now, synced};
use crate::support::{
    Person, TestApp,
    slack::{Sender, Slack, team},
};

const EXPORT: &str = "1700000000.000100";
const REFUNDS: &str = "1700001000.000100";
const NIGHTS: &str =
    "From Monday on the backups are made at night, so that nobody has to wait for them during the day. Write here if yours is missing.";

struct Scene {
    slack: Slack,
    clock: Clock,
    /// It runs as long as the story does.
    _app: TestApp,
    ada: Person,
    sender: Sender,
    team: String,
    project: String,
    source: String,
}

/// A Slack with two channels, in one of which the app is.
async fn workspace() -> Slack {
    let slack = Slack::start().await;
    slack.channels(|said| {
        said.channel("C1", "help", true);
        said.channel("C2", "board", false);
        said.person("U1", "Ada");
        said.person("U2", "Bob");
        said.say("C1", (EXPORT, None), "U1", "How do I export my data, <@U2>?");
        said.put("C1", json!({ "type": "message", "user": "UBOT00001", "bot_id": "B1", "text": "I do not know.", "ts": "1700000001.000100", "thread_ts": EXPORT }));
        said.say("C1", ("1700000002.000100", Some(EXPORT)), "U2", "Open *Settings* and choose Export &amp; wait.");
        said.say("C1", ("1700000003.000100", Some(EXPORT)), "U2", "The secret word is swordfish.");
        said.say("C1", (REFUNDS, None), "U1", "How long do refunds take?");
        said.say("C1", ("1700001001.000100", Some(REFUNDS)), "U2", "Five business days.");
        said.put("C1", json!({ "type": "message", "subtype": "channel_join", "user": "U2", "text": "<@U2> has joined the channel", "ts": "1700002000.000100" }));
        said.say("C1", ("1700002001.000100", None), "U1", "thanks!");
        said.say("C1", ("1700002002.000100", None), "U1", NIGHTS);
    });
    slack
}

impl Scene {
    async fn set() -> Self {
        let slack = workspace().await;
        let clock = Clock::manual(1_800_000_000_000);
        let app = slack
            .app(clock.clone(), &[SETTINGS, [("SLACK_SOURCES", "yes")].as_slice()].concat())
            .await;
        let mut ada = app.owner("ada").await;
        let project = ada.project("Lantern").await;
        let team = team();
        ada.connect_slack(&app, &team).await;
        let config = json!({ "channels": [{ "id": "C1", "name": "#help" }, { "id": "C2", "name": "board" }] });
        let source = connect(&mut ada, &project, json!({ "kind": "slack", "team": team, "config": config })).await;
        let sender = Sender::to(&app, &clock);
        Self {
            slack,
            clock,
            _app: app,
            ada,
            sender,
            team,
            project,
            source,
        }
    }

    async fn synced(&mut self, runs: usize) -> Value {
        synced(&mut self.ada, &self.source.clone(), runs).await
    }

    async fn documents(&mut self) -> Vec<Value> {
        documents(&mut self.ada, &self.project.clone()).await
    }

    async fn answer(&mut self, question: &str) -> String {
        self.ada.question(&self.project.clone(), question).await.to_string()
    }

    /// What Slack tells when a message was deleted.
    async fn deleted(&self, ts: &str, thread: &str) {
        let event = json!({
            "type": "message", "subtype": "message_deleted", "channel": "C1", "channel_type": "channel", "hidden": true, "deleted_ts": ts,
            "ts": "1800000000.000100", "event_ts": "1800000000.000100",
            "previous_message": { "type": "message", "user": "U2", "text": "gone", "ts": ts, "thread_ts": thread },
        });
        self.sender.event(&self.team, event).await;
    }
}

#[tokio::test]
async fn the_threads_of_a_channel_are_knowledge_with_the_names_of_who_wrote_them() {
    let mut scene = Scene::set().await;
    let path = format!("{}/sources/choices?kind=slack&team={}", scene.project, scene.team);
    let (status, choices) = scene.ada.get(&path).await;
    assert_eq!(status, StatusCode::OK, "{choices}");
    let seen: Vec<_> = choices["choices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["id"], &one["name"]))
        .collect();
    assert_eq!(seen, [(&json!("C1"), &json!("help")), (&json!("C2"), &json!("board"))]);
    let first = scene.synced(1).await;
    assert_eq!(first["runs"][0]["outcome"], "done", "{first}");
    let found = scene.documents().await;
    let nights: String = NIGHTS.chars().take(100).collect();
    assert_eq!(names(&found)[1..], ["How do I export my data, @Bob?", "How long do refunds take?"]);
    assert!(names(&found)[0].starts_with(nights.trim_end()), "{:?}", names(&found));
    assert_eq!(found[1]["source_url"], "https://lantern.slack.com/archives/C1/p1700000000000100");
    assert_eq!(
        (&first["skipped"][0]["code"], &first["skipped"][0]["id"]),
        (&json!("not_in_channel"), &json!("C2")),
        "{first}"
    );
    let answer = scene.answer("How do I export my data?").await;
    assert!(answer.contains("Open Settings and choose Export & wait."), "{answer}");
    let (_, read) = scene
        .ada
        .get(&format!("{}/documents/{}", scene.project, found[1]["id"].as_str().unwrap()))
        .await;
    let text = read["sections"].to_string();
    assert!(
        text.contains("Bob:") && text.contains("Ada:") && !text.contains("I do not know"),
        "{text}"
    );

    // As it is: what was said long ago is not looked into again.
    let before = scene.slack.calls("conversations.replies").len();
    sync_now(&mut scene.ada, &scene.source.clone()).await;
    let second = scene.synced(2).await;
    assert_eq!(counts(&second), [0, 0, 0, 1, 3], "{second}");
    assert_eq!(scene.slack.calls("conversations.replies").len(), before);

    // The app is removed from the channel: nothing of it is answered from.
    scene.slack.channels(|said| said.kick("C1"));
    sync_now(&mut scene.ada, &scene.source.clone()).await;
    let third = scene.synced(3).await;
    assert_eq!(third["runs"][0]["removed"], 3, "{third}");
    assert!(scene.documents().await.is_empty());
}

/// A deletion is told, and nothing of it is answered from that moment on; what is left of the thread comes back.
#[tokio::test]
async fn what_is_deleted_in_slack_is_gone_at_once_and_the_rest_of_its_thread_is_read_anew() {
    let mut scene = Scene::set().await;
    scene.synced(1).await;
    assert!(scene.answer("What is the secret word?").await.contains("swordfish"));
    scene.slack.channels(|said| said.delete("C1", "1700000003.000100"));
    scene.deleted("1700000003.000100", EXPORT).await;
    let deliveries = scene.ada.slack_settled(1).await;
    assert_eq!(deliveries[0]["state"], "done", "{deliveries:?}");
    assert!(!scene.answer("What is the secret word?").await.contains("swordfish"));
    let again = scene.synced(2).await;
    assert_eq!(again["runs"][0]["added"], 1, "{again}");
    let answer = scene.answer("How do I export my data?").await;
    assert!(answer.contains("choose Export") && !answer.contains("swordfish"), "{answer}");

    // A whole thread.
    scene.slack.channels(|said| {
        said.delete("C1", REFUNDS);
        said.delete("C1", "1700001001.000100");
    });
    scene.deleted(REFUNDS, REFUNDS).await;
    scene.ada.slack_settled(2).await;
    assert!(!scene.answer("How long do refunds take?").await.contains("Five business days"));
    scene.synced(3).await;
    assert_eq!(names(&scene.documents().await).len(), 2);

    // What no source has is left alone, and so is what is said in a channel beside.
    scene.deleted("1600000000.000100", "1600000000.000100").await;
    let deliveries = scene.ada.slack_settled(3).await;
    assert_eq!(deliveries[0]["state"], "ignored", "{deliveries:?}");
}

#[tokio::test]
async fn an_edited_reply_of_long_ago_is_read_by_the_next_sync() {
    let mut scene = Scene::set().await;
    scene.synced(1).await;
    scene
        .slack
        .channels(|said| said.edit("C1", "1700001001.000100", "Ten business days."));
    // From outside the thread looks as it did: only the event tells.
    let edited = json!({
        "type": "message", "subtype": "message_changed", "channel": "C1", "channel_type": "channel", "hidden": true, "ts": "1800000000.000200",
        "message": { "type": "message", "user": "U2", "text": "Ten business days.", "ts": "1700001001.000100", "thread_ts": REFUNDS, "edited": { "user": "U2", "ts": "1800000000.000100" } },
        "previous_message": { "type": "message", "user": "U2", "text": "Five business days.", "ts": "1700001001.000100", "thread_ts": REFUNDS },
    });
    scene.sender.event(&scene.team, edited).await;
    let deliveries = scene.ada.slack_settled(1).await;
    assert_eq!(deliveries[0]["state"], "done", "{deliveries:?}");
    sync_now(&mut scene.ada, &scene.source.clone()).await;
    let second = scene.synced(2).await;
    assert_eq!(second["runs"][0]["changed"], 1, "{second}");
    assert!(scene.answer("How long do refunds take?").await.contains("Ten business days"));
}

/// With channels as knowledge the app hears all that is said there. That alone makes nothing a question.
#[tokio::test]
async fn replies_are_not_answered_only_because_channels_are_knowledge() {
    let mut scene = Scene::set().await;
    scene.synced(1).await;
    let slack = scene.ada.get("/slack").await.1;
    let path = format!("/slack/teams/{}", slack["teams"][0]["id"].as_str().unwrap());
    let project = scene.project.clone();
    scene.ada.map_channel(&path, "C1", &project).await;
    scene
        .sender
        .mention(&scene.team, "C1", "1800000000.000100", None, "How do I export my data?")
        .await;
    scene.slack.called("chat.postMessage", 1).await;
    let reply = json!({ "type": "message", "channel_type": "channel", "user": "U1", "text": "How long do refunds take?", "ts": "1800000001.000100",
        "thread_ts": "1800000000.000100", "channel": "C1" });
    scene.sender.event(&scene.team, reply).await;
    let deliveries = scene.ada.slack_settled(2).await;
    assert_eq!(deliveries[0]["state"], "ignored", "{deliveries:?}");
    scene.slack.called("chat.postMessage", 1).await;
}

#[tokio::test]
async fn a_sync_of_slack_waits_when_it_is_asked_to_and_ends_with_its_team() {
    let mut scene = Scene::set().await;
    scene.synced(1).await;
    let limited = json!({ "ok": false, "error": "ratelimited" });
    scene.slack.once("conversations.history", 429, Some(120), limited);
    sync_now(&mut scene.ada, &scene.source.clone()).await;
    let before = scene.clock.now();
    for _ in 0..200 {
        let page = super::page(&mut scene.ada, &scene.source.clone()).await;
        if page["runs"].as_array().unwrap().len() == 2 {
            break;
        }
        scene.clock.advance(2_000);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let second = scene.synced(2).await;
    assert_eq!(second["runs"][0]["outcome"], "done", "{second}");
    assert!(scene.clock.now() - before >= 2 * MINUTE_MS - 2_000, "it did not wait");

    let slack = scene.ada.get("/slack").await.1;
    let path = format!("/slack/teams/{}", slack["teams"][0]["id"].as_str().unwrap());
    let (status, _) = scene.ada.delete(&path, None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    sync_now(&mut scene.ada, &scene.source.clone()).await;
    let third = scene.synced(3).await;
    assert_eq!(third["runs"][0]["problem"]["code"], "reconnect", "{third}");
}

#[tokio::test]
async fn channels_are_no_source_where_the_app_does_not_ask_for_them() {
    let slack = workspace().await;
    let app = slack.app(Clock::system(), SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let (_, list) = ada.get(&format!("{project}/sources")).await;
    let offer = list["kinds"].as_array().unwrap().iter().find(|one| one["kind"] == "slack").unwrap();
    assert_eq!(offer["configured"], false, "{list}");
    let team = team();
    ada.connect_slack(&app, &team).await;
    // As Slack answers an app that was installed without the right to.
    for _ in 0..2 {
        slack.refuse_once("conversations.list", "missing_scope");
    }
    let (status, problem) = ada.get(&format!("{project}/sources/choices?kind=slack&team={team}")).await;
    assert!(status.is_client_error(), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("Install it once more"), "{problem}");
}
