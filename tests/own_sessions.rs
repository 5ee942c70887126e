//! Where somebody is signed in: seen, ended, over by itself, and asked for proof anew.

use pernoex::{
    Clock,
    doors::Asked,
    routes::{self, Door},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{As, Call, PASSWORD, Person, TestApp};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// 2026-11-25.
const NOW: i64 = 1_795_600_000_000;

/// Another browser of the same person.
async fn elsewhere(app: &TestApp, of: &Person) -> Person {
    let mut other = app.nobody();
    let (status, session) = other.post("/session", json!({ "email": of.email, "password": PASSWORD })).await;
    assert_eq!(status, StatusCode::OK, "{session}");
    other.took(&session);
    other
}

async fn listed(person: &mut Person) -> Vec<Value> {
    let (status, found) = person.get("/account/sessions").await;
    assert_eq!(status, StatusCode::OK, "{found}");
    found["sessions"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_person_sees_their_sessions_in_every_workspace_and_ends_one() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let mut other = elsewhere(&app, &ada).await;
    let (status, session) = other.post("/workspaces", json!({ "name": "Second" })).await;
    assert_eq!(status, StatusCode::CREATED);
    other.took(&session);

    let found = listed(&mut ada).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0]["current"], true);
    assert!(found[0]["address"].as_str().unwrap().starts_with("127."), "{found:?}");
    assert_ne!(found[0]["workspace"], found[1]["workspace"]);
    let id = found[1]["id"].as_str().unwrap();
    assert_eq!(ada.delete(&format!("/account/sessions/{id}"), None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(other.get("/session").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(ada.delete(&format!("/account/sessions/{id}"), None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(listed(&mut ada).await.len(), 1);
}

#[tokio::test]
async fn nobody_ends_the_session_of_a_colleague() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let mut bob = app.member(&mut ada, &[]).await;
    let own = listed(&mut bob).await;
    let id = own[0]["id"].as_str().unwrap();
    assert_eq!(ada.delete(&format!("/account/sessions/{id}"), None).await.0, StatusCode::NOT_FOUND);
    for odd in ["x", "x.y", &format!("{id}A"), &id.replace('.', ""), &id.to_uppercase()] {
        assert_eq!(
            ada.delete(&format!("/account/sessions/{odd}"), None).await.0,
            StatusCode::NOT_FOUND,
            "{odd}"
        );
    }
    assert_eq!(bob.get("/session").await.0, StatusCode::OK);
    assert_eq!(listed(&mut ada).await.len(), 1, "and sees none of theirs");
}

#[tokio::test]
async fn all_other_sessions_end_at_once_and_this_one_goes_on() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let mut others = Vec::new();
    for n in 0..3 {
        let mut other = elsewhere(&app, &ada).await;
        if n == 0 {
            let (_, session) = other.post("/workspaces", json!({ "name": "Second" })).await;
            other.took(&session);
        }
        others.push(other);
    }
    assert_eq!(ada.delete("/account/sessions", None).await.0, StatusCode::NO_CONTENT);
    for other in &mut others {
        assert_eq!(other.get("/session").await.0, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(ada.get("/session").await.0, StatusCode::OK);
    assert_eq!(listed(&mut ada).await.len(), 1);
    // Signing in again works, and a later session is not ended by the earlier end.
    assert_eq!(elsewhere(&app, &ada).await.get("/session").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_and_at_last_in_any_case() {
    let clock = Clock::manual(NOW);
    let settings = [("PERNOEX_SESSION_IDLE_MINUTES", "60"), ("PERNOEX_SESSION_HOURS", "5")];
    let app = TestApp::start_with(clock.clone(), &settings).await;
    let (mut busy, mut idle) = (app.owner("ada").await, app.owner("eve").await);
    for _ in 0..6 {
        clock.advance(45 * MINUTE);
        assert_eq!(busy.get("/session").await.0, StatusCode::OK);
    }
    assert_eq!(idle.get("/session").await.0, StatusCode::UNAUTHORIZED, "unused for an hour");
    clock.advance(40 * MINUTE);
    assert_eq!(busy.get("/session").await.0, StatusCode::UNAUTHORIZED, "begun five hours ago");
}

#[tokio::test]
async fn what_is_grave_asks_for_a_fresh_proof_and_the_proof_renews_the_session() {
    let clock = Clock::manual(NOW);
    let app = TestApp::start_with(clock.clone(), &[]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    clock.advance(HOUR);
    let confirm = json!({ "confirm": "Lantern" });
    let (status, problem) = ada.delete(&project, Some(confirm.clone())).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::FORBIDDEN, Some("step_up_needed")));
    for path in [format!("{project}/widget/key"), "/team/owner".into()] {
        let (status, problem) = ada.post(&path, json!({ "member": uuid::Uuid::nil() })).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (StatusCode::FORBIDDEN, Some("step_up_needed")),
            "{path}"
        );
    }
    assert_eq!(ada.get(&project).await.0, StatusCode::OK);
    // What is not grave goes on.
    assert_eq!(ada.patch(&project, json!({ "name": "Lantern" })).await.0, StatusCode::OK);

    let (status, problem) = ada.post("/session/proof", json!({ "password": "not the password at all" })).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("wrong_credentials"))
    );
    assert_eq!(ada.delete(&project, Some(confirm.clone())).await.0, StatusCode::FORBIDDEN);

    let old = ada.cookie.clone();
    let token = ada.csrf.clone();
    let (status, session) = ada.post("/session/proof", json!({ "password": PASSWORD })).await;
    assert_eq!(status, StatusCode::OK, "{session}");
    assert_ne!(ada.cookie, old, "a new id");
    assert_eq!(session["csrf_token"].as_str(), token.as_deref(), "other pages of hers go on");
    let mut stale = app.nobody();
    (stale.cookie, stale.csrf) = (old, token);
    assert_eq!(stale.get("/session").await.0, StatusCode::UNAUTHORIZED);
    // It is as long ago for a session in another workspace that began from this one.
    let (_, session) = ada.post("/workspaces", json!({ "name": "Second" })).await;
    ada.took(&session);
    clock.advance(11 * MINUTE);
    let (status, problem) = ada.delete("/workspace", Some(json!({ "confirm": "Second" }))).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::FORBIDDEN, Some("step_up_needed")));
    let (_, session) = ada.post("/session/proof", json!({ "password": PASSWORD })).await;
    ada.took(&session);
    clock.advance(9 * MINUTE);
    assert_eq!(
        ada.delete("/workspace", Some(json!({ "confirm": "Second" }))).await.0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_new_role_comes_with_a_new_session_id() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let mut bob = app.member(&mut ada, &[]).await;
    let id = bob.id().await;
    let old = bob.cookie.clone();
    assert_eq!(bob.get("/session").await.0, StatusCode::OK);
    assert_eq!(bob.cookie, old, "the same role, the same id");
    assert_eq!(
        ada.patch(&format!("/team/members/{id}"), json!({ "role": "admin" })).await.0,
        StatusCode::OK
    );
    let (status, session) = bob.get("/session").await;
    assert_eq!((status, session["role"].as_str()), (StatusCode::OK, Some("admin")));
    assert_ne!(bob.cookie, old);
    assert_eq!(bob.get("/team/members").await.0, StatusCode::OK);
    let mut stale = app.nobody();
    stale.cookie = old;
    assert_eq!(stale.get("/session").await.0, StatusCode::UNAUTHORIZED);
}

/// What a session alone is not enough for. A route leaves the list only with a reason.
const GRAVE: &[&str] = &[
    "DELETE /account/identities/{provider}",
    "DELETE /account/passkeys/{passkey}",
    "DELETE /account/sessions",
    "DELETE /account/sessions/{session}",
    "DELETE /account/totp",
    "DELETE /integrations/grants/{grant}",
    "DELETE /projects/{project}",
    "DELETE /projects/{project}/sources/{source}",
    "DELETE /projects/{project}/visitors/{visitor}",
    "DELETE /projects/{project}/voice/{agent}",
    "DELETE /projects/{project}/webhooks/{webhook}",
    "DELETE /projects/{project}/widget/identity",
    "DELETE /slack/teams/{team}",
    "DELETE /team/members/{member}",
    "DELETE /team/members/{member}/sessions",
    "DELETE /workspace",
    "GET /audit/export",
    "GET /projects/{project}/analytics/export",
    "GET /projects/{project}/conversations/{conversation}/export",
    "GET /projects/{project}/visitors/{visitor}/export",
    "PATCH /projects/{project}/webhooks/{webhook}",
    "PATCH /team/members/{member}",
    "POST /account/backup-codes",
    "POST /account/email",
    "POST /account/identities",
    "POST /account/identities/{provider}/link",
    "POST /account/passkeys/options",
    "POST /account/password",
    "POST /account/totp",
    "POST /billing/cancel",
    "POST /billing/checkout",
    "POST /billing/keep",
    "POST /billing/portal",
    "POST /integrations/revoke-all",
    "POST /integrations/{kind}/connect",
    "POST /projects/{project}/conversations/export",
    "POST /projects/{project}/voice",
    "POST /projects/{project}/voice/{agent}/secret",
    "POST /projects/{project}/webhooks",
    "POST /projects/{project}/webhooks/{webhook}/secret",
    "POST /projects/{project}/widget/identity",
    "POST /projects/{project}/widget/key",
    "POST /slack/install",
    "POST /team/invitations",
    "POST /team/invitations/{invitation}/link",
    "POST /team/owner",
    "PUT /billing/plan",
    "PUT /projects/{project}/privacy",
    "PUT /workspace/password-length",
    "PUT /workspace/second-factor",
];

#[tokio::test]
async fn every_route_that_asks_for_a_fresh_proof_refuses_an_old_one() {
    let clock = Clock::manual(NOW);
    let app = TestApp::start_with(clock.clone(), &[("PERNOEX_LIMIT_FACTOR", "10000")]).await;
    let ada = app.owner("ada").await;
    let mut operator = app.operator().await;
    clock.advance(11 * MINUTE);
    let report = format!("/operator/api/reports/{}", uuid::Uuid::nil());
    assert_eq!(operator.get(&report).await.0, StatusCode::NOT_FOUND);
    let refused = operator.delete(&report, None).await;
    assert_eq!((refused.0, &refused.1["code"]), (StatusCode::FORBIDDEN, &json!("step_up_needed")));
    let who = As {
        cookie: ada.cookie.clone(),
        csrf: ada.csrf.clone(),
        ..As::default()
    };
    let mut asking = Vec::new();
    for route in routes::api()
        .iter()
        .filter(|route| route.door == Door::Session && matches!(route.asked(), Asked::Any | Asked::Each))
    {
        let mut any = |_: &str| uuid::Uuid::nil().to_string();
        let answer = Call::to(route.method.as_str(), route.path, &mut any)
            .send(&ada.client, &app.url, &who)
            .await;
        let (status, problem) = (answer.status(), answer.json::<Value>().await.unwrap());
        let name = format!("{} {}", route.method, route.path);
        assert_eq!(
            (status, problem["code"].as_str()),
            (StatusCode::FORBIDDEN, Some("step_up_needed")),
            "{name}"
        );
        asking.push(name);
    }
    asking.sort_unstable();
    let mut grave: Vec<_> = GRAVE.to_vec();
    grave.sort_unstable();
    assert_eq!(asking, grave, "what asks for a proof, and what should");
}

#[tokio::test]
async fn going_on_in_another_workspace_does_not_lengthen_a_session() {
    let clock = Clock::manual(NOW);
    let app = TestApp::start_with(clock.clone(), &[("PERNOEX_SESSION_HOURS", "5")]).await;
    let mut ada = app.owner("ada").await;
    let (_, session) = ada.post("/workspaces", json!({ "name": "Second" })).await;
    ada.took(&session);
    for _ in 0..4 {
        clock.advance(HOUR);
        let (_, session) = ada.get("/session").await;
        let other = session["workspaces"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["id"] != session["workspace"]["id"])
            .unwrap()
            .clone();
        let (status, session) = ada.post("/session/workspace", json!({ "workspace": other["id"] })).await;
        assert_eq!(status, StatusCode::OK, "{session}");
        ada.took(&session);
    }
    clock.advance(HOUR + MINUTE);
    assert_eq!(ada.get("/session").await.0, StatusCode::UNAUTHORIZED, "begun five hours ago");
}

#[tokio::test]
async fn an_operator_ends_every_session_of_an_account_and_it_is_written_down() {
    let app = TestApp::start().await;
    let (mut ada, mut operator) = (app.owner("ada").await, app.operator().await);
    let mut phone = elsewhere(&app, &ada).await;
    let (done, said) = app.command_meanwhile(&["account", "end-sessions", &ada.email]).await;
    assert!(done && said.contains(&ada.email), "{said}");
    for session in [&mut ada, &mut phone] {
        assert_eq!(session.get("/session").await.0, StatusCode::UNAUTHORIZED);
    }
    app.letter(&ada.email, "You were signed out everywhere").await;
    let (_, acts) = operator.get("/operator/api/acts").await;
    assert_eq!(acts["acts"][0]["act"], "end sessions", "{acts}");
    // The ways in are what they were.
    let mut ada = elsewhere(&app, &ada).await;
    let (_, log) = ada.get("/audit?act=account.sessions_ended").await;
    assert_eq!(log["entries"].as_array().map(Vec::len), Some(1), "{log}");
    assert!(log["entries"][0]["actor"].is_null());
    let (done, said) = app.command(&["account", "end-sessions", "nobody@example.com"]);
    assert!(!done && said.contains("nobody@example.com"), "{said}");
}

#[tokio::test]
async fn an_owner_ends_the_sessions_of_a_member_in_their_workspace_and_nowhere_else() {
    let app = TestApp::start().await;
    let (mut ada, mut bob) = (app.owner("ada").await, app.owner("bob").await);
    let own = bob.get("/session").await.1["workspace"]["id"].clone();
    let token = ada.invite(&bob.email, "member", &[]).await;
    let mut here = app.nobody();
    let body = json!({ "email": bob.email, "password": PASSWORD, "invitation": token });
    let (status, session) = here.post("/session", body).await;
    assert_eq!(status, StatusCode::OK, "{session}");
    here.took(&session);
    let theirs = session["workspace"]["id"].clone();
    assert_ne!(own, theirs);

    let sessions = format!("/team/members/{}/sessions", bob.id().await);
    assert_eq!(ada.delete(&sessions, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(here.get("/projects").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(bob.get("/projects").await.0, StatusCode::OK, "their own workspace is not hers");
    app.letter(&bob.email, "You were signed out").await;
    let (_, log) = ada.get("/audit?act=account.sessions_ended").await;
    let entry = &log["entries"][0];
    assert_eq!(
        (entry["email"].as_str(), entry["target"]["name"].as_str()),
        (Some(ada.email.as_str()), Some(bob.email.as_str())),
        "{log}"
    );
    // Nor does one from before come in from there: they prove themselves anew, and are signed in until then where they were.
    let (status, problem) = bob.post("/session/workspace", json!({ "workspace": theirs })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("step_up_needed")));
    assert_eq!(bob.get("/session").await.1["workspace"]["id"], own);
    let mut again = elsewhere(&app, &bob).await;
    let (status, session) = again.post("/session/workspace", json!({ "workspace": theirs })).await;
    assert_eq!(status, StatusCode::OK, "{session}");
    again.took(&session);
    assert_eq!(again.get("/projects").await.0, StatusCode::OK);
}
