use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::json;

use super::{Browser, asked, start, start_at, subject};
use crate::support::{
    PASSWORD,
    factors::SecurityKey,
    issuer::{Issuer, now},
};

/// Goes to `provider` to link, and comes back; the ticket.
async fn link_ticket(browser: &mut Browser, issuer: &Issuer, provider: &str, subject: &str, email: &str) -> String {
    let (status, away) = browser.post(&format!("/account/identities/{provider}/link"), json!({})).await;
    assert_eq!(status, StatusCode::OK, "{away}");
    let asked = asked(&away);
    issuer.say(issuer.claims(subject, email, &asked["nonce"]));
    let (what, ticket) = browser.come_back(provider, &[("state", &asked["state"]), ("code", "c")]).await;
    assert_eq!(what, "link", "{ticket}");
    ticket
}

#[tokio::test]
async fn an_address_that_has_an_account_is_linked_only_after_its_password() {
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    let owner = app.owner("ada").await;
    let subject = subject();
    let mut ada = Browser::of(&app);
    let ticket = ada.ticket(&issuer, "google", &subject, &owner.email).await;
    let (status, missing) = ada.finish(&ticket).await;
    assert_eq!((status, missing["needs"].as_str()), (StatusCode::ACCEPTED, Some("link")));
    // A workspace's name does not help: the account is not made twice, nor opened.
    let body = json!({ "ticket": ticket, "workspace": "Mine" });
    assert_eq!(ada.post("/session/provider", body).await.1["needs"], "link");
    assert_eq!(ada.get("/session").await.0, StatusCode::UNAUTHORIZED);
    // Somebody else who is signed in here cannot take it.
    let other = app.owner("eve").await;
    let mut eve = Browser::signed_in(&app, &other);
    eve.cookies.extend(ada.cookies.clone());
    assert_eq!(
        eve.post("/account/identities", json!({ "ticket": ticket })).await.1["code"],
        "sign_in_expired"
    );

    let (status, _) = ada.post("/session", json!({ "email": owner.email, "password": PASSWORD })).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        ada.post("/account/identities", json!({ "ticket": ticket })).await.0,
        StatusCode::NO_CONTENT
    );
    let mut again = Browser::of(&app);
    let ticket = again.ticket(&issuer, "google", &subject, &owner.email).await;
    let (status, session) = again.finish(&ticket).await;
    assert_eq!(
        (status, session["user"]["email"].as_str()),
        (StatusCode::OK, Some(owner.email.as_str()))
    );
}

#[tokio::test]
async fn a_link_in_the_settings_is_the_one_who_asked_for_its() {
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    let (owner, other) = (app.owner("ada").await, app.owner("eve").await);
    let (mut ada, subject) = (Browser::signed_in(&app, &owner), subject());
    let ticket = link_ticket(&mut ada, &issuer, "google", &subject, "ada@elsewhere.example").await;
    // It lets nobody in, and serves nobody else.
    assert_eq!(ada.finish(&ticket).await.1["code"], "sign_in_expired");
    let mut eve = Browser::signed_in(&app, &other);
    eve.cookies
        .insert("__Host-pernoex-google".into(), ada.cookies["__Host-pernoex-google"].clone());
    assert_eq!(
        eve.post("/account/identities", json!({ "ticket": ticket })).await.1["code"],
        "sign_in_expired"
    );
    let body = json!({ "ticket": ticket });
    assert_eq!(ada.post("/account/identities", body.clone()).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.post("/account/identities", body).await.1["code"], "sign_in_expired");
    let (_, list) = ada.get("/account/identities").await;
    assert_eq!(list["identities"][0]["email"], "ada@elsewhere.example");

    // What opens one account opens no other, and one account has one at each provider.
    let mut eve = Browser::signed_in(&app, &other);
    let ticket = link_ticket(&mut eve, &issuer, "google", &subject, "ada@elsewhere.example").await;
    let (status, taken) = eve.post("/account/identities", json!({ "ticket": ticket })).await;
    assert_eq!((status, taken["code"].as_str()), (StatusCode::CONFLICT, Some("identity_taken")));
    let ticket = link_ticket(&mut ada, &issuer, "google", "another", "ada@elsewhere.example").await;
    assert_eq!(
        ada.post("/account/identities", json!({ "ticket": ticket })).await.1["code"],
        "identity_taken"
    );
}

