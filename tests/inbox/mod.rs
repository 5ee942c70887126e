//! What a team does about conversations.

mod export;
mod live;
mod search;
mod todos;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    Person, TestApp,
    visitor::{Visitor, open_widget},
};

const EXPORT: &str = "How do I export my data?";
const KING: &str = "Who was the first king of France?";

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

async fn conversations(person: &mut Person, project: &str, filter: &str) -> Vec<Value> {
    let (status, listed) = person.get(&format!("{project}/conversations?{filter}")).await;
    assert_eq!(status, StatusCode::OK, "{listed}");
    listed["conversations"].as_array().unwrap().clone()
}

async fn titles(person: &mut Person, project: &str, filter: &str) -> Vec<String> {
    let listed = conversations(person, project, filter).await;
    listed.iter().map(|one| text(&one["title"])).collect()
}

async fn counts(person: &mut Person, project: &str) -> (u64, u64) {
    let counts = person.get(&format!("{project}/inbox")).await.1;
    (counts["attention"].as_u64().unwrap(), counts["todos"].as_u64().unwrap())
}

#[tokio::test]
async fn a_resolved_conversation_is_out_of_the_way_until_its_visitor_asks_again() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    let (mut one, mut two) = (Visitor::begin(&app, &key).await, Visitor::begin(&app, &key).await);
    assert_eq!(one.ask(EXPORT).await.0, StatusCode::OK);
    assert_eq!(two.ask(KING).await.0, StatusCode::OK);
    assert_eq!(titles(&mut ada, &project, "state=open").await, [KING, EXPORT]);
    assert_eq!(titles(&mut ada, &project, "state=attention").await, [KING]);
    assert_eq!(titles(&mut ada, &project, "outcome=answered").await, [EXPORT]);
    assert_eq!(titles(&mut ada, &project, "outcome=unanswered&channel=widget").await, [KING]);
    assert_eq!(titles(&mut ada, &project, "channel=slack").await.len(), 0);
    assert_eq!(counts(&mut ada, &project).await, (1, 0));
    let king = conversations(&mut ada, &project, "outcome=unanswered").await[0].clone();
    let visitor = text(&king["visitor"]);
    assert_eq!(titles(&mut ada, &project, &format!("visitor={visitor}")).await, [KING]);
    let path = format!("{project}/conversations/{}", text(&king["id"]));
    let (status, resolved) = ada.patch(&path, json!({ "state": "resolved", "mine": true })).await;
    assert_eq!(
        (status, resolved["state"].as_str()),
        (StatusCode::OK, Some("resolved")),
        "{resolved}"
    );
    assert_eq!(resolved["assignee"]["email"], ada.email);
    assert_eq!(titles(&mut ada, &project, "state=resolved").await, [KING]);
    assert_eq!(titles(&mut ada, &project, "mine=true").await, [KING]);
    assert_eq!(counts(&mut ada, &project).await, (0, 0));
    assert_eq!(two.ask(EXPORT).await.0, StatusCode::OK);
    assert_eq!(titles(&mut ada, &project, "state=resolved").await.len(), 0, "it is open again");
    assert_eq!(counts(&mut ada, &project).await, (1, 0));
    let (_, given_back) = ada.patch(&path, json!({ "mine": false })).await;
    assert_eq!(given_back["assignee"], Value::Null);
    // Of two, the one that helped and the one that did not.
    let answer = one.ask(EXPORT).await.1;
    let feedback = format!("messages/{}/feedback", text(&answer["message"]));
    one.send(reqwest::Method::POST, &feedback, Some(json!({ "helpful": false })), &[])
        .await;
    assert_eq!(titles(&mut ada, &project, "rating=unhelpful").await, [EXPORT]);
    assert_eq!(titles(&mut ada, &project, "rating=helpful").await.len(), 0);
    assert_eq!(titles(&mut ada, &project, "state=attention").await.len(), 2);
}

