use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Browser, email, start, start_at, start_with, subject};
use crate::support::{
    TestApp,
    issuer::{CLIENT, Issuer, Key, SECRET, Signs, now},
    visitor::{Visitor, open_widget},
};

/// What comes of an ID token with these claims.
async fn told(app: &TestApp, issuer: &Issuer, spoil: impl FnOnce(&mut Value)) -> (String, String) {
    let mut ada = Browser::of(app);
    let asked = ada.set_out("google").await;
    let mut claims = issuer.claims(&subject(), &email(), &asked["nonce"]);
    spoil(&mut claims);
    issuer.say(claims);
    ada.come_back("google", &[("state", &asked["state"]), ("code", "c")]).await
}

fn problem(code: &str) -> (String, String) {
    ("problem".into(), code.into())
}

#[tokio::test]
async fn an_id_token_that_proves_nothing_is_refused() {
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    assert_eq!(told(&app, &issuer, |_| {}).await.0, "ticket", "an honest one is taken");
    let begun = told(&app, &issuer, |claims| claims["nbf"] = json!(now())).await;
    assert_eq!(begun.0, "ticket", "and one that says when it begins: {}", begun.1);
    let refused = problem("provider_refused");
    type Spoil = fn(&mut Value);
    let spoils: [(&str, Spoil); 10] = [
        ("another's nonce", |claims| claims["nonce"] = json!("another")),
        ("no nonce", |claims| drop(claims.as_object_mut().unwrap().remove("nonce"))),
        ("for another client", |claims| claims["aud"] = json!("another")),
        ("for us and another", |claims| claims["aud"] = json!(["pernoex.test", "another"])),
        ("issued to another client", |claims| claims["azp"] = json!("another")),
        ("of another issuer", |claims| claims["iss"] = json!("https://accounts.google.com")),
        ("expired", |claims| claims["exp"] = json!(now() - 1)),
        ("without an end", |claims| drop(claims.as_object_mut().unwrap().remove("exp"))),
        ("not valid yet", |claims| claims["nbf"] = json!(now() + 300)),
        ("of nobody", |claims| drop(claims.as_object_mut().unwrap().remove("sub"))),
    ];
    for (what, spoil) in spoils {
        let (kind, code) = told(&app, &issuer, spoil).await;
        assert_eq!(kind, "problem", "{what}");
        assert!(
            ["provider_refused", "provider_unavailable"].contains(&code.as_str()),
            "{what}: {code}"
        );
    }
    // Signed by nobody, by the client's own secret, by a key that was never published, and by another key under a known name.
    for (what, signs) in [("none", Signs::Not), ("HS256", Signs::Hs256)] {
        issuer.sign_with(
            Key {
                kid: "first".into(),
                signs,
            },
            vec![issuer.key()],
        );
        let (kind, code) = told(&app, &issuer, |_| {}).await;
        assert_eq!(kind, "problem", "{what}");
        assert!(
            ["provider_refused", "provider_unavailable"].contains(&code.as_str()),
            "{what}: {code}"
        );
    }
    let honest = Key::es256("first");
    issuer.sign_with(Key::es256("unpublished"), vec![honest.clone()]);
    assert_eq!(told(&app, &issuer, |_| {}).await, refused);
    issuer.sign_with(Key::es256("first"), vec![honest]);
    assert_eq!(told(&app, &issuer, |_| {}).await, refused);
}

