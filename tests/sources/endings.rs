//! How accounts elsewhere end: the token here first, then there, and a receipt for it.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::grants::{Scene, ciphertexts, left};
use crate::support::slack::{Slack, team};

/// Waits until no source is left: a receipt says that the documents are gone a moment before their source is.
async fn sources_gone(scene: &mut Scene) {
    let mut sources = json!(null);
    for _ in 0..400 {
        sources = scene.ada.get(&format!("{}/sources", scene.project)).await.1["sources"].clone();
        if sources == json!([]) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("left: {sources}");
}

#[tokio::test]
async fn disconnecting_deletes_the_token_here_and_ends_it_there() {
    let mut scene = Scene::oauth().await;
    let grant = scene.connect().await;
    scene.source(&grant).await;
    scene.synced().await;
    let token = scene.github.tokens().remove(0);
    let rows = scene.app.rows().await;
    assert!(!rows.dump().await.contains(&token), "a dump holds no token");
    rows.close().await;
    assert_eq!(ciphertexts(&scene.app).await, 1);
    // GitHub is away at first.
    for _ in 0..2 {
        scene.github.once("/applications/", 502, &[], json!({}));
    }
    let path = format!("/integrations/grants/{grant}");
    let (status, receipt) = scene.ada.delete(&path, Some(json!({ "documents": "delete" }))).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{receipt}");
    assert_eq!(receipt["grant"], "pending");
    assert!(scene.grants().await.is_empty());
    assert_eq!(
        scene.ada.delete(&path, Some(json!({ "documents": "delete" }))).await.0,
        StatusCode::NOT_FOUND
    );
    let rows = scene.app.rows().await;
    assert!(
        rows.ask("select id from credential", vec![]).await.is_empty(),
        "the vault has nothing any more"
    );
    rows.close().await;
    let receipts = scene.ada.receipts_done(&scene.clock).await;
    let of_grant = receipts.iter().find(|one| one["id"] == receipt["id"]).unwrap();
    assert_eq!(
        (&of_grant["grant"], &of_grant["last_error"]),
        (&json!("revoked"), &Value::Null),
        "{receipts:?}"
    );
    assert_eq!(
        (&of_grant["documents_done"], &of_grant["documents_left"]),
        (&json!(1), &json!(0)),
        "{receipts:?}"
    );
    assert!(scene.github.tokens().is_empty(), "it is over there");
    left(&scene.app, 0).await;
    assert_eq!(
        scene.ada.get(&format!("{}/documents", scene.project)).await.1["documents"],
        json!([])
    );
    sources_gone(&mut scene).await;
    let audit = scene.ada.get("/audit").await.1.to_string();
    assert!(audit.contains("grant.disconnected") && audit.contains("revoked"), "{audit}");
}

#[tokio::test]
async fn a_grant_that_was_over_before_is_said_to_be_gone() {
    let mut scene = Scene::oauth().await;
    let grant = scene.connect().await;
    scene.source(&grant).await;
    scene.synced().await;
    scene.github.expire();
    let (status, problem) = scene.choices(&grant).await;
    assert_eq!(status, StatusCode::CONFLICT, "{problem}");
    assert_eq!(scene.grants().await[0]["state"], "broken");
    let (status, _) = scene
        .ada
        .delete(&format!("/integrations/grants/{grant}"), Some(json!({ "documents": "keep" })))
        .await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let receipts = scene.ada.receipts_done(&scene.clock).await;
    assert!(receipts.iter().any(|one| one["grant"] == "gone"), "{receipts:?}");
    let documents = scene.ada.get(&format!("{}/documents", scene.project)).await.1;
    assert_eq!(documents["documents"].as_array().unwrap().len(), 1, "kept: {documents}");
    left(&scene.app, 0).await;
}

#[tokio::test]
async fn letting_go_of_an_app_takes_it_out_of_the_account() {
    let mut scene = Scene::app().await;
    let grant = scene.connect().await;
    assert_eq!(scene.choices(&grant).await.0, StatusCode::OK);
    assert_eq!(scene.github.tokens().len(), 1);
    let (status, _) = scene
        .ada
        .delete(&format!("/integrations/grants/{grant}"), Some(json!({ "documents": "keep" })))
        .await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let receipts = scene.ada.receipts_done(&scene.clock).await;
    assert_eq!(receipts[0]["grant"], "revoked", "{receipts:?}");
    assert!(!scene.github.is_installed(7) && scene.github.tokens().is_empty());
    left(&scene.app, 0).await;
}

#[tokio::test]
async fn one_button_revokes_everything_of_a_workspace() {
    let slack = Slack::start().await;
    let mut scene = Scene::of(|github| {
        let mut settings = github.app_settings();
        settings.extend(slack.settings());
        settings
    })
    .await;
    scene.github.install(7, "ada", &["ada/lantern"]);
    let grant = scene.connect().await;
    scene.source(&grant).await;
    scene.synced().await;
    scene.ada.connect_slack(&scene.app, &team()).await;
    assert_eq!(ciphertexts(&scene.app).await, 2);
    // Somebody else's stay as they are.
    let mut eve = scene.app.owner("eve").await;
    scene.github.person("eve");
    scene.github.install(9, "eve", &[]);
    eve.connect_github(&scene.app, &scene.github, "eve").await;
    let admin = scene.app.admin(&mut scene.ada).await;
    let mut member = scene.app.member(&mut scene.ada, &[]).await;
    assert_eq!(
        member.post("/integrations/revoke-all", json!({ "documents": "delete" })).await.0,
        StatusCode::FORBIDDEN
    );
    let mut admin = admin;
    let (status, said) = admin.post("/integrations/revoke-all", json!({ "documents": "delete" })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{said}");
    let receipts = scene.ada.receipts_done(&scene.clock).await;
    let of = |kind: &str| -> Vec<&Value> { receipts.iter().filter(|one| one["kind"] == kind).map(|one| &one["grant"]).collect() };
    assert_eq!(of("slack"), [&json!("revoked")], "{receipts:?}");
    assert!(of("github").contains(&&json!("revoked")), "{receipts:?}");
    assert_eq!(slack.living(), 0);
    assert!(!scene.github.is_installed(7) && scene.github.is_installed(9));
    assert_eq!(scene.ada.get("/slack").await.1["teams"], json!([]));
    sources_gone(&mut scene).await;
    assert_eq!(
        scene.ada.get(&format!("{}/documents", scene.project)).await.1["documents"],
        json!([])
    );
    // Somebody else's.
    left(&scene.app, 1).await;
    let audit = scene.ada.get("/audit").await.1.to_string();
    assert!(audit.contains("integrations.revoked"), "{audit}");
}

#[tokio::test]
async fn a_command_revokes_everything_of_the_installation() {
    let mut scene = Scene::app().await;
    let grant = scene.connect().await;
    scene.source(&grant).await;
    scene.synced().await;
    let mut eve = scene.app.owner("eve").await;
    scene.github.person("eve");
    scene.github.install(9, "eve", &[]);
    eve.connect_github(&scene.app, &scene.github, "eve").await;
    let nowhere = uuid::Uuid::now_v7().to_string();
    let (done, printed) = scene
        .app
        .command_meanwhile(&["integrations", "revoke-all", "--workspace", &nowhere])
        .await;
    assert!(!done && printed.contains("no workspace"), "{printed}");
    let (done, printed) = scene.app.command_meanwhile(&["integrations", "revoke-all"]).await;
    assert!(done && printed.contains("2 workspaces"), "{printed}");
    let receipts = scene.ada.receipts_done(&scene.clock).await;
    assert!(receipts.iter().any(|one| one["grant"] == "revoked"), "{receipts:?}");
    eve.receipts_done(&scene.clock).await;
    assert!(!scene.github.is_installed(7) && !scene.github.is_installed(9));
    left(&scene.app, 0).await;
    let documents = scene.ada.get(&format!("{}/documents", scene.project)).await.1;
    assert_eq!(
        documents["documents"].as_array().unwrap().len(),
        1,
        "kept, for nobody said otherwise"
    );
    assert!(scene.ada.get("/audit").await.1.to_string().contains("integrations.revoked"));
}

#[tokio::test]
async fn the_grants_of_a_deleted_workspace_end_with_it() {
    let mut scene = Scene::app().await;
    scene.connect().await;
    let (status, answer) = scene.ada.delete("/workspace", Some(json!({ "confirm": "ada" }))).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    for _ in 0..200 {
        if !scene.github.is_installed(7) {
            break;
        }
        scene.clock.advance(5_000);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(!scene.github.is_installed(7));
    left(&scene.app, 0).await;
}
