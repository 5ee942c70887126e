//! Notion: pages and rows, followed as they change, and given up as they go.

use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{MINUTE_MS, SETTINGS, connect, counts, documents, names, page, sync_now, synced};
use crate::support::{
    Person, TestApp,
    notion::{In, Notion, paragraph},
};

/// A workspace with an account at a Notion: a handbook with a page and a table in it, and a page of something else.
struct Scene {
    notion: Notion,
    clock: Clock,
    app: TestApp,
    ada: Person,
    project: String,
    grant: String,
    handbook: String,
    export: String,
}

impl Scene {
    async fn set() -> Self {
        let clock = Clock::manual(1_800_000_000_000);
        let notion = Notion::start(&clock).await;
        let handbook = notion.put("Handbook", In::Workspace, vec![paragraph("Everything about the lantern.")]);
        let export = notion.put(
            "Export",
            In::Page(handbook.clone()),
            vec![
                paragraph("To export your data, open Settings and choose Export."),
                paragraph("The archive arrives by mail."),
                paragraph("It is kept for a week."),
            ],
        );
        let table = notion.table(&handbook);
        let row = notion.put("Refunds", In::Table(table), vec![]);
        notion.columns(&row, json!({ "Days": { "id": "d", "type": "number", "number": 14 } }));
        notion.put("Salaries", In::Workspace, vec![paragraph("Nobody's business.")]);
        // What was edited within the last minutes is read twice.
        clock.advance(10 * MINUTE_MS);
        let app = notion.app(SETTINGS).await;
        let mut ada = app.owner("ada").await;
        let project = ada.project("Lantern").await;
        let grants = ada.connect_at_once(&app, "notion").await;
        assert_eq!((grants.len(), grants[0]["name"].as_str()), (1, Some("Lantern Works")), "{grants:?}");
        let grant = grants[0]["id"].as_str().unwrap().to_owned();
        Self {
            notion,
            clock,
            app,
            ada,
            project,
            grant,
            handbook,
            export,
        }
    }

    async fn source(&mut self, pages: &[&str]) -> String {
        let new = json!({ "kind": "notion", "grant": self.grant, "config": { "pages": pages } });
        connect(&mut self.ada, &self.project.clone(), new).await
    }

    async fn documents(&mut self) -> Vec<Value> {
        documents(&mut self.ada, &self.project.clone()).await
    }

    /// Some minutes later, so that what was edited is seen to be.
    async fn next_sync(&mut self, source: &str, runs: usize) -> Value {
        self.clock.advance(10 * MINUTE_MS);
        sync_now(&mut self.ada, source).await;
        synced(&mut self.ada, source, runs).await
    }
}

#[tokio::test]
async fn what_is_below_a_chosen_page_of_notion_is_followed_as_it_changes_and_goes() {
    let mut scene = Scene::set().await;
    let path = format!("{}/sources/choices?kind=notion&grant={}&search=hand", scene.project, scene.grant);
    let (status, choices) = scene.ada.get(&path).await;
    assert_eq!(status, StatusCode::OK, "{choices}");
    let handbook = scene.handbook.clone();
    assert_eq!(choices["choices"][0]["id"], handbook.replace('-', ""), "{choices}");
    let source = scene.source(&[&handbook]).await;
    let first = synced(&mut scene.ada, &source, 1).await;
    assert_eq!(first["runs"][0]["outcome"], "done", "{first}");
    let found = scene.documents().await;
    assert_eq!(names(&found), ["Export", "Handbook", "Refunds"]);
    assert!(
        found
            .iter()
            .all(|one| one["status"] == "ready" && one["source"]["kind"] == "notion"),
        "{found:?}"
    );
    let answer = scene.ada.question(&scene.project.clone(), "How do I export my data?").await;
    let (link, page) = (&answer["citations"][0]["link"], scene.export.replace('-', ""));
    assert!(
        link.as_str()
            .unwrap()
            .starts_with(&format!("https://www.notion.so/{page}#:~:text=")),
        "{answer}"
    );

    // As it is: nothing is read again.
    scene.notion.edge.take();
    let second = scene.next_sync(&source, 2).await;
    assert_eq!(counts(&second), [0, 0, 0, 0, 3], "{second}");
    assert!(scene.notion.edge.take().iter().all(|one| !one.path.contains("/blocks/")));

    scene
        .notion
        .edit(&scene.export, vec![paragraph("To export your data, write to the captain.")]);
    scene.notion.trash(&handbook);
    scene.clock.advance(10 * MINUTE_MS);
    let third = scene.next_sync(&source, 3).await;
    // The page that was chosen is in the trash: that is told of. The rest is still shared, and still below it.
    assert_eq!(counts(&third), [0, 1, 1, 1, 1], "{third}");
    assert_eq!(third["skipped"][0]["code"], "not_shared", "{third}");
    let answer = scene.ada.question(&scene.project.clone(), "How do I export my data?").await;
    assert!(
        answer.to_string().contains("captain") && !answer.to_string().contains("choose Export"),
        "{answer}"
    );

    let export = scene.export.clone();
    scene.notion.unshare(&export);
    let fourth = scene.next_sync(&source, 4).await;
    assert_eq!(fourth["runs"][0]["removed"], 1, "{fourth}");
    assert_eq!(names(&scene.documents().await), ["Refunds"]);
    let answer = scene.ada.question(&scene.project.clone(), "How do I export my data?").await;
    assert!(!answer.to_string().contains("captain"), "{answer}");
}