#[tokio::test]
async fn a_state_is_good_once_in_its_browser_at_its_provider_and_for_ten_minutes() {
    let issuer = Issuer::start().await;
    let clock = Clock::manual(now() * 1000);
    let app = start_at(&issuer, clock.clone()).await;
    let expired = problem("sign_in_expired");
    let mut ada = Browser::of(&app);

    let asked = ada.set_out("google").await;
    issuer.say(issuer.claims(&subject(), &email(), &asked["nonce"]));
    let answer = [("state", asked["state"].as_str()), ("code", "c")];
    assert_eq!(ada.come_back("google", &answer).await.0, "ticket");
    assert_eq!(ada.come_back("google", &answer).await, expired, "a replay");
    assert_eq!(ada.come_back("google", &[("state", "never"), ("code", "c")]).await, expired);
    assert_eq!(ada.come_back("google", &[("code", "c")]).await, expired);

    // What another began, in this browser: it would be signed in as them.
    let mut eve = Browser::of(&app);
    let theirs = eve.set_out("google").await;
    ada.set_out("google").await;
    let answer = [("state", theirs["state"].as_str()), ("code", "eve's")];
    assert_eq!(ada.come_back("google", &answer).await, expired);
    assert_eq!(Browser::of(&app).come_back("google", &answer).await, expired);

    // One provider's answer at another's door, with both cookies at hand.
    let asked = ada.set_out("google").await;
    ada.set_out("apple").await;
    assert_eq!(ada.come_back("apple", &[("state", &asked["state"]), ("code", "c")]).await, expired);
    // The provider says who it is, and is another.
    let asked = ada.set_out("google").await;
    let other = [("state", asked["state"].as_str()), ("code", "c"), ("iss", "https://evil.test")];
    assert_eq!(ada.come_back("google", &other).await, problem("provider_refused"));

    let exchanged = issuer.asked("/token").len();
    let asked = ada.set_out("google").await;
    clock.advance(600_001);
    assert_eq!(ada.come_back("google", &[("state", &asked["state"]), ("code", "c")]).await, expired);
    assert_eq!(issuer.asked("/token").len(), exchanged, "a refused return exchanges no code");
    assert_eq!(exchanged, 1);
}

#[tokio::test]
async fn a_ticket_is_good_once_and_in_its_browser() {
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    let (subject, email) = (subject(), email());
    Browser::of(&app).newcomer(&issuer, "google", &subject, &email).await;
    let mut eve = Browser::of(&app);
    let ticket = eve.ticket(&issuer, "google", &subject, &email).await;
    // A link with somebody else's ticket signs nobody in.
    let mut ada = Browser::of(&app);
    assert_eq!(ada.finish(&ticket).await.1["code"], "sign_in_expired");
    ada.set_out("google").await;
    assert_eq!(ada.finish(&ticket).await.1["code"], "sign_in_expired");
    assert_eq!(eve.finish(&ticket).await.0, StatusCode::OK);
    assert_eq!(eve.finish(&ticket).await.1["code"], "sign_in_expired");
}

#[tokio::test]
async fn a_provider_that_is_down_refuses_or_is_left_is_told_plainly() {
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    issuer.answer_with(Some(503));
    let (status, down) = Browser::of(&app).post("/session/providers/google", json!({})).await;
    assert_eq!(
        (status, down["code"].as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("provider_unavailable"))
    );
    issuer.answer_with(None);
    let mut ada = Browser::of(&app);
    let asked = ada.set_out("google").await;
    let cancelled = [("state", asked["state"].as_str()), ("error", "access_denied")];
    assert_eq!(ada.come_back("google", &cancelled).await, problem("sign_in_cancelled"));
    let asked = ada.set_out("google").await;
    let failed = [("state", asked["state"].as_str()), ("error", "server_error")];
    assert_eq!(ada.come_back("google", &failed).await, problem("provider_refused"));
    let asked = ada.set_out("google").await;
    issuer.answer_with(Some(400));
    let answer = [("state", asked["state"].as_str()), ("code", "used before")];
    assert_eq!(ada.come_back("google", &answer).await, problem("provider_refused"));
}

#[tokio::test]
async fn an_address_that_the_provider_did_not_check_makes_no_account() {
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    for verified in [json!(false), json!("false"), Value::Null] {
        let mut ada = Browser::of(&app);
        let asked = ada.set_out("google").await;
        let mut claims = issuer.claims(&subject(), &email(), &asked["nonce"]);
        claims["email_verified"] = verified;
        issuer.say(claims);
        let (what, ticket) = ada.come_back("google", &[("state", &asked["state"]), ("code", "c")]).await;
        assert_eq!(what, "ticket");
        let body = json!({ "ticket": ticket, "workspace": "Mine" });
        assert_eq!(ada.post("/session/provider", body).await.1["code"], "provider_email_unverified");
    }
}

