//! The one way out to a provider: no redirects, a bounded answer, TLS unless the provider runs on this very machine.

use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse, http};
use url::{Host, Url};

use crate::{
    fault::Fault,
    reading::{ReadError, read_whole},
};

const WHOLE: Duration = Duration::from_secs(10);
/// Discovery documents and key sets are a few KiB.
const MOST_BYTES: usize = 256 * 1024;

#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("the address is not one of TLS")]
    Plain,
    #[error("no answer")]
    NoAnswer,
    #[error("the answer is too large")]
    TooLarge,
}

#[derive(Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    /// For providers on this machine, which only tests and trials have.
    plain: bool,
}

/// Whether a web address leads to this machine alone.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

impl Http {
    pub(crate) fn to(issuer: &Url) -> Result<Self, Fault> {
        let client = reqwest::Client::builder()
            // A redirect would carry codes and secrets to a host that nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(WHOLE)
            .build()
            .map_err(|_| Fault::Internal("provider client"))?;
        let plain = issuer.scheme() == "http" && is_loopback(issuer);
        Ok(Self { client, plain })
    }

    fn may_ask(&self, url: &Url) -> bool {
        url.scheme() == "https" || (self.plain && url.scheme() == "http" && is_loopback(url))
    }

    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(|_| HttpError::Plain)?;
        if !self.may_ask(&url) {
            return Err(HttpError::Plain);
        }
        let asked = self.client.request(parts.method, url).headers(parts.headers).body(body);
        let response = asked.send().await.map_err(|_| HttpError::NoAnswer)?;
        let mut answer = http::Response::builder().status(response.status());
        if let Some(headers) = answer.headers_mut() {
            *headers = response.headers().clone();
        }
        let mut body = read_whole(response, MOST_BYTES).await.map_err(|error| match error {
            ReadError::CutOff => HttpError::NoAnswer,
            ReadError::TooLarge => HttpError::TooLarge,
        })?;
        answer.body(std::mem::take(&mut *body)).map_err(|_| HttpError::NoAnswer)
    }
}
