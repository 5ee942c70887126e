//! `docs/asvs.md` claims nothing that no test shows.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{PASSWORD, TestApp};

/// How many requirements each section of the chapters has, in version 5.0.0.
const SECTIONS: &[(&str, usize)] = &[
    ("V6.1", 3),
    ("V6.2", 12),
    ("V6.3", 8),
    ("V6.4", 6),
    ("V6.5", 8),
    ("V6.6", 4),
    ("V6.7", 2),
    ("V6.8", 4),
    ("V7.1", 3),
    ("V7.2", 4),
    ("V7.3", 2),
    ("V7.4", 5),
    ("V7.5", 3),
    ("V7.6", 2),
    ("V8.1", 4),
    ("V8.2", 4),
    ("V8.3", 3),
    ("V8.4", 2),
    ("V9.1", 3),
    ("V9.2", 4),
    ("V10.1", 2),
    ("V10.2", 3),
    ("V10.3", 5),
    ("V10.4", 16),
    ("V10.5", 5),
    ("V10.6", 2),
    ("V10.7", 3),
];

fn sources(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            if name != "node_modules" && name != "target" {
                sources(&path, found);
            }
        } else if name.ends_with(".rs") || name.ends_with(".test.mjs") {
            found.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

fn all_sources(root: &Path) -> String {
    let mut source = String::new();
    for folder in ["tests", "src", "actors/src", "entities/src"] {
        sources(&root.join(folder), &mut source);
    }
    source
}

/// Of Rust a function with an attribute before it, as tests have, and helpers have not.
fn is_test(source: &str, name: &str) -> bool {
    let begins = format!("fn {name}(");
    let has_attribute = |(at, _): (usize, &str)| {
        let line = source[..at].rfind('\n').unwrap_or_default();
        source[..line]
            .lines()
            .next_back()
            .is_some_and(|before| before.trim_start().starts_with("#["))
    };
    source.match_indices(&begins).any(has_attribute) || source.contains(&format!("test(\"{name}\""))
}

/// `docs/attacks.md` too: each class of attack is tried by a test that exists.
#[test]
fn each_class_of_attack_is_tried_by_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("docs/attacks.md")).unwrap();
    let source = all_sources(root);
    let mut classes = 0;
    for line in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let tests: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "tried by nothing: {line}");
        for test in tests {
            assert!(is_test(&source, test), "there is no test {test}");
        }
        classes += 1;
    }
    assert_eq!(classes, 21, "a class is left out");
}

