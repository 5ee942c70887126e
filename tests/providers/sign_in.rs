use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::json;

use super::{Browser, email, start, start_at, start_with, subject};
use crate::support::{
    PASSWORD, TestApp,
    factors::code_at,
    issuer::{CLIENT, Issuer, Key, SECRET, now},
};

#[tokio::test]
async fn a_newcomer_names_a_workspace_and_signs_in_again_without_a_question() {
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    let (mut ada, email, subject) = (Browser::of(&app), email(), subject());
    let ticket = ada.ticket(&issuer, "google", &subject, &email).await;
    let (status, missing) = ada.finish(&ticket).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert_eq!(
        (missing["needs"].as_str(), missing["email"].as_str()),
        (Some("workspace"), Some(email.as_str()))
    );
    // What is wrong with the name does not use the ticket up.
    let nameless = json!({ "ticket": ticket, "workspace": " " });
    assert_eq!(ada.post("/session/provider", nameless).await.1["code"], "invalid_name");
    let named = json!({ "ticket": ticket, "workspace": "Lantern works" });
    let (status, session) = ada.post("/session/provider", named.clone()).await;
    assert_eq!(
        (status, session["workspace"]["name"].as_str()),
        (StatusCode::OK, Some("Lantern works"))
    );
    assert_eq!(ada.get("/projects").await.0, StatusCode::OK);
    // The ticket is used up.
    assert_eq!(ada.post("/session/provider", named).await.1["code"], "sign_in_expired");

    let mut again = Browser::of(&app);
    // The address changed at the provider: the subject is the same, and so is the account.
    let ticket = again.ticket(&issuer, "google", &subject, "other@gmail.com").await;
    let (status, session) = again.finish(&ticket).await;
    assert_eq!((status, session["user"]["email"].as_str()), (StatusCode::OK, Some(email.as_str())));
    let (_, list) = again.get("/account/identities").await;
    assert_eq!(list["identities"][0]["email"], "other@gmail.com");
    assert_eq!(list["identities"][0]["provider"]["name"], "google");
}

#[tokio::test]
async fn what_google_is_asked_for_and_how_the_code_is_exchanged() {
    let issuer = Issuer::start().await;
    let mut app = start(&issuer).await;
    app.stick();
    let mut ada = Browser::of(&app);
    let asked = ada.set_out("google").await;
    let redirect = format!("http://localhost:{}/sign-in/google", app.own_port());
    for (name, value) in [
        ("response_type", "code"),
        ("client_id", CLIENT),
        ("redirect_uri", redirect.as_str()),
        ("code_challenge_method", "S256"),
        ("prompt", "select_account"),
    ] {
        assert_eq!(asked[name], value, "{name}");
    }
    let scopes: std::collections::BTreeSet<_> = asked["scope"].split(' ').collect();
    assert_eq!(
        scopes.into_iter().collect::<Vec<_>>(),
        ["email", "openid"],
        "and nothing that nobody uses"
    );
    assert!(asked["state"].len() == 43 && asked["nonce"].len() == 43 && asked["state"] != asked["nonce"]);
    issuer.say(issuer.claims(&subject(), &email(), &asked["nonce"]));
    ada.come_back("google", &[("state", &asked["state"]), ("code", "the code")]).await;
    let forms = issuer.asked("/token");
    let sent = |name: &str| forms[0].iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
    assert_eq!(sent("grant_type"), Some("authorization_code"));
    assert_eq!(sent("code"), Some("the code"));
    assert_eq!(sent("client_secret"), Some(SECRET));
    assert_eq!(sent("redirect_uri"), Some(redirect.as_str()));
    assert!(sent("code_verifier").is_some_and(|verifier| verifier.len() >= 43));
}

#[tokio::test]
async fn a_token_signed_with_rsa_is_taken_too() {
    let issuer = Issuer::with(Key::rs256("rsa")).await;
    let app = start(&issuer).await;
    Browser::of(&app).newcomer(&issuer, "google", &subject(), &email()).await;
}

#[tokio::test]
async fn keys_that_were_rotated_are_asked_for_once_more() {
    let issuer = Issuer::start().await;
    let mut app = start(&issuer).await;
    app.stick();
    Browser::of(&app).newcomer(&issuer, "google", &subject(), &email()).await;
    let rotated = Key::es256("second");
    issuer.sign_with(rotated.clone(), vec![rotated]);
    Browser::of(&app).newcomer(&issuer, "google", &subject(), &email()).await;
    assert_eq!(issuer.asked("/jwks").len(), 2);
    assert_eq!(issuer.asked("/.well-known/openid-configuration").len(), 1, "discovery is kept");
}

