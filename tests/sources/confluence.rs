//! Confluence: the pages of chosen spaces, followed as they change, move and go.

use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{MINUTE_MS, SETTINGS, connect, counts, documents, names, sync_now, synced};
use crate::support::{
    Person, TestApp,
    confluence::{Confluence, SITE},
};

struct Scene {
    confluence: Confluence,
    clock: Clock,
    app: TestApp,
    ada: Person,
    project: String,
    grant: String,
    /// Numbers of pages.
    export: u64,
    refunds: u64,
    limits: u64,
}

impl Scene {
    async fn set() -> Self {
        let clock = Clock::manual(1_800_000_000_000);
        let confluence = Confluence::start(&clock).await;
        confluence.space("DOC");
        confluence.space("HR");
        let export = confluence.put(
            "DOC",
            "Export",
            "<p>To export your data, open <strong>Settings</strong> &amp; choose Export.</p>\
             <ac:structured-macro ac:name=\"note\"><ac:rich-text-body><p>The archive arrives by mail.</p></ac:rich-text-body></ac:structured-macro>",
        );
        let refunds = confluence.put("DOC", "Refunds", "<p>Refunds take five business days.</p>");
        let limits = confluence.put(
            "DOC",
            "Limits",
            "<table><tbody><tr><th>Plan</th><th>Users</th></tr><tr><td>Team</td><td>20</td></tr></tbody></table>",
        );
        confluence.put("DOC", "Empty", "<ac:structured-macro ac:name=\"children\" />");
        confluence.put("HR", "Salaries", "<p>Nobody's business.</p>");
        let app = confluence.app(SETTINGS).await;
        let mut ada = app.owner("ada").await;
        let project = ada.project("Lantern").await;
        let grants = ada.connect_at_once(&app, "confluence").await;
        assert_eq!((grants.len(), grants[0]["name"].as_str()), (1, Some("lantern")), "{grants:?}");
        let grant = grants[0]["id"].as_str().unwrap().to_owned();
        Self {
            confluence,
            clock,
            app,
            ada,
            project,
            grant,
            export,
            refunds,
            limits,
        }
    }

    async fn source(&mut self, spaces: &[&str]) -> String {
        let new = json!({ "kind": "confluence", "grant": self.grant, "config": { "spaces": spaces } });
        connect(&mut self.ada, &self.project.clone(), new).await
    }

    async fn documents(&mut self) -> Vec<Value> {
        documents(&mut self.ada, &self.project.clone()).await
    }

    async fn next_sync(&mut self, source: &str, runs: usize) -> Value {
        sync_now(&mut self.ada, source).await;
        synced(&mut self.ada, source, runs).await
    }
}

#[tokio::test]
async fn the_pages_of_a_chosen_space_are_followed_as_they_change_move_and_go() {
    let mut scene = Scene::set().await;
    let path = format!("{}/sources/choices?kind=confluence&grant={}", scene.project, scene.grant);
    let (status, choices) = scene.ada.get(&path).await;
    assert_eq!(status, StatusCode::OK, "{choices}");
    assert_eq!(
        (&choices["choices"][0]["id"], &choices["choices"][1]["id"]),
        (&json!("DOC"), &json!("HR"))
    );
    let source = scene.source(&["DOC", "LOST"]).await;
    let first = synced(&mut scene.ada, &source, 1).await;
    assert_eq!(first["runs"][0]["outcome"], "done", "{first}");
    let found = scene.documents().await;
    assert_eq!(names(&found), ["Export", "Limits", "Refunds"]);
    assert_eq!(
        found[0]["source_url"],
        format!("https://lantern.atlassian.net/wiki/spaces/DOC/pages/{}", scene.export)
    );
    let mut reasons: Vec<_> = first["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["no_text", "space_not_found"], "{first}");
    let answer = scene.ada.question(&scene.project.clone(), "How do I export my data?").await;
    assert!(answer.to_string().contains("open Settings & choose Export"), "{answer}");
    let (_, read) = scene
        .ada
        .get(&format!("{}/documents/{}", scene.project, found[1]["id"].as_str().unwrap()))
        .await;
    assert!(read["sections"].to_string().contains("Plan: Team; Users: 20"), "{read}");

    scene.confluence.edge.take();
    let second = scene.next_sync(&source, 2).await;
    assert_eq!(counts(&second), [0, 0, 0, 2, 3], "{second}");
    assert!(
        scene.confluence.edge.take().iter().all(|one| !one.path.contains("/pages/")),
        "none is read again"
    );

    scene
        .confluence
        .edit(scene.export, "<p>To export your data, write to the captain.</p>");
    scene.confluence.trash(scene.refunds);
    scene.confluence.shift(scene.limits, "HR");
    let third = scene.next_sync(&source, 3).await;
    assert_eq!(counts(&third), [0, 1, 2, 2, 0], "{third}");
    assert_eq!(names(&scene.documents().await), ["Export"]);
    let answer = scene.ada.question(&scene.project.clone(), "How long do refunds take?").await;
    assert!(!answer.to_string().contains("five business days"), "{answer}");
}

/// Atlassian cannot be asked to end an access. What it gave is used up, and people are shown where to end it.
#[tokio::test]
async fn access_to_confluence_is_renewed_each_time_with_another_token_and_used_up_at_the_end() {
    let mut scene = Scene::set().await;
    let source = scene.source(&["DOC"]).await;
    synced(&mut scene.ada, &source, 1).await;
    for run in 2..4 {
        let before = scene.confluence.renewing();
        scene.confluence.expire();
        scene.clock.advance(MINUTE_MS);
        let page = scene.next_sync(&source, run).await;
        assert_eq!(page["runs"][0]["outcome"], "done", "{page}");
        let after = scene.confluence.renewing();
        assert_eq!((before.len(), after.len()), (1, 1));
        assert_ne!(before, after);
    }
    let last = scene.confluence.renewing();
    let grant = format!("/integrations/grants/{}", scene.grant);
    let (status, receipt) = scene.ada.delete(&grant, Some(json!({ "documents": "keep" }))).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{receipt}");
    let receipts = scene.ada.receipts_done(&scene.clock).await;
    let of_grant = receipts.iter().find(|one| one["grant"] != "none").unwrap();
    assert_eq!(of_grant["grant"], "unconfirmed", "{receipts:?}");
    assert_eq!(of_grant["finish_at"], "https://id.atlassian.com/manage-profile/apps");
    assert!(!scene.confluence.renewing().contains(&last[0]), "what was stored is used up");
    assert_eq!(
        names(&scene.documents().await),
        ["Export", "Limits", "Refunds"],
        "they were to be kept"
    );
    let rows = scene.app.rows().await;
    assert!(rows.ask("select id from credential", vec![]).await.is_empty());
    rows.close().await;
}

#[tokio::test]
async fn only_keys_of_spaces_are_taken() {
    let mut scene = Scene::set().await;
    let path = format!("{}/sources", scene.project);
    for config in [
        json!({ "spaces": ["../x"] }),
        json!({ "spaces": ["DOC"], "site": "https://evil.example" }),
        json!({ "spaces": ["DOC"], "host": "evil" }),
        json!({ "spaces": "DOC" }),
    ] {
        let new = json!({ "kind": "confluence", "grant": scene.grant, "config": config });
        let (status, problem) = scene.ada.post(&path, new).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some("invalid_source_config")),
            "{problem}"
        );
    }
    let new = json!({ "kind": "confluence", "grant": scene.grant, "config": { "site": SITE, "spaces": ["DOC"] } });
    let (status, source) = scene.ada.post(&path, new).await;
    assert_eq!(status, StatusCode::CREATED, "{source}");
}
