//! Notion, at the network's edge: a workspace of pages and databases in the shapes of its documentation, whose person agrees at once.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, SecondsFormat};
use pernoex::Clock;
use serde_json::{Value, json};
use url::Url;

use super::{
    TestApp,
    provider::{Reply, Request, StandIn},
};

pub const CLIENT: &str = "notion-client";
pub const SECRET: &str = "a-client-secret-of-notion";
/// Results of one page of a list.
const PAGE: usize = 2;

/// Where a page is.
#[derive(Clone)]
pub enum In {
    Workspace,
    Page(String),
    Table(String),
}

#[derive(Clone)]
struct Page {
    title: String,
    place: In,
    edited: i64,
    blocks: Vec<Value>,
    columns: Value,
    trashed: bool,
    /// Whether it is shared with the connection.
    shared: bool,
    /// Whether lists leave it out, though it is there.
    forgotten: bool,
}

#[derive(Default)]
pub struct State {
    pages: BTreeMap<String, Page>,
    /// Tables, with the page that their database is in.
    tables: BTreeMap<String, String>,
    /// What is in a block.
    nested: BTreeMap<String, Vec<Value>>,
    codes: BTreeSet<String>,
    access: BTreeSet<String>,
    refresh: BTreeSet<String>,
    /// Cursors that it gave out and does not take back.
    refused_cursors: usize,
}

pub struct Notion {
    pub edge: StandIn<State>,
    clock: Clock,
}

fn rich(text: &str) -> Value {
    json!([{ "type": "text", "text": { "content": text, "link": null }, "plain_text": text, "href": null,
        "annotations": { "bold": false, "italic": false, "strikethrough": false, "underline": false, "code": false, "color": "default" } }])
}

/// A paragraph.
pub fn paragraph(text: &str) -> Value {
    block("paragraph", json!({ "rich_text": rich(text), "color": "default" }), false)
}

/// A block of any kind; what is in it is said by [`Notion::nest`].
pub fn block(kind: &str, body: Value, has_children: bool) -> Value {
    json!({ "object": "block", "id": id(), "type": kind, "has_children": has_children, "archived": false, "in_trash": false, kind: body })
}

/// An id such as Notion gives.
pub fn id() -> String {
    uuid::Uuid::new_v4().to_string()
}

impl Notion {
    pub async fn start(clock: &Clock) -> Self {
        let time = clock.clone();
        let edge = StandIn::start(State::default(), move |_, state, request| {
            let date = DateTime::from_timestamp_millis(time.now()).unwrap().to_rfc2822();
            answer(state, request).with("date", date.replace("+0000", "GMT"))
        })
        .await;
        Self {
            edge,
            clock: clock.clone(),
        }
    }

    /// By which a server knows it.
    pub fn settings(&self) -> [(&'static str, &str); 3] {
        [
            ("NOTION_CLIENT_ID", CLIENT),
            ("NOTION_CLIENT_SECRET", SECRET),
            ("NOTION_URL", self.edge.url.as_str()),
        ]
    }

    /// A server with this Notion, and settings of its own.
    pub async fn app(&self, more: &[(&str, &str)]) -> TestApp {
        TestApp::start_with(self.clock.clone(), &[self.settings().as_slice(), more].concat()).await
    }

    /// Puts a page that was edited just now; its id.
    pub fn put(&self, title: &str, place: In, blocks: Vec<Value>) -> String {
        let page = Page {
            title: title.into(),
            place,
            edited: self.clock.now(),
            blocks,
            columns: json!({}),
            trashed: false,
            shared: true,
            forgotten: false,
        };
        let id = id();
        self.edge.with(|state| state.pages.insert(id.clone(), page));
        id
    }

    /// Puts a table into a page; its id.
    pub fn table(&self, page: &str) -> String {
        let id = id();
        self.edge.with(|state| state.tables.insert(id.clone(), page.into()));
        id
    }

    /// Puts blocks into a block.
    pub fn nest(&self, block: &str, children: Vec<Value>) {
        self.edge.with(|state| state.nested.insert(block.into(), children));
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Page)) {
        self.edge.with(|state| change(state.pages.get_mut(id).unwrap()));
    }

    pub fn edit(&self, id: &str, blocks: Vec<Value>) {
        let now = self.clock.now();
        self.change(id, |page| (page.blocks, page.edited) = (blocks, now));
    }

