//! Access to a Notion workspace: <https://developers.notion.com/docs/authorization>.

use entities::Millis;
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Notion, api::VERSION};
use crate::sources::{
    call::{Answer, below, send},
    connector::{Given, Holder, Provider, ProviderError, Revocation, Token, Tokens},
};

/// Where its users see which connections they have agreed to.
const MANAGE: &str = "https://www.notion.so/profile/connections";

#[derive(Deserialize)]
struct Me {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    bot: Value,
}

impl Notion {
    /// Speaks as the app itself.
    async fn as_app(&self, path: &[&str], body: &Value) -> Result<Answer, ProviderError> {
        let url = below(&self.registration.api, &["v1", "oauth"]).and_then(|base| below(&base, path))?;
        let secret = Some(self.registration.client_secret.as_str());
        let request = self.api.client.post(url).basic_auth(&self.registration.client_id, secret);
        // It may hold a token.
        let body = Zeroizing::new(body.to_string());
        let request = request
            .header("notion-version", VERSION)
            .header("content-type", "application/json")
            .body(body.as_bytes().to_vec());
        Ok(send(request).await?)
    }

    async fn end(&self, token: &Token) -> Result<Revocation, ProviderError> {
        let answer = self.as_app(&["revoke"], &json!({ "token": token.as_str() })).await?;
        if answer.status.is_success() {
            return Ok(Revocation::Revoked);
        }
        match answer.reason().as_str() {
            // It knows no such token: it was over.
            "invalid_grant" | "invalid_token" => Ok(Revocation::Gone),
            reason => Err(ProviderError::Refused(reason.to_owned())),
        }
    }

    /// Whether Notion says itself that a token is good for nothing.
    async fn is_over(&self, token: &Token) -> Result<bool, ProviderError> {
        let answer = self.as_app(&["introspect"], &json!({ "token": token.as_str() })).await?;
        if !answer.status.is_success() {
            return Ok(matches!(answer.reason().as_str(), "invalid_grant" | "invalid_token"));
        }
        let said: Value = answer.json()?;
        Ok(said["active"] == false)
    }
}

impl Provider for Notion {
    /// Notion has no PKCE: the client's secret is what proves who exchanges the code.
    fn authorize(&self, redirect: &str, state: &str, _challenge: &str) -> Result<String, ProviderError> {
        let mut url = below(&self.registration.url, &["v1", "oauth", "authorize"])?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.registration.client_id)
            .append_pair("response_type", "code")
            .append_pair("owner", "user")
            .append_pair("redirect_uri", redirect)
            .append_pair("state", state);
        Ok(url.into())
    }

    async fn exchange(&self, redirect: &str, code: &str, _verifier: &str, now: Millis) -> Result<Tokens, ProviderError> {
        let body = json!({ "grant_type": "authorization_code", "code": code, "redirect_uri": redirect });
        let given: Given = self.as_app(&["token"], &body).await?.good()?;
        Ok(given.tokens(now))
    }

    async fn refresh(&self, tokens: &Tokens, now: Millis) -> Result<Tokens, ProviderError> {
        // Without a refresh token the access ends when somebody ends it.
        let refresh = tokens.refresh.as_ref().ok_or(ProviderError::Unauthorized)?;
        let body = json!({ "grant_type": "refresh_token", "refresh_token": refresh.as_str() });
        let answer = self.as_app(&["token"], &body).await?;
        if !answer.status.is_success() {
            return Err(match answer.reason().as_str() {
                "invalid_grant" | "invalid_token" => ProviderError::Unauthorized,
                reason => ProviderError::Refused(reason.to_owned()),
            });
        }
        let mut fresh = answer.json::<Given>()?.tokens(now);
        // Where it does not change, it is not said again.
        fresh.refresh = fresh.refresh.or_else(|| tokens.refresh.clone());
        Ok(fresh)
    }

    async fn revoke(&self, tokens: &Tokens) -> Result<Revocation, ProviderError> {
        let ended = self.end(&tokens.access).await?;
        if let Some(refresh) = &tokens.refresh {
            self.end(refresh).await?;
        }
        // Believed when Notion says so about the token itself.
        match self.is_over(&tokens.access).await? {
            true => Ok(ended),
            false => Err(ProviderError::Unavailable),
        }
    }

    async fn holders(&self, tokens: &Tokens) -> Result<Vec<Holder>, ProviderError> {
        let found = self.api.find::<Me>(&tokens.access, &["users", "me"]).await?;
        let (me, _) = found.ok_or(ProviderError::Unreadable)?;
        let name = me.bot["workspace_name"].as_str().map(str::to_owned).or(me.name);
        Ok(vec![Holder {
            // Notion's own id of this authorization: one a workspace and a person who agreed.
            id: me.id,
            name: name.unwrap_or_else(|| "Notion".to_owned()),
            manage: Some(MANAGE.to_owned()),
            realm: me.bot["workspace_id"].as_str().map(str::to_owned),
        }])
    }
}
