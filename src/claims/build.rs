//! What this program was built from, and what is fixed in it.

use std::fmt::Write;

use actors::{Role, role::PERMISSIONS, webhooks::WINDOW_MS};
use sha2::{Digest, Sha256};

use super::{Check, Outcome, Outcomes};

/// As it was when this program was built.
const LOCK: &str = include_str!("../../Cargo.lock");
const BUILT_BY: &str = env!("BUILT_BY_RUST");
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

pub(super) fn look(found: &mut Outcomes) {
    found.insert(Check::Roles, roles());
    found.insert(Check::Window, window());
    found.insert(Check::Toolchain, toolchain(BUILT_BY, OLDEST));
    found.insert(Check::Lockfile, lock_file(LOCK));
}

/// The least role of each row.
const LEAST: [(&str, Role); 5] = [
    ("billing", Role::Owner),
    ("team", Role::Owner),
    ("projects", Role::Admin),
    ("knowledge", Role::Member),
    ("account", Role::Member),
];

fn roles() -> Outcome {
    let rows: Vec<_> = PERMISSIONS.iter().map(|row| (row.id, row.least)).collect();
    match rows == LEAST {
        true => Outcome::Holds(
            "billing and the team are the Owners', projects and settings the Admins' too, assigned projects the Members' too".into(),
        ),
        false => Outcome::Broken("the table of roles grants something else than is said of it".into()),
    }
}

fn window() -> Outcome {
    match WINDOW_MS {
        300_000 => Outcome::Holds("five minutes either way".into()),
        other => Outcome::Broken(format!("{} seconds either way", other / 1000)),
    }
}

fn parts(version: &str) -> Vec<u32> {
    version.split(['.', '-']).map_while(|part| part.parse().ok()).collect()
}

fn toolchain(built_by: &str, oldest: &str) -> Outcome {
    match parts(built_by) {
        none if none.is_empty() => Outcome::Unproven("which compiler built this program is not known to it"),
        by if by >= parts(oldest) => Outcome::Holds(format!("built by Rust {built_by}; older than {oldest} is refused by the build")),
        _ => Outcome::Broken(format!("built by Rust {built_by}, and older than {oldest} is not allowed")),
    }
}

fn lock_file(text: &str) -> Outcome {
    let (mut packages, mut loose) = (0, 0);
    for package in text.split("[[package]]").skip(1) {
        packages += 1;
        let has = |name: &str| package.lines().any(|line| line.starts_with(name));
        // Our own have no source, and no sum: they are what is built.
        let is_pinned = has("version = ") && (!has("source = ") || has("checksum = "));
        loose += usize::from(!is_pinned);
    }
    let mut sum = String::new();
    for byte in Sha256::digest(text) {
        let _ = write!(sum, "{byte:02x}");
    }
    match (packages, loose) {
        (0, _) => Outcome::Broken("no dependency is pinned".into()),
        (_, 0) => Outcome::Holds(format!("{packages} packages, each pinned; Cargo.lock has the SHA-256 {sum}")),
        _ => Outcome::Broken(format!("{loose} of {packages} packages are not pinned to what they are")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::Status;

    #[test]
    fn what_this_program_was_built_from_is_what_is_said() {
        let mut found = Outcomes::new();
        look(&mut found);
        for (check, outcome) in &found {
            assert_eq!(outcome.status(), Status::Holds, "{}: {}", check.id(), outcome.words());
        }
    }

    #[test]
    fn an_older_compiler_and_a_loose_dependency_are_seen() {
        for (by, status) in [
            ("1.95.0", Status::Holds),
            ("1.96.0-nightly", Status::Holds),
            ("2.0.0", Status::Holds),
            ("1.94.9", Status::Broken),
            ("unknown", Status::Unproven),
        ] {
            assert_eq!(toolchain(by, "1.95").status(), status, "{by}");
        }
        let loose = "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"git+https://example.com/a\"\n";
        assert_eq!(lock_file(loose).status(), Status::Broken);
        assert_eq!(lock_file("").status(), Status::Broken);
    }
}
