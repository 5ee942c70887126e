//! Visitors of a widget.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{Person, TestApp};

pub const SITE: &str = "https://www.example.com";

/// The public key of `project`, whose widget may stand on [`SITE`] from now on.
pub async fn open_widget(owner: &mut Person, project: &str) -> String {
    let (status, widget) = owner
        .patch(&format!("{project}/widget"), json!({ "allowed_origins": [SITE] }))
        .await;
    assert_eq!(status, StatusCode::OK, "{widget}");
    widget["public_key"].as_str().unwrap().to_owned()
}

/// What a website's server signs of who its visitor is.
pub fn user_token(secret: &str, claims: &Value) -> String {
    let parts = [json!({ "alg": "HS256", "typ": "JWT" }), claims.clone()];
    let text = parts.map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// Someone who looks at [`SITE`].
pub struct Visitor {
    pub browser: Person,
    pub key: String,
    pub token: String,
}

impl Visitor {
    pub async fn begin(app: &TestApp, key: &str) -> Self {
        let mut visitor = Self {
            browser: app.nobody(),
            key: key.to_owned(),
            token: String::new(),
        };
        let begun = visitor.send(Method::POST, "visits", Some(json!({})), &[]).await;
        assert_eq!(begun.status(), StatusCode::CREATED);
        let begun: Value = begun.json().await.unwrap();
        visitor.token = begun["token"].as_str().unwrap().to_owned();
        visitor
    }

    /// Sends from the page on [`SITE`], with the visitor's token. `path` is below the widget's key.
    pub async fn send(&mut self, method: Method, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Response {
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![("origin", SITE)];
        if !self.token.is_empty() {
            all.push(("authorization", &bearer));
        }
        all.extend_from_slice(headers);
        self.browser.send(method, &format!("/widget/{}/{path}", self.key), body, &all).await
    }

    pub async fn ask(&mut self, question: &str) -> (StatusCode, Value) {
        let body = Some(json!({ "question": question }));
        let response = self.send(Method::POST, "questions", body, &[]).await;
        (response.status(), response.json().await.unwrap_or(Value::Null))
    }
}

/// Server-sent events: name and data, in order.
pub fn events(text: &str) -> Vec<(String, Value)> {
    let event = |block: &str| {
        let (name, data) = block.split_once('\n')?;
        let data = data.strip_prefix("data: ")?;
        Some((name.strip_prefix("event: ")?.to_owned(), serde_json::from_str(data).ok()?))
    };
    text.split("\n\n").filter_map(event).collect()
}
