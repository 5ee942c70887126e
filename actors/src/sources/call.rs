//! Calls of a provider's web API: to the addresses that the operator set and nowhere else, bounded in time and size.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::DateTime;
use reqwest::{
    RequestBuilder, StatusCode,
    header::{self, HeaderMap, HeaderValue},
};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use url::Url;
use zeroize::Zeroizing;

use super::connector::{ProviderError, Token};
use crate::{
    fault::Fault,
    reading::{ReadError, read_whole},
};

const WHOLE: Duration = Duration::from_secs(30);
/// What an answer may hold where nothing else is said: a page of a listing, a text with its markup.
pub(super) const MOST_BYTES: usize = 16 << 20;
/// When a provider does not say how long to wait.
const WAIT_S: u64 = 30;
const MOST_WAIT_S: u64 = 3_600;

pub(super) struct Client(reqwest::Client);

/// An answer that asks neither for patience nor for another token: what was asked for, or a refusal of it.
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    // It may hold a token.
    body: Zeroizing<Vec<u8>>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum CallError {
    /// The answer is larger than anything that is of use here.
    TooLarge,
    Provider(ProviderError),
}

impl From<ProviderError> for CallError {
    fn from(error: ProviderError) -> Self {
        Self::Provider(error)
    }
}

impl From<CallError> for ProviderError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::TooLarge => Self::Unreadable,
            CallError::Provider(error) => error,
        }
    }
}

impl Client {
    pub(super) fn new() -> Result<Self, Fault> {
        let client = reqwest::Client::builder()
            // A redirect would carry tokens to a host that nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(WHOLE)
            .user_agent(concat!("pernoex/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| Fault::Internal("HTTP client"))?;
        Ok(Self(client))
    }

    pub(super) fn get(&self, url: Url) -> RequestBuilder {
        self.0.get(url)
    }

    pub(super) fn post(&self, url: Url) -> RequestBuilder {
        self.0.post(url)
    }
}

/// Asks with a token: 401 says that it is good for nothing.
pub(super) async fn ask(request: RequestBuilder, token: &Token) -> Result<Answer, CallError> {
    let answer = send(request.bearer_auth(token.as_str())).await?;
    match answer.status {
        StatusCode::UNAUTHORIZED => Err(ProviderError::Unauthorized.into()),
        _ => Ok(answer),
    }
}

/// Asks by other means, or without any.
pub(super) async fn send(request: RequestBuilder) -> Result<Answer, CallError> {
    let response = request.send().await.map_err(|_| ProviderError::Unavailable)?;
    let (status, headers) = (response.status(), response.headers().clone());
    if let Some(error) = put_off(status, &headers) {
        return Err(error.into());
    }
    let body = read_whole(response, MOST_BYTES).await.map_err(|error| match error {
        ReadError::CutOff => ProviderError::Unavailable.into(),
        ReadError::TooLarge => CallError::TooLarge,
    })?;
    Ok(Answer { status, headers, body })
}

impl Answer {
    /// An answer that was cut off is worth another try; one that says something else than it should is not.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, ProviderError> {
        serde_json::from_slice(&self.body).map_err(|error| match error.is_eof() {
            true => ProviderError::Unavailable,
            false => ProviderError::Unreadable,
        })
    }

    /// What was asked for; any refusal with the provider's own word for it.
    pub(super) fn good<T: DeserializeOwned>(&self) -> Result<T, ProviderError> {
        match self.status.is_success() {
            true => self.json(),
            false => Err(ProviderError::Refused(self.reason())),
        }
    }

    /// The provider's word for why not: a code where there is one, the status otherwise.
    pub(super) fn reason(&self) -> String {
        let said: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let code = ["error", "code"].iter().find_map(|name| said[name].as_str());
        code.filter(|code| is_word(code))
            .map_or_else(|| self.status.as_u16().to_string(), str::to_owned)
    }

    /// Seconds of the provider's own clock.
    pub(super) fn date(&self) -> Option<i64> {
        date(&self.headers)
    }
}

/// Codes are words. What is none goes no further: it ends in logs and on pages, and may be anything.
pub(super) fn is_word(code: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    !code.is_empty() && code.len() <= 60 && code.bytes().all(is_word)
}

/// Why an answer is worth another try later, if it is.
fn put_off(status: StatusCode, headers: &HeaderMap) -> Option<ProviderError> {
    let wait = wait_s(headers);
    let later = |wait: u64| ProviderError::Later(wait.clamp(1, MOST_WAIT_S));
    match (status, wait) {
        (StatusCode::TOO_MANY_REQUESTS, wait) => Some(later(wait.unwrap_or(WAIT_S))),
        (StatusCode::SERVICE_UNAVAILABLE, Some(wait)) => Some(later(wait)),
        (StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT, _) => Some(ProviderError::Unavailable),
        (status, _) if status.is_server_error() => Some(ProviderError::Unavailable),
        (status, _) if status.is_redirection() => Some(ProviderError::Unreadable),
        _ => None,
    }
}

fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok().map(str::trim)
}

fn date(headers: &HeaderMap) -> Option<i64> {
    let date = headers.get(header::DATE).and_then(text)?;
    DateTime::parse_from_rfc2822(date).ok().map(|date| date.timestamp())
}

