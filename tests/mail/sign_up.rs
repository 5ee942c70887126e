use reqwest::StatusCode;
use serde_json::json;

use crate::support::{PASSWORD, TestApp};

/// As it is when nothing is said.
const VERIFIED: [(&str, &str); 1] = [("PERNOEX_SIGN_UP", "")];
const SUBJECT: &str = "Finish signing up";

fn fresh(name: &str) -> String {
    format!("{name}.{}@example.com", uuid::Uuid::new_v4().simple())
}

#[tokio::test]
async fn a_sign_up_is_finished_by_mail_and_tells_nobody_who_has_an_account() {
    let app = TestApp::with(&VERIFIED).await;
    // Whoever comes first sets the server up.
    let ada = app.owner("ada").await;
    let grace = fresh("grace");
    let mut answers = Vec::new();
    for email in [&grace, &ada.email] {
        let mut person = app.nobody();
        let body = json!({ "email": email, "password": PASSWORD, "workspace": "Compilers" });
        let (status, body) = person.post("/account", body).await;
        assert!(person.cookie.is_none());
        answers.push((status, body));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0].0, StatusCode::ACCEPTED);
    app.letter(&ada.email, "You already have").await;
    let letter = app.letter(&grace, SUBJECT).await;
    // Anybody can have it sent to anybody: it holds none of their words.
    assert!(!letter.text.contains("Compilers"), "{}", letter.text);
    let confirm = async |password: &str| {
        let mut person = app.nobody();
        let body = json!({ "token": letter.token(), "password": password });
        person.post("/account/confirm", body).await
    };
    // Whoever has an address that somebody else signed up opens no account for them.
    assert_eq!(confirm("not this password").await.1["code"], "wrong_credentials");
    let (status, session) = confirm(PASSWORD).await;
    assert_eq!(status, StatusCode::CREATED, "{session}");
    assert_eq!(
        (session["user"]["verified"].as_bool(), session["role"].as_str()),
        (Some(true), Some("owner"))
    );
    assert_eq!(confirm(PASSWORD).await.1["code"], "link_invalid");
    let body = json!({ "email": grace, "password": PASSWORD });
    assert_eq!(app.nobody().post("/session", body).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_closed_server_takes_its_first_account_and_no_other() {
    let app = TestApp::with(&[("PERNOEX_SIGN_UP", "closed")]).await;
    app.owner("ada").await;
    let body = json!({ "email": fresh("eve"), "password": PASSWORD, "workspace": "Late" });
    assert_eq!(app.nobody().post("/account", body).await.1["code"], "sign_up_closed");
}
