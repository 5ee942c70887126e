//! What a session survives, and what must not survive it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, TestApp};

async fn sign_in(person: &mut Person, email: &str, password: &str) -> StatusCode {
    let (status, session) = person.post("/session", json!({ "email": email, "password": password })).await;
    if status == StatusCode::OK {
        person.csrf = session["csrf_token"].as_str().map(str::to_owned);
    }
    status
}

#[tokio::test]
async fn a_planted_cookie_is_not_adopted() {
    let app = TestApp::start().await;
    let (ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    // Eve plants her own, living session in Ada's browser, and Ada signs in.
    let planted = eve.cookie.clone();
    let mut browser = app.nobody();
    browser.cookie.clone_from(&planted);
    assert_eq!(sign_in(&mut browser, &ada.email, PASSWORD).await, StatusCode::OK);
    assert_ne!(browser.cookie, planted);
    assert_eq!(browser.get("/session").await.1["user"]["email"], ada.email.as_str());
    eve.cookie = planted;
    let (_, session) = eve.get("/session").await;
    assert_ne!(session["user"]["email"], ada.email.as_str(), "the planted cookie leads to Ada");
    // One that never was.
    let mut browser = app.nobody();
    browser.cookie = Some("__Host-pernoex=planted".into());
    assert_eq!(sign_in(&mut browser, &ada.email, PASSWORD).await, StatusCode::OK);
    assert!(!browser.cookie.unwrap().contains("planted"));
}

#[tokio::test]
async fn after_the_sign_out_is_acknowledged_no_request_succeeds() {
    let app = TestApp::start().await;
    for _ in 0..3 {
        let mut ada = app.owner("ada").await;
        let gone = Arc::new(AtomicBool::new(false));
        let (cookie, url, csrf) = (ada.cookie.clone().unwrap(), app.url.clone(), ada.csrf.clone().unwrap());
        let hammer = |n: usize| {
            let (gone, cookie, url, csrf, client) = (gone.clone(), cookie.clone(), url.clone(), csrf.clone(), app.nobody().client);
            tokio::spawn(async move {
                let (mut before, mut after) = (0, 0);
                while after < 5 {
                    let was_gone = gone.load(Ordering::SeqCst);
                    let request = if n.is_multiple_of(2) {
                        client.get(format!("{url}/api/v1/session"))
                    } else {
                        client
                            .post(format!("{url}/api/v1/projects"))
                            .json(&json!({ "name": format!("P {n} {before}") }))
                    };
                    let sent = request
                        .header(header::COOKIE, &cookie)
                        .header("x-csrf-token", &csrf)
                        .send()
                        .await
                        .unwrap();
                    if was_gone {
                        after += 1;
                        assert_eq!(sent.status(), StatusCode::UNAUTHORIZED, "a session outlives its end");
                        assert!(
                            !sent.headers().contains_key(header::SET_COOKIE)
                                || sent.headers()[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0")
                        );
                    } else {
                        before += 1;
                    }
                }
                before
            })
        };
        let hammers: Vec<_> = (0..6).map(hammer).collect();
        // Until requests are in flight.
        ada.get("/session").await;
        assert_eq!(ada.delete("/session", None).await.0, StatusCode::NO_CONTENT);
        gone.store(true, Ordering::SeqCst);
        for hammer in hammers {
            hammer.await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_tampered_cookie_opens_nothing() {
    let app = TestApp::start().await;
    let (mut ada, eve) = (app.owner("ada").await, app.owner("eve").await);
    let cookie = ada.cookie.clone().unwrap();
    let (name, value) = cookie.split_once('=').unwrap();
    let (_, other) = eve.cookie.as_deref().unwrap().split_once('=').unwrap();
    let (_, session) = ada.get("/session").await;
    let tenant = session["workspace"]["id"].as_str().unwrap().to_owned();
    let mut tampered = vec![
        String::new(),
        "x".into(),
        tenant.clone(),
        format!("{tenant}."),
        value.to_lowercase(),
        format!("{value}{value}"),
    ];
    for at in [0, value.len() / 4, value.len() / 2, value.len() - 2] {
        let mut bytes = value.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        tampered.push(String::from_utf8(bytes).unwrap());
        tampered.push(value[..at].to_owned());
        // The signature of one before the id of another.
        tampered.push(format!("{}{}", &value[..at], &other[at.min(other.len())..]));
    }
    for value in tampered.iter().filter(|tampered| *tampered != value && *tampered != other) {
        ada.cookie = Some(format!("{name}={value}"));
        assert_eq!(ada.get("/session").await.0, StatusCode::UNAUTHORIZED, "{value}");
    }
    ada.cookie = Some(cookie);
    assert_eq!(ada.get("/session").await.0, StatusCode::OK);
}

#[tokio::test]
async fn another_sessions_token_changes_nothing() {
    let app = TestApp::start().await;
    let (mut ada, eve) = (app.owner("ada").await, app.owner("eve").await);
    let mut elsewhere = app.nobody();
    sign_in(&mut elsewhere, &ada.email, PASSWORD).await;
    let own = ada.csrf.clone();
    // Eve's, and Ada's own of another session.
    for token in [
        eve.csrf.clone(),
        elsewhere.csrf.clone(),
        Some(String::new()),
        Some("AAAA".into()),
        own.clone().map(|own| own[1..].to_owned()),
    ] {
        ada.csrf.clone_from(&token);
        let (status, problem) = ada.post("/projects", json!({ "name": "Forged" })).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (StatusCode::FORBIDDEN, Some("csrf_failed")),
            "{token:?}"
        );
    }
    ada.csrf = own;
    assert_eq!(ada.get("/projects").await.1["projects"], json!([]));
}

#[tokio::test]
async fn what_a_form_can_send_is_no_json() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let body = json!({ "email": ada.email, "password": PASSWORD }).to_string();
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "text/plain; application/json",
        "application/jsonp",
        "application/json-patch",
    ] {
        let sent = app
            .nobody()
            .client
            .post(format!("{}/api/v1/session", app.url))
            .header(header::CONTENT_TYPE, kind)
            .body(body.clone())
            .send()
            .await
            .unwrap();
        assert!(
            sent.status().is_client_error() && !sent.headers().contains_key(header::SET_COOKIE),
            "{kind}: {}",
            sent.status()
        );
        let sent = ada
            .client
            .post(format!("{}/api/v1/projects", app.url))
            .header(header::COOKIE, ada.cookie.as_deref().unwrap())
            .header("x-csrf-token", ada.csrf.as_deref().unwrap())
            .header(header::CONTENT_TYPE, kind)
            .body("{\"name\":\"Forged\"}")
            .send()
            .await
            .unwrap();
        assert!(sent.status().is_client_error(), "{kind}: {}", sent.status());
    }
}

#[tokio::test]
async fn an_address_is_one_account_however_it_is_written() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let shouted = format!("  {}  ", ada.email.to_uppercase());
    assert_eq!(sign_in(&mut app.nobody(), &shouted, PASSWORD).await, StatusCode::OK);
    let again = json!({ "email": shouted, "password": PASSWORD, "workspace": "W" });
    assert_eq!(app.nobody().post("/account", again).await.1["code"], "email_taken");
    for odd in ["\u{200b}", "\u{202e}", "\u{ad}", "\0", " ", "\n", "\u{feff}"] {
        let email = ada.email.replacen("da", &format!("d{odd}a"), 1);
        let (status, problem) = app
            .nobody()
            .post("/account", json!({ "email": email, "password": PASSWORD, "workspace": "W" }))
            .await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some("invalid_email")),
            "{odd:?}"
        );
        assert_eq!(
            sign_in(&mut app.nobody(), &email, PASSWORD).await,
            StatusCode::UNAUTHORIZED,
            "{odd:?}"
        );
    }
}

