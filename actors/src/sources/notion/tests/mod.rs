//! Against a Notion that answers as its documentation says: <https://developers.notion.com/reference>.

mod access;
mod fetching;
mod listing;

use std::time::Duration;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Notion, NotionConfig};
use crate::sources::{
    apps::Registration,
    connector::{Connector, Content, Fetched, Found, Known, Listing, Position, Token},
    stand_in::{Asked, Reply},
};

const GUIDE: &str = "11111111111111111111111111111111";
const BELOW: &str = "22222222222222222222222222222222";
const ROW: &str = "33333333333333333333333333333333";
const TABLE: &str = "44444444444444444444444444444444";
const DATABASE: &str = "55555555555555555555555555555555";
const ELSEWHERE: &str = "66666666666666666666666666666666";
const COLUMN: &str = "77777777777777777777777777777777";
const OLD: &str = "2026-01-01T00:00:00.000Z";
/// A month after that.
const DATE: &str = "Sun, 01 Feb 2026 00:00:00 GMT";

fn dashed(id: &str) -> String {
    uuid::Uuid::parse_str(id).unwrap().to_string()
}

fn rich(text: &str) -> Value {
    json!([{ "type": "text", "text": { "content": text, "link": null }, "plain_text": text, "href": null,
        "annotations": { "bold": false, "italic": false, "strikethrough": false, "underline": false, "code": false, "color": "default" } }])
}

fn page(id: &str, parent: Value, title: &str) -> Value {
    json!({
        "object": "page", "id": dashed(id), "created_time": OLD, "last_edited_time": OLD, "parent": parent, "archived": false, "in_trash": false,
        "properties": { "title": { "id": "title", "type": "title", "title": rich(title) } },
        "url": format!("https://www.notion.so/{title}-{id}"), "public_url": null, "icon": null, "cover": null,
    })
}

fn in_page(id: &str) -> Value {
    json!({ "type": "page_id", "page_id": dashed(id) })
}

fn list(results: &[Value], next: Option<&str>) -> Value {
    json!({ "object": "list", "results": results, "next_cursor": next, "has_more": next.is_some(), "type": "page_or_data_source" })
}

fn block(id: &str, kind: &str, body: Value, children: bool) -> Value {
    json!({ "object": "block", "id": id, "type": kind, kind: body, "has_children": children, "archived": false, "in_trash": false })
}

fn missing() -> Reply {
    Reply::status(
        404,
        &json!({ "object": "error", "status": 404, "code": "object_not_found", "message": "Could not find it." }),
    )
}

