//! What providers tell by themselves: a page that is deleted there is gone here at once.

use std::{os::unix::fs::PermissionsExt, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use pernoex::Clock;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use super::{MINUTE_MS, SETTINGS, connect, documents, names, page, sync_now, synced};
use crate::support::{
    Person, TestApp,
    github::GitHub,
    notion::{In, Notion, paragraph},
    slack::{Sender, Slack, team},
};

const SECRET: &str = "It's a Secret to Everybody";
const TOKEN: &str = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
const NAME: &str = "acme/lantern";

fn mac(secret: &str, body: &str) -> String {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sends what is signed by a secret; the status.
async fn tell(app: &TestApp, (path, header, secret): (&str, &str, &str), name: &str, body: &Value) -> StatusCode {
    let body = body.to_string();
    let request = Client::new().post(format!("{}/webhooks/{path}", app.url));
    let request = request
        .header(header, format!("sha256={}", mac(secret, &body)))
        .header("x-github-event", name);
    request.body(body).send().await.unwrap().status()
}

/// Waits until an answer does not hold something any more. No sync has ended by then.
async fn silent(person: &mut Person, project: &str, question: &str, word: &str) {
    for _ in 0..100 {
        if !person.question(project, question).await.to_string().contains(word) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it is still answered from: {}", person.question(project, question).await);
}

async fn told_of(person: &mut Person) -> Vec<Value> {
    person.receipts().await.into_iter().filter(|one| one["cause"] == "told").collect()
}

struct AtGitHub {
    github: GitHub,
    app: TestApp,
    ada: Person,
    project: String,
    source: String,
}

impl AtGitHub {
    async fn set() -> Self {
        let clock = Clock::manual(Clock::system().now());
        let github = GitHub::start(&clock).await;
        github.person("ada");
        let files = [
            ("docs/export.md", "# Export\n\nTo export your data, press the swordfish button.\n"),
            ("docs/refunds.md", "# Refunds\n\nRefunds take five business days.\n"),
        ];
        github.repository(NAME, &["ada"], &files);
        github.repository("acme/other", &["ada"], &[("a.md", "# Other\n\nThe other one is about birds.\n")]);
        github.install(7, "ada", &[NAME, "acme/other"]);
        let app = github.server(&github.app_settings(), &[("GITHUB_WEBHOOK_SECRET", SECRET)]).await;
        let mut ada = app.owner("ada").await;
        let project = ada.project("Lantern").await;
        let grants = ada.connect_github(&app, &github, "ada").await;
        let config = json!({ "repositories": [{ "full_name": NAME }, { "full_name": "acme/other" }] });
        let source = connect(
            &mut ada,
            &project,
            json!({ "kind": "github", "grant": grants[0]["id"], "config": config }),
        )
        .await;
        synced(&mut ada, &source, 1).await;
        // What is told shall come before any sync does.
        github.is_slow(Duration::from_secs(1));
        Self {
            github,
            app,
            ada,
            project,
            source,
        }
    }

    async fn tell(&self, name: &str, mut body: Value) -> StatusCode {
        body["installation"] = json!({ "id": 7 });
        tell(&self.app, ("github", "x-hub-signature-256", SECRET), name, &body).await
    }

    async fn documents(&mut self) -> Vec<Value> {
        documents(&mut self.ada, &self.project.clone()).await
    }
}

#[tokio::test]
async fn a_file_that_a_push_removes_is_gone_at_once_with_a_receipt() {
    let mut scene = AtGitHub::set().await;
    let project = scene.project.clone();
    let answer = scene.ada.question(&project, "How do I export my data?").await;
    assert!(answer.to_string().contains("swordfish"), "{answer}");
    scene.github.delete(NAME, "docs/export.md");
    let push = json!({
        "ref": "refs/heads/main", "repository": { "id": 1, "full_name": "Acme/Lantern" },
        "commits": [{ "id": "c1", "added": [], "modified": [], "removed": ["docs/export.md"] }],
    });
    assert_eq!(scene.tell("push", push.clone()).await, StatusCode::NO_CONTENT);
    silent(&mut scene.ada, &project, "How do I export my data?", "swordfish").await;
    let receipts = told_of(&mut scene.ada).await;
    assert_eq!(receipts.len(), 1, "{receipts:?}");
    assert_eq!(
        (&receipts[0]["kind"], &receipts[0]["documents_done"], &receipts[0]["documents"]),
        (&json!("github"), &json!(1), &json!("delete")),
        "{receipts:?}"
    );
    // The rest stays, and the sync that follows finds nothing more to do.
    let after = synced(&mut scene.ada, &scene.source.clone(), 2).await;
    assert_eq!(after["runs"][0]["outcome"], "done", "{after}");
    assert_eq!(scene.documents().await.len(), 2);

    // Once more, word for word: known. Nothing of ours: acknowledged.
    assert_eq!(scene.tell("push", push).await, StatusCode::NO_CONTENT);
    let unknown = json!({
        "ref": "refs/heads/main", "repository": { "full_name": "acme/unknown" },
        "commits": [{ "added": [], "modified": [], "removed": ["docs/refunds.md"] }],
    });
    assert_eq!(scene.tell("push", unknown).await, StatusCode::NO_CONTENT);
    assert_eq!(
        scene.tell("ping", json!({ "zen": "Keep it logically awesome." })).await,
        StatusCode::NO_CONTENT
    );
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(scene.documents().await.len(), 2);
    assert_eq!(told_of(&mut scene.ada).await.len(), 1);
}

#[tokio::test]
async fn a_repository_out_of_reach_and_an_app_taken_out_leave_nothing_to_answer_from() {
    let mut scene = AtGitHub::set().await;
    let project = scene.project.clone();
    scene
        .github
        .change_installation(7, |installation| installation.repositories.retain(|name| name != NAME));
    let removed =
        json!({ "action": "removed", "repositories_removed": [{ "id": 1, "full_name": NAME, "private": true }], "repositories_added": [] });
    assert_eq!(scene.tell("installation_repositories", removed).await, StatusCode::NO_CONTENT);
    silent(&mut scene.ada, &project, "How do I export my data?", "swordfish").await;
    synced(&mut scene.ada, &scene.source.clone(), 2).await;
    assert_eq!(scene.documents().await.len(), 1);

    scene.github.uninstall(7);
    assert_eq!(
        scene.tell("installation", json!({ "action": "deleted" })).await,
        StatusCode::NO_CONTENT
    );
    silent(&mut scene.ada, &project, "What is the other one about?", "birds").await;
    assert!(scene.documents().await.is_empty());
    let (_, all) = scene.ada.get("/integrations").await;
    assert_eq!(all["grants"][0]["state"], "broken", "{all}");
    let receipts = told_of(&mut scene.ada).await;
    assert_eq!(
        (receipts.len(), &receipts[0]["documents_done"]),
        (1, &json!(3)),
        "one a day: {receipts:?}"
    );
}

#[tokio::test]
async fn what_is_not_signed_by_github_or_notion_changes_nothing() {
    let mut scene = AtGitHub::set().await;
    let body = json!({ "action": "deleted", "installation": { "id": 7 } });
    let forged = tell(
        &scene.app,
        ("github", "x-hub-signature-256", "another secret"),
        "installation",
        &body,
    )
    .await;
    assert_eq!(forged, StatusCode::UNAUTHORIZED);
    let unsigned = Client::new()
        .post(format!("{}/webhooks/github", scene.app.url))
        .body(body.to_string());
    assert_eq!(unsigned.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    // No Notion is set up here.
    let nobody = tell(&scene.app, ("notion", "x-notion-signature", TOKEN), "", &json!({})).await;
    assert_eq!(nobody, StatusCode::SERVICE_UNAVAILABLE);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(scene.documents().await.len(), 3);
}

struct AtNotion {
    notion: Notion,
    clock: Clock,
    app: TestApp,
    ada: Person,
    project: String,
    handbook: String,
    export: String,
}

impl AtNotion {
    /// A handbook with a page in it, and the source that reads it.
    async fn set() -> (Self, String) {
        let clock = Clock::manual(1_800_000_000_000);
        let notion = Notion::start(&clock).await;
        let handbook = notion.put("Handbook", In::Workspace, vec![paragraph("Everything about the lantern.")]);
        let export = notion.put(
            "Export",
            In::Page(handbook.clone()),
            vec![paragraph("To export your data, press the swordfish button.")],
        );
        notion.put("Elsewhere", In::Workspace, vec![paragraph("Nobody's business.")]);
        clock.advance(10 * MINUTE_MS);
        let app = notion.app(&[SETTINGS, [("NOTION_WEBHOOK_TOKEN", TOKEN)].as_slice()].concat()).await;
        let mut ada = app.owner("ada").await;
        let project = ada.project("Lantern").await;
        let grants = ada.connect_at_once(&app, "notion").await;
        let config = json!({ "pages": [handbook] });
        let source = connect(
            &mut ada,
            &project,
            json!({ "kind": "notion", "grant": grants[0]["id"], "config": config }),
        )
        .await;
        synced(&mut ada, &source, 1).await;
        let scene = Self {
            notion,
            clock,
            app,
            ada,
            project,
            handbook,
            export,
        };
        (scene, source)
    }

    async fn tell(&self, kind: &str, page: &str) -> StatusCode {
        let body = json!({
            "id": uuid::Uuid::new_v4().to_string(), "timestamp": "2026-01-01T00:00:00.000Z", "type": kind, "workspace_id": "w0",
            "accessible_by": [{ "id": "b0", "type": "bot" }], "entity": { "id": page, "type": "page" }, "data": {},
        });
        tell(&self.app, ("notion", "x-notion-signature", TOKEN), "", &body).await
    }

    async fn documents(&mut self) -> Vec<Value> {
        documents(&mut self.ada, &self.project.clone()).await
    }
}

#[tokio::test]
async fn a_page_that_notion_tells_is_deleted_is_gone_at_once_with_what_is_below_it() {
    let (mut scene, source) = AtNotion::set().await;
    let project = scene.project.clone();
    let answer = scene.ada.question(&project, "How do I export my data?").await;
    assert!(answer.to_string().contains("swordfish"), "{answer}");
    // The next sync does not get there.
    scene.notion.once("/v1/search", 429, Some(3_000));
    scene.notion.trash(&scene.export);
    assert_eq!(scene.tell("page.deleted", &scene.export.clone()).await, StatusCode::NO_CONTENT);
    silent(&mut scene.ada, &project, "How do I export my data?", "swordfish").await;
    assert_eq!(names(&scene.documents().await), ["Handbook"]);
    assert_eq!(
        page(&mut scene.ada, &source).await["runs"].as_array().unwrap().len(),
        1,
        "no sync came to an end"
    );
    let receipts = told_of(&mut scene.ada).await;
    assert_eq!((receipts.len(), &receipts[0]["kind"]), (1, &json!("notion")), "{receipts:?}");

    // Something that nobody here has, and an event that asks for nothing.
    assert_eq!(
        scene.tell("page.deleted", &uuid::Uuid::new_v4().to_string()).await,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        scene.tell("page.content_updated", &scene.handbook.clone()).await,
        StatusCode::NO_CONTENT
    );
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(names(&scene.documents().await), ["Handbook"]);
}

#[tokio::test]
async fn a_page_that_was_moved_goes_when_it_left_what_was_chosen_and_stays_when_it_did_not() {
    let (mut scene, _) = AtNotion::set().await;
    let (project, export) = (scene.project.clone(), scene.export.clone());
    assert_eq!(scene.tell("page.moved", &export).await, StatusCode::NO_CONTENT);
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    assert_eq!(names(&scene.documents().await), ["Export", "Handbook"], "it is where it was");
    scene.notion.shift(&export, In::Workspace);
    assert_eq!(scene.tell("page.moved", &export).await, StatusCode::NO_CONTENT);
    silent(&mut scene.ada, &project, "How do I export my data?", "swordfish").await;
    scene.clock.advance(MINUTE_MS);
    assert_eq!(names(&scene.documents().await), ["Handbook"]);
}

/// Whoever sets up a subscription is given a token by way of this server, and hands it to Notion and to the server's settings.
#[tokio::test]
async fn the_token_of_a_subscription_is_kept_for_who_runs_the_server_until_it_is_a_setting() {
    let clock = Clock::manual(1_800_000_000_000);
    let notion = Notion::start(&clock).await;
    let app = notion.app(SETTINGS).await;
    let shake = async |app: &TestApp, body: Value| {
        let request = Client::new().post(format!("{}/webhooks/notion", app.url)).json(&body);
        request.send().await.unwrap().status()
    };
    assert_eq!(
        shake(&app, json!({ "verification_token": "<script>" })).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(shake(&app, json!({ "verification_token": TOKEN })).await, StatusCode::NO_CONTENT);
    let kept = app.data().join("notion-webhook-token");
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), TOKEN);
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    // Whoever sends another one does not take its place.
    let another = TOKEN.replace("tMrl", "aaaa");
    assert_eq!(
        shake(&app, json!({ "verification_token": another })).await,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), TOKEN);
    std::fs::remove_file(&kept).unwrap();
    assert_eq!(shake(&app, json!({ "verification_token": another })).await, StatusCode::NO_CONTENT);
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), another);
    // It opens nothing yet: what is signed with it is for nobody to believe.
    let signed = tell(
        &app,
        ("notion", "x-notion-signature", TOKEN),
        "",
        &json!({ "id": "e1", "type": "page.deleted" }),
    )
    .await;
    assert_eq!(signed, StatusCode::SERVICE_UNAVAILABLE);
    let app = notion.app(&[SETTINGS, [("NOTION_WEBHOOK_TOKEN", TOKEN)].as_slice()].concat()).await;
    assert_eq!(
        shake(&app, json!({ "verification_token": TOKEN })).await,
        StatusCode::UNAUTHORIZED,
        "from then on all is signed"
    );
    assert!(!app.data().join("notion-webhook-token").exists());
}