#[tokio::test]
async fn conversations_are_found_by_the_days_that_something_was_said_on() {
    // 2023-11-15.
    let app = TestApp::start_with(pernoex::Clock::manual(1_700_010_000_000), &[]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    ada.question(&project, EXPORT).await;
    let (before, after) = ("2023-11-14", "2023-11-16");
    assert_eq!(titles(&mut ada, &project, &format!("from={before}&to={after}")).await, [EXPORT]);
    assert_eq!(titles(&mut ada, &project, &format!("to={before}")).await.len(), 0);
    assert_eq!(titles(&mut ada, &project, &format!("from={after}")).await.len(), 0);
    for wrong in [
        "from=yesterday",
        "to=2026-13-01",
        "state=open'--",
        "state=closed",
        "outcome=helpful",
        "rating=5",
        "visitor=ada",
        "mine=1",
        "chanel=widget",
    ] {
        let (status, problem) = ada.get(&format!("{project}/conversations?{wrong}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}: {problem}");
    }
}

#[tokio::test]
async fn who_asked_for_a_person_wants_attention_until_somebody_resolves_it() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    let on = json!({ "hand_off": { "enabled": true, "email": null } });
    assert_eq!(ada.patch(&format!("{project}/widget"), on).await.0, StatusCode::OK);
    ada.question(&project, EXPORT).await;
    let mut visitor = Visitor::begin(&app, &key).await;
    visitor.ask(EXPORT).await;
    assert_eq!(counts(&mut ada, &project).await, (0, 0));
    let asked = json!({ "email": "grace@example.com", "message": "The export is empty." });
    let handed = visitor.send(reqwest::Method::POST, "hand-off", Some(asked), &[]).await;
    assert_eq!(handed.status(), StatusCode::CREATED);
    let found = conversations(&mut ada, &project, "handed_over=true").await;
    assert_eq!((found.len(), found[0]["channel"].as_str()), (1, Some("widget")));
    assert!(found[0]["handed_over_at"].is_string(), "{found:?}");
    assert_eq!(conversations(&mut ada, &project, "handed_over=false").await.len(), 1);
    assert_eq!(titles(&mut ada, &project, "state=attention").await, [EXPORT]);
    assert_eq!(counts(&mut ada, &project).await, (1, 0));
    let path = format!("{project}/conversations/{}", text(&found[0]["id"]));
    ada.patch(&path, json!({ "state": "resolved" })).await;
    assert_eq!(counts(&mut ada, &project).await, (0, 0));
}

#[tokio::test]
async fn a_note_is_the_teams_and_only_who_wrote_it_takes_it_back() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    let mut visitor = Visitor::begin(&app, &key).await;
    visitor.ask(KING).await;
    let mut eve = app.member(&mut ada, &[&project]).await;
    let path = format!(
        "{project}/conversations/{}",
        text(&conversations(&mut ada, &project, "").await[0]["id"])
    );
    let (status, note) = ada
        .post(&format!("{path}/notes"), json!({ "text": "  Clovis, perhaps.\nAsk Grace. " }))
        .await;
    assert_eq!(status, StatusCode::CREATED, "{note}");
    assert_eq!(
        (note["text"].as_str(), note["email"].as_str()),
        (Some("Clovis, perhaps.\nAsk Grace."), Some(&*ada.email))
    );
    let seen = eve.get(&path).await.1["notes"].clone();
    assert_eq!(
        (seen[0]["text"].clone(), seen[0]["own"].clone()),
        (note["text"].clone(), json!(false))
    );
    let own = format!("{path}/notes/{}", text(&note["id"]));
    assert_eq!(eve.delete(&own, None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ada.delete(&own, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(eve.get(&path).await.1["notes"], json!([]));
    let own_turns = visitor
        .send(reqwest::Method::GET, "conversation", None, &[])
        .await
        .text()
        .await
        .unwrap();
    assert!(!own_turns.contains("notes"), "{own_turns}");
    for (wrong, code) in [("   ", "text_empty"), (&*"x".repeat(5_001), "text_too_long")] {
        let (status, problem) = ada.post(&format!("{path}/notes"), json!({ "text": wrong })).await;
        assert_eq!((status, problem["code"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some(code)));
    }
    let other = ada.project("Other").await;
    let foreign = path.replace(&project, &other);
    assert_eq!(
        ada.post(&format!("{foreign}/notes"), json!({ "text": "x" })).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(ada.patch(&foreign, json!({ "state": "resolved" })).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn notes_go_with_their_conversation_and_figures_stay() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let asked = ada.question(&project, EXPORT).await;
    let conversation = text(&asked["conversation"]);
    let note = json!({ "text": "Nice." });
    assert_eq!(
        ada.post(&format!("{project}/conversations/{conversation}/notes"), note).await.0,
        StatusCode::CREATED
    );
    let before = ada.get(&format!("{project}/analytics")).await.1;
    assert_eq!(before["totals"]["answered"], 1);
    let rows = app.rows().await;
    let id = uuid::Uuid::parse_str(&conversation).unwrap();
    assert_eq!(rows.run("delete from conversation where id = $1", vec![id.into()]).await, 1);
    assert!(rows.ask("select id from conversation_note", vec![]).await.is_empty());
    assert_eq!(ada.get(&format!("{project}/analytics")).await.1, before);
    rows.close().await;
}
