//! Who gets what at every route. A route that is not in this table fails the test.

use pernoex::routes::{self, Door};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::TestApp;

const NOBODY: &str = "01a20b41-557d-7255-8b08-6f3f637673f7";

/// What a stranger without a session, and the Owner of another workspace, get at each route below the session's door. `has_target`:
/// the path names something of the first workspace.
fn expected(door: Door, has_target: bool) -> (StatusCode, Option<StatusCode>) {
    match door {
        Door::Open => (StatusCode::FORBIDDEN, None),
        Door::Session if has_target => (StatusCode::UNAUTHORIZED, Some(StatusCode::NOT_FOUND)),
        Door::Session => (StatusCode::UNAUTHORIZED, None),
        Door::Widget => (StatusCode::NOT_FOUND, Some(StatusCode::NOT_FOUND)),
    }
}

/// What the route takes: a refusal must not hide behind a malformed body.
fn body(method: &str, path: &str) -> serde_json::Value {
    match (method, path) {
        (_, path) if path.ends_with("/questions") => json!({ "question": "x" }),
        (_, path) if path.ends_with("/feedback") => json!({ "helpful": true }),
        (_, "/projects") | ("PATCH", "/projects/{project}" | "/projects/{project}/documents/{document}") => json!({ "name": "x" }),
        ("DELETE", "/projects/{project}") => json!({ "confirm": "Lantern" }),
        (_, "/workspaces" | "/workspace") => json!({ "name": "x" }),
        (_, "/session/workspace") => json!({ "workspace": NOBODY }),
        (_, "/session/invitation" | "/invitations/preview") => json!({ "token": "inv_x" }),
        (_, "/invitations/accept") => json!({ "token": "inv_x", "password": "a long enough password" }),
        (_, "/team/invitations") => json!({ "email": "x@example.com", "role": "member" }),
        (_, "/team/owner") => json!({ "member": NOBODY }),
        ("PATCH", "/team/members/{member}") => json!({ "role": "admin" }),
        (_, "/team/members/{member}/projects") => json!({ "projects": [] }),
        _ => json!({}),
    }
}

#[tokio::test]
async fn every_route_refuses_strangers_and_other_workspaces() {
    let app = TestApp::start().await;
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let project = ada.project("Lantern").await;
    let id = project.rsplit('/').next().unwrap().to_owned();
    let member = app.member(&mut ada, &[&project]).await.id().await;
    ada.invite("invited@example.com", "member", &[]).await;
    let invitation = ada.get("/team/invitations").await.1["invitations"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for route in routes::api() {
        let path = route
            .path
            .replace("{project}", &id)
            .replace("{key}", &format!("pk_{}", "a".repeat(43)));
        let path = path
            .replace("{document}", NOBODY)
            .replace("{conversation}", NOBODY)
            .replace("{message}", NOBODY)
            .replace("{member}", &member)
            .replace("{invitation}", &invitation);
        let (nobody, other) = expected(route.door, route.path.contains('{'));
        let method = Method::from_bytes(route.method.as_str().as_bytes()).unwrap();
        let changes = method != Method::GET;
        let body = changes.then(|| body(route.method.as_str(), route.path));
        let mut stranger = app.nobody();
        let from_elsewhere = if route.door == Door::Open {
            vec![("origin", "https://evil.test")]
        } else {
            vec![]
        };
        let answer = stranger.send(method.clone(), &path, body.clone(), &from_elsewhere).await;
        assert_eq!(answer.status(), nobody, "nobody at {} {}", route.method, route.path);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
        if let Some(other) = other {
            let answer = eve.send(method, &path, body, &[]).await;
            assert_eq!(
                answer.status(),
                other,
                "another workspace's Owner at {} {}",
                route.method,
                route.path
            );
        }
    }
    assert_eq!(ada.get(&project).await.0, StatusCode::OK, "nothing was changed");
}

#[tokio::test]
async fn the_openapi_document_describes_every_route() {
    let app = TestApp::start().await;
    let text = reqwest::get(format!("{}/api/openapi.json", app.url))
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let document: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    for route in routes::api() {
        let method = route.method.as_str().to_lowercase();
        assert!(
            document["paths"][format!("/api/v1{}", route.path)][&method].is_object(),
            "{method} {}",
            route.path
        );
    }
}
