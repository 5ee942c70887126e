//! What is left over when something ends: tokens that nobody uses, and receipts.

use actors::faults::{Effect, Point, clear, inject};
use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{MINUTE_MS, SETTINGS, connect, documents, synced};
use crate::support::{
    Person, TestApp,
    connect::Way,
    notion::{In, Notion, paragraph},
};

async fn workspace() -> (Notion, Clock, TestApp, Person) {
    let clock = Clock::manual(1_800_000_000_000);
    let notion = Notion::start(&clock).await;
    notion.put("Handbook", In::Workspace, vec![paragraph("Everything about the lantern.")]);
    clock.advance(10 * MINUTE_MS);
    let app = notion.app(SETTINGS).await;
    let ada = app.owner("ada").await;
    (notion, clock, app, ada)
}

/// Goes to Notion, agrees there, and finishes; the answer.
async fn finish(app: &TestApp, person: &Person) -> (StatusCode, Value) {
    let way = Way::begin(app, person, "notion").await;
    let code = way.agreed().await;
    let (what, ticket) = way.told(&[("code", &code)]).await;
    assert_eq!(what, "ticket", "{ticket}");
    way.finish(&ticket).await
}

/// Waits until nothing that Notion gave out is good for anything.
async fn all_over(notion: &Notion, clock: &Clock) {
    for _ in 0..400 {
        if notion.living().is_empty() {
            return;
        }
        clock.advance(5_000);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("tokens that nobody uses are good: {:?}", notion.living());
}

#[tokio::test]
async fn tokens_of_which_nobody_can_be_found_are_ended_at_their_provider() {
    let (notion, clock, app, mut ada) = workspace().await;
    notion.once("/v1/users/me", 500, None);
    // The provider does not take their end at first, either.
    notion.once("/v1/oauth/revoke", 503, None);
    let (status, problem) = finish(&app, &ada).await;
    assert!(status.is_server_error(), "{problem}");
    all_over(&notion, &clock).await;
    let (_, all) = ada.get("/integrations").await;
    assert_eq!((&all["grants"], &all["receipts"]), (&json!([]), &json!([])), "{all}");
}

#[tokio::test]
async fn tokens_that_cannot_be_stored_are_ended_at_their_provider() {
    let (notion, clock, app, mut ada) = workspace().await;
    let session = ada.get("/session").await.1;
    let tenant = session["workspace"]["id"].as_str().unwrap().parse().unwrap();
    inject(tenant, Point::Commit, Effect::Refuse, 1_000);
    let (status, problem) = finish(&app, &ada).await;
    clear(tenant);
    assert!(status.is_server_error(), "{problem}");
    all_over(&notion, &clock).await;
    let (_, all) = ada.get("/integrations").await;
    assert_eq!(all["grants"], json!([]), "{all}");
    // A moment's trouble is another matter: it is tried again, and the tokens are kept.
    inject(tenant, Point::Commit, Effect::Refuse, 1);
    let (status, connected) = finish(&app, &ada).await;
    clear(tenant);
    assert_eq!(status, StatusCode::CREATED, "{connected}");
    assert_eq!(notion.living().len(), 2);
}

#[tokio::test]
async fn an_account_that_is_disconnected_has_one_receipt_for_itself_and_its_sources() {
    let (notion, clock, app, mut ada) = workspace().await;
    notion.put("Export", In::Workspace, vec![paragraph("Open Settings and choose Export.")]);
    clock.advance(10 * MINUTE_MS);
    let grants = ada.connect_at_once(&app, "notion").await;
    let mut projects = Vec::new();
    for name in ["Lantern", "Lamp"] {
        let project = ada.project(name).await;
        let source = connect(
            &mut ada,
            &project,
            json!({ "kind": "notion", "grant": grants[0]["id"], "config": { "pages": [] } }),
        )
        .await;
        synced(&mut ada, &source, 1).await;
        projects.push(project);
    }
    let grant = format!("/integrations/grants/{}", grants[0]["id"].as_str().unwrap());
    let (status, receipt) = ada.delete(&grant, Some(json!({ "documents": "delete" }))).await;
    assert_eq!((status, &receipt["documents_left"]), (StatusCode::ACCEPTED, &json!(4)), "{receipt}");
    let receipts = ada.receipts_done(&clock).await;
    assert_eq!(receipts.len(), 1, "{receipts:?}");
    assert_eq!(
        (&receipts[0]["id"], &receipts[0]["grant"], &receipts[0]["documents_done"]),
        (&receipt["id"], &json!("revoked"), &json!(4)),
        "{receipts:?}"
    );
    for project in projects {
        assert!(documents(&mut ada, &project).await.is_empty());
    }
}

#[tokio::test]
async fn receipts_are_shown_page_after_page_and_each_with_its_own_sum() {
    let (notion, clock, app, mut ada) = workspace().await;
    let project = ada.project("Lantern").await;
    let grants = ada.connect_at_once(&app, "notion").await;
    let source = connect(
        &mut ada,
        &project,
        json!({ "kind": "notion", "grant": grants[0]["id"], "config": { "pages": [] } }),
    )
    .await;
    synced(&mut ada, &source, 1).await;
    let grant = format!("/integrations/grants/{}", grants[0]["id"].as_str().unwrap());
    let (_, first) = ada.delete(&grant, Some(json!({ "documents": "delete" }))).await;
    ada.receipts_done(&clock).await;
    // More than one page of them is younger.
    for _ in 0..55 {
        let grants = ada.connect_at_once(&app, "notion").await;
        let grant = format!("/integrations/grants/{}", grants[0]["id"].as_str().unwrap());
        let (status, receipt) = ada.delete(&grant, Some(json!({ "documents": "keep" }))).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{receipt}");
    }
    let (_, all) = ada.get("/integrations").await;
    assert_eq!(all["receipts"].as_array().unwrap().len(), 50);
    let (status, rest) = ada
        .get(&format!("/integrations/receipts?before={}", all["receipts_next"].as_str().unwrap()))
        .await;
    assert_eq!(status, StatusCode::OK, "{rest}");
    let rest_of: Vec<&Value> = rest["receipts"].as_array().unwrap().iter().collect();
    assert_eq!((rest_of.len(), &rest["next"]), (6, &Value::Null), "{rest}");
    assert_eq!(
        (&rest_of[5]["id"], &rest_of[5]["documents_done"]),
        (&first["id"], &json!(1)),
        "with the documents of its source: {rest}"
    );
    let (status, problem) = ada.get("/integrations/receipts?before=never").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    drop((notion, app));
}