    /// Says something in the columns of a row.
    pub fn columns(&self, id: &str, columns: Value) {
        self.change(id, |page| page.columns = columns);
    }

    pub fn trash(&self, id: &str) {
        self.change(id, |page| page.trashed = true);
    }

    pub fn unshare(&self, id: &str) {
        self.change(id, |page| page.shared = false);
    }

    /// Lists leave a page out from now on, though it is there.
    pub fn forget(&self, id: &str) {
        self.change(id, |page| page.forgotten = true);
    }

    /// Moves a page.
    pub fn shift(&self, id: &str, place: In) {
        self.change(id, |page| page.place = place);
    }

    /// It does not go on with the next lists that it is to go on with.
    pub fn refuse_cursors(&self, times: usize) {
        self.edge.with(|state| state.refused_cursors = times);
    }

    /// What it answers next to a path: a refusal, and for how many seconds it asks to be left alone.
    pub fn once(&self, path: &str, status: u16, retry_after: Option<u64>) {
        let reply = refuse(status, "for_now");
        let reply = match retry_after {
            Some(seconds) => reply.with("retry-after", seconds.to_string()),
            None => reply,
        };
        self.edge.instead(path, reply);
    }

    /// The tokens that it gave out are over; what renews them is not.
    pub fn expire(&self) {
        self.edge.with(|state| state.access.clear());
    }

    /// Somebody ended the connection at Notion.
    pub fn end(&self) {
        self.edge.with(|state| {
            state.access.clear();
            state.refresh.clear();
        });
    }

    /// Everything that it gave out and that is good for something.
    pub fn living(&self) -> Vec<String> {
        self.edge.with(|state| state.access.iter().chain(&state.refresh).cloned().collect())
    }
}

