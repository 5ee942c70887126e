use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::names;
use crate::support::{PASSWORD, TestApp};

#[tokio::test]
async fn a_change_of_role_or_of_projects_bites_on_the_next_request() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let (one, two) = (ada.project("One").await, ada.project("Two").await);
    let mut bob = app.member(&mut ada, &[&one]).await;
    let bob_path = format!("/team/members/{}", bob.id().await);
    let ids: Vec<String> = [&one, &two].map(|path| path.rsplit('/').next().unwrap().to_owned()).into();
    assert_eq!(
        ada.put(&format!("{bob_path}/projects"), json!({ "projects": [ids[1]] })).await.0,
        StatusCode::OK
    );
    assert_eq!(names(&bob.get("/projects").await.1), ["Two"]);
    assert_eq!(bob.get(&one).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ada.patch(&bob_path, json!({ "role": "admin" })).await.1["projects"], Value::Null);
    assert_eq!(names(&bob.get("/projects").await.1), ["One", "Two"]);
    assert_eq!(bob.patch(&one, json!({ "name": "Uno" })).await.0, StatusCode::OK);
    assert_eq!(
        bob.post("/team/invitations", json!({ "email": "x@example.com", "role": "member" }))
            .await
            .0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(bob.patch(&bob_path, json!({ "role": "owner" })).await.0, StatusCode::FORBIDDEN);
    let (status, problem) = ada.put(&format!("{bob_path}/projects"), json!({ "projects": [] })).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::CONFLICT, Some("reaches_every_project"))
    );
    // Back to Member: exactly what is chosen now, nothing of before.
    assert_eq!(
        ada.patch(&bob_path, json!({ "role": "member", "projects": [ids[0]] })).await.0,
        StatusCode::OK
    );
    assert_eq!(names(&bob.get("/projects").await.1), ["Uno"]);
    assert_eq!(bob.patch(&one, json!({ "name": "Mine" })).await.0, StatusCode::FORBIDDEN);
    // A foreign project cannot be assigned, nor a deleted one stay.
    let foreign = app.owner("eve").await.project("Theirs").await;
    let foreign = foreign.rsplit('/').next().unwrap();
    let (status, problem) = ada.put(&format!("{bob_path}/projects"), json!({ "projects": [foreign] })).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("unknown_project"))
    );
    assert_eq!(ada.delete(&one, Some(json!({ "confirm": "Uno" }))).await.0, StatusCode::NO_CONTENT);
    assert_eq!(bob.get("/projects").await.1["projects"], json!([]));
    assert_eq!(bob.get(&one).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_removed_member_is_out_with_the_next_request_and_stays_out() {
    let clock = Clock::manual(1_800_000_000_000);
    let app = TestApp::start_with(clock.clone(), &[]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let mut bob = app.member(&mut ada, &[&project]).await;
    let id = bob.id().await;
    assert_eq!(ada.delete(&format!("/team/members/{id}"), None).await.0, StatusCode::NO_CONTENT);
    let old = bob.cookie.clone();
    for path in ["/session", "/projects", &project] {
        assert_eq!(bob.get(path).await.0, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(ada.delete(&format!("/team/members/{id}"), None).await.0, StatusCode::NOT_FOUND);
    // The account lives, and belongs nowhere. It may be invited again; the session of the earlier time stays dead.
    bob.cookie = None;
    bob.csrf = None;
    let credentials = json!({ "email": bob.email, "password": PASSWORD });
    let (status, problem) = bob.post("/session", credentials).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::CONFLICT, Some("no_workspace")));
    clock.advance(1);
    let token = ada.invite(&bob.email, "member", &[&project]).await;
    let body = json!({ "email": bob.email, "password": PASSWORD, "invitation": token });
    assert_eq!(bob.post("/session", body).await.0, StatusCode::OK);
    assert_eq!(bob.get("/projects").await.0, StatusCode::OK);
    bob.cookie = old;
    assert_eq!(bob.get("/projects").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_last_owner_can_neither_leave_nor_be_demoted_nor_removed() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let mut bob = app.admin(&mut ada).await;
    let (ada_path, bob_id) = (format!("/team/members/{}", ada.id().await), bob.id().await);
    for refused in [
        ada.delete("/workspace/membership", None).await,
        ada.delete(&ada_path, None).await,
        ada.patch(&ada_path, json!({ "role": "admin" })).await,
    ] {
        assert_eq!((refused.0, refused.1["code"].as_str()), (StatusCode::CONFLICT, Some("last_owner")));
    }
    assert_eq!(ada.get("/session").await.1["role"], "owner");
    // Handing over is one act; after it the other may let them go.
    let ada_id = ada.id().await;
    let (status, refused) = ada.post("/team/owner", json!({ "member": ada_id })).await;
    assert_eq!(
        (status.as_u16(), refused["code"].as_str()),
        (409, Some("already_owner")),
        "to oneself"
    );
    assert_eq!(ada.post("/team/owner", json!({ "member": bob_id })).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.get("/session").await.1["role"], "admin");
    assert_eq!(bob.get("/session").await.1["role"], "owner");
    assert_eq!(ada.post("/team/owner", json!({ "member": bob_id })).await.0, StatusCode::FORBIDDEN);
    assert_eq!(ada.delete("/workspace/membership", None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.get("/session").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(bob.get("/team/members").await.1["members"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn two_owners_who_demote_each_other_leave_one() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        let mut ada = app.owner("ada").await;
        let mut bob = app.colleague(&mut ada, "owner", &[]).await;
        let (ada_path, bob_path) = (
            format!("/team/members/{}", ada.id().await),
            format!("/team/members/{}", bob.id().await),
        );
        let (one, other) = tokio::join!(
            ada.patch(&bob_path, json!({ "role": "admin" })),
            bob.patch(&ada_path, json!({ "role": "admin" }))
        );
        let roles = [
            ada.get("/session").await.1["role"].clone(),
            bob.get("/session").await.1["role"].clone(),
        ];
        let owners = roles.iter().filter(|role| *role == "owner").count();
        assert_eq!(owners, 1, "{one:?} {other:?}");
    }
}

#[tokio::test]
async fn the_table_of_roles_is_shown_as_it_is_enforced() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let mut bob = app.member(&mut ada, &[]).await;
    let (status, table) = bob.get("/team/permissions").await;
    assert_eq!(status, StatusCode::OK);
    let rows: Vec<(&str, usize)> = table["permissions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["id"].as_str().unwrap(), row["roles"].as_array().unwrap().len()))
        .collect();
    assert_eq!(
        rows,
        [("billing", 1), ("team", 1), ("projects", 2), ("knowledge", 3), ("account", 3)]
    );
}
