use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{EXPORT, Scene, reasons};

impl Scene {
    async fn count(&self, table: &str) -> usize {
        let rows = self.app.rows().await;
        let found = rows.ask(&format!("select 1 as one from {table}"), vec![]).await.len();
        rows.close().await;
        found
    }

    async fn state(&mut self) -> Value {
        self.ada.get("/slack").await.1["teams"][0]["state"].clone()
    }
}

#[tokio::test]
async fn who_disconnects_has_the_token_ended_at_slack_however_long_that_takes() {
    let mut scene = Scene::set().await;
    scene.ask("C1", "1.1", None, EXPORT).await;
    scene.posted(1).await;
    for _ in 0..3 {
        scene.slack.once("auth.revoke", 503, None, json!({}));
    }
    scene.slack.hang_up_once("auth.revoke");
    let path = scene.path.clone();
    let (status, _) = scene.ada.delete(&path, None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(scene.ada.get("/slack").await.1["teams"], json!([]));
    assert_eq!(scene.count("credential").await, 0, "from the first moment on");
    // From now on nothing is answered, and nothing is asked.
    scene.ask("C1", "1.2", None, EXPORT).await;
    scene.pass_time_until("auth.revoke", 5, 20).await;
    for _ in 0..100 {
        if scene.count("provider_revocation").await == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!((scene.count("provider_revocation").await, scene.slack.living()), (0, 0));
    for table in ["slack_installation", "slack_channel", "slack_answer", "slack_route"] {
        assert_eq!(scene.count(table).await, 0, "{table}");
    }
    scene.posted(1).await;
    let (_, found) = scene.ada.get(&format!("{}/conversations?channel=slack", scene.project)).await;
    assert_eq!(found["conversations"].as_array().unwrap().len(), 1, "what was said stays");
    let (_, log) = scene.ada.get("/audit?act=slack").await;
    assert_eq!(log["entries"][0]["act"], "slack.disconnected");
}

#[tokio::test]
async fn to_disconnect_asks_for_a_fresh_proof() {
    let mut scene = Scene::set().await;
    scene.clock.advance(11 * 60_000);
    let path = scene.path.clone();
    let (status, refused) = scene.ada.delete(&path, None).await;
    assert_eq!((status, &refused["code"]), (StatusCode::FORBIDDEN, &json!("step_up_needed")));
    scene.ada.prove().await;
    assert_eq!(scene.ada.delete(&path, None).await.0, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn the_end_of_an_installation_is_the_same_in_whichever_order_slack_tells_it() {
    let uninstalled = json!({ "type": "app_uninstalled" });
    let revoked = json!({ "type": "tokens_revoked", "tokens": { "oauth": [], "bot": ["UBOT00001"] } });
    for events in [[uninstalled.clone(), revoked.clone()], [revoked, uninstalled]] {
        let mut scene = Scene::set().await;
        for event in events {
            scene.sender.event(&scene.team, event).await;
        }
        scene.ada.slack_settled(1).await;
        // Both may wait at once, and either be seen to first.
        let state = scene.state().await;
        assert!(state == "uninstalled" || state == "revoked", "{state}");
        assert_eq!((scene.count("credential").await, scene.count("slack_route").await), (0, 0));
        scene.ask("C1", "1.1", None, EXPORT).await;
        let (_, log) = scene.ada.get("/audit?act=slack.disconnected").await;
        assert_eq!(log["entries"].as_array().unwrap().len(), 1, "it ends once");
        assert_eq!(log["entries"][0]["actor"], Value::Null);

        // Connected anew, the channels are as they were.
        let again = scene.ada.connect_slack(&scene.app, &scene.team).await;
        assert_eq!((again, scene.state().await), (scene.path.clone(), json!("connected")));
        scene.ask("C1", "1.2", None, EXPORT).await;
        scene.posted(1).await;
    }
}

#[tokio::test]
async fn a_late_word_of_the_end_does_not_end_what_was_connected_since() {
    let mut scene = Scene::set().await;
    let late = json!({
        "type": "event_callback", "team_id": scene.team, "event_id": "EvLate", "event_time": scene.clock.now() / 1000 - 30,
        "event": { "type": "app_uninstalled" },
    });
    let response = scene.sender.send("events", "application/json", &late.to_string()).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(reasons(&scene.ada.slack_settled(1).await), ["It is about an earlier connection."]);
    let others = json!({ "type": "tokens_revoked", "tokens": { "oauth": ["U1"], "bot": ["UOTHER"] } });
    scene.sender.event(&scene.team, others).await;
    assert_eq!(reasons(&scene.ada.slack_settled(2).await)[0], "It is about other tokens.");
    assert_eq!(scene.state().await, "connected");
}

#[tokio::test]
async fn a_token_that_slack_calls_revoked_ends_the_connection() {
    let mut scene = Scene::set().await;
    scene.slack.refuse_once("chat.postMessage", "token_revoked");
    scene.ask("C1", "1.1", None, EXPORT).await;
    assert_eq!(reasons(&scene.ada.slack_settled(1).await), ["Slack refused: token_revoked."]);
    assert_eq!(scene.state().await, "revoked");
    assert_eq!(scene.count("credential").await, 0);
}

#[tokio::test]
async fn a_workspace_that_is_deleted_hears_slack_no_more_and_its_token_ends_there() {
    let mut scene = Scene::set().await;
    let (status, _) = scene.ada.delete("/workspace", Some(json!({ "confirm": "ada" }))).await;
    assert_eq!(status, StatusCode::OK);
    scene.ask("C1", "1.1", None, EXPORT).await;
    assert_eq!(scene.count("slack_route").await, 0);
    scene.slack.called("auth.revoke", 1).await;
    assert_eq!(scene.slack.living(), 0);
    assert!(scene.slack.calls("chat.postMessage").is_empty());
}

#[tokio::test]
async fn a_token_waits_for_its_end_until_the_server_knows_its_slack_app_again() {
    let mut scene = Scene::set().await;
    for (name, _) in scene.slack.settings() {
        scene.app.configure(name, "");
    }
    scene.app.restart().await;
    scene.ada.url.clone_from(&scene.app.url);
    let path = scene.path.clone();
    assert_eq!(scene.ada.delete(&path, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!((scene.count("credential").await, scene.count("provider_revocation").await), (0, 1));
    assert!(scene.slack.calls("auth.revoke").is_empty());
    for (name, value) in scene.slack.settings() {
        scene.app.configure(name, &value);
    }
    scene.app.restart().await;
    scene.pass_time_until("auth.revoke", 1, 60).await;
    assert_eq!(scene.slack.living(), 0);
}
