//! What somebody chose at GitHub.

use serde::{Deserialize, Serialize};

use super::markup::Markup;

const MOST_REPOSITORIES: usize = 50;
const MOST_PATHS: usize = 50;
const MOST_PATH: usize = 500;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GitHubConfig {
    pub repositories: Vec<Repository>,
    /// What their paths begin with, whole names at a time. None: everything.
    #[serde(default)]
    pub paths: Vec<String>,
    /// Issues that were resolved, with what was said.
    #[serde(default)]
    pub issues: bool,
    /// Discussions that were answered, with the answer.
    #[serde(default)]
    pub discussions: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Repository {
    /// `owner/name`.
    pub full_name: String,
    /// `None`: whichever is the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// Owner and name; `None` when it is no repository's name.
pub(super) fn parts(full_name: &str) -> Option<(&str, &str)> {
    let (owner, name) = full_name.split_once('/')?;
    let is_name = |part: &str| {
        let plain = part
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        !part.is_empty() && part.len() <= 100 && plain && part != "." && part != ".."
    };
    (is_name(owner) && is_name(name)).then_some((owner, name))
}

/// What Git takes for a branch's name, near enough to tell it from the rest of an item's.
fn is_branch(name: &str) -> bool {
    let odd = |character: char| character.is_control() || " ~^:?*[\\".contains(character);
    !name.is_empty() && name.len() <= 250 && !name.chars().any(odd) && !name.contains("..") && !name.starts_with('-')
}

impl GitHubConfig {
    /// As it is stored, or what is not acceptable, and why.
    pub(super) fn checked(mut self) -> Result<Self, (&'static str, &'static str)> {
        if self.repositories.is_empty() || self.repositories.len() > MOST_REPOSITORIES {
            return Err(("repositories", "Choose between 1 and 50 repositories."));
        }
        if self.repositories.iter().any(|one| parts(&one.full_name).is_none()) {
            return Err(("repositories", "Name each repository as owner/name."));
        }
        let branches = self.repositories.iter().filter_map(|one| one.branch.as_deref());
        if branches.clone().any(|name| !name.is_empty() && !is_branch(name)) {
            return Err(("repositories", "That is no branch's name."));
        }
        for one in &mut self.repositories {
            one.branch = one.branch.take().filter(|name| !name.is_empty());
        }
        let mut seen = std::collections::BTreeSet::new();
        self.repositories
            .retain(|one| seen.insert((one.full_name.to_lowercase(), one.branch.clone())));
        for path in &mut self.paths {
            *path = path.trim().trim_matches('/').to_owned();
        }
        self.paths.retain(|path| !path.is_empty());
        if self.paths.len() > MOST_PATHS || self.paths.iter().any(|path| path.len() > MOST_PATH) {
            return Err(("paths", "Name at most 50 folders, each with at most 500 letters."));
        }
        Ok(self)
    }

    /// Whether a file at `path` is asked for, and one that is read.
    pub(super) fn takes(&self, path: &str) -> bool {
        Markup::of(path).is_some() && (self.paths.is_empty() || self.paths.iter().any(|chosen| is_within(path, chosen)))
    }

    /// Whether something below the folder `path` may be asked for.
    pub(super) fn leads_into(&self, path: &str) -> bool {
        let related = |chosen: &String| is_within(path, chosen) || is_within(chosen, path);
        self.paths.is_empty() || self.paths.iter().any(related)
    }
}

/// Whether `path` is `folder`, or in it: `docs` is not in `doc`.
fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(paths: &[&str]) -> GitHubConfig {
        GitHubConfig {
            repositories: vec![Repository {
                full_name: "acme/lantern".into(),
                branch: Some(String::new()),
            }],
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            ..GitHubConfig::default()
        }
    }

    #[test]
    fn a_folder_is_taken_by_whole_names() {
        let config = of(&["/doc/", " "]).checked().unwrap();
        assert_eq!(config.paths, ["doc"]);
        assert_eq!(config.repositories[0].branch, None);
        assert!(config.takes("doc/guide.md") && config.takes("doc/a/b.rst"));
        assert!(!config.takes("docs/guide.md") && !config.takes("doc/logo.png") && !config.takes("guide.md"));
        assert!(of(&[]).takes("guide.md"));
        assert!(of(&["a/b"]).leads_into("a") && of(&["a/b"]).leads_into("a/b/c") && !of(&["a/b"]).leads_into("a/c"));
    }

    #[test]
    fn what_is_no_repository_is_refused() {
        for name in ["", "lantern", "acme/", "acme/a/b", "acme/..", "acme/a b", "acme/a?b"] {
            let mut config = of(&[]);
            config.repositories[0].full_name = name.into();
            assert!(config.checked().is_err(), "{name}");
        }
        let mut config = of(&[]);
        config.repositories[0].branch = Some("a:b".into());
        assert!(config.checked().is_err());
        config = of(&[]);
        config.repositories.clear();
        assert!(config.checked().is_err());
    }
}
