//! What was never told is found all the same, and one subscription too many is ended.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Scene, noted, reading};

const DAY: i64 = 86_400_000;

/// What the owner sees once it is as `is` says.
async fn until(scene: &mut Scene, is: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..400 {
        let seen = scene.ada.billing().await;
        if is(&seen) {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not come to that: {}", scene.ada.billing().await);
}

#[tokio::test]
async fn an_end_that_nobody_told_of_is_found_within_a_day() {
    let mut scene = Scene::set_with(&[("PERNOEX_SESSION_IDLE_MINUTES", "43200"), ("PERNOEX_SESSION_HOURS", "2000")]).await;
    let subscription = scene.subscribe("price_team").await;
    scene.stripe.moves_on(&subscription, json!({ "status": "canceled" }));
    assert_eq!(scene.stripe.events().len(), 1, "lost on the way");
    assert_eq!(scene.ada.billing().await["plan"], "Team");
    scene.clock.advance(DAY + 1);
    let seen = until(&mut scene, |seen| seen["subscription"].is_null()).await;
    assert_eq!(seen["plan"], "Free");
    // And again on the next day, and the one after.
    scene.ada.prove().await;
    let again = scene.subscribe("price_large").await;
    let looks = scene.stripe.calls("GET /v1/subscriptions").len();
    scene.clock.advance(DAY + 1);
    while scene.stripe.calls("GET /v1/subscriptions").len() == looks {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    scene.stripe.moves_on(&again, json!({ "status": "canceled" }));
    scene.stripe.events();
    scene.clock.advance(DAY + 1);
    until(&mut scene, |seen| seen["subscription"].is_null()).await;
}

#[tokio::test]
async fn who_comes_back_after_an_end_that_nobody_told_of_can_subscribe_anew() {
    let mut scene = Scene::set().await;
    for _ in 0..3 {
        let subscription = scene.subscribe("price_team").await;
        scene.stripe.moves_on(&subscription, json!({ "status": "canceled" }));
        scene.stripe.events();
        // However many pages what there was takes up.
        scene.stripe.lists_at_most(1);
    }
    let address = scene.ada.checkout("price_large").await;
    scene.stripe.pay(&address, "active");
    let (status, problem) = scene.ada.post("/billing/checkout", json!({ "plan": "price_team" })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("already_subscribed")));
    assert_eq!(scene.ada.billing().await["plan"], "Large");
}

#[tokio::test]
async fn of_two_plans_that_are_paid_for_the_later_one_stays_and_the_other_is_credited() {
    let mut scene = Scene::set().await;
    let first = scene.subscribe("price_team").await;
    let customer = scene.stripe.subscription(&first)["customer"].as_str().unwrap().to_owned();
    let second = scene.stripe.sells(&customer, "price_large");
    scene.deliver().await;
    for _ in 0..400 {
        if scene.stripe.subscription(&first)["status"] == "canceled" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(scene.stripe.subscription(&first)["status"], "canceled");
    assert_eq!(scene.stripe.subscription(&second)["status"], "active");
    let ended = &scene.stripe.calls(&format!("DELETE /v1/subscriptions/{first}"))[0].form;
    assert_eq!((ended["prorate"].as_str(), ended["invoice_now"].as_str()), ("true", "true"));
    let seen = until(&mut scene, |seen| seen["plan"] == "Large").await;
    assert_eq!(seen["subscription"]["plan"], "price_large");
    // It is noted once Stripe has answered.
    let mut acts = Vec::new();
    for _ in 0..400 {
        acts = noted(&mut scene.ada).await;
        if acts.iter().any(|act| act == "billing.second_ended") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(acts.iter().filter(|act| *act == "billing.second_ended").count(), 1, "{acts:?}");
}

#[tokio::test]
async fn what_is_sold_beside_a_plan_is_left_alone_and_takes_nothing_away() {
    let mut scene = Scene::set().await;
    let plan = scene.subscribe("price_team").await;
    let customer = scene.stripe.subscription(&plan)["customer"].as_str().unwrap().to_owned();
    let support = scene.stripe.sells(&customer, "price_support");
    let seen = scene.deliver().await;
    assert_eq!(
        (&seen["plan"], &seen["subscription"]["plan"]),
        (&json!("Team"), &json!("price_team"))
    );
    // In one subscription with the plan, and before it.
    let item = scene.stripe.subscription(&plan)["items"]["data"][0].clone();
    let items = json!({ "data": [{ "id": "si_support", "price": { "id": "price_support" } }, item] });
    scene.stripe.moves_on(&plan, json!({ "items": items }));
    let seen = scene.deliver().await;
    assert_eq!((&seen["plan"], reading(&seen, "projects")), (&json!("Team"), json!([0, 5, false])));
    let (status, _) = scene.ada.put("/billing/plan", json!({ "plan": "price_large" })).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let items = scene.stripe.subscription(&plan)["items"]["data"].clone();
    assert_eq!(
        (&items[0]["price"]["id"], &items[1]["price"]["id"]),
        (&json!("price_support"), &json!("price_large"))
    );
    assert_eq!(scene.stripe.subscription(&support)["status"], "active");
}

/// Events wait for no turn: a place among those who work at them would wait with each.
#[tokio::test]
async fn while_an_owner_waits_for_stripe_what_it_sends_is_seen_to() {
    let mut scene = Scene::set().await;
    let subscription = scene.subscribe("price_team").await;
    let before = scene.ada.billing().await["deliveries"].as_array().unwrap().len();
    let list = "GET /v1/subscriptions";
    let asked = scene.stripe.calls(list).len();
    scene.stripe.holds(Some(list));
    let mut tab = scene.ada.again();
    let acting = tokio::spawn(async move { tab.post("/billing/cancel", json!({})).await.0 });
    while scene.stripe.calls(list).len() == asked {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    scene.stripe.moves_on(&subscription, json!({ "status": "past_due" }));
    let events = scene.stripe.events();
    for event in &events {
        scene.sender.event(event).await;
    }
    let seen = scene.ada.billed(before + events.len()).await;
    assert_eq!(seen["subscription"]["status"], "past_due");
    assert!(!acting.is_finished(), "it still waits");
    scene.stripe.holds(None);
    assert_eq!(acting.await.unwrap(), StatusCode::NO_CONTENT);
}