#[tokio::test]
async fn a_link_is_taken_away_and_the_last_way_in_is_not() {
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    let owner = app.owner("ada").await;
    let (mut ada, google) = (Browser::signed_in(&app, &owner), subject());
    let ticket = link_ticket(&mut ada, &issuer, "google", &google, &owner.email).await;
    ada.post("/account/identities", json!({ "ticket": ticket })).await;
    app.letter(&owner.email, "A way to sign in was added").await;
    let mut elsewhere = Browser::of(&app);
    let ticket = elsewhere.ticket(&issuer, "google", &google, &owner.email).await;
    assert_eq!(elsewhere.finish(&ticket).await.0, StatusCode::OK);
    assert_eq!(ada.delete("/account/identities/google").await.0, StatusCode::NO_CONTENT);
    assert_eq!(
        elsewhere.get("/session").await.0,
        StatusCode::UNAUTHORIZED,
        "what it opened is over"
    );
    assert_eq!(ada.get("/session").await.0, StatusCode::OK);
    app.letter(&owner.email, "A way to sign in was removed").await;
    assert_eq!(ada.delete("/account/identities/google").await.0, StatusCode::NOT_FOUND);
    let mut again = Browser::of(&app);
    let ticket = again.ticket(&issuer, "google", &google, &owner.email).await;
    assert_eq!(again.finish(&ticket).await.1["needs"], "link", "it opens nothing any more");

    let (mut grace, subject, email) = (Browser::of(&app), super::subject(), super::email());
    grace.newcomer(&issuer, "google", &subject, &email).await;
    let (status, last) = grace.delete("/account/identities/google").await;
    assert_eq!((status, last["code"].as_str()), (StatusCode::CONFLICT, Some("last_way_in")));
    let ticket = link_ticket(&mut grace, &issuer, "apple", &subject, &email).await;
    assert_eq!(
        grace.post("/account/identities", json!({ "ticket": ticket })).await.0,
        StatusCode::NO_CONTENT
    );
    // Of two at once one goes through: something is left to sign in with.
    let mut other = Browser::of(&app);
    other.cookies = grace.cookies.clone();
    other.csrf = grace.csrf.clone();
    let (one, two) = tokio::join!(
        grace.delete("/account/identities/google"),
        other.delete("/account/identities/apple")
    );
    let mut both = [one.0.as_u16(), two.0.as_u16()];
    both.sort_unstable();
    assert_eq!(both, [204, 409]);
}

#[tokio::test]
async fn the_last_passkey_of_who_has_nothing_else_stays() {
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    let mut grace = Browser::of(&app);
    grace.newcomer(&issuer, "google", &subject(), &super::email()).await;
    let mut key = SecurityKey::at(&format!("http://localhost:{}", app.url.rsplit_once(':').unwrap().1));
    let asked = grace.post("/account/passkeys/options", json!({})).await.1;
    let body = json!({ "ticket": asked["ticket"], "name": "Key", "credential": key.create(&asked["options"]) });
    let (status, added) = grace.post("/account/passkeys", body).await;
    assert_eq!(status, StatusCode::CREATED, "{added}");
    assert_eq!(grace.delete("/account/identities/google").await.0, StatusCode::NO_CONTENT);
    let passkey = format!("/account/passkeys/{}", added["passkey"]["id"].as_str().unwrap());
    let (status, last) = grace.delete(&passkey).await;
    assert_eq!((status, last["code"].as_str()), (StatusCode::CONFLICT, Some("last_way_in")));
    assert_eq!(grace.get("/account/second-factor").await.1["passkeys"].as_array().unwrap().len(), 1);
}

