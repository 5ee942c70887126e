//! The providers that knowledge is connected from, as this installation is registered with them. One value for all tenants: it holds
//! nobody's token.

use url::Url;
use zeroize::Zeroizing;

use super::{
    confluence::Confluence,
    connector::Kind,
    github::{GitHub, GitHubSettings},
    notion::Notion,
};
use crate::{clock::Clock, fault::Fault};

/// How this installation is known to one provider.
pub struct Registration {
    pub client_id: String,
    pub client_secret: Zeroizing<String>,
    /// Where people agree, such as `https://github.com`.
    pub url: Url,
    /// Where it is asked, such as `https://api.github.com`.
    pub api: Url,
}

/// Those that are set up, and the address that they send people back to.
pub struct SourceSettings {
    /// Where this server is, as browsers reach it.
    pub here: Url,
    pub github: Option<GitHubSettings>,
    pub notion: Option<Registration>,
    pub confluence: Option<Registration>,
}

/// The providers themselves.
pub(crate) struct Apps {
    here: Url,
    github: Option<GitHub>,
    notion: Option<Notion>,
    confluence: Option<Confluence>,
}

impl Apps {
    pub(crate) fn new(settings: SourceSettings, clock: &Clock) -> Result<Self, Fault> {
        Ok(Self {
            here: settings.here,
            github: settings.github.map(|github| GitHub::new(github, clock.clone())).transpose()?,
            notion: settings.notion.map(Notion::new).transpose()?,
            confluence: settings.confluence.map(Confluence::new).transpose()?,
        })
    }

    /// Where a provider sends people back to: registered there, letter by letter.
    pub(super) fn redirect(&self, kind: Kind) -> String {
        let here = self.here.as_str().trim_end_matches('/');
        format!("{here}/integrations/{}/callback", kind.as_str())
    }

    pub(crate) fn github(&self) -> Result<&GitHub, Fault> {
        self.github.as_ref().ok_or(Fault::SourceNotConfigured(Kind::GitHub.title()))
    }

    pub(crate) fn notion(&self) -> Result<&Notion, Fault> {
        self.notion.as_ref().ok_or(Fault::SourceNotConfigured(Kind::Notion.title()))
    }

    pub(crate) fn confluence(&self) -> Result<&Confluence, Fault> {
        self.confluence.as_ref().ok_or(Fault::SourceNotConfigured(Kind::Confluence.title()))
    }

    /// Whether there is something to connect with.
    pub(crate) fn is_set_up(&self, kind: Kind) -> bool {
        match kind {
            Kind::Website | Kind::Slack => false,
            Kind::GitHub => self.github.is_some(),
            Kind::Notion => self.notion.is_some(),
            Kind::Confluence => self.confluence.is_some(),
        }
    }
}

/// Does something with the provider of a kind, whichever type it is: `with_provider!(apps, kind, |provider| provider.holders(&tokens).await)`.
/// A `Result` of a [`Fault`] around what that gives.
macro_rules! with_provider {
    ($apps:expr, $kind:expr, |$provider:ident| $work:expr) => {
        match $kind {
            $crate::sources::connector::Kind::GitHub => match $apps.github() {
                Ok($provider) => Ok($work),
                Err(fault) => Err(fault),
            },
            $crate::sources::connector::Kind::Notion => match $apps.notion() {
                Ok($provider) => Ok($work),
                Err(fault) => Err(fault),
            },
            $crate::sources::connector::Kind::Confluence => match $apps.confluence() {
                Ok($provider) => Ok($work),
                Err(fault) => Err(fault),
            },
            // The one needs no grant, and the other has one of its own.
            $crate::sources::connector::Kind::Website | $crate::sources::connector::Kind::Slack => Err($crate::fault::Fault::NotFound),
        }
    };
}
pub(super) use with_provider;
