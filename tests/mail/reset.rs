use pernoex::Clock;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{PASSWORD, Person, TestApp, factors::code_at};

const ANOTHER: &str = "violet teapot on gravel";
const SUBJECT: &str = "Choose a new password";
const MINUTE: i64 = 60_000;

async fn forget(app: &TestApp, email: &str) {
    let asked = app.nobody().post("/account/password/forgotten", json!({ "email": email })).await;
    assert_eq!(asked.0, StatusCode::ACCEPTED, "{}", asked.1);
}

async fn reset(app: &TestApp, token: &str, password: &str) -> (StatusCode, String) {
    let body = json!({ "token": token, "password": password });
    let (status, answer) = app.nobody().post("/account/password/reset", body).await;
    (status, answer["code"].as_str().unwrap_or_default().to_owned())
}

async fn sign_in(person: &mut Person, password: &str) -> StatusCode {
    person.cookie = None;
    person
        .post("/session", json!({ "email": person.email, "password": password }))
        .await
        .0
}

#[tokio::test]
async fn who_forgot_their_password_sets_a_new_one_by_mail_and_every_session_ends() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let mut elsewhere = ada.again();
    assert_eq!(sign_in(&mut elsewhere, PASSWORD).await, StatusCode::OK);
    let mut asking = app.nobody();
    let asked = json!({ "email": ada.email.to_uppercase() });
    let response = asking.send(Method::POST, "/account/password/forgotten", Some(asked), &[]).await;
    let said = format!("{:?} {}", response.headers().clone(), response.text().await.unwrap());
    let letter = app.letter(&ada.email, SUBJECT).await;
    assert!(!said.contains(&letter.token()), "the answer itself opens nothing: {said}");
    // Behind the #: neither a log nor a Referer has it.
    assert!(
        letter.text.contains(&format!("/reset-password#{}", letter.token())),
        "{}",
        letter.text
    );
    assert_eq!(reset(&app, &letter.token(), ANOTHER).await.0, StatusCode::NO_CONTENT);
    for person in [&mut ada, &mut elsewhere] {
        assert_eq!(person.get("/session").await.0, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(sign_in(&mut ada, PASSWORD).await, StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in(&mut ada, ANOTHER).await, StatusCode::OK);
    // Who reads the mail has the address.
    assert_eq!(ada.get("/session").await.1["user"]["verified"], true);
    app.letter(&ada.email, "Your password was reset").await;
}

#[tokio::test]
async fn a_used_replaced_or_late_link_opens_nothing() {
    let clock = Clock::manual(1_700_000_000_000);
    let app = TestApp::start_with(clock.clone(), &[]).await;
    let ada = app.owner("ada").await;
    forget(&app, &ada.email).await;
    let first = app.nth_letter(&ada.email, SUBJECT, 1).await.token();
    forget(&app, &ada.email).await;
    let second = app.nth_letter(&ada.email, SUBJECT, 2).await.token();
    let invalid = (StatusCode::NOT_FOUND, "link_invalid".to_owned());
    assert_eq!(reset(&app, &first, ANOTHER).await, invalid, "replaced");
    assert_eq!(reset(&app, "", ANOTHER).await, invalid, "empty");
    // A password that is refused does not use the link up.
    assert_eq!(reset(&app, &second, "short").await.1, "weak_password");
    assert_eq!(reset(&app, &second, ANOTHER).await.0, StatusCode::NO_CONTENT);
    assert_eq!(reset(&app, &second, PASSWORD).await, invalid, "used");
    forget(&app, &ada.email).await;
    let third = app.nth_letter(&ada.email, SUBJECT, 3).await.token();
    clock.advance(31 * MINUTE);
    assert_eq!(reset(&app, &third, PASSWORD).await, invalid, "late");
    // And a link is for what it was sent for.
    let verify = app.letter(&ada.email, "Confirm your e-mail").await.token();
    assert_eq!(reset(&app, &verify, PASSWORD).await, invalid, "of another kind");
    assert_eq!(sign_in(&mut app_person(&app, &ada.email), ANOTHER).await, StatusCode::OK);
}

fn app_person(app: &TestApp, email: &str) -> Person {
    let mut person = app.nobody();
    person.email = email.to_owned();
    person
}

#[tokio::test]
async fn of_two_who_follow_a_link_at_once_one_gets_through() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    forget(&app, &ada.email).await;
    let token = app.letter(&ada.email, SUBJECT).await.token();
    let passwords: Vec<String> = (0..6).map(|n| format!("{ANOTHER} {n}")).collect();
    let tried = passwords.iter().map(|password| reset(&app, &token, password));
    let outcomes = futures_util::future::join_all(tried).await;
    let through: Vec<_> = outcomes.iter().filter(|(status, _)| *status == StatusCode::NO_CONTENT).collect();
    assert_eq!(through.len(), 1, "{outcomes:?}");
}