/// Somebody makes an account on an address that is not theirs, and lays down ways of their own into it.
#[tokio::test]
async fn a_reset_takes_an_address_that_was_never_proved_from_who_squatted_on_it() {
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    let squatted = app.owner("victim").await;
    let (mut eve, google) = (Browser::signed_in(&app, &squatted), subject());
    let ticket = link_ticket(&mut eve, &issuer, "google", &google, "eve@gmail.com").await;
    assert_eq!(
        eve.post("/account/identities", json!({ "ticket": ticket })).await.0,
        StatusCode::NO_CONTENT
    );
    let mut key = SecurityKey::at(&format!("http://localhost:{}", app.url.rsplit_once(':').unwrap().1));
    let asked = eve.post("/account/passkeys/options", json!({})).await.1;
    let body = json!({ "ticket": asked["ticket"], "name": "Key", "credential": key.create(&asked["options"]) });
    assert_eq!(eve.post("/account/passkeys", body).await.0, StatusCode::CREATED);

    let mut victim = app.nobody();
    victim.post("/account/password/forgotten", json!({ "email": squatted.email })).await;
    let token = app.letter(&squatted.email, "Choose a new password").await.token();
    let mine = "only mine from now on";
    let reset = victim
        .post("/account/password/reset", json!({ "token": token, "password": mine }))
        .await;
    assert_eq!(reset.0, StatusCode::NO_CONTENT, "{}", reset.1);
    let (status, session) = victim.post("/session", json!({ "email": squatted.email, "password": mine })).await;
    assert_eq!(status, StatusCode::OK, "no factor of hers is asked for: {session}");
    let mut again = Browser::of(&app);
    let ticket = again.ticket(&issuer, "google", &google, "eve@gmail.com").await;
    let (status, finished) = again.finish(&ticket).await;
    assert!(
        status != StatusCode::OK || finished["csrf_token"].is_null(),
        "her link is gone: {finished}"
    );
}

#[tokio::test]
async fn an_account_without_a_password_gets_one_after_a_fresh_proof() {
    let issuer = Issuer::start().await;
    let clock = Clock::manual(now() * 1000);
    let app = start_at(&issuer, clock.clone()).await;
    let (mut grace, subject, email) = (Browser::of(&app), super::subject(), super::email());
    grace.newcomer(&issuer, "google", &subject, &email).await;
    assert_eq!(grace.get("/session").await.1["user"]["has_password"], false);
    let mut phone = Browser::of(&app);
    let ticket = phone.ticket(&issuer, "google", &subject, &email).await;
    assert_eq!(phone.finish(&ticket).await.0, StatusCode::OK);

    clock.advance(11 * 60_000);
    let body = json!({ "new": PASSWORD });
    assert_eq!(grace.post("/account/password", body.clone()).await.1["code"], "step_up_needed");
    // Who has no password proves themselves as they signed in.
    let asked = grace.set_out("google").await;
    let mut claims = issuer.claims(&subject, &email, &asked["nonce"]);
    claims["exp"] = json!(clock.now() / 1000 + 600);
    issuer.say(claims);
    let (_, ticket) = grace.come_back("google", &[("state", &asked["state"]), ("code", "c")]).await;
    assert_eq!(grace.finish(&ticket).await.0, StatusCode::OK);
    assert_eq!(
        grace.post("/account/password", json!({ "new": "password123456" })).await.1["code"],
        "weak_password"
    );
    let (status, session) = grace.post("/account/password", body.clone()).await;
    assert_eq!(
        (status, &session["user"]["has_password"]),
        (StatusCode::OK, &json!(true)),
        "{session}"
    );
    assert_eq!(
        phone.get("/session").await.0,
        StatusCode::UNAUTHORIZED,
        "every other session is over"
    );
    assert_eq!(grace.get("/session").await.0, StatusCode::OK);
    assert_eq!(grace.post("/account/password", body).await.1["code"], "has_password");
    app.letter(&email, "Your account has a password now").await;
    let credentials = json!({ "email": email, "password": PASSWORD });
    assert_eq!(app.nobody().post("/session", credentials).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_provider_that_is_not_set_up_any_more_is_no_way_in() {
    let issuer = Issuer::start().await;
    let mut app = start(&issuer).await;
    let (mut grace, subject, email) = (Browser::of(&app), super::subject(), super::email());
    grace.newcomer(&issuer, "google", &subject, &email).await;
    let ticket = link_ticket(&mut grace, &issuer, "apple", &subject, &email).await;
    let body = json!({ "ticket": ticket });
    assert_eq!(grace.post("/account/identities", body).await.0, StatusCode::NO_CONTENT);
    for (name, _) in issuer.apple() {
        app.configure(&name, "");
    }
    app.restart().await;
    grace.url.clone_from(&app.url);
    let (status, last) = grace.delete("/account/identities/google").await;
    assert_eq!((status, last["code"].as_str()), (StatusCode::CONFLICT, Some("last_way_in")));
    assert_eq!(grace.delete("/account/identities/apple").await.0, StatusCode::NO_CONTENT);
}
