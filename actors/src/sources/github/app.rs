//! The GitHub App: proved by its key, let into accounts by whoever installs it there, and given a token for an hour at a time.

use std::fmt;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use entities::Millis;
use reqwest::Method;
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::{
    api::{Api, ApiError, As},
    oauth::OAuth,
};
use crate::sources::connector::{Holder, ProviderError, Revocation, Token, Tokens};

/// GitHub takes proofs of at most ten minutes. Its clock may be behind ours, and ours behind its.
const PROOF_BACK_S: i64 = 60;
const PROOF_S: i64 = 540;
/// What is asked for, of what the App was given.
const PERMISSIONS: [&str; 4] = ["contents", "discussions", "issues", "metadata"];
/// Of a list: 100 each.
const MOST_PAGES: usize = 10;
/// As many as a token can be held to.
const MOST_REPOSITORIES: usize = 500;

/// The private key that GitHub gave out for the App.
pub struct AppKey(RsaKeyPair);

impl AppKey {
    /// Reads PKCS #1, as GitHub's files are, or PKCS #8, in PEM. Line ends may be written as `\n`.
    #[must_use]
    pub fn from_pem(text: &str) -> Option<Self> {
        let text = Zeroizing::new(text.replace("\\n", "\n"));
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let body = Zeroizing::new(lines.clone().filter(|line| !line.starts_with("-----")).collect::<String>());
        let der = Zeroizing::new(BASE64_STANDARD.decode(body.as_bytes()).ok()?);
        match lines.clone().next()? {
            "-----BEGIN RSA PRIVATE KEY-----" => RsaKeyPair::from_der(&der).ok(),
            "-----BEGIN PRIVATE KEY-----" => RsaKeyPair::from_pkcs8(&der).ok(),
            _ => None,
        }
        .map(Self)
    }
}

impl fmt::Debug for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// Where the App was let in. Stands where other providers have a refresh token, though it opens nothing without the App's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Installed {
    pub installation: u64,
    pub account: String,
    pub manage: Option<String>,
    /// What of it may be read: what whoever connected it could see for themselves. `None`: all of it, for it is their own account.
    pub repositories: Option<Vec<u64>>,
}

impl Installed {
    pub(super) fn of(tokens: &Tokens) -> Option<Self> {
        serde_json::from_str(tokens.refresh.as_ref()?).ok()
    }

    /// As tokens, the first of which is minted when it is needed.
    pub(crate) fn tokens(&self) -> Result<Tokens, ProviderError> {
        let refresh = serde_json::to_string(self).map_err(|_| ProviderError::Unreadable)?;
        Ok(Tokens {
            access: Zeroizing::default(),
            refresh: Some(Zeroizing::new(refresh)),
            expires_at: Some(0),
        })
    }

    pub(crate) fn holder(&self) -> Holder {
        Holder {
            id: self.installation.to_string(),
            name: self.account.clone(),
            manage: self.manage.clone(),
            realm: None,
        }
    }
}

pub(super) struct App {
    client: OAuth,
    slug: String,
    key: AppKey,
}

#[derive(Deserialize)]
struct Account {
    id: u64,
    #[serde(default)]
    login: String,
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
    account: Option<Account>,
    html_url: Option<String>,
    suspended_at: Option<String>,
    #[serde(default)]
    permissions: Map<String, Value>,
}

#[derive(Deserialize)]
struct Installations {
    installations: Vec<Installation>,
}

#[derive(Deserialize)]
struct Repository {
    id: u64,
}

#[derive(Deserialize)]
struct Repositories {
    repositories: Vec<Repository>,
}

#[derive(Deserialize)]
struct Minted {
    token: Zeroizing<String>,
    expires_at: chrono::DateTime<chrono::Utc>,
}

impl App {
    pub(super) fn new(client: OAuth, slug: String, key: AppKey) -> Self {
        Self { client, slug, key }
    }

    pub(super) fn client(&self) -> &OAuth {
        &self.client
    }

    pub(super) fn slug(&self) -> &str {
        &self.slug
    }

