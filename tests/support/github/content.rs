//! What repositories hold, as it is asked for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use url::form_urlencoded;

use super::{
    Repository, State, Whose,
    served::{Served, missing},
    sha,
};
use crate::support::provider::{Reply, Request};

impl Served<'_> {
    fn tree(&self, state: &State, repository: &Repository, wanted: &str, recursive: bool) -> Option<Reply> {
        for files in repository.branches.values() {
            let mut folders: BTreeSet<String> = BTreeSet::from([String::new()]);
            for path in files.keys() {
                folders.extend(path.match_indices('/').map(|(at, _)| path[..at].to_owned()));
            }
            for folder in folders {
                let inside: BTreeMap<&str, &String> = files
                    .iter()
                    .filter_map(|(path, text)| {
                        let rest = if folder.is_empty() {
                            Some(path.as_str())
                        } else {
                            path.strip_prefix(&folder)?.strip_prefix('/')
                        };
                        Some((rest?, text))
                    })
                    .collect();
                let own = sha(&format!("tree {folder} {inside:?}"));
                if own != wanted {
                    continue;
                }
                let mut entries = Vec::new();
                let mut trees = BTreeSet::new();
                for (path, text) in &inside {
                    for (at, _) in path.match_indices('/') {
                        trees.insert(path[..at].to_owned());
                    }
                    if recursive || !path.contains('/') {
                        let mode = if text.starts_with("-> ") { "120000" } else { "100644" };
                        entries.push(json!({ "path": path, "mode": mode, "type": "blob", "sha": sha(text), "size": text.len() }));
                    }
                }
                for name in trees.iter().filter(|name| recursive || !name.contains('/')) {
                    let whole = if folder.is_empty() {
                        name.clone()
                    } else {
                        format!("{folder}/{name}")
                    };
                    entries.push(json!({ "path": name, "mode": "040000", "type": "tree", "sha": tree_of(files, &whole) }));
                }
                let truncated = recursive && state.most_entries.is_some_and(|most| entries.len() > most);
                if truncated {
                    entries.truncate(state.most_entries.unwrap());
                }
                return Some(Reply::json(200, &json!({ "sha": own, "tree": entries, "truncated": truncated })));
            }
        }
        None
    }

    pub(super) fn content(&self, state: &State, call: &Request, whose: &Whose, owner: &str, name: &str, rest: &[&str]) -> Reply {
        let full = format!("{owner}/{name}");
        let Some(repository) = state.repositories.get(&full) else {
            return missing();
        };
        if let Some(to) = &repository.moved {
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&call.query).finish();
            let to = format!("{}/api/v3/repos/{to}/{}?{query}", self.url, rest.join("/"));
            return Reply::json(301, &json!({ "message": "Moved Permanently" })).with("location", to);
        }
        if !self.reached(state, whose).iter().any(|one| one["full_name"] == full) {
            return missing();
        }
        match rest {
            [] => Reply::json(200, &json!({ "id": repository.id, "full_name": full, "default_branch": "main" })),
            ["branches"] => {
                let names: Vec<Value> = repository.branches.keys().map(|name| json!({ "name": name })).collect();
                self.page(state, call, &names, None)
            }
            ["branches", branch] => match repository.branches.get(&branch.replace("%2F", "/")) {
                Some(files) => {
                    let tree = tree_of(files, "");
                    Reply::json(
                        200,
                        &json!({ "name": branch, "commit": { "sha": sha(&tree), "commit": { "tree": { "sha": tree } } } }),
                    )
                }
                None => missing(),
            },
            ["git", "trees", wanted] => {
                let tree = self.tree(state, repository, wanted, call.query.contains_key("recursive"));
                tree.unwrap_or_else(missing)
            }
            ["git", "blobs", wanted] => {
                let text = repository
                    .branches
                    .values()
                    .flat_map(BTreeMap::values)
                    .find(|text| sha(text) == *wanted);
                match text {
                    Some(text) => Reply::text(200, "application/vnd.github.raw+json", text),
                    None => missing(),
                }
            }
            ["issues"] => {
                let closed: Vec<Value> = repository
                    .issues
                    .iter()
                    .filter(|issue| issue["state"] == "closed")
                    .cloned()
                    .collect();
                self.page(state, call, &closed, None)
            }
            ["issues", number] => {
                let found = repository
                    .issues
                    .iter()
                    .find(|issue| number.parse() == Ok(issue["number"].as_u64().unwrap()));
                found.map_or_else(missing, |issue| Reply::json(200, issue))
            }
            ["issues", number, "comments"] => {
                let comments = repository.comments.get(&number.parse().unwrap()).cloned().unwrap_or_default();
                let comments: Vec<Value> = comments
                    .iter()
                    .map(|body| json!({ "body": body, "user": { "login": "grace" } }))
                    .collect();
                self.page(state, call, &comments, None)
            }
            _ => missing(),
        }
    }

    pub(super) fn graphql(&self, state: &State, call: &Request, whose: &Whose) -> Reply {
        let of = &call.body["variables"];
        let full = format!("{}/{}", of["owner"].as_str().unwrap(), of["name"].as_str().unwrap());
        let reached = self.reached(state, whose).iter().any(|one| one["full_name"] == full.as_str());
        let Some(repository) = state.repositories.get(&full).filter(|_| reached) else {
            return Reply::json(
                200,
                &json!({ "data": { "repository": null }, "errors": [{ "type": "NOT_FOUND", "message": "Could not resolve" }] }),
            );
        };
        if let Some(number) = of["number"].as_u64() {
            let found = repository.discussions.iter().find(|one| one["number"] == number);
            return Reply::json(200, &json!({ "data": { "repository": { "discussion": found } } }));
        }
        let answered: Vec<&Value> = repository.discussions.iter().filter(|one| !one["answer"].is_null()).collect();
        let from: usize = of["after"].as_str().and_then(|after| after.parse().ok()).unwrap_or(0);
        let nodes: Vec<&&Value> = answered.iter().skip(from).take(state.page).collect();
        let end = from + nodes.len();
        let info = json!({ "hasNextPage": end < answered.len(), "endCursor": end.to_string() });
        Reply::json(
            200,
            &json!({ "data": { "repository": { "discussions": { "pageInfo": info, "nodes": nodes } } } }),
        )
    }
}

/// The name of a folder's tree.
fn tree_of(files: &BTreeMap<String, String>, folder: &str) -> String {
    let inside: BTreeMap<&str, &String> = files
        .iter()
        .filter_map(|(path, text)| {
            let rest = if folder.is_empty() {
                Some(path.as_str())
            } else {
                path.strip_prefix(folder)?.strip_prefix('/')
            };
            Some((rest?, text))
        })
        .collect();
    sha(&format!("tree {folder} {inside:?}"))
}
