//! How Stripe's API is spoken to, and what can come of a call.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde::{Deserialize, de::DeserializeOwned};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::told::List;
use crate::{fault::Fault, reading::read_whole};

const WHOLE: Duration = Duration::from_secs(10);
/// A page of invoices can be large: each may have many lines.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Shapes differ between versions: this one is asked for, whatever the account's own is.
const VERSION: &str = "2024-06-20";
/// The most that Stripe puts on a page of a list, and the most pages that are read of one.
pub(super) const PAGE: &str = "100";
const MOST_PAGES: usize = 20;

/// Why a call has no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ApiError {
    /// Not reached, or busy: another time.
    Unavailable,
    Missing,
    /// A payment that was to be made at once was not. Stripe's own word for why not.
    Unpaid(String),
    /// Stripe's own word for why not.
    Refused(String),
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Unavailable => Self::StripeUnavailable,
            ApiError::Missing => Self::StripeRefused("resource_missing".into()),
            ApiError::Unpaid(code) => Self::PaymentFailed(code),
            ApiError::Refused(code) => Self::StripeRefused(code),
        }
    }
}

#[derive(Deserialize)]
struct Refusal {
    error: Reason,
}

#[derive(Deserialize)]
struct Reason {
    code: Option<String>,
    r#type: Option<String>,
}

pub(super) type Form<'a> = &'a [(&'a str, &'a str)];

pub(super) struct Client {
    client: reqwest::Client,
    key: Zeroizing<String>,
    url: Url,
}

impl Client {
    pub(super) fn new(key: Zeroizing<String>, url: Url) -> Result<Self, Fault> {
        let client = reqwest::Client::builder()
            // A redirect would carry the key to a host that nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(WHOLE)
            .build()
            .map_err(|_| Fault::Internal("Stripe client"))?;
        Ok(Self { client, key, url })
    }

    /// Where Stripe is.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    fn request(&self, method: Method, path: &str, query: Form<'_>) -> Result<RequestBuilder, ApiError> {
        let base = self.url.as_str().trim_end_matches('/');
        let mut url = Url::parse(&format!("{base}/v1{path}")).map_err(|_| ApiError::Unavailable)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.client.request(method, url).bearer_auth(self.key.as_str());
        Ok(request.header("stripe-version", VERSION))
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, query: Form<'_>) -> Result<T, ApiError> {
        answer(self.request(Method::GET, path, query)?).await
    }

    /// Everything that is on a list, page by page. `id` is what a page goes on after.
    pub(super) async fn list<T: DeserializeOwned>(&self, path: &str, query: Form<'_>, id: fn(&T) -> &str) -> Result<Vec<T>, ApiError> {
        let mut found: Vec<T> = Vec::new();
        for _ in 0..MOST_PAGES {
            let mut query = query.to_vec();
            query.push(("limit", PAGE));
            if let Some(last) = found.last() {
                query.push(("starting_after", id(last)));
            }
            let page: List<T> = self.get(path, &query).await?;
            let goes_on = page.has_more && !page.data.is_empty();
            found.extend(page.data);
            if !goes_on {
                return Ok(found);
            }
        }
        // Half a list would be taken for the whole.
        Err(ApiError::Refused("list_too_long".into()))
    }

    /// Once more when it is not known whether it was done: Stripe knows the second by its key, which `once` is.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, form: Form<'_>, once: &str) -> Result<T, ApiError> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let attempt = || {
            self.request(Method::POST, path, &[]).map(|request| {
                request
                    .header("idempotency-key", once)
                    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(form.clone())
            })
        };
        match answer(attempt()?).await {
            Err(ApiError::Unavailable) => answer(attempt()?).await,
            answered => answered,
        }
    }

    pub(super) async fn delete<T: DeserializeOwned>(&self, path: &str, query: Form<'_>) -> Result<T, ApiError> {
        answer(self.request(Method::DELETE, path, query)?).await
    }
}

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, ApiError> {
    let response = request.send().await.map_err(|_| ApiError::Unavailable)?;
    let status = response.status();
    // A conflict: the same request is under way, and may be done.
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::CONFLICT) || status.is_server_error() {
        return Err(ApiError::Unavailable);
    }
    let bytes = read_whole(response, MOST_BYTES).await.map_err(|_| ApiError::Unavailable)?;
    if status.is_success() {
        return serde_json::from_slice(&bytes).map_err(|_| ApiError::Refused("unreadable_answer".into()));
    }
    let code = serde_json::from_slice::<Refusal>(&bytes)
        .ok()
        .and_then(|refusal| refusal.error.code.or(refusal.error.r#type));
    // In Stripe's own words. Somebody else's "not found", on the way there, says nothing of a subscription.
    match (status, code.as_deref()) {
        (StatusCode::NOT_FOUND, Some("resource_missing")) => Err(ApiError::Missing),
        (StatusCode::NOT_FOUND, None) => Err(ApiError::Unavailable),
        (StatusCode::PAYMENT_REQUIRED, _) => Err(ApiError::Unpaid(word(code.unwrap_or_default()))),
        _ => Err(ApiError::Refused(word(code.unwrap_or_default()))),
    }
}

/// Stripe's codes are words. What is none goes no further: it ends in logs and on pages.
fn word(code: String) -> String {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    match !code.is_empty() && code.len() <= 60 && code.bytes().all(is_word) {
        true => code,
        false => "unknown".into(),
    }
}
