use std::time::Instant;

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{EVERY, HOUR_MS, add, latest, log, show, start, test_event};
use crate::support::{
    GUIDE,
    receiver::{Receiver, Reply},
};

#[tokio::test]
async fn what_fails_is_tried_again_later_under_the_same_id_with_a_new_time() {
    let (app, clock) = start().await;
    let mut receiver = Receiver::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let hook = add(&mut ada, &project, &receiver.url(), &EVERY).await;
    receiver.reply(&[Reply::Status(500), Reply::Hangup, Reply::Status(200)]);
    test_event(&mut ada, &hook).await;
    let first = receiver.next().await;
    let waiting = latest(&mut ada, &hook, |one| one["attempts"] == 1).await;
    assert_eq!(
        (&waiting["state"], &waiting["reason"], &waiting["status"]),
        (&json!("waiting"), &json!("status"), &json!(500))
    );
    assert!(show(&mut ada, &project).await["failing_since"].is_string());
    clock.advance(60_000);
    let second = receiver.next().await;
    let waiting = latest(&mut ada, &hook, |one| one["attempts"] == 2).await;
    assert_eq!((&waiting["reason"], waiting["status"].is_null()), (&json!("cut_off"), true));
    clock.advance(60_000);
    let third = receiver.next().await;
    let delivered = latest(&mut ada, &hook, |one| one["state"] == "delivered").await;
    assert_eq!((&delivered["attempts"], delivered["reason"].is_null()), (&json!(3), true));
    assert!(show(&mut ada, &project).await["failing_since"].is_null(), "it is well again");
    for later in [&second, &third] {
        assert_eq!(later.header("webhook-id"), first.header("webhook-id"));
        assert_eq!(later.body, first.body);
        assert_ne!(later.header("webhook-timestamp"), first.header("webhook-timestamp"));
        assert!(later.is_signed_by(&hook.secret));
    }
    assert_eq!(log(&mut ada, &hook).await.len(), 1);
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_is_given_it() {
    let (app, clock) = start().await;
    let mut receiver = Receiver::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let hook = add(&mut ada, &project, &receiver.url(), &EVERY).await;
    receiver.reply(&[Reply::With(429, "retry-after", "3000".into()), Reply::Status(200)]);
    test_event(&mut ada, &hook).await;
    receiver.next().await;
    let waiting = latest(&mut ada, &hook, |one| one["attempts"] == 1).await;
    let next: chrono::DateTime<chrono::Utc> = waiting["next_at"].as_str().unwrap().parse().unwrap();
    let wait = next.timestamp_millis() - clock.now();
    assert!((3_000_000..=3_300_000).contains(&wait), "{wait}");
    clock.advance(HOUR_MS);
    receiver.next().await;
}

#[tokio::test]
async fn a_receiver_that_nothing_gets_through_to_for_a_day_is_left_alone_until_it_is_mended() {
    let (app, clock) = start().await;
    let mut receiver = Receiver::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let hook = add(&mut ada, &project, &receiver.url(), &EVERY).await;
    receiver.reply(&[Reply::Status(503)]);
    test_event(&mut ada, &hook).await;
    let id = receiver.next().await.header("webhook-id").to_owned();
    let mut tries = 1;
    let given_up = loop {
        let now = latest(&mut ada, &hook, |one| one["attempts"] == tries).await;
        if now["state"] == "failed" {
            break now;
        }
        clock.advance(9 * HOUR_MS);
        assert_eq!(receiver.next().await.header("webhook-id"), id);
        tries += 1;
    };
    assert_eq!((tries, &given_up["status"]), (11, &json!(503)));
    let paused = show(&mut ada, &project).await;
    assert_eq!(paused["paused"]["reason"], "failing");
    let (_, entries) = ada.get("/audit?act=webhook").await;
    assert_eq!(entries["entries"][0]["act"], "webhook.paused");
    assert!(entries["entries"][0]["actor"].is_null());
    // Nothing is sent meanwhile, by hand neither, and what happens now is not made up for.
    for below in ["test".to_owned(), format!("deliveries/{}/replay", given_up["id"].as_str().unwrap())] {
        let (status, refused) = ada.post(&format!("{}/{below}", hook.path), json!({})).await;
        assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("webhook_paused")));
    }
    ada.question(&project, "Is anybody there?").await;
    assert_eq!(log(&mut ada, &hook).await.len(), 1);
    // Mended and resumed; what was lost is sent again, under its id.
    receiver.reply(&[Reply::Status(200)]);
    ada.prove().await;
    let (status, resumed) = ada.patch(&hook.path, json!({ "paused": false })).await;
    assert_eq!(status, StatusCode::OK, "{resumed}");
    assert!(resumed["paused"].is_null() && resumed["failing_since"].is_null());
    let replay = format!("{}/deliveries/{}/replay", hook.path, given_up["id"].as_str().unwrap());
    assert_eq!(ada.post(&replay, json!({})).await.0, StatusCode::OK);
    assert_eq!(receiver.next().await.header("webhook-id"), id);
    latest(&mut ada, &hook, |one| one["state"] == "delivered").await;
    assert_eq!(ada.post(&replay, json!({})).await.0, StatusCode::OK, "as often as one likes");
    receiver.next().await;
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_asked_no_more() {
    let (app, _) = start().await;
    let mut receiver = Receiver::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let hook = add(&mut ada, &project, &receiver.url(), &EVERY).await;
    receiver.reply(&[Reply::Status(410)]);
    test_event(&mut ada, &hook).await;
    receiver.next().await;
    let ended = latest(&mut ada, &hook, |one| one["state"] == "failed").await;
    assert_eq!((&ended["reason"], &ended["attempts"]), (&json!("gone"), &json!(1)));
    assert_eq!(show(&mut ada, &project).await["paused"]["reason"], "gone");
}

