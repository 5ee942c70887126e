//! The list itself.

use std::{collections::BTreeSet, fs, path::Path};

fn sources(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

/// Names of the tests of a source that run: not those in a comment, nor those that are ignored or left out by a condition.
fn tests(source: &str) -> BTreeSet<String> {
    let (mut found, mut is_test, mut is_left_out, mut in_comment) = (BTreeSet::new(), false, false, false);
    for line in source.lines().map(str::trim) {
        match line {
            _ if in_comment => in_comment = !line.contains("*/"),
            line if line.starts_with("/*") => in_comment = !line.contains("*/"),
            line if line.starts_with("//") || line.is_empty() => {}
            line if line.starts_with("#[") => {
                is_test |= line.ends_with("test]") || line.contains("::test(");
                is_left_out |= line.contains("ignore") || line.contains("cfg");
            }
            line => {
                let name = line.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
                if let (Some((name, _)), true, false) = (name, is_test, is_left_out) {
                    found.insert(name.to_owned());
                }
                (is_test, is_left_out) = (false, false);
            }
        }
    }
    found
}

#[test]
fn each_test_that_a_claim_names_is_one_that_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut source = String::new();
    for folder in ["tests", "src", "actors/src", "entities/src"] {
        sources(&root.join(folder), &mut source);
    }
    let there = tests(&source);
    let missing: Vec<_> = pernoex::claims::all()
        .into_iter()
        .flat_map(|claim| claim.tests.iter().map(move |test| (claim.id, *test)))
        .filter(|(_, test)| !there.contains(*test))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_test_that_does_not_run_is_none() {
    let source = "#[test]\nfn runs() {}\n#[tokio::test]\nasync fn waits() {}\n#[test]\n#[ignore = \"slow\"]\nfn ignored() {}\n\
        // #[test]\n// fn commented() {}\n/*\n#[test]\nfn gone() {}\n*/\nfn helps() {}\n";
    assert_eq!(tests(source), ["runs", "waits"].map(str::to_owned).into());
}

#[test]
fn what_a_status_means_is_written_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("docs/claims.md")).unwrap();
    for word in [
        "holds",
        "broken",
        "unproven",
        "not_tried",
        "PERNOEX_TRUST_PAGE",
        "PERNOEX_VERIFY_PASSWORD",
    ] {
        assert!(text.contains(&format!("`{word}`")), "{word}");
    }
}
