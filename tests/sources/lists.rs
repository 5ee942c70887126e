//! Lists that are not what they seem: cut, forgotten, or not gone on with. Nothing is taken for gone because of them.

use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{MINUTE_MS, SETTINGS, connect, documents, names, page, skipped, sync_now, synced, synced_by};
use crate::support::{
    Person, TestApp,
    github::GitHub,
    notion::{In, Notion, paragraph},
    site::{Page, Site, article},
};

struct AtNotion {
    notion: Notion,
    clock: Clock,
    _app: TestApp,
    ada: Person,
    project: String,
    source: String,
    export: String,
    row: String,
}

impl AtNotion {
    async fn set() -> Self {
        let clock = Clock::manual(1_800_000_000_000);
        let notion = Notion::start(&clock).await;
        let handbook = notion.put("Handbook", In::Workspace, vec![paragraph("Everything about the lantern.")]);
        let export = notion.put(
            "Export",
            In::Page(handbook.clone()),
            vec![paragraph("Open Settings and choose Export.")],
        );
        notion.put("Refunds", In::Page(handbook.clone()), vec![paragraph("Refunds take five days.")]);
        let table = notion.table(&handbook);
        let row = notion.put("Plans", In::Table(table), vec![paragraph("The Team plan costs 20 dollars.")]);
        clock.advance(10 * MINUTE_MS);
        let app = notion.app(SETTINGS).await;
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
        Self {
            notion,
            clock,
            _app: app,
            ada,
            project,
            source,
            export,
            row,
        }
    }

    async fn next_sync(&mut self, runs: usize) -> Value {
        self.clock.advance(10 * MINUTE_MS);
        sync_now(&mut self.ada, &self.source).await;
        synced_by(&self.clock, &mut self.ada, &self.source, runs).await
    }

    async fn documents(&mut self) -> Vec<Value> {
        documents(&mut self.ada, &self.project.clone()).await
    }
}

const ALL: [&str; 4] = ["Export", "Handbook", "Plans", "Refunds"];

#[tokio::test]
async fn a_page_that_notions_search_forgets_is_asked_for_before_it_is_taken_for_gone() {
    let mut scene = AtNotion::set().await;
    assert_eq!(names(&scene.documents().await), ALL);
    scene.notion.forget(&scene.export);
    let second = scene.next_sync(2).await;
    assert_eq!(
        (&second["runs"][0]["removed"], &second["runs"][0]["outcome"]),
        (&json!(0), &json!("done")),
        "{second}"
    );
    assert_eq!(names(&scene.documents().await), ALL);
    // One that search forgot and that was moved out of what was chosen is gone, and so is one that is in the trash.
    scene.notion.shift(&scene.export, In::Workspace);
    scene.notion.trash(&scene.row);
    let third = scene.next_sync(3).await;
    assert_eq!(third["runs"][0]["removed"], 2, "{third}");
    assert_eq!(names(&scene.documents().await), ["Handbook", "Refunds"]);
}

#[tokio::test]
async fn a_cursor_that_notion_does_not_take_any_more_begins_the_list_anew() {
    let mut scene = AtNotion::set().await;
    scene.notion.refuse_cursors(2);
    let second = scene.next_sync(2).await;
    assert_eq!(
        (&second["runs"][0]["outcome"], &second["runs"][0]["removed"]),
        (&json!("done"), &json!(0)),
        "{second}"
    );
    assert_eq!(names(&scene.documents().await), ALL);
    // For ever: the sync fails with a reason, and what was read stays.
    scene.notion.refuse_cursors(1_000);
    let third = scene.next_sync(3).await;
    assert_eq!(third["runs"][0]["problem"]["code"], "unreadable", "{third}");
    assert_eq!(names(&scene.documents().await), ALL);
}