#[tokio::test]
async fn every_byte_of_a_password_counts() {
    let app = TestApp::start().await;
    let email = format!("long.{}@example.com", uuid::Uuid::new_v4().simple());
    // bcrypt itself looks at 72 bytes, and at none after a NUL.
    let long = format!("{}{}", "correct horse ".repeat(8), "one");
    let other = format!("{}{}", "correct horse ".repeat(8), "two");
    let body = json!({ "email": email, "password": long, "workspace": "W" });
    assert_eq!(app.nobody().post("/account", body).await.0, StatusCode::CREATED);
    assert_eq!(sign_in(&mut app.nobody(), &email, &other).await, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&mut app.nobody(), &email, &long[..72]).await, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&mut app.nobody(), &email, &long).await, StatusCode::OK);
    let email = format!("nul.{}@example.com", uuid::Uuid::new_v4().simple());
    let body = json!({ "email": email, "password": "before\0after the nul", "workspace": "W" });
    assert_eq!(app.nobody().post("/account", body).await.0, StatusCode::CREATED);
    assert_eq!(
        sign_in(&mut app.nobody(), &email, "before\0something else").await,
        StatusCode::UNAUTHORIZED
    );
}

/// The same work is done for an unknown address: the medians are of one size, and a hash costs twenty times the rest.
#[tokio::test]
async fn an_unknown_address_takes_as_long_as_a_wrong_password() {
    let app = TestApp::with(&[("PERNOEX_BCRYPT_COST", "9"), ("PERNOEX_LIMIT_FACTOR", "1000")]).await;
    let ada = app.owner("ada").await;
    let mut nobody = app.nobody();
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for _ in 0..15 {
        for (email, times) in [(ada.email.as_str(), &mut known), ("nobody@example.com", &mut unknown)] {
            let began = Instant::now();
            let (status, problem) = nobody
                .post("/session", json!({ "email": email, "password": "not this password" }))
                .await;
            times.push(began.elapsed());
            assert_eq!(
                (status, problem["code"].as_str()),
                (StatusCode::UNAUTHORIZED, Some("wrong_credentials"))
            );
        }
    }
    known.sort_unstable();
    unknown.sort_unstable();
    let ratio = known[7].as_secs_f64() / unknown[7].as_secs_f64();
    assert!((0.33..3.0).contains(&ratio), "{ratio}: {known:?} {unknown:?}");
}

