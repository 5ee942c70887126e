//! Authenticator apps.

use actors::clock::Clock;
use reqwest::StatusCode;
use serde_json::json;

use super::{MINUTE, answer, app, app_with, ask, code_of, set_up_app};
use crate::support::{PASSWORD, TestApp, factors::code_at};

/// Codes that are wrong, whatever the secret: those of the steps beside this one are taken too.
fn wrong_codes(secret: &str, now: i64) -> impl Iterator<Item = String> {
    let right = [-30_000, 0, 30_000].map(|off| code_at(secret, now + off));
    (0..1_000_000)
        .map(|code| format!("{code:06}"))
        .filter(move |code| !right.contains(code))
}

#[tokio::test]
async fn an_app_is_set_up_and_asked_for_from_then_on() {
    let (app, clock) = app().await;
    let mut ada = app.owner("ada").await;
    let email = ada.email.clone();
    let (_, offered) = ada.post("/account/totp", json!({})).await;
    let secret = offered["secret"].as_str().unwrap().to_owned();
    assert!(secret.len() == 32 && offered["otpauth_uri"].as_str().unwrap().contains(&secret));
    assert!(offered["qr_svg"].as_str().unwrap().contains("<svg"));
    // Begun is not set up: nothing is asked for yet.
    let mut elsewhere = app.nobody();
    let (status, session) = elsewhere.post("/session", json!({ "email": email, "password": PASSWORD })).await;
    assert_eq!(status, StatusCode::OK);
    elsewhere.took(&session);
    let code = wrong_codes(&secret, clock.now()).next();
    let wrong = ada.post("/account/totp/confirmed", json!({ "code": code })).await;
    assert_eq!(code_of(&wrong), (422, "wrong_code"));
    let (status, confirmed) = ada
        .post("/account/totp/confirmed", json!({ "code": code_at(&secret, clock.now()) }))
        .await;
    assert_eq!((status, confirmed["backup_codes"].as_array().unwrap().len()), (StatusCode::OK, 10));
    // This session goes on, the other is over.
    assert_eq!(ada.get("/session").await.1["second_factor"]["enabled"], true);
    assert_eq!(elsewhere.get("/session").await.0, StatusCode::UNAUTHORIZED);
    let (_, status) = ada.get("/account/second-factor").await;
    assert_eq!((&status["totp"], &status["backup_codes_left"]), (&json!(true), &json!(10)));

    let mut later = app.nobody();
    let asked = ask(&mut later, &email).await;
    assert_eq!(asked["methods"], json!(["totp", "backup_code"]));
    assert_eq!(asked["expires_in"], 300);
    // The code that confirmed is used up, though its time is not over.
    let used = answer(&mut later, &asked["ticket"], json!({ "code": code_at(&secret, clock.now()) })).await;
    assert_eq!(code_of(&used), (401, "wrong_second_factor"));
    clock.advance(30_000);
    let spaced = code_at(&secret, clock.now());
    let spaced = format!("{} {}", &spaced[..3], &spaced[3..]);
    let (status, session) = answer(&mut later, &asked["ticket"], json!({ "code": spaced })).await;
    assert_eq!((status, session["user"]["email"].as_str()), (StatusCode::OK, Some(email.as_str())));
    assert_eq!(later.get("/projects").await.0, StatusCode::OK);
    // The ticket is used up as well.
    clock.advance(30_000);
    let again = answer(
        &mut app.nobody(),
        &asked["ticket"],
        json!({ "code": code_at(&secret, clock.now()) }),
    )
    .await;
    assert_eq!(code_of(&again), (401, "sign_in_expired"));
    let (status, problem) = ada.post("/account/totp", json!({})).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::CONFLICT, Some("totp_active")));
}

#[tokio::test]
async fn a_code_is_good_for_its_step_and_its_neighbours_and_once() {
    let (app, clock) = app_with(&[("PERNOEX_LIMIT_FACTOR", "100")]).await;
    let mut ada = app.owner("ada").await;
    let own = set_up_app(&mut ada, &clock).await;
    clock.advance(10 * MINUTE);
    for (off, expected) in [
        (-60_000, 401),
        (60_000, 401),
        (-30_000, 200),
        (-30_000, 401),
        (0, 200),
        (-30_000, 401),
        (30_000, 200),
        (0, 401),
    ] {
        let mut browser = app.nobody();
        let asked = ask(&mut browser, &ada.email).await;
        let code = code_at(&own.secret, clock.now() + off);
        let (status, _) = answer(&mut browser, &asked["ticket"], json!({ "code": code })).await;
        assert_eq!(status.as_u16(), expected, "{off}");
    }
}

