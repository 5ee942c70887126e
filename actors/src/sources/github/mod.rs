//! GitHub: files of chosen repositories, issues that were resolved, and discussions that were answered. By a GitHub App, which reads
//! what it was let into and no more, or by an OAuth App, whose tokens reach whatever their person does.

mod api;
mod app;
mod asciidoc;
mod choices;
mod config;
mod connector;
mod files;
mod graphql;
mod item;
mod markup;
mod mdx;
mod oauth;
mod rst;
mod talk;
mod told;

use entities::Millis;
use url::Url;
use zeroize::Zeroizing;

pub(crate) use self::app::Installed;
use self::{api::Api, app::App, oauth::OAuth};
pub use self::{app::AppKey, told::read_told};
use super::{
    apps::Registration,
    connector::{Holder, Provider, ProviderError, Revocation, Tokens},
};
use crate::{clock::Clock, fault::Fault};

/// How this installation is known to GitHub. With both, new grants are the App's, and those of the OAuth App go on.
pub struct GitHubSettings {
    /// Where people are, such as `https://github.com`.
    pub url: Url,
    /// Where it is asked, such as `https://api.github.com`.
    pub api: Url,
    pub app: Option<GitHubApp>,
    pub oauth: Option<GitHubOAuth>,
}

/// A GitHub App.
pub struct GitHubApp {
    pub client_id: String,
    /// Proves who it is that connects: an installation's number alone is no secret.
    pub client_secret: Zeroizing<String>,
    /// As its page is called: `https://github.com/apps/{slug}`.
    pub slug: String,
    pub key: AppKey,
}

/// An OAuth App.
pub struct GitHubOAuth {
    pub client_id: String,
    pub client_secret: Zeroizing<String>,
    /// Whether private repositories are asked for. GitHub gives no right to read them without the right to write.
    pub private: bool,
}

pub(crate) struct GitHub {
    api: Api,
    app: Option<App>,
    oauth: Option<OAuth>,
    clock: Clock,
}

impl GitHub {
    pub(crate) fn new(settings: GitHubSettings, clock: Clock) -> Result<Self, Fault> {
        let registered = |client_id: String, client_secret: Zeroizing<String>| Registration {
            client_id,
            client_secret,
            url: settings.url.clone(),
            api: settings.api.clone(),
        };
        let app = settings.app.map(|app| {
            let client = OAuth::new(registered(app.client_id, app.client_secret), "")?;
            Ok::<_, Fault>(App::new(client, app.slug, app.key))
        });
        let oauth = settings.oauth.map(|oauth| {
            let scope = if oauth.private { "repo" } else { "" };
            OAuth::new(registered(oauth.client_id, oauth.client_secret), scope)
        });
        Ok(Self {
            api: Api::new(settings.url, settings.api)?,
            app: app.transpose()?,
            oauth: oauth.transpose()?,
            clock,
        })
    }

    /// The App, where new grants are its.
    pub(crate) fn is_app(&self) -> bool {
        self.app.is_some()
    }

    /// Where the App is installed, or its installation seen to.
    pub(crate) fn install(&self, state: &str) -> Result<String, ProviderError> {
        let app = self.app.as_ref().ok_or(ProviderError::Unauthorized)?;
        self.api.install(app.slug(), state)
    }

    /// The installations of the App that whoever brings this code may see. Their own token is over when this returns: it is asked for
    /// nothing else.
    pub(crate) async fn installed(&self, redirect: &str, code: &str, verifier: &str) -> Result<Vec<Installed>, ProviderError> {
        let app = self.app.as_ref().ok_or(ProviderError::Unauthorized)?;
        let theirs = app.client().exchange(redirect, code, verifier).await?;
        let found = app.installations(&self.api, &theirs).await;
        if let Err(error) = app.client().end_token(&self.api, &theirs).await {
            // It ends by itself within hours, and is written down nowhere.
            tracing::warn!(%error, "a token that proved who connects GitHub could not be ended there");
        }
        found
    }

    fn current(&self) -> Result<&OAuth, ProviderError> {
        let app = self.app.as_ref().map(App::client);
        app.or(self.oauth.as_ref()).ok_or(ProviderError::Unauthorized)
    }
}

impl Provider for GitHub {
    fn authorize(&self, redirect: &str, state: &str, challenge: &str) -> Result<String, ProviderError> {
        self.current()?.authorize(redirect, state, challenge)
    }

    /// A token of the OAuth App's. With an App it is a person's own, which [`GitHub::installed`] asks for.
    async fn exchange(&self, redirect: &str, code: &str, verifier: &str, _: Millis) -> Result<Tokens, ProviderError> {
        let oauth = self.oauth.as_ref().ok_or(ProviderError::Unauthorized)?;
        let access = oauth.exchange(redirect, code, verifier).await?;
        // It does not end by itself, and there is nothing to renew it with.
        Ok(Tokens {
            access,
            refresh: None,
            expires_at: None,
        })
    }

    async fn refresh(&self, tokens: &Tokens, now: Millis) -> Result<Tokens, ProviderError> {
        let installed = Installed::of(tokens).ok_or(ProviderError::Unauthorized)?;
        let app = self
            .app
            .as_ref()
            .ok_or(ProviderError::Refused("the GitHub App is not set up here".into()))?;
        let (access, expires_at) = app.mint(&self.api, &installed, now).await?;
        Ok(Tokens {
            access,
            refresh: tokens.refresh.clone(),
            expires_at: Some(expires_at),
        })
    }

    async fn revoke(&self, tokens: &Tokens) -> Result<Revocation, ProviderError> {
        match Installed::of(tokens) {
            Some(installed) => {
                let app = self
                    .app
                    .as_ref()
                    .ok_or(ProviderError::Refused("the GitHub App is not set up here".into()))?;
                app.uninstall(&self.api, &installed, &tokens.access, self.clock.now()).await
            }
            None => {
                let oauth = self.oauth.as_ref();
                let oauth = oauth.ok_or(ProviderError::Refused("the OAuth App is not set up here".into()))?;
                oauth.end_grant(&self.api, &tokens.access).await
            }
        }
    }

    async fn discard(&self, tokens: &Tokens) -> Result<Revocation, ProviderError> {
        match Installed::of(tokens) {
            // Of an installation nothing was given that is good by itself.
            Some(_) => Ok(Revocation::Gone),
            None => {
                let oauth = self.oauth.as_ref();
                let oauth = oauth.ok_or(ProviderError::Refused("the OAuth App is not set up here".into()))?;
                oauth.end_token(&self.api, &tokens.access).await
            }
        }
    }

    async fn holders(&self, tokens: &Tokens) -> Result<Vec<Holder>, ProviderError> {
        match Installed::of(tokens) {
            Some(installed) => Ok(vec![installed.holder()]),
            None => {
                let oauth = self.oauth.as_ref().ok_or(ProviderError::Unauthorized)?;
                oauth.person(&self.api, &tokens.access).await.map(|person| vec![person])
            }
        }
    }
}