    /// A JSON Web Token of a few minutes, signed by the App.
    fn proof(&self, now: Millis) -> Result<Zeroizing<String>, ProviderError> {
        let now = now / 1000;
        let claims = json!({ "iss": self.client.client_id(), "iat": now - PROOF_BACK_S, "exp": now + PROOF_S });
        let head = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#);
        let signed = format!("{head}.{}", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = vec![0; self.key.0.public().modulus_len()];
        self.key
            .0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| ProviderError::Unavailable)?;
        Ok(Zeroizing::new(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))))
    }

    /// Where the App is installed that a person may see, and what of it they may.
    pub(super) async fn installations(&self, api: &Api, theirs: &Token) -> Result<Vec<Installed>, ProviderError> {
        let who = As::Token(theirs);
        let me: Account = api.json(&who, &["user"], &[]).await?;
        let mut found = Vec::new();
        let mut next = Some(api.to(&["user", "installations"], &[("per_page", "100")])?);
        for _ in 0..MOST_PAGES {
            let Some(url) = next.take() else { break };
            let page: (Installations, _) = api.page_of(&who, url).await?;
            next = page.1;
            for one in page.0.installations {
                let Some(account) = one.account.filter(|_| one.suspended_at.is_none()) else {
                    continue;
                };
                // The App reads for everybody who may ask here. It is not to read more than who let it in could.
                let repositories = match account.id == me.id {
                    true => None,
                    false => Some(self.visible(api, &who, one.id).await?),
                };
                if repositories.as_ref().is_some_and(Vec::is_empty) {
                    continue;
                }
                found.push(Installed {
                    installation: one.id,
                    account: account.login,
                    manage: one.html_url,
                    repositories,
                });
            }
        }
        Ok(found)
    }

    /// The repositories of an installation that a person may see.
    async fn visible(&self, api: &Api, who: &As<'_>, installation: u64) -> Result<Vec<u64>, ProviderError> {
        let id = installation.to_string();
        self.repositories(api, who, &["user", "installations", &id, "repositories"]).await
    }

    async fn repositories(&self, api: &Api, who: &As<'_>, path: &[&str]) -> Result<Vec<u64>, ProviderError> {
        let mut found = Vec::new();
        let mut next = Some(api.to(path, &[("per_page", "100")])?);
        while let Some(url) = next.take().filter(|_| found.len() < MOST_REPOSITORIES) {
            let page: (Repositories, _) = api.page_of(who, url).await?;
            found.extend(page.0.repositories.into_iter().map(|repository| repository.id));
            next = page.1;
        }
        found.truncate(MOST_REPOSITORIES);
        Ok(found)
    }

    /// A token for an hour, and when it ends.
    pub(super) async fn mint(&self, api: &Api, at: &Installed, now: Millis) -> Result<(Token, Millis), ProviderError> {
        let proof = self.proof(now)?;
        let id = at.installation.to_string();
        let found: Installation = match api.json(&As::Bearer(&proof), &["app", "installations", &id], &[]).await {
            // Uninstalled.
            Err(ApiError::Missing) => return Err(ProviderError::Unauthorized),
            // The key: nothing that somebody who connects can mend.
            Err(ApiError::Other(ProviderError::Unauthorized)) => {
                return Err(ProviderError::Refused("GitHub does not take the App's key".into()));
            }
            found => found?,
        };
        if found.suspended_at.is_some() {
            return Err(ProviderError::Refused("the GitHub App is suspended there".into()));
        }
        let granted = |name: &&str| found.permissions.contains_key(*name);
        let rights: Map<String, Value> = PERMISSIONS
            .into_iter()
            .filter(granted)
            .map(|name| (name.into(), json!("read")))
            .collect();
        match self.mint_for(api, &proof, &id, &rights, at.repositories.as_deref()).await {
            // A repository of those is gone, or was taken out: it is asked which are left.
            Err(ApiError::Unprocessable) => {
                let only = at.repositories.as_deref().unwrap_or_default();
                let (whole, _) = self.mint_for(api, &proof, &id, &rights, None).await?;
                let left = self.repositories(api, &As::Token(&whole), &["installation", "repositories"]).await;
                self.end_minted(api, &whole).await?;
                let left: Vec<u64> = left?.into_iter().filter(|id| only.contains(id)).collect();
                if left.is_empty() {
                    return Err(ProviderError::Refused("none of its repositories is left to the GitHub App".into()));
                }
                Ok(self.mint_for(api, &proof, &id, &rights, Some(&left)).await?)
            }
            minted => Ok(minted?),
        }
    }

    async fn mint_for(
        &self,
        api: &Api,
        proof: &str,
        id: &str,
        rights: &Map<String, Value>,
        only: Option<&[u64]>,
    ) -> Result<(Token, Millis), ApiError> {
        let mut body = json!({ "permissions": rights });
        if let Some(only) = only {
            body["repository_ids"] = json!(only);
        }
        let url = api.to(&["app", "installations", id, "access_tokens"], &[])?;
        let said = api.send(Method::POST, &As::Bearer(proof), url, Some(&body)).await?;
        let minted: Minted = serde_json::from_slice(&said).map_err(|_| ProviderError::Unreadable)?;
        Ok((minted.token, minted.expires_at.timestamp_millis()))
    }

    async fn end_minted(&self, api: &Api, token: &Token) -> Result<(), ProviderError> {
        let url = api.to(&["installation", "token"], &[])?;
        match api.send(Method::DELETE, &As::Token(token), url, None).await {
            Ok(_) | Err(ApiError::Missing | ApiError::Other(ProviderError::Unauthorized)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends the token at hand, and takes the App out of the account if it is the connecting person's own. Whoever only sees an installation
    /// of others must not end it for them: what is left to do is done by its owners, there.
    pub(super) async fn uninstall(&self, api: &Api, at: &Installed, token: &Token, now: Millis) -> Result<Revocation, ProviderError> {
        if !token.is_empty() {
            self.end_minted(api, token).await?;
        }
        if at.repositories.is_some() {
            let installations = || "https://github.com/settings/installations".to_owned();
            return Ok(Revocation::Unconfirmed(at.manage.clone().unwrap_or_else(installations)));
        }
        let proof = self.proof(now)?;
        let url = api.to(&["app", "installations", &at.installation.to_string()], &[])?;
        match api.send(Method::DELETE, &As::Bearer(&proof), url, None).await {
            Ok(_) => Ok(Revocation::Revoked),
            Err(ApiError::Missing) => Ok(Revocation::Gone),
            Err(ApiError::Other(ProviderError::Unauthorized)) => Err(ProviderError::Refused("GitHub does not take the App's key".into())),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_in_either_form_and_nothing_else_is() {
        assert!(AppKey::from_pem("").is_none());
        assert!(AppKey::from_pem("-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----").is_none());
        assert!(AppKey::from_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----").is_none());
    }
}