#[tokio::test]
async fn a_session_is_of_its_own_workspace_only() {
    let app = TestApp::start().await;
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let tenant = eve.get("/session").await.1["workspace"]["id"].as_str().unwrap().to_owned();
    for (name, value) in [
        ("x-tenant-id", tenant.as_str()),
        ("x-workspace-id", &tenant),
        ("x-pernoex-tenant", &tenant),
        ("authorization", &format!("Bearer {tenant}")),
    ] {
        let sent: Value = ada
            .send(Method::GET, "/session", None, &[(name, value)])
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(sent["user"]["email"], ada.email.as_str(), "{name}");
    }
    let (_, list) = ada.get(&format!("/projects?tenant_id={tenant}&workspace={tenant}")).await;
    assert_eq!(list["projects"], json!([]));
}

/// A request whose head is at the server, and whose body is held back.
struct Held {
    stream: tokio::net::TcpStream,
    rest: String,
}

impl Held {
    async fn post(app: &TestApp, person: &Person, path: &str, body: &Value) -> Self {
        use tokio::io::AsyncWriteExt;
        let address = app.url.strip_prefix("http://").unwrap();
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind((app.own_address(), 0).into()).unwrap();
        let mut stream = socket.connect(address.parse().unwrap()).await.unwrap();
        let body = body.to_string();
        let head = format!(
            "POST /api/v1{path} HTTP/1.1\r\nhost: {address}\r\ncookie: {}\r\nx-csrf-token: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{{",
            person.cookie.as_deref().unwrap(),
            person.csrf.as_deref().unwrap(),
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        Self {
            stream,
            rest: body[1..].to_owned(),
        }
    }

    /// Lets the body go, and returns the answer with its head.
    async fn answer(mut self) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        self.stream.write_all(self.rest.as_bytes()).await.unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

#[tokio::test]
async fn a_request_that_was_begun_before_the_sign_out_and_ends_after_it_changes_nothing() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let late = Held::post(&app, &ada, "/projects", &json!({ "name": "Late" })).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(ada.delete("/session", None).await.0, StatusCode::NO_CONTENT);
    let answer = late.answer().await;
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("not_signed_in"), "{answer}");
    let (email, mut ada) = (ada.email.clone(), app.nobody());
    assert_eq!(sign_in(&mut ada, &email, PASSWORD).await, StatusCode::OK);
    assert_eq!(ada.get("/projects").await.1["projects"], json!([]));
}

/// Whoever stole a session has the head of a request at the server when the owner ends it, and lets the body go after that.
#[tokio::test]
async fn a_held_request_neither_renews_nor_keeps_a_session_that_was_ended() {
    const ANOTHER: &str = "quite another long password";
    let app = TestApp::start().await;
    for at_once in [true, false] {
        let mut ada = app.owner("ada").await;
        let mut thief = app.nobody();
        assert_eq!(sign_in(&mut thief, &ada.email, PASSWORD).await, StatusCode::OK);
        let workspace = ada.get("/session").await.1["workspace"]["id"].clone();
        let (_, app_secret) = thief.post("/account/totp", json!({})).await;
        let code = crate::support::factors::code_at(app_secret["secret"].as_str().unwrap(), pernoex::Clock::system().now());
        let held = [
            Held::post(&app, &thief, "/session/workspace", &json!({ "workspace": workspace })).await,
            Held::post(&app, &thief, "/workspaces", &json!({ "name": "Hideout" })).await,
            Held::post(&app, &thief, "/session/proof", &json!({ "password": PASSWORD })).await,
            Held::post(&app, &thief, "/account/totp/confirmed", &json!({ "code": code })).await,
        ];
        // Both sides of the moment from which on the door looks again.
        tokio::time::sleep(std::time::Duration::from_millis(if at_once { 200 } else { 1_500 })).await;
        let changed = ada.put("/account/password", json!({ "current": PASSWORD, "new": ANOTHER })).await;
        assert_eq!(changed.0, StatusCode::OK, "{}", changed.1);
        for request in held {
            let answer = request.answer().await;
            assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        }
        assert_eq!(thief.get("/session").await.0, StatusCode::UNAUTHORIZED);
        let (_, factors) = ada.get("/account/second-factor").await;
        assert_eq!(factors["totp"], false, "{factors}");
        assert_eq!(ada.get("/session").await.0, StatusCode::OK);
    }
}
