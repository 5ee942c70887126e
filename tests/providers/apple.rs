use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Browser, email, start, start_at, start_with, subject};
use crate::support::{
    TestApp,
    hammer::Hammer,
    issuer::{CLIENT, Issuer, Key, Signs, now},
};

#[tokio::test]
async fn a_newcomer_from_apple_comes_back_by_a_form_without_the_lax_cookie() {
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    let (mut ada, email) = (Browser::of(&app), email());
    let asked = ada.set_out("apple").await;
    assert_eq!(asked["response_mode"], "form_post");
    assert!(
        !asked.contains_key("code_challenge"),
        "Apple's discovery does not say that it takes one"
    );
    let mut claims = issuer.claims(&subject(), &email, &asked["nonce"]);
    claims["email_verified"] = json!("true");
    issuer.say(claims);
    // The name is nobody's word; it is not used.
    let user = r#"{"name":{"firstName":"Eve"},"email":"eve@evil.test"}"#;
    let (what, ticket) = ada
        .come_back("apple", &[("state", &asked["state"]), ("code", "c"), ("user", user)])
        .await;
    assert_eq!(what, "ticket");
    let body = json!({ "ticket": ticket, "workspace": "Orchard" });
    let (status, session) = ada.post("/session/provider", body).await;
    assert_eq!((status, session["user"]["email"].as_str()), (StatusCode::OK, Some(email.as_str())));

    let forms = issuer.asked("/token");
    let secret = forms[0].iter().find(|(name, _)| name == "client_secret").unwrap().1.clone();
    let part = |n: usize| -> Value {
        let part = secret.split('.').nth(n).unwrap();
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    assert_eq!(part(0), json!({ "alg": "ES256", "kid": "KEY1234567", "typ": "JWT" }));
    let claims = part(1);
    assert_eq!(
        (&claims["iss"], &claims["sub"], &claims["aud"]),
        (&json!("TEAM123456"), &json!(CLIENT), &json!(issuer.url))
    );
    assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 600);
}

fn notice(issuer: &Issuer, kind: &str, subject: &str, at: i64) -> Value {
    let event = json!({ "type": kind, "sub": subject, "event_time": at });
    json!({ "iss": issuer.url, "aud": CLIENT, "iat": now(), "jti": uuid::Uuid::new_v4(), "events": event.to_string() })
}