#[tokio::test]
async fn the_cookies_are_what_each_provider_needs_and_no_more() {
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    let mut ada = Browser::of(&app);
    for (provider, same_site) in [("google", "SameSite=Lax"), ("apple", "SameSite=None")] {
        let request = ada
            .client
            .post(format!("{}/api/v1/session/providers/{provider}", app.url))
            .json(&json!({}));
        let response = ada.send(request).await;
        let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
        for part in [
            format!("__Host-pernoex-{provider}=").as_str(),
            same_site,
            "Secure",
            "HttpOnly",
            "Path=/",
            "Max-Age=600",
        ] {
            assert!(cookie.contains(part), "{part} in {cookie}");
        }
    }
}

#[tokio::test]
async fn what_is_not_set_up_is_not_there() {
    let app = TestApp::start().await;
    let mut ada = Browser::of(&app);
    assert_eq!(
        ada.get("/sign-in-options").await.1,
        json!({ "providers": [], "sign_up": true, "mail": "folder", "trust_page": true })
    );
    assert_eq!(ada.post("/session/providers/google", json!({})).await.0, StatusCode::NOT_FOUND);
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    let (_, options) = Browser::of(&app).get("/sign-in-options").await;
    let names: Vec<_> = options["providers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str())
        .collect();
    assert_eq!(names, [Some("google"), Some("apple")]);
    let (status, _) = Browser::of(&app).post("/session/providers/github", json!({})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_closed_installation_takes_nobody_new_but_the_invited() {
    let issuer = Issuer::start().await;
    let mut app = start_with(&issuer, Clock::system(), &[]).await;
    let mut owner = app.owner("grace").await;
    let invited = email();
    let token = owner.invite(&invited, "member", &[]).await;
    app.set("PERNOEX_SIGN_UP", "closed").await;
    let mut ada = Browser::of(&app);
    let ticket = ada.ticket(&issuer, "google", &subject(), &email()).await;
    let (status, refused) = ada.finish(&ticket).await;
    assert_eq!((status, refused["code"].as_str()), (StatusCode::FORBIDDEN, Some("sign_up_closed")));
    // An invitation is for its address.
    let body = json!({ "ticket": ticket, "invitation": token });
    assert_eq!(ada.post("/session/provider", body).await.1["code"], "invitation_for_another");

    let mut bob = Browser::of(&app);
    let ticket = bob.ticket(&issuer, "google", &subject(), &invited).await;
    let body = json!({ "ticket": ticket, "invitation": token });
    let (status, session) = bob.post("/session/provider", body).await;
    assert_eq!((status, session["role"].as_str()), (StatusCode::OK, Some("member")), "{session}");
    assert_eq!(session["workspace"]["name"], "grace");
}

#[tokio::test]
async fn an_account_without_a_password_is_opened_by_none() {
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    let email = email();
    Browser::of(&app).newcomer(&issuer, "google", &subject(), &email).await;
    for password in ["", PASSWORD] {
        let (status, refused) = Browser::of(&app)
            .post("/session", json!({ "email": email, "password": password }))
            .await;
        assert_eq!(
            (status, refused["code"].as_str()),
            (StatusCode::UNAUTHORIZED, Some("wrong_credentials"))
        );
    }
}

#[tokio::test]
async fn a_sign_in_by_a_provider_still_asks_for_the_second_factor() {
    let issuer = Issuer::start().await;
    let clock = Clock::manual(crate::support::issuer::now() * 1000);
    let app = start_at(&issuer, clock.clone()).await;
    let (mut ada, subject, email) = (Browser::of(&app), subject(), email());
    ada.newcomer(&issuer, "google", &subject, &email).await;
    let (_, offered) = ada.post("/account/totp", json!({})).await;
    let secret = offered["secret"].as_str().unwrap();
    let (status, confirmed) = ada
        .post("/account/totp/confirmed", json!({ "code": code_at(secret, clock.now()) }))
        .await;
    assert_eq!(status, StatusCode::OK, "{confirmed}");
    clock.advance(30_000);

    let mut again = Browser::of(&app);
    let ticket = again.ticket(&issuer, "google", &subject, &email).await;
    let (status, asked) = again.finish(&ticket).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{asked}");
    assert_eq!(again.get("/session").await.0, StatusCode::UNAUTHORIZED);
    let body = json!({ "ticket": asked["second_factor"]["ticket"], "code": code_at(secret, clock.now()) });
    assert_eq!(again.post("/session/second-factor", body).await.0, StatusCode::OK);
    assert_eq!(again.get("/session").await.1["user"]["email"], email.as_str());
}

#[tokio::test]
async fn the_same_subject_at_two_providers_is_two_people() {
    let issuer = Issuer::start().await;
    let app = start(&issuer).await;
    let subject = subject();
    let (mut ada, mut eve) = (Browser::of(&app), Browser::of(&app));
    ada.newcomer(&issuer, "google", &subject, &email()).await;
    eve.newcomer(&issuer, "apple", &subject, &email()).await;
    let (ada, eve) = (ada.get("/session").await.1, eve.get("/session").await.1);
    assert_ne!(ada["user"]["id"], eve["user"]["id"]);
}

/// A provider may let somebody in who proved themselves there long ago.
#[tokio::test]
async fn a_sign_in_by_a_provider_is_as_fresh_as_the_proof_there() {
    let issuer = Issuer::start().await;
    let clock = Clock::manual(now() * 1000);
    let app = start_at(&issuer, clock.clone()).await;
    let (subject, email) = (subject(), email());
    Browser::of(&app).newcomer(&issuer, "google", &subject, &email).await;
    let hour_ago = json!(now() - 3600);
    for (auth_time, expected) in [
        (Some(hour_ago), StatusCode::FORBIDDEN),
        (Some(json!(now() - 5)), StatusCode::OK),
        // It knows better than we what time it is, but does not decide for how long it counts.
        (Some(json!(now() + 3600)), StatusCode::OK),
        // Coming back from there is all that is known.
        (None, StatusCode::OK),
    ] {
        let mut ada = Browser::of(&app);
        let asked = ada.set_out("google").await;
        let mut claims = issuer.claims(&subject, &email, &asked["nonce"]);
        if let Some(auth_time) = &auth_time {
            claims["auth_time"] = auth_time.clone();
        }
        issuer.say(claims);
        let (_, ticket) = ada.come_back("google", &[("state", &asked["state"]), ("code", "c")]).await;
        assert_eq!(ada.finish(&ticket).await.0, StatusCode::OK);
        assert_eq!(ada.get("/projects").await.0, StatusCode::OK);
        let (status, answer) = ada.post("/account/passkeys/options", json!({})).await;
        assert_eq!(status, expected, "{auth_time:?}: {answer}");
    }
    // Who is to prove themselves anew is asked to do so there.
    let mut ada = Browser::of(&app);
    assert!(!ada.set_out("google").await.contains_key("max_age"));
    let (_, away) = ada.post("/session/providers/google?fresh=true", json!({})).await;
    assert_eq!(super::asked(&away)["max_age"], "0");
}

/// An Owner signed somebody out who is signed in at the provider yet: that sign-in there is not enough to come in again.
#[tokio::test]
async fn who_was_signed_out_by_an_owner_is_asked_anew_by_the_provider() {
    let issuer = Issuer::start().await;
    let clock = Clock::manual(now() * 1000);
    let app = start_at(&issuer, clock.clone()).await;
    let mut owner = app.owner("grace").await;
    let (mut ada, subject, email) = (Browser::of(&app), subject(), email());
    let token = owner.invite(&email, "admin", &[]).await;
    let ticket = ada.ticket(&issuer, "google", &subject, &email).await;
    let (status, session) = ada
        .post("/session/provider", json!({ "ticket": ticket, "invitation": token }))
        .await;
    assert_eq!(status, StatusCode::OK, "{session}");
    let sessions = format!("/team/members/{}/sessions", session["user"]["id"].as_str().unwrap());
    clock.advance(1000);
    assert_eq!(owner.delete(&sessions, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.get("/projects").await.0, StatusCode::UNAUTHORIZED);
    clock.advance(60_000);
    for (fresh, auth_time, expected) in [
        ("", now() - 3600, StatusCode::FORBIDDEN),
        ("?fresh=true", now() + 30, StatusCode::OK),
    ] {
        let mut ada = Browser::of(&app);
        let (_, away) = ada.post(&format!("/session/providers/google{fresh}"), json!({})).await;
        let asked = super::asked(&away);
        assert_eq!(asked.get("max_age").map(String::as_str), (!fresh.is_empty()).then_some("0"));
        let mut claims = issuer.claims(&subject, &email, &asked["nonce"]);
        claims["auth_time"] = json!(auth_time);
        issuer.say(claims);
        let (_, ticket) = ada.come_back("google", &[("state", &asked["state"]), ("code", "c")]).await;
        let (status, answer) = ada.finish(&ticket).await;
        assert_eq!(status, expected, "{answer}");
        // Never a session that is over as it begins.
        let seen = ada.get("/projects").await.0;
        match status {
            StatusCode::OK => assert_eq!(seen, StatusCode::OK),
            _ => assert_eq!((answer["code"].as_str(), seen), (Some("sign_in_too_old"), StatusCode::UNAUTHORIZED)),
        }
    }
}
