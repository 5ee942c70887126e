//! GitHub's REST API: what is asked, and what can come of it: <https://docs.github.com/en/rest>.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use crate::{
    fault::Fault,
    reading::{ReadError, read_whole},
    sources::connector::{ProviderError, Token},
};

const WHOLE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(5);
/// Shapes differ between versions: this one is asked for.
const VERSION: &str = "2022-11-28";
/// GitHub answers nothing to who does not say who asks.
const AGENT: &str = "pernoex";
/// A tree of 100 000 entries, which is the most that is sent, has some 20 MiB.
const MOST_BYTES: usize = 32 << 20;
/// What a repository that was renamed or moved answers with.
const REDIRECTS: usize = 3;
/// When GitHub does not say how long, it asks for at least a minute: <https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api>.
const WAIT_S: u64 = 60;
const MOST_WAIT_S: u64 = 2 * 3600;

/// Why a call has no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ApiError {
    /// It is not there, or not to be seen: GitHub does not say which.
    Missing,
    /// There is nothing in the repository.
    Empty,
    /// It takes what was sent for wrong (422).
    Unprocessable,
    /// More than is taken.
    TooLarge,
    Other(ProviderError),
}

impl From<ProviderError> for ApiError {
    fn from(error: ProviderError) -> Self {
        Self::Other(error)
    }
}

impl From<ApiError> for ProviderError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Missing | ApiError::Empty => Self::Refused("not found, or not to be seen with this access".into()),
            ApiError::Unprocessable => Self::Refused("GitHub does not accept what was asked".into()),
            ApiError::TooLarge => Self::Unreadable,
            ApiError::Other(error) => error,
        }
    }
}

/// Who asks.
pub(super) enum As<'a> {
    Token(&'a Token),
    /// The App itself, by its signature; or nobody.
    Bearer(&'a str),
    Client(&'a str, &'a str),
}

pub(super) struct Api {
    client: reqwest::Client,
    url: Url,
    api: Url,
}

fn join(base: &Url, path: &[&str]) -> Result<Url, ProviderError> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| ProviderError::Unavailable)?
        .pop_if_empty()
        .extend(path);
    Ok(url)
}

impl Api {
    pub(super) fn new(url: Url, api: Url) -> Result<Self, Fault> {
        let client = reqwest::Client::builder()
            // A redirect would carry tokens to a host that nobody configured: those that stay are followed by hand.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .user_agent(AGENT)
            .build()
            .map_err(|_| Fault::Internal("GitHub client"))?;
        Ok(Self { client, url, api })
    }

    /// The page where an App is installed.
    pub(super) fn install(&self, slug: &str, state: &str) -> Result<String, ProviderError> {
        let mut url = join(&self.url, &["apps", slug, "installations", "new"])?;
        url.query_pairs_mut().append_pair("state", state);
        Ok(url.into())
    }

    /// A page for people.
    pub(super) fn page<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> String {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url.into()
    }

