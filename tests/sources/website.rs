//! Websites.

use reqwest::StatusCode;
use serde_json::json;

use super::{SETTINGS, connect, connect_site, counts, documents, names, skipped, sync_now, synced};
use crate::support::{
    TestApp,
    site::{Page, Site, article},
};

/// A small site with one of everything.
async fn site() -> Site {
    let site = Site::start().await;
    site.put(
        "/robots.txt",
        Page::html("User-agent: *\nDisallow: /docs/private/\n").with("content-type", "text/plain"),
    );
    let links = [
        "setup?utm_source=mail",
        "setup#top",
        "/docs/private/x",
        "hidden",
        "old",
        "copy",
        "secret",
        "missing",
        "away",
        "picture.png",
        "data.bin2",
        "/blog/post",
        "https://elsewhere.example/docs/",
        "empty",
        "notes.md",
    ];
    site.put("/docs/", article("Handbook", "Everything about the lantern.", &links));
    site.put(
        "/docs/setup",
        article("Setup", "To charge the lantern, leave it in the sun for six hours.", &["deep/one"]),
    );
    site.put("/docs/deep/one", article("Deep", "The wick is made of cotton.", &["/docs/"]));
    site.put("/docs/private/x", article("Private", "Never read.", &[]));
    site.put(
        "/docs/hidden",
        Page::html("<head><meta name=robots content=noindex></head><main><p>Never taken.</p></main>"),
    );
    site.put("/docs/old", Page::status(301).with("location", "/docs/setup"));
    site.put("/docs/away", Page::status(302).with("location", "https://login.elsewhere.example/"));
    site.put(
        "/docs/copy",
        Page::html("<link rel=canonical href=/docs/setup><p>To charge the lantern"),
    );
    site.put("/docs/secret", Page::status(403));
    site.put("/docs/picture.png", Page::html("never asked for"));
    site.put("/docs/data.bin2", Page::html("x").with("content-type", "application/octet-stream"));
    site.put("/docs/empty", Page::html("<nav><a href=below>below</a></nav>"));
    site.put("/docs/below", article("Below", "Found below a page without text.", &[]));
    site.put(
        "/docs/notes.md",
        Page::html("# Notes\n\nThe handle is made of brass.\n").with("content-type", "text/markdown"),
    );
    site.put("/blog/post", article("Post", "Not of the handbook.", &[]));
    site
}

