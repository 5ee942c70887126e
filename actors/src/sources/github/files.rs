//! Files: listed by the tree of a branch, or folder by folder where GitHub does not send that in one piece.

use serde::Deserialize;

use super::{
    GitHub,
    api::{ApiError, As},
    config::{GitHubConfig, parts},
    connector::{Folder, MOST_FILE, Part, Step, found, or_nothing, skip},
    item,
    markup::Markup,
};
use crate::sources::connector::{Content, Fetched, Found, ProviderError};

/// Trees that one page of a listing asks for, where GitHub does not send a repository's in one piece.
const TREES: usize = 10;
/// Folders that wait to be looked into; a repository with more of them is not one of documents.
const MOST_FOLDERS: usize = 20_000;

#[derive(Deserialize)]
struct RepositoryInfo {
    default_branch: String,
}

#[derive(Deserialize)]
struct Branch {
    commit: Commit,
}

#[derive(Deserialize)]
struct Commit {
    commit: CommitDetails,
}

#[derive(Deserialize)]
struct CommitDetails {
    tree: TreeName,
}

#[derive(Deserialize)]
struct TreeName {
    sha: String,
}

#[derive(Deserialize)]
struct Tree {
    tree: Vec<Entry>,
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct Entry {
    path: String,
    mode: String,
    r#type: String,
    sha: Option<String>,
}

impl GitHub {
    /// The files of a branch, or, if there are too many for one answer, of its top folder.
    pub(super) async fn files(&self, who: &As<'_>, config: &GitHubConfig, at: usize) -> Result<Step, ProviderError> {
        let chosen = &config.repositories[at];
        let (owner, name) = parts(&chosen.full_name).ok_or(ProviderError::Unreadable)?;
        let branch = match &chosen.branch {
            Some(branch) => branch.clone(),
            None => match or_nothing(self.api.json::<RepositoryInfo>(who, &["repos", owner, name], &[]).await)? {
                Some(info) => info.default_branch,
                None => return Ok((Vec::new(), None)),
            },
        };
        let head = self
            .api
            .json::<Branch>(who, &["repos", owner, name, "branches", &branch], &[])
            .await;
        let Some(head) = or_nothing(head)? else {
            return Ok((Vec::new(), None));
        };
        let root = Folder {
            path: String::new(),
            sha: head.commit.commit.tree.sha,
        };
        let Some(tree) = self.tree(who, (owner, name), &root.sha, true).await? else {
            return Ok((Vec::new(), None));
        };
        if tree.truncated {
            return Ok((Vec::new(), Some(Part::Folders { branch, left: vec![root] })));
        }
        let files = tree
            .tree
            .into_iter()
            .filter_map(|entry| self.taken(config, &chosen.full_name, &branch, "", entry));
        Ok((files.collect(), None))
    }

    async fn tree(&self, who: &As<'_>, (owner, name): (&str, &str), sha: &str, whole: bool) -> Result<Option<Tree>, ProviderError> {
        let query: &[(&str, &str)] = if whole { &[("recursive", "1")] } else { &[] };
        let asked = self
            .api
            .json::<Tree>(who, &["repos", owner, name, "git", "trees", sha], query)
            .await;
        match asked {
            // Of GitHub's, one that is too large for an answer is in pieces as well.
            Err(ApiError::TooLarge) if whole => Ok(Some(Tree {
                tree: Vec::new(),
                truncated: true,
            })),
            asked => or_nothing(asked),
        }
    }

    fn taken(&self, config: &GitHubConfig, full_name: &str, branch: &str, folder: &str, entry: Entry) -> Option<Found> {
        // Links lead out of what was chosen, or to what is listed anyway.
        if entry.r#type != "blob" || entry.mode == "120000" {
            return None;
        }
        let path = match folder {
            "" => entry.path,
            folder => format!("{folder}/{}", entry.path),
        };
        config
            .takes(&path)
            .then(|| found(item::file(full_name, branch, &path), entry.sha?))
            .flatten()
    }

    /// Looks into some folders of a tree that came in pieces.
    pub(super) async fn folders(
        &self,
        who: &As<'_>,
        config: &GitHubConfig,
        at: usize,
        (branch, mut left): (String, Vec<Folder>),
    ) -> Result<Step, ProviderError> {
        let full_name = &config.repositories[at].full_name;
        let repository = parts(full_name).ok_or(ProviderError::Unreadable)?;
        let mut files = Vec::new();
        for _ in 0..TREES {
            let Some(folder) = left.pop() else { break };
            // The top was tried in one piece.
            let mut in_pieces = folder.path.is_empty();
            let mut tree = self.tree(who, repository, &folder.sha, !in_pieces).await?;
            if !in_pieces && tree.as_ref().is_some_and(|tree| tree.truncated) {
                in_pieces = true;
                tree = self.tree(who, repository, &folder.sha, false).await?;
            }
            let Some(tree) = tree else { continue };
            if tree.truncated {
                // A single folder of more than a hundred thousand files.
                return Err(ProviderError::Unreadable);
            }
            for entry in tree.tree {
                if entry.r#type == "tree" && in_pieces {
                    let path = match folder.path.as_str() {
                        "" => entry.path,
                        above => format!("{above}/{}", entry.path),
                    };
                    if let Some(sha) = entry.sha.filter(|_| config.leads_into(&path)) {
                        left.push(Folder { path, sha });
                    }
                    continue;
                }
                files.extend(self.taken(config, full_name, &branch, &folder.path, entry));
            }
            if left.len() > MOST_FOLDERS {
                return Err(ProviderError::Unreadable);
            }
        }
        let next = (!left.is_empty()).then_some(Part::Folders { branch, left });
        Ok((files, next))
    }

    pub(super) async fn file(
        &self,
        who: &As<'_>,
        (owner, name): (&str, &str),
        (branch, path): (&str, &str),
        sha: &str,
    ) -> Result<Fetched, ProviderError> {
        let url = self.api.to(&["repos", owner, name, "git", "blobs", sha], &[])?;
        let bytes = match self.api.get(who, url, "application/vnd.github.raw+json", MOST_FILE).await {
            Ok(answer) => answer.bytes,
            Err(ApiError::Missing | ApiError::Empty) => return Ok(Fetched::Gone),
            Err(ApiError::TooLarge) => return Ok(skip("too_large", "The file has more than 5 MiB.")),
            Err(error) => return Err(error.into()),
        };
        if bytes.starts_with(b"version https://git-lfs.github.com/spec/") {
            return Ok(skip("in_lfs", "The file itself is kept by Git LFS, which is not read."));
        }
        let Some(markup) = Markup::of(path) else { return Ok(Fetched::Gone) };
        let Ok(text) = std::str::from_utf8(&bytes) else {
            return Ok(skip("unreadable", "The file is not text in UTF-8."));
        };
        let text = text.to_owned();
        // Of a quarter of a MiB at most, and still not where others are served.
        let reading = tokio::task::spawn_blocking(move || markup.read(&text)).await;
        let Ok((media, text)) = reading else {
            return Ok(skip("unreadable", "The file cannot be read."));
        };
        if text.trim().is_empty() {
            return Ok(skip("no_text", "Nothing is written in the file."));
        }
        let page = [owner, name, "blob"].into_iter().chain(branch.split('/')).chain(path.split('/'));
        Ok(Fetched::Content(Content {
            title: path.to_owned(),
            url: Some(self.api.page(page)),
            media,
            bytes: text.into_bytes(),
            version: Some(sha.to_owned()),
            links: Vec::new(),
        }))
    }
}