#[tokio::test]
async fn of_those_who_bring_one_code_at_once_one_gets_in() {
    let (app, clock) = app_with(&[("PERNOEX_LIMIT_FACTOR", "100")]).await;
    let mut ada = app.owner("ada").await;
    let own = set_up_app(&mut ada, &clock).await;
    for _ in 0..4 {
        let code = code_at(&own.secret, clock.now());
        let mut tries = Vec::new();
        for _ in 0..6 {
            let mut browser = app.nobody();
            let asked = ask(&mut browser, &ada.email).await;
            let code = code.clone();
            tries.push(tokio::spawn(async move {
                answer(&mut browser, &asked["ticket"], json!({ "code": code })).await.0.as_u16()
            }));
        }
        let mut statuses = Vec::new();
        for one in tries {
            statuses.push(one.await.unwrap());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401, 401, 401, 401, 401]);
        clock.advance(30_000);
    }
}

#[tokio::test]
async fn five_wrong_codes_end_a_ticket_and_more_tickets_give_no_more_tries() {
    let (app, clock) = app().await;
    let mut ada = app.owner("ada").await;
    let own = set_up_app(&mut ada, &clock).await;
    let mut eve = app.nobody();
    let asked = ask(&mut eve, &ada.email).await;
    let right = code_at(&own.secret, clock.now());
    let wrong = wrong_codes(&own.secret, clock.now()).next().unwrap();
    for _ in 0..5 {
        let refused = answer(&mut eve, &asked["ticket"], json!({ "code": wrong })).await;
        assert_eq!(code_of(&refused), (401, "wrong_second_factor"));
    }
    let over = answer(&mut eve, &asked["ticket"], json!({ "code": right })).await;
    assert_eq!(code_of(&over), (401, "sign_in_expired"));
    // Only who has the password comes so far: its owner is told, once.
    app.letter(&ada.email, "Somebody has your password").await;
    // Ten tries at an account in ten minutes, one of which its owner spent on setting up. From wherever, on whatever ticket.
    let mut tried = 0;
    loop {
        let mut other = app.nobody();
        let asked = ask(&mut other, &ada.email).await;
        let refused = answer(&mut other, &asked["ticket"], json!({ "code": wrong })).await;
        if refused.0 == StatusCode::TOO_MANY_REQUESTS {
            assert!(refused.1["retry_after"].as_u64().unwrap() > 0);
            break;
        }
        assert_eq!(code_of(&refused), (401, "wrong_second_factor"));
        tried += 1;
        assert!(tried < 10, "tries are not counted by account");
    }
    assert_eq!(tried, 4);
}

/// Tries at once are counted one by one.
#[tokio::test]
async fn a_flood_of_codes_gets_five_tries() {
    let (app, clock) = app_with(&[("PERNOEX_LIMIT_FACTOR", "100")]).await;
    let mut ada = app.owner("ada").await;
    let own = set_up_app(&mut ada, &clock).await;
    let asked = ask(&mut app.nobody(), &ada.email).await;
    let tries: Vec<_> = wrong_codes(&own.secret, clock.now())
        .take(24)
        .map(|code| {
            let (mut browser, ticket) = (app.nobody(), asked["ticket"].clone());
            tokio::spawn(async move { code_of(&answer(&mut browser, &ticket, json!({ "code": code })).await).1.to_owned() })
        })
        .collect();
    let mut compared = 0;
    for one in tries {
        match one.await.unwrap().as_str() {
            "wrong_second_factor" => compared += 1,
            other => assert_eq!(other, "sign_in_expired"),
        }
    }
    assert_eq!(compared, 5);
}

