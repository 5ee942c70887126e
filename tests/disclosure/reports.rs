//! Somebody without an account reports, and follows what becomes of it by a link that nobody else has.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{DETAILS, TITLE, attach, follow, go, latest, report};
use crate::support::{Person, TestApp, process::Process};

#[tokio::test]
async fn a_stranger_reports_gets_a_receipt_and_is_told_of_each_change_until_it_is_resolved() {
    let app = TestApp::with(&[("PERNOEX_SECURITY_NOTIFY", "desk@example.com")]).await;
    let mut operator = app.operator().await;
    let email = format!("eve.{}@example.com", uuid::Uuid::new_v4().simple());
    let new = json!({ "title": TITLE, "details": DETAILS, "name": "Eve", "email": email, "credit": "Eve of Example" });
    let (status, receipt) = app.nobody().post("/disclosure/reports", new).await;
    assert_eq!(status, StatusCode::CREATED, "{receipt}");
    let (reference, token) = (receipt["reference"].as_str().unwrap(), receipt["token"].as_str().unwrap());
    // The same link is in the letter, behind the #.
    let letter = app.letter(&email, "We have your report").await;
    assert!(letter.token() == token && letter.text.contains("/security/status#") && letter.text.contains(reference));
    let told = app.letter("desk@example.com", "a vulnerability was reported").await;
    for secret in [TITLE, DETAILS, token, &email, "pangolin"] {
        assert!(
            !told.text.contains(secret) && !told.subject.contains(secret),
            "{secret} in {}",
            told.text
        );
    }
    let (status, seen) = follow(&app, token).await;
    assert_eq!(
        (status, &seen["state"], &seen["title"]),
        (StatusCode::OK, &json!("received"), &json!(TITLE))
    );
    assert_eq!(seen["due"]["promise"], "acknowledge");

    let path = latest(&mut operator).await;
    let (_, sheet) = operator.get(&path).await;
    assert_eq!(
        (&sheet["details"], &sheet["name"], &sheet["email"]),
        (&json!(DETAILS), &json!("Eve"), &json!(email))
    );
    let (status, sheet) = go(
        &mut operator,
        &path,
        "acknowledged",
        json!({ "text": "Thank you, we are looking." }),
    )
    .await;
    assert_eq!(status, StatusCode::OK, "{sheet}");
    app.letter(&email, "acknowledged").await;
    go(&mut operator, &path, "confirmed", json!({})).await;
    app.letter(&email, "confirmed").await;
    let (_, seen) = follow(&app, token).await;
    assert_eq!(seen["due"]["promise"], "timeline");
    let (status, _) = go(&mut operator, &path, "timeline", json!({ "fix_by": "2099-12-31" })).await;
    assert_eq!(status, StatusCode::OK);
    assert!(app.letter(&email, "timeline").await.text.contains("31 December 2099"));
    // A conversation, of which notes among operators are no part.
    operator
        .post(&format!("{path}/messages"), json!({ "text": "Which version?", "hidden": false }))
        .await;
    operator
        .post(
            &format!("{path}/messages"),
            json!({ "text": "It is the axolotl again.", "hidden": true }),
        )
        .await;
    app.letter(&email, "an answer to your report").await;
    let said = json!({ "token": token, "text": "The last one." });
    let (status, seen) = app.nobody().post("/disclosure/status/messages", said).await;
    assert_eq!(status, StatusCode::OK, "{seen}");
    app.letter("desk@example.com", "the reporter wrote").await;
    let lines: Vec<&str> = seen["lines"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|line| line["text"].as_str())
        .collect();
    assert_eq!(lines, ["Thank you, we are looking.", "Which version?", "The last one."]);
    assert!(
        !seen.to_string().contains("axolotl") && !seen.to_string().contains("@example.com"),
        "{seen}"
    );
    go(&mut operator, &path, "resolved", json!({})).await;
    let letter = app.letter(&email, "resolved").await;
    assert!(
        letter.text.contains("resolved") && !letter.text.contains("rep_"),
        "the link is in the first letter alone"
    );
    let (_, seen) = follow(&app, token).await;
    assert_eq!(
        (&seen["state"], &seen["due"], &seen["fix_by"]),
        (&json!("resolved"), &Value::Null, &json!("2099-12-31"))
    );
    // In the installation's log.
    let acts = operator.get("/operator/api/acts").await.1;
    let done: Vec<String> = acts["acts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|act| act["subject"] == reference)
        .map(|act| format!("{} {}", act["act"].as_str().unwrap(), act["email"] == operator.email))
        .collect();
    let expected = ["resolved", "noted", "answered", "timeline", "confirmed", "acknowledged"];
    assert_eq!(done, expected.map(|act| format!("report {act} true")));
}

#[tokio::test]
async fn an_anonymous_report_leaves_no_address_and_no_word_in_the_database() {
    let app = TestApp::start().await;
    let token = report(&app).await;
    attach(&mut app.nobody(), &token, "wombat-proof.txt", b"capybara bytes").await;
    let said = json!({ "token": token, "text": "The platypus too." });
    assert_eq!(app.nobody().post("/disclosure/status/messages", said).await.0, StatusCode::OK);
    let rows = app.rows().await;
    let dump = rows.dump().await;
    assert!(dump.contains("received"), "the report is there");
    let address = app.own_address().to_string();
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02X}")).collect::<String>();
    for secret in [
        address.as_str(),
        "Quokka",
        "pangolin",
        "wombat",
        "capybara",
        "platypus",
        &token,
        &token[4..],
    ] {
        for form in [secret.to_owned(), hex(secret), hex(secret).to_lowercase()] {
            assert!(!dump.contains(&form), "{secret} is stored");
        }
    }
    rows.close().await;
}

