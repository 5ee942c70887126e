//! Websites that say who their visitors are, and how the widget looks on them.

use pernoex::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    GUIDE, PASSWORD, Person, TestApp,
    visitor::{SITE, Visitor, open_widget, user_token},
};

fn claims(clock: &Clock, key: &str, sub: &str) -> Value {
    json!({ "sub": sub, "aud": key, "exp": clock.now() / 1000 + 600, "name": "Grace", "email": "grace@example.com" })
}

async fn secret(owner: &mut Person, project: &str) -> String {
    let (status, made) = owner.post(&format!("{project}/widget/identity"), json!({})).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    made["secret"].as_str().unwrap().to_owned()
}

/// Begins a visit as whom `user` says, with the token of an earlier one.
async fn visit(app: &TestApp, key: &str, user: &str, earlier: Option<&str>) -> (StatusCode, Value) {
    let body = json!({ "user": user, "token": earlier });
    let path = format!("/widget/{key}/visits");
    let response = app.nobody().send(Method::POST, &path, Some(body), &[("origin", SITE)]).await;
    (response.status(), response.json().await.unwrap())
}

fn visitor(app: &TestApp, key: &str, begun: &Value) -> Visitor {
    Visitor {
        browser: app.nobody(),
        key: key.to_owned(),
        token: begun["token"].as_str().unwrap().to_owned(),
    }
}

async fn turns(visitor: &mut Visitor) -> Vec<Value> {
    let own: Value = visitor.send(Method::GET, "conversation", None, &[]).await.json().await.unwrap();
    own["turns"].as_array().unwrap().clone()
}

async fn guided(clock: &Clock) -> (TestApp, Person, String, String) {
    let app = TestApp::start_with(clock.clone(), &[]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    (app, ada, project, key)
}

#[tokio::test]
async fn a_signed_in_person_goes_on_on_another_device_and_reads_nobody_else_s() {
    let clock = Clock::manual(1_800_000_000_000);
    let (app, mut ada, project, key) = guided(&clock).await;
    let secret = secret(&mut ada, &project).await;
    let grace = user_token(&secret, &claims(&clock, &key, "user-1"));
    let (status, begun) = visit(&app, &key, &grace, None).await;
    assert_eq!(status, StatusCode::CREATED, "{begun}");
    assert_eq!(
        (&begun["user"]["name"], &begun["user"]["email"], &begun["conversation"]),
        (&json!("Grace"), &json!("grace@example.com"), &Value::Null)
    );
    let mut phone = visitor(&app, &key, &begun);
    assert_eq!(phone.ask("How do I export my data?").await.0, StatusCode::OK);

    // Elsewhere, an hour later.
    clock.advance(3_600_000);
    assert_eq!(
        phone.ask("Still me?").await.0,
        StatusCode::UNAUTHORIZED,
        "a visit is over after an hour"
    );
    let (status, problem) = visit(&app, &key, &grace, None).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("user_token_invalid"))
    );
    let again = user_token(&secret, &claims(&clock, &key, "user-1"));
    let mut laptop = visitor(&app, &key, &visit(&app, &key, &again, None).await.1);
    let seen = turns(&mut laptop).await;
    assert_eq!(seen.len(), 2, "{seen:?}");
    let feedback = format!("messages/{}/feedback", seen[1]["id"].as_str().unwrap());
    let judged = laptop.send(Method::POST, &feedback, Some(json!({ "helpful": true })), &[]).await;
    assert_eq!(judged.status(), StatusCode::NO_CONTENT);

    let other = user_token(&secret, &claims(&clock, &key, "user-2"));
    let mut stranger = visitor(&app, &key, &visit(&app, &key, &other, None).await.1);
    assert!(turns(&mut stranger).await.is_empty());
    let judged = stranger.send(Method::POST, &feedback, Some(json!({ "helpful": false })), &[]).await;
    assert_eq!(judged.status(), StatusCode::NOT_FOUND);
    let mut nobody = Visitor::begin(&app, &key).await;
    assert!(turns(&mut nobody).await.is_empty());
}

