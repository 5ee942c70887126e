//! Providers that are down, lie, or turn everybody away: a sync then fails and says so, and nothing that was read is called gone.

use pernoex::Clock;
use serde_json::{Value, json};

use super::{MINUTE_MS, SETTINGS, connect, documents, names, page, sync_now, synced, synced_by};
use crate::support::{
    Person, TestApp,
    confluence::Confluence,
    github::GitHub,
    notion::{In, Notion, paragraph},
    provider::{Reply, outages},
    site::{Page, Site, article},
    slack::{Slack, team},
};

/// A source that was read once, with what came of it.
struct Scene {
    app: TestApp,
    clock: Clock,
    ada: Person,
    project: String,
    source: String,
    known: Vec<String>,
    runs: usize,
}

impl Scene {
    async fn of(app: TestApp, clock: &Clock, mut ada: Person, body: Value) -> Self {
        let project = ada.project("Lantern").await;
        let source = connect(&mut ada, &project, body).await;
        synced(&mut ada, &source, 1).await;
        let found = documents(&mut ada, &project).await;
        let known: Vec<String> = names(&found).into_iter().map(str::to_owned).collect();
        assert!(known.len() >= 2, "{known:?}");
        Self {
            app,
            clock: clock.clone(),
            ada,
            project,
            source,
            known,
            runs: 1,
        }
    }

    async fn next(&mut self) -> Value {
        self.runs += 1;
        self.clock.advance(10 * MINUTE_MS);
        sync_now(&mut self.ada, &self.source).await;
        synced_by(&self.clock, &mut self.ada, &self.source, self.runs).await
    }

    async fn has_all(&mut self, what: &str) {
        let found = documents(&mut self.ada, &self.project).await;
        assert_eq!(names(&found), self.known, "{what}");
    }

    /// A sync that cannot succeed; what is known stays.
    async fn fails(&mut self, what: &str) -> Value {
        let page = self.next().await;
        assert_eq!(page["runs"][0]["outcome"], "failed", "{what}: {page}");
        assert_eq!(page["runs"][0]["removed"], 0, "{what}: {page}");
        assert!(
            page["source"]["sync"]["problem"]["detail"]
                .as_str()
                .is_some_and(|why| !why.is_empty()),
            "{what}: {page}"
        );
        self.has_all(what).await;
        page
    }

    /// Everything is as it was before.
    async fn heals(&mut self) {
        let page = self.next().await;
        assert_eq!(
            (&page["runs"][0]["outcome"], &page["runs"][0]["removed"]),
            (&json!("done"), &json!(0)),
            "{page}"
        );
        assert_eq!(page["source"]["sync"]["problem"], Value::Null, "{page}");
        self.has_all("healed").await;
    }

    async fn goes_through(&mut self, tell: impl Fn(Option<Reply>)) {
        for (what, reply) in outages() {
            tell(Some(reply));
            self.fails(what).await;
        }
        tell(None);
        self.heals().await;
    }
}

fn start() -> Clock {
    Clock::manual(1_800_000_000_000)
}