    /// The address of a call. The parts of `path` are put in one by one: what is in them leads nowhere else.
    pub(super) fn to(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, ProviderError> {
        let mut url = join(&self.api, path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// An address that was given by an answer: only the API's own is asked with a token.
    pub(super) fn own(&self, address: &str) -> Result<Url, ProviderError> {
        let url = Url::parse(address).ok().filter(|url| url.origin() == self.api.origin());
        url.ok_or(ProviderError::Unreadable)
    }

    /// The other API, whose address on a GitHub of one's own is beside this one's.
    pub(super) fn graphql(&self) -> Result<Url, ProviderError> {
        let mut url = self.api.clone();
        let path = url.path().trim_end_matches('/');
        let path = match path.strip_suffix("/v3") {
            Some(api) => format!("{api}/graphql"),
            None => format!("{path}/graphql"),
        };
        url.set_path(&path);
        Ok(url)
    }

    fn request(&self, method: Method, url: Url, who: &As<'_>) -> RequestBuilder {
        let request = self.client.request(method, url).header("x-github-api-version", VERSION);
        match who {
            As::Token(token) => request.bearer_auth(token.as_str()),
            As::Bearer(token) => request.bearer_auth(token),
            As::Client(id, secret) => request.basic_auth(id, Some(secret)),
        }
    }

    /// Asks for something. Follows a repository to where it moved, within the API.
    pub(super) async fn get(&self, who: &As<'_>, mut url: Url, accept: &str, most: usize) -> Result<Answer, ApiError> {
        for _ in 0..=REDIRECTS {
            let request = self.request(Method::GET, url.clone(), who).header(header::ACCEPT, accept);
            let response = send(request).await?;
            if !response.status().is_redirection() {
                return answer(response, most).await;
            }
            let to = response.headers().get(header::LOCATION).and_then(|to| to.to_str().ok());
            let to = to.and_then(|to| url.join(to).ok()).ok_or(ProviderError::Unreadable)?;
            if to.origin() != self.api.origin() {
                return Err(ProviderError::Refused("GitHub leads elsewhere".into()).into());
            }
            url = to;
        }
        Err(ProviderError::Unreadable.into())
    }

    pub(super) async fn json<T: DeserializeOwned>(&self, who: &As<'_>, path: &[&str], query: &[(&str, &str)]) -> Result<T, ApiError> {
        self.page_of(who, self.to(path, query)?).await.map(|(found, _)| found)
    }

    /// One page of a list, and the address of the next.
    pub(super) async fn page_of<T: DeserializeOwned>(&self, who: &As<'_>, url: Url) -> Result<(T, Option<Url>), ApiError> {
        let answer = self.get(who, url, "application/vnd.github+json", MOST_BYTES).await?;
        // One that leads elsewhere would be given the token.
        let next = answer.next.filter(|next| next.origin() == self.api.origin());
        let found = serde_json::from_slice(&answer.bytes).map_err(|_| ProviderError::Unreadable)?;
        Ok((found, next))
    }

    /// Sends something; the answer may be empty.
    pub(super) async fn send(&self, method: Method, who: &As<'_>, url: Url, body: Option<&Value>) -> Result<Zeroizing<Vec<u8>>, ApiError> {
        let request = self.request(method, url, who).header(header::ACCEPT, "application/vnd.github+json");
        let request = match body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(body.to_string()),
            None => request,
        };
        let response = send(request).await?;
        if response.status().is_redirection() {
            return Err(ProviderError::Unreadable.into());
        }
        answer(response, MOST_BYTES).await.map(|answer| answer.bytes)
    }
}

/// What was said, and where it goes on.
pub(super) struct Answer {
    pub bytes: Zeroizing<Vec<u8>>,
    pub next: Option<Url>,
}

async fn send(request: RequestBuilder) -> Result<Response, ProviderError> {
    request.send().await.map_err(|_| ProviderError::Unavailable)
}

fn number(response: &Response, name: &str) -> Option<u64> {
    response.headers().get(name)?.to_str().ok()?.trim().parse().ok()
}

/// How long GitHub asks to be left alone, if it does. Its own clock says how far away the reset is: ours may be another.
fn wait(response: &Response) -> Option<u64> {
    if let Some(seconds) = number(response, "retry-after") {
        return Some(seconds.clamp(1, MOST_WAIT_S));
    }
    if number(response, "x-ratelimit-remaining") != Some(0) {
        return None;
    }
    let reset = number(response, "x-ratelimit-reset")?;
    let date = response.headers().get(header::DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| chrono::DateTime::parse_from_rfc2822(date).ok());
    let now = date.and_then(|date| u64::try_from(date.timestamp()).ok());
    Some(now.map_or(WAIT_S, |now| reset.saturating_sub(now) + 1).clamp(1, MOST_WAIT_S))
}

/// The address behind `rel="next"`.
fn next_of(response: &Response) -> Option<Url> {
    let links = response.headers().get(header::LINK)?.to_str().ok()?;
    links.split(',').find_map(|link| {
        let (address, relation) = link.split_once(';')?;
        let is_next = relation.split(';').any(|part| part.trim() == "rel=\"next\"");
        let address = address.trim().strip_prefix('<')?.strip_suffix('>')?;
        is_next.then(|| Url::parse(address).ok()).flatten()
    })
}

async fn answer(response: Response, most: usize) -> Result<Answer, ApiError> {
    let status = response.status();
    if status.is_success() {
        let next = next_of(&response);
        let bytes = read(response, most).await?;
        return Ok(Answer { bytes, next });
    }
    Err(match status {
        StatusCode::UNAUTHORIZED => ProviderError::Unauthorized.into(),
        StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => forbidden(response).await,
        StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS => ApiError::Missing,
        StatusCode::CONFLICT => ApiError::Empty,
        StatusCode::UNPROCESSABLE_ENTITY => ApiError::Unprocessable,
        status if status.is_server_error() => wait(&response).map_or(ProviderError::Unavailable, ProviderError::Later).into(),
        _ => ProviderError::Unreadable.into(),
    })
}

/// A refusal is one of two: for now, or altogether.
async fn forbidden(response: Response) -> ApiError {
    if let Some(seconds) = wait(&response) {
        return ProviderError::Later(seconds).into();
    }
    let asks_to_wait = response.status() == StatusCode::TOO_MANY_REQUESTS;
    let single_sign_on = response.headers().contains_key("x-github-sso");
    let said = read(response, 64 << 10).await.unwrap_or_default();
    let said = String::from_utf8_lossy(&said).to_lowercase();
    if asks_to_wait || said.contains("secondary rate limit") || said.contains("abuse detection") {
        return ProviderError::Later(WAIT_S).into();
    }
    ProviderError::Refused(
        match single_sign_on {
            true => "the organisation asks for single sign-on: authorise this access there",
            false => "this access does not reach it",
        }
        .into(),
    )
    .into()
}

async fn read(response: Response, most: usize) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    read_whole(response, most).await.map_err(|error| match error {
        ReadError::CutOff => ProviderError::Unavailable.into(),
        ReadError::TooLarge => ApiError::TooLarge,
    })
}