/// As Notion says it: in whole minutes.
fn minute(millis: i64) -> String {
    let minute = millis - millis.rem_euclid(60_000);
    DateTime::from_timestamp_millis(minute)
        .unwrap()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn shown(id: &str, page: &Page) -> Value {
    let parent = match &page.place {
        In::Workspace => json!({ "type": "workspace", "workspace": true }),
        In::Page(id) => json!({ "type": "page_id", "page_id": id }),
        In::Table(id) => json!({ "type": "data_source_id", "data_source_id": id, "database_id": id }),
    };
    let mut properties = page.columns.clone();
    properties["title"] = json!({ "id": "title", "type": "title", "title": rich(&page.title) });
    json!({
        "object": "page", "id": id, "created_time": minute(page.edited), "last_edited_time": minute(page.edited), "parent": parent,
        "archived": page.trashed, "in_trash": page.trashed, "properties": properties,
        "url": format!("https://www.notion.so/{}", id.replace('-', "")), "public_url": null,
    })
}

fn list(all: &[Value], start: Option<&str>) -> Reply {
    let from: usize = start.map_or(0, |cursor| cursor.parse().unwrap());
    let results: Vec<&Value> = all.iter().skip(from).take(PAGE).collect();
    let next = (from + PAGE < all.len()).then(|| (from + PAGE).to_string());
    Reply::json(
        200,
        &json!({ "object": "list", "results": results, "has_more": next.is_some(), "next_cursor": next }),
    )
}

fn refuse(status: u16, code: &str) -> Reply {
    let said = json!({ "object": "error", "status": status, "code": code, "error": code, "message": "Not that." });
    Reply::json(status, &said)
}

fn given(state: &mut State) -> Reply {
    let (access, refresh) = (format!("ntn_access_{}", id()), format!("nrt_refresh_{}", id()));
    state.access.insert(access.clone());
    state.refresh.insert(refresh.clone());
    Reply::json(
        200,
        &json!({ "access_token": access, "refresh_token": refresh, "token_type": "bearer", "bot_id": "b0", "workspace_id": "w0",
            "workspace_name": "Lantern Works", "workspace_icon": null, "owner": { "type": "user" }, "duplicated_template_id": null }),
    )
}

fn oauth(state: &mut State, request: &Request) -> Reply {
    if request.path == "/v1/oauth/authorize" {
        assert_eq!(request.query["client_id"], CLIENT);
        let code = id();
        state.codes.insert(code.clone());
        let mut back = Url::parse(&request.query["redirect_uri"]).unwrap();
        back.query_pairs_mut()
            .append_pair("code", &code)
            .append_pair("state", &request.query["state"]);
        return Reply::redirect(&back);
    }
    if request.authorization != format!("Basic {}", BASE64_STANDARD.encode(format!("{CLIENT}:{SECRET}"))) {
        return refuse(401, "invalid_client");
    }
    match (request.path.as_str(), request.field("grant_type")) {
        ("/v1/oauth/token", "authorization_code") if state.codes.remove(request.field("code")) => given(state),
        ("/v1/oauth/token", "refresh_token") if state.refresh.remove(request.field("refresh_token")) => {
            state.access.clear();
            given(state)
        }
        ("/v1/oauth/revoke", _) => {
            let token = request.field("token");
            match state.access.remove(token) || state.refresh.remove(token) {
                true => Reply::json(200, &json!({ "request_id": id() })),
                false => refuse(400, "invalid_grant"),
            }
        }
        ("/v1/oauth/introspect", _) => {
            let token = request.field("token");
            let active = state.access.contains(token) || state.refresh.contains(token);
            Reply::json(200, &json!({ "active": active, "request_id": id() }))
        }
        _ => refuse(400, "invalid_grant"),
    }
}

fn answer(state: &mut State, request: &Request) -> Reply {
    if request.path.starts_with("/v1/oauth/") {
        return oauth(state, request);
    }
    if !state.access.contains(request.bearer()) {
        return refuse(401, "unauthorized");
    }
    let parts: Vec<&str> = request.path.split('/').skip(2).collect();
    // Ids are written with and without dashes.
    let dashed = |part: &str| uuid::Uuid::parse_str(part).map_or_else(|_| part.to_owned(), |id| id.to_string());
    let seen = |id: &str| state.pages.get(id).filter(|page| page.shared);
    let start = request.body["start_cursor"].as_str();
    if start.is_some() && state.refused_cursors > 0 {
        state.refused_cursors -= 1;
        return refuse(400, "validation_error");
    }
    match parts.as_slice() {
        ["users", "me"] => Reply::json(
            200,
            &json!({ "object": "user", "id": "b0", "name": "Pernoex", "type": "bot", "bot": { "workspace_name": "Lantern Works" } }),
        ),
        ["search"] if request.body["filter"]["value"] == "page" => {
            let words = request.field("query").to_lowercase();
            let mut pages: Vec<_> = state
                .pages
                .iter()
                .filter(|(_, page)| page.shared && !page.forgotten && page.title.to_lowercase().contains(&words))
                .collect();
            pages.sort_by_key(|(_, page)| page.edited);
            list(&pages.into_iter().map(|(id, page)| shown(id, page)).collect::<Vec<_>>(), start)
        }
        ["search"] => {
            let tables: Vec<Value> = state.tables.iter().map(|(id, page)| json!({
                "object": "data_source", "id": id, "title": rich("Tasks"), "parent": { "type": "database_id", "database_id": id }, "in_trash": false,
                "archived": false, "properties": {}, "database_parent": { "type": "page_id", "page_id": page },
            })).collect();
            list(&tables, start)
        }
        ["data_sources", table, "query"] => {
            let rows = state
                .pages
                .iter()
                .filter(|(_, page)| page.shared && !page.forgotten && matches!(&page.place, In::Table(of) if *of == dashed(table)));
            list(&rows.map(|(id, page)| shown(id, page)).collect::<Vec<_>>(), start)
        }
        ["data_sources" | "databases", table] => match state.tables.get(&dashed(table)) {
            Some(page) => Reply::json(
                200,
                &json!({ "object": parts[0], "id": dashed(table), "parent": { "type": "page_id", "page_id": page } }),
            ),
            None => refuse(404, "object_not_found"),
        },
        ["pages", page] => match seen(&dashed(page)) {
            Some(found) => Reply::json(200, &shown(&dashed(page), found)),
            None => refuse(404, "object_not_found"),
        },
        ["blocks", id, "children"] => match seen(&dashed(id)).map(|page| &page.blocks).or(state.nested.get(&dashed(id))) {
            Some(found) => list(found, request.query.get("start_cursor").map(String::as_str)),
            None => refuse(404, "object_not_found"),
        },
        _ => refuse(404, "object_not_found"),
    }
}
