use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::mpsc,
    time::Duration,
};

use reqwest::StatusCode;
use serde_json::json;

use crate::support::{TestApp, mail::Letter};

/// A mail server that says what it is told to at first, and then takes what comes. Tells who each is for: what it refused with, and
/// then whole letters.
fn mail_server(first: &'static str) -> (u16, mpsc::Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (taken, letters) = mpsc::channel();
    std::thread::spawn(move || {
        let mut first = Some(first).filter(|first| !first.is_empty());
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let _ = stream.write_all(b"220 here\r\n");
            let mut to = String::new();
            while let Some(Ok(line)) = lines.next() {
                let answer = match line.get(..4).unwrap_or_default().to_uppercase().as_str() {
                    "EHLO" => "250-here\r\n250 8BITMIME".to_owned(),
                    "RCPT" => {
                        to = line;
                        match first.take() {
                            Some(refusal) => {
                                let _ = taken.send((to.clone(), refusal.to_owned()));
                                refusal.to_owned()
                            }
                            None => "250 ok".to_owned(),
                        }
                    }
                    "DATA" => {
                        let _ = stream.write_all(b"354 go on\r\n");
                        let letter: Vec<String> = lines.by_ref().map_while(Result::ok).take_while(|line| line != ".").collect();
                        let _ = taken.send((to.clone(), letter.join("\r\n")));
                        "250 ok".to_owned()
                    }
                    "QUIT" => "221 bye".to_owned(),
                    _ => "250 ok".to_owned(),
                };
                if stream.write_all(format!("{answer}\r\n").as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    (port, letters)
}

async fn with_server(port: u16) -> TestApp {
    let url = format!("smtp://127.0.0.1:{port}");
    TestApp::with(&[
        ("PERNOEX_SMTP_URL", &url),
        ("PERNOEX_MAIL_FROM", "Support <support@example.com>"),
        ("PERNOEX_PUBLIC_URL", "https://support.example.com"),
        ("PERNOEX_SIGN_UP", "open"),
    ])
    .await
}

#[tokio::test]
async fn letters_go_to_the_mail_server_that_is_set() {
    let (port, letters) = mail_server("");
    let app = with_server(port).await;
    let mut ada = app.owner("ada").await;
    let (to, raw) = letters.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(to.contains(&ada.email), "{to}");
    let letter = Letter::read(&raw);
    assert_eq!(
        (letter.to.as_str(), letter.subject.as_str()),
        (ada.email.as_str(), "Confirm your e-mail address")
    );
    assert!(letter.text.contains("https://support.example.com/verify#"), "{}", letter.text);
    assert!(
        raw.contains("From: Support <support@example.com>") || raw.contains("From: \"Support\" <support@example.com>"),
        "{raw}"
    );
    let followed = ada.post("/account/verified", json!({ "token": letter.token() })).await;
    assert_eq!(followed.0, StatusCode::NO_CONTENT);
    assert!(!app.data().join("mail").exists());
}

#[tokio::test]
async fn a_server_that_says_not_now_is_asked_again() {
    let (port, letters) = mail_server("451 come back later");
    let clock = pernoex::Clock::manual(1_700_000_000_000);
    let url = format!("smtp://127.0.0.1:{port}");
    let settings = [
        ("PERNOEX_SMTP_URL", url.as_str()),
        ("PERNOEX_MAIL_FROM", "support@example.com"),
        ("PERNOEX_PUBLIC_URL", "https://support.example.com"),
        ("PERNOEX_SIGN_UP", "open"),
    ];
    let app = TestApp::start_with(clock.clone(), &settings).await;
    let ada = app.owner("ada").await;
    let (_, refused) = letters.recv_timeout(Duration::from_secs(30)).unwrap();
    assert_eq!(refused, "451 come back later");
    // Each step is longer than the wait before the second try, which begins once the refusal was written down.
    let taken = (0..60).find_map(|_| {
        clock.advance(60_000);
        letters.recv_timeout(Duration::from_millis(500)).ok()
    });
    let (to, _) = taken.unwrap();
    assert!(to.contains(&ada.email), "{to}");
}

/// Not even the log learns whom it was for.
#[tokio::test]
async fn a_letter_that_is_refused_for_good_is_given_up_with_its_reason() {
    let (port, _letters) = mail_server("550 <ada> is not here");
    let app = with_server(port).await;
    app.owner("ada").await;
    let rows = app.rows().await;
    let mut dump = String::new();
    for _ in 0..200 {
        dump = rows.dump().await;
        if dump.contains("the mail server answered 550") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    rows.close().await;
    assert!(dump.contains("the mail server answered 550"), "given up");
    assert!(!dump.contains("is not here"));
}

#[cfg(unix)]
#[tokio::test]
async fn without_a_mail_server_letters_are_files_that_only_their_owner_reads() {
    use std::os::unix::fs::PermissionsExt;
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    app.letter(&ada.email, "Confirm").await;
    let folder = app.data().join("mail");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for entry in std::fs::read_dir(&folder).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

/// What was asked for is looked up when the mail is due. If that fails each time, it is given up like one that cannot be sent.
#[tokio::test]
async fn a_mail_that_cannot_be_looked_up_is_given_up_after_its_tries() {
    let clock = pernoex::Clock::manual(1_700_000_000_000);
    let app = TestApp::start_with(clock.clone(), &[]).await;
    let ada = app.owner("ada").await;
    app.letter(&ada.email, "Confirm your e-mail address").await;
    let rows = app.rows().await;
    rows.run("alter table account_token rename to away", vec![]).await;
    app.nobody()
        .post("/account/password/forgotten", json!({ "email": ada.email }))
        .await;
    let given_up = "select attempts from mail where failure = 'what was asked for could not be looked up'";
    let mut found = Vec::new();
    for _ in 0..400 {
        found = rows.ask(given_up, vec![]).await;
        if !found.is_empty() {
            break;
        }
        // Longer than the longest wait between two tries.
        clock.advance(3 * 3_600_000);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    rows.run("alter table away rename to account_token", vec![]).await;
    assert_eq!(found.len(), 1, "it goes round for ever");
    assert_eq!(found[0].try_get::<i32>("", "attempts").unwrap(), 12);
    rows.close().await;
    // The next one is not in its way.
    app.nobody()
        .post("/account/password/forgotten", json!({ "email": ada.email }))
        .await;
    app.letter(&ada.email, "Choose a new password").await;
}