#[tokio::test]
async fn an_anonymous_report_leaves_no_address_and_no_word_in_the_log() {
    let settings = [
        ("PERNOEX_LOG", "info,pernoex=trace,actors=trace"),
        ("PERNOEX_TRUSTED_PROXIES", "127.0.0.0/8"),
    ];
    let app = TestApp::prepare(pernoex::Clock::system(), &settings).await;
    let process = Process::start(app.environment());
    let mut somebody = Person::at(&process.url);
    let from = [("x-forwarded-for", "203.0.113.77")];
    let new = json!({ "title": TITLE, "details": DETAILS });
    let response = somebody.send(Method::POST, "/disclosure/reports", Some(new), &from).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let token = response.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    for wrong in [&token, "rep_nobody"] {
        somebody
            .send(Method::POST, "/disclosure/status", Some(json!({ "token": wrong })), &from)
            .await;
    }
    assert_eq!(
        attach(&mut somebody, &token, "wombat.txt", b"capybara").await.0,
        StatusCode::CREATED
    );
    process.signal("TERM");
    let (_, _, log) = process.end(Duration::from_secs(60));
    assert!(log.contains("/api/v1/disclosure/reports"), "{log}");
    for secret in ["203.0.113.77", "Quokka", "pangolin", "wombat", "capybara", &token, &token[4..]] {
        assert!(!log.contains(secret), "{secret} is logged");
    }
}