async fn send(app: &TestApp, payload: &str) -> StatusCode {
    let address = format!("{}/webhooks/apple/sign-in", app.url);
    let request = reqwest::Client::new().post(address).json(&json!({ "payload": payload }));
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn withdrawn_consent_ends_every_session_at_once_and_a_replay_changes_nothing() {
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    for kind in ["consent-revoked", "account-delete"] {
        let (mut ada, subject, email) = (Browser::of(&app), subject(), email());
        ada.newcomer(&issuer, "apple", &subject, &email).await;
        let mut phone = Browser::of(&app);
        let ticket = phone.ticket(&issuer, "apple", &subject, &email).await;
        assert_eq!(phone.finish(&ticket).await.0, StatusCode::OK);
        let withdrawn = issuer.key().token(&notice(&issuer, kind, &subject, now() * 1000 + 999));

        let another = issuer.key().token(&notice(&issuer, "email-disabled", &subject, now() * 1000 + 999));
        assert_eq!(send(&app, &another).await, StatusCode::NO_CONTENT);
        assert_eq!(ada.get("/session").await.0, StatusCode::OK, "the address alone ends nothing");
        assert_eq!(send(&app, &withdrawn).await, StatusCode::NO_CONTENT);
        assert_eq!(ada.get("/session").await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(phone.get("/session").await.0, StatusCode::UNAUTHORIZED);
        let mut again = Browser::of(&app);
        let ticket = again.ticket(&issuer, "apple", &subject, &email).await;
        assert_eq!(again.finish(&ticket).await.1["needs"], "link", "the link is gone");
        assert_eq!(send(&app, &withdrawn).await, StatusCode::NO_CONTENT, "once more");
    }
}

#[tokio::test]
async fn no_request_succeeds_once_apple_is_told_that_its_notice_is_heeded() {
    let issuer = Issuer::start().await;
    let app = start_with(&issuer, Clock::system(), &[("PERNOEX_LIMIT_FACTOR", "1000")]).await;
    let (subject, email) = (subject(), email());
    Browser::of(&app).newcomer(&issuer, "apple", &subject, &email).await;
    let mut sessions = Vec::new();
    for _ in 0..4 {
        let mut browser = Browser::of(&app);
        let ticket = browser.ticket(&issuer, "apple", &subject, &email).await;
        assert_eq!(browser.finish(&ticket).await.0, StatusCode::OK);
        let mut person = app.nobody();
        person.cookie = Some(format!("__Host-pernoex={}", browser.cookies["__Host-pernoex"]));
        sessions.push(person);
    }
    let hammer = Hammer::with(sessions).await;
    let withdrawn = issuer
        .key()
        .token(&notice(&issuer, "consent-revoked", &subject, now() * 1000 + 999));
    assert_eq!(send(&app, &withdrawn).await, StatusCode::NO_CONTENT);
    hammer.over().await;
}

#[tokio::test]
async fn an_old_notice_does_not_take_a_new_link_away() {
    let issuer = Issuer::start().await;
    let clock = Clock::manual(now() * 1000);
    let app = start_at(&issuer, clock.clone()).await;
    let (subject, email) = (subject(), email());
    let withdrawn = issuer.key().token(&notice(&issuer, "consent-revoked", &subject, clock.now() - 1));
    let mut ada = Browser::of(&app);
    ada.newcomer(&issuer, "apple", &subject, &email).await;
    assert_eq!(send(&app, &withdrawn).await, StatusCode::NO_CONTENT);
    assert_eq!(ada.get("/session").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_notice_that_apple_did_not_sign_for_us_ends_nothing() {
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    let (mut ada, subject, email) = (Browser::of(&app), subject(), email());
    ada.newcomer(&issuer, "apple", &subject, &email).await;
    let honest = notice(&issuer, "consent-revoked", &subject, now() * 1000 + 999);
    let spoilt = |name: &str, value: Value| {
        let mut claims = honest.clone();
        claims[name] = value;
        issuer.key().token(&claims)
    };
    let by = |kid: &str, signs: Signs| Key { kid: kid.into(), signs }.token(&honest);
    for payload in [
        spoilt("aud", json!("another")),
        spoilt("iss", json!("https://evil.test")),
        spoilt("exp", json!(now() - 1)),
        spoilt("nbf", json!(now() + 300)),
        spoilt("events", json!({ "type": "consent-revoked" })),
        by("first", Signs::Not),
        by("first", Signs::Hs256),
        Key::es256("first").token(&honest),
        Key::es256("unknown").token(&honest),
        "a.b.c".into(),
        String::new(),
    ] {
        assert_eq!(send(&app, &payload).await, StatusCode::UNAUTHORIZED, "{payload}");
    }
    assert_eq!(ada.get("/session").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_grant_is_revoked_with_its_link_even_if_apple_is_away_for_a_while() {
    let issuer = Issuer::start().await;
    let clock = Clock::manual(now() * 1000);
    let app = start_at(&issuer, clock.clone()).await;
    let (mut ada, subject, email) = (Browser::of(&app), subject(), email());
    issuer.give_refresh_token("the refresh token");
    ada.newcomer(&issuer, "apple", &subject, &email).await;
    let (_, away) = ada.post("/account/identities/google/link", json!({})).await;
    let asked = super::asked(&away);
    issuer.say(issuer.claims(&subject, &email, &asked["nonce"]));
    let (_, ticket) = ada.come_back("google", &[("state", &asked["state"]), ("code", "c")]).await;
    ada.post("/account/identities", json!({ "ticket": ticket })).await;

    issuer.answer_with(Some(503));
    assert_eq!(ada.delete("/account/identities/apple").await.0, StatusCode::NO_CONTENT);
    revoked(&issuer, 1).await;
    issuer.answer_with(None);
    clock.advance(60_000);
    let forms = revoked(&issuer, 2).await;
    let sent = |name: &str| forms[1].iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    assert_eq!(
        (sent("token"), sent("token_type_hint")),
        (Some("the refresh token"), Some("refresh_token"))
    );
    assert_eq!(sent("client_id"), Some(CLIENT));
}

/// Waits until the provider was asked so many times to end a grant.
async fn revoked(issuer: &Issuer, times: usize) -> Vec<Vec<(String, String)>> {
    for _ in 0..400 {
        let forms = issuer.asked("/revoke");
        if forms.len() >= times {
            return forms;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the provider was not asked to end the grant");
}
