//! Letting go of a source, and what its documents are meanwhile.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{SETTINGS, connect_site, documents, has_some, leave, names, synced};
use crate::support::{GUIDE, Person, TestApp, site::Site};

/// The receipt, once nothing is left to do.
async fn done(person: &mut Person, id: &Value) -> Value {
    for _ in 0..400 {
        let (status, shown) = person.get("/integrations").await;
        assert_eq!(status, StatusCode::OK, "{shown}");
        let receipts = shown["receipts"].as_array().unwrap();
        let receipt = receipts.iter().find(|one| one["id"] == *id).expect("a receipt stays");
        if !receipt["done_at"].is_null() {
            return receipt.clone();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the source is not let go of in time");
}

#[tokio::test]
async fn a_source_that_is_disconnected_takes_its_documents_along_or_leaves_them() {
    let site = Site::start().await;
    site.grow(60, 8);
    let app = TestApp::with(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    for (fate, left) in [("delete", 1), ("keep", 61)] {
        let source = connect_site(&mut ada, &project, &site).await;
        synced(&mut ada, &source, 1).await;
        assert_eq!(documents(&mut ada, &project).await.len(), 61);
        let receipt = leave(&mut ada, &source, fate).await;
        assert_eq!(
            (&receipt["kind"], &receipt["grant"]),
            (&json!("website"), &json!("none")),
            "{receipt}"
        );
        let receipt = done(&mut ada, &receipt["id"]).await;
        assert_eq!(
            (&receipt["documents"], &receipt["documents_done"]),
            (&json!(fate), &json!(60)),
            "{receipt}"
        );
        assert_eq!(receipt["documents_left"], 0);
        assert_eq!(ada.get(&source).await.0, StatusCode::NOT_FOUND);
        let (status, listed) = ada.get(&format!("{project}/sources")).await;
        assert_eq!((status, &listed["sources"]), (StatusCode::OK, &json!([])));
        let found = documents(&mut ada, &project).await;
        assert_eq!(found.len(), left, "{fate}");
        assert!(found.iter().all(|one| one["source"].is_null()), "what stays is nobody's");
        let answer = ada
            .question(&project, "How many minutes does widget7 take to set up?")
            .await
            .to_string();
        assert_eq!(answer.contains("page number 7"), fate == "keep", "{answer}");
    }
    // What stayed is as if somebody had uploaded it.
    let found = documents(&mut ada, &project).await;
    let stayed = found.iter().find(|one| one["name"] == "Page 7").unwrap();
    let path = format!("{project}/documents/{}", stayed["id"].as_str().unwrap());
    assert_eq!(ada.delete(&path, None).await.0, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_document_of_a_source_is_changed_at_its_source_only() {
    let site = Site::start().await;
    site.grow(1, 1);
    let app = TestApp::with(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let source = connect_site(&mut ada, &project, &site).await;
    synced(&mut ada, &source, 1).await;
    let found = documents(&mut ada, &project).await;
    let path = format!("{project}/documents/{}", found[0]["id"].as_str().unwrap());
    let refused = [
        ada.patch(&path, json!({ "name": "Mine" })).await,
        ada.delete(&path, None).await,
        ada.upload(Method::PUT, &path, &[("guide.md", GUIDE)]).await,
    ];
    for (status, problem) in refused {
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::CONFLICT, &json!("from_source")),
            "{problem}"
        );
    }
    assert_eq!(documents(&mut ada, &project).await, found);
}

/// Disconnected while pages come in: the step that is under way is not stored, and no other begins.
#[tokio::test]
async fn nothing_comes_from_a_source_after_it_was_disconnected() {
    let site = Site::start().await;
    site.grow(200, 10);
    site.slow(Duration::from_millis(20));
    let app = TestApp::with(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let source = connect_site(&mut ada, &project, &site).await;
    has_some(&mut ada, &source, 15).await;
    let receipt = leave(&mut ada, &source, "delete").await;
    let again = leave(&mut ada, &source, "delete").await;
    assert_eq!(receipt["id"], again["id"], "once");
    done(&mut ada, &receipt["id"]).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    site.asked();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(site.asked().is_empty(), "it is not asked any more");
    assert!(documents(&mut ada, &project).await.is_empty());
    let rows = app.rows().await;
    for table in ["source", "source_item", "source_run", "document", "chunk"] {
        let left = rows.ask(&format!("select 1 as n from {table}"), vec![]).await.len();
        assert_eq!(left, 0, "{table}");
    }
    let jobs = rows
        .ask("select kind from job where kind in ('sync_source', 'leave_source')", vec![])
        .await;
    assert!(jobs.is_empty());
    rows.close().await;
}

#[tokio::test]
async fn the_sources_of_a_deleted_project_go_with_it() {
    let site = Site::start().await;
    site.grow(20, 5);
    let app = TestApp::with(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let source = connect_site(&mut ada, &project, &site).await;
    synced(&mut ada, &source, 1).await;
    let (status, _) = ada.delete(&project, Some(json!({ "confirm": "Lantern" }))).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let rows = app.rows().await;
    for _ in 0..200 {
        let mut left = 0;
        for table in ["source", "source_item", "document"] {
            left += rows.ask(&format!("select 1 as n from {table}"), vec![]).await.len();
        }
        if left == 0 {
            return rows.close().await;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    rows.close().await;
    panic!("something of the source stays");
}

#[tokio::test]
async fn each_person_sees_the_sources_of_their_own_projects_only() {
    let site = Site::start().await;
    site.grow(3, 3);
    let app = TestApp::with(SETTINGS).await;
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let (lantern, other) = (ada.project("Lantern").await, ada.project("Other").await);
    let theirs = eve.project("Lantern").await;
    let source = connect_site(&mut ada, &lantern, &site).await;
    synced(&mut ada, &source, 1).await;
    let id = source.rsplit('/').next().unwrap();
    for (person, project) in [(&mut eve, &theirs), (&mut ada, &other)] {
        let path = format!("{project}/sources/{id}");
        assert_eq!(person.get(&path).await.0, StatusCode::NOT_FOUND);
        assert_eq!(person.patch(&path, json!({ "name": "Mine" })).await.0, StatusCode::NOT_FOUND);
        assert_eq!(person.post(&format!("{path}/sync"), Value::Null).await.0, StatusCode::NOT_FOUND);
        assert_eq!(
            person.delete(&path, Some(json!({ "documents": "delete" }))).await.0,
            StatusCode::NOT_FOUND
        );
    }
    assert_eq!(names(&documents(&mut ada, &lantern).await).len(), 3);
}
