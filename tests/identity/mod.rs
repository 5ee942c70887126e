//! Who people are: second factors and what they are asked for.

mod backup_codes;
mod long_passwords;
mod passkeys;
mod proofs;
mod required;
mod totp;

use actors::clock::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, TestApp, factors::code_at};

const MINUTE: i64 = 60_000;

/// A server whose clock the test moves.
async fn app() -> (TestApp, Clock) {
    app_with(&[]).await
}

async fn app_with(settings: &[(&str, &str)]) -> (TestApp, Clock) {
    let clock = Clock::manual(1_790_000_000_000);
    (TestApp::start_with(clock.clone(), settings).await, clock)
}

/// Somebody with an authenticator app: its secret, and the backup codes that came with it.
struct App {
    secret: String,
    backup_codes: Vec<String>,
}

async fn set_up_app(person: &mut Person, clock: &Clock) -> App {
    let (status, offered) = person.post("/account/totp", json!({})).await;
    assert_eq!(status, StatusCode::OK, "{offered}");
    let secret = offered["secret"].as_str().unwrap().to_owned();
    let (status, confirmed) = person
        .post("/account/totp/confirmed", json!({ "code": code_at(&secret, clock.now()) }))
        .await;
    assert_eq!(status, StatusCode::OK, "{confirmed}");
    // The step of that code is used up.
    clock.advance(30_000);
    App {
        secret,
        backup_codes: texts(&confirmed["backup_codes"]),
    }
}

fn texts(list: &Value) -> Vec<String> {
    let texts = list.as_array().map(Vec::as_slice).unwrap_or_default().iter();
    texts.map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The first step of a sign-in: what is asked for next.
async fn ask(person: &mut Person, email: &str) -> Value {
    let (status, asked) = person.post("/session", json!({ "email": email, "password": PASSWORD })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{asked}");
    assert!(asked["csrf_token"].is_null() && person.cookie.is_none(), "no session yet: {asked}");
    asked["second_factor"].clone()
}

/// The second step, with whatever `factor` holds.
async fn answer(person: &mut Person, ticket: &Value, factor: Value) -> (StatusCode, Value) {
    let mut body = factor;
    body["ticket"] = ticket.clone();
    let (status, session) = person.post("/session/second-factor", body).await;
    if status == StatusCode::OK {
        person.took(&session);
    }
    (status, session)
}

fn code_of(problem: &(StatusCode, Value)) -> (u16, &str) {
    (problem.0.as_u16(), problem.1["code"].as_str().unwrap_or_default())
}
