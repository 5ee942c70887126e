//! OAuth 2 at GitHub, with PKCE: for an OAuth App, and for the people who connect a GitHub App.

use std::{future::Future, pin::Pin};

use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, TokenResponse, TokenUrl, basic::BasicClient,
};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use url::Url;
use zeroize::Zeroizing;

use super::api::{Api, ApiError, As};
use crate::{
    fault::Fault,
    identity::provider::{Http, HttpError},
    sources::{
        apps::Registration,
        connector::{Holder, ProviderError, Revocation, Token},
    },
};

/// This installation, as one of GitHub's two kinds of apps.
pub(super) struct OAuth {
    registered: Registration,
    scope: &'static str,
    http: Http,
}

#[derive(Deserialize)]
struct Person {
    id: u64,
    login: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: Option<String>,
}

fn address(base: &Url, path: &str) -> Result<String, ProviderError> {
    let whole = format!("{}{path}", base.as_str().trim_end_matches('/'));
    Url::parse(&whole).map(Url::into).map_err(|_| ProviderError::Unavailable)
}

impl OAuth {
    pub(super) fn new(registered: Registration, scope: &'static str) -> Result<Self, Fault> {
        Ok(Self {
            http: Http::to(&registered.url)?,
            registered,
            scope,
        })
    }

    pub(super) fn client_id(&self) -> &str {
        &self.registered.client_id
    }

    fn redirect(text: &str) -> Result<RedirectUrl, ProviderError> {
        RedirectUrl::new(text.to_owned()).map_err(|_| ProviderError::Unavailable)
    }

    pub(super) fn authorize(&self, redirect: &str, state: &str, challenge: &str) -> Result<String, ProviderError> {
        let page = AuthUrl::new(address(&self.registered.url, "/login/oauth/authorize")?).map_err(|_| ProviderError::Unavailable)?;
        let client = BasicClient::new(ClientId::new(self.registered.client_id.clone()))
            .set_auth_uri(page)
            .set_redirect_uri(Self::redirect(redirect)?);
        let mut request = client
            .authorize_url(|| CsrfToken::new(state.to_owned()))
            .add_extra_param("code_challenge", challenge)
            .add_extra_param("code_challenge_method", "S256")
            // Whoever has several accounts there is asked which.
            .add_extra_param("prompt", "select_account");
        if !self.scope.is_empty() {
            request = request.add_scope(Scope::new(self.scope.to_owned()));
        }
        Ok(request.url().0.into())
    }

    /// The token for a code.
    pub(super) async fn exchange(&self, redirect: &str, code: &str, verifier: &str) -> Result<Token, ProviderError> {
        let page = TokenUrl::new(address(&self.registered.url, "/login/oauth/access_token")?).map_err(|_| ProviderError::Unavailable)?;
        let client = BasicClient::new(ClientId::new(self.registered.client_id.clone()))
            .set_client_secret(ClientSecret::new(self.registered.client_secret.to_string()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(page)
            .set_redirect_uri(Self::redirect(redirect)?);
        let found = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()))
            .request_async(self)
            .await;
        match found {
            Ok(found) => Ok(Zeroizing::new(found.access_token().secret().clone())),
            Err(RequestTokenError::ServerResponse(refusal)) => {
                let code = word(refusal.error().as_ref());
                tracing::warn!(code, "GitHub does not take a code");
                // Used, too old, or made up: whoever brought it begins anew. Anything else is for the operator.
                Err(match code.as_str() {
                    "bad_verification_code" | "invalid_grant" => ProviderError::Unauthorized,
                    _ => ProviderError::Refused(code),
                })
            }
            Err(RequestTokenError::Request(_)) => Err(ProviderError::Unavailable),
            Err(_) => Err(ProviderError::Unreadable),
        }
    }

    /// GitHub refuses with the status of an answer that is fine.
    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut response = self.http.send(request).await?;
        let refuses = serde_json::from_slice::<Refusal>(response.body()).is_ok_and(|refusal| refusal.error.is_some());
        if refuses && response.status().is_success() {
            *response.status_mut() = oauth2::http::StatusCode::BAD_REQUEST;
        }
        Ok(response)
    }

    fn as_client(&self) -> As<'_> {
        As::Client(&self.registered.client_id, &self.registered.client_secret)
    }

    /// Ends everything that a person gave to the app.
    pub(super) async fn end_grant(&self, api: &Api, token: &Token) -> Result<Revocation, ProviderError> {
        self.end(api, "grant", token).await
    }

    /// Ends one token, and leaves what it was given for.
    pub(super) async fn end_token(&self, api: &Api, token: &Token) -> Result<Revocation, ProviderError> {
        self.end(api, "token", token).await
    }

    async fn end(&self, api: &Api, what: &str, token: &Token) -> Result<Revocation, ProviderError> {
        let url = api.to(&["applications", self.client_id(), what], &[])?;
        let body = json!({ "access_token": token.as_str() });
        match api.send(Method::DELETE, &self.as_client(), url, Some(&body)).await {
            Ok(_) => Ok(Revocation::Revoked),
            // GitHub knows no such token: it is over.
            Err(ApiError::Missing | ApiError::Unprocessable) => Ok(Revocation::Gone),
            // Of the app's own secret, and not of the token.
            Err(ApiError::Other(ProviderError::Unauthorized)) => {
                Err(ProviderError::Refused("GitHub does not take the app's secret".into()))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whose the token is.
    pub(super) async fn person(&self, api: &Api, token: &Token) -> Result<Holder, ProviderError> {
        let person: Person = api.json(&As::Token(token), &["user"], &[]).await?;
        Ok(Holder {
            id: person.id.to_string(),
            name: person.login,
            manage: Some(api.page(["settings", "connections", "applications", self.client_id()])),
            realm: None,
        })
    }
}

impl<'c> AsyncHttpClient<'c> for OAuth {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

/// GitHub's codes are words. What is none goes no further: it ends in logs and on pages.
fn word(code: &str) -> String {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    match !code.is_empty() && code.len() <= 60 && code.bytes().all(is_word) {
        true => code.to_owned(),
        false => "unknown".into(),
    }
}
