//! Discussions, which only GitHub's GraphQL API knows: <https://docs.github.com/en/graphql/guides/using-the-graphql-api-for-discussions>.

use reqwest::Method;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::api::{Api, ApiError, As};
use crate::sources::connector::{ProviderError, Token};

const LIST: &str = "query($owner: String!, $name: String!, $after: String) { repository(owner: $owner, name: $name) { \
    discussions(first: 100, after: $after, answered: true) { pageInfo { hasNextPage endCursor } nodes { number updatedAt } } } }";
const ONE: &str = "query($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name) { \
    discussion(number: $number) { title body url updatedAt answer { body } } } }";
/// GitHub does not say how long with these.
const WAIT_S: u64 = 60;

#[derive(Deserialize)]
struct Said<T> {
    data: Option<Data<T>>,
    #[serde(default)]
    errors: Vec<Refusal>,
}

#[derive(Deserialize)]
struct Data<T> {
    repository: Option<T>,
}

#[derive(Deserialize)]
struct Refusal {
    r#type: Option<String>,
}

#[derive(Deserialize)]
struct List {
    discussions: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    page_info: PageInfo,
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Node {
    pub number: u64,
    pub updated_at: String,
}

#[derive(Deserialize)]
struct One {
    discussion: Option<Discussion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Discussion {
    pub title: String,
    pub body: String,
    pub url: String,
    pub updated_at: String,
    pub answer: Option<Body>,
}

#[derive(Deserialize)]
pub(super) struct Body {
    pub body: String,
}

async fn ask<T: DeserializeOwned>(api: &Api, token: &Token, query: &str, variables: Value) -> Result<T, ApiError> {
    let body = json!({ "query": query, "variables": variables });
    let said = api.send(Method::POST, &As::Token(token), api.graphql()?, Some(&body)).await?;
    let said: Said<T> = serde_json::from_slice(&said).map_err(|_| ProviderError::Unreadable)?;
    let refused = |word: &str| said.errors.iter().any(|error| error.r#type.as_deref() == Some(word));
    if refused("RATE_LIMITED") {
        return Err(ProviderError::Later(WAIT_S).into());
    }
    if refused("FORBIDDEN") || refused("INSUFFICIENT_SCOPES") {
        return Err(ProviderError::Refused("this access does not reach its discussions".into()).into());
    }
    if refused("INVALID_CURSOR_ARGUMENTS") {
        return Err(ProviderError::Restart.into());
    }
    match said.data.and_then(|data| data.repository) {
        Some(found) => Ok(found),
        None if said.errors.is_empty() || said.errors.iter().all(|error| error.r#type.as_deref() == Some("NOT_FOUND")) => {
            Err(ApiError::Missing)
        }
        None => Err(ProviderError::Unavailable.into()),
    }
}

/// A page of the answered ones, and what the next begins after.
pub(super) async fn answered(
    api: &Api,
    token: &Token,
    (owner, name): (&str, &str),
    after: Option<&str>,
) -> Result<(Vec<Node>, Option<String>), ApiError> {
    let variables = json!({ "owner": owner, "name": name, "after": after });
    let List { discussions } = ask(api, token, LIST, variables).await?;
    let next = discussions.page_info.end_cursor.filter(|_| discussions.page_info.has_next_page);
    Ok((discussions.nodes, next))
}

/// One of them; `Missing` also when it has no answer any more.
pub(super) async fn discussion(api: &Api, token: &Token, (owner, name): (&str, &str), number: u64) -> Result<Discussion, ApiError> {
    let variables = json!({ "owner": owner, "name": name, "number": number });
    let One { discussion } = ask(api, token, ONE, variables).await?;
    discussion.filter(|found| found.answer.is_some()).ok_or(ApiError::Missing)
}
