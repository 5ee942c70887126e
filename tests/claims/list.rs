//! The list itself.

use std::{fs, path::Path};

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

#[test]
fn each_test_that_a_claim_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut source = String::new();
    for folder in ["tests", "src", "actors/src", "entities/src"] {
        sources(&root.join(folder), &mut source);
    }
    let missing: Vec<_> = pernoex::claims::all()
        .into_iter()
        .flat_map(|claim| claim.tests.iter().map(move |test| (claim.id, *test)))
        .filter(|(_, test)| !source.contains(&format!("fn {test}(")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
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
