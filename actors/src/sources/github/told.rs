//! What a GitHub App is told: <https://docs.github.com/en/webhooks/webhook-events-and-payloads>. Only that something is there no longer matters;
//! the rest is for the next sync.

use std::collections::BTreeSet;

use entities::{source, source_grant, source_item::Which};
use serde::{Deserialize, Serialize};

use super::{config::GitHubConfig, item};
use crate::{
    fault::Fault,
    integrations::{IntegrationActor, events::Pending},
    sources::{connector::Kind, told::Told},
};

/// What it means here.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
enum News {
    /// Files at these paths are not on the branch any more.
    Files {
        repository: String,
        branch: String,
        paths: Vec<String>,
    },
    Branch {
        repository: String,
        branch: String,
    },
    /// Deleted, made private, or taken out of the App's reach.
    Repositories {
        names: Vec<String>,
    },
    /// The App was taken out of the account.
    Uninstalled,
    /// The App may read nothing there for now.
    Suspended,
    /// It may read again.
    Back,
}

#[derive(Serialize, Deserialize)]
struct Letter {
    installation: String,
    #[serde(flatten)]
    news: News,
}

#[derive(Deserialize)]
struct Event {
    #[serde(default)]
    action: Option<String>,
    #[serde(default)]
    installation: Option<Installation>,
    #[serde(default)]
    repository: Option<Repository>,
    #[serde(default)]
    repositories_removed: Vec<Repository>,
    #[serde(default, rename = "ref")]
    reference: Option<String>,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    commits: Vec<Commit>,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

#[derive(Deserialize)]
struct Commit {
    #[serde(default)]
    added: Vec<String>,
    #[serde(default)]
    modified: Vec<String>,
    #[serde(default)]
    removed: Vec<String>,
}

/// What is gone after all commits: what one removes, a later one may bring back.
fn removed(commits: Vec<Commit>) -> Vec<String> {
    let mut gone = BTreeSet::new();
    for commit in commits {
        gone.extend(commit.removed);
        for path in commit.added.iter().chain(&commit.modified) {
            gone.remove(path);
        }
    }
    gone.into_iter().collect()
}

fn news(name: &str, event: Event) -> Option<News> {
    let repository = event.repository.map(|repository| repository.full_name);
    match (name, event.action.as_deref()) {
        ("push", _) => {
            let (repository, branch) = (repository?, event.reference?.strip_prefix("refs/heads/")?.to_owned());
            if event.deleted {
                return Some(News::Branch { repository, branch });
            }
            let paths = removed(event.commits);
            (!paths.is_empty()).then_some(News::Files { repository, branch, paths })
        }
        ("repository", Some("deleted" | "privatized")) => Some(News::Repositories { names: vec![repository?] }),
        ("installation_repositories", Some("removed")) => {
            let names = event.repositories_removed.into_iter().map(|repository| repository.full_name);
            Some(News::Repositories { names: names.collect() })
        }
        ("installation", Some("deleted")) => Some(News::Uninstalled),
        ("installation", Some("suspend")) => Some(News::Suspended),
        ("installation", Some("unsuspend")) => Some(News::Back),
        _ => None,
    }
}

/// Reads what GitHub sent, `name` being what it calls it. `None` when it is nothing of GitHub's.
#[must_use]
pub fn read_told(name: &str, body: &[u8]) -> Option<Told> {
    let event: Event = serde_json::from_slice(body).ok()?;
    let Some(installation) = event.installation.as_ref().map(|installation| installation.id.to_string()) else {
        return Some(Told::Nothing);
    };
    let Some(news) = news(name, event) else {
        return Some(Told::Nothing);
    };
    let holders = vec![installation.clone()];
    Some(Told::Event {
        kind: Kind::GitHub,
        holders,
        id: None,
        payload: serde_json::to_vec(&Letter { installation, news }).ok()?,
    })
}

impl GitHubConfig {
    /// As those of a repository are called that were chosen of it: GitHub's letters may be of another case.
    fn called<'a>(&'a self, repository: &'a str) -> impl Iterator<Item = &'a str> {
        let names = self.repositories.iter().map(|chosen| chosen.full_name.as_str());
        names.filter(move |name| name.eq_ignore_ascii_case(repository))
    }

