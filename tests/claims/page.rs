//! `/trust`, as anybody reads it.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::Value;

use super::{in_the_clear, lived_in};
use crate::support::TestApp;

async fn told(app: &TestApp) -> Value {
    let (status, told) = app.nobody().get("/trust").await;
    assert_eq!(status, StatusCode::OK);
    told
}

/// A check of some claim.
fn check(told: &Value, id: &str) -> Value {
    let claims = told["claims"].as_array().unwrap().iter();
    let found = claims
        .flat_map(|claim| claim["checks"].as_array().unwrap())
        .find(|check| check["id"] == id);
    found.unwrap_or_else(|| panic!("no {id} in {told}")).clone()
}

/// Waits until the server has looked at itself.
async fn looked(app: &TestApp) -> Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let now = told(app).await;
        if check(&now, "rows.sealed")["at"].is_string() {
            return now;
        }
        assert!(Instant::now() < deadline, "it does not look at itself: {now}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn the_page_tells_what_this_server_found_and_forgets_it_with_a_restart() {
    let (mut app, _, _) = lived_in().await;
    let found = looked(&app).await;
    for id in ["rows.sealed", "rows.passwords", "rows.audit", "build.toolchain"] {
        assert_eq!(check(&found, id)["status"], "holds", "{id}: {found}");
    }
    assert_eq!(check(&found, "session.cookie")["status"], "not_tried", "nobody gave it an account");
    let rows = app.rows().await;
    rows.run("update document_body set sealed = $1", vec![in_the_clear().into()]).await;
    rows.close().await;
    app.restart().await;
    let first = check(&told(&app).await, "rows.sealed");
    assert!(
        first["status"] != "holds",
        "what was found before the restart is no finding: {first}"
    );
    let found = looked(&app).await;
    assert_eq!(check(&found, "rows.sealed")["status"], "broken");
    let page = reqwest::get(format!("{}/trust", app.url)).await.unwrap();
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    let page = page.text().await.unwrap();
    assert!(page.contains("Broken") && page.contains("Atlassian offers no revocation"), "{page}");
    // What it found is for who runs it.
    let inside = app.data().display().to_string();
    for secret in [inside.as_str(), "document_body", "master.key", "127.0.0.1"] {
        assert!(!page.contains(secret) && !found.to_string().contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn who_runs_it_can_switch_the_page_off() {
    let app = TestApp::with(&[("PERNOEX_TRUST_PAGE", "no")]).await;
    assert_eq!(app.nobody().get("/trust").await.0, StatusCode::NOT_FOUND);
    let options = app.nobody().get("/sign-in-options").await.1;
    assert_eq!(options["trust_page"], false, "so that no page leads there");
    assert_eq!(
        reqwest::get(format!("{}/trust", app.url)).await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
    let wrong = TestApp::prepare(pernoex::Clock::system(), &[("PERNOEX_TRUST_PAGE", "maybe")]).await;
    assert!(wrong.refusal().contains("PERNOEX_TRUST_PAGE"));
}

#[tokio::test]
async fn the_page_is_ours_alone_and_needs_no_script() {
    let app = TestApp::start().await;
    let page = reqwest::get(format!("{}/trust", app.url)).await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
    let page = page.text().await.unwrap();
    assert!(
        !page.contains("<script") && !page.contains("http://") && !page.contains("https://"),
        "nothing comes from elsewhere"
    );
    for asset in page.split("href=\"/assets/").skip(1).filter_map(|rest| rest.split('"').next()) {
        let answer = reqwest::get(format!("{}/assets/{asset}", app.url)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{asset}");
    }
    assert_eq!(page.matches("<article").count(), pernoex::claims::all().len());
}
