use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use super::Scene;

/// Ends the workspace while Stripe does not answer at first, and waits for what is to follow.
async fn end(scene: &mut Scene, is_done: impl Fn(&Scene) -> bool) {
    scene.stripe.is_away(1);
    let (status, gone) = scene.ada.delete("/workspace", Some(json!({ "confirm": "ada" }))).await;
    assert_eq!(status, StatusCode::OK, "{gone}");
    for _ in 0..200 {
        if is_done(scene) {
            return;
        }
        scene.clock.advance(5_000);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it is not ended");
}

#[tokio::test]
async fn nobody_pays_for_a_workspace_that_is_gone() {
    let mut scene = Scene::set().await;
    let subscription = scene.subscribe("price_team").await;
    end(&mut scene, |scene| scene.stripe.subscription(&subscription)["status"] == "canceled").await;
    // What Stripe says of it leads nowhere.
    for event in scene.stripe.events() {
        scene.sender.event(&event).await;
    }
}

#[tokio::test]
async fn what_was_paid_and_not_yet_heard_of_ends_with_the_workspace_too() {
    let mut scene = Scene::set().await;
    let first = scene.subscribe("price_team").await;
    let customer = scene.stripe.subscription(&first)["customer"].as_str().unwrap().to_owned();
    // On pages of their own.
    scene.stripe.lists_at_most(1);
    let others = [
        scene.stripe.sells(&customer, "price_large"),
        scene.stripe.sells(&customer, "price_support"),
    ];
    end(&mut scene, |scene| {
        others.iter().all(|one| scene.stripe.subscription(one)["status"] == "canceled")
    })
    .await;
    assert_eq!(scene.stripe.subscription(&first)["status"], "canceled");
}

#[tokio::test]
async fn what_was_left_open_to_be_paid_is_shut_with_the_workspace() {
    let mut scene = Scene::set().await;
    let address = scene.ada.checkout("price_team").await;
    assert!(scene.stripe.is_open(&address));
    end(&mut scene, |scene| !scene.stripe.is_open(&address)).await;
}

/// The answer is lost, and Stripe has done it: it is looked again before it is believed.
#[tokio::test]
async fn an_end_is_asked_for_until_it_is_seen() {
    let mut scene = Scene::set().await;
    let first = scene.subscribe("price_team").await;
    let customer = scene.stripe.subscription(&first)["customer"].as_str().unwrap().to_owned();
    let second = scene.stripe.sells(&customer, "price_support");
    scene.stripe.loses("GET /v1/subscriptions", 3);
    end(&mut scene, |scene| {
        [&first, &second]
            .iter()
            .all(|one| scene.stripe.subscription(one)["status"] == "canceled")
    })
    .await;
}
