//! The calls of Slack's Web API that are made, and what can come of one: <https://docs.slack.dev/apis/web-api>.

use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode, header};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use url::{Url, form_urlencoded};
use zeroize::{Zeroize, Zeroizing};

use super::settings::{CALLBACK, SlackSettings, scopes};
use crate::{fault::Fault, reading::read_whole, vault::SecretBytes};

const WHOLE: Duration = Duration::from_secs(10);
/// Answers to what is asked here are a few KiB.
const MOST_BYTES: usize = 256 * 1024;
/// When Slack does not say how long.
const WAIT_S: u64 = 30;
const MOST_WAIT_S: u64 = 3600;

/// Why a call has no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ApiError {
    #[error("Slack is not reachable")]
    NotDone,
    /// It may have been done all the same.
    #[error("Slack's answer did not arrive")]
    Unknown,
    #[error("Slack takes no more for {0} s")]
    Later(u64),
    /// Slack's own word for why not.
    #[error("Slack refused: {0}")]
    Refused(String),
}

impl ApiError {
    /// Whether the token is good for nothing any more.
    pub(super) fn ends_token(&self) -> bool {
        const ENDS: [&str; 5] = [
            "account_inactive",
            "invalid_auth",
            "not_authed",
            "token_revoked",
            "invalid_refresh_token",
        ];
        matches!(self, Self::Refused(code) if ENDS.contains(&code.as_str()))
    }

    pub(super) fn is(&self, code: &str) -> bool {
        matches!(self, Self::Refused(found) if found == code)
    }
}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Refused(reason) => Self::SlackRefused(reason),
            ApiError::NotDone | ApiError::Unknown | ApiError::Later(_) => Self::SlackUnavailable,
        }
    }
}

/// What a bot speaks with. Stored as JSON, sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Token {
    pub access_token: Zeroizing<String>,
    #[serde(default)]
    pub refresh_token: Option<Zeroizing<String>>,
}

impl Token {
    /// As it is sealed.
    pub(super) fn plain(&self) -> Result<SecretBytes, Fault> {
        let plain = serde_json::to_vec(self).map_err(|_| Fault::Internal("token"))?;
        Ok(SecretBytes::new(plain))
    }
}

/// What a code, or a refresh token, is exchanged for.
#[derive(Deserialize)]
pub(super) struct Access {
    access_token: Zeroizing<String>,
    #[serde(default)]
    refresh_token: Option<Zeroizing<String>>,
    /// Seconds.
    #[serde(default)]
    pub expires_in: Option<i64>,
    #[serde(default)]
    pub bot_user_id: String,
    #[serde(default)]
    pub app_id: String,
    #[serde(default)]
    pub team: Option<Team>,
}

impl Access {
    /// Whether the token is this one's alone, and ends by itself.
    pub(super) fn rotates(&self) -> bool {
        self.refresh_token.is_some()
    }

    pub(super) fn token(&self) -> Token {
        Token {
            access_token: self.access_token.clone(),
            refresh_token: self.refresh_token.clone(),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Team {
    pub id: String,
    #[serde(default)]
    pub name: String,
}

#[derive(Deserialize)]
struct Outcome {
    ok: bool,
    #[serde(default)]
    error: Option<String>,
}

#[derive(Deserialize)]
struct Posted {
    ts: String,
}

pub(super) struct Api {
    client: reqwest::Client,
    settings: SlackSettings,
}

impl Api {
    pub(super) fn new(settings: SlackSettings) -> Result<Self, Fault> {
        let client = reqwest::Client::builder()
            // A redirect would carry tokens to a host that nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(WHOLE)
            .build()
            .map_err(|_| Fault::Internal("Slack client"))?;
        Ok(Self { client, settings })
    }

    pub(super) fn settings(&self) -> &SlackSettings {
        &self.settings
    }

    fn redirect(&self) -> String {
        format!("{}{CALLBACK}", self.settings.here.as_str().trim_end_matches('/'))
    }

    fn address(&self, path: &str) -> Result<Url, ApiError> {
        let base = self.settings.url.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}{path}")).map_err(|_| ApiError::NotDone)
    }

    /// Where somebody agrees to the app, who comes back with `state`.
    pub(super) fn authorize(&self, state: &str) -> Result<String, Fault> {
        let mut url = self.address("/oauth/v2/authorize")?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("scope", &scopes(self.settings.thread_replies, self.settings.sources).join(","))
            .append_pair("redirect_uri", &self.redirect())
            .append_pair("state", state);
        Ok(url.into())
    }

    pub(super) async fn exchange(&self, code: &str) -> Result<Access, ApiError> {
        self.access(&[("code", code), ("redirect_uri", &self.redirect())]).await
    }

    pub(super) async fn refresh(&self, refresh_token: &str) -> Result<Access, ApiError> {
        self.access(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)])
            .await
    }

