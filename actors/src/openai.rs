//! The operator's OpenAI-compatible endpoints, as far as they are alike: where they are, as whom they are asked, and what keeps content from
//! going anywhere else.

use std::time::Duration;

use reqwest::RequestBuilder;
use url::Url;
use zeroize::Zeroizing;

use crate::fault::Fault;

/// One address of an endpoint.
pub(crate) struct Endpoint {
    client: reqwest::Client,
    url: Url,
    key: Option<Zeroizing<String>>,
}

impl Endpoint {
    /// `base` is such as `https://api.openai.com/v1`, and `path` what stands below it.
    pub(crate) fn new(base: &Url, path: &str, key: Option<Zeroizing<String>>) -> Result<Self, Fault> {
        let base = base.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}/{path}")).map_err(|_| Fault::Internal("address of a model"))?;
        let client = reqwest::Client::builder()
            // A redirect would carry content to a host that nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .build()
            .map_err(|_| Fault::Internal("client of a model"))?;
        Ok(Self { client, url, key })
    }

    pub(crate) fn post(&self, body: &serde_json::Value) -> RequestBuilder {
        let request = self.client.post(self.url.clone()).json(body);
        match &self.key {
            Some(key) => request.bearer_auth(key.as_str()),
            None => request,
        }
    }
}
