//! Which crate may know which: what a crate does not depend on it cannot say.

use std::{collections::BTreeSet, path::Path, process::Command};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Names of the crates that `package` depends on, as `normal`, `dev` or `build`.
fn dependencies(metadata: &Value, package: &str, kind: &str) -> BTreeSet<String> {
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|one| one["name"] == package).unwrap();
    let of_kind = |one: &&Value| one["kind"].as_str().unwrap_or("normal") == kind;
    let list = package["dependencies"].as_array().unwrap().iter();
    list.filter(of_kind).map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

fn metadata() -> Value {
    let asked = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--no-deps", "--format-version", "1"])
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    serde_json::from_slice(&asked.stdout).unwrap()
}

#[test]
fn crates_depend_on_each_other_in_one_direction_only() {
    let metadata = metadata();
    let members: BTreeSet<&str> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        members,
        BTreeSet::from(["actors", "entities", "migration", "pernoex"]),
        "a new crate needs its place here"
    );
    let of_ours = |package: &str, kind: &str| -> Vec<String> {
        let all = dependencies(&metadata, package, kind);
        all.into_iter().filter(|name| members.contains(name.as_str())).collect()
    };
    // Whatever is not listed is not allowed. The tests alone look behind the walls, to see that they stand.
    assert_eq!(of_ours("pernoex", "normal"), ["actors", "migration"]);
    assert_eq!(of_ours("actors", "normal"), ["entities"]);
    assert_eq!(of_ours("migration", "normal"), ["entities"]);
    assert_eq!(of_ours("entities", "normal"), [""; 0]);
    for package in ["actors", "migration", "entities"] {
        assert_eq!(of_ours(package, "dev"), [""; 0]);
        assert_eq!(of_ours(package, "build"), [""; 0]);
    }
    assert_eq!(of_ours("pernoex", "build"), [""; 0]);
}

#[test]
fn handlers_cannot_name_the_database_nor_actors_http() {
    let metadata = metadata();
    let database = |name: &str| {
        ["sea-", "sqlx", "rusqlite", "libsqlite", "tokio-postgres", "postgres", "diesel"]
            .iter()
            .any(|start| name.starts_with(start))
    };
    let http = |name: &str| name.starts_with("actix-web") || name.starts_with("actix-session") || name.starts_with("actix-http");
    for (package, forbidden) in [
        ("pernoex", &database as &dyn Fn(&str) -> bool),
        ("actors", &database),
        ("actors", &http),
    ] {
        for name in dependencies(&metadata, package, "normal") {
            assert!(!forbidden(&name), "{package} must not depend on {name}");
        }
    }
    for package in ["entities", "migration"] {
        for name in dependencies(&metadata, package, "normal") {
            assert!(!http(&name), "{package} must not depend on {name}");
        }
    }
}

/// A re-export would hand a crate what its own dependencies keep from it.
#[test]
fn nobody_passes_the_database_on() {
    for folder in ["entities/src", "actors/src", "migration/src"] {
        for (path, file) in super::messages::parsed(&Path::new(ROOT).join(folder)) {
            for item in file.items {
                let syn::Item::Use(item) = item else { continue };
                if !matches!(item.vis, syn::Visibility::Public(_)) {
                    continue;
                }
                let first = match &item.tree {
                    syn::UseTree::Path(path) => path.ident.to_string(),
                    syn::UseTree::Name(name) => name.ident.to_string(),
                    syn::UseTree::Rename(name) => name.ident.to_string(),
                    _ => "*".into(),
                };
                let passed_on = ["sea_orm", "sea_orm_migration", "sqlx", "*"].contains(&first.as_str());
                assert!(!passed_on, "{} passes {first} on", path.display());
                if folder == "actors/src" && first == "entities" {
                    let names = super::messages::names(&item.tree);
                    for gate in ["Store", "TenantDb", "TenantTx", "PlatformDb", "*"] {
                        assert!(!names.contains(gate), "{} hands {gate} to the server", path.display());
                    }
                }
            }
        }
    }
}