#[tokio::test]
async fn a_half_set_provider_stops_the_start_with_one_line() {
    let issuer = Issuer::start().await;
    let google = issuer.google();
    let apple = issuer.apple();
    let public = ("PERNOEX_LISTEN".to_owned(), "0.0.0.0:0".to_owned());
    for (settings, says) in [
        (google[..1].to_vec(), "GOOGLE_CLIENT_SECRET"),
        (google[1..].to_vec(), "GOOGLE_CLIENT_ID"),
        (apple[..4].iter().skip(1).cloned().collect(), "APPLE_CLIENT_ID"),
        (apple[..3].to_vec(), "APPLE_PRIVATE_KEY"),
        (google.iter().cloned().chain([public]).collect(), "PERNOEX_PUBLIC_URL"),
    ] {
        let pairs: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let app = TestApp::prepare(Clock::system(), &pairs).await;
        let refusal = app.refusal();
        assert!(refusal.contains(says), "{says} in {refusal}");
        assert!(!refusal.contains(SECRET) && !refusal.contains("PRIVATE KEY-----"), "{refusal}");
        assert_eq!(refusal.trim().lines().count(), 1, "{refusal}");
    }
}

#[tokio::test]
async fn a_discovery_that_names_another_issuer_is_refused() {
    let issuer = Issuer::start().await;
    // The same server by another name: what it says of itself is not what the operator set.
    let other = issuer.url.replace("127.0.0.1", "localhost");
    let app = start_with(&issuer, Clock::system(), &[("GOOGLE_ISSUER", other.as_str())]).await;
    let (status, refused) = Browser::of(&app).post("/session/providers/google", json!({})).await;
    assert_eq!(
        (status, refused["code"].as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("provider_unavailable"))
    );
}

/// Each is signed by who signs another kind too, or is for who takes another.
#[tokio::test]
async fn one_kind_of_token_is_not_taken_in_the_place_of_another() {
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    let mut owner = app.owner("ada").await;
    let project = owner.project("Lantern").await;
    let key = open_widget(&mut owner, &project).await;
    let mut visitor = Visitor::begin(&app, &key).await;
    assert_eq!(visitor.ask("Is this taken?").await.0, StatusCode::OK);
    let visitors = visitor.token.clone();
    let subject = subject();
    let id_token = issuer.key().token(&issuer.claims(&subject, &email(), "a nonce"));
    let event = json!({ "type": "consent-revoked", "sub": subject, "event_time": now() * 1000 });
    let notice = json!({ "iss": issuer.url, "aud": CLIENT, "iat": now(), "exp": now() + 600, "events": event.to_string() });
    let signed_notice = issuer.key().token(&notice);

    // A notice and a visitor's token where an ID token is asked for.
    for instead in [&signed_notice, &visitors] {
        issuer.give_as_id_token(Some(instead));
        assert_eq!(told(&app, &issuer, |_| {}).await.0, "problem", "{instead}");
    }
    issuer.give_as_id_token(None);
    // An ID token and a visitor's where Apple's notices go.
    for payload in [&id_token, &visitors] {
        let address = format!("{}/webhooks/apple/sign-in", app.url);
        let sent = reqwest::Client::new().post(address).json(&json!({ "payload": payload })).send();
        assert_eq!(sent.await.unwrap().status(), StatusCode::UNAUTHORIZED, "{payload}");
    }
    // And the other two where visitors ask.
    for token in [&id_token, &signed_notice] {
        visitor.token.clone_from(token);
        assert_eq!(visitor.ask("Is this taken?").await.0, StatusCode::UNAUTHORIZED, "{token}");
    }
    // None of them is a session, or a ticket that finishes a sign-in.
    for token in [&id_token, &signed_notice, &visitors] {
        let mut nobody = app.nobody();
        nobody.cookie = Some(format!("__Host-pernoex={token}"));
        assert_eq!(nobody.get("/session").await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(Browser::of(&app).finish(token).await.1["code"], "sign_in_expired");
    }
}
