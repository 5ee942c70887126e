use std::time::Duration;

use pernoex::Clock;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::is_invalid;
use crate::support::{GUIDE, PASSWORD, TestApp, rows::Rows};

#[tokio::test]
async fn one_person_works_in_several_workspaces_and_a_session_in_one() {
    let app = TestApp::start().await;
    let (mut ada, mut bob) = (app.owner("ada").await, app.owner("bob").await);
    let theirs = ada.project("Lantern").await;
    let mine = bob.project("Mine").await;
    let home = bob.get("/session").await.1["workspace"]["id"].clone();
    let token = ada.invite(&bob.email, "member", &[&theirs]).await;
    let session = bob.post("/session/invitation", json!({ "token": token })).await.1;
    bob.took(&session);
    let (there, there_cookie, there_csrf) = (session["workspace"]["id"].clone(), bob.cookie.clone(), bob.csrf.clone());
    assert_eq!(bob.get(&theirs).await.0, StatusCode::OK);
    assert_eq!(bob.get(&mine).await.0, StatusCode::NOT_FOUND);
    let (status, session) = bob.post("/session/workspace", json!({ "workspace": home })).await;
    assert_eq!((status, session["role"].as_str()), (StatusCode::OK, Some("owner")));
    bob.took(&session);
    assert_eq!(bob.get(&mine).await.0, StatusCode::OK);
    assert_eq!(bob.get(&theirs).await.0, StatusCode::NOT_FOUND);
    // The session that was left is dead, its token too, and a workspace of others cannot be switched to.
    let (here_cookie, here_csrf) = (bob.cookie.take(), bob.csrf.take());
    (bob.cookie, bob.csrf) = (there_cookie, there_csrf.clone());
    assert_eq!(bob.get(&theirs).await.0, StatusCode::UNAUTHORIZED);
    (bob.cookie, bob.csrf) = (here_cookie, there_csrf);
    assert_eq!(
        bob.post("/session/workspace", json!({ "workspace": there })).await.1["code"],
        "csrf_failed"
    );
    bob.csrf = here_csrf;
    let foreign = app.owner("eve").await.get("/session").await.1["workspace"]["id"].clone();
    assert_eq!(
        bob.post("/session/workspace", json!({ "workspace": foreign })).await.0,
        StatusCode::NOT_FOUND
    );
    // Signing in opens the last used one.
    let session = bob.post("/session/workspace", json!({ "workspace": there })).await.1;
    bob.took(&session);
    let mut again = app.nobody();
    let session = again.post("/session", json!({ "email": bob.email, "password": PASSWORD })).await.1;
    assert_eq!(session["workspace"]["id"], there);
    // A third of their own.
    let (status, session) = bob.post("/workspaces", json!({ "name": "Side" })).await;
    assert_eq!((status, session["role"].as_str()), (StatusCode::CREATED, Some("owner")));
    let listed: Vec<_> = session["workspaces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(listed, ["ada", "bob", "Side"]);
}

#[tokio::test]
async fn a_deleted_workspace_is_gone_for_everyone_and_their_others_live_on() {
    let app = TestApp::start().await;
    let (mut ada, mut bob) = (app.owner("ada").await, app.owner("bob").await);
    let project = ada.project("Lantern").await;
    let key = ada.get(&format!("{project}/widget")).await.1["public_key"]
        .as_str()
        .unwrap()
        .to_owned();
    let origin = json!({ "allowed_origins": ["https://shop.example"] });
    assert_eq!(ada.patch(&format!("{project}/widget"), origin).await.0, StatusCode::OK);
    let visits = format!("/widget/{key}/visits");
    let here = [("origin", "https://shop.example")];
    let visit = app.nobody().send(Method::POST, &visits, Some(json!({})), &here).await;
    assert_eq!(visit.status(), StatusCode::CREATED);
    let token = ada.invite(&bob.email, "admin", &[]).await;
    let mut guest = app.nobody();
    let body = json!({ "email": bob.email, "password": PASSWORD, "invitation": token });
    let session = guest.post("/session", body).await.1;
    guest.took(&session);
    let open = ada.invite("late@example.com", "member", &[]).await;
    assert_eq!(
        guest.delete("/workspace", Some(json!({ "confirm": "ada" }))).await.0,
        StatusCode::FORBIDDEN
    );
    let (status, problem) = ada.delete("/workspace", Some(json!({ "confirm": "ado" }))).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("confirmation_mismatch"))
    );
    assert_eq!(ada.delete("/workspace", Some(json!({ "confirm": "ada" }))).await.0, StatusCode::OK);
    assert_eq!(ada.get("/session").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(guest.get("/projects").await.0, StatusCode::UNAUTHORIZED);
    let visit = app.nobody().send(Method::POST, &visits, Some(json!({})), &here).await;
    assert_eq!(visit.status(), StatusCode::NOT_FOUND);
    is_invalid(&app, &open).await;
    // Bob's own workspace lives on.
    assert_eq!(bob.get("/session").await.1["workspaces"].as_array().map(Vec::len), Some(1));
    // Ada belongs nowhere now: she is told so, and begins anew.
    ada.cookie = None;
    ada.csrf = None;
    let credentials = json!({ "email": ada.email, "password": PASSWORD });
    assert_eq!(ada.post("/session", credentials).await.1["code"], "no_workspace");
    let anew = json!({ "email": ada.email, "password": PASSWORD, "workspace": "Anew" });
    let (status, session) = ada.post("/session", anew).await;
    assert_eq!((status, session["role"].as_str()), (StatusCode::OK, Some("owner")));
    assert_eq!(ada.get("/projects").await.1["projects"], json!([]));
}

