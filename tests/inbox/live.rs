//! Whoever looks on sees what happens.

use std::time::Duration;

use futures_util::StreamExt;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{EXPORT, KING, text};
use crate::support::{
    Person, TestApp,
    visitor::{Visitor, events, open_widget},
};

/// What is told until `enough`, within half a minute.
async fn told(
    person: &mut Person,
    project: &str,
    enough: impl Fn(&[(String, Value)]) -> bool,
    meanwhile: impl Future<Output = ()>,
) -> Vec<(String, Value)> {
    let answer = person
        .send(Method::GET, &format!("{project}/inbox"), None, &[("accept", "text/event-stream")])
        .await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let (mut stream, mut said) = (answer.bytes_stream(), String::new());
    let read = async {
        while let Some(bytes) = stream.next().await {
            said.push_str(&String::from_utf8_lossy(&bytes.unwrap()));
            if enough(&events(&said)) {
                return;
            }
        }
    };
    let both = async { tokio::join!(read, meanwhile) };
    assert!(
        tokio::time::timeout(Duration::from_secs(30), both).await.is_ok(),
        "not told in time: {said}"
    );
    events(&said)
}

fn changed<'a>(all: &'a [(String, Value)], title: &'a str) -> impl Iterator<Item = &'a Value> {
    let changes = all.iter().filter(|(name, _)| name == "changed");
    changes
        .flat_map(|(_, data)| data["conversations"].as_array().unwrap())
        .filter(move |one| one["title"] == title)
}

#[tokio::test]
async fn a_question_a_judgement_and_a_resolution_are_told_as_they_happen() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    let mut visitor = Visitor::begin(&app, &key).await;
    let mut grace = app.member(&mut ada, &[&project]).await;
    let path = project.clone();
    let act = async {
        let answer = visitor.ask(KING).await.1;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let feedback = format!("messages/{}/feedback", text(&answer["message"]));
        visitor.send(Method::POST, &feedback, Some(json!({ "helpful": false })), &[]).await;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        let conversation = format!("{path}/conversations/{}", text(&answer["conversation"]));
        assert_eq!(ada.patch(&conversation, json!({ "state": "resolved" })).await.0, StatusCode::OK);
    };
    let enough = |all: &[(String, Value)]| changed(all, KING).any(|one| one["state"] == "resolved");
    let all = told(&mut grace, &project, enough, act).await;
    assert_eq!(all[0].0, "counts", "{all:?}");
    assert!(
        changed(&all, KING).any(|one| one["unanswered"] == 1 && one["state"] == "open"),
        "{all:?}"
    );
    assert!(changed(&all, KING).any(|one| one["unhelpful"] == 1), "{all:?}");
    let counts: Vec<i64> = all
        .iter()
        .filter(|(name, _)| name == "counts")
        .map(|(_, data)| data["attention"].as_i64().unwrap())
        .collect();
    assert_eq!(counts, [0, 1, 0], "{all:?}");
}

#[tokio::test]
async fn a_stream_ends_for_who_may_look_no_longer() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let mut grace = app.member(&mut ada, &[&project]).await;
    let answer = grace
        .send(Method::GET, &format!("{project}/inbox"), None, &[("accept", "text/event-stream")])
        .await;
    let removed = ada.delete(&format!("/team/members/{}", grace.id().await), None).await;
    assert_eq!(removed.0, StatusCode::NO_CONTENT);
    ada.question(&project, EXPORT).await;
    let mut stream = answer.bytes_stream();
    let mut said = String::new();
    let end = async {
        while let Some(bytes) = stream.next().await {
            said.push_str(&String::from_utf8_lossy(&bytes.unwrap()));
        }
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(15), end).await.is_ok(),
        "within a few seconds"
    );
    assert!(!said.contains(EXPORT), "{said}");
}

#[tokio::test]
async fn what_happens_on_another_node_is_told_too() {
    let app = TestApp::start().await;
    let Some(mut other) = app.beside() else { return };
    other.start_again();
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let mut there = ada.again();
    there.url.clone_from(&other.url);
    let path = project.clone();
    let act = async {
        there.question(&path, KING).await;
    };
    let enough = |all: &[(String, Value)]| changed(all, KING).any(|one| one["unanswered"] == 1);
    told(&mut ada, &project, enough, act).await;
}

#[tokio::test]
async fn a_person_looks_on_in_as_many_windows_as_people_have() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let mut open = Vec::new();
    let refused = loop {
        let path = format!("{project}/inbox");
        let answer = ada.send(Method::GET, &path, None, &[("accept", "text/event-stream")]).await;
        if answer.status() != StatusCode::OK {
            break answer;
        }
        open.push(answer);
        assert!(open.len() < 100, "there is no end to them");
    };
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key("retry-after"));
    assert!(open.len() >= 10, "{}", open.len());
    // One that is closed makes room.
    open.pop();
    for _ in 0..100 {
        let path = format!("{project}/inbox");
        let answer = ada.send(Method::GET, &path, None, &[("accept", "text/event-stream")]).await;
        if answer.status() == StatusCode::OK {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("a closed window counts for ever");
}
