//! Conversations on their way out.

use pernoex::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{EXPORT, KING, text};
use crate::support::{Person, TestApp};

const FORMULA: &str = "=HYPERLINK(\"http://evil.test\";\"export\")";

async fn export(person: &mut Person, project: &str, body: Value) -> (String, String, String) {
    let response = person
        .send(Method::POST, &format!("{project}/conversations/export"), Some(body), &[])
        .await;
    assert_eq!(response.status(), StatusCode::OK);
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    let (media, file) = (header("content-type"), header("content-disposition"));
    (media, file, response.text().await.unwrap())
}

#[tokio::test]
async fn what_is_listed_is_exported_whole_and_noted_in_the_log() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    ada.question(&project, EXPORT).await;
    let king = ada.question(&project, KING).await;
    ada.question(&project, FORMULA).await;
    let conversation = format!("{project}/conversations/{}", text(&king["conversation"]));
    ada.post(&format!("{conversation}/notes"), json!({ "text": "+1 for kings" })).await;
    let (media, file, lines) = export(&mut ada, &project, json!({ "format": "jsonl" })).await;
    assert_eq!(media, "application/jsonl; charset=utf-8");
    assert!(file.starts_with("attachment; filename=\"conversations-"), "{file}");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let titles: Vec<&str> = lines.iter().map(|line| line["title"].as_str().unwrap()).collect();
    assert_eq!(titles, [FORMULA, KING, EXPORT]);
    assert_eq!(lines[1]["notes"][0]["text"], "+1 for kings");
    assert_eq!(lines[2]["turns"][0]["text"], EXPORT);
    assert_eq!(lines[2]["turns"][1]["sources"][0]["title"], "Lantern guide");
    let (media, _, table) = export(
        &mut ada,
        &project,
        json!({ "format": "csv", "filter": { "outcome": "unanswered" } }),
    )
    .await;
    assert_eq!(media, "text/csv; charset=utf-8");
    assert!(table.starts_with("conversation,channel,state,"), "{table}");
    assert!(table.contains(KING) && !table.contains(EXPORT), "{table}");
    assert!(table.contains("\"'+1 for kings\""), "a spreadsheet would calculate it: {table}");
    let (_, _, table) = export(&mut ada, &project, json!({ "format": "csv", "q": "hyperlink" })).await;
    assert!(table.contains("\"'=HYPERLINK(\"\"http://evil.test"), "{table}");
    assert!(!table.contains(KING), "{table}");
    let one = ada.send(Method::GET, &format!("{conversation}/export?format=csv"), None, &[]).await;
    let one = one.text().await.unwrap();
    assert_eq!(one.lines().count(), 4, "a heading, question, answer and note: {one}");
    let log = ada.get("/audit?act=conversation.exported").await.1;
    let details: Vec<Value> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["details"].clone())
        .collect();
    assert_eq!(details.len(), 4);
    assert_eq!(details[0], json!({ "format": "csv", "conversation": king["conversation"] }));
    assert_eq!(details[3], json!({ "format": "jsonl" }));
    assert!(!log.to_string().contains("king of"), "no content: {log}");
}

#[tokio::test]
async fn an_export_asks_who_is_there_once_more() {
    let clock = Clock::manual(1_700_000_000_000);
    let app = TestApp::start_with(clock.clone(), &[]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let asked = ada.question(&project, EXPORT).await;
    clock.advance(11 * 60_000);
    let one = format!("{project}/conversations/{}/export", text(&asked["conversation"]));
    let all = format!("{project}/conversations/export");
    assert_eq!(ada.get(&one).await.1["code"], "step_up_needed");
    assert_eq!(ada.post(&all, json!({ "format": "csv" })).await.1["code"], "step_up_needed");
    ada.prove().await;
    assert_eq!(ada.get(&one).await.0, StatusCode::OK);
    assert_eq!(ada.post(&all, json!({ "format": "csv" })).await.0, StatusCode::OK);
}

#[tokio::test]
async fn more_conversations_than_one_part_holds_are_all_exported() {
    let app = TestApp::with(&[("PERNOEX_LIMIT_FACTOR", "1000")]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    for n in 0..120 {
        ada.question(&project, &format!("Question number {n}?")).await;
    }
    let (_, _, lines) = export(&mut ada, &project, json!({ "format": "jsonl" })).await;
    let titles: Vec<String> = lines
        .lines()
        .map(|line| text(&serde_json::from_str::<Value>(line).unwrap()["title"]))
        .collect();
    let expected: Vec<String> = (0..120).rev().map(|n| format!("Question number {n}?")).collect();
    assert_eq!(titles, expected);
}
