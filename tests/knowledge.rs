use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{GUIDE, TestApp};

#[tokio::test]
async fn an_uploaded_document_is_answered_from_with_its_source() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let files: [(&str, &[u8]); 3] = [("guide.md", GUIDE), ("broken.pdf", b"%PDF-1.4 not really"), ("tool.exe", b"MZ")];
    let (status, uploaded) = ada.upload(Method::POST, &format!("{project}/documents"), &files).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(uploaded["rejected"][0]["code"], "unsupported_type");
    let documents = ada.settled(&project).await;
    let broken = documents.iter().find(|one| one["name"] == "broken.pdf").unwrap();
    assert_eq!(
        (broken["status"].as_str(), broken["failure"]["code"].as_str()),
        (Some("failed"), Some("unreadable"))
    );
    let answer = ada.question(&project, "How do I export my data?").await;
    assert_eq!(answer["outcome"], "answered");
    assert!(answer["text"].as_str().unwrap().contains("choose Export"), "{answer}");
    assert_eq!(answer["citations"][0]["title"], "Lantern guide");
    let unknown = ada.question(&project, "Who was the first king of France?").await;
    assert_eq!(unknown["outcome"], "unanswered");
}

#[tokio::test]
async fn a_deleted_document_is_gone_from_answers_at_once() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let (_, uploaded) = ada
        .upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    ada.settled(&project).await;
    assert_eq!(ada.question(&project, "How do I export my data?").await["outcome"], "answered");
    let document = format!("{project}/documents/{}", uploaded["documents"][0]["id"].as_str().unwrap());
    assert_eq!(ada.delete(&document, None).await.0, StatusCode::NO_CONTENT);
    let answer = ada.question(&project, "How do I export my data?").await;
    assert_eq!((answer["outcome"].as_str(), &answer["closest"]), (Some("unanswered"), &json!([])));
    assert_eq!(ada.get(&document).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_replaced_document_answers_with_its_new_contents_only() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let (_, uploaded) = ada
        .upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    ada.settled(&project).await;
    let document = format!("{project}/documents/{}", uploaded["documents"][0]["id"].as_str().unwrap());
    let new = b"# Lantern guide\n\n## Export\n\nTo export your data, press the green button in the Archive panel.\n";
    let (status, replaced) = ada.upload(Method::PUT, &document, &[("new.md", new)]).await;
    assert_eq!((status, replaced["revision"].as_i64()), (StatusCode::OK, Some(2)));
    ada.settled(&project).await;
    let answer = ada.question(&project, "How do I export my data?").await;
    assert!(answer["text"].as_str().unwrap().contains("green button"), "{answer}");
}

#[tokio::test]
async fn documents_survive_a_restart_in_the_middle_of_their_ingestion() {
    let mut app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let long: String = (0..60)
        .map(|n| {
            format!(
                "## Part {n}\n\nThe part number {n} of the lantern costs {n} crowns and weighs {n} grams in total.\n\n{}\n\n",
                "It is made of brass and glass, and it lasts for years. ".repeat(8)
            )
        })
        .collect();
    ada.upload(
        Method::POST,
        &format!("{project}/documents"),
        &[("guide.md", GUIDE), ("parts.md", long.as_bytes())],
    )
    .await;
    app.restart().await;
    ada.url.clone_from(&app.url);
    let documents = ada.settled(&project).await;
    assert!(
        documents
            .iter()
            .all(|one| one["status"] == "ready" && one["progress"]["done"] == one["progress"]["total"]),
        "{documents:?}"
    );
    assert_eq!(ada.question(&project, "How do I export my data?").await["outcome"], "answered");
}

#[tokio::test]
async fn limits_are_named() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let documents = format!("{}/documents", ada.project("Lantern").await);
    let large = vec![b'a'; (1 << 20) + 1];
    let files: [(&str, &[u8], StatusCode, &str); 3] = [
        ("large.txt", &large, StatusCode::UNPROCESSABLE_ENTITY, "file_too_large"),
        ("empty.md", b"", StatusCode::UNPROCESSABLE_ENTITY, "empty_file"),
        ("guide.md", GUIDE, StatusCode::CREATED, ""),
    ];
    for (name, bytes, expected, code) in files {
        let (status, body) = ada.upload(Method::POST, &documents, &[(name, bytes)]).await;
        assert_eq!((status, body["code"].as_str().unwrap_or_default()), (expected, code), "{body}");
    }
    assert_eq!(
        ada.upload(Method::POST, &documents, &[("guide.md", GUIDE)]).await.1["code"],
        "name_taken"
    );
}