#[tokio::test]
async fn an_address_without_an_account_is_answered_alike_and_gets_no_mail() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let nobody = format!("nobody.{}@example.com", uuid::Uuid::new_v4().simple());
    let mut answers = Vec::new();
    for email in [&ada.email, &nobody] {
        let mut person = app.nobody();
        let body = json!({ "email": email });
        let answer = person.send(Method::POST, "/account/password/forgotten", Some(body), &[]).await;
        assert!(answer.headers().get("set-cookie").is_none());
        answers.push((answer.status(), answer.text().await.unwrap()));
    }
    assert_eq!(answers[0], answers[1]);
    // Another's letter that was asked for later is there: theirs would be too.
    app.letter(&ada.email, SUBJECT).await;
    forget(&app, &ada.email).await;
    app.nth_letter(&ada.email, SUBJECT, 2).await;
    assert!(app.letters(&nobody).is_empty());
}

/// Whoever asks chooses the host that they say they ask.
#[tokio::test]
async fn a_link_leads_to_this_server_whatever_host_the_request_names() {
    let mut app = TestApp::start().await;
    app.stick();
    let ada = app.owner("ada").await;
    let body = json!({ "email": ada.email });
    let headers = [
        ("host", "evil.test"),
        ("x-forwarded-host", "evil.test"),
        ("forwarded", "host=evil.test"),
    ];
    let asked = app
        .nobody()
        .send(Method::POST, "/account/password/forgotten", Some(body), &headers)
        .await;
    assert_eq!(asked.status(), StatusCode::ACCEPTED);
    let letter = app.letter(&ada.email, SUBJECT).await;
    let port = app.own_port();
    assert!(!letter.text.contains("evil"), "{}", letter.text);
    assert!(
        letter.text.contains(&format!("http://localhost:{port}/reset-password#")),
        "{}",
        letter.text
    );
}

#[tokio::test]
async fn guesses_wait_longer_each_time_for_unknown_addresses_too_and_mail_is_the_way_back() {
    let app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let nobody = format!("nobody.{}@example.com", uuid::Uuid::new_v4().simple());
    let mut waits = Vec::new();
    for email in [&ada.email, &nobody] {
        let mut thief = app.nobody();
        let mut answers = Vec::new();
        // On a slow machine the first waits, of a second, are over before the next try: they grow until one is not.
        for n in 0..14 {
            let body = json!({ "email": email, "password": format!("not this password {n}") });
            let (status, answer) = thief.post("/session", body).await;
            answers.push((status.as_u16(), answer["code"].as_str().unwrap().to_owned()));
            if status == StatusCode::TOO_MANY_REQUESTS {
                break;
            }
        }
        waits.push(answers);
    }
    for answers in waits {
        let (last, before) = answers.split_last().unwrap();
        assert_eq!(last.0, 429, "{answers:?}");
        assert!(
            before.len() >= 5 && before.iter().all(|one| one == &(401, "wrong_credentials".to_owned())),
            "{answers:?}"
        );
    }
    forget(&app, &ada.email).await;
    let token = app.letter(&ada.email, SUBJECT).await.token();
    assert_eq!(reset(&app, &token, ANOTHER).await.0, StatusCode::NO_CONTENT);
    assert_eq!(sign_in(&mut app_person(&app, &ada.email), ANOTHER).await, StatusCode::OK);
}

/// What other products fell to: a token that is null, and a reset that goes past the second factor.
#[tokio::test]
async fn a_reset_takes_no_empty_token_and_leaves_the_second_factor_as_it_is() {
    let clock = Clock::manual(1_700_000_000_000);
    let app = TestApp::start_with(clock.clone(), &[]).await;
    let mut ada = app.owner("ada").await;
    let (_, begun) = ada.post("/account/totp", json!({})).await;
    let code = code_at(begun["secret"].as_str().unwrap(), clock.now());
    let confirmed = ada.post("/account/totp/confirmed", json!({ "code": code })).await;
    assert_eq!(confirmed.0, StatusCode::OK, "{}", confirmed.1);
    forget(&app, &ada.email).await;
    let token = app.letter(&ada.email, SUBJECT).await.token();
    for none in [json!(null), json!([]), json!({}), json!(0)] {
        let body = json!({ "token": none, "password": ANOTHER });
        assert_eq!(app.nobody().post("/account/password/reset", body).await.0, StatusCode::BAD_REQUEST);
    }
    assert_eq!(reset(&app, &token, ANOTHER).await.0, StatusCode::NO_CONTENT);
    let mut back = app.nobody();
    let (status, asked) = back.post("/session", json!({ "email": ada.email, "password": ANOTHER })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{asked}");
    assert!(asked["second_factor"]["ticket"].is_string() && back.cookie.is_none(), "{asked}");
}
