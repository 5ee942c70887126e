//! The calls of Confluence's API that are made: <https://developer.atlassian.com/cloud/confluence/rest/v2/intro/>.

use reqwest::{StatusCode, header};
use serde::{Deserialize, de::DeserializeOwned};
use url::Url;

use super::Confluence;
use crate::sources::{
    call::{Answer, CallError, ask, below},
    connector::{ProviderError, Token},
};

/// What a page of a listing holds at most.
const PAGE: &str = "250";

/// A site that the access is for.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Site {
    pub id: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub url: String,
    #[serde(default)]
    scopes: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Space {
    pub id: String,
    pub key: String,
    #[serde(default)]
    pub name: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    status: String,
    #[serde(default, rename = "_links")]
    pub links: Links,
}

impl Space {
    pub(super) fn is_current(&self) -> bool {
        matches!(self.status.as_str(), "current" | "")
    }

    /// A person's own.
    pub(super) fn is_personal(&self) -> bool {
        self.kind == "personal" || self.key.starts_with('~')
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Page {
    pub id: String,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    version: Option<Version>,
    #[serde(default)]
    body: Option<Body>,
    #[serde(default, rename = "_links")]
    pub links: Links,
}

#[derive(Debug, Deserialize)]
struct Version {
    number: i64,
}

#[derive(Debug, Deserialize)]
struct Body {
    #[serde(default)]
    storage: Option<Representation>,
}

#[derive(Debug, Deserialize)]
struct Representation {
    #[serde(default)]
    value: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Links {
    next: Option<String>,
    base: Option<String>,
    webui: Option<String>,
}

impl Links {
    /// Where people read it. `base` is said once for a whole list.
    pub(super) fn address(&self, base: Option<&str>) -> Option<String> {
        let base = self.base.as_deref().or(base)?;
        crate::sources::call::web_address(&format!("{}{}", base.trim_end_matches('/'), self.webui.as_deref()?))
    }
}

impl Page {
    pub(super) fn is_current(&self) -> bool {
        self.status == "current"
    }

    pub(super) fn version(&self) -> Option<String> {
        self.version.as_ref().map(|version| version.number.to_string())
    }

    pub(super) fn storage(&self) -> Option<&str> {
        Some(&self.body.as_ref()?.storage.as_ref()?.value)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct List<T> {
    pub results: Vec<T>,
    #[serde(default, rename = "_links")]
    links: Links,
}

/// A page of a list, and what asks for the next.
pub(super) struct Listed<T> {
    pub list: List<T>,
    pub next: Option<String>,
}

/// What is asked for, below a site.
pub(super) struct Ask<'a> {
    pub site: &'a str,
    pub path: &'a [&'a str],
    pub query: &'a [(&'a str, &'a str)],
}

impl Confluence {
    async fn call(&self, token: &Token, asked: &Ask<'_>, more: &[(&str, &str)]) -> Result<Answer, CallError> {
        let base = below(&self.registration.api, &["ex", "confluence", asked.site, "wiki", "api", "v2"])?;
        let mut url = below(&base, asked.path)?;
        url.query_pairs_mut().extend_pairs(asked.query).extend_pairs(more);
        ask(self.client.get(url).header(header::ACCEPT, "application/json"), token).await
    }

    /// What is asked for; `None` when it is not there, or not to be seen.
    pub(super) async fn find<T: DeserializeOwned>(&self, token: &Token, asked: &Ask<'_>) -> Result<Option<T>, CallError> {
        let answer = self.call(token, asked, &[]).await?;
        Ok(found(&answer)?)
    }

    /// One page of a list; `None` when what it is a list of is not there.
    pub(super) async fn page_of<T: DeserializeOwned>(
        &self,
        token: &Token,
        asked: &Ask<'_>,
        cursor: Option<&str>,
    ) -> Result<Option<Listed<T>>, ProviderError> {
        let mut more = vec![("limit", PAGE)];
        more.extend(cursor.map(|cursor| ("cursor", cursor)));
        let answer = self.call(token, asked, &more).await?;
        // It does not go on from there any more, which is no end of the list. If what it is a list of is gone, its beginning says so.
        if cursor.is_some() && is_missing(&answer) {
            return Err(ProviderError::Restart);
        }
        let Some(list) = found::<List<T>>(&answer)? else { return Ok(None) };
        let next = next_cursor(&answer, &list.links)?;
        // A list that leads back to where it was would never end.
        match next.is_some() && next.as_deref() == cursor {
            true => Err(ProviderError::Unreadable),
            false => Ok(Some(Listed { list, next })),
        }
    }

    /// The sites whose Confluence the access is for.
    pub(super) async fn sites(&self, token: &Token) -> Result<Vec<Site>, ProviderError> {
        let url = below(&self.registration.api, &["oauth", "token", "accessible-resources"])?;
        let sites: Vec<Site> = ask(self.client.get(url).header(header::ACCEPT, "application/json"), token)
            .await?
            .good()?;
        let reads = |site: &Site| site.scopes.is_empty() || site.scopes.iter().any(|scope| scope.contains("confluence"));
        let mut sites: Vec<Site> = sites.into_iter().filter(|site| reads(site) && is_site(&site.id)).collect();
        sites.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(sites)
    }
}

fn is_missing(answer: &Answer) -> bool {
    matches!(answer.status, StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::BAD_REQUEST)
}

fn found<T: DeserializeOwned>(answer: &Answer) -> Result<Option<T>, ProviderError> {
    match is_missing(answer) {
        true => Ok(None),
        false => answer.good().map(Some),
    }
}

/// The cursor of the next page. Only that is taken of the address that is said: where the next page is, is known here.
fn next_cursor(answer: &Answer, links: &Links) -> Result<Option<String>, ProviderError> {
    let headers = answer.headers.get_all(header::LINK).iter().filter_map(|link| link.to_str().ok());
    let in_header = headers.flat_map(|link| link.split(',')).find_map(|link| {
        let (address, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
        rest.contains("rel=\"next\"").then(|| address.to_owned())
    });
    let Some(next) = links.next.clone().or(in_header) else {
        return Ok(None);
    };
    let somewhere = Url::parse("https://api.atlassian.com").map_err(|_| ProviderError::Unreadable)?;
    let next = somewhere.join(&next).map_err(|_| ProviderError::Unreadable)?;
    let cursor = next.query_pairs().find(|(name, _)| name == "cursor");
    cursor.map(|(_, cursor)| Some(cursor.into_owned())).ok_or(ProviderError::Unreadable)
}

/// Whether it can be a site's id: it becomes part of ids here.
pub(super) fn is_site(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