#[test]
fn each_requirement_is_answered_once_and_each_named_test_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("docs/asvs.md")).unwrap();
    let source = all_sources(root);
    let mut wrong = Vec::new();
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for line in table.lines().filter(|line| line.starts_with("| V")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [id, _, state, why] = cells[..] else {
            wrong.push(format!("{line}: not four cells"));
            continue;
        };
        *seen.entry(id.to_owned()).or_default() += 1;
        *states.entry(state).or_default() += 1;
        let tests: Vec<&str> = why.split('`').skip(1).step_by(2).collect();
        match state {
            "met" | "by setting" if tests.is_empty() => wrong.push(format!("{id} is met by no test")),
            "by setting" if !why.contains("PERNOEX_") => wrong.push(format!("{id}: by which setting?")),
            "met" | "by setting" => {}
            "not applicable" | "not met" if why.is_empty() => wrong.push(format!("{id}: why?")),
            "not applicable" | "not met" => {}
            _ => wrong.push(format!("{id}: {state} is no state")),
        }
        for test in tests {
            if !is_test(&source, test) {
                wrong.push(format!("{id}: there is no test {test}"));
            }
        }
    }
    let expected: BTreeSet<String> = SECTIONS
        .iter()
        .flat_map(|(section, count)| (1..=*count).map(move |n| format!("{section}.{n}")))
        .collect();
    for id in &expected {
        match seen.get(id) {
            Some(1) => {}
            found => wrong.push(format!("{id} is answered {} times", found.copied().unwrap_or(0))),
        }
    }
    wrong.extend(
        seen.keys()
            .filter(|id| !expected.contains(*id))
            .map(|id| format!("{id} is no requirement of these chapters")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{states:?}");
}

/// Nothing but these pages' own scripts stands between somebody and their password manager.
#[test]
fn passwords_are_masked_can_be_pasted_and_filled_in_by_managers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/dashboard");
    let mut scripts = BTreeMap::new();
    read_scripts(&folder, &mut scripts);
    let (mut asked, mut named) = (0, 0);
    for (name, script) in &scripts {
        assert!(
            !script.contains("onpaste") && !script.contains("\"paste\"") && !script.contains("paste:"),
            "{name} meddles with pasting"
        );
        for call in script.split("passwordField({").skip(1) {
            let options = call.split("})").next().unwrap();
            // A provider's secret is masked as well, and is nobody's password: managers are to leave it alone.
            if options.contains("autocomplete: \"off\"") {
                assert!(options.contains("name: \"secret\""), "{name} keeps a password from managers");
                continue;
            }
            asked += 1;
            named +=
                usize::from(options.contains("autocomplete: \"current-password\"") || options.contains("autocomplete: \"new-password\""));
        }
        // Whatever asks for a password does it by the one field that masks it.
        let by_hand = script.contains("type: \"password\"") && !name.ends_with("parts/field.js");
        assert!(!by_hand, "{name} makes a password field of its own");
    }
    assert!(
        asked >= 2 && asked == named,
        "{asked} password fields, {named} say to password managers what they are"
    );
    assert!(
        scripts
            .iter()
            .any(|(name, script)| name.ends_with("parts/field.js") && script.contains("field({ type: \"password\""))
    );
}

fn read_scripts(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_scripts(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "js") {
            found.insert(path.display().to_string(), fs::read_to_string(&path).unwrap());
        }
    }
}

#[tokio::test]
async fn a_new_installation_has_no_account() {
    let app = TestApp::start().await;
    let rows = app.rows().await;
    assert!(rows.ask("select 1 as one from account", vec![]).await.is_empty());
    rows.close().await;
    for name in ["admin", "root", "sa", "operator"] {
        let body = json!({ "email": format!("{name}@localhost.localdomain"), "password": name });
        assert_eq!(app.nobody().post("/session", body).await.0, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_password_stays_good_for_years() {
    let clock = Clock::manual(1_800_000_000_000);
    let app = TestApp::start_with(clock.clone(), &[]).await;
    let ada = app.owner("ada").await;
    clock.advance(5 * 365 * 24 * HOUR);
    let body = json!({ "email": ada.email, "password": PASSWORD });
    assert_eq!(app.nobody().post("/session", body).await.0, StatusCode::OK);
}

const HOUR: i64 = 3_600_000;

#[tokio::test]
async fn a_session_ends_unused_and_in_any_case() {
    let clock = Clock::manual(1_800_000_000_000);
    let app = TestApp::start_with(clock.clone(), &[]).await;
    let (mut unused, mut busy) = (app.owner("ada").await, app.owner("eve").await);
    clock.advance(11 * HOUR);
    for person in [&mut unused, &mut busy] {
        assert_eq!(person.get("/session").await.0, StatusCode::OK);
    }
    clock.advance(12 * HOUR + 1);
    assert_eq!(
        unused.get("/session").await.0,
        StatusCode::UNAUTHORIZED,
        "after twelve hours without use"
    );
    let mut busy = {
        let body = json!({ "email": busy.email, "password": PASSWORD });
        let (status, session) = busy.post("/session", body).await;
        assert_eq!(status, StatusCode::OK);
        busy.took(&session);
        busy
    };
    for _ in 0..16 {
        clock.advance(10 * HOUR);
        assert_eq!(busy.get("/session").await.0, StatusCode::OK);
    }
    clock.advance(8 * HOUR);
    assert_eq!(
        busy.get("/session").await.0,
        StatusCode::UNAUTHORIZED,
        "after seven days, however busy"
    );
}
