//! Sign-in with accounts elsewhere, over HTTP: a browser, this server, and a provider that says what the test tells it to.

mod apple;
mod links;
mod refusals;
mod sign_in;

use std::collections::BTreeMap;

use pernoex::Clock;
use reqwest::{Client, Method, StatusCode, header, redirect::Policy};
use serde_json::{Value, json};
use url::Url;

use crate::support::{Person, TestApp, issuer::Issuer};

/// A server that trusts `issuer` under both names.
async fn start(issuer: &Issuer) -> TestApp {
    start_at(issuer, Clock::system()).await
}

async fn start_at(issuer: &Issuer, clock: Clock) -> TestApp {
    start_with(issuer, clock, &[]).await
}

async fn start_with(issuer: &Issuer, clock: Clock, more: &[(&str, &str)]) -> TestApp {
    let both: Vec<_> = issuer.google().into_iter().chain(issuer.apple()).collect();
    let mut settings: Vec<(&str, &str)> = both.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    settings.extend(more);
    TestApp::start_with(clock, &settings).await
}

fn email() -> String {
    format!("ada.{}@gmail.com", uuid::Uuid::new_v4().simple())
}

fn subject() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// A browser, with every cookie it was given.
struct Browser {
    client: Client,
    url: String,
    cookies: BTreeMap<String, String>,
    csrf: Option<String>,
}

impl Browser {
    fn of(app: &TestApp) -> Self {
        Self {
            client: Client::builder()
                .local_address(app.own_address())
                .redirect(Policy::none())
                .build()
                .unwrap(),
            url: app.url.clone(),
            cookies: BTreeMap::new(),
            csrf: None,
        }
    }

    /// Somebody's who is signed in.
    fn signed_in(app: &TestApp, person: &Person) -> Self {
        let mut browser = Self::of(app);
        let (name, value) = person.cookie.as_deref().unwrap().split_once('=').unwrap();
        browser.cookies.insert(name.into(), value.into());
        browser.csrf = person.csrf.clone();
        browser
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> reqwest::Response {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request.header(header::COOKIE, cookies.join("; "));
        if let Some(csrf) = &self.csrf {
            request = request.header("x-csrf-token", csrf);
        }
        let response = request.send().await.unwrap();
        for set in response.headers().get_all(header::SET_COOKIE) {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.into(), value.into());
        }
        response
    }

    async fn ask(&mut self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.url));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = self.send(request).await;
        let status = response.status();
        let value: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default();
        if let Some(csrf) = value["csrf_token"].as_str() {
            self.csrf = Some(csrf.into());
        }
        (status, value)
    }

    async fn get(&mut self, path: &str) -> (StatusCode, Value) {
        self.ask(Method::GET, path, None).await
    }

    async fn post(&mut self, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask(Method::POST, path, Some(body)).await
    }

    async fn delete(&mut self, path: &str) -> (StatusCode, Value) {
        self.ask(Method::DELETE, path, None).await
    }

    /// Sets out for `provider`; what the address there asks for.
    async fn set_out(&mut self, provider: &str) -> BTreeMap<String, String> {
        let (status, away) = self.post(&format!("/session/providers/{provider}"), json!({})).await;
        assert_eq!(status, StatusCode::OK, "{away}");
        asked(&away)
    }

    /// Comes back from `provider` with these; what the next page is told.
    async fn come_back(&mut self, provider: &str, answer: &[(&str, &str)]) -> (String, String) {
        let address = format!("{}/sign-in/{provider}", self.url);
        let request = match provider {
            "google" => self.client.get(Url::parse_with_params(&address, answer).unwrap()),
            _ => {
                let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(answer).finish();
                self.client
                    .post(address)
                    .header("origin", "https://appleid.apple.com")
                    .header("sec-fetch-site", "cross-site")
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(form)
            }
        };
        let response = self.send(request).await;
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.headers()["referrer-policy"], "no-referrer");
        let on = response.headers()["location"].to_str().unwrap();
        let (page, told) = on.split_once('#').unwrap();
        assert_eq!(page, "/sign-in/finish");
        let (what, value) = told.split_once('=').unwrap();
        (what.to_owned(), value.to_owned())
    }

    /// All the way to `provider` and back as `subject`; the ticket.
    async fn ticket(&mut self, issuer: &Issuer, provider: &str, subject: &str, email: &str) -> String {
        let asked = self.set_out(provider).await;
        issuer.say(issuer.claims(subject, email, &asked["nonce"]));
        let (what, ticket) = self.come_back(provider, &[("state", &asked["state"]), ("code", "c")]).await;
        assert_eq!(what, "ticket", "{ticket}");
        ticket
    }

    async fn finish(&mut self, ticket: &str) -> (StatusCode, Value) {
        self.post("/session/provider", json!({ "ticket": ticket })).await
    }

    /// A new account by `provider`.
    async fn newcomer(&mut self, issuer: &Issuer, provider: &str, subject: &str, email: &str) {
        let ticket = self.ticket(issuer, provider, subject, email).await;
        let body = json!({ "ticket": ticket, "workspace": "Lantern works" });
        let (status, session) = self.post("/session/provider", body).await;
        assert_eq!(status, StatusCode::OK, "{session}");
    }
}

/// What the address at the provider asks for.
fn asked(away: &Value) -> BTreeMap<String, String> {
    let url = Url::parse(away["url"].as_str().unwrap()).unwrap();
    url.query_pairs().into_owned().collect()
}