    /// What of a source's items is gone by that.
    fn touched(&self, news: &News) -> Option<Which> {
        let which = match news {
            News::Files { repository, branch, paths } => {
                let names: BTreeSet<&str> = self.called(repository).collect();
                let items = names
                    .iter()
                    .flat_map(|name| paths.iter().map(move |path| item::file(name, branch, path)));
                Which::Items {
                    items: items.collect(),
                    below: false,
                }
            }
            News::Branch { repository, branch } => {
                Which::Beginning(self.called(repository).map(|name| item::file(name, branch, "")).collect())
            }
            News::Repositories { names } => {
                let names = names.iter().flat_map(|name| self.called(name));
                Which::Beginning(names.flat_map(item::all_of).collect())
            }
            News::Uninstalled | News::Suspended => Which::All,
            News::Back => return None,
        };
        let is_empty = match &which {
            Which::All => false,
            Which::Items { items: names, .. } | Which::Beginning(names) => names.is_empty(),
        };
        (!is_empty).then_some(which)
    }
}

impl IntegrationActor {
    /// Sees to one thing that GitHub told.
    pub(crate) async fn hear_github(&self, pending: Pending, payload: &[u8]) -> Result<(), Fault> {
        let Letter { installation, news } = serde_json::from_slice(payload).map_err(|_| Fault::Internal("what GitHub told"))?;
        let (grants, sources) = self
            .db()
            .read(async |tx| {
                let grants = source_grant::of_holders(tx, Kind::GitHub.as_str(), &[installation]).await?;
                let mut sources = Vec::new();
                for grant in &grants {
                    sources.extend(source::of_grant(tx, grant.id).await?.into_iter().filter(|source| !source.leaving));
                }
                Ok::<_, Fault>((grants, sources))
            })
            .await?;
        let mut known = false;
        if news == News::Uninstalled {
            for grant in &grants {
                self.source_refused(grant.id).await?;
                known = true;
            }
        }
        if news == News::Back {
            let again: Vec<_> = sources.iter().map(|source| source.id).collect();
            self.look_again(&again).await?;
            return self.told(pending, !again.is_empty()).await;
        }
        for source in &sources {
            let config: GitHubConfig = serde_json::from_str(&source.config).map_err(|_| Fault::Internal("source config"))?;
            if let Some(which) = config.touched(&news) {
                known |= self.let_go_at_once(source, which).await?;
            }
        }
        self.told(pending, known).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(name: &str, mut body: Value) -> Option<News> {
        body["installation"] = json!({ "id": 7 });
        match read_told(name, body.to_string().as_bytes()).unwrap() {
            Told::Event {
                kind, holders, payload, ..
            } => {
                assert_eq!((kind, holders), (Kind::GitHub, vec!["7".to_owned()]));
                Some(serde_json::from_slice::<Letter>(&payload).unwrap().news)
            }
            Told::Nothing => None,
        }
    }

    #[test]
    fn what_a_push_removes_is_what_is_gone_after_its_last_commit() {
        let push = |commits: Value| json!({ "ref": "refs/heads/main", "repository": { "full_name": "Acme/Lantern" }, "commits": commits });
        let commits = json!([
            { "added": ["c.md"], "removed": ["a.md", "b.md"], "modified": [] },
            { "added": ["b.md"], "removed": ["c.md"], "modified": [] },
        ]);
        let (repository, branch) = ("Acme/Lantern".to_owned(), "main".to_owned());
        let paths = vec!["a.md".to_owned(), "c.md".to_owned()];
        let expected = News::Files {
            repository: repository.clone(),
            branch: branch.clone(),
            paths,
        };
        assert_eq!(read("push", push(commits)), Some(expected));
        assert_eq!(
            read("push", push(json!([{ "added": ["a.md"], "removed": [], "modified": [] }]))),
            None
        );
        let mut tag = push(json!([{ "removed": ["a.md"] }]));
        tag["ref"] = json!("refs/tags/v1");
        assert_eq!(read("push", tag), None, "a tag is no branch");
        let mut deleted = push(json!([]));
        deleted["deleted"] = json!(true);
        assert_eq!(read("push", deleted), Some(News::Branch { repository, branch }));
    }

    #[test]
    fn what_is_taken_out_of_reach_is_told_from_what_is_not() {
        let repository = |action: &str| json!({ "action": action, "repository": { "full_name": "acme/lantern" } });
        let gone = Some(News::Repositories {
            names: vec!["acme/lantern".into()],
        });
        assert_eq!(read("repository", repository("deleted")), gone);
        assert_eq!(read("repository", repository("privatized")), gone);
        assert_eq!(read("repository", repository("publicized")), None);
        assert_eq!(
            read("issue_comment", repository("deleted")),
            None,
            "another event of the same shape"
        );
        let removed = json!({ "action": "removed", "repositories_removed": [{ "id": 1, "full_name": "acme/lantern" }] });
        assert_eq!(read("installation_repositories", removed), gone);
        assert_eq!(read("installation", json!({ "action": "deleted" })), Some(News::Uninstalled));
        assert_eq!(read("installation", json!({ "action": "suspend" })), Some(News::Suspended));
        assert_eq!(read("installation", json!({ "action": "unsuspend" })), Some(News::Back));
        assert_eq!(read("ping", json!({ "zen": "Keep it logically awesome." })), None);
        assert_eq!(read_told("push", b"{}"), Some(Told::Nothing), "it is of no installation");
        assert_eq!(read_told("push", b"no JSON"), None);
    }

    #[test]
    fn what_was_chosen_is_known_in_whatever_letters_it_is_told() {
        let config: GitHubConfig = serde_json::from_value(json!({ "repositories": [{ "full_name": "acme/lantern" }] })).unwrap();
        let told = |repository: &str| News::Files {
            repository: repository.into(),
            branch: "main".into(),
            paths: vec!["docs/a.md".into()],
        };
        let expected = Which::Items {
            items: vec!["file:acme/lantern@main:docs/a.md".into()],
            below: false,
        };
        assert_eq!(config.touched(&told("Acme/Lantern")), Some(expected));
        assert_eq!(config.touched(&told("acme/other")), None);
        let names = vec!["ACME/lantern".to_owned(), "acme/other".to_owned()];
        let expected = ["file:acme/lantern@", "issue:acme/lantern#", "discussion:acme/lantern#"];
        let expected = Which::Beginning(expected.map(str::to_owned).to_vec());
        assert_eq!(config.touched(&News::Repositories { names }), Some(expected));
        assert_eq!(config.touched(&News::Suspended), Some(Which::All));
    }
}
