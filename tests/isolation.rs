use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{GUIDE, TestApp};

#[tokio::test]
async fn another_workspace_finds_nothing_of_the_first() {
    let app = TestApp::start().await;
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let project = ada.project("Lantern").await;
    let (_, uploaded) = ada
        .upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    let document = uploaded["documents"][0]["id"].as_str().unwrap().to_owned();
    ada.settled(&project).await;
    assert_eq!(eve.get("/projects").await.1["projects"], json!([]));
    let theirs = eve.project("Mine").await;
    // A foreign project, and a foreign document below one's own project: 404 in every case, never 403.
    for path in [
        project.clone(),
        format!("{project}/documents"),
        format!("{project}/documents/{document}"),
        format!("{theirs}/documents/{document}"),
        format!("{theirs}/documents/{document}/original"),
    ] {
        assert_eq!(eve.get(&path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(
        eve.delete(&format!("{theirs}/documents/{document}"), None).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(eve.patch(&project, json!({ "name": "Stolen" })).await.0, StatusCode::NOT_FOUND);
    assert_eq!(eve.question(&theirs, "How do I export my data?").await["outcome"], "unanswered");
    assert_eq!(ada.question(&project, "How do I export my data?").await["outcome"], "answered");
}

#[tokio::test]
async fn a_second_project_knows_nothing_of_the_first() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let (one, two) = (ada.project("One").await, ada.project("Two").await);
    ada.upload(Method::POST, &format!("{one}/documents"), &[("guide.md", GUIDE)]).await;
    ada.settled(&one).await;
    let answer = ada.question(&two, "How do I export my data?").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["closest"].as_array().map(Vec::len)),
        (Some("unanswered"), Some(0))
    );
    let asked = ada.question(&one, "How do I export my data?").await;
    let conversation = asked["conversation"].as_str().unwrap();
    assert_eq!(
        ada.get(&format!("{two}/conversations/{conversation}")).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn what_is_stored_cannot_be_read_from_the_files() {
    if std::env::var("PERNOEX_TEST_POSTGRES").is_ok() {
        return;
    }
    let mut app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    ada.upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    ada.settled(&project).await;
    let data = app.folder.path().join("data");
    for running in [true, false] {
        if !running {
            app.stop().await;
        }
        for file in std::fs::read_dir(&data).unwrap() {
            let file = file.unwrap();
            if file.file_type().unwrap().is_dir() {
                continue;
            }
            let bytes = std::fs::read(file.path()).unwrap();
            for plain in [b"SQLite format 3".as_slice(), b"ten minutes", b"example.com", b"Lantern"] {
                assert!(!bytes.windows(plain.len()).any(|window| window == plain));
            }
        }
    }
}
