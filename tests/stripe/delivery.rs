use reqwest::StatusCode;
use serde_json::json;

use super::Scene;
use crate::support::{
    TestApp,
    stripe::{SIGNING, signature},
};

#[tokio::test]
async fn what_is_not_signed_by_stripe_is_not_heard() {
    let mut scene = Scene::set().await;
    let address = scene.ada.checkout("price_team").await;
    scene.stripe.pay(&address, "active");
    let body = scene.stripe.events()[0].to_string();
    let now = scene.clock.now() / 1000;
    let good = signature(SIGNING, now, &body);
    for signed in [
        String::new(),
        signature("whsec_another", now, &body),
        signature(SIGNING, now - 301, &body),
        signature(SIGNING, now + 301, &body),
        good.replace("v1=", "v0="),
        good[..good.len() - 2].to_owned(),
    ] {
        let status = scene.sender.send_signed(&body, &signed).await.status();
        assert!(
            matches!(status, StatusCode::UNAUTHORIZED | StatusCode::BAD_REQUEST),
            "{status} {signed}"
        );
    }
    let tampered = body.replace("active", "paused");
    assert_eq!(scene.sender.send_signed(&tampered, &good).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(scene.ada.billed(0).await["deliveries"], json!([]));
    for edge in [now - 300, now + 300] {
        let status = scene.sender.send_signed(&body, &signature(SIGNING, edge, &body)).await.status();
        assert_eq!(status, StatusCode::NO_CONTENT);
    }
    let both = format!(
        "{},v1={}",
        signature("whsec_another", now, &body),
        good.split_once("v1=").unwrap().1
    );
    assert_eq!(
        scene.sender.send_signed(&body, &both).await.status(),
        StatusCode::NO_CONTENT,
        "any of them"
    );
    assert_eq!(scene.ada.billed(1).await["plan"], "Team");
}

#[tokio::test]
async fn the_secret_before_is_good_while_stripe_still_signs_with_it() {
    let scene = Scene::set_with(&[("STRIPE_WEBHOOK_SECRET_PREVIOUS", "whsec_before")]).await;
    let body = json!({ "id": "evt_1", "object": "event", "type": "customer.created", "data": { "object": {} } }).to_string();
    let now = scene.clock.now() / 1000;
    for secret in ["whsec_before", SIGNING] {
        let response = scene.sender.send_signed(&body, &signature(secret, now, &body)).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
    }
}

#[tokio::test]
async fn an_event_that_is_sent_again_is_seen_to_once() {
    let mut scene = Scene::set().await;
    let address = scene.ada.checkout("price_team").await;
    scene.stripe.pay(&address, "active");
    let event = scene.stripe.events()[0].clone();
    for _ in 0..3 {
        scene.sender.event(&event).await;
    }
    scene.ada.billed(1).await;
    scene.sender.event(&event).await;
    assert_eq!(scene.ada.billed(1).await["deliveries"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_means_nothing_here_is_acknowledged_and_thin_events_are_refused() {
    let mut scene = Scene::set().await;
    let response = scene
        .sender
        .send(r#"{"id":"evt_1","object":"v2.core.event","type":"v1.billing.meter.no_meter_found"}"#)
        .await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(response.text().await.unwrap().contains("Thin events"));
    for body in ["[]", "not json", r#"{"id":"evt_1","object":"event","type":"invoice.paid"}"#] {
        assert_eq!(scene.sender.send(body).await.status(), StatusCode::BAD_REQUEST, "{body}");
    }
    for (kind, object) in [
        ("customer.created", json!({ "id": "cus_1" })),
        (
            "a.later.kind",
            json!({ "id": 7, "customer": ["of another shape"], "parent": "none" }),
        ),
        (
            "invoice.paid",
            json!({ "id": "in_1", "customer": "cus_nobody", "subscription": "sub_1" }),
        ),
    ] {
        scene
            .sender
            .event(&json!({ "id": "evt_2", "object": "event", "type": kind, "data": { "object": object } }))
            .await;
    }
    assert_eq!(scene.ada.billed(0).await["deliveries"], json!([]));
}

/// Whatever an event says: what counts is whose the customer is, and what Stripe says of the subscription when it is asked.
#[tokio::test]
async fn a_payload_is_believed_nothing_but_its_ids() {
    let mut scene = Scene::set().await;
    let mut eve = scene.app.owner("eve").await;
    let address = eve.checkout("price_large").await;
    let hers = scene.stripe.pay(&address, "active");
    scene.stripe.events();
    let address = scene.ada.checkout("price_team").await;
    let own = scene.stripe.pay(&address, "incomplete");
    scene.stripe.events();
    let customer = scene.stripe.subscription(&own)["customer"].clone();
    let event = |n: u32, object: serde_json::Value| json!({ "id": format!("evt_{n}"), "object": "event", "type": "customer.subscription.updated", "data": { "object": object } });
    // Says that it is active, and somebody else's.
    let tenant = json!({ "tenant_id": eve.get("/session").await.1["workspace"]["id"] });
    let object = json!({ "id": own, "customer": customer, "status": "active", "metadata": tenant });
    scene.sender.event(&event(1, object)).await;
    let seen = scene.ada.billed(1).await;
    assert_eq!(
        (&seen["plan"], &seen["subscription"]["status"]),
        (&json!("Free"), &json!("incomplete"))
    );
    // Another's subscription under one's own customer.
    scene
        .sender
        .event(&event(2, json!({ "id": hers, "customer": customer, "status": "active" })))
        .await;
    let seen = scene.ada.billed(2).await;
    assert_eq!(seen["plan"], "Free");
    assert_eq!(seen["deliveries"][0]["state"], "ignored");
    assert_eq!(eve.billing().await["deliveries"], json!([]));
}

#[tokio::test]
async fn while_stripe_is_away_an_event_waits_and_is_tried_again() {
    let mut scene = Scene::set().await;
    let address = scene.ada.checkout("price_team").await;
    scene.stripe.pay(&address, "trialing");
    scene.stripe.is_away(2);
    scene.sender.event(&scene.stripe.events()[0].clone()).await;
    for _ in 0..200 {
        let seen = scene.ada.billing().await;
        if seen["deliveries"][0]["state"] == "done" {
            assert_eq!(
                (&seen["plan"], &seen["subscription"]["status"]),
                (&json!("Team"), &json!("trialing"))
            );
            assert!(seen["subscription"]["trial_ends_at"].is_string());
            return;
        }
        scene.clock.advance(1_000);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it is not tried again");
}

/// Signatures by `stripe`, the vendor's own, where `tests/run` has installed it.
#[tokio::test]
async fn what_stripes_own_sdk_signs_is_taken() {
    let Ok(python) = std::env::var("PERNOEX_TEST_PYTHON") else {
        println!("PERNOEX_TEST_PYTHON names no Python with stripe");
        return;
    };
    let scene = Scene::set().await;
    let body =
        json!({ "id": "evt_1", "object": "event", "type": "customer.created", "data": { "object": { "name": "signed – by the SDK" } } });
    let (body, seconds) = (body.to_string(), scene.clock.now() / 1000);
    let script = "import sys, stripe; print(stripe.WebhookSignature._compute_signature(sys.argv[2] + '.' + sys.argv[3], sys.argv[1]))";
    let signed = std::process::Command::new(python)
        .args(["-c", script, SIGNING, &seconds.to_string(), &body])
        .output()
        .unwrap();
    assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
    let signed = format!("t={seconds},v1={}", String::from_utf8(signed.stdout).unwrap().trim());
    assert_eq!(signed, signature(SIGNING, seconds, &body));
    assert_eq!(scene.sender.send_signed(&body, &signed).await.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn contradictory_plans_do_not_start() {
    let stripe = crate::support::stripe::Stripe::start().await;
    let mut app = TestApp::prepare(pernoex::Clock::system(), &[]).await;
    for (name, value) in stripe.settings() {
        app.configure(name, &value);
    }
    app.configure(
        "PERNOEX_PLANS",
        r#"{"free":{"name":"Free","projects":3},"paid":[{"name":"Team","price":"price_1","projects":2}]}"#,
    );
    let refusal = app.refusal();
    assert!(refusal.contains("PERNOEX_PLANS") && refusal.contains("fewer projects"), "{refusal}");
}