#[tokio::test]
async fn everything_that_is_shared_is_read_where_nothing_was_chosen() {
    let mut scene = Scene::set().await;
    let source = scene.source(&[]).await;
    synced(&mut scene.ada, &source, 1).await;
    assert_eq!(names(&scene.documents().await), ["Export", "Handbook", "Refunds", "Salaries"]);
    // With another choice the rest goes.
    let change = json!({ "config": { "pages": [scene.export] } });
    let (status, changed) = scene.ada.patch(&source, change).await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    for _ in 0..400 {
        if names(&scene.documents().await) == ["Export"] {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{:?}", names(&scene.documents().await));
}

#[tokio::test]
async fn a_sync_of_notion_waits_as_long_as_it_is_asked_to_and_renews_what_is_over() {
    let mut scene = Scene::set().await;
    scene.notion.once("/v1/search", 429, Some(300));
    let export = scene.export.clone();
    let source = scene.source(&[&export]).await;
    let mut seen = Value::Null;
    for _ in 0..400 {
        seen = page(&mut scene.ada, &source).await;
        if seen["source"]["sync"]["waiting"] == true && seen["source"]["sync"]["phase"] == "listing" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(
        (&seen["source"]["sync"]["waiting"], &seen["source"]["sync"]["phase"]),
        (&json!(true), &json!("listing")),
        "{seen}"
    );
    assert!(seen["runs"].as_array().unwrap().is_empty());
    let before = scene.notion.edge.take().len();
    assert!(before > 0);
    scene.clock.advance(299_000);
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert!(scene.notion.edge.take().is_empty(), "it was asked too early");
    scene.notion.expire();
    scene.clock.advance(2_000);
    synced(&mut scene.ada, &source, 1).await;
    assert_eq!(names(&scene.documents().await), ["Export"]);
    let asked = scene.notion.edge.take();
    let renewed = asked.iter().filter(|one| one.field("grant_type") == "refresh_token").count();
    assert_eq!(renewed, 1);

    // Somebody ended the connection at Notion.
    scene.notion.end();
    let ended = scene.next_sync(&source, 2).await;
    assert_eq!(ended["source"]["state"], "reconnect", "{ended}");
    assert_eq!(ended["runs"][0]["problem"]["code"], "reconnect", "{ended}");
    assert_eq!(names(&scene.documents().await), ["Export"], "what is known stays");
}

#[tokio::test]
async fn an_account_at_notion_is_ended_there_and_what_came_of_it_goes() {
    let mut scene = Scene::set().await;
    let export = scene.export.clone();
    let source = scene.source(&[&export]).await;
    synced(&mut scene.ada, &source, 1).await;
    assert_eq!(scene.notion.living().len(), 2);
    let grant = format!("/integrations/grants/{}", scene.grant);
    let (status, receipt) = scene.ada.delete(&grant, Some(json!({ "documents": "delete" }))).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{receipt}");
    let receipts = scene.ada.receipts_done(&scene.clock).await;
    assert!(
        receipts.iter().any(|one| one["kind"] == "notion" && one["grant"] == "revoked"),
        "{receipts:?}"
    );
    assert!(scene.notion.living().is_empty(), "neither token is good for anything");
    assert!(scene.documents().await.is_empty());
    // No ciphertext either.
    super::grants::left(&scene.app, 0).await;
}