#[tokio::test]
async fn a_workspace_is_renamed_by_its_owner_only() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let mut bob = app.admin(&mut ada).await;
    assert_eq!(bob.patch("/workspace", json!({ "name": "Bob's" })).await.0, StatusCode::FORBIDDEN);
    assert_eq!(
        ada.patch("/workspace", json!({ "name": "  Halvern   Ltd " })).await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(bob.get("/session").await.1["workspace"]["name"], "Halvern Ltd");
    assert_eq!(ada.patch("/workspace", json!({ "name": " " })).await.1["code"], "invalid_name");
}

async fn count(rows: &Rows, from: &str) -> i64 {
    let counted = rows.ask(&format!("select count(*) as n from {from}"), Vec::new()).await;
    counted[0].try_get("", "n").unwrap()
}

#[tokio::test]
async fn a_deleted_workspace_loses_its_keys_at_once_and_its_rows_soon() {
    let app = TestApp::start().await;
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let mut projects = Vec::new();
    for person in [&mut ada, &mut eve] {
        let project = person.project("Lantern").await;
        person
            .upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
            .await;
        person.settled(&project).await;
        person.question(&project, "How do I export my data?").await;
        person.invite("late@example.com", "member", &[&project]).await;
        app.member(person, &[&project]).await;
        projects.push(project);
    }
    let rows = app.rows().await;
    let tables = [
        "workspace",
        "member",
        "project",
        "project_member",
        "document",
        "chunk",
        "message",
        "invitation",
        "tenant_key",
    ];
    let mut before = Vec::new();
    for table in tables {
        before.push(count(&rows, table).await);
    }
    assert_eq!(ada.delete("/workspace", Some(json!({ "confirm": "ada" }))).await.0, StatusCode::OK);
    assert_eq!(count(&rows, "tenant_key").await, 1, "no key from the moment of the answer on");
    for _ in 0..200 {
        if count(&rows, "tenant").await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Every row of a tenant refers to the tenant's own, so none is left when that is gone.
    assert_eq!(count(&rows, "tenant").await, 1);
    for (table, before) in tables.iter().zip(before) {
        assert_eq!(
            count(&rows, table).await * 2,
            before,
            "{table}: half was the other workspace's, and stays"
        );
    }
    assert_eq!(count(&rows, "job where kind = 'purge_workspace'").await, 0);
    let answer = eve.question(&projects[1], "How do I export my data?").await;
    assert_eq!(answer["outcome"], "answered");
}

/// Asks until the housekeeping has come by.
async fn until_gone(app: &TestApp, email: &str) {
    let credentials = json!({ "email": email, "password": PASSWORD });
    for _ in 0..200 {
        if app.nobody().post("/session", credentials.clone()).await.1["code"] == "no_workspace" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the workspace does not end");
}

#[tokio::test]
async fn a_deleted_workspace_is_shut_can_be_taken_back_and_ends_a_week_later() {
    let clock = Clock::manual(1_795_600_000_000);
    let app = TestApp::start_with(
        clock.clone(),
        &[
            ("PERNOEX_DELETION_DAYS", "7"),
            ("PERNOEX_SESSION_HOURS", "2000"),
            ("PERNOEX_SESSION_IDLE_MINUTES", "43200"),
        ],
    )
    .await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let mut bob = app.admin(&mut ada).await;
    let open = ada.invite("late@example.com", "member", &[]).await;
    let origin = json!({ "allowed_origins": ["https://shop.example"] });
    let (_, widget) = ada.patch(&format!("{project}/widget"), origin).await;
    let visits = format!("/widget/{}/visits", widget["public_key"].as_str().unwrap());
    let visit = async || {
        let here = [("origin", "https://shop.example")];
        app.nobody().send(Method::POST, &visits, Some(json!({})), &here).await.status()
    };
    let confirm = json!({ "confirm": "ada" });

    let (status, end) = ada.delete("/workspace", Some(confirm.clone())).await;
    assert_eq!(status, StatusCode::OK);
    assert!(end["ends_at"].is_string(), "{end}");
    for person in [&mut ada, &mut bob] {
        let (status, problem) = person.get("/projects").await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (StatusCode::FORBIDDEN, Some("workspace_ending"))
        );
        assert_eq!(person.get("/session").await.1["workspace"]["ends_at"], end["ends_at"]);
    }
    assert_eq!(visit().await, StatusCode::NOT_FOUND);
    is_invalid(&app, &open).await;
    assert_eq!(bob.post("/workspace/keep", json!({})).await.0, StatusCode::FORBIDDEN);

    clock.advance(6 * 86_400_000);
    assert_eq!(ada.post("/workspace/keep", json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(bob.get(&project).await.0, StatusCode::OK, "all is there again");
    assert_eq!(visit().await, StatusCode::CREATED);
    clock.advance(6 * 86_400_000);
    assert_eq!(bob.get(&project).await.0, StatusCode::OK, "the first end was called off");

    assert_eq!(ada.post("/session/proof", json!({ "password": PASSWORD })).await.0, StatusCode::OK);
    assert_eq!(ada.delete("/workspace", Some(confirm)).await.0, StatusCode::OK);
    clock.advance(7 * 86_400_000);
    until_gone(&app, &ada.email).await;
    assert_eq!(bob.get("/projects").await.0, StatusCode::UNAUTHORIZED);
}
