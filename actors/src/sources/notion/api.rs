//! The calls of Notion's API that are made: <https://developers.notion.com/reference/intro>.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use url::Url;

use crate::sources::{
    call::{Answer, CallError, Client, Pace, ask, below},
    connector::{ProviderError, Token},
};

pub(super) const VERSION: &str = "2025-09-03";
/// What a page of a listing holds at most.
pub(super) const PAGE: u32 = 100;
/// A page is read by many requests: a short wait that is asked for between them is taken, and what was read is not read again.
const SHORT_S: u64 = 5;
const TRIES: u32 = 4;

pub(super) struct Api {
    pub client: Client,
    pub base: Url,
    pub pace: Pace,
    /// What a second of waiting takes. Tests are in a hurry.
    pub second: Duration,
}

#[derive(Deserialize)]
pub(super) struct List<T> {
    pub results: Vec<T>,
    #[serde(default)]
    has_more: bool,
    #[serde(default)]
    next_cursor: Option<String>,
}

impl<T> List<T> {
    /// Asks for the next page, unless this was the last.
    pub(super) fn next(&self, before: Option<&str>) -> Result<Option<String>, ProviderError> {
        match (self.has_more, &self.next_cursor) {
            (false, _) => Ok(None),
            // A list that leads back to where it was would never end.
            (true, Some(cursor)) if Some(cursor.as_str()) != before => Ok(Some(cursor.clone())),
            (true, _) => Err(ProviderError::Unreadable),
        }
    }
}

/// A page, a database's table (since 2025 a "data source"), or what they are in.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Object {
    pub id: String,
    #[serde(default)]
    pub parent: Parent,
    /// Of a table: what its database is in.
    #[serde(default)]
    pub database_parent: Option<Parent>,
    #[serde(default)]
    pub last_edited_time: Option<String>,
    #[serde(default)]
    archived: bool,
    #[serde(default)]
    in_trash: bool,
    #[serde(default)]
    pub url: Option<String>,
    /// Of a page.
    #[serde(default)]
    pub properties: Map<String, Value>,
    /// Of a table.
    #[serde(default)]
    pub title: Value,
}

