//! A workspace that asks for fifteen characters where the password is the only factor, and people whose account is older than that.

use reqwest::StatusCode;
use serde_json::json;

use super::{app, code_of, set_up_app};
use crate::support::{Person, TestApp, factors::SecurityKey};

const SHORT: &str = "qmzk vents orb";
const LONG: &str = "qmzk vents orbit";

/// Somebody with a workspace of their own and a password of fourteen characters.
async fn with_short_password(app: &TestApp, name: &str) -> Person {
    let mut person = app.nobody();
    person.email = format!("{name}.{}@example.com", uuid::Uuid::new_v4().simple());
    let body = json!({ "email": person.email, "password": SHORT, "workspace": name });
    let (status, session) = person.post("/account", body).await;
    assert_eq!(status, StatusCode::CREATED, "{session}");
    person.took(&session);
    person
}

/// An Owner whose workspace asks for it.
async fn demanding(app: &TestApp) -> Person {
    let mut ada = app.owner("ada").await;
    let set = ada.put("/workspace/password-length", json!({ "characters": 15 })).await;
    assert_eq!(set.0, StatusCode::NO_CONTENT, "{}", set.1);
    ada
}

async fn join(person: &mut Person, token: &str) -> (u16, String) {
    let (status, answer) = person.post("/session/invitation", json!({ "token": token })).await;
    person.took(&answer);
    (status.as_u16(), answer["code"].as_str().unwrap_or_default().to_owned())
}

fn refused() -> (u16, String) {
    (409, "longer_password_needed".into())
}

fn joined() -> (u16, String) {
    (200, String::new())
}

#[tokio::test]
async fn a_known_account_joins_with_a_long_password_or_a_second_factor() {
    let (app, clock) = app().await;
    let mut ada = demanding(&app).await;
    let (mut bob, mut carol) = (with_short_password(&app, "bob").await, with_short_password(&app, "carol").await);
    let token = ada.invite(&bob.email, "member", &[]).await;
    assert_eq!(join(&mut bob.again(), &token).await, refused());
    let body = json!({ "email": bob.email, "password": SHORT, "invitation": token });
    assert_eq!(code_of(&app.nobody().post("/session", body).await), (409, "longer_password_needed"));
    // None of that used it up, or let them in.
    let preview = app.nobody().post("/invitations/preview", json!({ "token": token })).await;
    assert_eq!(preview.0, StatusCode::OK);
    assert_eq!(bob.get("/session").await.1["workspaces"].as_array().map(Vec::len), Some(1));
    let (status, session) = bob.put("/account/password", json!({ "current": SHORT, "new": LONG })).await;
    assert_eq!(status, StatusCode::OK, "{session}");
    bob.took(&session);
    assert_eq!(join(&mut bob, &token).await, joined());

    let token = ada.invite(&carol.email, "member", &[]).await;
    assert_eq!(join(&mut carol.again(), &token).await, refused());
    set_up_app(&mut carol, &clock).await;
    assert_eq!(join(&mut carol, &token).await, joined());
}

#[tokio::test]
async fn the_last_second_factor_stays_while_the_password_is_too_short_to_be_alone() {
    let (app, clock) = app().await;
    let mut ada = demanding(&app).await;
    let mut bob = with_short_password(&app, "bob").await;
    set_up_app(&mut bob, &clock).await;
    let token = ada.invite(&bob.email, "member", &[]).await;
    assert_eq!(join(&mut bob, &token).await, joined());
    let mut elsewhere = bob.again();
    assert_eq!(code_of(&bob.delete("/account/totp", None).await), (409, "last_second_factor"));
    assert_eq!(elsewhere.get("/session").await.0, StatusCode::OK, "and no session ended");
    assert_eq!(bob.get("/account/second-factor").await.1["totp"], true);

    // With another one it may go, and then that one is the last.
    let mut key = SecurityKey::at(&format!("http://localhost:{}", app.url.rsplit_once(':').unwrap().1));
    let asked = bob.post("/account/passkeys/options", json!({})).await.1;
    let body = json!({ "ticket": asked["ticket"], "name": "Key", "credential": key.create(&asked["options"]) });
    let (status, added) = bob.post("/account/passkeys", body).await;
    assert_eq!(status, StatusCode::CREATED, "{added}");
    let passkey = format!("/account/passkeys/{}", added["passkey"]["id"].as_str().unwrap());
    assert_eq!(bob.delete("/account/totp", None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(code_of(&bob.delete(&passkey, None).await), (409, "last_second_factor"));
    let (status, session) = bob.put("/account/password", json!({ "current": SHORT, "new": LONG })).await;
    assert_eq!(status, StatusCode::OK, "{session}");
    bob.took(&session);
    assert_eq!(bob.delete(&passkey, None).await.0, StatusCode::NO_CONTENT);
}

/// Of accounts from before it is not known how long their passwords are, and of no account more than whether it is long enough.
#[tokio::test]
async fn a_sign_in_learns_whether_a_password_is_long_enough() {
    let (app, _) = app().await;
    let mut ada = demanding(&app).await;
    let bob = app.owner("bob").await;
    let rows = app.rows().await;
    let forgotten = "update account set password_long = false where email = $1";
    assert_eq!(rows.run(forgotten, vec![bob.email.as_str().into()]).await, 1);
    rows.close().await;
    let token = ada.invite(&bob.email, "member", &[]).await;
    assert_eq!(join(&mut bob.again(), &token).await, refused());
    let mut again = app.nobody();
    let body = json!({ "email": bob.email, "password": crate::support::PASSWORD, "invitation": token });
    assert_eq!(again.post("/session", body).await.0, StatusCode::OK);
}