async fn github(clock: &Clock) -> (GitHub, Scene) {
    let github = GitHub::start(clock).await;
    let files = [("a.md", "# Export\n\nOpen Settings.\n"), ("b.md", "# Refunds\n\nFive days.\n")];
    github.repository("ada/lantern", &["ada"], &files);
    github.person("ada");
    github.install(7, "ada", &["ada/lantern"]);
    let app = github.server(&github.app_settings(), SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let grant = ada.connect_github(&app, &github, "ada").await.remove(0);
    let config = json!({ "repositories": [{ "full_name": "ada/lantern" }] });
    let scene = Scene::of(app, clock, ada, json!({ "kind": "github", "grant": grant["id"], "config": config })).await;
    (github, scene)
}

async fn notion(clock: &Clock) -> (Notion, Scene) {
    let notion = Notion::start(clock).await;
    for name in ["Export", "Refunds", "Setup"] {
        notion.put(name, In::Workspace, vec![paragraph(&format!("All about {name}."))]);
    }
    clock.advance(10 * MINUTE_MS);
    let app = notion.app(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let grant = ada.connect_at_once(&app, "notion").await.remove(0);
    let scene = Scene::of(
        app,
        clock,
        ada,
        json!({ "kind": "notion", "grant": grant["id"], "config": { "pages": [] } }),
    )
    .await;
    (notion, scene)
}

async fn confluence(clock: &Clock) -> (Confluence, Scene) {
    let confluence = Confluence::start(clock).await;
    confluence.space("DOC");
    for name in ["Export", "Refunds", "Setup"] {
        confluence.put("DOC", name, &format!("<p>All about {name}.</p>"));
    }
    let app = confluence.app(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let grant = ada.connect_at_once(&app, "confluence").await.remove(0);
    let body = json!({ "kind": "confluence", "grant": grant["id"], "config": { "spaces": ["DOC"] } });
    let scene = Scene::of(app, clock, ada, body).await;
    (confluence, scene)
}

async fn slack(clock: &Clock) -> (Slack, Scene) {
    let slack = Slack::start().await;
    slack.channels(|said| {
        said.channel("C1", "help", true);
        said.person("U1", "Ada");
        for (n, question) in ["How do I export?", "How long do refunds take?"].iter().enumerate() {
            let (root, reply) = (format!("170000{n}000.000100"), format!("170000{n}001.000100"));
            said.say("C1", (&root, None), "U1", question);
            said.say("C1", (&reply, Some(&root)), "U1", "It is in the handbook.");
        }
    });
    let app = slack.app(clock.clone(), &[SETTINGS, &[("SLACK_SOURCES", "yes")]].concat()).await;
    let mut ada = app.owner("ada").await;
    let team = team();
    ada.connect_slack(&app, &team).await;
    let config = json!({ "channels": [{ "id": "C1", "name": "help" }] });
    let scene = Scene::of(app, clock, ada, json!({ "kind": "slack", "team": team, "config": config })).await;
    (slack, scene)
}

#[tokio::test]
async fn whatever_is_wrong_with_github_no_file_is_called_gone() {
    let (github, mut scene) = github(&start()).await;
    scene.goes_through(|reply| github.edge.outage(reply)).await;
}

#[tokio::test]
async fn whatever_is_wrong_with_notion_no_page_is_called_gone() {
    let (notion, mut scene) = notion(&start()).await;
    scene.goes_through(|reply| notion.edge.outage(reply)).await;
}

#[tokio::test]
async fn whatever_is_wrong_with_confluence_no_page_is_called_gone() {
    let (confluence, mut scene) = confluence(&start()).await;
    scene.goes_through(|reply| confluence.edge.outage(reply)).await;
}

#[tokio::test]
async fn whatever_is_wrong_with_slack_no_thread_is_called_gone() {
    let (slack, mut scene) = slack(&start()).await;
    scene.goes_through(|reply| slack.outage(reply)).await;
    // Refusals that are of the whole team, and not of a channel.
    for error in ["fatal_error", "missing_scope", "org_login_required"] {
        slack.outage(Some(Reply::json(200, &json!({ "ok": false, "error": error }))));
        scene.fails(error).await;
    }
    slack.outage(None);
    scene.heals().await;
}

/// 401 for everything: somebody must connect anew, and the documents wait for that.
#[tokio::test]
async fn an_access_that_is_over_takes_no_document_along() {
    let clock = start();
    let refused = || {
        Some(Reply::json(
            401,
            &json!({ "message": "Bad credentials", "code": "unauthorized", "error": "invalid_grant" }),
        ))
    };
    let (notion, mut scene) = notion(&clock).await;
    notion.edge.outage(refused());
    let page = scene.fails("401 of Notion").await;
    assert_eq!(
        (&page["source"]["state"], &page["runs"][0]["problem"]["code"]),
        (&json!("reconnect"), &json!("reconnect")),
        "{page}"
    );
    let (confluence, mut scene) = confluence(&clock).await;
    confluence.edge.outage(refused());
    let page = scene.fails("401 of Confluence").await;
    assert_eq!(page["source"]["state"], "reconnect", "{page}");
    let (slack, mut scene) = slack(&clock).await;
    slack.outage(Some(Reply::json(200, &json!({ "ok": false, "error": "invalid_auth" }))));
    let page = scene.fails("invalid_auth of Slack").await;
    assert_eq!(page["runs"][0]["problem"]["code"], "reconnect", "{page}");
    // Of a GitHub App it is the server's key that is refused: nobody need connect anew for that.
    let (github, mut scene) = github(&clock).await;
    github.edge.outage(refused());
    let page = scene.fails("401 of GitHub").await;
    assert_eq!(page["runs"][0]["problem"]["code"], "refused", "{page}");
    github.edge.outage(None);
    scene.heals().await;
}

/// What is in the way of every item is not taken for a refusal of each, though it is met in the middle of a sync.
#[tokio::test]
async fn an_app_that_is_suspended_in_the_middle_of_a_sync_leaves_each_file_as_it_is() {
    let (github, mut scene) = github(&start()).await;
    for name in ["a.md", "b.md"] {
        github.put("ada/lantern", name, "# Anew\n\nOther words.\n");
    }
    github.once("/git/blobs/", 401, &[], json!({ "message": "Bad credentials" }));
    github.change_installation(7, |at| at.suspended = true);
    let page = scene.fails("suspended").await;
    assert_eq!(page["runs"][0]["problem"]["code"], "refused", "{page}");
    assert_eq!(page["skipped"], json!([]), "nothing is said of the single file");
    assert_eq!(scene.ada.get("/integrations").await.1["grants"][0]["state"], "active");
    github.change_installation(7, |at| at.suspended = false);
    let page = scene.next().await;
    assert_eq!(
        (&page["runs"][0]["outcome"], &page["runs"][0]["changed"]),
        (&json!("done"), &json!(2)),
        "{page}"
    );
}

#[tokio::test]
async fn a_server_that_lost_its_registration_loses_no_document() {
    let (github, mut scene) = github(&start()).await;
    let settings = github.app_settings();
    for (name, _) in &settings {
        scene.app.configure(name, "");
    }
    scene.app.restart().await;
    scene.ada.url.clone_from(&scene.app.url);
    let page = scene.fails("not set up").await;
    assert_eq!(page["runs"][0]["problem"]["code"], "refused", "{page}");
    for (name, value) in &settings {
        scene.app.configure(name, value);
    }
    scene.app.restart().await;
    scene.ada.url.clone_from(&scene.app.url);
    scene.heals().await;
}

/// A page where somebody signs in, a page about maintenance, an error for everybody: none says anything of what was there.
#[tokio::test]
async fn a_site_that_turns_everybody_away_keeps_its_pages() {
    let clock = start();
    let site = Site::start().await;
    site.put("/docs/", article("Home", "The start.", &["one", "two"]));
    site.put("/docs/one", article("One", "The first.", &[]));
    site.put("/docs/two", article("Two", "The second.", &[]));
    let app = TestApp::start_with(clock.clone(), SETTINGS).await;
    let ada = app.owner("ada").await;
    let body = json!({ "kind": "website", "config": { "start": site.url("/docs/") } });
    let mut scene = Scene::of(app, &clock, ada, body).await;
    for (what, page) in [
        ("401", Page::status(401)),
        ("403", Page::status(403)),
        ("404", Page::status(404)),
        ("410", Page::status(410)),
        ("418", Page::status(418)),
        ("500", Page::status(500)),
        ("503", Page::status(503)),
        (
            "a redirect to where somebody signs in",
            Page::status(302).with("location", "https://login.example.com/"),
        ),
        ("a redirect that ends nowhere", Page::status(302)),
        ("a redirect to itself", Page::status(301).with("location", site.url("/docs/"))),
        ("nothing", Page::html("")),
        (
            "a page without text",
            Page::html("<html><body><script>app()</script></body></html>"),
        ),
        (
            "a page that asks robots to go",
            Page::html("<meta name=robots content=noindex><p>Maintenance.</p>"),
        ),
        ("a picture", Page::html("x").with("content-type", "image/png")),
        ("bytes packed in an odd way", Page::html("x").with("content-encoding", "br")),
    ] {
        site.outage(Some(page));
        // Of the start page itself it is believed: whoever comes there is turned away. What it led to is not called gone for that.
        let seen = scene.next().await;
        assert_eq!(seen["runs"][0]["outcome"], "failed", "{what}: {seen}");
        let found = documents(&mut scene.ada, &scene.project).await;
        let kept: Vec<&str> = names(&found).into_iter().filter(|name| *name != "Home").collect();
        assert_eq!(kept, ["One", "Two"], "{what}");
    }
    site.outage(None);
    let seen = scene.next().await;
    assert_eq!(seen["runs"][0]["outcome"], "done", "{seen}");
    scene.has_all("healed").await;
    site.down(true);
    scene.fails("nobody listens").await;
    site.down(false);
    scene.heals().await;
}

/// A list of nothing is what a broken generator writes.
#[tokio::test]
async fn a_sitemap_that_is_empty_keeps_the_pages_that_it_listed() {
    let clock = start();
    let site = Site::start().await;
    let map = |paths: &[&str]| {
        let entries = paths.iter().map(|path| format!("<url><loc>{}</loc></url>", site.url(path)));
        Page::html(format!("<urlset>{}</urlset>", entries.collect::<String>()))
    };
    site.put("/sitemap.xml", map(&["/one", "/two", "/three"]));
    for name in ["one", "two", "three"] {
        site.put(&format!("/{name}"), article(name, &format!("Words of {name}."), &[]));
    }
    let app = TestApp::start_with(clock.clone(), SETTINGS).await;
    let ada = app.owner("ada").await;
    let body = json!({ "kind": "website", "config": { "start": site.url("/"), "mode": "sitemap" } });
    let mut scene = Scene::of(app, &clock, ada, body).await;
    let elsewhere = "<urlset><url><loc>https://staging.example.com/one</loc></url></urlset>";
    for (what, page) in [
        ("an empty list", map(&[])),
        ("an empty list of lists", Page::html("<sitemapindex></sitemapindex>")),
        ("a list of another site", Page::html(elsewhere)),
        ("404", Page::status(404)),
        ("half a list", Page::html(format!("<urlset><url><loc>{}", site.url("/one")))),
        ("a page", Page::html("<html><body>Not found</body></html>")),
    ] {
        site.put("/sitemap.xml", page);
        scene.fails(what).await;
    }
    // One that lost a page lost it.
    site.put("/sitemap.xml", map(&["/one", "/three"]));
    let page = scene.next().await;
    assert_eq!(
        (&page["runs"][0]["outcome"], &page["runs"][0]["removed"]),
        (&json!("done"), &json!(1)),
        "{page}"
    );
}

/// It can be had no more, and is not asked again and again: the next sync is the scheduled one.
#[tokio::test]
async fn a_sync_that_fails_does_not_ask_for_ever() {
    let clock = start();
    let (notion, mut scene) = notion(&clock).await;
    notion.edge.outage(Some(Reply::empty(500)));
    scene.fails("500").await;
    notion.edge.take();
    clock.advance(60 * MINUTE_MS);
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert!(notion.edge.take().is_empty());
    let shown = page(&mut scene.ada, &scene.source).await;
    assert!(shown["source"]["sync"]["due_at"].is_string(), "{shown}");
    notion.edge.outage(None);
    // By itself, a day later.
    clock.advance(26 * 60 * MINUTE_MS);
    scene.ada.prove().await;
    let page = synced(&mut scene.ada, &scene.source, 3).await;
    assert_eq!(page["runs"][0]["outcome"], "done", "{page}");
}
