//! `docs/asvs.md` claims nothing that no test shows.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

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

#[test]
fn each_requirement_is_answered_once_and_each_named_test_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = fs::read_to_string(root.join("docs/asvs.md")).unwrap();
    let mut source = String::new();
    for folder in ["tests", "src", "actors/src", "entities/src"] {
        sources(&root.join(folder), &mut source);
    }
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
            "met" if tests.is_empty() => wrong.push(format!("{id} is met by no test")),
            "met" => {}
            "not applicable" | "not met" if why.is_empty() => wrong.push(format!("{id}: why?")),
            "not applicable" | "not met" => {}
            _ => wrong.push(format!("{id}: {state} is no state")),
        }
        for test in tests {
            let known = source.contains(&format!("fn {test}(")) || source.contains(&format!("test(\"{test}\""));
            if !known {
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