#[tokio::test]
async fn a_site_is_read_from_page_to_page_and_what_is_not_taken_has_a_reason() {
    let site = site().await;
    let app = TestApp::with(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let source = connect_site(&mut ada, &project, &site).await;
    let page = synced(&mut ada, &source, 1).await;
    assert_eq!(page["runs"][0]["outcome"], "done", "{page}");
    let found = documents(&mut ada, &project).await;
    assert_eq!(names(&found), ["Below", "Deep", "Handbook", "Notes", "Setup"]);
    assert!(
        found
            .iter()
            .all(|one| one["status"] == "ready" && one["source"]["kind"] == "website"),
        "{found:?}"
    );
    assert_eq!(found[4]["source_url"], site.url("/docs/setup"));
    let reasons = [
        ("docs/away", "redirected"),
        ("docs/copy", "canonical"),
        ("docs/data.bin2", "unsupported"),
        ("docs/empty", "no_text"),
        ("docs/hidden", "noindex"),
        ("docs/missing", "not_found"),
        ("docs/old", "canonical"),
        ("docs/private/x", "robots"),
        ("docs/secret", "forbidden"),
    ];
    let reasons: Vec<_> = reasons.into_iter().map(|(path, code)| (path.to_owned(), code.to_owned())).collect();
    assert_eq!(skipped(&page), reasons);
    assert_eq!(counts(&page), [5, 0, 0, 9, 0]);
    let counted = &page["source"]["counts"];
    assert_eq!((counted["documents"].as_i64(), counted["skipped"].as_i64()), (Some(5), Some(9)));
    let asked: Vec<String> = site.asked().into_iter().map(|one| one.path).collect();
    for never in ["/docs/private/x", "/docs/picture.png", "/blog/post", "/docs/setup?utm_source=mail"] {
        assert!(!asked.iter().any(|path| path == never), "{never} was asked for");
    }
    assert_eq!(asked.iter().filter(|path| *path == "/docs/setup").count(), 1, "once each");

    let answer = ada.question(&project, "How do I charge the lantern?").await;
    // At the passage: what stands behind the fragment is up to the words.
    let link = answer["citations"][0]["link"].as_str().unwrap();
    assert!(link.starts_with(&format!("{}#:~:text=", site.url("/docs/setup"))), "{answer}");
    let (_, read) = ada.get(&format!("{project}/documents/{}", found[4]["id"].as_str().unwrap())).await;
    let text = read["sections"].to_string();
    assert!(
        text.contains("six hours") && !text.contains("cookies") && !text.contains("Site header") && !text.contains("All rights"),
        "{text}"
    );
}

#[tokio::test]
async fn the_next_sync_takes_what_changed_and_removes_what_is_gone() {
    let site = site().await;
    let app = TestApp::with(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let source = connect_site(&mut ada, &project, &site).await;
    synced(&mut ada, &source, 1).await;
    site.asked();

    sync_now(&mut ada, &source).await;
    let page = synced(&mut ada, &source, 2).await;
    assert_eq!(counts(&page), [0, 0, 0, 9, 5], "nothing changed");
    let again = site.asked();
    let carried = again.iter().flat_map(|one| &one.headers).map(|(name, _)| name.as_str());
    assert!(
        carried
            .into_iter()
            .all(|name| name != "cookie" && name != "authorization" && name != "referer")
    );
    assert!(
        again.iter().filter(|one| one.status == 304).count() >= 5,
        "what did not change is not sent again"
    );

    // One says something else, one is gone, one is private now, and one is not led to any more.
    site.put(
        "/docs/setup",
        article("Setup", "To charge the lantern, plug it in for two hours.", &["new"]),
    );
    site.put("/docs/new", article("New", "The lantern floats.", &[]));
    site.remove("/docs/notes.md");
    site.put("/docs/below", Page::status(401));
    sync_now(&mut ada, &source).await;
    let page = synced(&mut ada, &source, 3).await;
    assert_eq!(names(&documents(&mut ada, &project).await), ["Handbook", "New", "Setup"]);
    let [added, changed, removed, ..] = counts(&page);
    assert_eq!((added, changed, removed), (1, 1, 3), "{page}");
    let answer = ada.question(&project, "How do I charge the lantern?").await;
    let said = answer.to_string();
    assert!(said.contains("two hours") && !said.contains("six hours"), "{said}");
    for gone in ["What is the handle made of?", "What is the wick made of?"] {
        let answer = ada.question(&project, gone).await.to_string();
        assert!(!answer.contains("brass") && !answer.contains("cotton"), "{answer}");
    }
}

#[tokio::test]
async fn what_changes_with_every_answer_and_is_not_read_is_no_change() {
    let site = Site::start().await;
    let body =
        |nonce: &str| format!("<title>A</title><nav>{nonce}</nav><main><p>The same words.</p></main><script nonce={nonce}></script>");
    site.put("/docs/", Page::html(body("one")).with("etag", "\"1\""));
    let app = TestApp::with(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let source = connect_site(&mut ada, &project, &site).await;
    synced(&mut ada, &source, 1).await;
    site.put("/docs/", Page::html(body("two")).with("etag", "\"2\""));
    sync_now(&mut ada, &source).await;
    assert_eq!(counts(&synced(&mut ada, &source, 2).await), [0, 0, 0, 0, 1]);
    assert_eq!(documents(&mut ada, &project).await[0]["revision"], 1);
}

#[tokio::test]
async fn a_sitemap_lists_what_is_read() {
    let site = Site::start().await;
    let entry = |path: &str| format!("<url><loc>{}</loc></url>", site.url(path));
    let index = format!(
        "<sitemapindex><sitemap><loc>{}</loc></sitemap></sitemapindex>",
        site.url("/maps/1.xml")
    );
    let map = format!("<urlset>{}{}{}</urlset>", entry("/a"), entry("/b?x=1&amp;y=2"), entry("/skip/c"));
    site.put("/robots.txt", Page::html(format!("Sitemap: {}", site.url("/index.xml"))));
    site.put("/index.xml", Page::html(index).with("content-type", "application/xml"));
    site.put("/maps/1.xml", Page::html(map).with("content-type", "application/xml"));
    site.put("/a", article("A", "Words of a.", &["/unlisted"]));
    site.put("/b?x=1&y=2", article("B", "Words of b.", &[]));
    site.put("/unlisted", article("U", "Words of u.", &[]));
    let app = TestApp::with(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let config = json!({ "start": site.url("/"), "mode": "sitemap", "exclude": ["/skip/"] });
    let source = connect(
        &mut ada,
        &project,
        json!({ "kind": "website", "name": "By list", "config": config }),
    )
    .await;
    let page = synced(&mut ada, &source, 1).await;
    assert_eq!(page["source"]["name"], "By list");
    assert_eq!(names(&documents(&mut ada, &project).await), ["A", "B"]);

    // A list that is cut off says nothing of what is not in it.
    site.put("/maps/1.xml", Page::html(format!("<urlset>{}", entry("/a"))));
    sync_now(&mut ada, &source).await;
    let page = synced(&mut ada, &source, 2).await;
    assert_eq!(
        (&page["runs"][0]["outcome"], &page["runs"][0]["problem"]["code"]),
        (&json!("failed"), &json!("refused"))
    );
    assert_eq!(names(&documents(&mut ada, &project).await), ["A", "B"]);
    site.put("/maps/1.xml", Page::html(format!("<urlset>{}</urlset>", entry("/a"))));
    sync_now(&mut ada, &source).await;
    let page = synced(&mut ada, &source, 3).await;
    assert_eq!(page["source"]["sync"]["problem"], json!(null));
    assert_eq!(names(&documents(&mut ada, &project).await), ["A"]);
}

/// What cannot be read for now may have led to the rest: that is looked at itself.
#[tokio::test]
async fn a_page_that_fails_for_now_takes_nothing_with_it() {
    let site = Site::start().await;
    site.put("/docs/", article("Home", "The start.", &["hub", "leaf"]));
    site.put("/docs/hub", article("Hub", "Leads on.", &["under"]));
    site.put("/docs/leaf", article("Leaf", "A leaf.", &[]));
    site.put("/docs/under", article("Under", "Below the hub.", &[]));
    let app = TestApp::with(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let source = connect_site(&mut ada, &project, &site).await;
    synced(&mut ada, &source, 1).await;
    site.put("/docs/hub", Page::status(500));
    site.remove("/docs/leaf");
    sync_now(&mut ada, &source).await;
    let page = synced(&mut ada, &source, 2).await;
    assert_eq!(page["runs"][0]["outcome"], "done", "{page}");
    assert_eq!(
        names(&documents(&mut ada, &project).await),
        ["Home", "Hub", "Under"],
        "the leaf is gone, the hub is not"
    );
    assert!(skipped(&page).contains(&("docs/hub".into(), "unavailable".into())), "{page}");
    site.remove("/docs/hub");
    sync_now(&mut ada, &source).await;
    synced(&mut ada, &source, 3).await;
    assert_eq!(names(&documents(&mut ada, &project).await), ["Home"]);
}

#[tokio::test]
async fn limits_of_pages_and_links_are_kept_and_shown() {
    let site = Site::start().await;
    site.grow(30, 3);
    let app = TestApp::with(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let config = json!({ "start": site.url("/docs/"), "pages": 6 });
    let few = connect(&mut ada, &project, json!({ "kind": "website", "config": config })).await;
    let page = synced(&mut ada, &few, 1).await;
    assert_eq!(documents(&mut ada, &project).await.len(), 6);
    assert!(
        skipped(&page).iter().all(|(_, code)| code == "too_many_pages") && page["skipped_total"].as_i64() > Some(0),
        "{page}"
    );
    let other = ada.project("Near").await;
    let config = json!({ "start": site.url("/docs/"), "depth": 1 });
    let near = connect(&mut ada, &other, json!({ "kind": "website", "config": config })).await;
    let page = synced(&mut ada, &near, 1).await;
    assert_eq!(names(&documents(&mut ada, &other).await), ["Page 0", "Page 1", "Page 2", "Page 3"]);
    assert_eq!(skipped(&page).len(), 9);
    assert!(skipped(&page).iter().all(|(_, code)| code == "too_deep"));
    // With room for all, all is taken.
    let (status, changed) = ada
        .patch(&few, json!({ "config": { "start": site.url("/docs/"), "pages": 100 } }))
        .await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    synced(&mut ada, &few, 2).await;
    assert_eq!(documents(&mut ada, &project).await.len(), 30);
}

#[tokio::test]
async fn an_address_that_is_not_the_public_webs_is_refused() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    for (start, code) in [
        ("http://127.0.0.1:8080/", "invalid_source_config"),
        ("http://169.254.169.254/latest/meta-data/", "invalid_source_config"),
        ("https://user:pass@example.com/", "invalid_source_config"),
        ("ftp://example.com/", "invalid_source_config"),
        ("docs", "invalid_source_config"),
    ] {
        let body = json!({ "kind": "website", "config": { "start": start } });
        let (status, problem) = ada.post(&format!("{project}/sources"), body).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(code)),
            "{start}"
        );
        assert_eq!(problem["field"], "config.start");
    }
    for (config, field) in [
        (json!({ "start": "https://example.com/", "include": ["docs"] }), "config.include"),
        (json!({ "start": "https://example.com/", "pages": 0 }), "config.pages"),
        (json!({ "start": "https://example.com/", "password": "x" }), "config"),
        (json!("https://example.com/"), "config"),
    ] {
        let (status, problem) = ada
            .post(&format!("{project}/sources"), json!({ "kind": "website", "config": config }))
            .await;
        assert_eq!(
            (status, &problem["field"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)),
            "{problem}"
        );
    }
}
