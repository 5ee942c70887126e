use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{PASSWORD, TestApp};

#[tokio::test]
async fn a_newcomer_signs_up_signs_out_and_signs_in_again() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let (status, session) = ada.get("/session").await;
    assert_eq!((status, session["role"].as_str()), (StatusCode::OK, Some("owner")));
    let old = ada.cookie.clone();
    assert_eq!(ada.delete("/session", None).await.0, StatusCode::NO_CONTENT);
    ada.cookie = old;
    assert_eq!(
        ada.get("/session").await.0,
        StatusCode::UNAUTHORIZED,
        "the session died on the server, not only in the browser"
    );
    ada.cookie = None;
    ada.csrf = None;
    let (status, wrong) = ada
        .post("/session", json!({ "email": ada.email, "password": "not this password" }))
        .await;
    assert_eq!(
        (status, wrong["code"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("wrong_credentials"))
    );
    assert_eq!(
        ada.post("/session", json!({ "email": ada.email, "password": PASSWORD })).await.0,
        StatusCode::OK
    );
    assert_eq!(ada.get("/projects").await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_session_cookie_has_every_protection() {
    let app = TestApp::start().await;
    let mut ada = app.nobody();
    let body = json!({ "email": "cookie@example.com", "password": PASSWORD, "workspace": "Acme" });
    let response = ada.send(Method::POST, "/account", Some(body), &[]).await;
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in ["__Host-pernoex=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    assert!(!cookie.contains("Domain"));
}

#[tokio::test]
async fn a_change_without_the_token_or_from_another_site_is_refused() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let token = ada.csrf.take();
    assert_eq!(ada.post("/projects", json!({ "name": "Forged" })).await.1["code"], "csrf_failed");
    ada.csrf = token;
    let forged = ada
        .send(
            Method::POST,
            "/projects",
            Some(json!({ "name": "Forged" })),
            &[("origin", "https://evil.test")],
        )
        .await;
    assert_eq!(forged.status(), StatusCode::FORBIDDEN);
    let forged = ada
        .send(Method::POST, "/session", Some(json!({})), &[("sec-fetch-site", "cross-site")])
        .await;
    assert_eq!(forged.status(), StatusCode::FORBIDDEN);
    assert_eq!(ada.get("/projects").await.1["projects"], json!([]));
}

#[tokio::test]
async fn guessing_a_password_is_slowed_down_whatever_agent_it_claims_to_be() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let mut thief = app.nobody();
    let mut last = StatusCode::OK;
    for n in 0..12 {
        let body = json!({ "email": ada.email, "password": "a wrong password" });
        let agent = format!("agent-{n}");
        let tried = thief
            .send(Method::POST, "/session", Some(body), &[("user-agent", agent.as_str())])
            .await;
        last = tried.status();
        if last == StatusCode::TOO_MANY_REQUESTS {
            assert!(tried.headers().contains_key("retry-after"));
            break;
        }
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn bad_input_gets_a_stable_code_and_names_the_field() {
    let app = TestApp::start().await;
    let mut ada = app.nobody();
    for (email, password, code) in [("ada", PASSWORD, "invalid_email"), ("ada@example.com", "short", "weak_password")] {
        let (status, problem) = ada
            .post("/account", json!({ "email": email, "password": password, "workspace": "W" }))
            .await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some(code)));
        assert!(problem["field"].is_string() && problem["request_id"].as_str().is_some_and(|id| !id.is_empty()));
    }
    let ada = app.owner("ada").await;
    let again = json!({ "email": ada.email, "password": PASSWORD, "workspace": "W" });
    assert_eq!(app.nobody().post("/account", again).await.1["code"], "email_taken");
}
