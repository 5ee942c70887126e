//! Confluence Cloud, at the network's edge: a site with spaces of pages in the shapes of its documentation, whose person agrees at once.

use std::collections::{BTreeMap, BTreeSet};

use pernoex::Clock;
use serde_json::{Value, json};
use url::Url;

use super::{
    TestApp,
    provider::{Reply, Request, StandIn},
};

pub const CLIENT: &str = "atlassian-client";
pub const SECRET: &str = "a-client-secret-of-atlassian";
pub const SITE: &str = "1324a887-45db-1bf4-1e99-ef0ff456d421";
/// Results of one page of a list.
const PAGE: usize = 2;

struct Page {
    space: String,
    title: String,
    storage: String,
    status: &'static str,
    version: i64,
}

#[derive(Default)]
pub struct State {
    /// By its key.
    spaces: BTreeMap<String, String>,
    pages: BTreeMap<u64, Page>,
    codes: BTreeSet<String>,
    access: BTreeSet<String>,
    refresh: BTreeSet<String>,
    made: u64,
}

pub struct Confluence {
    pub edge: StandIn<State>,
    clock: Clock,
}

fn random() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

impl Confluence {
    pub async fn start(clock: &Clock) -> Self {
        Self {
            edge: StandIn::start(State::default(), |_, state, request| answer(state, request)).await,
            clock: clock.clone(),
        }
    }

    /// By which a server knows it.
    pub fn settings(&self) -> [(&'static str, &str); 4] {
        [
            ("ATLASSIAN_CLIENT_ID", CLIENT),
            ("ATLASSIAN_CLIENT_SECRET", SECRET),
            ("ATLASSIAN_URL", self.edge.url.as_str()),
            ("ATLASSIAN_API_URL", self.edge.url.as_str()),
        ]
    }

    /// A server with this Confluence, and settings of its own.
    pub async fn app(&self, more: &[(&str, &str)]) -> TestApp {
        TestApp::start_with(self.clock.clone(), &[self.settings().as_slice(), more].concat()).await
    }

    pub fn space(&self, key: &str) {
        self.edge.with(|state| {
            state.made += 1;
            state.spaces.insert(key.into(), state.made.to_string());
        });
    }

    /// Puts a page into a space; its number.
    pub fn put(&self, space: &str, title: &str, storage: &str) -> u64 {
        let page = Page {
            space: space.into(),
            title: title.into(),
            storage: storage.into(),
            status: "current",
            version: 1,
        };
        self.edge.with(|state| {
            state.made += 1;
            state.pages.insert(state.made, page);
            state.made
        })
    }

    fn change(&self, id: u64, change: impl FnOnce(&mut Page)) {
        self.edge.with(|state| change(state.pages.get_mut(&id).unwrap()));
    }

    pub fn edit(&self, id: u64, storage: &str) {
        self.change(id, |page| {
            page.storage = storage.into();
            page.version += 1;
        });
    }

    pub fn trash(&self, id: u64) {
        self.change(id, |page| page.status = "trashed");
    }

    /// Into a space where it may be seen by fewer.
    pub fn shift(&self, id: u64, space: &str) {
        self.change(id, |page| page.space = space.into());
    }

    /// The tokens that it gave out are over; what renews them is not.
    pub fn expire(&self) {
        self.edge.with(|state| state.access.clear());
    }

    /// What renews the tokens that it gave out.
    pub fn renewing(&self) -> Vec<String> {
        self.edge.with(|state| state.refresh.iter().cloned().collect())
    }

    /// Everything that it gave out and that is good for something.
    pub fn living(&self) -> Vec<String> {
        self.edge.with(|state| state.access.iter().chain(&state.refresh).cloned().collect())
    }
}

fn refuse(status: u16, code: &str) -> Reply {
    Reply::json(
        status,
        &json!({ "error": code, "error_description": "Not that.", "errors": [{ "status": status, "code": code }] }),
    )
}

fn given(state: &mut State) -> Reply {
    let (access, refresh) = (format!("atl_access_{}", random()), format!("atl_refresh_{}", random()));
    state.access.insert(access.clone());
    state.refresh.insert(refresh.clone());
    let given =
        json!({ "access_token": access, "refresh_token": refresh, "expires_in": 3600, "token_type": "Bearer", "scope": "offline_access" });
    Reply::json(200, &given)
}

fn oauth(state: &mut State, request: &Request) -> Reply {
    if request.path == "/authorize" {
        assert_eq!(
            (request.query["client_id"].as_str(), request.query["audience"].as_str()),
            (CLIENT, "api.atlassian.com")
        );
        let code = random();
        state.codes.insert(code.clone());
        let mut back = Url::parse(&request.query["redirect_uri"]).unwrap();
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &request.query["state"]);
        return Reply::redirect(&back);
    }
    if (request.field("client_id"), request.field("client_secret")) != (CLIENT, SECRET) {
        return refuse(401, "access_denied");
    }
    match request.field("grant_type") {
        "authorization_code" if state.codes.remove(request.field("code")) => given(state),
        // Each is good once.
        "refresh_token" if state.refresh.remove(request.field("refresh_token")) => given(state),
        _ => refuse(403, "invalid_grant"),
    }
}

