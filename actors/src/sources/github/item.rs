//! What an item of a GitHub source is called: the same in every run, and enough to find it by.

use super::config::parts;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    File {
        owner: &'a str,
        name: &'a str,
        branch: &'a str,
        path: &'a str,
    },
    Issue {
        owner: &'a str,
        name: &'a str,
        number: u64,
    },
    Discussion {
        owner: &'a str,
        name: &'a str,
        number: u64,
    },
}

/// A branch's name has no colon, and a repository's no `@`.
pub(super) fn file(full_name: &str, branch: &str, path: &str) -> String {
    format!("file:{full_name}@{branch}:{path}")
}

pub(super) fn issue(full_name: &str, number: u64) -> String {
    format!("issue:{full_name}#{number}")
}

pub(super) fn discussion(full_name: &str, number: u64) -> String {
    format!("discussion:{full_name}#{number}")
}

/// What the names of everything of a repository begin with.
pub(super) fn all_of(full_name: &str) -> [String; 3] {
    [
        format!("file:{full_name}@"),
        format!("issue:{full_name}#"),
        format!("discussion:{full_name}#"),
    ]
}

pub(super) fn read(id: &str) -> Option<Item<'_>> {
    let (kind, rest) = id.split_once(':')?;
    if kind == "file" {
        let (full_name, rest) = rest.split_once('@')?;
        let (branch, path) = rest.split_once(':')?;
        let (owner, name) = parts(full_name)?;
        return Some(Item::File { owner, name, branch, path });
    }
    let (full_name, number) = rest.split_once('#')?;
    let ((owner, name), number) = (parts(full_name)?, number.parse().ok()?);
    match kind {
        "issue" => Some(Item::Issue { owner, name, number }),
        "discussion" => Some(Item::Discussion { owner, name, number }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_back_to_what_it_names() {
        let id = file("acme/lantern", "release@2/x", "docs/a@b:c#d.md");
        let expected = Item::File {
            owner: "acme",
            name: "lantern",
            branch: "release@2/x",
            path: "docs/a@b:c#d.md",
        };
        assert_eq!(read(&id), Some(expected));
        let (owner, name) = ("acme", "lantern");
        assert_eq!(read(&issue("acme/lantern", 7)), Some(Item::Issue { owner, name, number: 7 }));
        assert_eq!(
            read(&discussion("acme/lantern", 8)),
            Some(Item::Discussion { owner, name, number: 8 })
        );
        for odd in ["", "file:acme", "file:a/b@main", "issue:a/b#x", "wiki:a/b#1", "issue:../b#1"] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }
}
