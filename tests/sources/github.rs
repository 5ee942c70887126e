//! Repositories as sources: what is chosen becomes documents, and what happens there happens here.

use std::time::Duration;

use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    Person, TestApp,
    github::{GitHub, discussion, issue},
};

const NAME: &str = "acme/lantern";
const EXPORT: &str = "# Export\n\nTo export your data, open Settings and choose Export.\n";

struct Scene {
    github: GitHub,
    clock: Clock,
    _app: TestApp,
    ada: Person,
    grant: String,
    project: String,
}

impl Scene {
    async fn with(files: &[(&str, &str)]) -> Self {
        let clock = Clock::manual(Clock::system().now());
        let github = GitHub::start(&clock).await;
        github.person("ada");
        github.repository(NAME, &["ada"], files);
        github.install(7, "ada", &[NAME]);
        let app = github.server(&github.app_settings(), &[]).await;
        let mut ada = app.owner("ada").await;
        let project = ada.project("Lantern").await;
        let grants = ada.connect_github(&app, &github, "ada").await;
        Self {
            github,
            clock,
            _app: app,
            ada,
            grant: grants[0]["id"].as_str().unwrap().to_owned(),
            project,
        }
    }

    /// Connects a source; its path.
    async fn source(&mut self, mut config: Value) -> String {
        if config["repositories"].is_null() {
            config["repositories"] = json!([{ "full_name": NAME }]);
        }
        let new = json!({ "kind": "github", "grant": self.grant, "config": config });
        let (status, source) = self.ada.post(&format!("{}/sources", self.project), new).await;
        assert_eq!(status, StatusCode::CREATED, "{source}");
        format!("{}/sources/{}", self.project, source["id"].as_str().unwrap())
    }

