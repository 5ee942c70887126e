//! What is opened to be paid is paid once, and by whom it was opened.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::Scene;
use crate::support::Person;

#[tokio::test]
async fn of_two_that_are_opened_only_the_last_can_be_paid() {
    let mut scene = Scene::set().await;
    let first = scene.ada.checkout("price_team").await;
    let second = scene.ada.checkout("price_large").await;
    assert!(!scene.stripe.is_open(&first));
    assert!(scene.stripe.is_open(&second));
    // In several tabs at a time too.
    let mut tabs: Vec<Person> = (0..4).map(|_| scene.ada.again()).collect();
    let opened = futures_util::future::join_all(tabs.iter_mut().map(|tab| tab.checkout("price_team"))).await;
    assert!(!scene.stripe.is_open(&second));
    assert_eq!(opened.iter().filter(|address| scene.stripe.is_open(address)).count(), 1);
}

#[tokio::test]
async fn pages_may_have_a_domain_of_the_accounts_own() {
    let mut scene = Scene::set().await;
    scene.stripe.shows_pages_at("https://pay.example.com");
    let address = scene.ada.checkout("price_team").await;
    assert!(address.starts_with("https://pay.example.com/pay/cs_"), "{address}");
    scene.stripe.shows_pages_at("http://pay.example.com");
    let (status, problem) = scene.ada.post("/billing/checkout", json!({ "plan": "price_team" })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("stripe_refused")));
}

/// Stripe refuses a key that it knows when something else is said with it.
#[tokio::test]
async fn who_changed_their_address_after_a_lost_answer_becomes_a_customer_all_the_same() {
    let mut scene = Scene::set().await;
    scene.stripe.loses("POST /v1/customers", 2);
    let (status, _) = scene.ada.post("/billing/checkout", json!({ "plan": "price_team" })).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let (old, new) = (scene.ada.email.clone(), format!("new.{}", scene.ada.email));
    let (status, asked) = scene.ada.post("/account/email", json!({ "email": new })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{asked}");
    for address in [&old, &new] {
        let token = scene.app.letter(address, "Confirm your new e-mail address").await.token();
        let (status, confirmed) = scene.app.nobody().post("/account/email/confirmed", json!({ "token": token })).await;
        assert_eq!(status, StatusCode::OK, "{confirmed}");
    }
    scene.ada.checkout("price_team").await;
    let emails: Vec<Value> = scene.stripe.customers().iter().map(|one| one["email"].clone()).collect();
    assert_eq!(emails, [json!(old), json!(new)]);
    // Who only asks again is the same customer.
    scene.ada.checkout("price_team").await;
    assert_eq!(scene.stripe.customers().len(), 2);
}

/// The outcome and reason of what was noted last.
async fn last_noted(owner: &mut Person) -> (Value, Value, Value) {
    let (_, log) = owner.get("/audit").await;
    let entry = log["entries"][0].clone();
    (entry["act"].clone(), entry["outcome"].clone(), entry["details"]["reason"].clone())
}

#[tokio::test]
async fn what_stripe_did_not_agree_to_is_noted_as_refused() {
    let mut scene = Scene::set().await;
    scene.ada.checkout("price_team").await;
    let done = (json!("billing.checkout_begun"), json!("done"), json!(null));
    assert_eq!(last_noted(&mut scene.ada).await, done);
    scene.stripe.knows("sk_another");
    assert_eq!(scene.ada.post("/billing/portal", json!({})).await.0, StatusCode::BAD_REQUEST);
    let refused = (
        json!("billing.portal_opened"),
        json!("refused"),
        json!("Stripe refused: api_key_expired"),
    );
    assert_eq!(last_noted(&mut scene.ada).await, refused);
}

#[tokio::test]
async fn a_larger_plan_is_paid_for_at_once_and_not_given_when_the_card_is_refused() {
    let mut scene = Scene::set().await;
    let subscription = scene.subscribe("price_team").await;
    scene.stripe.declines("card_declined");
    let (status, problem) = scene.ada.put("/billing/plan", json!({ "plan": "price_large" })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("payment_failed")));
    assert!(problem["detail"].as_str().unwrap().contains("card_declined"), "{problem}");
    let seen = scene.deliver().await;
    assert_eq!((&seen["plan"], &seen["subscription"]["status"]), (&json!("Team"), &json!("active")));
    let refused = (
        json!("billing.plan_changed"),
        json!("refused"),
        json!("the payment failed: card_declined"),
    );
    assert_eq!(last_noted(&mut scene.ada).await, refused);

    scene.stripe.accepts();
    assert_eq!(
        scene.ada.put("/billing/plan", json!({ "plan": "price_large" })).await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(scene.ada.billing().await["plan"], "Large");
    let (_, seen) = scene.ada.get("/billing/invoices").await;
    assert_eq!(
        (&seen["invoices"][0]["number"], &seen["invoices"][0]["status"]),
        (&json!("A-0002"), &json!("paid")),
        "the difference, at once"
    );
    let changed = scene.stripe.calls(&format!("POST /v1/subscriptions/{subscription}"));
    assert_eq!(changed.len(), 2);
}

#[tokio::test]
async fn a_plan_changes_only_while_what_there_is_is_paid_for() {
    let mut scene = Scene::set().await;
    let subscription = scene.subscribe("price_team").await;
    for (status, says) in [
        ("past_due", "payment is due"),
        ("unpaid", "payment is due"),
        ("incomplete", "first payment"),
        ("paused", "paused at Stripe"),
    ] {
        scene.stripe.moves_on(&subscription, json!({ "status": status }));
        scene.stripe.events();
        let (code, problem) = scene.ada.put("/billing/plan", json!({ "plan": "price_large" })).await;
        assert_eq!(
            (code, &problem["code"]),
            (StatusCode::CONFLICT, &json!("subscription_unsettled")),
            "{status}"
        );
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
    }
    assert!(scene.stripe.calls(&format!("POST /v1/subscriptions/{subscription}")).is_empty());
    scene.stripe.moves_on(&subscription, json!({ "status": "canceled" }));
    let (code, problem) = scene.ada.put("/billing/plan", json!({ "plan": "price_large" })).await;
    assert_eq!((code, &problem["code"]), (StatusCode::CONFLICT, &json!("not_subscribed")));
}