/// How long the provider asks to wait: in seconds, or until a time of its own clock, which need not be ours.
pub(crate) fn wait_s(headers: &HeaderMap) -> Option<u64> {
    let asked = headers.get(header::RETRY_AFTER).and_then(text)?;
    if let Ok(seconds) = asked.parse::<u64>() {
        return Some(seconds);
    }
    let until = DateTime::parse_from_rfc2822(asked).ok()?.timestamp();
    u64::try_from(until - date(headers)?).ok()
}

/// `base` with further parts of a path, each as it is and none a way out of it.
pub(super) fn below<S: AsRef<str>>(base: &Url, parts: &[S]) -> Result<Url, ProviderError> {
    let mut url = base.clone();
    let mut path = url.path_segments_mut().map_err(|()| ProviderError::Unreadable)?;
    path.pop_if_empty().extend(parts.iter().map(AsRef::as_ref));
    drop(path);
    Ok(url)
}

/// An address that browsers may be sent to.
pub(super) fn web_address(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty() && url.password().is_none();
    (is_web && url.as_str().len() <= 2_000).then(|| url.into())
}

/// What a token is known by in memory: it is nowhere kept itself.
pub(super) fn mark(token: &Token) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Keeps the requests that are made with one token apart, so that the provider need not ask for it.
pub(super) struct Pace {
    gap: Duration,
    next: Mutex<HashMap<[u8; 32], Instant>>,
}

impl Pace {
    pub(super) fn new(gap: Duration) -> Self {
        Self {
            gap,
            next: Mutex::default(),
        }
    }

    /// Waits for the turn of one more request.
    pub(super) async fn turn(&self, token: &Token) {
        let wait = self.take(mark(token), Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    fn take(&self, who: [u8; 32], now: Instant) -> Duration {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        next.retain(|_, free| *free > now);
        let free = next.entry(who).or_insert(now);
        let mine = *free;
        *free += self.gap;
        mine - now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|&(name, value)| {
            let name = header::HeaderName::from_static(name);
            (name, HeaderValue::from_str(value).unwrap())
        });
        pairs.collect()
    }

    #[test]
    fn a_provider_is_left_alone_for_as_long_as_it_asks() {
        for (status, pairs, expected) in [
            (429, vec![("retry-after", "17")], Some(ProviderError::Later(17))),
            (429, vec![], Some(ProviderError::Later(30))),
            (429, vec![("retry-after", "0")], Some(ProviderError::Later(1))),
            (429, vec![("retry-after", "99999999")], Some(ProviderError::Later(3_600))),
            (429, vec![("retry-after", "soon")], Some(ProviderError::Later(30))),
            (503, vec![("retry-after", "5")], Some(ProviderError::Later(5))),
            (503, vec![], Some(ProviderError::Unavailable)),
            (500, vec![], Some(ProviderError::Unavailable)),
            (529, vec![], Some(ProviderError::Unavailable)),
            (409, vec![], Some(ProviderError::Unavailable)),
            (
                302,
                vec![("location", "https://elsewhere.example/")],
                Some(ProviderError::Unreadable),
            ),
            (200, vec![("retry-after", "5")], None),
            (404, vec![], None),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(put_off(status, &headers(&pairs)), expected, "{status} {pairs:?}");
        }
    }

    #[test]
    fn a_time_to_wait_until_is_of_the_providers_clock() {
        let both = headers(&[
            ("date", "Wed, 21 Oct 2015 07:28:00 GMT"),
            ("retry-after", "Wed, 21 Oct 2015 07:28:42 GMT"),
        ]);
        assert_eq!(wait_s(&both), Some(42));
        let alone = headers(&[("retry-after", "Wed, 21 Oct 2015 07:28:42 GMT")]);
        assert_eq!(wait_s(&alone), None, "nobody knows when that is here");
    }

    #[test]
    fn no_id_leads_out_of_where_it_belongs() {
        let base = Url::parse("https://api.example.com/ex/").unwrap();
        for (id, expected) in [
            ("12", "https://api.example.com/ex/pages/12"),
            ("../../admin", "https://api.example.com/ex/pages/..%2F..%2Fadmin"),
            ("a?b#c", "https://api.example.com/ex/pages/a%3Fb%23c"),
        ] {
            assert_eq!(below(&base, &["pages", id]).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn requests_with_one_token_keep_apart_and_others_do_not_wait_for_them() {
        let pace = Pace::new(Duration::from_millis(300));
        let now = Instant::now();
        let waits: Vec<_> = (0..3).map(|_| pace.take([1; 32], now).as_millis()).collect();
        assert_eq!(waits, [0, 300, 600]);
        assert_eq!(pace.take([2; 32], now), Duration::ZERO);
        assert_eq!(pace.take([1; 32], now + Duration::from_millis(800)).as_millis(), 100);
        assert_eq!(pace.take([1; 32], now + Duration::from_secs(5)), Duration::ZERO);
    }

    #[test]
    fn only_words_are_passed_on() {
        assert!(is_word("invalid_grant") && is_word("object_not_found"));
        for text in ["", "Bearer secret_1 is bad", "<html>", &"a".repeat(61)] {
            assert!(!is_word(text), "{text}");
        }
    }
}
