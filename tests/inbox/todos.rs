//! What a team means to do.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{KING, counts, text};
use crate::support::TestApp;

#[tokio::test]
async fn a_question_becomes_something_to_do_and_is_ticked_off() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let asked = ada.question(&project, KING).await;
    let conversation = text(&asked["conversation"]);
    let shown = ada.get(&format!("{project}/conversations/{conversation}")).await.1;
    let question = text(&shown["turns"][0]["id"]);
    let todos = format!("{project}/todos");
    let (status, made) = ada.post(&todos, json!({ "question": question })).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    assert_eq!(
        made["question"],
        json!({ "conversation": conversation, "message": question, "text": KING })
    );
    let (_, plain) = ada.post(&todos, json!({ "text": "Write about kings." })).await;
    assert_eq!(
        (plain["text"].as_str(), plain["question"].clone()),
        (Some("Write about kings."), Value::Null)
    );
    assert_eq!(counts(&mut ada, &project).await, (1, 2));
    let listed = ada.get(&todos).await.1;
    assert_eq!(
        (listed["todos"][0]["id"].clone(), listed["undone"].clone()),
        (plain["id"].clone(), json!(2))
    );
    let one = format!("{todos}/{}", text(&made["id"]));
    let (_, done) = ada.patch(&one, json!({ "done": true })).await;
    assert!(done["done_at"].is_string(), "{done}");
    let again = ada.patch(&one, json!({ "done": true })).await.1;
    assert_eq!(again["done_at"], done["done_at"], "it was done already");
    assert_eq!(ada.get(&format!("{todos}?done=true")).await.1["todos"][0]["id"], made["id"]);
    assert_eq!(ada.get(&todos).await.1["undone"], 1);
    let (_, said) = ada.patch(&one, json!({ "done": false, "text": "Ask Grace first." })).await;
    assert_eq!(
        (said["done_at"].clone(), said["text"].as_str()),
        (Value::Null, Some("Ask Grace first."))
    );
    assert_eq!(ada.delete(&one, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.delete(&one, None).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_a_visitor_said_is_nowhere_in_what_is_to_be_done_once_it_is_deleted() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let asked = ada.question(&project, KING).await;
    let conversation = text(&asked["conversation"]);
    let shown = ada.get(&format!("{project}/conversations/{conversation}")).await.1;
    let todo = json!({ "question": shown["turns"][0]["id"], "text": "Write about kings." });
    assert_eq!(ada.post(&format!("{project}/todos"), todo).await.0, StatusCode::CREATED);
    let rows = app.rows().await;
    let id = uuid::Uuid::parse_str(&conversation).unwrap();
    rows.run("delete from conversation where id = $1", vec![id.into()]).await;
    rows.close().await;
    let left = ada.get(&format!("{project}/todos")).await.1["todos"][0].clone();
    assert_eq!(
        (left["text"].as_str(), left["question"]["text"].clone()),
        (Some("Write about kings."), Value::Null)
    );
}

#[tokio::test]
async fn nothing_is_to_be_done_about_what_is_not_there() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let (project, other) = (ada.guide("Lantern").await, ada.guide("Other").await);
    let asked = ada.question(&other, KING).await;
    let todos = format!("{project}/todos");
    for (wrong, code) in [
        (json!({}), "text_empty"),
        (json!({ "text": " " }), "text_empty"),
        (json!({ "text": "x".repeat(5_001) }), "text_too_long"),
        (json!({ "question": asked["message"] }), "unknown_question"),
        (json!({ "question": uuid::Uuid::now_v7() }), "unknown_question"),
    ] {
        let (status, problem) = ada.post(&todos, wrong.clone()).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(code)),
            "{wrong}"
        );
    }
    let theirs = ada.post(&format!("{other}/todos"), json!({ "text": "x" })).await.1;
    let path = format!("{todos}/{}", text(&theirs["id"]));
    assert_eq!(ada.patch(&path, json!({ "done": true })).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ada.delete(&path, None).await.0, StatusCode::NOT_FOUND);
}