#[tokio::test]
async fn a_ticket_opens_the_account_it_is_of_and_nothing_later() {
    let (app, clock) = app().await;
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let (of_ada, of_eve) = (set_up_app(&mut ada, &clock).await, set_up_app(&mut eve, &clock).await);
    // Eve knows Ada's password, and has an app of her own.
    let mut browser = app.nobody();
    let asked = ask(&mut browser, &ada.email).await;
    let refused = answer(
        &mut browser,
        &asked["ticket"],
        json!({ "code": code_at(&of_eve.secret, clock.now()) }),
    )
    .await;
    assert_eq!(code_of(&refused), (401, "wrong_second_factor"));
    let refused = answer(&mut browser, &asked["ticket"], json!({ "backup_code": of_eve.backup_codes[0] })).await;
    assert_eq!(code_of(&refused), (401, "wrong_second_factor"));
    // A ticket for one thing is none for another.
    let body = json!({ "ticket": asked["ticket"], "code": code_at(&of_ada.secret, clock.now()) });
    assert_eq!(code_of(&ada.post("/session/proof", body).await), (401, "sign_in_expired"));
    let (_, proof) = ada.post("/session/proof/options", json!({})).await;
    let refused = answer(
        &mut browser,
        &proof["ticket"],
        json!({ "code": code_at(&of_ada.secret, clock.now()) }),
    )
    .await;
    assert_eq!(code_of(&refused), (401, "sign_in_expired"));
    // Nor another's.
    let body = json!({ "ticket": proof["ticket"], "code": code_at(&of_eve.secret, clock.now()) });
    assert_eq!(code_of(&eve.post("/session/proof", body).await), (401, "sign_in_expired"));
    for nothing in [json!(""), json!("A".repeat(43)), json!("0"), asked["methods"][0].clone()] {
        let refused = answer(&mut app.nobody(), &nothing, json!({ "code": "000000" })).await;
        assert_eq!(code_of(&refused), (401, "sign_in_expired"), "{nothing}");
    }
    // Over after five minutes.
    clock.advance(5 * MINUTE);
    let late = answer(
        &mut browser,
        &asked["ticket"],
        json!({ "code": code_at(&of_ada.secret, clock.now()) }),
    )
    .await;
    assert_eq!(code_of(&late), (401, "sign_in_expired"));
}

/// Whoever ends all sessions ends the sign-ins that are under way with them.
#[tokio::test]
async fn a_ticket_ends_with_the_sessions_of_its_account() {
    let (app, clock) = app().await;
    let mut ada = app.owner("ada").await;
    let own = set_up_app(&mut ada, &clock).await;
    let mut browser = app.nobody();
    let asked = ask(&mut browser, &ada.email).await;
    assert_eq!(ada.delete("/account/sessions", None).await.0, StatusCode::NO_CONTENT);
    let refused = answer(&mut browser, &asked["ticket"], json!({ "code": code_at(&own.secret, clock.now()) })).await;
    assert_eq!(code_of(&refused), (401, "sign_in_expired"));
}

