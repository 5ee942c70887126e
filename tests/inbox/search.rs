//! Words in what is sealed.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{EXPORT, KING, text};
use crate::support::{Person, TestApp};

async fn search(person: &mut Person, project: &str, body: Value) -> Value {
    let (status, found) = person.post(&format!("{project}/conversations/search"), body).await;
    assert_eq!(status, StatusCode::OK, "{found}");
    found
}

async fn titles(person: &mut Person, project: &str, words: &str) -> Vec<String> {
    let found = search(person, project, json!({ "q": words })).await;
    let found = found["conversations"].as_array().unwrap().clone();
    found.iter().map(|one| text(&one["title"])).collect()
}

#[tokio::test]
async fn words_are_found_in_questions_answers_and_notes_but_not_elsewhere() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let (project, other) = (ada.guide("Lantern").await, ada.guide("Other").await);
    ada.question(&project, EXPORT).await;
    let king = ada.question(&project, KING).await;
    ada.question(&other, "Does the other one export?").await;
    let note = json!({ "text": "Charlemagne était « carolingien »." });
    let path = format!("{project}/conversations/{}/notes", text(&king["conversation"]));
    assert_eq!(ada.post(&path, note).await.0, StatusCode::CREATED);
    for (words, found) in [
        ("EXPORT", vec![EXPORT]),
        // Of the answer, from the guide.
        ("archive mail", vec![EXPORT]),
        ("archive king", vec![]),
        ("fran king", vec![KING]),
        ("\"king of France\"", vec![KING]),
        ("\"France of king\"", vec![]),
        ("charlemagne etait", vec![KING]),
        ("\"the other one\"", vec![]),
        ("%", vec![]),
        ("'; drop table conversation; --", vec![]),
    ] {
        assert_eq!(titles(&mut ada, &project, words).await, found, "{words}");
    }
    let found = search(&mut ada, &project, json!({ "q": "archive" })).await;
    let excerpt = &found["conversations"][0]["excerpt"];
    assert!(text(&excerpt["text"]).contains("archive arrives by mail"), "{found}");
    assert!(excerpt["message"].is_string(), "{found}");
    assert_eq!(found["searched_to"], Value::Null, "it looked through all");
    // Filters hold for a search too.
    let unanswered = json!({ "q": "export", "filter": { "outcome": "unanswered" } });
    assert_eq!(search(&mut ada, &project, unanswered).await["conversations"], json!([]));
    for (wrong, code) in [
        (json!({ "q": " " }), "invalid_search"),
        (json!({ "q": "x".repeat(201) }), "invalid_search"),
        (json!({ "q": "a b c d e f g h i" }), "invalid_search"),
        (json!({ "q": "x", "filter": { "before": "x" } }), "invalid_cursor"),
    ] {
        let (status, problem) = ada.post(&format!("{project}/conversations/search"), wrong.clone()).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(code)),
            "{wrong}"
        );
    }
    let unknown = json!({ "q": "x", "filter": { "outcom": "unanswered" } });
    let refused = ada.post(&format!("{project}/conversations/search"), unknown).await;
    assert!(refused.0.is_client_error(), "{refused:?}");
}

#[tokio::test]
async fn a_search_reads_on_where_its_last_page_ended() {
    let app = TestApp::with(&[("PERNOEX_LIMIT_FACTOR", "1000")]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    // More than are read at once, and of two kinds in turns.
    for n in 0..60 {
        let question = if n % 2 == 0 {
            format!("Is lamp {n} green?")
        } else {
            format!("Is door {n} open?")
        };
        ada.question(&project, &question).await;
    }
    let (mut seen, mut next) = (Vec::new(), Value::Null);
    for _ in 0..10 {
        let page = json!({ "q": "lamp", "filter": { "limit": 7, "before": next } });
        let found = search(&mut ada, &project, page).await;
        seen.extend(found["conversations"].as_array().unwrap().iter().map(|one| text(&one["title"])));
        next = found["next"].clone();
        if next.is_null() {
            break;
        }
    }
    let expected: Vec<String> = (0..60)
        .rev()
        .filter(|n| n % 2 == 0)
        .map(|n| format!("Is lamp {n} green?"))
        .collect();
    assert_eq!(seen, expected);
}
