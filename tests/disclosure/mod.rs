//! Reports of vulnerabilities: from whoever finds one to whoever mends it, with what was promised in between.

mod board;
mod clocks;
mod files;
mod gpg;
mod mail;
mod pages;
mod reports;
mod signing;

use reqwest::{StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Person, TestApp};

pub const HOUR: i64 = 3_600_000;
pub const DAY: i64 = 24 * HOUR;
/// A Monday at ten, UTC.
pub const MONDAY: i64 = 1_795_428_000_000;

const TITLE: &str = "Quokka overflow";
const DETAILS: &str = "Send a pangolin to the widget, and the narwhal answers.";

/// Sends a file with the private link's token.
pub async fn attach(person: &mut Person, token: &str, name: &str, bytes: &[u8]) -> (StatusCode, Value) {
    let mut form = format!("--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n").into_bytes();
    form.extend_from_slice(bytes);
    form.extend_from_slice(b"\r\n--cut--\r\n");
    let request = person
        .client
        .post(format!("{}/api/v1/disclosure/status/files", person.url))
        .bearer_auth(token);
    let request = request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut");
    let response = request.body(form).send().await.unwrap();
    (response.status(), response.json().await.unwrap_or(Value::Null))
}

/// A report without a name; its token.
pub async fn report(app: &TestApp) -> String {
    let (status, receipt) = app
        .nobody()
        .post("/disclosure/reports", json!({ "title": TITLE, "details": DETAILS }))
        .await;
    assert_eq!(status, StatusCode::CREATED, "{receipt}");
    receipt["token"].as_str().unwrap().to_owned()
}

pub async fn follow(app: &TestApp, token: &str) -> (StatusCode, Value) {
    app.nobody().post("/disclosure/status", json!({ "token": token })).await
}

/// The path of the latest report on the board.
pub async fn latest(operator: &mut Person) -> String {
    let (status, board) = operator.get("/operator/api/reports").await;
    assert_eq!(status, StatusCode::OK, "{board}");
    format!("/operator/api/reports/{}", board["reports"][0]["id"].as_str().unwrap())
}

/// Moves a report on, whatever state it is in.
pub async fn go(operator: &mut Person, path: &str, to: &str, more: Value) -> (StatusCode, Value) {
    let (_, sheet) = operator.get(path).await;
    let mut body = json!({ "from": sheet["report"]["state"], "to": to });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    operator.post(&format!("{path}/state"), body).await
}
