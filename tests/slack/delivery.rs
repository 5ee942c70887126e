use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{EXPORT, Scene, reasons, text};
use crate::support::slack::{SIGNING, signature};

#[tokio::test]
async fn an_event_that_is_sent_again_is_acknowledged_and_answered_once() {
    let mut scene = Scene::set().await;
    let event = json!({ "type": "app_mention", "user": "U1", "text": EXPORT, "ts": "1.1", "channel": "C1" });
    for _ in 0..3 {
        scene.sender.event_as("Ev1", &scene.team, event.clone()).await;
    }
    scene.posted(1).await;
    scene.sender.event_as("Ev1", &scene.team, event).await;
    assert_eq!(scene.ada.slack_settled(1).await.len(), 1);
    scene.posted(1).await;
    let (_, found) = scene.ada.get(&format!("{}/conversations?channel=slack", scene.project)).await;
    assert_eq!(found["conversations"][0]["questions"], 1);
}

#[tokio::test]
async fn slack_is_told_that_this_is_the_address() {
    let scene = Scene::set().await;
    let body = json!({ "type": "url_verification", "challenge": "3eZbrw1aB", "token": "old" }).to_string();
    let response = scene.sender.send("events", "application/json", &body).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert_eq!(response.text().await.unwrap(), "3eZbrw1aB");
    // Not to somebody who has no signature.
    let client = reqwest::Client::new();
    for path in ["events", "actions"] {
        let request = client.post(format!("{}/webhooks/slack/{path}", scene.app.url)).body(body.clone());
        assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
        let seconds = scene.clock.now() / 1000 - 301;
        let request = client
            .post(format!("{}/webhooks/slack/{path}", scene.app.url))
            .header("x-slack-request-timestamp", seconds.to_string())
            .header("x-slack-signature", signature(SIGNING, seconds, &body))
            .body(body.clone());
        assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn what_is_for_nobody_here_is_acknowledged_and_forgotten() {
    let mut scene = Scene::set().await;
    scene.sender.mention("TNOBODY", "C1", "1.1", None, EXPORT).await;
    for body in [
        json!({ "type": "app_rate_limited", "team_id": scene.team }),
        json!({ "type": "something_new" }),
    ] {
        let response = scene.sender.send("events", "application/json", &body.to_string()).await;
        assert_eq!(response.status(), StatusCode::OK, "{body}");
    }
    assert_eq!(scene.ada.slack_settled(0).await.len(), 0);
}

#[tokio::test]
async fn an_answer_waits_as_long_as_slack_asks_for() {
    let mut scene = Scene::set().await;
    scene
        .slack
        .once("chat.postMessage", 429, Some(120), json!({ "ok": false, "error": "ratelimited" }));
    scene.ask("C1", "1.1", None, EXPORT).await;
    scene.posted(1).await;
    let before = scene.clock.now();
    scene.pass_time_until("chat.postMessage", 2, 1).await;
    let waited = scene.clock.now() - before;
    assert!((119_000..=150_000).contains(&waited), "{waited}");
    assert_eq!(scene.ada.slack_settled(1).await[0]["state"], "done");
    let (_, found) = scene.ada.get(&format!("{}/conversations?channel=slack", scene.project)).await;
    assert_eq!(
        found["conversations"][0]["questions"], 1,
        "answered once, posted when Slack took it"
    );
}

#[tokio::test]
async fn an_answer_that_slack_did_not_take_is_tried_again() {
    let mut scene = Scene::set().await;
    scene.slack.once("chat.postMessage", 503, None, json!({}));
    scene.ask("C1", "1.1", None, EXPORT).await;
    let posted = scene.pass_time_until("chat.postMessage", 2, 1).await;
    assert_eq!(posted[0].body, posted[1].body, "the same answer");
    assert_eq!(scene.ada.slack_settled(1).await[0]["state"], "done");
}

#[tokio::test]
async fn an_answer_that_slack_may_have_taken_is_not_sent_twice() {
    let mut scene = Scene::set().await;
    scene.slack.hang_up_once("chat.postMessage");
    scene.ask("C1", "1.1", None, EXPORT).await;
    let deliveries = scene.ada.slack_settled(1).await;
    assert_eq!(deliveries[0]["state"], "failed");
    assert!(reasons(&deliveries)[0].contains("not sent a second time"));
    scene.clock.advance(600_000);
    scene.ask("C1", "1.2", None, EXPORT).await;
    scene.posted(2).await;
}

#[tokio::test]
async fn a_refusal_of_slacks_is_shown_with_its_reason() {
    let mut scene = Scene::set().await;
    scene.slack.refuse_once("chat.postMessage", "not_in_channel");
    scene.ask("C1", "1.1", None, EXPORT).await;
    let deliveries = scene.ada.slack_settled(1).await;
    assert_eq!(reasons(&deliveries), ["Slack refused: not_in_channel."]);
    scene.ask("C1", "1.2", None, EXPORT).await;
    assert!(text(&scene.posted(2).await[1]).contains("Export"), "the connection goes on");
}

/// Signatures by `slack_sdk`, the vendor's own, where `tests/run` has installed it.
#[tokio::test]
async fn what_slacks_own_sdk_signs_is_taken() {
    let python = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/sdk-venv/bin/python");
    if !python.exists() {
        println!("not told: there is no {}", python.display());
        return;
    }
    let scene = Scene::set().await;
    let body = json!({ "type": "url_verification", "challenge": "signed – by the SDK", "token": "old" }).to_string();
    let seconds = (scene.clock.now() / 1000).to_string();
    let script = "import sys; from slack_sdk.signature import SignatureVerifier as V; \
        print(V(sys.argv[1]).generate_signature(timestamp=sys.argv[2], body=sys.argv[3]))";
    let signed = std::process::Command::new(python)
        .args(["-c", script, SIGNING, &seconds, &body])
        .output()
        .unwrap();
    assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
    let signed = String::from_utf8(signed.stdout).unwrap();
    assert_eq!(signed.trim(), signature(SIGNING, scene.clock.now() / 1000, &body));
    let request = reqwest::Client::new()
        .post(format!("{}/webhooks/slack/events", scene.app.url))
        .header("x-slack-request-timestamp", &seconds)
        .header("x-slack-signature", signed.trim())
        .body(body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.text().await.unwrap(), "signed – by the SDK");
}

#[tokio::test]
async fn what_failed_is_tried_again_by_who_manages_projects_and_nobody_else() {
    let mut scene = Scene::set().await;
    // Slack says no; and then nobody knows what it did.
    scene.slack.refuse_once("chat.postMessage", "channel_not_found");
    scene.ask("C1", "1.1", None, EXPORT).await;
    scene.ada.slack_settled(1).await;
    scene.slack.hang_up_once("chat.postMessage");
    scene.ask("C1", "1.2", None, EXPORT).await;
    let failed = scene.ada.slack_settled(2).await;
    for one in &failed {
        assert_eq!((&one["state"], &one["can_retry"]), (&json!("failed"), &json!(true)), "{one}");
    }
    let path = |one: &Value| format!("/slack/events/{}/retry", one["id"].as_str().unwrap());
    let mut member = scene.app.member(&mut scene.ada, &[&scene.project]).await;
    assert_eq!(member.post(&path(&failed[0]), json!(null)).await.0, StatusCode::FORBIDDEN);
    let mut eve = scene.app.owner("eve").await;
    assert_eq!(eve.post(&path(&failed[0]), json!(null)).await.0, StatusCode::NOT_FOUND);
    // The keys were replaced since: what is kept is sealed by the new one.
    let tenant = scene.ada.get("/session").await.1["workspace"]["id"].as_str().unwrap().to_owned();
    let (rotated, said) = scene.app.command_meanwhile(&["keys", "rotate", "--tenant", &tenant]).await;
    assert!(rotated, "{said}");
    for one in &failed {
        assert_eq!(scene.ada.post(&path(one), json!(null)).await.0, StatusCode::NO_CONTENT);
    }
    let posted = scene.posted(4).await;
    let mut threads: Vec<_> = posted[2..].iter().map(|call| call.body["thread_ts"].as_str().unwrap()).collect();
    threads.sort_unstable();
    assert_eq!(threads, ["1.1", "1.2"], "each once more");
    let done = scene.ada.slack_settled(2).await;
    for one in &done {
        assert_eq!((&one["state"], &one["can_retry"]), (&json!("done"), &json!(false)), "{one}");
        assert_eq!(
            scene.ada.post(&path(one), json!(null)).await.0,
            StatusCode::NOT_FOUND,
            "it did not fail"
        );
    }
    let (_, found) = scene.ada.get(&format!("{}/conversations?channel=slack", scene.project)).await;
    assert_eq!(
        found["conversations"].as_array().unwrap().len(),
        2,
        "the questions were not asked again"
    );
}
