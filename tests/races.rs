//! From the acknowledgement of what ends sessions on, none of them is answered, however busy it was at that moment.

use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, TestApp, factors::code_at, hammer::Hammer};

const ANOTHER: &str = "violet teapot on gravel";

async fn app() -> TestApp {
    TestApp::with(&[("PERNOEX_LIMIT_FACTOR", "1000")]).await
}

/// Another session of `person`, by their password and whatever `more` is asked for then.
async fn elsewhere(app: &TestApp, person: &Person, more: Option<Value>) -> Person {
    let mut other = app.nobody();
    let body = json!({ "email": person.email, "password": PASSWORD });
    let (status, answer) = other.post("/session", body).await;
    let Some(mut more) = more else {
        assert_eq!(status, StatusCode::OK, "{answer}");
        return other;
    };
    more["ticket"] = answer["second_factor"]["ticket"].clone();
    let (status, session) = other.post("/session/second-factor", more).await;
    assert_eq!(status, StatusCode::OK, "{session}");
    other
}

async fn busy(app: &TestApp, person: &Person) -> Hammer {
    let mut sessions = Vec::new();
    for _ in 0..4 {
        sessions.push(elsewhere(app, person, None).await);
    }
    Hammer::with(sessions).await
}

#[tokio::test]
async fn no_request_of_an_old_session_succeeds_once_the_change_is_acknowledged() {
    let app = app().await;
    let mut ada = app.owner("ada").await;
    let hammer = busy(&app, &ada).await;
    let (status, _) = ada.put("/account/password", json!({ "current": PASSWORD, "new": ANOTHER })).await;
    assert_eq!(status, StatusCode::OK);
    hammer.over().await;
    assert_eq!(ada.get("/projects").await.0, StatusCode::OK);
}

#[tokio::test]
async fn no_request_succeeds_once_a_reset_is_acknowledged() {
    let app = app().await;
    let ada = app.owner("ada").await;
    app.nobody()
        .post("/account/password/forgotten", json!({ "email": ada.email }))
        .await;
    let token = app.letter(&ada.email, "Choose a new password").await.token();
    let hammer = busy(&app, &ada).await;
    let body = json!({ "token": token, "password": ANOTHER });
    assert_eq!(app.nobody().post("/account/password/reset", body).await.0, StatusCode::NO_CONTENT);
    hammer.over().await;
}

#[tokio::test]
async fn no_request_of_another_session_succeeds_once_a_second_factor_came_or_went() {
    let app = app().await;
    let mut ada = app.owner("ada").await;
    let hammer = busy(&app, &ada).await;
    let (_, offered) = ada.post("/account/totp", json!({})).await;
    let code = code_at(offered["secret"].as_str().unwrap(), Clock::system().now());
    let (status, confirmed) = ada.post("/account/totp/confirmed", json!({ "code": code })).await;
    assert_eq!(status, StatusCode::OK, "{confirmed}");
    hammer.over().await;
    assert_eq!(ada.get("/projects").await.0, StatusCode::OK);

    let mut sessions = Vec::new();
    for n in 0..4 {
        let code = json!({ "backup_code": confirmed["backup_codes"][n] });
        sessions.push(elsewhere(&app, &ada, Some(code)).await);
    }
    let hammer = Hammer::with(sessions).await;
    assert_eq!(ada.delete("/account/totp", None).await.0, StatusCode::NO_CONTENT);
    hammer.over().await;
    assert_eq!(ada.get("/projects").await.0, StatusCode::OK);
}

#[tokio::test]
async fn no_request_of_a_member_succeeds_once_their_removal_is_acknowledged() {
    let app = app().await;
    let mut ada = app.owner("ada").await;
    let mut bob = app.member(&mut ada, &[]).await;
    let path = format!("/team/members/{}", bob.id().await);
    let hammer = busy(&app, &bob).await;
    assert_eq!(ada.delete(&path, None).await.0, StatusCode::NO_CONTENT);
    hammer.over().await;
}

#[tokio::test]
async fn no_request_succeeds_once_somebody_else_ended_the_sessions() {
    let app = app().await;
    let mut ada = app.owner("ada").await;
    let mut bob = app.member(&mut ada, &[]).await;
    let path = format!("/team/members/{}/sessions", bob.id().await);
    let hammer = busy(&app, &bob).await;
    assert_eq!(ada.delete(&path, None).await.0, StatusCode::NO_CONTENT);
    hammer.over().await;
    let hammer = busy(&app, &bob).await;
    let (done, said) = app.command_meanwhile(&["account", "end-sessions", &bob.email]).await;
    assert!(done, "{said}");
    hammer.over().await;
}
