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
        Door::Widget | Door::Operator => (StatusCode::NOT_FOUND, Some(StatusCode::NOT_FOUND)),
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
            .replace("{actor}", &format!("{NOBODY}.vault"))
            .replace("{document}", NOBODY)
            .replace("{conversation}", NOBODY)
            .replace("{message}", NOBODY)
            .replace("{member}", &member)
            .replace("{invitation}", &invitation);
        let path = match route.door {
            Door::Operator => format!("{}{path}", route.door.base()),
            _ => path,
        };
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
    let mut names = std::collections::BTreeSet::new();
    for route in routes::api() {
        let method = route.method.as_str().to_lowercase();
        let what = format!("{method} {}", route.path);
        let operation = &document["paths"][format!("{}{}", route.door.base(), route.path)][&method];
        assert!(operation.is_object(), "{what}");
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} is the name of two operations");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{what}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with('2')),
            "{what} documents what it answers"
        );
        let problem = &responses["default"]["content"]["application/problem+json"]["schema"]["$ref"];
        assert_eq!(problem, "#/components/schemas/Problem", "{what} documents how it refuses");
        let security = operation["security"].as_array().unwrap();
        let needs = |scheme: &str| security.iter().all(|one| one[scheme].is_array()) && !security.is_empty();
        match route.door {
            Door::Open => assert_eq!(security, &[json!({})], "{what}"),
            Door::Session | Door::Operator => assert!(needs("session") && (method == "get" || needs("csrf")), "{what}: {security:?}"),
            Door::Widget => assert!(needs("visitor") || route.path.ends_with("/visits"), "{what}: {security:?}"),
        }
        for parameter in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            let parameters = operation["parameters"].as_array().unwrap();
            assert!(
                parameters.iter().any(|one| one["name"] == parameter && one["required"] == true),
                "{what}: {parameter}"
            );
        }
    }
    for (name, path) in document["paths"].as_object().unwrap() {
        for method in path.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            let known = routes::api()
                .iter()
                .any(|route| format!("{}{}", route.door.base(), route.path) == *name && route.method.as_str().to_lowercase() == *method);
            assert!(known, "{method} {name} is described and not mounted");
        }
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text
        .split("\"#/components/schemas/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        assert!(document["components"]["schemas"][reference].is_object(), "{reference}");
    }
}
