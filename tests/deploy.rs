//! What `deploy/` says of the server is true: each setting that it names exists, and so does each figure.

use std::collections::{BTreeMap, BTreeSet};

use pernoex::settings::{IN_FILE, NAMES};
use serde_json::Value;

use crate::{support::TestApp, tls::Served};

fn file(name: &str) -> String {
    std::fs::read_to_string(format!("{}/deploy/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Words in capitals, such as `PERNOEX_LISTEN`.
fn words(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit() && c != '_')
        .collect()
}

/// Lines without what is said in comments.
fn code(text: &str) -> String {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// Read by `deploy/compose.yaml` itself.
const OF_COMPOSE: &[&str] = &["PERNOEX_HOST"];

#[test]
fn every_setting_that_a_deployment_names_exists() {
    let mut found = BTreeMap::new();
    for name in ["Containerfile", "compose.yaml", "cloudformation.yaml", "pernoex.service"] {
        let text = file(name);
        let settings: BTreeSet<String> = words(&text)
            .into_iter()
            .filter(|word| {
                ["PERNOEX_", "DATABASE_", "MIGRATION_", "REDIS_"]
                    .iter()
                    .any(|family| word.starts_with(family))
            })
            .filter(|word| !OF_COMPOSE.contains(word))
            .map(str::to_owned)
            .collect();
        for setting in &settings {
            let plain = setting.strip_suffix(IN_FILE).unwrap_or(setting);
            assert!(NAMES.contains(&plain), "{name} sets {setting}, which is no setting");
        }
        found.insert(name, settings);
    }
    // Nothing was read if these were not found.
    for (name, setting) in [
        ("Containerfile", "PERNOEX_LISTEN"),
        ("compose.yaml", "MIGRATION_DATABASE_PASSWORD_FILE"),
        ("cloudformation.yaml", "PERNOEX_TRUSTED_PROXIES"),
        ("pernoex.service", "PERNOEX_DATA"),
    ] {
        assert!(found[name].contains(setting), "{name}: {:?}", found[name]);
    }
}

#[test]
fn every_setting_is_in_the_readme() {
    let readme = std::fs::read_to_string(format!("{}/README.md", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let named = words(&readme);
    let told_elsewhere = [
        "GITHUB_PRIVATE_REPOSITORIES",
        "GITHUB_URL",
        "GITHUB_API_URL",
        "NOTION_URL",
        "ATLASSIAN_URL",
        "ATLASSIAN_API_URL",
    ];
    let missing: Vec<&&str> = NAMES
        .iter()
        .filter(|name| !named.contains(**name) && !told_elsewhere.contains(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn compose_publishes_the_proxy_alone_and_holds_no_secret() {
    let text = code(&file("compose.yaml"));
    let services = text.split("\nservices:\n").nth(1).unwrap().split("\nnetworks:\n").next().unwrap();
    let mut by_name: BTreeMap<&str, String> = BTreeMap::new();
    let mut current = "";
    for line in services.lines() {
        match line
            .strip_prefix("  ")
            .filter(|rest| !rest.starts_with(' '))
            .and_then(|rest| rest.strip_suffix(':'))
        {
            Some(name) => current = name,
            None => by_name.entry(current).or_default().push_str(&format!("{line}\n")),
        }
    }
    by_name.remove("");
    assert_eq!(
        by_name.keys().copied().collect::<Vec<_>>(),
        ["migrate", "postgres", "proxy", "redis", "server"]
    );
    for (name, service) in &by_name {
        assert_eq!(service.contains("ports:"), *name == "proxy", "{name}");
        assert!(service.contains("*hardened") || service.contains("*pernoex"), "{name} is hardened");
        let private = service.contains("networks: [store]");
        assert_eq!(
            private,
            ["migrate", "postgres", "redis"].contains(name),
            "{name} is on the network that leads nowhere"
        );
        for (at, _) in service.match_indices("PASSWORD") {
            let rest = &service[at..at + 13];
            assert!(rest.starts_with("PASSWORD_FILE"), "{name}: a password is a file: {rest}");
        }
        // The owner of the tables is known to the database and to the migration, and not to what serves.
        assert_eq!(
            service.contains("database_owner_password"),
            ["migrate", "postgres"].contains(name),
            "{name}"
        );
    }
    let networks = text.split("\nnetworks:\n").nth(1).unwrap();
    assert!(networks.split("  store:\n").nth(1).unwrap().starts_with("    internal: true"));
    for hardening in ["read_only: true", "cap_drop: [ALL]", "no-new-privileges:true"] {
        assert!(text.split("x-pernoex").next().unwrap().contains(hardening), "{hardening}");
    }
}

/// The families of a page for Prometheus, and all names of labels.
async fn figures() -> (BTreeMap<String, String>, BTreeSet<String>) {
    let mut app = TestApp::with(&[("PERNOEX_METRICS_LISTEN", "127.0.0.1:0")]).await;
    app.stick();
    let mut ada = app.owner("ada").await;
    ada.get("/projects").await;
    let page = reqwest::get(format!("http://{}/metrics", app.metrics.unwrap())).await.unwrap();
    let page = page.text().await.unwrap();
    // What only a server has in which TLS ends.
    let by_tls = Served::start().await;
    let more = reqwest::get(format!("http://{}/metrics", by_tls.app.metrics.unwrap()))
        .await
        .unwrap();
    let page = page + &more.text().await.unwrap();
    let families = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let families = families.map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect();
    let labels = page
        .lines()
        .filter_map(|line| line.split_once('{')?.1.split_once('}'))
        .flat_map(|(labels, _)| {
            labels
                .split("\",")
                .map(|label| label.split('=').next().unwrap().to_owned())
                .collect::<Vec<_>>()
        })
        // Of what Prometheus adds, and of families that have no line before something went wrong.
        .chain(["job", "instance", "source", "reason"].map(str::to_owned))
        .collect();
    (families, labels)
}

/// Names of figures in a query.
fn names(query: &str) -> impl Iterator<Item = &str> {
    query
        .split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && c != '_')
        .filter(|word| word.starts_with("pernoex_") || word.starts_with("process_"))
}

fn check(query: &str, families: &BTreeMap<String, String>, labels: &BTreeSet<String>) -> usize {
    let mut found = 0;
    for name in names(query) {
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|part| {
                name.strip_suffix(part)
                    .filter(|family| families.get(*family).is_some_and(|kind| kind == "histogram"))
            })
            .unwrap_or(name);
        let kind = families
            .get(family)
            .unwrap_or_else(|| panic!("{name} is no figure of this server: {query}"));
        // A rate of what can fall is a mistake, and so is a counter that is read as if it could.
        let counts = query.contains("rate(") || query.contains("increase(");
        assert!(
            kind == "gauge" || counts,
            "{name} is a {kind} and is read without rate or increase: {query}"
        );
        found += 1;
    }
    let inside = query.split('{').skip(1).filter_map(|part| part.split('}').next());
    for label in inside.flat_map(|matchers| matchers.split(',')) {
        let label = label.trim().split(['=', '!']).next().unwrap();
        assert!(labels.contains(label), "{label} is no label: {query}");
    }
    for (at, _) in query.match_indices("by (") {
        for label in query[at + 4..].split(')').next().unwrap().split(',') {
            assert!(labels.contains(label.trim()), "{label} is no label: {query}");
        }
    }
    found
}

#[tokio::test]
async fn every_figure_on_the_dashboard_and_in_an_alert_exists() {
    let (families, labels) = figures().await;
    let dashboard: Value = serde_json::from_str(&file("grafana.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len(), "every panel has an id of its own");
    let mut shown = BTreeSet::new();
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{}", panel["title"]);
        for target in targets {
            let query = target["expr"].as_str().unwrap();
            assert!(check(query, &families, &labels) > 0, "{query}");
            shown.extend(names(query).map(|name| name.trim_end_matches("_bucket").to_owned()));
        }
    }
    for needed in [
        "pernoex_http_request_duration_seconds",
        "pernoex_jobs",
        "pernoex_database_connections",
        "pernoex_index_memory_bytes",
        "pernoex_webhook_rejections_total",
        "pernoex_mail",
    ] {
        assert!(shown.contains(needed), "{needed} is on the dashboard");
    }
    let alerts = file("alerts.yaml");
    let rules = alerts.split("- alert: ").skip(1);
    let mut count = 0;
    for rule in rules {
        let name = rule.lines().next().unwrap();
        for part in ["expr:", "for:", "severity:", "summary:", "description:"] {
            assert!(rule.contains(part), "{name} has a {part}");
        }
        let query = rule.split("expr:").nth(1).unwrap().split("\n        for:").next().unwrap();
        assert!(check(query, &families, &labels) > 0 || name == "PernoexDown", "{query}");
        count += 1;
    }
    assert!(count >= 12, "{count} alerts");
}
