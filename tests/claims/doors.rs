//! Servers that are no Pernoex, or a broken one, and what is seen of them.

use std::{
    io::{Read, Write},
    net::TcpListener,
    time::Duration,
};

use serde_json::json;

use super::{Verified, lived_in, password, verify};

const ALL: &str = r#"{"status":"alive","csrf_token":"x"}"#;

/// Answers each request, by its first line, with a status and a body.
fn fake(answer: fn(&str) -> (u16, &'static str)) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
            let mut asked = [0; 8192];
            let read = stream.read(&mut asked).unwrap_or(0);
            let asked = String::from_utf8_lossy(&asked[..read]).into_owned();
            let (status, body) = answer(asked.lines().next().unwrap_or_default());
            let head = "content-type: application/json\r\naccess-control-allow-origin: *\r\nset-cookie: __Host-pernoex=x; Path=/; Domain=example.com";
            let _ = write!(
                stream,
                "HTTP/1.1 {status} Said\r\n{head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    port
}

/// What a server has to answer before its doors are looked at; `other` to everything else.
fn lives(asked: &str, other: (u16, &'static str)) -> (u16, &'static str) {
    match asked {
        asked if asked.starts_with("GET /healthz") || asked.starts_with("POST /api/v1/session HTTP") => (200, ALL),
        asked if asked.starts_with("GET /api/v1/session HTTP") => (401, "{}"),
        _ => other,
    }
}

fn look(port: u16) -> Verified {
    let folder = tempfile::tempdir().unwrap();
    let key = format!("pk_{}", "a".repeat(43));
    let url = format!("http://127.0.0.1:{port}");
    let arguments = ["--url", &url, "--email", "ada@example.com", "--widget-key", &key];
    verify(&[password()], &arguments, folder.path())
}

#[tokio::test]
async fn a_server_whose_doors_are_open_is_seen_through() {
    let found = look(fake(|_| (200, ALL)));
    assert_eq!(found.code, Some(1));
    for check in [
        "doors.session",
        "doors.public-key",
        "doors.origin",
        "webhooks.signature",
        "webhooks.replay",
        "outside.metrics",
        "disclosure.security-txt",
        "disclosure.form",
        "pages.public",
        "session.cookie",
        "session.csrf",
        "session.sign-out",
        "isolation.foreign",
    ] {
        assert_eq!(found.check(check).0, "broken", "{check}: {}", found.check(check).1);
    }
    assert_eq!(found.claim("domains.cors"), "broken");
    assert!(found.check("session.cookie").1.contains("HttpOnly"), "{}", found.said);
}

/// A guard that was forgotten lets somebody look for what is not there.
#[tokio::test]
async fn a_server_that_finds_nothing_does_not_pass_for_one_that_refuses() {
    let found = look(fake(|asked| lives(asked, (404, r#"{"code":"not_found"}"#))));
    for check in ["doors.session", "doors.public-key", "webhooks.signature", "session.csrf"] {
        assert_eq!(found.check(check).0, "broken", "{check}: {}", found.check(check).1);
    }
    let (status, words) = found.check("isolation.foreign");
    assert!(status == "not_tried" && words.contains("--foreign-project"), "{words}");
}

#[tokio::test]
async fn a_server_that_refuses_for_the_role_shows_nothing_of_the_token() {
    let found = look(fake(|asked| lives(asked, (403, r#"{"code":"role_too_low"}"#))));
    let (status, words) = found.check("session.csrf");
    assert!(status == "not_tried" && words.contains("another reason"), "{words}");
}

#[tokio::test]
async fn what_reads_a_message_before_it_looks_who_sent_it_is_seen() {
    let found = look(fake(|asked| lives(asked, (400, r#"{"code":"invalid_body"}"#))));
    for check in ["doors.session", "webhooks.signature", "session.csrf"] {
        assert_eq!(found.check(check).0, "broken", "{check}: {}", found.check(check).1);
    }
    let found = look(fake(|asked| lives(asked, (429, "{}"))));
    for check in ["doors.session", "webhooks.signature", "isolation.foreign"] {
        assert_eq!(found.check(check).0, "not_tried", "{check}: {}", found.check(check).1);
    }
}

#[tokio::test]
async fn a_members_account_is_enough_for_what_every_session_has() {
    let (app, mut ada, _) = lived_in().await;
    let hedy = app.member(&mut ada, &[]).await;
    let found = verify(&[password()], &["--url", &app.url, "--email", &hedy.email], app.folder.path());
    for check in ["session.csrf", "session.cookie", "session.sign-out"] {
        assert_eq!(found.check(check).0, "holds", "{check}: {}", found.check(check).1);
    }
}

#[tokio::test]
async fn a_project_that_is_there_is_not_said_to_be_out_of_reach() {
    let (app, mut ada, _) = lived_in().await;
    let own = ada.project("Her own").await;
    let own = own.rsplit('/').next().unwrap();
    let arguments = ["--url", &app.url, "--email", &ada.email, "--foreign-project", own];
    let found = verify(&[password()], &arguments, app.folder.path());
    assert_eq!(found.check("isolation.foreign").0, "broken", "{}", found.said);
    assert_eq!(found.claim("isolation.content"), "broken");
}

#[tokio::test]
async fn a_voice_agents_address_refuses_what_nobody_signed_and_what_is_old() {
    let (app, mut ada, _) = lived_in().await;
    let project = ada.project("Calls").await;
    for (provider, replay) in [("standard", "holds"), ("bland", "unproven")] {
        let (_, made) = ada.post(&format!("{project}/voice"), json!({ "provider": provider })).await;
        let url = made["url"].as_str().unwrap();
        let found = verify(&[], &["--url", &app.url, "--voice-agent", url], app.folder.path());
        let (status, words) = found.check("webhooks.signature");
        assert!(status == "holds" && words.contains("a voice agent's among them"), "{words}");
        assert_eq!(found.check("webhooks.replay").0, replay, "{provider}: {}", found.said);
    }
    let nobodys = format!("{}/webhooks/voice/none", app.url);
    let found = verify(&[], &["--url", &app.url, "--voice-agent", &nobodys], app.folder.path());
    for check in ["webhooks.signature", "webhooks.replay"] {
        let (status, words) = found.check(check);
        assert!(status == "not_tried" && words.contains("no voice agent's"), "{check}: {words}");
    }
}