#[tokio::test]
async fn what_the_provider_asked_to_wait_for_is_told() {
    let mut scene = AtNotion::set().await;
    scene.notion.once("/v1/search", 429, Some(1_200));
    sync_now(&mut scene.ada, &scene.source).await;
    let mut waits = Value::Null;
    for _ in 0..200 {
        waits = page(&mut scene.ada, &scene.source).await["source"]["sync"]["wait_until"].clone();
        if !waits.is_null() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let until = chrono::DateTime::parse_from_rfc3339(waits.as_str().expect("it waits"))
        .unwrap()
        .timestamp_millis();
    assert!((until - scene.clock.now() - 1_200_000).abs() <= 1_000, "{waits}");
    synced_by(&scene.clock, &mut scene.ada, &scene.source, 2).await;
    let after = page(&mut scene.ada, &scene.source).await;
    assert_eq!(after["source"]["sync"]["wait_until"], Value::Null, "{after}");
}

#[tokio::test]
async fn every_repository_can_be_found_and_chosen_however_many_there_are() {
    let clock = Clock::manual(Clock::system().now());
    let github = GitHub::start(&clock).await;
    github.person("ada");
    let all: Vec<String> = (0..50).map(|n| format!("acme/r{n:02}")).collect();
    for name in &all {
        github.repository(name, &["ada"], &[("a.md", "# A\n\nText.\n")]);
    }
    github.install(7, "ada", &all.iter().map(String::as_str).collect::<Vec<_>>());
    // 25 pages, of which some are looked through at a time.
    github.pages_of(2);
    let app = github.server(&github.app_settings(), &[]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let grants = ada.connect_github(&app, &github, "ada").await;
    let path = format!("{project}/sources/choices?kind=github&grant={}", grants[0]["id"].as_str().unwrap());
    for (search, expected) in [("", all.clone()), ("r49", vec!["acme/r49".into()])] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        for _ in 0..20 {
            let (status, found) = ada.get(&format!("{path}&search={search}{after}")).await;
            assert_eq!(status, StatusCode::OK, "{found}");
            seen.extend(
                found["choices"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|one| one["id"].as_str().unwrap().to_owned()),
            );
            match found["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(seen, expected, "{search}");
    }
    let (status, problem) = ada.get(&format!("{path}&after=../user")).await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid_cursor")),
        "{problem}"
    );
}

/// A site whose sitemap lists `maps` others, of which the last but one has a page.
fn many(site: &Site, maps: usize) {
    let entry = |n: usize| format!("<sitemap><loc>{}</loc></sitemap>", site.url(&format!("/maps/{n}.xml")));
    let index: String = (0..maps).map(entry).collect();
    let xml = |body: String| Page::html(body).with("content-type", "application/xml");
    site.put("/sitemap.xml", xml(format!("<sitemapindex>{index}</sitemapindex>")));
    for n in 0..maps {
        let page = site.url(&format!("/p/{n}"));
        let listed = if n == 0 || n + 1 == maps {
            format!("<url><loc>{page}</loc></url>")
        } else {
            String::new()
        };
        site.put(&format!("/maps/{n}.xml"), xml(format!("<urlset>{listed}</urlset>")));
    }
    site.put("/p/0", article("First", "The first page.", &[]));
    site.put(&format!("/p/{}", maps - 1), article("Last", "The last page.", &[]));
}

#[tokio::test]
async fn sitemaps_are_read_to_the_last_and_what_is_beyond_the_limit_is_told() {
    let site = Site::start().await;
    many(&site, 60);
    let app = TestApp::with(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let config = json!({ "start": site.url("/"), "mode": "sitemap" });
    let source = connect(&mut ada, &project, json!({ "kind": "website", "config": config })).await;
    let first = synced(&mut ada, &source, 1).await;
    assert_eq!(names(&documents(&mut ada, &project).await), ["First", "Last"], "{first}");
    assert!(skipped(&first).is_empty(), "{first}");

    // More than are read of one site: that is told, and the page that only the last one lists stays, since it is there.
    let beyond: String = (0..1_005)
        .map(|n| format!("<sitemap><loc>{}</loc></sitemap>", site.url(&format!("/none/{n}.xml"))))
        .collect();
    let index = format!(
        "<sitemapindex><sitemap><loc>{}</loc></sitemap>{beyond}</sitemapindex>",
        site.url("/maps/0.xml")
    );
    site.put("/sitemap.xml", Page::html(index).with("content-type", "application/xml"));
    sync_now(&mut ada, &source).await;
    let second = synced(&mut ada, &source, 2).await;
    assert_eq!(
        skipped(&second),
        [("sitemap.xml#not-read".to_owned(), "too_many_sitemaps".to_owned())],
        "{second}"
    );
    assert_eq!(names(&documents(&mut ada, &project).await), ["First", "Last"], "{second}");
    site.remove("/p/59");
    sync_now(&mut ada, &source).await;
    synced(&mut ada, &source, 3).await;
    assert_eq!(names(&documents(&mut ada, &project).await), ["First"]);
}
