//! Members, roles, invitations, workspaces.

mod invitations;
mod members;
mod streams;
mod workspaces;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp};

const HOUR: i64 = 3_600_000;

/// What the four ways in which an invitation can be of no use are answered with.
async fn is_invalid(app: &TestApp, token: &str) {
    let mut someone = app.nobody();
    for (path, body) in [
        ("/invitations/preview", json!({ "token": token })),
        ("/invitations/accept", json!({ "token": token, "password": PASSWORD })),
    ] {
        let (status, problem) = someone.post(path, body).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (StatusCode::NOT_FOUND, Some("invitation_invalid")),
            "{path}"
        );
    }
}

fn names(list: &Value) -> Vec<&str> {
    list["projects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect()
}