impl Object {
    pub(super) fn is_gone(&self) -> bool {
        self.archived || self.in_trash
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Parent {
    page_id: Option<String>,
    data_source_id: Option<String>,
    database_id: Option<String>,
    block_id: Option<String>,
}

/// What something is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Page(String),
    Block(String),
    Database(String),
    DataSource(String),
    /// The workspace itself, or something that is not known here.
    Top,
}

impl Parent {
    pub(super) fn container(&self) -> Container {
        let found = [
            self.data_source_id.as_deref().map(|id| Container::DataSource(plain_id(id))),
            self.database_id.as_deref().map(|id| Container::Database(plain_id(id))),
            self.page_id.as_deref().map(|id| Container::Page(plain_id(id))),
            self.block_id.as_deref().map(|id| Container::Block(plain_id(id))),
        ];
        found.into_iter().flatten().next().unwrap_or(Container::Top)
    }
}

/// Ids are written with and without dashes, and are the same.
pub(super) fn plain_id(id: &str) -> String {
    id.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .take(64)
        .collect()
}

impl Api {
    /// Asks, waiting for its turn and a little longer where Notion asks for that.
    async fn call(
        &self,
        token: &Token,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, CallError> {
        let mut url = below(&self.base, &["v1"]).and_then(|base| below(&base, path))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut tries = 0;
        loop {
            tries += 1;
            self.pace.turn(token).await;
            let request = match method {
                Method::POST => self.client.post(url.clone()),
                _ => self.client.get(url.clone()),
            };
            let request = request.header("notion-version", VERSION);
            let request = match body {
                Some(body) => request.json(body),
                None => request,
            };
            match ask(request, token).await {
                Err(CallError::Provider(ProviderError::Later(seconds))) if seconds <= SHORT_S && tries < TRIES => {
                    let seconds = u32::try_from(seconds).unwrap_or(1);
                    tokio::time::sleep(self.second * seconds).await;
                }
                answer => return answer,
            }
        }
    }

    /// What is asked for, with the time of Notion's own clock; `None` when it is not there, or not shared with the connection.
    pub(super) async fn find<T: DeserializeOwned>(&self, token: &Token, path: &[&str]) -> Result<Option<(T, Option<i64>)>, CallError> {
        let answer = self.call(token, Method::GET, path, &[], None).await?;
        Ok(found(&answer)?.map(|found| (found, answer.date())))
    }

    /// The children of a page or block.
    pub(super) async fn children(&self, token: &Token, id: &str, cursor: Option<&str>) -> Result<Option<List<Value>>, CallError> {
        let size = PAGE.to_string();
        let mut query = vec![("page_size", size.as_str())];
        query.extend(cursor.map(|cursor| ("start_cursor", cursor)));
        let answer = self.call(token, Method::GET, &["blocks", id, "children"], &query, None).await?;
        goes_on(&answer, cursor)?;
        Ok(found(&answer)?)
    }

    /// What the connection sees of one kind of object (`page`, `data_source`), what was edited last last: what is edited meanwhile moves on
    /// to where it is still listed.
    pub(super) async fn search(&self, token: &Token, object: &str, words: &str, cursor: Option<&str>) -> Result<List<Value>, CallError> {
        let mut body = json!({
            "page_size": PAGE,
            "filter": { "property": "object", "value": object },
            "sort": { "timestamp": "last_edited_time", "direction": "ascending" },
        });
        if !words.is_empty() {
            body["query"] = words.into();
        }
        if let Some(cursor) = cursor {
            body["start_cursor"] = cursor.into();
        }
        let answer = self.call(token, Method::POST, &["search"], &[], Some(&body)).await?;
        goes_on(&answer, cursor)?;
        Ok(answer.good()?)
    }

    /// The rows of a table; `None` when it cannot be asked for them.
    pub(super) async fn rows(&self, token: &Token, table: &str, cursor: Option<&str>) -> Result<Option<List<Value>>, CallError> {
        let mut body = json!({
            "page_size": PAGE,
            "sorts": [{ "timestamp": "created_time", "direction": "ascending" }],
        });
        if let Some(cursor) = cursor {
            body["start_cursor"] = cursor.into();
        }
        let path = ["data_sources", table, "query"];
        let answer = self.call(token, Method::POST, &path, &[], Some(&body)).await?;
        goes_on(&answer, cursor)?;
        Ok(found(&answer)?)
    }
}

/// A cursor that is not taken any more (400) is no end of a list.
fn goes_on(answer: &Answer, cursor: Option<&str>) -> Result<(), ProviderError> {
    match answer.status {
        StatusCode::BAD_REQUEST if cursor.is_some() => Err(ProviderError::Restart),
        _ => Ok(()),
    }
}

fn found<T: DeserializeOwned>(answer: &Answer) -> Result<Option<T>, ProviderError> {
    match answer.status {
        // 400: the id is that of something else.
        StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::BAD_REQUEST => Ok(None),
        _ => answer.good().map(Some),
    }
}

/// The objects of a list. What is none is left out: a listing does not fail for one odd entry.
pub(super) fn objects(list: &List<Value>) -> Vec<Object> {
    list.results.iter().filter_map(|one| Object::deserialize(one).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_something_is_in_is_read_from_its_parent() {
        for (parent, expected) in [
            (json!({ "type": "workspace", "workspace": true }), Container::Top),
            (json!({ "type": "page_id", "page_id": "0B-1c" }), Container::Page("0b1c".into())),
            (json!({ "type": "block_id", "block_id": "2" }), Container::Block("2".into())),
            (
                json!({ "type": "data_source_id", "data_source_id": "3", "database_id": "4" }),
                Container::DataSource("3".into()),
            ),
            (
                json!({ "type": "database_id", "database_id": "4" }),
                Container::Database("4".into()),
            ),
            (json!({ "type": "agent_id", "agent_id": "5" }), Container::Top),
        ] {
            assert_eq!(Parent::deserialize(&parent).unwrap().container(), expected, "{parent}");
        }
    }

    #[test]
    fn a_list_that_leads_back_to_where_it_was_is_refused() {
        let list = |more: bool, cursor: Option<&str>| List::<Value> {
            results: Vec::new(),
            has_more: more,
            next_cursor: cursor.map(str::to_owned),
        };
        assert_eq!(list(false, Some("a")).next(None), Ok(None));
        assert_eq!(list(true, Some("b")).next(Some("a")), Ok(Some("b".into())));
        assert_eq!(list(true, Some("a")).next(Some("a")), Err(ProviderError::Unreadable));
        assert_eq!(list(true, None).next(None), Err(ProviderError::Unreadable));
    }
}