/// A guide with a page in a column of it and a database, and a page elsewhere.
fn workspace(asked: &Asked) -> Reply {
    let guide = page(GUIDE, json!({ "type": "workspace", "workspace": true }), "Guide");
    let below = page(BELOW, json!({ "type": "block_id", "block_id": dashed(COLUMN) }), "Below");
    let mut row = page(
        ROW,
        json!({ "type": "data_source_id", "data_source_id": dashed(TABLE), "database_id": dashed(DATABASE) }),
        "Row",
    );
    row["properties"]["Status"] = json!({ "id": "s", "type": "status", "status": { "name": "Done" } });
    let elsewhere = page(ELSEWHERE, json!({ "type": "workspace", "workspace": true }), "Elsewhere");
    let table = json!({
        "object": "data_source", "id": dashed(TABLE), "parent": { "type": "database_id", "database_id": dashed(DATABASE) },
        "database_parent": in_page(GUIDE), "title": rich("Tasks"), "archived": false, "in_trash": false, "properties": {}, "last_edited_time": OLD,
    });
    let mut trashed = page("88888888888888888888888888888888", in_page(GUIDE), "Trashed");
    trashed["in_trash"] = true.into();
    let cursor = asked.body["start_cursor"].as_str();
    let route = asked.route().replace('-', "");
    let answer = match (asked.method.as_str(), route.as_str()) {
        ("POST", "/v1/search") => match (asked.body["filter"]["value"].as_str().unwrap(), cursor) {
            ("page", None) => list(&[guide, elsewhere, json!({ "object": "odd" })], Some("two")),
            ("page", Some("two")) => list(&[below, trashed], None),
            ("data_source", None) => list(&[table], None),
            other => panic!("{other:?}"),
        },
        ("POST", "/v1/data_sources/44444444444444444444444444444444/query") => list(&[row], None),
        ("GET", "/v1/pages/11111111111111111111111111111111") => guide,
        ("GET", "/v1/pages/22222222222222222222222222222222") => below,
        ("GET", "/v1/pages/33333333333333333333333333333333") => row,
        ("GET", "/v1/data_sources/44444444444444444444444444444444") => table,
        ("GET", "/v1/databases/55555555555555555555555555555555") => {
            json!({ "object": "database", "id": dashed(DATABASE), "parent": in_page(GUIDE) })
        }
        ("GET", "/v1/blocks/77777777777777777777777777777777") => {
            json!({ "object": "block", "id": dashed(COLUMN), "parent": in_page(GUIDE) })
        }
        ("GET", "/v1/blocks/11111111111111111111111111111111/children") => match asked.query("start_cursor").as_deref() {
            None => list(
                &[block(
                    "b1",
                    "heading_1",
                    json!({ "rich_text": rich("Export"), "is_toggleable": true }),
                    true,
                )],
                Some("more"),
            ),
            _ => list(
                &[
                    block("b2", "paragraph", json!({ "rich_text": rich("Press Save.") }), false),
                    block(&dashed(BELOW), "child_page", json!({ "title": "Below" }), true),
                    block(&dashed(DATABASE), "child_database", json!({ "title": "Tasks" }), false),
                    block("b3", "unsupported", json!({}), false),
                ],
                None,
            ),
        },
        ("GET", "/v1/blocks/b1/children") => list(
            &[block("b4", "bulleted_list_item", json!({ "rich_text": rich("As a file") }), false)],
            None,
        ),
        ("GET", "/v1/blocks/22222222222222222222222222222222/children" | "/v1/blocks/33333333333333333333333333333333/children") => {
            list(&[], None)
        }
        _ => return missing(),
    };
    Reply::json(&answer).with("date", DATE)
}

fn at(url: &url::Url) -> Notion {
    let registration = Registration {
        client_id: "client".into(),
        client_secret: Zeroizing::new("secret".into()),
        url: url.clone(),
        api: url.clone(),
    };
    Notion::at_pace(registration, Duration::ZERO, Duration::from_millis(1)).unwrap_or_else(|_| panic!("there is a client"))
}

fn token() -> Token {
    Zeroizing::new("ntn_1".into())
}

fn chosen(pages: &[&str]) -> NotionConfig {
    NotionConfig {
        pages: pages.iter().map(|id| dashed(id)).collect(),
        ..NotionConfig::default()
    }
}

/// Lists to the end, as the sync does.
async fn whole(notion: &Notion, config: &NotionConfig) -> (Vec<Found>, Listing) {
    let (mut found, mut next) = (Vec::new(), None::<String>);
    for _ in 0..20 {
        let position = Position {
            next: next.as_deref(),
            now: 0,
        };
        let mut listing = notion.list(Some(&token()), config, position).await.unwrap();
        found.append(&mut listing.found);
        match listing.next.take() {
            Some(more) => next = Some(more),
            None => return (found, listing),
        }
    }
    panic!("a listing without an end");
}

fn ids(found: &[Found]) -> Vec<&str> {
    let mut ids: Vec<_> = found.iter().map(|one| one.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn known(id: &str) -> Known<'_> {
    Known {
        id,
        version: None,
        listed: None,
        depth: 0,
    }
}

async fn content(notion: &Notion, id: &str) -> Content {
    match notion.fetch(Some(&token()), &NotionConfig::default(), known(id)).await {
        Ok(Fetched::Content(content)) => content,
        other => panic!("{other:?}"),
    }
}