#[tokio::test]
async fn a_project_is_deleted_by_its_exact_name_only() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    assert_eq!(
        ada.delete(&project, Some(json!({ "confirm": "lantern" }))).await.1["code"],
        "confirmation_mismatch"
    );
    assert_eq!(
        ada.delete(&project, Some(json!({ "confirm": "Lantern" }))).await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(ada.get(&project).await.0, StatusCode::NOT_FOUND);
    ada.project("Lantern").await;
}

#[tokio::test]
async fn an_answer_is_counted_with_what_people_thought_of_it() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    ada.upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    ada.settled(&project).await;
    let answer = ada.question(&project, "How do I export my data?").await;
    ada.question(&project, "Who was the first king of France?").await;
    let feedback = format!("{project}/messages/{}/feedback", answer["message"].as_str().unwrap());
    assert_eq!(ada.post(&feedback, json!({ "helpful": true })).await.0, StatusCode::NO_CONTENT);
    let (_, figures) = ada.get(&format!("{project}/analytics?days=7")).await;
    let totals = &figures["totals"];
    assert_eq!(
        (
            totals["questions"].as_i64(),
            totals["answered"].as_i64(),
            totals["helpful"].as_i64()
        ),
        (Some(2), Some(1), Some(1))
    );
    let (_, gaps) = ada.get(&format!("{project}/analytics/gaps?days=7")).await;
    assert_eq!(gaps["gaps"][0]["question"], "Who was the first king of France?", "{gaps}");
    let (_, listed) = ada.get(&format!("{project}/conversations?rating=helpful")).await;
    assert_eq!(listed["conversations"].as_array().unwrap().len(), 1);
}

const PRICES: &[u8] = b"# Prices\n\n## Starter plan\n\nThe Starter plan costs 9 euros a month and holds three lanterns.\n\n## Team plan\n\nThe Team plan costs 29 euros a month and holds twenty lanterns.\n";

#[tokio::test]
async fn a_question_that_leans_on_the_one_before_it_is_understood() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let files: [(&str, &[u8]); 2] = [("guide.md", GUIDE), ("prices.md", PRICES)];
    ada.upload(Method::POST, &format!("{project}/documents"), &files).await;
    ada.settled(&project).await;
    let first = ada.question(&project, "How much does the Starter plan cost?").await;
    assert!(first["text"].as_str().unwrap().contains("9 euros"), "{first}");
    let next = json!({ "question": "and the Team plan?", "conversation": first["conversation"] });
    let (status, next) = ada.post(&format!("{project}/questions"), next).await;
    assert_eq!((status, next["outcome"].as_str()), (StatusCode::OK, Some("answered")), "{next}");
    assert!(next["text"].as_str().unwrap().contains("29 euros"), "{next}");
    // Another topic is not answered from what was carried over.
    let other = json!({ "question": "and pizza?", "conversation": first["conversation"] });
    let (_, other) = ada.post(&format!("{project}/questions"), other).await;
    assert_eq!(other["outcome"], "unanswered", "{other}");
}

#[tokio::test]
async fn synonyms_find_what_goes_by_another_name_on_every_start() {
    let mut app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    ada.upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    ada.settled(&project).await;
    let question = "How do I XTB9?";
    assert_eq!(ada.question(&project, question).await["outcome"], "unanswered");
    let path = format!("{project}/synonyms");
    assert_eq!(ada.get(&path).await.1, json!({ "groups": [] }));
    for (groups, field) in [(json!([["alone"]]), "groups[0]"), (json!([["a", "b"], ["x", ""]]), "groups[1]")] {
        let (status, problem) = ada.put(&path, json!({ "groups": groups })).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        assert_eq!((&problem["code"], &problem["field"]), (&json!("invalid_synonyms"), &json!(field)));
    }
    let groups = json!({ "groups": [["XTB9", "export  your data"]] });
    let (status, kept) = ada.put(&path, groups).await;
    assert_eq!(
        (status, &kept),
        (StatusCode::OK, &json!({ "groups": [["XTB9", "export your data"]] }))
    );
    let answer = ada.question(&project, question).await;
    assert!(answer["text"].as_str().unwrap().contains("choose Export"), "{answer}");
    app.restart().await;
    ada.url.clone_from(&app.url);
    assert_eq!(ada.get(&path).await.1, kept);
    assert_eq!(ada.question(&project, question).await["outcome"], "answered");
}
