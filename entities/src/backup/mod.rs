//! All rows of an installation, read as of one moment and put into another one: the one place where a tenant's rows are reached without
//! being that tenant. Whoever has this has what is stored, sealed as it is. Nothing that serves requests can reach it: see
//! `docs/operations.md`, *Backups*, for which role of the database may.

mod kind;
mod restoring;
mod runs;
mod snapshot;

use kind::Kind;
pub use restoring::Restoring;
pub use runs::{Cause, LastRuns, PlaceId, Run};
pub use snapshot::{Living, ShareOf, Snapshot};

/// Tables that are never in a backup, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("seaql_migrations", "which tables there are is said in the backup's head"),
    ("key_epoch", "a count of this database's own"),
    (
        "key_share",
        "shares are kept apart, in their latest state only: what is deleted stays shut in older backups",
    ),
    ("session", "nobody is signed in after a restore"),
    ("ceremony", "what one sign-in must remember for some minutes"),
    ("account_token", "links that work once: one that was used since must not work again"),
    ("mail", "letters that waited: they were sent since, or hold such a link"),
    ("backup_run", "which backups were made of this database"),
    ("backup_turn", "who makes one right now"),
];

/// The role that only reads, for backups, and the policy that lets it see rows of all tenants. Made by `pernoex migrate`.
pub const POLICY: &str = "backup_reads";

/// A value, whatever database it is in. Ids are their 16 bytes, truth is 0 or 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A table and its columns, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub name: String,
    pub columns: Vec<String>,
}

fn is_kept(table: &str) -> bool {
    LEFT_OUT.iter().all(|(name, _)| *name != table)
}

/// Whether who makes backups needs to read this table.
#[must_use]
pub fn is_read(table: &str) -> bool {
    is_kept(table) || ["seaql_migrations", "key_epoch", "key_share"].contains(&table)
}

/// Parents before their children, and otherwise by name: `refers` is child and parent. `None` when they go round in a circle.
fn in_order(mut names: Vec<String>, refers: &[(String, String)]) -> Option<Vec<String>> {
    names.sort();
    let mut ordered: Vec<String> = Vec::with_capacity(names.len());
    while !names.is_empty() {
        let waits = |name: &String| {
            let mut parents = refers.iter().filter(|(child, parent)| child == name && parent != name);
            parents.any(|(_, parent)| names.contains(parent))
        };
        let (waiting, ready): (Vec<String>, Vec<String>) = names.iter().cloned().partition(waits);
        if ready.is_empty() {
            return None;
        }
        ordered.extend(ready);
        names = waiting;
    }
    Some(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_come_before_their_children_and_a_circle_is_refused() {
        let names = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let refers = |pairs: &[(&str, &str)]| {
            let owned = |(child, parent): &(&str, &str)| ((*child).to_owned(), (*parent).to_owned());
            pairs.iter().map(owned).collect::<Vec<_>>()
        };
        let tree = refers(&[("a", "c"), ("b", "a"), ("c", "c")]);
        assert_eq!(in_order(names("a b c"), &tree), Some(names("c a b")));
        assert_eq!(in_order(names("a b"), &refers(&[("a", "b"), ("b", "a")])), None);
    }
}