fn shown(id: u64, page: &Page) -> Value {
    json!({ "id": id.to_string(), "status": page.status, "title": page.title, "version": { "number": page.version }, "parentId": null, "body": {},
        "_links": { "webui": format!("/spaces/{}/pages/{id}", page.space), "base": "https://lantern.atlassian.net/wiki" } })
}

fn list(all: &[Value], cursor: Option<&str>, path: &str) -> Reply {
    let from: usize = cursor.map_or(0, |cursor| cursor.parse().unwrap());
    let results: Vec<&Value> = all.iter().skip(from).take(PAGE).collect();
    let mut links = json!({ "base": "https://lantern.atlassian.net/wiki" });
    if from + PAGE < all.len() {
        links["next"] = format!("{path}?cursor={}", from + PAGE).into();
    }
    Reply::json(200, &json!({ "results": results, "_links": links }))
}

fn answer(state: &mut State, request: &Request) -> Reply {
    if request.path == "/authorize" || request.path == "/oauth/token" {
        return oauth(state, request);
    }
    if !state.access.contains(request.bearer()) {
        return Reply::json(401, &json!({ "code": 401, "message": "Unauthorized" }));
    }
    if request.path == "/oauth/token/accessible-resources" {
        let site = json!({ "id": SITE, "name": "lantern", "url": "https://lantern.atlassian.net", "scopes": ["read:page:confluence"], "avatarUrl": "" });
        return Reply::json(200, &json!([site]));
    }
    let Some(path) = request.path.strip_prefix(&format!("/ex/confluence/{SITE}/wiki/api/v2/")) else {
        return refuse(404, "NOT_FOUND");
    };
    let cursor = request.query.get("cursor").map(String::as_str);
    match path.split('/').collect::<Vec<_>>().as_slice() {
        ["spaces"] => {
            let wanted = request.query.get("keys").map(|keys| keys.split(',').collect::<Vec<_>>());
            let spaces = state
                .spaces
                .iter()
                .filter(|(key, _)| wanted.as_ref().is_none_or(|wanted| wanted.contains(&key.as_str())));
            let spaces = spaces.map(|(key, id)| {
                json!({ "id": id, "key": key, "name": format!("Space {key}"), "type": "global", "status": "current",
                "_links": { "webui": format!("/spaces/{key}") } })
            });
            list(&spaces.collect::<Vec<_>>(), cursor, &request.path)
        }
        ["spaces", id, "pages"] => {
            let key = state
                .spaces
                .iter()
                .find(|(_, known)| known == id)
                .map(|(key, _)| key.clone())
                .unwrap_or_default();
            let pages = state.pages.iter().filter(|(_, page)| page.space == key && page.status == "current");
            list(&pages.map(|(id, page)| shown(*id, page)).collect::<Vec<_>>(), cursor, &request.path)
        }
        ["pages", id] => match state.pages.get(&id.parse().unwrap()) {
            Some(page) if state.spaces.contains_key(&page.space) => {
                let mut found = shown(id.parse().unwrap(), page);
                found["body"] = json!({ "storage": { "representation": "storage", "value": page.storage } });
                Reply::json(200, &found)
            }
            _ => refuse(404, "NOT_FOUND"),
        },
        _ => refuse(404, "NOT_FOUND"),
    }
}
