//! Passkeys, as a second factor and as a way in of their own.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{MINUTE, answer, app, app_with, ask, code_of, set_up_app};
use crate::support::{PASSWORD, Person, TestApp, factors::SecurityKey};

/// Passkeys are of a name, and the server of this test has none: then it is `localhost`, on any port.
fn origin(app: &TestApp) -> String {
    format!("http://localhost:{}", app.url.rsplit_once(':').unwrap().1)
}

async fn add(person: &mut Person, key: &mut SecurityKey, name: &str) -> (StatusCode, Value) {
    let (status, asked) = person.post("/account/passkeys/options", json!({})).await;
    assert_eq!(status, StatusCode::OK, "{asked}");
    let credential = key.create(&asked["options"]);
    let body = json!({ "ticket": asked["ticket"], "name": name, "credential": credential });
    person.post("/account/passkeys", body).await
}

async fn sign_in(person: &mut Person, key: &mut SecurityKey) -> (StatusCode, Value) {
    let (status, asked) = person.post("/session/passkey/options", json!({})).await;
    assert_eq!(status, StatusCode::OK, "{asked}");
    let body = json!({ "ticket": asked["ticket"], "passkey": key.get(&asked["options"]) });
    let (status, session) = person.post("/session/passkey", body).await;
    if status == StatusCode::OK {
        person.took(&session);
    }
    (status, session)
}

