use reqwest::StatusCode;
use serde_json::json;

use super::{Scene, noted, reading};
use crate::support::{
    TestApp,
    stripe::{BEGUN, MONTH},
};

#[tokio::test]
async fn without_stripe_there_are_no_plans_and_no_limits() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    for path in ["/billing", "/billing/usage", "/billing/invoices"] {
        let (status, problem) = ada.get(path).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::NOT_FOUND, &json!("billing_not_configured")),
            "{path}"
        );
    }
    let choice = json!({ "plan": "price_team" });
    for path in ["/billing/checkout", "/billing/portal", "/billing/cancel", "/billing/keep"] {
        let (status, problem) = ada.post(path, choice.clone()).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::NOT_FOUND, &json!("billing_not_configured")),
            "{path}"
        );
    }
    assert_eq!(ada.put("/billing/plan", choice).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ada.get("/session").await.1["billing"], false);
    for name in ["One", "Two", "Three"] {
        ada.project(name).await;
    }
    let response = app
        .nobody()
        .client
        .post(format!("{}/webhooks/stripe", app.url))
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn an_owner_upgrades_and_sees_what_they_have() {
    let mut scene = Scene::set().await;
    let before = scene.ada.billing().await;
    assert_eq!(
        (&before["plan"], &before["subscription"], &before["portal"]),
        (&json!("Free"), &json!(null), &json!(false))
    );
    let names: Vec<_> = before["plans"]
        .as_array()
        .unwrap()
        .iter()
        .map(|plan| plan["name"].clone())
        .collect();
    assert_eq!(names, ["Free", "Team", "Large"], "those that are offered");
    assert_eq!(scene.ada.get("/session").await.1["billing"], true);

    scene.subscribe("price_team").await;
    let seen = scene.ada.billing().await;
    assert_eq!((&seen["plan"], &seen["portal"]), (&json!("Team"), &json!(true)));
    let subscription = &seen["subscription"];
    assert_eq!(
        (&subscription["status"], &subscription["plan"]),
        (&json!("active"), &json!("price_team"))
    );
    let renews = chrono::DateTime::parse_from_rfc3339(subscription["renews_at"].as_str().unwrap()).unwrap();
    assert_eq!(renews.timestamp(), BEGUN + MONTH);
    assert_eq!(reading(&seen, "projects"), json!([0, 5, false]));

    // The customer is made once, the tenant told, and people come back here.
    assert_eq!(scene.stripe.calls("POST /v1/customers").len(), 1);
    let form = &scene.stripe.calls("POST /v1/checkout/sessions")[0].form;
    assert_eq!(
        (form["mode"].as_str(), form["line_items[0][price]"].as_str()),
        ("subscription", "price_team")
    );
    assert!(form["success_url"].contains("/workspace/billing?checkout=done"), "{form:?}");

    let (status, problem) = scene.ada.post("/billing/checkout", json!({ "plan": "price_large" })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("already_subscribed")));
    let (_, away) = scene.ada.post("/billing/portal", json!({})).await;
    assert!(
        away["url"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{}/portal/cus_", scene.stripe.url))
    );
    assert_eq!(
        noted(&mut scene.ada).await,
        ["billing.portal_opened", "billing.subscription_changed", "billing.checkout_begun"]
    );
}

#[tokio::test]
async fn only_plans_that_are_offered_can_be_chosen() {
    let mut scene = Scene::set().await;
    for plan in ["free", "price_classic", "price_unknown", ""] {
        let (status, problem) = scene.ada.post("/billing/checkout", json!({ "plan": plan })).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("unknown_plan")),
            "{plan}"
        );
    }
    let (status, problem) = scene.ada.put("/billing/plan", json!({ "plan": "price_team" })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("not_subscribed")));
    let (status, problem) = scene.ada.post("/billing/portal", json!({})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("not_subscribed")));
    assert!(scene.stripe.calls("POST /v1/customers").is_empty());
}

#[tokio::test]
async fn somebody_who_paid_and_comes_back_before_stripe_told_of_it_does_not_pay_twice() {
    let mut scene = Scene::set().await;
    let address = scene.ada.checkout("price_team").await;
    scene.stripe.pay(&address, "active");
    let (status, problem) = scene.ada.post("/billing/checkout", json!({ "plan": "price_team" })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("already_subscribed")));
    assert_eq!(scene.ada.billing().await["plan"], "Team");
}

