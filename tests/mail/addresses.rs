use reqwest::StatusCode;
use serde_json::json;

use crate::support::{PASSWORD, Person, TestApp};

const CONFIRM: &str = "Confirm your new e-mail address";

fn fresh(name: &str) -> String {
    format!("{name}.{}@example.com", uuid::Uuid::new_v4().simple())
}

async fn confirm(app: &TestApp, token: &str) -> (StatusCode, serde_json::Value) {
    app.nobody().post("/account/email/confirmed", json!({ "token": token })).await
}

async fn ask(person: &mut Person, email: &str) {
    let asked = person.post("/account/email", json!({ "email": email })).await;
    assert_eq!(asked.0, StatusCode::ACCEPTED, "{}", asked.1);
}

#[tokio::test]
async fn a_newcomer_proves_their_address_by_a_link_that_works_once() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    assert_eq!(ada.get("/session").await.1["user"]["verified"], false);
    let first = app.letter(&ada.email, "Confirm your e-mail address").await.token();
    assert_eq!(ada.post("/account/verification", json!({})).await.0, StatusCode::ACCEPTED);
    let second = app.nth_letter(&ada.email, "Confirm your e-mail address", 2).await.token();
    let mut eve = app.owner("eve").await;
    let mut nobody = app.nobody();
    let follow = async |person: &mut Person, token: &str| person.post("/account/verified", json!({ "token": token })).await.0;
    assert_eq!(follow(&mut ada, &first).await, StatusCode::NOT_FOUND, "replaced");
    assert_eq!(
        follow(&mut nobody, &second).await,
        StatusCode::UNAUTHORIZED,
        "who clicks is not who made the account"
    );
    assert_eq!(follow(&mut eve, &second).await, StatusCode::NOT_FOUND, "of another account");
    assert_eq!(follow(&mut ada, &second).await, StatusCode::NO_CONTENT);
    assert_eq!(follow(&mut ada, &second).await, StatusCode::NOT_FOUND, "used");
    assert_eq!(ada.get("/session").await.1["user"]["verified"], true);
}

#[tokio::test]
async fn an_address_changes_once_both_ends_have_agreed() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let (old, new) = (ada.email.clone(), fresh("lovelace"));
    assert_eq!(ada.post("/account/email", json!({ "email": old })).await.1["code"], "invalid_email");
    ask(&mut ada, &new).await;
    let (leave, take) = (app.letter(&old, CONFIRM).await.token(), app.letter(&new, CONFIRM).await.token());
    assert_eq!(confirm(&app, &take).await.1["changed"], false);
    assert_eq!(confirm(&app, &take).await.0, StatusCode::NOT_FOUND, "one end cannot agree twice");
    assert_eq!(ada.get("/session").await.1["user"]["email"], old.as_str());
    assert_eq!(confirm(&app, &leave).await.1["changed"], true);
    let user = ada.get("/session").await.1["user"].clone();
    assert_eq!(
        (user["email"].as_str(), user["verified"].as_bool()),
        (Some(new.as_str()), Some(true))
    );
    app.letter(&old, "Your e-mail address was changed").await;
    let sign_in = async |email: &str| {
        app.nobody()
            .post("/session", json!({ "email": email, "password": PASSWORD }))
            .await
            .0
    };
    assert_eq!(sign_in(&old).await, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&new).await, StatusCode::OK);
}

#[tokio::test]
async fn a_taken_address_is_not_told_and_not_given() {
    let app = TestApp::start().await;
    let (mut ada, eve) = (app.owner("ada").await, app.owner("eve").await);
    ask(&mut ada, &eve.email).await;
    let leave = app.letter(&ada.email, CONFIRM).await.token();
    app.letter(&eve.email, "You already have").await;
    assert!(app.letters(&eve.email).iter().all(|letter| letter.subject != CONFIRM));
    assert_eq!(confirm(&app, &leave).await.1["changed"], false);
}

#[tokio::test]
async fn links_to_change_an_address_end_with_the_password_that_they_were_asked_for_with() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let new = fresh("thief");
    ask(&mut ada, &new).await;
    let (leave, take) = (
        app.letter(&ada.email, CONFIRM).await.token(),
        app.letter(&new, CONFIRM).await.token(),
    );
    assert_eq!(confirm(&app, &take).await.0, StatusCode::OK);
    let body = json!({ "current": PASSWORD, "new": "violet teapot on gravel" });
    assert_eq!(ada.put("/account/password", body).await.0, StatusCode::OK);
    assert_eq!(confirm(&app, &leave).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_invited_get_their_link_by_mail_too() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let email = fresh("grace");
    let token = ada.invite(&email, "member", &[]).await;
    let letter = app.letter(&email, "You are invited to ada").await;
    assert_eq!(letter.token(), token);
    assert!(letter.text.contains("/invitations/accept#"), "{}", letter.text);
}