#[tokio::test]
async fn a_passkey_is_added_named_used_and_removed() {
    let (app, clock) = app().await;
    let mut ada = app.owner("ada").await;
    let email = ada.email.clone();
    let mut elsewhere = app.nobody();
    elsewhere.post("/session", json!({ "email": email, "password": PASSWORD })).await;
    let mut key = SecurityKey::at(&origin(&app));
    let (_, asked) = ada.post("/account/passkeys/options", json!({})).await;
    assert_eq!(asked["options"]["rp"]["id"], "localhost");
    assert_eq!(asked["options"]["authenticatorSelection"]["userVerification"], "required");
    assert_eq!(asked["options"]["authenticatorSelection"]["residentKey"], "preferred");
    let (status, added) = add(&mut ada, &mut key, "  My   key ").await;
    assert_eq!(status, StatusCode::CREATED, "{added}");
    assert_eq!(added["passkey"]["name"], "My key");
    assert_eq!(
        added["backup_codes"].as_array().unwrap().len(),
        10,
        "with a first factor come backup codes"
    );
    assert_eq!(elsewhere.get("/session").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(ada.get("/session").await.1["second_factor"]["enabled"], true);

    // As the second factor.
    let mut browser = app.nobody();
    let asked = ask(&mut browser, &email).await;
    assert_eq!(asked["methods"], json!(["passkey", "backup_code"]));
    let known = json!([{ "type": "public-key", "id": BASE64_URL_SAFE_NO_PAD.encode(&key.id) }]);
    assert_eq!(asked["passkey"]["allowCredentials"], known);
    let given = json!({ "passkey": key.get(&asked["passkey"]) });
    let (status, session) = answer(&mut browser, &asked["ticket"], given.clone()).await;
    assert_eq!(status, StatusCode::OK, "{session}");
    let replayed = answer(&mut app.nobody(), &asked["ticket"], given).await;
    assert_eq!(code_of(&replayed), (401, "sign_in_expired"));

    // As both.
    let mut browser = app.nobody();
    let (status, session) = sign_in(&mut browser, &mut key).await;
    assert_eq!((status, session["user"]["email"].as_str()), (StatusCode::OK, Some(email.as_str())));
    assert_eq!(browser.get("/projects").await.0, StatusCode::OK);

    let (_, own) = browser.get("/account/second-factor").await;
    let path = format!("/account/passkeys/{}", own["passkeys"][0]["id"].as_str().unwrap());
    assert!(own["passkeys"][0]["used_at"].is_string());
    assert_eq!(browser.patch(&path, json!({ "name": "Blue key" })).await.0, StatusCode::NO_CONTENT);
    assert_eq!(browser.get("/account/second-factor").await.1["passkeys"][0]["name"], "Blue key");
    clock.advance(11 * MINUTE);
    assert_eq!(code_of(&browser.delete(&path, None).await), (403, "step_up_needed"));
    // A passkey proves anew who it is, with the ticket that its options came with.
    let (_, proof) = browser.post("/session/proof/options", json!({})).await;
    let given = key.get(&proof["passkey"]);
    assert_eq!(
        code_of(&browser.post("/session/proof", json!({ "passkey": given })).await),
        (401, "wrong_second_factor")
    );
    let (status, session) = browser
        .post("/session/proof", json!({ "ticket": proof["ticket"], "passkey": given }))
        .await;
    assert_eq!(status, StatusCode::OK, "{session}");
    browser.took(&session);
    assert_eq!(browser.delete(&path, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.get("/session").await.0, StatusCode::UNAUTHORIZED, "the other sessions are over");
    assert!(app.letter(&email, "A passkey was added").await.text.contains("My key"));
    assert!(app.letter(&email, "A passkey was removed").await.text.contains("Blue key"));
    // The last factor is gone: the password alone opens again, the key does not.
    assert_eq!(code_of(&sign_in(&mut app.nobody(), &mut key).await), (401, "wrong_second_factor"));
    let (status, _) = app.nobody().post("/session", json!({ "email": email, "password": PASSWORD })).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_lying_key_opens_nothing() {
    let (app, _) = app_with(&[("PERNOEX_LIMIT_FACTOR", "100")]).await;
    let mut ada = app.owner("ada").await;
    let mut key = SecurityKey::at(&origin(&app));
    // At enrolment: another site's page, or no word of who holds it.
    key.origin = "https://localhost.evil.test".into();
    assert_eq!(code_of(&add(&mut ada, &mut key, "Evil").await), (422, "passkey_refused"));
    key.origin = origin(&app);
    key.verifies = false;
    assert_eq!(code_of(&add(&mut ada, &mut key, "Mute").await), (422, "passkey_refused"));
    key.verifies = true;
    assert_eq!(add(&mut ada, &mut key, "Key").await.0, StatusCode::CREATED);
    // The same credential twice.
    assert_eq!(code_of(&add(&mut ada, &mut key, "Again").await), (422, "passkey_refused"));

    // At sign-in. Whatever is wrong, the answer is one.
    let refused = (401, "wrong_second_factor");
    let mut unknown = SecurityKey::at(&origin(&app));
    unknown.create(&ada.post("/account/passkeys/options", json!({})).await.1["options"]);
    assert_eq!(code_of(&sign_in(&mut app.nobody(), &mut unknown).await), refused);
    // Another key with the name of Ada's.
    unknown.id.clone_from(&key.id);
    assert_eq!(code_of(&sign_in(&mut app.nobody(), &mut unknown).await), refused);
    for lie in 0..3 {
        match lie {
            0 => key.verifies = false,
            1 => key.origin = "http://evil.test".into(),
            // A copy of the key that is behind the one in use.
            _ => {
                assert_eq!(sign_in(&mut app.nobody(), &mut key).await.0, StatusCode::OK);
                key.counter -= 1;
            }
        }
        assert_eq!(code_of(&sign_in(&mut app.nobody(), &mut key).await), refused, "lie {lie}");
        key.verifies = true;
        key.origin = origin(&app);
    }
    assert_eq!(sign_in(&mut app.nobody(), &mut key).await.0, StatusCode::OK);
    for body in [
        json!({ "ticket": "", "passkey": {} }),
        json!({ "ticket": "x", "passkey": null }),
        json!({ "ticket": "x", "passkey": { "id": "x" } }),
    ] {
        assert_eq!(code_of(&app.nobody().post("/session/passkey", body).await), refused);
    }
}

/// An answer that somebody overheard, and one for another question.
#[tokio::test]
async fn an_assertion_answers_one_question_once() {
    let (app, clock) = app_with(&[("PERNOEX_LIMIT_FACTOR", "100")]).await;
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let (mut of_ada, mut of_eve) = (SecurityKey::at(&origin(&app)), SecurityKey::at(&origin(&app)));
    assert_eq!(add(&mut ada, &mut of_ada, "Key").await.0, StatusCode::CREATED);
    assert_eq!(add(&mut eve, &mut of_eve, "Key").await.0, StatusCode::CREATED);
    let refused = (401, "wrong_second_factor");
    let mut browser = app.nobody();
    let options = async |browser: &mut Person| browser.post("/session/passkey/options", json!({})).await.1;
    let (first, second) = (options(&mut browser).await, options(&mut browser).await);
    let given = of_ada.get(&first["options"]);
    let crossed = json!({ "ticket": second["ticket"], "passkey": given });
    assert_eq!(code_of(&browser.post("/session/passkey", crossed).await), refused);
    let right = json!({ "ticket": first["ticket"], "passkey": given });
    assert_eq!(browser.post("/session/passkey", right.clone()).await.0, StatusCode::OK);
    assert_eq!(code_of(&app.nobody().post("/session/passkey", right).await), refused);
    // Too late.
    let late = options(&mut browser).await;
    clock.advance(5 * MINUTE);
    let body = json!({ "ticket": late["ticket"], "passkey": of_ada.get(&late["options"]) });
    assert_eq!(code_of(&app.nobody().post("/session/passkey", body).await), refused);
    // Eve's key is no second factor of Ada's account.
    let mut browser = app.nobody();
    let asked = ask(&mut browser, &ada.email).await;
    let crossed = answer(&mut browser, &asked["ticket"], json!({ "passkey": of_eve.get(&asked["passkey"]) })).await;
    assert_eq!(code_of(&crossed), refused);
    // Nor hers to rename or remove.
    let id = ada.get("/account/second-factor").await.1["passkeys"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut eve = app.nobody();
    assert_eq!(sign_in(&mut eve, &mut of_eve).await.0, StatusCode::OK);
    assert_eq!(
        eve.patch(&format!("/account/passkeys/{id}"), json!({ "name": "Mine" })).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(eve.delete(&format!("/account/passkeys/{id}"), None).await.0, StatusCode::NOT_FOUND);
    // An enrolment that Ada began is not Eve's to finish.
    let begun = ada.post("/account/passkeys/options", json!({})).await.1;
    let mut new = SecurityKey::at(&origin(&app));
    let body = json!({ "ticket": begun["ticket"], "name": "Mine", "credential": new.create(&begun["options"]) });
    assert_eq!(code_of(&eve.post("/account/passkeys", body).await), (409, "enrolment_over"));
}

#[tokio::test]
async fn while_one_factor_is_left_another_is_asked_for() {
    let (app, clock) = app().await;
    let mut ada = app.owner("ada").await;
    let own = set_up_app(&mut ada, &clock).await;
    let mut key = SecurityKey::at(&origin(&app));
    let (_, added) = add(&mut ada, &mut key, "Key").await;
    assert_eq!(added["backup_codes"], Value::Null, "those from before stay");
    let (_, asked) = ada.post("/account/passkeys/options", json!({})).await;
    let known = &asked["options"]["excludeCredentials"][0]["id"];
    assert_eq!(*known, BASE64_URL_SAFE_NO_PAD.encode(&key.id), "no authenticator gets a second one");
    let asked = ask(&mut app.nobody(), &ada.email).await;
    assert_eq!(asked["methods"], json!(["totp", "passkey", "backup_code"]));
    assert_eq!(ada.delete("/account/totp", None).await.0, StatusCode::NO_CONTENT);
    let mut browser = app.nobody();
    let asked = ask(&mut browser, &ada.email).await;
    assert_eq!(asked["methods"], json!(["passkey", "backup_code"]));
    let opened = answer(&mut browser, &asked["ticket"], json!({ "backup_code": own.backup_codes[0] })).await;
    assert_eq!(opened.0, StatusCode::OK);
}

/// A server that is reached by a number has no name that a passkey could be of.
#[tokio::test]
async fn a_server_without_a_name_says_that_it_has_no_passkeys() {
    let app = TestApp::with(&[("PERNOEX_PUBLIC_URL", "https://192.0.2.7")]).await;
    let mut ada = app.owner("ada").await;
    assert_eq!(ada.get("/account/second-factor").await.1["passkeys_available"], false);
    assert_eq!(
        code_of(&ada.post("/account/passkeys/options", json!({})).await),
        (409, "passkeys_unavailable")
    );
    assert_eq!(
        code_of(&app.nobody().post("/session/passkey/options", json!({})).await),
        (409, "passkeys_unavailable")
    );
}

/// Nodes share what a sign-in must remember.
#[tokio::test]
async fn a_ceremony_begun_at_one_node_ends_at_another() {
    let (app, _) = app().await;
    let Some(beside) = app.beside() else { return };
    let mut ada = app.owner("ada").await;
    let mut key = SecurityKey::at(&origin(&app));
    assert_eq!(add(&mut ada, &mut key, "Key").await.0, StatusCode::CREATED);
    let (_, asked) = app.nobody().post("/session/passkey/options", json!({})).await;
    let body = json!({ "ticket": asked["ticket"], "passkey": key.get(&asked["options"]) });
    let mut there = beside.nobody();
    assert_eq!(there.post("/session/passkey", body.clone()).await.0, StatusCode::OK);
    assert_eq!(
        code_of(&app.nobody().post("/session/passkey", body).await),
        (401, "wrong_second_factor")
    );
}
