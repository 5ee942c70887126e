//! Access to Confluence sites: <https://developer.atlassian.com/cloud/confluence/oauth-2-3lo-apps/>.

use entities::Millis;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Confluence;
use crate::sources::{
    call::{Answer, below, send},
    connector::{Given, Holder, Provider, ProviderError, Revocation, Token, Tokens},
};

/// `offline_access`: to be renewed without anybody there.
const SCOPES: &str = "offline_access read:space:confluence read:page:confluence";
/// Where people see which apps they have agreed to, and end one. Atlassian has no other way to.
const MANAGE: &str = "https://id.atlassian.com/manage-profile/apps";

impl Confluence {
    async fn give(&self, mut body: Value) -> Result<Answer, ProviderError> {
        body["client_id"] = self.registration.client_id.as_str().into();
        body["client_secret"] = self.registration.client_secret.as_str().into();
        // It holds the client's secret, and may hold a token.
        let body = Zeroizing::new(body.to_string());
        let request = self.client.post(below(&self.registration.url, &["oauth", "token"])?);
        let request = request.header("content-type", "application/json").body(body.as_bytes().to_vec());
        Ok(send(request).await?)
    }

    async fn renew(&self, refresh: &Token, now: Millis) -> Result<Tokens, ProviderError> {
        let answer = self
            .give(json!({ "grant_type": "refresh_token", "refresh_token": refresh.as_str() }))
            .await?;
        if answer.status.is_success() {
            return Ok(answer.json::<Given>()?.tokens(now));
        }
        let said: Value = answer.json().unwrap_or_default();
        let about_token = said["error_description"].as_str().is_some_and(|why| why.contains("refresh_token"));
        Err(match answer.reason().as_str() {
            "invalid_grant" => ProviderError::Unauthorized,
            // Its word for a token that somebody ended; without that, it does not know this installation.
            "unauthorized_client" if about_token => ProviderError::Unauthorized,
            reason => ProviderError::Refused(reason.to_owned()),
        })
    }
}

impl Provider for Confluence {
    /// Atlassian has no PKCE: the client's secret is what proves who exchanges the code.
    fn authorize(&self, redirect: &str, state: &str, _challenge: &str) -> Result<String, ProviderError> {
        let mut url = below(&self.registration.url, &["authorize"])?;
        url.query_pairs_mut()
            .append_pair("audience", "api.atlassian.com")
            .append_pair("client_id", &self.registration.client_id)
            .append_pair("scope", SCOPES)
            .append_pair("redirect_uri", redirect)
            .append_pair("state", state)
            .append_pair("response_type", "code")
            .append_pair("prompt", "consent");
        Ok(url.into())
    }

    async fn exchange(&self, redirect: &str, code: &str, _verifier: &str, now: Millis) -> Result<Tokens, ProviderError> {
        let body = json!({ "grant_type": "authorization_code", "code": code, "redirect_uri": redirect });
        let given: Given = self.give(body).await?.good()?;
        Ok(given.tokens(now))
    }

    async fn refresh(&self, tokens: &Tokens, now: Millis) -> Result<Tokens, ProviderError> {
        let refresh = tokens.refresh.as_ref().ok_or(ProviderError::Unauthorized)?;
        self.renew(refresh, now).await
    }

    /// Renewed once, and what comes of it thrown away: the token that was stored is good for nothing after that. The rest is for who agreed.
    async fn revoke(&self, tokens: &Tokens) -> Result<Revocation, ProviderError> {
        if let Some(refresh) = &tokens.refresh {
            match self.renew(refresh, 0).await {
                Ok(_) | Err(ProviderError::Unauthorized) => {}
                Err(error) => return Err(error),
            }
        }
        // Nothing tells whether somebody ended it there already.
        Ok(Revocation::Unconfirmed(MANAGE.to_owned()))
    }

    /// One, for however many sites somebody agreed: they have one token between them, which can be renewed in one place only.
    async fn holders(&self, tokens: &Tokens) -> Result<Vec<Holder>, ProviderError> {
        let sites = self.sites(&tokens.access).await?;
        let ids: Vec<&str> = sites.iter().map(|site| site.id.as_str()).take(5).collect();
        let names: Vec<&str> = sites.iter().map(|site| site.name.as_str()).take(5).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![Holder {
            id: ids.join(","),
            name: names.join(", "),
            manage: Some(MANAGE.to_owned()),
            realm: None,
        }])
    }
}
