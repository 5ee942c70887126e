//! The story beside `localstripe`, a stand-in for Stripe that others wrote: what we only believe of Stripe, it may know better. It has neither
//! checkouts nor a portal, so there the subscription is made for the customer that a checkout was begun for.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Duration,
};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    Person, TestApp,
    stripe::{KEY, PLANS, SIGNING},
};

/// Runs while it is held.
struct LocalStripe {
    process: Child,
    url: String,
    client: Client,
}

impl LocalStripe {
    /// `None` where `tests/run` has not installed it.
    fn start() -> Option<Self> {
        let python = std::env::var("PERNOEX_TEST_PYTHON").ok()?;
        // Fails only when it was installed before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stripe/stand_in.py");
        let mut process = Command::new(python).arg(script).stdout(Stdio::piped()).spawn().unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        assert!(!port.is_empty(), "it does not start");
        Some(Self {
            process,
            url: format!("http://127.0.0.1:{}", port.trim()),
            client: Client::new(),
        })
    }

    async fn tell(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.client.post(format!("{}{path}", self.url)).bearer_auth(KEY);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
        let response = request.send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.client.get(format!("{}{path}", self.url)).bearer_auth(KEY);
        request.send().await.unwrap().json().await.unwrap()
    }
}

impl Drop for LocalStripe {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the owner sees once the workspace has this plan. What there is told is told about a second late.
async fn until_plan(owner: &mut Person, plan: &str) -> Value {
    for _ in 0..300 {
        let seen = owner.billing().await;
        if seen["plan"] == plan {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the plan is not {plan}: {}", owner.billing().await);
}

#[tokio::test]
async fn a_stand_in_that_others_wrote_tells_the_same_story() {
    let Some(stripe) = LocalStripe::start() else {
        println!("PERNOEX_TEST_PYTHON names no Python with localstripe");
        return;
    };
    let settings = [
        ("STRIPE_SECRET_KEY", KEY),
        ("STRIPE_WEBHOOK_SECRET", SIGNING),
        ("STRIPE_URL", &stripe.url),
        ("PERNOEX_PLANS", PLANS),
    ];
    // Its messages are signed at the time of the machine.
    let app = TestApp::with(&settings).await;
    let hook = format!("{}/webhooks/stripe", app.url);
    stripe
        .tell("/_config/webhooks/pernoex", &[("url", &hook), ("secret", SIGNING)])
        .await;
    for (plan, amount) in [("price_team", "4900"), ("price_large", "10000")] {
        let sold = [
            ("id", plan),
            ("amount", amount),
            ("currency", "eur"),
            ("interval", "month"),
            ("name", plan),
        ];
        stripe.tell("/v1/plans", &sold).await;
    }

    let mut ada = app.owner("ada").await;
    assert_eq!(ada.billing().await["plan"], "Free");
    let (status, problem) = ada.post("/billing/checkout", json!({ "plan": "price_team" })).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("stripe_unavailable")),
        "it has no checkouts"
    );
    let customers = stripe.get("/v1/customers").await["data"].as_array().unwrap().clone();
    let [customer] = customers.as_slice() else {
        panic!("{customers:?}")
    };
    assert_eq!(customer["email"], ada.email.as_str());
    assert_eq!(customer["metadata"]["tenant_id"], ada.get("/session").await.1["workspace"]["id"]);
    let customer = customer["id"].as_str().unwrap();

    let card = [
        ("type", "card"),
        ("card[number]", "4242424242424242"),
        ("card[exp_month]", "12"),
        ("card[exp_year]", "2040"),
        ("card[cvc]", "123"),
    ];
    let card = stripe.tell("/v1/payment_methods", &card).await["id"].as_str().unwrap().to_owned();
    stripe
        .tell(&format!("/v1/payment_methods/{card}/attach"), &[("customer", customer)])
        .await;
    let default = [("invoice_settings[default_payment_method]", card.as_str())];
    stripe.tell(&format!("/v1/customers/{customer}"), &default).await;
    let made = stripe
        .tell("/v1/subscriptions", &[("customer", customer), ("items[0][plan]", "price_team")])
        .await;
    let subscription = made["id"].as_str().unwrap();
    let seen = until_plan(&mut ada, "Team").await;
    assert_eq!(seen["subscription"]["status"], "active", "{seen}");
    assert!(seen["subscription"]["renews_at"].is_string(), "{seen}");

    let (status, changed) = ada.put("/billing/plan", json!({ "plan": "price_large" })).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{changed}");
    assert_eq!(ada.billing().await["plan"], "Large", "before it was told of");
    let there = stripe.get(&format!("/v1/subscriptions/{subscription}")).await;
    assert_eq!(there["items"]["data"][0]["plan"]["id"], "price_large");

    assert_eq!(ada.post("/billing/cancel", json!({})).await.0, StatusCode::NO_CONTENT);
    assert!(ada.billing().await["subscription"]["ends_at"].is_string());
    assert_eq!(ada.post("/billing/keep", json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.billing().await["subscription"]["ends_at"], json!(null));
    let (status, seen) = ada.get("/billing/invoices").await;
    assert_eq!((status, &seen["invoices"][0]["status"]), (StatusCode::OK, &json!("paid")), "{seen}");
    assert_eq!(
        (&seen["invoices"][0]["total"], &seen["invoices"][0]["currency"]),
        (&json!(4900), &json!("eur"))
    );

    let path = format!("{}/v1/subscriptions/{subscription}", stripe.url);
    let ended = stripe.client.delete(path).bearer_auth(KEY).send().await.unwrap();
    assert_eq!(ended.status(), StatusCode::OK);
    let seen = until_plan(&mut ada, "Free").await;
    assert_eq!(seen["subscription"], json!(null));
    let heard = seen["deliveries"].as_array().unwrap().len();
    assert!(heard >= 2, "it was told: {seen}");
}