#[tokio::test]
async fn a_downgrade_and_a_cancellation_say_what_they_will_stop() {
    let mut scene = Scene::set().await;
    let subscription = scene.subscribe("price_large").await;
    for name in ["One", "Two", "Three"] {
        scene.ada.project(name).await;
    }
    let seen = scene.ada.billing().await;
    let stops = |plan: &str| {
        let plans = seen["plans"].as_array().unwrap();
        plans.iter().find(|one| one["id"] == plan).unwrap()["stops"].clone()
    };
    assert_eq!(stops("free"), json!([{ "meter": "projects", "used": 3, "limit": 1 }]));
    assert_eq!((stops("price_team"), stops("price_large")), (json!([]), json!([])));

    let (status, _) = scene.ada.put("/billing/plan", json!({ "plan": "price_team" })).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(scene.ada.billing().await["plan"], "Team", "before Stripe told of it");
    let form = &scene.stripe.calls(&format!("POST /v1/subscriptions/{subscription}"))[0].form;
    assert!(form["items[0][id]"].starts_with("si_"), "{form:?}");
    assert_eq!(form["items[0][price]"], "price_team");

    let (status, _) = scene.ada.post("/billing/cancel", json!({})).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let seen = scene.ada.billing().await;
    assert_eq!((&seen["plan"], &seen["subscription"]["renews_at"]), (&json!("Team"), &json!(null)));
    assert!(seen["subscription"]["ends_at"].is_string());
    assert_eq!(scene.ada.post("/billing/keep", json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(scene.ada.billing().await["subscription"]["ends_at"], json!(null));

    scene.stripe.moves_on(&subscription, json!({ "status": "canceled" }));
    let seen = scene.deliver().await;
    assert_eq!((&seen["plan"], &seen["subscription"]), (&json!("Free"), &json!(null)));
    assert_eq!(
        scene.ada.get("/projects").await.1["projects"].as_array().unwrap().len(),
        3,
        "nothing is deleted"
    );
    let (status, problem) = scene.ada.post("/projects", json!({ "name": "Four" })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("plan_projects")));
}

#[tokio::test]
async fn invoices_lead_to_pages_that_nobody_else_can_read_along_on() {
    let mut scene = Scene::set().await;
    assert_eq!(scene.ada.get("/billing/invoices").await.1, json!({ "invoices": [] }));
    let subscription = scene.subscribe("price_team").await;
    let customer = scene.stripe.subscription(&subscription)["customer"].as_str().unwrap().to_owned();
    scene.stripe.bills(&customer, "http://invoice.stripe.com/i/1");
    let (status, seen) = scene.ada.get("/billing/invoices").await;
    assert_eq!(status, StatusCode::OK, "{seen}");
    let [plain, paid] = seen["invoices"].as_array().unwrap().as_slice() else {
        panic!("{seen}")
    };
    assert_eq!((&plain["status"], &plain["page"]), (&json!("open"), &json!(null)));
    assert_eq!(
        (&paid["number"], &paid["total"], &paid["currency"]),
        (&json!("A-0001"), &json!(4900), &json!("eur"))
    );
    assert!(paid["page"].as_str().unwrap().starts_with(&scene.stripe.url));
    // Of nobody else's.
    let mut eve = scene.app.owner("eve").await;
    assert_eq!(eve.get("/billing/invoices").await.1, json!({ "invoices": [] }));
}

#[tokio::test]
async fn billing_is_the_owners_alone_and_changes_ask_for_a_proof() {
    let mut scene = Scene::set_with(&[]).await;
    scene.subscribe("price_team").await;
    let mut admin = scene.app.admin(&mut scene.ada).await;
    for path in ["/billing", "/billing/invoices"] {
        assert_eq!(admin.get(path).await.1["code"], "role_too_low", "{path}");
    }
    let (status, usage) = admin.get("/billing/usage").await;
    assert_eq!((status, &usage["plan"]), (StatusCode::OK, &json!("Team")));
    assert_eq!(admin.post("/billing/portal", json!({})).await.1["code"], "role_too_low");
    scene.clock.advance(11 * 60_000);
    for path in ["/billing/portal", "/billing/cancel", "/billing/keep"] {
        assert_eq!(scene.ada.post(path, json!({})).await.1["code"], "step_up_needed", "{path}");
    }
    scene.ada.prove().await;
    assert_eq!(scene.ada.post("/billing/portal", json!({})).await.0, StatusCode::OK);
}

#[tokio::test]
async fn who_cannot_reach_stripe_is_told_so() {
    let mut scene = Scene::set().await;
    scene.stripe.is_away(2);
    let (status, problem) = scene.ada.post("/billing/checkout", json!({ "plan": "price_team" })).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("stripe_unavailable"))
    );
    scene.ada.checkout("price_team").await;
    scene.stripe.knows("sk_another");
    let (status, problem) = scene.ada.post("/billing/portal", json!({})).await;
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("stripe_refused")));
    assert!(problem["detail"].as_str().unwrap().contains("api_key_expired"), "{problem}");
}