#[tokio::test]
async fn a_channel_that_is_deleted_or_left_is_gone_at_once_and_a_new_connection_reads_it_again() {
    let slack = Slack::start().await;
    slack.channels(|said| {
        said.channel("C1", "help", true);
        said.person("U1", "Ada");
        said.say("C1", ("1700000000.000100", None), "U1", "How do I export my data?");
        said.say(
            "C1",
            ("1700000001.000100", Some("1700000000.000100")),
            "U1",
            "Press the swordfish button.",
        );
    });
    let clock = Clock::manual(1_800_000_000_000);
    let app = slack
        .app(clock.clone(), &[SETTINGS, [("SLACK_SOURCES", "yes")].as_slice()].concat())
        .await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let team = team();
    ada.connect_slack(&app, &team).await;
    let config = json!({ "channels": [{ "id": "C1", "name": "help" }] });
    let source = connect(&mut ada, &project, json!({ "kind": "slack", "team": team, "config": config })).await;
    synced(&mut ada, &source, 1).await;
    assert!(
        ada.question(&project, "How do I export my data?")
            .await
            .to_string()
            .contains("swordfish")
    );
    slack.channels(|said| said.kick("C1"));
    let sender = Sender::to(&app, &clock);
    sender.event(&team, json!({ "type": "channel_left", "channel": "C1" })).await;
    silent(&mut ada, &project, "How do I export my data?", "swordfish").await;
    let receipts = told_of(&mut ada).await;
    assert_eq!((receipts.len(), &receipts[0]["kind"]), (1, &json!("slack")), "{receipts:?}");
    synced(&mut ada, &source, 2).await;
    sender.event(&team, json!({ "type": "channel_deleted", "channel": "C9" })).await;
    let deliveries = ada.slack_settled(2).await;
    assert_eq!(deliveries[0]["state"], "ignored", "{deliveries:?}");

    // The team is connected anew: its sources begin at once, and not with the next sync that is due.
    slack.channels(|said| {
        said.channel("C1", "help", true);
        said.say("C1", ("1700000000.000100", None), "U1", "How do I export my data?");
        said.say(
            "C1",
            ("1700000001.000100", Some("1700000000.000100")),
            "U1",
            "Press the swordfish button.",
        );
    });
    ada.connect_slack(&app, &team).await;
    let again = synced(&mut ada, &source, 3).await;
    assert_eq!(again["runs"][0]["added"], 1, "{again}");
}

