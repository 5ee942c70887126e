//! From outside: what it does to an installation, and what it sees in something that only looks like one.

use std::{
    net::TcpListener,
    process::{Command, Stdio},
    time::Duration,
};

use super::{lived_in, verify};
use crate::{
    support::{PASSWORD, TestApp, authority::Authority, rows::Rows},
    tls::{HOST, Served},
};

async fn counts(rows: &Rows) -> Vec<(String, i64)> {
    let mut counts = Vec::new();
    for table in rows.tables().await {
        let found = rows.ask(&format!("select count(*) as n from {table}"), vec![]).await;
        counts.push((table, found[0].try_get("", "n").unwrap()));
    }
    counts
}

#[tokio::test]
async fn a_look_from_outside_leaves_nothing_behind_and_says_what_it_did_not_try() {
    let (app, _, key) = lived_in().await;
    let rows = app.rows().await;
    // A letter that goes out takes its row with it.
    rows.none_left("mail").await;
    let before = counts(&rows).await;
    let found = verify(&[], &["--url", &app.url, "--widget-key", &key], app.folder.path());
    assert_eq!(counts(&rows).await, before, "no row is made");
    rows.close().await;
    assert_eq!(found.code, Some(2), "{}", found.said);
    assert!(found.ended("broken").is_empty(), "{}", found.said);
    for check in [
        "doors.session",
        "doors.public-key",
        "doors.origin",
        "webhooks.signature",
        "outside.metrics",
        "disclosure.form",
        "pages.public",
    ] {
        assert_eq!(found.check(check).0, "holds", "{check}: {}", found.check(check).1);
    }
    // How to try what was not.
    for (check, how) in [("session.cookie", "--email"), ("rows.sealed", "--inside")] {
        let (status, words) = found.check(check);
        assert!(status == "not_tried" && words.contains(how), "{check}: {words}");
    }
    assert_eq!(found.claim("access.cookies"), "not_tried", "which is no pass");
}

#[tokio::test]
async fn an_account_that_cannot_be_used_is_said_to_be_and_its_password_is_not() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let settings = [("PERNOEX_VERIFY_PASSWORD".to_owned(), "another password of hers".to_owned())];
    let found = verify(&settings, &["--url", &app.url, "--email", &ada.email], app.folder.path());
    let (status, words) = found.check("session.cookie");
    assert!(status == "not_tried" && words.contains("cannot sign in"), "{words}");
    assert!(!found.said.contains("another password"));
    let (_, out, log) = crate::support::process::run(&[], &["verify", "--url", &app.url, "--email", &ada.email], app.folder.path());
    assert!(out.is_empty() && log.contains("PERNOEX_VERIFY_PASSWORD"), "{out}{log}");
    // As a file, too.
    let file = app.folder.path().join("password");
    std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    let arguments = ["--url", &app.url, "--email", &ada.email, "--password-file", file.to_str().unwrap()];
    assert_eq!(verify(&[], &arguments, app.folder.path()).check("session.sign-out").0, "holds");
}

#[tokio::test]
async fn an_address_where_nobody_answers_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // Taken, so that nobody else listens there, and not listened on.
    let closed = tokio::net::TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    let found = verify(&[], &["--url", &url], folder.path());
    assert_eq!(found.code, Some(2), "{}", found.said);
    assert!(
        found.ended("holds").is_empty() && found.ended("broken").is_empty(),
        "{}",
        found.said
    );
}

#[tokio::test]
async fn where_tls_ends_in_the_server_it_is_current_and_alone() {
    let served = Served::start().await;
    let ca = served.folder.path().join("ca.pem");
    let (url, address) = (format!("https://{HOST}"), served.address().to_string());
    let arguments = ["--url", &url, "--connect", &address, "--ca-file", ca.to_str().unwrap()];
    let found = verify(&[], &arguments, served.folder.path());
    assert!(found.ended("broken").is_empty(), "{}", found.said);
    for check in ["tls.versions", "tls.only", "doors.session"] {
        assert_eq!(found.check(check).0, "holds", "{check}: {}", found.check(check).1);
    }
    // To whoever does not know its authority, it proves nothing.
    let found = verify(&[], &arguments[..4], served.folder.path());
    assert_eq!(found.check("tls.versions").0, "broken", "{}", found.said);
}

/// An OpenSSL that was told to take what nobody should.
#[tokio::test]
async fn a_server_that_takes_an_old_tls_is_named_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("the tests' authority");
    let (certificate, key) = authority.issue(&["localhost"]).put(folder.path());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut peer = Command::new("openssl")
        .args([
            "s_server",
            "-accept",
            &format!("127.0.0.1:{port}"),
            "-www",
            "-quiet",
            "-tls1",
            "-cipher",
            "ALL:@SECLEVEL=0",
            "-cert",
        ])
        .arg(&certificate)
        .arg("-key")
        .arg(&key)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..100 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let found = verify(
        &[],
        &[
            "--url",
            &format!("https://localhost:{port}"),
            "--connect",
            &format!("127.0.0.1:{port}"),
        ],
        folder.path(),
    );
    peer.kill().unwrap();
    peer.wait().unwrap();
    assert_eq!(found.code, Some(1), "{}", found.said);
    assert_eq!(found.check("tls.versions"), ("broken", "TLS 1.0 is taken"));
    assert_eq!(found.claim("data.in-transit"), "broken");
}
