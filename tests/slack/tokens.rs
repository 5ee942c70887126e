use reqwest::StatusCode;
use serde_json::json;

use super::{EXPORT, Scene};
use crate::support::slack::Slack;

async fn rotating() -> Scene {
    let slack = Slack::start().await;
    slack.rotate();
    Scene::set_in(slack).await
}

#[tokio::test]
async fn a_token_is_renewed_once_however_many_ask_at_a_time() {
    let scene = rotating().await;
    let first = scene.slack.tokens();
    // Five minutes before its end.
    scene.clock.advance(12 * 3_600_000 - 300_000);
    for n in 0..6 {
        scene.ask("C1", &format!("{n}.1"), None, EXPORT).await;
    }
    scene.pass_time_until("chat.postMessage", 6, 1).await;
    assert_eq!(scene.slack.calls("oauth.v2.access").len(), 2, "the code, and one renewal");
    scene.ask("C1", "7.1", None, EXPORT).await;
    let last = scene.posted(7).await.remove(6);
    assert!(first.iter().all(|token| !last.token.ends_with(token)), "the new one is in use");
    assert_eq!(scene.slack.calls("oauth.v2.access").len(), 2);
}

#[tokio::test]
async fn a_token_that_is_over_is_renewed_before_it_is_used() {
    let mut scene = rotating().await;
    scene.slack.expire();
    scene.clock.advance(11 * 3_600_000 + 55 * 60_000);
    for n in 0..3 {
        scene.ask("C1", &format!("{n}.1"), None, EXPORT).await;
    }
    for _ in 0..200 {
        let done = scene.ada.get("/slack").await.1["deliveries"].as_array().unwrap().clone();
        if done.len() == 3 && done.iter().all(|one| one["state"] == "done") {
            break;
        }
        scene.clock.advance(500);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let done = scene.ada.slack_settled(3).await;
    assert!(done.iter().all(|one| one["state"] == "done"), "{done:?}");
    let renewals = scene.slack.calls("oauth.v2.access");
    assert!(renewals[1..].iter().all(|call| call.body["grant_type"] == "refresh_token"));
    let mut used: Vec<&str> = renewals[1..]
        .iter()
        .map(|call| call.body["refresh_token"].as_str().unwrap())
        .collect();
    let all = used.len();
    used.sort_unstable();
    used.dedup();
    assert_eq!(used.len(), all, "no refresh token is used twice");
}

#[tokio::test]
async fn a_refresh_token_that_slack_does_not_know_ends_the_connection() {
    let mut scene = rotating().await;
    scene.slack.refuse_once("oauth.v2.access", "invalid_refresh_token");
    scene.slack.expire();
    scene.clock.advance(11 * 3_600_000 + 55 * 60_000);
    scene.ask("C1", "1.1", None, EXPORT).await;
    let deliveries = scene.ada.slack_settled(1).await;
    assert_eq!(deliveries[0]["state"], "failed");
    assert_eq!(scene.ada.get("/slack").await.1["teams"][0]["state"], "revoked");
}

#[tokio::test]
async fn a_token_that_is_over_is_renewed_so_that_it_can_be_ended() {
    let mut scene = rotating().await;
    scene.slack.expire();
    let path = scene.path.clone();
    let (status, answer) = scene.ada.delete(&path, None).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
    scene.pass_time_until("auth.revoke", 2, 10).await;
    assert_eq!(scene.slack.living(), 0);
    assert_eq!(scene.ada.get("/slack").await.1["teams"], json!([]));
}
