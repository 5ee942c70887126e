//! What operators do to actors, whichever node a balancer leads them to.

use std::time::Duration;

use actors::{
    TenantId,
    faults::{Effect, Point, clear, inject},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::at;
use crate::support::{Person, TestApp, until};

/// Sooner than a quarantine ends by itself.
const PATIENCE: Duration = Duration::from_secs(12);

const ACTORS: &str = "/operator/api/actors";

/// The actors that the node knows of the tenant.
async fn known(operator: &mut Person, tenant: &str) -> Vec<Value> {
    let (status, page) = operator.get(&format!("{ACTORS}?tenant={tenant}")).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    page["tenants"][0]["actors"].as_array().cloned().unwrap_or_default()
}

fn has_project(actors: &[Value]) -> bool {
    actors.iter().any(|actor| actor["kind"] == "project")
}

#[tokio::test]
async fn what_an_operator_asks_one_node_for_is_done_in_the_others_too() {
    let Some(app) = TestApp::several(3, &[]).await else { return };
    let nodes = app.each_node();
    let operator = app.operator().await;
    let mut asked = at(&operator, &nodes[0]);
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let tenant = ada.get("/session").await.1["workspace"]["id"].as_str().unwrap().to_owned();
    let id: TenantId = tenant.parse().unwrap();
    let name = format!("{tenant}.project.{}", project.rsplit('/').next().unwrap());
    let path = format!("{project}/documents");

    // Gone from all of them, quarantined in two, and reset by way of the third.
    let (status, done) = asked.post(&format!("{ACTORS}/{name}/evict"), json!({})).await;
    assert_eq!(status, StatusCode::OK, "{done}");
    for node in &nodes {
        let mut there = at(&operator, node);
        until("the project's eviction", PATIENCE, async || {
            !has_project(&known(&mut there, &tenant).await)
        })
        .await;
    }
    inject(id, Point::Serve("project"), Effect::Panic, 1_000);
    for node in &nodes[1..] {
        let (mut there, mut watching) = (at(&ada, node), at(&operator, node));
        until("the quarantine", PATIENCE, async || {
            there.get(&path).await;
            known(&mut watching, &tenant)
                .await
                .iter()
                .any(|actor| actor["state"] == "quarantined")
        })
        .await;
    }
    clear(id);
    assert!(!has_project(&known(&mut asked, &tenant).await), "others do it");
    let (status, done) = asked.post(&format!("{ACTORS}/{name}/reset"), json!({})).await;
    assert_eq!(status, StatusCode::OK, "{done}");
    for node in &nodes[1..] {
        let mut there = at(&ada, node);
        until("the reset", PATIENCE, async || there.get(&path).await.0 == StatusCode::OK).await;
    }

    // And let go of in all three.
    let (status, done) = asked.post(&format!("{ACTORS}/{tenant}.tenant/evict"), json!({})).await;
    assert_eq!(status, StatusCode::OK, "{done}");
    for node in &nodes {
        let mut there = at(&operator, node);
        until("the eviction", PATIENCE, async || known(&mut there, &tenant).await.is_empty()).await;
    }
    for node in &nodes {
        assert_eq!(at(&ada, node).get(&path).await.0, StatusCode::OK, "and it comes back");
    }

    // What lives nowhere is not there, however many nodes were asked.
    let nowhere = format!("{ACTORS}/{}.vault/reset", TenantId::new());
    assert_eq!(asked.post(&nowhere, json!({})).await.0, StatusCode::NOT_FOUND);
    let acts = asked.get("/operator/api/acts").await.1["acts"].as_array().unwrap().clone();
    let told: Vec<_> = acts
        .iter()
        .map(|act| (act["act"].as_str().unwrap(), act["outcome"].as_str().unwrap()))
        .collect();
    let expected = [("reset", "not there"), ("evict", "done"), ("reset", "done"), ("evict", "done")];
    assert_eq!(told, expected, "each is written down once");
}