    /// Waits until so many syncs have ended, while the clock goes on by `step` seconds at a time.
    async fn synced(&mut self, source: &str, runs: usize, step: i64) -> Value {
        for _ in 0..600 {
            let (status, page) = self.ada.get(source).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            if page["runs"].as_array().unwrap().len() >= runs && page["source"]["sync"]["phase"] == "idle" {
                return page;
            }
            self.clock.advance(step * 1_000);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no end of it: {}", self.ada.get(source).await.1);
    }

    async fn sync_again(&mut self, source: &str, runs: usize) -> Value {
        let (status, said) = self.ada.post(&format!("{source}/sync"), json!({})).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{said}");
        self.synced(source, runs, 0).await
    }

    /// Names and links of the documents, in order.
    async fn documents(&mut self) -> Vec<(String, String)> {
        let project = self.project.clone();
        let mut found: Vec<(String, String)> = self
            .ada
            .settled(&project)
            .await
            .iter()
            .map(|one| (text(&one["name"]), text(&one["source_url"])))
            .collect();
        found.sort();
        found
    }

    async fn names(&mut self) -> Vec<String> {
        self.documents()
            .await
            .into_iter()
            .map(|(_, url)| url.rsplit_once("/main/").map_or(url.clone(), |(_, path)| path.to_owned()))
            .collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn the_files_that_were_chosen_become_documents() {
    let mut scene = Scene::with(&[
        ("docs/export.md", EXPORT),
        (
            "docs/refunds.rst",
            "Refunds\n=======\n\nRefunds take five business days::\n\n    lantern refund\n",
        ),
        ("docs/plans.adoc", "= Plans\n\nThe *Team* plan costs 20 dollars.\n"),
        (
            "docs/tabs.mdx",
            "import Tab from 'tab'\n\n# Tabs\n\n<Tab name=\"a\">Press the green button.</Tab>\n",
        ),
        ("docs/notes.txt", "The office is closed on Sundays.\n"),
        ("docs/sub/deep.md", "# Deep\n\nFar below.\n"),
        ("docs/linked.md", "-> export.md"),
        ("docs/logo.png", "no text"),
        ("docsother/a.md", "# Elsewhere\n\nNot chosen.\n"),
        ("README.md", "# Lantern\n\nNot chosen either.\n"),
    ])
    .await;
    let source = scene.source(json!({ "paths": ["/docs/"] })).await;
    let page = scene.synced(&source, 1, 0).await;
    assert_eq!(
        (&page["runs"][0]["outcome"], &page["runs"][0]["added"]),
        (&json!("done"), &json!(6)),
        "{page}"
    );
    let names = scene.names().await;
    let expected = [
        "docs/export.md",
        "docs/notes.txt",
        "docs/plans.adoc",
        "docs/refunds.rst",
        "docs/sub/deep.md",
        "docs/tabs.mdx",
    ];
    let mut sorted = names.clone();
    sorted.sort();
    assert_eq!(sorted, expected);
    let project = scene.project.clone();
    let answer = scene.ada.question(&project, "How do I export my data?").await;
    assert!(answer.to_string().contains("/acme/lantern/blob/main/docs/export.md"), "{answer}");
    for (question, word) in [
        ("How long do refunds take?", "five business days"),
        ("What does the Team plan cost?", "20 dollars"),
        ("Which button do I press?", "green button"),
    ] {
        let answer = scene.ada.question(&project, question).await.to_string();
        assert!(answer.contains(word), "{question}: {answer}");
    }
}

#[tokio::test]
async fn what_changes_there_changes_here_and_nothing_else_is_fetched() {
    let mut scene = Scene::with(&[
        ("a.md", EXPORT),
        ("b.md", "# B\n\nThe second one.\n"),
        ("c.md", "# C\n\nThe third one.\n"),
    ])
    .await;
    let source = scene.source(json!({})).await;
    scene.synced(&source, 1, 0).await;
    assert_eq!(scene.names().await, ["a.md", "b.md", "c.md"]);
    let fetched = |scene: &Scene| {
        scene
            .github
            .edge
            .asked()
            .iter()
            .filter(|call| call.path.contains("/git/blobs/"))
            .count()
    };
    assert_eq!(fetched(&scene), 3);
    scene
        .github
        .put(NAME, "a.md", "# Export\n\nTo export your data, open Tools and choose Save.\n");
    scene.github.delete(NAME, "b.md");
    scene.github.put(NAME, "d.md", "# D\n\nThe fourth one.\n");
    let page = scene.sync_again(&source, 2).await;
    let run = &page["runs"][0];
    let counts: Vec<i64> = ["added", "changed", "removed", "unchanged"]
        .iter()
        .map(|name| run[*name].as_i64().unwrap())
        .collect();
    assert_eq!(counts, [1, 1, 1, 1], "{page}");
    assert_eq!(fetched(&scene), 5);
    assert_eq!(scene.names().await, ["a.md", "c.md", "d.md"]);
    let project = scene.project.clone();
    let answer = scene.ada.question(&project, "How do I export my data?").await.to_string();
    assert!(answer.contains("choose Save") && !answer.contains("choose Export"), "{answer}");
    // Made private, to this access too.
    scene.github.change_installation(7, |at| at.repositories.clear());
    let page = scene.sync_again(&source, 3).await;
    assert_eq!(page["runs"][0]["removed"], 3, "{page}");
    assert!(scene.documents().await.is_empty());
    let answer = scene.ada.question(&project, "How do I export my data?").await.to_string();
    assert!(!answer.contains("choose Save"), "{answer}");
}

#[tokio::test]
async fn a_tree_that_comes_in_pieces_is_read_whole() {
    let names: Vec<String> = (0..40).map(|n| format!("docs/part{}/sub{}/page{n}.md", n % 4, n % 3)).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), EXPORT)).collect();
    let mut scene = Scene::with(&files).await;
    scene.github.put(NAME, "other/x.md", "# Not chosen\n");
    scene.github.put(NAME, "top.md", "# Not chosen\n");
    scene.github.truncate(6);
    let source = scene.source(json!({ "paths": ["docs"] })).await;
    let page = scene.synced(&source, 1, 0).await;
    assert_eq!(page["runs"][0]["added"], 40, "{page}");
    let mut expected = names.clone();
    expected.sort();
    let mut found = scene.names().await;
    found.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn resolved_issues_and_answered_discussions_are_read_in_pages() {
    let mut scene = Scene::with(&[("a.md", "# A\n\nA file.\n")]).await;
    scene.github.pages_of(2);
    scene.github.change(NAME, |repository| {
        for (number, reason) in [
            (1, Some("completed")),
            (2, None),
            (3, Some("not_planned")),
            (4, Some("completed")),
            (5, Some("completed")),
        ] {
            let text = format!("The lantern number {number} flickers.");
            repository.issues.push(issue(number, &format!("Flicker {number}"), &text, reason));
        }
        let mut pull = issue(6, "A change", "Mends it.", Some("completed"));
        pull["pull_request"] = json!({ "url": "x" });
        repository.issues.push(pull);
        let said = (0..5).map(|n| format!("Turn the screw {n} times.")).collect();
        repository.comments.insert(1, said);
        for number in 11..=15 {
            let answer = (number != 12).then_some("Use the blue cable.");
            repository
                .discussions
                .push(discussion(number, &format!("Cable {number}"), "Which cable?", answer));
        }
    });
    let source = scene.source(json!({ "issues": true, "discussions": true })).await;
    let page = scene.synced(&source, 1, 0).await;
    // One file, three issues, four discussions.
    assert_eq!(page["runs"][0]["added"], 8, "{page}");
    let project = scene.project.clone();
    let answer = scene.ada.question(&project, "Which cable do I use?").await.to_string();
    assert!(answer.contains("blue cable"), "{answer}");
    let documents = scene.documents().await;
    let urls: Vec<&str> = documents.iter().map(|(_, url)| url.as_str()).collect();
    assert!(
        urls.contains(&"https://github.example/1") && !urls.contains(&"https://github.example/3"),
        "{urls:?}"
    );
    // Opened anew, and with an answer taken back.
    scene.github.change(NAME, |repository| {
        repository.issues[0]["state"] = json!("open");
        repository.discussions[0]["answer"] = Value::Null;
    });
    let page = scene.sync_again(&source, 2).await;
    assert_eq!(page["runs"][0]["removed"], 2, "{page}");
}

#[tokio::test]
async fn github_is_left_alone_for_as_long_as_it_asks() {
    let mut scene = Scene::with(&[("a.md", EXPORT)]).await;
    // Its clock is an hour ahead of ours.
    let ahead = chrono::DateTime::from_timestamp_millis(scene.clock.now() + 3_600_000).unwrap();
    let reset = (ahead.timestamp() + 40).to_string();
    let date = ahead.to_rfc2822().replace("+0000", "GMT");
    let limited = [
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", reset.as_str()),
        ("date", date.as_str()),
    ];
    scene
        .github
        .once("/git/trees/", 403, &limited, json!({ "message": "API rate limit exceeded" }));
    scene
        .github
        .once("/git/blobs/", 429, &[("retry-after", "90")], json!({ "message": "Slow down" }));
    let source = scene.source(json!({})).await;
    let trees = |scene: &Scene| {
        scene
            .github
            .edge
            .asked()
            .iter()
            .filter(|call| call.path.contains("/git/trees/"))
            .count()
    };
    for _ in 0..200 {
        if trees(&scene) > 0 && scene.ada.get(&source).await.1["source"]["sync"]["waiting"] == true {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(trees(&scene), 1, "it waits");
    let shown = scene.ada.get(&source).await.1;
    assert_eq!(shown["source"]["sync"]["waiting"], true, "{shown}");
    scene.clock.advance(30_000);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(trees(&scene), 1, "it waits yet");
    let page = scene.synced(&source, 1, 5).await;
    assert_eq!(
        (&page["runs"][0]["outcome"], &page["runs"][0]["added"]),
        (&json!("done"), &json!(1)),
        "{page}"
    );
    assert_eq!(trees(&scene), 2);
}

#[tokio::test]
async fn what_goes_wrong_there_is_tried_again_and_takes_nothing_away() {
    let mut scene = Scene::with(&[("a.md", EXPORT), ("b.md", "# B\n\nThe second one.\n")]).await;
    let source = scene.source(json!({})).await;
    scene.synced(&source, 1, 0).await;
    scene.github.put(NAME, "a.md", "# Export\n\nAnother way.\n");
    scene.github.once("/git/trees/", 502, &[], json!({ "message": "Server Error" }));
    scene.github.cut_once("/git/trees/");
    scene.github.cut_once("/git/blobs/");
    scene.github.once("/git/blobs/", 500, &[], json!({}));
    let (status, _) = scene.ada.post(&format!("{source}/sync"), json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let page = scene.synced(&source, 2, 20).await;
    assert_eq!(
        (&page["runs"][0]["outcome"], &page["runs"][0]["changed"]),
        (&json!("done"), &json!(1)),
        "{page}"
    );
    assert_eq!(page["runs"][0]["removed"], 0, "{page}");
    assert_eq!(scene.names().await, ["a.md", "b.md"]);
}

#[tokio::test]
async fn a_repository_that_moved_is_found_where_it_is() {
    let mut scene = Scene::with(&[("old.md", "# Old\n\nNot here.\n")]).await;
    scene.github.repository("acme/torch", &["ada"], &[("a.md", EXPORT)]);
    scene.github.change_installation(7, |at| {
        at.repositories.insert("acme/torch".into());
    });
    scene.github.change(NAME, |repository| repository.moved = Some("acme/torch".into()));
    let source = scene.source(json!({})).await;
    let page = scene.synced(&source, 1, 0).await;
    assert_eq!(page["runs"][0]["added"], 1, "{page}");
    // One that would lead elsewhere is not followed: the token would go with it.
    scene.github.once(
        "/repos/acme/lantern",
        301,
        &[("location", "https://elsewhere.example/steal")],
        json!({ "message": "Moved" }),
    );
    let (status, _) = scene.ada.post(&format!("{source}/sync"), json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let page = scene.synced(&source, 2, 0).await;
    assert_eq!(page["runs"][0]["outcome"], "failed", "{page}");
}

#[tokio::test]
async fn what_cannot_be_read_is_left_out_with_its_reason() {
    let large = format!("# Large\n\n{}\n", "word ".repeat(1_100_000));
    let mut scene = Scene::with(&[
        ("a.md", EXPORT),
        ("b.md", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n"),
        ("c.md", &large),
        ("d.md", "  \n"),
    ])
    .await;
    let source = scene.source(json!({})).await;
    let page = scene.synced(&source, 1, 0).await;
    let mut codes: Vec<&str> = page["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, ["in_lfs", "no_text", "too_large"], "{page}");
    assert_eq!(scene.names().await, ["a.md"]);
}

#[tokio::test]
async fn branches_and_repositories_are_there_to_choose() {
    let mut scene = Scene::with(&[("a.md", EXPORT)]).await;
    scene.github.change(NAME, |repository| {
        let files = [("v.md".to_owned(), "# Version two\n\nAnother text.\n".to_owned())];
        repository.branches.insert("release/2".into(), files.into());
    });
    let path = format!("{}/sources/choices?kind=github&grant={}", scene.project, scene.grant);
    let (_, found) = scene.ada.get(&format!("{path}&search=LANT")).await;
    assert_eq!(found["choices"][0]["id"], NAME, "{found}");
    assert_eq!(scene.ada.get(&format!("{path}&search=nothing")).await.1["choices"], json!([]));
    let (_, found) = scene.ada.get(&format!("{path}&within={NAME}")).await;
    let ids: Vec<&str> = found["choices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["main", "release/2"]);
    let source = scene
        .source(json!({ "repositories": [{ "full_name": NAME, "branch": "release/2" }] }))
        .await;
    scene.synced(&source, 1, 0).await;
    let documents = scene.documents().await;
    assert!(documents[0].1.ends_with("/acme/lantern/blob/release/2/v.md"), "{documents:?}");
    for config in [
        json!({ "repositories": [] }),
        json!({ "repositories": [{ "full_name": "lantern" }] }),
        json!({ "repositories": [{ "full_name": NAME, "branch": "a:b" }] }),
        json!({ "pages": 3 }),
    ] {
        let new = json!({ "kind": "github", "grant": scene.grant, "config": config });
        let (status, problem) = scene.ada.post(&format!("{}/sources", scene.project), new).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    }
}
