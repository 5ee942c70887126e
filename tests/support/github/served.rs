//! Which call is answered by what.

use pernoex::Clock;
use serde_json::{Value, json};
use url::Url;

use super::{Installation, State, Whose, access::agreed_at_once};
use crate::support::provider::{Reply, Request};

/// What does not change from one call to the next.
pub(super) struct Served<'a> {
    pub(super) url: &'a str,
    pub(super) clock: &'a Clock,
    pub(super) public: &'a rsa::RsaPublicKey,
}

pub(super) fn missing() -> Reply {
    Reply::json(404, &json!({ "message": "Not Found" }))
}

pub(super) fn unauthorized() -> Reply {
    Reply::json(401, &json!({ "message": "Bad credentials" }))
}

impl Served<'_> {
    pub(super) fn page(&self, state: &State, call: &Request, all: &[Value], wrap: Option<&str>) -> Reply {
        let query = &call.query;
        let number = |name: &str, default: usize| query.get(name).and_then(|text| text.parse().ok()).unwrap_or(default);
        let size = number("per_page", 30).min(state.page);
        let page = number("page", 1);
        let items: Vec<&Value> = all.iter().skip((page - 1) * size).take(size).collect();
        let mut answer = match wrap {
            Some(name) => Reply::json(200, &json!({ "total_count": all.len(), name: items })),
            None => Reply::json(200, &json!(items)),
        };
        if page * size < all.len() {
            let mut next = Url::parse(&format!("{}/api/v3{}", self.url, call.path.trim_start_matches("/api/v3"))).unwrap();
            let others = query.iter().filter(|(name, _)| *name != "page");
            next.query_pairs_mut()
                .extend_pairs(others)
                .append_pair("page", &(page + 1).to_string());
            answer = answer.with("link", format!("<{next}>; rel=\"next\", <{next}>; rel=\"last\""));
        }
        answer
    }

    pub(super) fn say(&self, state: &mut State, call: &Request) -> Reply {
        if call.path == "/login/oauth/access_token" {
            return self.exchange(state, call);
        }
        if call.path == "/login/oauth/authorize" {
            return agreed_at_once(state, call);
        }
        // GitHub refuses who does not say who they are.
        if call.agent.is_empty() {
            return Reply::json(403, &json!({ "message": "Request forbidden by administrative rules" }));
        }
        let path = call.path.strip_prefix("/api/v3").unwrap_or(&call.path).to_owned();
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match (call.method.as_str(), parts.as_slice()) {
            ("DELETE", ["applications", client, "grant"]) => return self.end(state, call, client, true),
            ("DELETE", ["applications", client, "token"]) => return self.end(state, call, client, false),
            (_, ["app", "installations", id, rest @ ..]) => return self.app(state, call, id, rest),
            _ => {}
        }
        let token = call.bearer();
        let Some(whose) = state.tokens.get(token).cloned() else {
            return unauthorized();
        };
        match (call.method.as_str(), parts.as_slice(), &whose) {
            ("DELETE", ["installation", "token"], _) => {
                state.tokens.remove(token);
                Reply::json(204, &Value::Null)
            }
            ("GET", ["installation", "repositories"], Whose::Installation { .. }) => {
                let all = self.reached(state, &whose);
                self.page(state, call, &all, Some("repositories"))
            }
            ("GET", ["installation", ..], _) => Reply::json(
                403,
                &json!({ "message": "You must authenticate with an installation access token" }),
            ),
            ("GET", ["user"], Whose::Person { login, .. }) => Reply::json(200, &json!({ "id": state.people[login], "login": login })),
            ("GET", ["user", "repos"], Whose::Person { .. }) => {
                let all = self.reached(state, &whose);
                self.page(state, call, &all, None)
            }
            ("GET", ["user", "installations"], Whose::Person { login, .. }) => {
                let sees = |at: &Installation| {
                    at.account.1 == *login
                        || at
                            .repositories
                            .iter()
                            .any(|name| state.repositories.get(name).is_some_and(|one| one.seen_by.contains(login)))
                };
                let all: Vec<Value> = state
                    .installations
                    .iter()
                    .filter(|(_, at)| sees(at))
                    .map(|(id, at)| self.shown(*id, at))
                    .collect();
                self.page(state, call, &all, Some("installations"))
            }
            ("GET", ["user", "installations", id, "repositories"], Whose::Person { .. }) => {
                let at = &state.installations[&id.parse::<u64>().unwrap()].repositories;
                let of: Vec<Value> = self
                    .reached(state, &whose)
                    .into_iter()
                    .filter(|one| at.contains(one["full_name"].as_str().unwrap()))
                    .collect();
                self.page(state, call, &of, Some("repositories"))
            }
            ("POST", ["graphql"] | ["api", "graphql"], _) => self.graphql(state, call, &whose),
            ("GET", ["repos", owner, name, rest @ ..], _) => self.content(state, call, &whose, owner, name, rest),
            _ => missing(),
        }
    }
}