/// The right password opens nothing by any other way in.
#[tokio::test]
async fn no_way_in_goes_around_the_second_factor() {
    let (app, clock) = app().await;
    let (mut ada, mut host) = (app.owner("ada").await, app.owner("host").await);
    let own = set_up_app(&mut ada, &clock).await;
    let email = ada.email.clone();
    let token = host.invite(&email, "member", &[]).await;
    let sign_in = |more: serde_json::Value| {
        let mut body = json!({ "email": email, "password": PASSWORD });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for body in [
        sign_in(json!({})),
        sign_in(json!({ "workspace": "Mine" })),
        sign_in(json!({ "invitation": token })),
    ] {
        let mut browser = app.nobody();
        let (status, asked) = browser.post("/session", body).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{asked}");
        assert!(browser.cookie.is_none(), "no cookie before the second step");
        assert_eq!(browser.get("/session").await.0, StatusCode::UNAUTHORIZED);
    }
    // Nothing was accepted or founded on the way.
    assert_eq!(host.get("/team/members").await.1["members"].as_array().unwrap().len(), 1);
    let taken = app
        .nobody()
        .post("/invitations/accept", json!({ "token": token, "password": PASSWORD }))
        .await;
    assert_eq!(code_of(&taken), (409, "email_taken"));
    // Fields that do not belong there, and none at all.
    let mut browser = app.nobody();
    let asked = ask(&mut browser, &email).await;
    for body in [
        json!({}),
        json!({ "code": null }),
        json!({ "code": "" }),
        json!({ "backup_code": "" }),
        json!({ "passkey": {} }),
        json!({ "passkey": null }),
        json!({ "code": "000000", "backup_code": "x" }),
        json!({ "second_factor": true, "code": "000000" }),
    ] {
        let (status, _) = answer(&mut browser, &asked["ticket"], body.clone()).await;
        assert!(status.is_client_error() && browser.cookie.is_none(), "{body}: {status}");
    }
    // The invitation is accepted by the second step.
    let mut browser = app.nobody();
    let (_, asked) = browser.post("/session", sign_in(json!({ "invitation": token }))).await;
    let factor = json!({ "code": code_at(&own.secret, clock.now()), "invitation": token });
    let (status, session) = answer(&mut browser, &asked["second_factor"]["ticket"], factor).await;
    assert_eq!((status, session["workspace"]["name"].as_str()), (StatusCode::OK, Some("host")));
}

#[tokio::test]
async fn removal_asks_for_a_fresh_proof_and_ends_the_other_sessions() {
    let (app, clock) = app().await;
    let mut ada = app.owner("ada").await;
    let own = set_up_app(&mut ada, &clock).await;
    let email = ada.email.clone();
    let mut phone = app.nobody();
    let asked = ask(&mut phone, &email).await;
    let code = json!({ "code": code_at(&own.secret, clock.now()) });
    assert_eq!(answer(&mut phone, &asked["ticket"], code).await.0, StatusCode::OK);
    clock.advance(11 * MINUTE);
    for (method, path) in [
        ("DELETE", "/account/totp"),
        ("POST", "/account/totp"),
        ("POST", "/account/backup-codes"),
        ("POST", "/account/passkeys/options"),
    ] {
        let refused = match method {
            "DELETE" => ada.delete(path, None).await,
            _ => ada.post(path, json!({})).await,
        };
        assert_eq!(code_of(&refused), (403, "step_up_needed"), "{path}");
    }
    let code = wrong_codes(&own.secret, clock.now()).next();
    let wrong = ada.post("/session/proof", json!({ "code": code })).await;
    assert_eq!(code_of(&wrong), (401, "wrong_second_factor"));
    let code = code_at(&own.secret, clock.now());
    let (status, session) = ada.post("/session/proof", json!({ "code": code })).await;
    assert_eq!(status, StatusCode::OK, "{session}");
    ada.took(&session);
    let (_, log) = ada.get("/audit?act=session").await;
    let acts: Vec<_> = log["entries"].as_array().unwrap().iter().map(|entry| &entry["act"]).collect();
    assert_eq!(
        acts[..2],
        ["session.proved", "session.proof_failed"],
        "a wrong code and a right one"
    );
    // One code proves once.
    assert_eq!(
        code_of(&ada.post("/session/proof", json!({ "code": code })).await),
        (401, "wrong_second_factor")
    );
    // And it proves one factor of two.
    let refused = ada.delete("/account/totp", None).await;
    assert_eq!(
        (code_of(&refused), &refused.1["proof"]),
        ((403, "step_up_needed"), &json!("first_factor"))
    );
    ada.prove().await;
    assert_eq!(ada.delete("/account/totp", None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(phone.get("/session").await.0, StatusCode::UNAUTHORIZED);
    let (_, session) = ada.get("/session").await;
    assert_eq!(session["second_factor"]["enabled"], false);
    let (_, status) = ada.get("/account/second-factor").await;
    assert_eq!((&status["totp"], &status["backup_codes_left"]), (&json!(false), &json!(0)));
    app.letter(&email, "Two-factor sign-in is on").await;
    app.letter(&email, "Your authenticator app was removed").await;
    // The password alone is enough again, and a backup code of then is nothing.
    let (status, _) = app.nobody().post("/session", json!({ "email": email, "password": PASSWORD })).await;
    assert_eq!(status, StatusCode::OK);
    let refused = ada.post("/session/proof", json!({ "backup_code": own.backup_codes[0] })).await;
    assert_eq!(code_of(&refused), (401, "wrong_second_factor"));
}

/// A new password by mail is one factor, and no more.
#[tokio::test]
async fn a_password_that_was_reset_opens_nothing_without_the_second_factor() {
    let (app, clock) = app().await;
    let mut ada = app.owner("ada").await;
    let own = set_up_app(&mut ada, &clock).await;
    let mut browser = app.nobody();
    let under_way = ask(&mut browser, &ada.email).await;
    app.nobody()
        .post("/account/password/forgotten", json!({ "email": ada.email }))
        .await;
    let token = app.letter(&ada.email, "Choose a new password").await.token();
    let mut reader = app.nobody();
    let body = json!({ "token": token, "password": "violet teapot on gravel" });
    assert_eq!(reader.post("/account/password/reset", body).await.0, StatusCode::NO_CONTENT);
    assert!(reader.cookie.is_none(), "a reset does not sign in");
    // What the old password had begun is over.
    let late = json!({ "code": code_at(&own.secret, clock.now()) });
    assert_eq!(
        code_of(&answer(&mut browser, &under_way["ticket"], late).await),
        (401, "sign_in_expired")
    );
    let body = json!({ "email": ada.email, "password": "violet teapot on gravel" });
    let (status, asked) = reader.post("/session", body).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{asked}");
    clock.advance(30_000);
    let code = json!({ "code": code_at(&own.secret, clock.now()) });
    assert_eq!(answer(&mut reader, &asked["second_factor"]["ticket"], code).await.0, StatusCode::OK);
}

/// Somebody who waits too long, and somebody who begins twice.
#[tokio::test]
async fn an_enrolment_is_for_a_quarter_of_an_hour_and_the_latest_counts() {
    let (app, clock) = app().await;
    let mut ada = app.owner("ada").await;
    let first = ada.post("/account/totp", json!({})).await.1;
    let second = ada.post("/account/totp", json!({})).await.1;
    let confirm = |offered: &serde_json::Value, clock: &Clock| json!({ "code": code_at(offered["secret"].as_str().unwrap(), clock.now()) });
    assert_eq!(
        code_of(&ada.post("/account/totp/confirmed", confirm(&first, &clock)).await),
        (422, "wrong_code")
    );
    clock.advance(15 * MINUTE);
    let late = ada.post("/account/totp/confirmed", confirm(&second, &clock)).await;
    assert_eq!(code_of(&late), (409, "enrolment_over"));
    assert_eq!(ada.get("/account/second-factor").await.1["totp"], false);
}

/// An operator on the command line helps who lost everything. What they may not do is sign in for them.
#[tokio::test]
async fn an_operator_takes_every_factor_away_and_it_is_written_down() {
    let app = TestApp::start().await;
    let clock = Clock::system();
    let (mut ada, mut operator) = (app.owner("ada").await, app.operator().await);
    let offered = ada.post("/account/totp", json!({})).await.1;
    let code = code_at(offered["secret"].as_str().unwrap(), clock.now());
    assert_eq!(ada.post("/account/totp/confirmed", json!({ "code": code })).await.0, StatusCode::OK);
    // Not without a word of how it was made sure who asks.
    let email = ada.email.clone();
    let reset = ["account", "reset-second-factor", email.as_str()];
    for more in [&[][..], &["--checked"], &["--checked", " "]] {
        let (done, said) = app.command(&[&reset[..], more].concat());
        assert!(!done && said.contains("--checked"), "{said}");
    }
    assert_eq!(ada.get("/session").await.1["second_factor"]["enabled"], true);
    let checked = ["--checked", "showed her passport in a video call"];
    let (done, said) = app.command(&[&reset[..], &checked].concat());
    assert!(done, "{said}");
    assert_eq!(ada.get("/session").await.0, StatusCode::UNAUTHORIZED, "every session is over");
    let (status, session) = app
        .nobody()
        .post("/session", json!({ "email": ada.email, "password": PASSWORD }))
        .await;
    assert_eq!((status, &session["second_factor"]["enabled"]), (StatusCode::OK, &json!(false)));
    let (_, acts) = operator.get("/operator/api/acts").await;
    let act = acts["acts"][0]["act"].as_str().unwrap();
    assert_eq!(act, "reset second factor, checked: showed her passport in a video call");
    let mut again = app.nobody();
    let (_, session) = again.post("/session", json!({ "email": email, "password": PASSWORD })).await;
    again.took(&session);
    let (_, log) = again.get("/audit?act=account.second_factor_removed").await;
    assert_eq!(log["entries"][0]["details"]["checked"], checked[1], "{log}");
    app.letter(&ada.email, "Your second factors were removed").await;
    let (done, said) = app.command(&["account", "reset-second-factor", "nobody@example.com", checked[0], checked[1]]);
    assert!(!done && said.contains("nobody@example.com"), "{said}");
}

#[tokio::test]
async fn where_codes_are_good_for_thirty_seconds_those_beside_are_not() {
    let (app, clock) = app_with(&[("PERNOEX_CODE_SECONDS", "30")]).await;
    let mut ada = app.owner("ada").await;
    let own = set_up_app(&mut ada, &clock).await;
    clock.advance(MINUTE);
    let mut phone = app.nobody();
    let asked = ask(&mut phone, &ada.email).await;
    for beside in [-30_000, 30_000] {
        let code = json!({ "code": code_at(&own.secret, clock.now() + beside) });
        assert_eq!(
            code_of(&answer(&mut phone, &asked["ticket"], code).await),
            (401, "wrong_second_factor")
        );
    }
    let code = json!({ "code": code_at(&own.secret, clock.now()) });
    assert_eq!(answer(&mut phone, &asked["ticket"], code).await.0, StatusCode::OK);
}