    async fn access(&self, form: &[(&str, &str)]) -> Result<Access, ApiError> {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self
            .client
            .post(self.address("/api/oauth.v2.access")?)
            .basic_auth(&self.settings.client_id, Some(self.settings.client_secret.as_str()))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        answer(request).await
    }

    /// Posts a message; answers what Slack calls it.
    pub(super) async fn post(&self, token: &str, message: &Value) -> Result<String, ApiError> {
        let posted: Posted = self.call("chat.postMessage", token, message).await?;
        Ok(posted.ts)
    }

    /// Says something that one person sees.
    pub(super) async fn whisper(&self, token: &str, message: &Value) -> Result<(), ApiError> {
        self.call::<Value>("chat.postEphemeral", token, message).await.map(|_| ())
    }

    /// Ends a token.
    pub(super) async fn revoke(&self, token: &str) -> Result<(), ApiError> {
        self.call::<Value>("auth.revoke", token, &Value::Null).await.map(|_| ())
    }

    async fn call<T: DeserializeOwned>(&self, method: &str, token: &str, body: &Value) -> Result<T, ApiError> {
        let request = self.client.post(self.address(&format!("/api/{method}"))?).bearer_auth(token);
        let request = match body {
            Value::Null => request,
            body => request
                .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
                .body(body.to_string()),
        };
        answer(request).await
    }
}

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, ApiError> {
    let response = request
        .send()
        .await
        .map_err(|error| match error.is_connect() || error.is_builder() {
            true => ApiError::NotDone,
            false => ApiError::Unknown,
        })?;
    match response.status() {
        StatusCode::TOO_MANY_REQUESTS => {
            let wait = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            let wait = wait.and_then(|value| value.trim().parse().ok()).unwrap_or(WAIT_S);
            return Err(ApiError::Later(wait.clamp(1, MOST_WAIT_S)));
        }
        // Turned away at the door. After any other failure of theirs, a bad gateway's included, it may have been done.
        StatusCode::SERVICE_UNAVAILABLE => return Err(ApiError::NotDone),
        status if status.is_server_error() => return Err(ApiError::Unknown),
        _ => {}
    }
    read(&read_whole(response, MOST_BYTES).await.map_err(|_| ApiError::Unknown)?)
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let outcome: Outcome = serde_json::from_slice(bytes).map_err(|_| ApiError::Unknown)?;
    if outcome.ok {
        return serde_json::from_slice(bytes).map_err(|_| ApiError::Unknown);
    }
    let code = outcome.error.unwrap_or_default();
    Err(match code.as_str() {
        "ratelimited" | "rate_limited" => ApiError::Later(WAIT_S),
        "service_unavailable" | "team_added_to_org" => ApiError::NotDone,
        "internal_error" | "fatal_error" | "request_timeout" => ApiError::Unknown,
        _ => ApiError::Refused(word(code)),
    })
}

/// Slack's codes are words. What is none goes no further: it ends in logs and on pages.
fn word(mut code: String) -> String {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if code.is_empty() || code.len() > 60 || !code.bytes().all(is_word) {
        code.zeroize();
        return "unknown".into();
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> ApiError {
        read::<Value>(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_refusal_is_told_from_what_may_have_been_done() {
        assert_eq!(
            refusal(r#"{"ok":false,"error":"channel_not_found"}"#),
            ApiError::Refused("channel_not_found".into())
        );
        assert_eq!(refusal(r#"{"ok":false,"error":"ratelimited"}"#), ApiError::Later(30));
        assert_eq!(refusal(r#"{"ok":false,"error":"fatal_error"}"#), ApiError::Unknown);
        assert_eq!(refusal("<html>"), ApiError::Unknown);
        assert_eq!(
            refusal(r#"{"ok":false,"error":"Bearer xoxb-1 is bad"}"#),
            ApiError::Refused("unknown".into())
        );
        assert!(refusal(r#"{"ok":false,"error":"token_revoked"}"#).ends_token());
        assert!(!refusal(r#"{"ok":false,"error":"token_expired"}"#).ends_token());
    }
}