/// What Slack refuses to the whole app says nothing of what it was asked for.
#[tokio::test]
async fn an_organisation_that_locks_the_app_out_stops_the_source_and_nothing_is_taken_for_gone() {
    let slack = Slack::start().await;
    slack.channels(|said| {
        said.channel("C1", "help", true);
        said.person("U1", "Ada");
        said.say("C1", ("1799999000.000100", None), "U1", "How do I export my data?");
        said.say(
            "C1",
            ("1799999001.000100", Some("1799999000.000100")),
            "U1",
            "Press the swordfish button.",
        );
    });
    let clock = Clock::manual(1_800_000_000_000);
    let app = slack
        .app(clock.clone(), &[SETTINGS, [("SLACK_SOURCES", "yes")].as_slice()].concat())
        .await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let team = team();
    ada.connect_slack(&app, &team).await;
    let config = json!({ "channels": [{ "id": "C1", "name": "help" }] });
    let source = connect(&mut ada, &project, json!({ "kind": "slack", "team": team, "config": config })).await;
    synced(&mut ada, &source, 1).await;
    for method in ["conversations.replies", "conversations.history"] {
        slack.refuse_once(method, "org_login_required");
        let runs = page(&mut ada, &source).await["runs"].as_array().unwrap().len();
        sync_now(&mut ada, &source).await;
        let stopped = synced(&mut ada, &source, runs + 1).await;
        assert_eq!(
            (&stopped["runs"][0]["outcome"], &stopped["runs"][0]["removed"]),
            (&json!("failed"), &json!(0)),
            "{method}: {stopped}"
        );
        assert!(
            stopped["runs"][0]["problem"]["detail"]
                .as_str()
                .unwrap()
                .contains("org_login_required"),
            "{stopped}"
        );
        assert_eq!(documents(&mut ada, &project).await.len(), 1, "{method}");
    }
}