#[tokio::test]
async fn a_link_cannot_be_guessed_and_opens_one_report_alone() {
    let app = TestApp::start().await;
    let (one, other) = (report(&app).await, report(&app).await);
    assert_ne!(one, other);
    // 256 random bits.
    assert!(one.starts_with("rep_") && one.len() == 47);
    let mut bent = one.clone();
    let last = bent.pop().unwrap();
    bent.push(if last == 'A' { 'B' } else { 'A' });
    let reference = follow(&app, &one).await.1["reference"].as_str().unwrap().to_owned();
    for wrong in [
        "",
        "rep_",
        &bent,
        &one[4..],
        &one.to_uppercase(),
        &reference,
        "' or 1=1 --",
        &"A".repeat(10_000),
    ] {
        let (status, refused) = follow(&app, wrong).await;
        assert_eq!(
            (status, refused["code"].as_str()),
            (StatusCode::NOT_FOUND, Some("link_invalid")),
            "{wrong:.60}"
        );
    }
    let file = attach(&mut app.nobody(), &bent, "a.txt", b"x").await;
    assert_eq!((file.0, file.1["code"].as_str()), (StatusCode::NOT_FOUND, Some("link_invalid")));
    // What is stored does not open it.
    let rows = app.rows().await;
    let found = rows.ask("select token_hash from report", vec![]).await;
    for row in &found {
        let hash: Vec<u8> = row.try_get("", "token_hash").unwrap();
        let (status, _) = follow(&app, &format!("rep_{}", actors::hex(&hash))).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
    rows.close().await;
}

#[tokio::test]
async fn guesses_and_floods_from_one_address_are_slowed_down() {
    let app = TestApp::start().await;
    let mut somebody = app.nobody();
    let new = json!({ "title": TITLE, "details": DETAILS });
    for _ in 0..5 {
        assert_eq!(somebody.post("/disclosure/reports", new.clone()).await.0, StatusCode::CREATED);
    }
    let (status, refused) = somebody.post("/disclosure/reports", new.clone()).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{refused}");
    assert!(refused["retry_after"].as_u64() > Some(60));
    let mut last = StatusCode::OK;
    for n in 0..130 {
        last = follow(&app, &format!("rep_{n}")).await.0;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn reports_in_somebodys_name_leave_them_the_letters_that_they_ask_for() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    for n in 1..8 {
        // From as many places, as somebody would who wants to.
        let mut eve = app.nobody();
        let from = std::net::IpAddr::from([127, 9, rand::random(), n]);
        eve.client = reqwest::Client::builder().local_address(from).build().unwrap();
        let new = json!({ "title": TITLE, "details": DETAILS, "email": ada.email });
        assert_eq!(eve.post("/disclosure/reports", new).await.0, StatusCode::CREATED, "each is taken");
    }
    let asked = json!({ "email": ada.email });
    assert!(app.nobody().post("/account/password/forgotten", asked).await.0.is_success());
    app.letter(&ada.email, "Choose a new password").await;
}

#[tokio::test]
async fn what_is_typed_becomes_no_header_and_mails_nobody_but_its_own_address() {
    let app = TestApp::start().await;
    let email = format!("eve.{}@example.com", uuid::Uuid::new_v4().simple());
    for (field, value) in [
        ("email", format!("{email}\r\nBcc: all@example.com")),
        ("email", format!("{email}, all@example.com")),
        ("name", "Eve\u{202e}".into()),
        ("title", " ".into()),
        ("details", String::new()),
        ("details", "x".repeat(50_001)),
    ] {
        let mut new = json!({ "title": TITLE, "details": DETAILS });
        new[field] = json!(value);
        let (status, refused) = app.nobody().post("/disclosure/reports", new).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {refused}");
        assert_eq!(refused["field"], field);
    }
    let new = json!({ "title": "A\r\nBcc: all@example.com", "details": DETAILS, "name": "Eve\r\nBcc: all@example.com", "email": email });
    assert_eq!(app.nobody().post("/disclosure/reports", new).await.0, StatusCode::CREATED);
    app.letter(&email, "We have your report").await;
    for entry in std::fs::read_dir(app.data().join("mail")).unwrap() {
        let raw = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!raw.to_lowercase().contains("bcc") && !raw.contains("all@example.com"), "{raw}");
        // So that no machine answers it.
        assert!(raw.contains("Auto-Submitted: auto-generated"), "{raw}");
    }
}

#[tokio::test]
async fn another_site_cannot_report_in_somebodys_name_nor_attach() {
    let app = TestApp::start().await;
    let token = report(&app).await;
    let new = json!({ "title": TITLE, "details": DETAILS });
    for headers in [[("origin", "https://evil.example")], [("sec-fetch-site", "cross-site")]] {
        let sent = app
            .nobody()
            .send(Method::POST, "/disclosure/reports", Some(new.clone()), &headers)
            .await;
        assert_eq!(sent.status(), StatusCode::FORBIDDEN);
    }
    let form = "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nx\r\n--cut--\r\n";
    let post = || {
        let url = format!("{}/api/v1/disclosure/status/files", app.url);
        let request = app.nobody().client.post(url);
        request.header("content-type", "multipart/form-data; boundary=cut").body(form)
    };
    assert_eq!(
        post().send().await.unwrap().status(),
        StatusCode::FORBIDDEN,
        "as a form would send it"
    );
    let elsewhere = post()
        .bearer_auth(&token)
        .header("origin", "https://evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(elsewhere.status(), StatusCode::FORBIDDEN);
    assert_eq!(post().bearer_auth(&token).send().await.unwrap().status(), StatusCode::CREATED);
}
