//! Stripe's signed messages, and people who pay there.

use std::time::Duration;

use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use super::SIGNING;
use crate::support::{
    Person, TestApp,
    signing::{hex, tag},
};

/// `t=…,v1=…`, as Stripe signs.
pub fn signature(secret: &str, seconds: i64, body: &str) -> String {
    let signed = format!("{seconds}.{body}");
    format!("t={seconds},v1={}", hex(&tag(secret.as_bytes(), &[signed.as_bytes()])))
}

/// Stripe's own servers, as a server sees them.
pub struct Sender {
    client: Client,
    url: String,
    clock: pernoex::Clock,
}

impl Sender {
    pub fn to(app: &TestApp, clock: &pernoex::Clock) -> Self {
        Self {
            client: Client::builder().local_address(app.own_address()).build().unwrap(),
            url: app.url.clone(),
            clock: clock.clone(),
        }
    }

    pub async fn send_signed(&self, body: &str, signed: &str) -> Response {
        let request = self.client.post(format!("{}/webhooks/stripe", self.url));
        request
            .header("stripe-signature", signed)
            .body(body.to_owned())
            .send()
            .await
            .unwrap()
    }

    pub async fn send(&self, body: &str) -> Response {
        self.send_signed(body, &signature(SIGNING, self.clock.now() / 1000, body)).await
    }

    pub async fn event(&self, event: &Value) {
        let response = self.send(&event.to_string()).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT, "{}", response.text().await.unwrap());
    }
}

impl Person {
    /// Where a plan is paid for.
    pub async fn checkout(&mut self, plan: &str) -> String {
        let (status, away) = self.post("/billing/checkout", json!({ "plan": plan })).await;
        assert_eq!(status, StatusCode::OK, "{away}");
        away["url"].as_str().unwrap().to_owned()
    }

    pub async fn billing(&mut self) -> Value {
        let (status, seen) = self.get("/billing").await;
        assert_eq!(status, StatusCode::OK, "{seen}");
        seen
    }

    /// Waits until at least `count` things that Stripe sent are there and all are seen to; what is seen then.
    pub async fn billed(&mut self, count: usize) -> Value {
        for _ in 0..600 {
            let seen = self.billing().await;
            let deliveries = seen["deliveries"].as_array().unwrap();
            if deliveries.len() >= count && deliveries.iter().all(|one| one["state"] != "waiting") {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("what Stripe sent is not seen to in time");
    }
}
