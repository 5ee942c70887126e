//! A workspace that requires a second factor of its members.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{MINUTE, app, app_with, code_of, set_up_app};

const DAY: i64 = 24 * 60 * MINUTE;

#[tokio::test]
async fn from_the_day_on_a_member_without_one_reaches_their_own_account_only() {
    let (app, clock) = app().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let mut bob = app.member(&mut ada, &[&project]).await;
    let rule = json!({ "required": true, "grace_days": 7 });
    // Who asks for it has one.
    assert_eq!(
        code_of(&ada.put("/workspace/second-factor", rule.clone()).await),
        (409, "no_second_factor")
    );
    set_up_app(&mut ada, &clock).await;
    assert_eq!(
        code_of(&bob.put("/workspace/second-factor", rule.clone()).await),
        (403, "role_too_low")
    );
    let (status, set) = ada.put("/workspace/second-factor", rule.clone()).await;
    assert_eq!(status, StatusCode::OK, "{set}");
    let (_, members) = ada.get("/team/members").await;
    let facts: Vec<_> = members["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["second_factor"].clone())
        .collect();
    assert_eq!(facts, [json!(true), json!(false)]);

    // Until then everything works, and the date is said.
    let (_, session) = bob.get("/session").await;
    assert_eq!(
        (&session["second_factor"]["enabled"], &session["second_factor"]["required_from"]),
        (&json!(false), &set["required_from"])
    );
    clock.advance(6 * DAY);
    // A session does not last that long: people sign in again.
    for person in [&mut ada, &mut bob] {
        person.cookie = None;
    }
    sign_in(&mut bob).await;
    assert_eq!(bob.get(&project).await.0, StatusCode::OK);
    // The session goes on, and opens nothing of the workspace any more.
    clock.advance(DAY);
    sign_in(&mut bob).await;
    for (method, path, body) in [
        (Method::GET, "/projects".to_owned(), None),
        (Method::GET, project.clone(), None),
        (Method::GET, format!("{project}/documents"), None),
        (Method::GET, format!("{project}/conversations"), None),
        (
            Method::POST,
            format!("{project}/questions"),
            Some(json!({ "question": "How do I export?" })),
        ),
        (Method::POST, "/projects".to_owned(), Some(json!({ "name": "Mine" }))),
    ] {
        let sent = bob.send(method, &path, body, &[]).await;
        let status = sent.status();
        let problem: serde_json::Value = sent.json().await.unwrap();
        let expected = if path == "/projects" && problem["code"] == "role_too_low" {
            "role_too_low"
        } else {
            "second_factor_required"
        };
        assert_eq!(
            (status, problem["code"].as_str()),
            (StatusCode::FORBIDDEN, Some(expected)),
            "{path}"
        );
    }
    for path in ["/session", "/account/second-factor", "/account/sessions"] {
        assert_eq!(bob.get(path).await.0, StatusCode::OK, "{path}");
    }
    // What is hidden stays hidden.
    assert_eq!(
        bob.get(&format!("/projects/{}", uuid::Uuid::new_v4())).await.0,
        StatusCode::NOT_FOUND
    );
    // Their other workspaces ask for nothing.
    let (status, session) = bob.post("/workspaces", json!({ "name": "Own" })).await;
    assert_eq!(status, StatusCode::CREATED);
    bob.took(&session);
    assert_eq!(bob.get("/projects").await.0, StatusCode::OK);
    let home = session["workspaces"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "ada")
        .unwrap()["id"]
        .clone();
    let (_, session) = bob.post("/session/workspace", json!({ "workspace": home })).await;
    bob.took(&session);
    assert_eq!(code_of(&bob.get("/projects").await), (403, "second_factor_required"));
    // And with a second factor the door is open, in the same session.
    set_up_app(&mut bob, &clock).await;
    assert_eq!(bob.get(&project).await.0, StatusCode::OK);
    // Without it again, it shuts.
    assert_eq!(bob.delete("/account/totp", None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(code_of(&bob.get(&project).await), (403, "second_factor_required"));
}

async fn sign_in(person: &mut crate::support::Person) {
    let body = json!({ "email": person.email, "password": crate::support::PASSWORD });
    let (status, session) = person.post("/session", body).await;
    assert_eq!(status, StatusCode::OK, "{session}");
    person.took(&session);
}

#[tokio::test]
async fn the_rule_can_be_lifted_and_is_not_for_the_distant_future() {
    let (app, clock) = app().await;
    let mut ada = app.owner("ada").await;
    let mut admin = app.admin(&mut ada).await;
    set_up_app(&mut ada, &clock).await;
    let late = ada
        .put("/workspace/second-factor", json!({ "required": true, "grace_days": 91 }))
        .await;
    assert_eq!(code_of(&late), (422, "invalid_grace_days"));
    let at_once = json!({ "required": true });
    assert_eq!(ada.put("/workspace/second-factor", at_once).await.0, StatusCode::OK);
    assert_eq!(code_of(&admin.get("/team/members").await), (403, "second_factor_required"));
    let (_, lifted) = ada.put("/workspace/second-factor", json!({ "required": false })).await;
    assert!(lifted["required_from"].is_null());
    assert_eq!(admin.get("/team/members").await.0, StatusCode::OK);
    clock.advance(11 * MINUTE);
    let stale = ada.put("/workspace/second-factor", json!({ "required": true })).await;
    assert_eq!(code_of(&stale), (403, "step_up_needed"));
}

#[tokio::test]
async fn on_a_server_that_requires_one_nobody_reaches_more_than_their_own_account_without_it() {
    let (app, clock) = app_with(&[("PERNOEX_SECOND_FACTOR", "required"), ("PERNOEX_DELETION_DAYS", "7")]).await;
    let mut ada = app.owner("ada").await;
    let (_, session) = ada.get("/session").await;
    assert_eq!(
        session["second_factor"],
        json!({ "enabled": false, "required_from": null, "required_by_server": true })
    );
    for path in ["/projects", "/team/members", "/workspace/password-length"] {
        assert_eq!(code_of(&ada.get(path).await), (403, "second_factor_required"), "{path}");
    }
    assert_eq!(ada.get("/account/second-factor").await.0, StatusCode::OK);
    set_up_app(&mut ada, &clock).await;
    let project = ada.guide("Lantern").await;
    // Who is invited sets one up too.
    let mut bob = app.member(&mut ada, &[&project]).await;
    assert_eq!(code_of(&bob.get(&project).await), (403, "second_factor_required"));
    set_up_app(&mut bob, &clock).await;
    assert_eq!(bob.get(&project).await.0, StatusCode::OK);
    // Another workspace of theirs asks for it as well, and without it everything shuts.
    let (status, session) = bob.post("/workspaces", json!({ "name": "Own" })).await;
    assert_eq!(status, StatusCode::CREATED);
    bob.took(&session);
    assert_eq!(bob.get("/projects").await.0, StatusCode::OK);
    assert_eq!(bob.delete("/account/totp", None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(code_of(&bob.get("/projects").await), (403, "second_factor_required"));

    // Operators are no exception, and for others their pages are still not there.
    let mut operator = app.operator().await;
    assert_eq!(
        code_of(&operator.get("/operator/api/actors").await),
        (403, "second_factor_required")
    );
    assert_eq!(ada.get("/operator/api/actors").await.0, StatusCode::NOT_FOUND);
    set_up_app(&mut operator, &clock).await;
    assert_eq!(operator.get("/operator/api/actors").await.0, StatusCode::OK);
    // A stream that is open ends when the factor goes.
    let mut stream = operator.send(Method::GET, "/operator/api/actors/stream", None, &[]).await;
    assert_eq!(stream.status(), StatusCode::OK);
    assert_eq!(operator.delete("/account/totp", None).await.0, StatusCode::NO_CONTENT);
    let ended = async { while let Ok(Some(_)) = stream.chunk().await {} };
    tokio::time::timeout(std::time::Duration::from_secs(20), ended)
        .await
        .expect("the stream ends");

    // Nor does anybody take a deleted workspace back without one.
    ada.prove().await;
    let name = ada.get("/session").await.1["workspace"]["name"].clone();
    let (status, ending) = ada.delete("/workspace", Some(json!({ "confirm": name }))).await;
    assert_eq!(status, StatusCode::OK, "{ending}");
    assert_eq!(ada.delete("/account/totp", None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(
        code_of(&ada.post("/workspace/keep", json!({})).await),
        (403, "second_factor_required")
    );
}
