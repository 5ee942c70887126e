//! Pages that were made to break their reader: each is read, or left out with its reason, within the time of a sync and while others are served.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use pernoex::Clock;
use reqwest::Method;
use serde_json::{Value, json};

use super::{MINUTE_MS, SETTINGS, connect, documents, names, page};
use crate::support::{
    Person,
    confluence::Confluence,
    github::GitHub,
    notion::{In, Notion, block, paragraph},
};

/// The most that markup is converted of.
const QUARTER: usize = 256 << 10;
/// All of it together, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(150);

/// Waits for the first sync; nobody is kept waiting meanwhile.
async fn synced(ada: &mut Person, source: &str) -> Value {
    let began = Instant::now();
    loop {
        let asked = tokio::time::timeout(Duration::from_secs(20), page(ada, source));
        let seen = asked.await.expect("others are served meanwhile");
        if !seen["runs"].as_array().unwrap().is_empty() && seen["source"]["sync"]["phase"] == "idle" {
            return seen;
        }
        assert!(began.elapsed() < PATIENCE, "{seen}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// As many times as fit.
fn fill(what: &str) -> String {
    what.repeat(QUARTER / what.len())
}

/// What is kept of each, by its name. Reading it into passages goes on meanwhile, and takes as long as so much text takes.
async fn kept(ada: &mut Person, project: &str) -> BTreeMap<String, String> {
    let (_, list) = ada.get(&format!("{project}/documents")).await;
    let mut kept = BTreeMap::new();
    for one in list["documents"].as_array().unwrap() {
        let path = format!("{project}/documents/{}/original", one["id"].as_str().unwrap());
        let bytes = ada.send(Method::GET, &path, None, &[]).await.bytes().await.unwrap();
        kept.insert(
            one["name"].as_str().unwrap().to_owned(),
            String::from_utf8_lossy(&bytes).into_owned(),
        );
    }
    kept
}

fn nested(from: usize, line: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for depth in from.. {
        let line = line(depth);
        if text.len() + line.len() > QUARTER {
            return text;
        }
        text += &line;
    }
    text
}

#[tokio::test]
async fn files_that_were_made_to_break_their_reader_are_read_or_left_out() {
    let clock = Clock::manual(Clock::system().now());
    let github = GitHub::start(&clock).await;
    let indented = |mark: &str| nested(0, |depth| format!("{}{mark}\n\n", " ".repeat(depth * 2)));
    let attributes = (1..60).fold(":a0: lol\n".to_owned(), |text, n| {
        format!("{text}:a{n}: {}\n", format!("{{a{}}}", n - 1).repeat(10))
    });
    let substitutions = (1..60).fold(".. |a0| replace:: lol\n".to_owned(), |text, n| {
        format!("{text}.. |a{n}| replace:: {}\n", format!("|a{}|", n - 1).repeat(10))
    });
    let files = [
        ("quote.rst", indented("Deeper.")),
        ("list.rst", indented("- item")),
        ("directive.rst", indented(".. note::")),
        ("bullets.rst", fill("- ")),
        ("table.rst", format!("+{}\n|{}\n+{}\n", "-+".repeat(40_000), " |".repeat(40_000), "-+".repeat(40_000))),
        ("simple.rst", format!("{}\n{}\n{}\n", "= ".repeat(40_000), "a ".repeat(40_000), "= ".repeat(40_000))),
        ("ticks.rst", fill("`")),
        ("stars.rst", fill("*a **b ")),
        ("underlines.rst", nested(1, |n| format!("T{n}\n{}\n", "=".repeat(n.min(2_000))))),
        ("substitutions.rst", format!("{substitutions}\n|a59|\n")),
        (
            "include.rst",
            "Title\n=====\n\n.. include:: /etc/passwd\n\n.. literalinclude:: ../../../etc/passwd\n\n.. csv-table:: x\n   :file: /etc/passwd\n   :url: http://169.254.169.254/\n\n.. raw:: html\n   :file: /etc/passwd\n\nWords.\n".into(),
        ),
        ("attributes.adoc", format!("{attributes}\n{{a59}}\n")),
        ("itself.adoc", ":a: {b}\n:b: {a}\n\n{a} words {b}\n".into()),
        ("list.adoc", nested(1, |depth| format!("{} item\n", "*".repeat(depth)))),
        ("blocks.adoc", fill("====\n")),
        ("more.adoc", nested(4, |depth| format!("{}\n", "=".repeat(depth)))),
        ("table.adoc", format!("|===\n{}\n|===\n", "|a".repeat(100_000))),
        ("tables.adoc", fill("|===\n|a\n")),
        ("brackets.adoc", fill("link:[")),
        ("include.adoc", "= Title\n\ninclude::/etc/passwd[]\n\ninclude::http://169.254.169.254/[]\n\nimage::/etc/passwd[]\n\nWords.\n".into()),
        ("open.mdx", fill("<A>")),
        ("both.mdx", format!("{}words{}", "<A>".repeat(40_000), "</A>".repeat(30_000))),
        ("braces.mdx", fill("{")),
        ("strings.mdx", fill("{'\\'\"`")),
        ("attributes.mdx", format!("<A {}\n", fill("a={'>'} "))),
        ("imports.mdx", fill("import x from 'y'\n")),
        ("ticks.mdx", fill("`")),
        ("comments.mdx", fill("{/*")),
        ("links.md", fill("[")),
        ("images.md", fill("![a](")),
        ("quotes.md", format!("{} words", fill(">"))),
        ("items.md", nested(0, |depth| format!("{}- a\n", "  ".repeat(depth)))),
        ("emphasis.md", fill("*_")),
        ("table.md", format!("{}\n{}\n", "|a".repeat(60_000), "|-".repeat(60_000))),
        ("entities.md", fill("&amp;")),
        ("references.md", nested(0, |n| format!("[a{n}]: b\n[a{n}]\n"))),
        ("line.txt", "x".repeat(QUARTER)),
        ("nul.md", "# A\n\n\0\u{feff}\u{202e}\u{fffd}words\n".into()),
        ("good.md", "# Good\n\nThe green lamp is filled with oil.\n".into()),
    ];
    let listed: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    github.person("ada");
    github.repository("ada/lantern", &["ada"], &listed);
    github.install(7, "ada", &["ada/lantern"]);
    let app = github.server(&github.app_settings(), SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let grant = ada.connect_github(&app, &github, "ada").await.remove(0);
    let config = json!({ "repositories": [{ "full_name": "ada/lantern" }] });
    let source = connect(
        &mut ada,
        &project,
        json!({ "kind": "github", "grant": grant["id"], "config": config }),
    )
    .await;
    let page = synced(&mut ada, &source).await;
    let run = &page["runs"][0];
    assert_eq!(run["outcome"], "done", "{page}");
    assert_eq!(
        run["added"].as_u64().unwrap() + run["skipped"].as_u64().unwrap(),
        files.len() as u64,
        "{page}"
    );
    let codes: Vec<&str> = page["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    assert!(
        codes.iter().all(|code| ["no_text", "too_large", "unreadable"].contains(code)),
        "{page}"
    );
    let found = kept(&mut ada, &project).await;
    assert!(found["good.md"].contains("filled with oil"));
    for (name, text) in &found {
        assert!(!text.contains("root:x:0:0") && !text.contains("/bin/bash"), "{name}: {text}");
        // Markup asks for no more than a few times its own weight.
        assert!(text.len() <= 4 * QUARTER, "{name}: {} bytes", text.len());
    }
    for name in ["include.rst", "include.adoc"] {
        assert!(found[name].contains("Words."), "{name}: {}", found[name]);
    }
}

#[tokio::test]
async fn storage_format_that_was_made_to_break_its_reader_is_read_or_left_out() {
    let clock = Clock::manual(1_800_000_000_000);
    let confluence = Confluence::start(&clock).await;
    confluence.space("DOC");
    let lol = (1..10).fold("<!DOCTYPE x [<!ENTITY a0 \"lol\">".to_owned(), |text, n| {
        format!("{text}<!ENTITY a{n} \"{}\">", format!("&a{};", n - 1).repeat(10))
    });
    let outside = "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><p>&e; words</p>";
    let macros = "<ac:structured-macro ac:name=\"expand\"><ac:rich-text-body>";
    let pages = [
        ("Deep", format!("{}words{}", "<div>".repeat(100_000), "</div>".repeat(100_000))),
        ("Open", "<p>".repeat(200_000)),
        ("Closed", "</p>".repeat(200_000)),
        ("Quotes", format!("{}words", "<blockquote>".repeat(50_000))),
        ("Lists", format!("{}words", "<ul><li>".repeat(50_000))),
        ("Macros", macros.repeat(20_000)),
        ("Entities", format!("{lol}]><p>&a9; words</p>")),
        ("Outside", outside.to_owned()),
        ("Unknown", "<p>&nosuch;&#xffffffff;&#0; words</p>".repeat(10_000)),
        (
            "Cells",
            format!(
                "<table><tbody>{}</tbody></table>",
                format!("<tr>{}</tr>", "<td>a</td>".repeat(1_000)).repeat(50)
            ),
        ),
        ("Tables", format!("{}words", "<table><tr><td>".repeat(20_000))),
        (
            "Spans",
            "<table><tr><td colspan=\"999999999\" rowspan=\"999999999\">a</td></tr></table>".to_owned(),
        ),
        ("Data", format!("<ac:plain-text-body><![CDATA[{}", "a]]".repeat(100_000))),
        (
            "Attributes",
            format!("<p {}>words</p>", (0..50_000).map(|n| format!("a{n}=\"b\" ")).collect::<String>()),
        ),
        ("Comments", format!("{}<p>words</p>", "<!--".repeat(100_000))),
        ("Instructions", "<?a b?>".repeat(100_000)),
        ("Huge", format!("<p>{}</p>", "a ".repeat(3 << 20))),
        (
            "Script",
            "<script>alert(1)</script><style>x</style><iframe src=\"http://169.254.169.254/\">i</iframe><p>words</p>".to_owned(),
        ),
        ("Good", "<p>The green lamp is filled with oil.</p>".to_owned()),
    ];
    for (title, storage) in &pages {
        confluence.put("DOC", title, storage);
    }
    let app = confluence.app(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let grant = ada.connect_at_once(&app, "confluence").await.remove(0);
    let body = json!({ "kind": "confluence", "grant": grant["id"], "config": { "spaces": ["DOC"] } });
    let source = connect(&mut ada, &project, body).await;
    let page = synced(&mut ada, &source).await;
    let run = &page["runs"][0];
    assert_eq!(run["outcome"], "done", "{page}");
    assert_eq!(
        run["added"].as_u64().unwrap() + run["skipped"].as_u64().unwrap(),
        pages.len() as u64,
        "{page}"
    );
    let found = kept(&mut ada, &project).await;
    assert!(found["Good"].contains("filled with oil"));
    for (name, text) in &found {
        let bad = ["root:x:0:0", "lollollol", "<script", "<iframe"]
            .iter()
            .find(|bad| text.contains(**bad));
        assert_eq!(bad, None, "{name}");
        assert!(text.len() <= 6 << 20, "{name}: {} bytes", text.len());
    }
    let left_out: Vec<&str> = page["skipped"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["code"].as_str().unwrap())
        .collect();
    assert!(left_out.contains(&"too_large"), "{page}");
}

#[tokio::test]
async fn blocks_that_were_made_to_break_their_reader_are_read_or_left_out() {
    let clock = Clock::manual(1_800_000_000_000);
    let notion = Notion::start(&clock).await;
    // One in another, deeper than anybody nests them.
    let mut deep = paragraph("The bottom.");
    for _ in 0..60 {
        let outer = block("toggle", json!({ "rich_text": [] }), true);
        notion.nest(outer["id"].as_str().unwrap(), vec![deep]);
        deep = outer;
    }
    notion.put("Deep", In::Workspace, vec![deep]);
    // One that is in itself.
    let circle = block("toggle", json!({ "rich_text": [] }), true);
    notion.nest(circle["id"].as_str().unwrap(), vec![circle.clone()]);
    notion.put("Circle", In::Workspace, vec![circle]);
    let part = |text: &str| json!({ "type": "text", "text": { "content": text, "link": { "url": "javascript:alert(1)" } }, "plain_text": text, "href": "javascript:alert(1)", "annotations": {} });
    let many: Vec<Value> = (0..1_000).map(|_| part("a *_`[<")).collect();
    notion.put(
        "Parts",
        In::Workspace,
        vec![block("paragraph", json!({ "rich_text": many }), false)],
    );
    notion.put(
        "Odd",
        In::Workspace,
        vec![
            json!({ "id": "x" }),
            json!(null),
            json!([1, 2]),
            json!({ "id": 7, "type": { "a": "b" }, "has_children": "yes" }),
            block("paragraph", json!("no object"), false),
            block("code", json!({ "rich_text": [part("```\n```")], "language": "```\n# x" }), false),
            block(
                "table",
                json!({ "table_width": 4_000_000_000_u64, "has_column_header": true }),
                false,
            ),
            block(
                "no_such_kind",
                json!({ "rich_text": [part("Words of a kind that is not known yet.")] }),
                false,
            ),
            paragraph("Odd words."),
        ],
    );
    notion.put("Good", In::Workspace, vec![paragraph("The green lamp is filled with oil.")]);
    clock.advance(10 * MINUTE_MS);
    let app = notion.app(SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let grant = ada.connect_at_once(&app, "notion").await.remove(0);
    let body = json!({ "kind": "notion", "grant": grant["id"], "config": { "pages": [] } });
    let source = connect(&mut ada, &project, body).await;
    let page = synced(&mut ada, &source).await;
    assert_eq!(page["runs"][0]["outcome"], "done", "{page}");
    let left_out = page["skipped"].as_array().unwrap();
    assert_eq!(left_out.len(), 2, "{page}");
    assert!(left_out.iter().all(|one| one["code"] == "too_large"), "{page}");
    let found = documents(&mut ada, &project).await;
    assert_eq!(names(&found), ["Good", "Odd", "Parts"]);
    let (_, shown) = ada.get(&format!("{project}/documents/{}", found[1]["id"].as_str().unwrap())).await;
    assert!(shown["sections"].to_string().contains("Odd words."), "{shown}");
    assert!(!shown.to_string().contains("javascript:"), "{shown}");
}
