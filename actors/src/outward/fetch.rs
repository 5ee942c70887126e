//! Asking, within bounds.

use std::{io::Read, sync::Arc, time::Duration};

use flate2::read::MultiGzDecoder;
use futures_util::StreamExt;
use reqwest::{
    Method, Response, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER},
};
use url::{Host, Url};

use super::{
    AllowList, Bounds, FetchError, Lookup, Refusal,
    resolve::{Guard, SystemLookup},
    target,
};
use crate::fault::Fault;

const CONNECT: Duration = Duration::from_secs(5);

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Where it came from, after redirects.
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// How many seconds the server asks to be left alone for. A date in this header is not heeded.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u64> {
        self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
    }
}

/// See the module's own words.
pub struct Fetcher {
    client: reqwest::Client,
    guard: Guard,
}

impl Fetcher {
    /// # Errors
    /// `Internal` when TLS cannot be set up.
    pub fn new(allow: AllowList) -> Result<Self, Fault> {
        Self::with_lookup(allow, Arc::new(SystemLookup))
    }

    /// # Errors
    /// As [`Fetcher::new`].
    pub fn with_lookup(allow: AllowList, lookup: Arc<dyn Lookup>) -> Result<Self, Fault> {
        let guard = Guard {
            lookup,
            allow: Arc::new(allow),
        };
        let client = reqwest::Client::builder()
            .dns_resolver(Arc::new(guard.clone()))
            .redirect(reqwest::redirect::Policy::none())
            // A proxy would resolve and connect in our stead.
            .no_proxy()
            // A kept connection was checked when it was made, which may be long ago.
            .pool_max_idle_per_host(0)
            .referer(false)
            .connect_timeout(CONNECT)
            .user_agent(concat!("Pernoex/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| Fault::Internal("outward client"))?;
        Ok(Self { client, guard })
    }

    /// Whether `text` may be kept to be asked later, at which time it is looked at again. Asks for its name's addresses.
    ///
    /// # Errors
    /// Why not.
    pub async fn check(&self, text: &str) -> Result<Url, Refusal> {
        let url = target::parse(text, &self.guard.allow)?;
        if let Some(Host::Domain(name)) = url.host() {
            let looked = tokio::time::timeout(CONNECT, self.guard.addresses(name)).await;
            looked.unwrap_or(Err(Refusal::NotPublic))?;
        }
        Ok(url)
    }

    /// Whether the operator let this very host in, so that it is inside their network.
    #[must_use]
    pub fn is_let_in(&self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Domain(name)) => self.guard.allow.has_host(name),
            Some(Host::Ipv4(address)) => self.guard.allow.has_address(address.into()),
            Some(Host::Ipv6(address)) => self.guard.allow.has_address(address.into()),
            None => false,
        }
    }

    /// Gets a page, following as many redirects as `bounds` says; each is looked at as the first address was.
    ///
    /// # Errors
    /// Why there is no whole answer.
    pub async fn get(&self, text: &str, headers: HeaderMap, bounds: Bounds) -> Result<Answer, FetchError> {
        let following = async {
            let mut url = target::parse(text, &self.guard.allow)?;
            for _ in 0..=bounds.redirects {
                let response = self.send(Method::GET, &url, headers.clone(), Vec::new()).await?;
                match next(&url, &response)? {
                    Some(to) if bounds.redirects > 0 => {
                        target::check(&to, &self.guard.allow)?;
                        url = to;
                    }
                    _ => return read(response, url, bounds.bytes).await,
                }
            }
            Err(FetchError::TooManyRedirects)
        };
        tokio::time::timeout(bounds.whole, following)
            .await
            .unwrap_or(Err(FetchError::TimedOut))
    }

    /// Posts `body`. Redirects are answers: what is posted is for the one address. The body of the answer is not read.
    ///
    /// # Errors
    /// Why there is no answer.
    pub async fn post(&self, text: &str, headers: HeaderMap, body: Vec<u8>, whole: Duration) -> Result<Answer, FetchError> {
        let posting = async {
            let url = target::parse(text, &self.guard.allow)?;
            let response = self.send(Method::POST, &url, headers, body).await?;
            Ok(Answer {
                status: response.status().as_u16(),
                headers: response.headers().clone(),
                body: Vec::new(),
                url,
            })
        };
        tokio::time::timeout(whole, posting).await.unwrap_or(Err(FetchError::TimedOut))
    }

    async fn send(&self, method: Method, url: &Url, headers: HeaderMap, body: Vec<u8>) -> Result<Response, FetchError> {
        let mut request = self.client.request(method.clone(), url.clone()).headers(headers);
        request = match method {
            Method::POST => request.body(body),
            _ => request.header(ACCEPT_ENCODING, HeaderValue::from_static("gzip")),
        };
        request.send().await.map_err(|error| why(&error))
    }
}

/// The refusal of the resolver is below what the client makes of it. Its own words name the address, and are not passed on.
fn why(error: &reqwest::Error) -> FetchError {
    let mut below = std::error::Error::source(error);
    while let Some(cause) = below {
        if let Some(refusal) = cause.downcast_ref::<Refusal>() {
            return FetchError::Refused(*refusal);
        }
        below = cause.source();
    }
    match error {
        error if error.is_timeout() => FetchError::TimedOut,
        error if error.is_connect() => FetchError::NoConnection,
        _ => FetchError::CutOff,
    }
}

/// Where a redirect leads, if the answer is one.
fn next(from: &Url, response: &Response) -> Result<Option<Url>, FetchError> {
    use StatusCode as S;
    let status = response.status();
    if !matches!(
        status,
        S::MOVED_PERMANENTLY | S::FOUND | S::SEE_OTHER | S::TEMPORARY_REDIRECT | S::PERMANENT_REDIRECT
    ) {
        return Ok(None);
    }
    let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
    let to = to.filter(|to| !target::is_odd(to)).and_then(|to| from.join(to).ok());
    let to = to.ok_or(FetchError::WrongRedirect)?;
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(FetchError::WrongRedirect);
    }
    Ok(Some(to))
}

/// The whole body, unpacked, if it is no larger than `most`.
async fn read(response: Response, url: Url, most: usize) -> Result<Answer, FetchError> {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    if response.content_length().is_some_and(|length| length > most as u64) {
        return Err(FetchError::TooLarge);
    }
    let mut body = Vec::new();
    let mut chunks = response.bytes_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| why(&error))?;
        if body.len() + chunk.len() > most {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    let body = match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"" | b"identity") => body,
        Some(b"gzip" | b"x-gzip") => {
            // A thousandfold of what came is possible: off the thread that serves others.
            let unpacking = tokio::task::spawn_blocking(move || unpack(&body, most));
            unpacking.await.unwrap_or(Err(FetchError::Packed))?
        }
        Some(_) => return Err(FetchError::Packed),
    };
    Ok(Answer {
        status,
        url,
        headers,
        body,
    })
}

fn unpack(packed: &[u8], most: usize) -> Result<Vec<u8>, FetchError> {
    let mut plain = Vec::new();
    let bound = (most as u64).saturating_add(1);
    MultiGzDecoder::new(packed)
        .take(bound)
        .read_to_end(&mut plain)
        .map_err(|_| FetchError::Packed)?;
    if plain.len() > most { Err(FetchError::TooLarge) } else { Ok(plain) }
}