#[tokio::test]
async fn what_waits_when_a_webhook_is_paused_or_deleted_is_not_sent() {
    let (app, clock) = start().await;
    let mut receiver = Receiver::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    receiver.reply(&[Reply::Status(500)]);
    let (paused, deleted) = (
        add(&mut ada, &project, &receiver.url(), &EVERY).await,
        add(&mut ada, &project, &format!("{}&of=another", receiver.url()), &EVERY).await,
    );
    for hook in [&paused, &deleted] {
        test_event(&mut ada, hook).await;
        receiver.next().await;
        latest(&mut ada, hook, |one| one["attempts"] == 1).await;
    }
    assert_eq!(ada.patch(&paused.path, json!({ "paused": true })).await.0, StatusCode::OK);
    assert_eq!(ada.delete(&deleted.path, None).await.0, StatusCode::NO_CONTENT);
    clock.advance(HOUR_MS);
    let withheld = latest(&mut ada, &paused, |one| one["state"] == "failed").await;
    assert_eq!((&withheld["reason"], &withheld["attempts"]), (&json!("paused"), &json!(1)));
    // The other's job may end a moment later.
    let rows = app.rows().await;
    rows.none_left("job where kind = 'deliver_webhook'").await;
    rows.close().await;
    assert!(receiver.rest().is_empty());
}

/// They wait in a line of their own: who posts to servers that never answer does not keep others from having documents read.
#[tokio::test]
async fn silent_receivers_hold_up_no_other_work() {
    let (app, _) = start().await;
    let receiver = Receiver::start().await;
    receiver.reply(&[Reply::Silence]);
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let project = eve.project("Tar pit").await;
    let hook = add(&mut eve, &project, &receiver.url(), &EVERY).await;
    for _ in 0..10 {
        test_event(&mut eve, &hook).await;
    }
    let began = Instant::now();
    let project = ada.project("Lantern").await;
    let (status, _) = ada
        .upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    assert_eq!(status, StatusCode::CREATED);
    ada.settled(&project).await;
    assert!(
        began.elapsed().as_secs() < 12,
        "it waited for somebody else's receiver: {:?}",
        began.elapsed()
    );
    let waiting = log(&mut eve, &hook).await;
    assert!(
        waiting.iter().any(|one| one["state"] == "waiting" && one["attempts"] == 0),
        "they are still being waited for"
    );
}
