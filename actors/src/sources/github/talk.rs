//! Issues that were resolved, and discussions that were answered, each with what was said.

use serde::Deserialize;

use super::{
    GitHub,
    api::{ApiError, As},
    config::parts,
    connector::{MOST_FILE, Part, Step, found, or_nothing},
    graphql, item,
};
use crate::{
    knowledge::parse::MediaType,
    sources::connector::{Content, Fetched, ProviderError, Token},
};

/// Pages of 100 of what was said to an issue.
const COMMENT_PAGES: usize = 3;

#[derive(Deserialize)]
struct Issue {
    number: u64,
    #[serde(default)]
    title: String,
    body: Option<String>,
    html_url: Option<String>,
    state: String,
    state_reason: Option<String>,
    updated_at: String,
    #[serde(default)]
    pull_request: Option<serde::de::IgnoredAny>,
}

impl Issue {
    /// Closed, and not because nobody wants it.
    fn is_resolved(&self) -> bool {
        let declined = matches!(self.state_reason.as_deref(), Some("not_planned" | "duplicate"));
        self.pull_request.is_none() && self.state == "closed" && !declined
    }
}

#[derive(Deserialize)]
struct Comment {
    body: Option<String>,
}

/// A page that is not there any more is no end of the list. If the repository is gone, the list's beginning says so.
fn goes_on<T>(asked: Result<T, ApiError>, first: bool) -> Result<Option<T>, ProviderError> {
    match asked {
        Err(ApiError::Missing | ApiError::Unprocessable) if !first => Err(ProviderError::Restart),
        asked => or_nothing(asked),
    }
}

impl GitHub {
    pub(super) async fn issues(&self, who: &As<'_>, full_name: &str, page: Option<&str>) -> Result<Step, ProviderError> {
        let (owner, name) = parts(full_name).ok_or(ProviderError::Unreadable)?;
        let query = [("state", "closed"), ("sort", "created"), ("direction", "asc"), ("per_page", "100")];
        let url = match page {
            Some(page) => self.api.own(page)?,
            None => self.api.to(&["repos", owner, name, "issues"], &query)?,
        };
        let Some((issues, next)) = goes_on(self.api.page_of::<Vec<Issue>>(who, url).await, page.is_none())? else {
            return Ok((Vec::new(), None));
        };
        let resolved = issues.iter().filter(|issue| issue.is_resolved());
        let items = resolved.filter_map(|issue| found(item::issue(full_name, issue.number), issue.updated_at.clone()));
        Ok((items.collect(), next.map(|next| Part::Issues { page: Some(next.into()) })))
    }

    pub(super) async fn discussions(&self, token: &Token, full_name: &str, after: Option<&str>) -> Result<Step, ProviderError> {
        let repository = parts(full_name).ok_or(ProviderError::Unreadable)?;
        let Some((nodes, next)) = goes_on(graphql::answered(&self.api, token, repository, after).await, after.is_none())? else {
            return Ok((Vec::new(), None));
        };
        let items = nodes
            .into_iter()
            .filter_map(|node| found(item::discussion(full_name, node.number), node.updated_at));
        Ok((items.collect(), next.map(|after| Part::Discussions { after: Some(after) })))
    }

    pub(super) async fn issue(&self, who: &As<'_>, (owner, name): (&str, &str), number: u64) -> Result<Fetched, ProviderError> {
        let number = number.to_string();
        let path = ["repos", owner, name, "issues", &number];
        let Some(issue) = or_nothing(self.api.json::<Issue>(who, &path, &[]).await)? else {
            return Ok(Fetched::Gone);
        };
        if !issue.is_resolved() {
            return Ok(Fetched::Gone);
        }
        let mut said = Vec::new();
        let comments = ["repos", owner, name, "issues", &number, "comments"];
        let mut next = Some(self.api.to(&comments, &[("per_page", "100")])?);
        for _ in 0..COMMENT_PAGES {
            let Some(url) = next.take() else { break };
            let Some((page, after)) = or_nothing(self.api.page_of::<Vec<Comment>>(who, url).await)? else {
                break;
            };
            said.extend(page.into_iter().filter_map(|comment| comment.body));
            next = after;
        }
        let text = thread(&issue.title, issue.body.as_deref().unwrap_or_default(), &said);
        Ok(content(issue.title, issue.html_url, text, issue.updated_at))
    }

    pub(super) async fn discussion(&self, token: &Token, repository: (&str, &str), number: u64) -> Result<Fetched, ProviderError> {
        let asked = graphql::discussion(&self.api, token, repository, number).await;
        let Some(found) = or_nothing(asked)? else {
            return Ok(Fetched::Gone);
        };
        let answer: Vec<String> = found.answer.into_iter().map(|answer| answer.body).collect();
        let text = thread(&found.title, &found.body, &answer);
        Ok(content(found.title, Some(found.url), text, found.updated_at))
    }
}

fn content(title: String, url: Option<String>, text: String, version: String) -> Fetched {
    Fetched::Content(Content {
        title,
        url,
        media: MediaType::Markdown,
        bytes: text.into_bytes(),
        version: Some(version),
        links: Vec::new(),
    })
}

/// A question and what was said to it, without who said it. Cut where it is longer than a file may be.
fn thread(title: &str, question: &str, said: &[String]) -> String {
    let mut text = format!("# {}\n\n{question}\n", title.replace(['\r', '\n'], " "));
    for said in said.iter().map(|said| said.trim()).filter(|said| !said.is_empty()) {
        if text.len() + said.len() > MOST_FILE {
            break;
        }
        text.push_str("\n## Reply\n\n");
        text.push_str(said);
        text.push('\n');
    }
    text
}
