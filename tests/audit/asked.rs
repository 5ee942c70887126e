//! What is asked for by mail, and proofs that are asked for anew: each in the log when it happens, and not only once it has come to something.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{acts, log};
use crate::support::{PASSWORD, Person, TestApp};

const ANOTHER: &str = "violet teapot on gravel";

fn fresh(name: &str) -> String {
    format!("{name}.{}@example.com", uuid::Uuid::new_v4().simple())
}

/// The latest entry of `act`, which there is one of.
async fn one(person: &mut Person, act: &str) -> Value {
    let entries = log(person, &format!("?act={act}")).await;
    assert_eq!(acts(&entries), [act]);
    assert!(!entries[0]["address"].as_str().unwrap().is_empty(), "{}", entries[0]);
    entries[0].clone()
}

#[tokio::test]
async fn a_confirmed_address_and_one_that_is_to_change_are_in_the_log() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let token = app.letter(&ada.email, "Confirm your e-mail address").await.token();
    let follow = json!({ "token": token });
    assert_eq!(ada.post("/account/verified", follow.clone()).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.post("/account/verified", follow).await.0, StatusCode::NOT_FOUND);
    let verified = one(&mut ada, "account.email_verified").await;
    assert_eq!(
        (verified["email"].as_str(), verified["target"]["name"].as_str()),
        (Some(&*ada.email), Some(&*ada.email))
    );
    // Whether the address can be had makes no difference to what is written.
    let (taken, free) = (app.owner("eve").await.email, fresh("lovelace"));
    for email in [&taken, &free] {
        assert_eq!(ada.post("/account/email", json!({ "email": email })).await.0, StatusCode::ACCEPTED);
    }
    let asked = log(&mut ada, "?act=account.email_change_requested").await;
    assert_eq!(asked.len(), 2);
    let is_hers = |entry: &Value| entry["email"] == ada.email.as_str();
    assert!(asked.iter().all(is_hers), "{asked:?}");
    let said = serde_json::to_string(&asked).unwrap();
    assert!(!said.contains(&taken) && !said.contains(&free), "somebody else's, perhaps: {said}");
}

#[tokio::test]
async fn a_reset_that_somebody_asks_for_is_in_the_log_before_it_comes_to_anything() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    for email in [&ada.email, &fresh("nobody")] {
        let asked = app.nobody().post("/account/password/forgotten", json!({ "email": email })).await;
        assert_eq!(asked.0, StatusCode::ACCEPTED, "{}", asked.1);
    }
    let token = app.letter(&ada.email, "Choose a new password").await.token();
    let asked = one(&mut ada, "account.reset_requested").await;
    assert_eq!(
        (&asked["actor"], &asked["email"]),
        (&Value::Null, &json!("")),
        "by whoever knows the address"
    );
    assert_eq!(asked["target"]["name"], ada.email.as_str());
    let body = json!({ "token": token, "password": ANOTHER });
    assert_eq!(app.nobody().post("/account/password/reset", body).await.0, StatusCode::NO_CONTENT);
    let (_, session) = ada.post("/session", json!({ "email": ada.email, "password": ANOTHER })).await;
    ada.took(&session);
    // Who reads the mail of an address has it.
    let entries = log(&mut ada, "?act=account").await;
    assert_eq!(
        acts(&entries),
        ["account.email_verified", "account.password_reset", "account.reset_requested"]
    );
}

#[tokio::test]
async fn a_sign_up_by_mail_begins_its_log_with_the_proof_of_the_address() {
    let app = TestApp::with(&[("PERNOEX_SIGN_UP", "")]).await;
    app.owner("ada").await;
    let mut grace = app.nobody();
    let email = fresh("grace");
    let body = json!({ "email": email, "password": PASSWORD, "workspace": "Compilers" });
    assert_eq!(grace.post("/account", body).await.0, StatusCode::ACCEPTED);
    let token = app.letter(&email, "Finish signing up").await.token();
    let (_, session) = grace
        .post("/account/confirm", json!({ "token": token, "password": PASSWORD }))
        .await;
    grace.took(&session);
    let entries = log(&mut grace, "").await;
    assert_eq!(acts(&entries), ["session.begun", "workspace.created", "account.email_verified"]);
    assert!(entries.iter().all(|entry| entry["email"] == email.as_str()), "{entries:?}");
}

#[tokio::test]
async fn a_password_that_is_asked_for_anew_is_in_the_log_and_a_wrong_one_too() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let wrong = json!({ "password": "not the password at all" });
    assert_eq!(ada.post("/session/proof", wrong).await.0, StatusCode::UNAUTHORIZED);
    let (status, session) = ada.post("/session/proof", json!({ "password": PASSWORD })).await;
    assert_eq!(status, StatusCode::OK, "{session}");
    assert_eq!(one(&mut ada, "session.proved").await["email"], ada.email.as_str());
    // Noted beside the answer.
    let mut failed = Vec::new();
    for _ in 0..400 {
        failed = log(&mut ada, "?act=session.proof_failed").await;
        if !failed.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!((&failed[0]["email"], &failed[0]["outcome"]), (&json!(ada.email), &json!("refused")));
    assert!(log(&mut ada, "?act=session.failed").await.is_empty(), "nobody tried to sign in");
}