#[tokio::test]
async fn what_somebody_asked_before_signing_in_becomes_theirs_alone() {
    let clock = Clock::manual(1_800_000_000_000);
    let (app, mut ada, project, key) = guided(&clock).await;
    let secret = secret(&mut ada, &project).await;
    let mut nobody = Visitor::begin(&app, &key).await;
    assert_eq!(nobody.ask("How do I export my data?").await.0, StatusCode::OK);
    let grace = user_token(&secret, &claims(&clock, &key, "user-1"));
    let (_, begun) = visit(&app, &key, &grace, Some(&nobody.token)).await;
    assert!(begun["conversation"].is_string(), "{begun}");
    let mut known = visitor(&app, &key, &begun);
    assert_eq!(turns(&mut known).await.len(), 2);
    assert!(turns(&mut nobody).await.is_empty(), "it is a person's now");
    // Another who signs in with a person's visit in hand takes nothing of it along.
    let other = user_token(&secret, &claims(&clock, &key, "user-2"));
    let (_, begun) = visit(&app, &key, &other, Some(&known.token)).await;
    assert_eq!(begun["conversation"], Value::Null);
    assert_eq!(turns(&mut known).await.len(), 2);
    // Nor does who signed out: a person's visit is not gone on with by nobody.
    let path = format!("/widget/{key}/visits");
    let body = json!({ "token": known.token });
    let out: Value = app
        .nobody()
        .send(Method::POST, &path, Some(body), &[("origin", SITE)])
        .await
        .json()
        .await
        .unwrap();
    assert_eq!((&out["user"], &out["conversation"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_wrong_user_token_is_refused_and_nobody_becomes_nobody_in_silence() {
    let clock = Clock::manual(1_800_000_000_000);
    let (app, mut ada, project, key) = guided(&clock).await;
    let (status, problem) = visit(&app, &key, "a.b.c", None).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::CONFLICT, Some("identity_not_set_up"))
    );
    let first = secret(&mut ada, &project).await;
    let good = claims(&clock, &key, "user-1");
    let mut elsewhere = good.clone();
    elsewhere["aud"] = json!("pk_of_another");
    let mut forever = good.clone();
    forever["exp"] = json!(clock.now() / 1000 + 30 * 86_400);
    for (bad, why) in [
        (user_token("idsec_guessed", &good), "signature"),
        (user_token(&first, &elsewhere), "aud"),
        (user_token(&first, &forever), "24 hours"),
        ("not a token".into(), "not a JSON Web Token"),
    ] {
        let (status, problem) = visit(&app, &key, &bad, None).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (StatusCode::UNAUTHORIZED, Some("user_token_invalid"))
        );
        assert!(problem["detail"].as_str().unwrap().contains(why), "{problem}");
        assert_eq!(problem["token"], Value::Null);
    }
    // While the website changes over, both secrets are good; then the new one alone.
    let second = secret(&mut ada, &project).await;
    assert_ne!(first, second);
    for by in [&first, &second] {
        assert_eq!(visit(&app, &key, &user_token(by, &good), None).await.0, StatusCode::CREATED);
    }
    let (_, shown) = ada.get(&format!("{project}/widget")).await;
    assert!(shown["identity"]["previous_until"].is_string(), "{shown}");
    assert!(!shown.to_string().contains("idsec_"), "shown once");
    clock.advance(24 * 3_600_000);
    let late = claims(&clock, &key, "user-1");
    assert_eq!(
        visit(&app, &key, &user_token(&first, &late), None).await.0,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(visit(&app, &key, &user_token(&second, &late), None).await.0, StatusCode::CREATED);
    let (_, session) = ada.post("/session", json!({ "email": ada.email, "password": PASSWORD })).await;
    ada.took(&session);
    let removed = ada.send(Method::DELETE, &format!("{project}/widget/identity"), None, &[]).await;
    assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    assert_eq!(visit(&app, &key, &user_token(&second, &late), None).await.0, StatusCode::CONFLICT);
    assert_eq!(ada.get(&format!("{project}/widget")).await.1["identity"], Value::Null);
}

#[tokio::test]
async fn the_widget_looks_and_speaks_as_the_team_chose() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    let path = format!("{project}/widget");
    let look = json!({
        "color": "#AA3300", "light": { "background": "#fffdf5", "text": "#222222" }, "dark": { "accent": "#ffaa00" },
        "scheme": "dark", "position": "top-left", "offset_x": 4, "offset_y": 40, "launcher": "Ask us", "language": "ar",
    });
    let (status, set) = ada.patch(&path, look).await;
    assert_eq!(status, StatusCode::OK, "{set}");
    assert_eq!(
        (&set["color"], &set["light"]["accent"], &set["offset_y"]),
        (&json!("#aa3300"), &Value::Null, &json!(40))
    );
    let begin = async |languages: Value| -> Value {
        let body = json!({ "languages": languages });
        let path = format!("/widget/{key}/visits");
        let begun = app.nobody().send(Method::POST, &path, Some(body), &[("origin", SITE)]).await;
        begun.json().await.unwrap()
    };
    let visit = begin(json!(["de"])).await;
    for field in ["light", "dark", "scheme", "position", "offset_x", "offset_y", "launcher"] {
        assert_eq!(visit[field], set[field], "{field}");
    }
    assert_eq!((visit["language"].as_str(), visit["hand_off"].as_bool()), (Some("ar"), Some(false)));
    assert_eq!(visit["texts"]["send"], "إرسال");
    ada.patch(&path, json!({ "language": "auto" })).await;
    assert_eq!(begin(json!(["tlh", "pt-BR"])).await["texts"]["send"], "Enviar");
    let english = begin(json!([])).await;
    assert_eq!((english["language"].as_str(), &english["texts"]), (Some("en"), &Value::Null));
    for (change, field, code) in [
        (json!({ "dark": { "text": "red" } }), "dark.text", "invalid_color"),
        (json!({ "scheme": "neon" }), "scheme", "invalid_scheme"),
        (json!({ "language": "tlh" }), "language", "unknown_language"),
        (json!({ "offset_x": 4000 }), "offset_x", "invalid_position"),
        (json!({ "position": "middle" }), "position", "invalid_position"),
        (json!({ "launcher": "x".repeat(31) }), "launcher", "text_too_long"),
        (
            json!({ "hand_off": { "enabled": true, "email": "nobody" } }),
            "hand_off.email",
            "invalid_email",
        ),
    ] {
        let (status, problem) = ada.patch(&path, change).await;
        assert_eq!(
            (status, problem["field"].as_str(), problem["code"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(field), Some(code)),
            "{problem}"
        );
    }
}

#[tokio::test]
async fn a_logo_is_a_picture_whatever_it_is_called() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    let path = format!("{project}/widget/logo");
    let mut guest = Visitor::begin(&app, &key).await;
    assert_eq!(guest.send(Method::GET, "logo", None, &[]).await.status(), StatusCode::NOT_FOUND);
    let large = [b"\x89PNG\r\n\x1a\n".as_slice(), &vec![0; 64 << 10]].concat();
    for (name, bytes, expected, code) in [
        (
            "logo.png",
            &b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>"[..],
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_type",
        ),
        ("logo.png", b"GIF89a", StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_type"),
        ("logo.png", b"", StatusCode::UNPROCESSABLE_ENTITY, "empty_file"),
        ("logo.png", &large, StatusCode::PAYLOAD_TOO_LARGE, "file_too_large"),
    ] {
        let (status, problem) = ada.upload(Method::PUT, &path, &[(name, bytes)]).await;
        assert_eq!((status, problem["code"].as_str()), (expected, Some(code)), "{problem}");
    }
    let picture = [b"\x89PNG\r\n\x1a\n".as_slice(), GUIDE].concat();
    // A name is nobody's proof of anything.
    let (status, set) = ada.upload(Method::PUT, &path, &[("logo.html", &picture)]).await;
    assert_eq!(status, StatusCode::OK, "{set}");
    let name = set["logo"].as_str().unwrap().to_owned();
    let sent = guest.send(Method::GET, "logo", None, &[]).await;
    assert_eq!(sent.status(), StatusCode::OK);
    let headers = sent.headers().clone();
    assert_eq!(headers["content-type"], "image/png");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["content-security-policy"], "sandbox; default-src 'none'");
    assert_eq!(headers["access-control-allow-origin"], SITE);
    assert_eq!(sent.bytes().await.unwrap(), picture);
    let shown = ada.send(Method::GET, &path, None, &[]).await;
    assert_eq!(shown.bytes().await.unwrap(), picture);
    let elsewhere = app
        .nobody()
        .send(Method::GET, &format!("/widget/{key}/logo"), None, &[("origin", SITE)])
        .await;
    assert_eq!(elsewhere.status(), StatusCode::UNAUTHORIZED);
    let other = [b"\xff\xd8\xff\xe0".as_slice(), GUIDE].concat();
    let (_, changed) = ada.upload(Method::PUT, &path, &[("logo.jpg", &other)]).await;
    assert_ne!(changed["logo"], name.as_str(), "other contents have another name");
    let removed = ada.send(Method::DELETE, &path, None, &[]).await;
    assert_eq!(removed.status(), StatusCode::OK);
    assert_eq!(guest.send(Method::GET, "logo", None, &[]).await.status(), StatusCode::NOT_FOUND);
}
