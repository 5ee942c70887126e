use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use super::names;
use crate::support::{
    GUIDE, PASSWORD, Person, TestApp,
    endpoint::{Act, FakeModel},
};

/// A sentence is shown when it is whole: its sources are looked at first.
const FIRST_WORDS: &str = "Open Settings and choose Export [1].";

/// Asks a question whose answer does not end, and reads until its first words are there.
async fn ask(person: &mut Person, project: &str) -> Response {
    let body = json!({ "question": "How do I export my data?" });
    let accept = [("accept", "text/event-stream")];
    let mut stream = person
        .send(Method::POST, &format!("{project}/questions"), Some(body), &accept)
        .await;
    assert_eq!(stream.status(), StatusCode::OK);
    let mut seen = String::new();
    while !seen.contains(FIRST_WORDS) {
        let chunk = stream.chunk().await.unwrap().expect("the stream goes on");
        seen.push_str(&String::from_utf8_lossy(&chunk));
    }
    stream
}

/// What comes until the stream ends.
async fn rest(mut stream: Response) -> String {
    let mut seen = String::new();
    let reading = async {
        while let Some(chunk) = stream.chunk().await.unwrap() {
            seen.push_str(&String::from_utf8_lossy(&chunk));
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reading)
        .await
        .expect("the stream ends, though the answer does not");
    seen
}

/// An Owner with a project that has a document, on a server whose answers do not end.
async fn slow_app() -> (TestApp, Person, String) {
    let model = FakeModel::start(Act::Stall(vec![FIRST_WORDS, " The archive"])).await;
    let app = TestApp::with(&model.settings("100")).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    ada.upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    ada.settled(&project).await;
    (app, ada, project)
}

#[tokio::test]
async fn what_one_node_decides_binds_the_others() {
    let (app, mut ada, project) = slow_app().await;
    let Some(node) = app.beside() else { return };
    let mut bob = app.member(&mut ada, &[&project]).await;
    let mut carla = app.member(&mut ada, &[&project]).await;
    bob.url = node.url.clone();
    carla.url = node.url.clone();
    assert_eq!(bob.get(&project).await.0, StatusCode::OK);
    let (to_bob, carla_path) = (ask(&mut bob, &project).await, format!("/team/members/{}", carla.id().await));
    let bob_path = format!("/team/members/{}", bob.id().await);
    assert_eq!(ada.delete(&bob_path, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(bob.get("/projects").await.0, StatusCode::UNAUTHORIZED);
    let last = rest(to_bob).await;
    assert!(last.contains("not_signed_in"), "{last}");
    assert_eq!(ada.patch(&carla_path, json!({ "role": "admin" })).await.0, StatusCode::OK);
    assert_eq!(carla.patch(&project, json!({ "name": "Renamed" })).await.0, StatusCode::OK);
    assert_eq!(ada.delete("/workspace", Some(json!({ "confirm": "ada" }))).await.0, StatusCode::OK);
    assert_eq!(carla.get("/projects").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_running_answer_ends_for_whoever_is_removed_and_goes_on_for_others() {
    let (app, mut ada, project) = slow_app().await;
    let (mut bob, mut carla) = (app.member(&mut ada, &[&project]).await, app.member(&mut ada, &[&project]).await);
    let bob_path = format!("/team/members/{}", bob.id().await);
    let carla_path = format!("/team/members/{}", carla.id().await);

    let (to_bob, to_carla, mut to_ada) = (
        ask(&mut bob, &project).await,
        ask(&mut carla, &project).await,
        ask(&mut ada, &project).await,
    );
    assert_eq!(ada.delete(&bob_path, None).await.0, StatusCode::NO_CONTENT);
    let last = rest(to_bob).await;
    assert!(last.contains("event: problem") && last.contains("not_signed_in"), "{last}");
    assert_eq!(
        ada.put(&format!("{carla_path}/projects"), json!({ "projects": [] })).await.0,
        StatusCode::OK
    );
    let last = rest(to_carla).await;
    assert!(last.contains("event: problem") && last.contains("not_found"), "{last}");
    assert!(names(&carla.get("/projects").await.1).is_empty());
    // Whoever may still read is not disturbed.
    let quiet = tokio::time::timeout(Duration::from_secs(2), to_ada.chunk()).await;
    assert!(quiet.is_err(), "{quiet:?}");
}

#[tokio::test]
async fn signing_out_ends_the_answers_of_that_session_and_no_other() {
    let (app, mut ada, project) = slow_app().await;
    let mut elsewhere = app.nobody();
    let body = json!({ "email": ada.email, "password": PASSWORD });
    let (status, session) = elsewhere.post("/session", body).await;
    assert_eq!(status, StatusCode::OK);
    elsewhere.took(&session);
    let (here, mut there) = (ask(&mut ada, &project).await, ask(&mut elsewhere, &project).await);
    assert_eq!(ada.delete("/session", None).await.0, StatusCode::NO_CONTENT);
    let last = rest(here).await;
    assert!(last.contains("event: problem") && last.contains("not_signed_in"), "{last}");
    let quiet = tokio::time::timeout(Duration::from_secs(2), there.chunk()).await;
    assert!(quiet.is_err(), "{quiet:?}");
}
