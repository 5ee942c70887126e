//! What a provider of knowledge must be able to do. One file a provider; everything that is the same for all of them — turns, pages,
//! counting, storing, letting go — is in `sync`.

use std::future::Future;

use entities::{Millis, source_item::Room};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::knowledge::parse::MediaType;

/// Where knowledge comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Website,
    GitHub,
    Notion,
    Confluence,
    Slack,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Website, Self::GitHub, Self::Notion, Self::Confluence, Self::Slack];

    /// As in addresses and rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Website => "website",
            Self::GitHub => "github",
            Self::Notion => "notion",
            Self::Confluence => "confluence",
            Self::Slack => "slack",
        }
    }

    /// For people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Website => "Website",
            Self::GitHub => "GitHub",
            Self::Notion => "Notion",
            Self::Confluence => "Confluence",
            Self::Slack => "Slack",
        }
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Something that a source has, as its provider lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Found {
    /// The provider's own name of it (an address, a path, a page's id): at most 2 000 bytes, the same in every run.
    pub id: String,
    /// Changes whenever the content does: a commit's blob, an ETag, a time of editing. `None` when listing does not tell.
    pub version: Option<String>,
    /// Links between it and where the listing began. 0 where that means nothing.
    pub depth: u16,
}

/// One page of a listing.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub found: Vec<Found>,
    /// Asks for the next page. `None`: this was the last.
    pub next: Option<String>,
    /// With the last page: what was not listed in this run exists no longer. Otherwise it may, and each is asked for itself before it is
    /// taken for gone.
    pub whole: bool,
}

/// Where a listing stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position<'a> {
    /// What the page before ended with.
    pub next: Option<&'a str>,
    pub now: Millis,
}

/// An item, as it is known from the runs before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    pub id: &'a str,
    /// What is stored of it. `None`: nothing yet.
    pub version: Option<&'a str>,
    /// As this run's listing said.
    pub listed: Option<&'a str>,
    pub depth: u16,
}

/// What came of fetching an item.
#[derive(Debug)]
pub(crate) enum Fetched {
    Content(Content),
    /// As it is stored. What it links to is looked at again all the same.
    Unchanged {
        version: Option<String>,
        links: Vec<Found>,
    },
    /// Deleted, or not to be seen any more.
    Gone,
    /// It is there, and is not taken; what was stored of it before goes.
    Skip(Skip),
    /// As [`Fetched::Skip`], and it leads to others.
    Aside {
        skip: Skip,
        links: Vec<Found>,
    },
    /// This one could not be had, though the provider is there: it is tried again, and what is stored of it stays until then.
    Missed(Skip),
}

/// How much of what there is may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Most {
    pub items: usize,
    pub depth: u16,
}

impl Most {
    /// What is left of it after so many.
    pub(crate) fn room(self, taken: i32) -> Room {
        Room {
            items: self.items.saturating_sub(usize::try_from(taken).unwrap_or(0)),
            depth: i32::from(self.depth),
        }
    }
}

impl Default for Most {
    fn default() -> Self {
        Self {
            items: 10_000,
            depth: u16::MAX,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Content {
    pub title: String,
    /// Where people read it.
    pub url: Option<String>,
    pub media: MediaType,
    pub bytes: Vec<u8>,
    pub version: Option<String>,
    /// What else there is to fetch: websites.
    pub links: Vec<Found>,
}

/// Why an item is not taken, in a word for programs and in words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Skip {
    pub code: &'static str,
    pub detail: String,
}

/// Why a provider did not do what was asked of it. Never holds a token or what the provider sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProviderError {
    /// It asks to be left alone for so many seconds.
    #[error("asks to wait {0} s")]
    Later(u64),
    /// The token is good for nothing (401).
    #[error("does not accept the access any more")]
    Unauthorized,
    /// The token is good, and does not reach this.
    #[error("refused: {0}")]
    Refused(String),
    /// The token is good, and reaches nothing at present, for a reason that has to do with no single item.
    #[error("refuses everything: {0}")]
    Barred(String),
    /// It does not go on with a list from where it was left: the list begins anew.
    #[error("does not go on with a list")]
    Restart,
    /// No answer, a 5xx, an answer that was cut off.
    #[error("is not reachable")]
    Unavailable,
    /// An answer that is none of what its documentation says.
    #[error("answered with something that cannot be read")]
    Unreadable,
}

/// A token for one call.
pub(crate) type Token = Zeroizing<String>;

/// What somebody looks for who sets up a source.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Choosing<'a> {
    /// A word in its name.
    pub search: &'a str,
    /// What was chosen before: a repository whose branches are asked for.
    pub within: Option<&'a str>,
    /// As [`Choices::next`] said. Whoever asks may have written anything there.
    pub after: Option<&'a str>,
}

/// Some of what there is to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub choices: Vec<Choice>,
    /// Asks for more. `None`: that was all.
    pub next: Option<String>,
}

/// Something to choose when a source is set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    pub id: String,
    pub name: String,
    /// `repository`, `branch`, `space`, `page`, `database`, `channel`.
    pub kind: &'static str,
    pub url: Option<String>,
}

pub(crate) trait Connector: Send + Sync {
    /// What somebody chose, as it is stored (JSON).
    type Config: Serialize + serde::de::DeserializeOwned + Send + Sync;

    /// Puts a choice as it is to be stored, or refuses it: with the name of what cannot be right in it, and words for who made it.
    fn check(config: Self::Config) -> Result<Self::Config, (&'static str, String)> {
        Ok(config)
    }

    fn most(_config: &Self::Config) -> Most {
        Most::default()
    }

    /// Whether what was fetched leads to what else there is: a link that leads nowhere is then worth telling of, and what could not be
    /// fetched may have led to what was not found.
    fn crawls(_config: &Self::Config) -> bool {
        false
    }

    /// One page: at most a few hundred items, at most a few requests.
    fn list(
        &self,
        token: Option<&Token>,
        config: &Self::Config,
        at: Position<'_>,
    ) -> impl Future<Output = Result<Listing, ProviderError>> + Send;

    fn fetch(
        &self,
        token: Option<&Token>,
        config: &Self::Config,
        item: Known<'_>,
    ) -> impl Future<Output = Result<Fetched, ProviderError>> + Send;

    /// What there is to choose from: a few requests' worth of it. None of it may be found though there is a `next`.
    fn choices(&self, token: Option<&Token>, asked: Choosing<'_>) -> impl Future<Output = Result<Choices, ProviderError>> + Send;
}

/// What a provider gave for a code or a refresh token. Stored as JSON, sealed.
#[derive(Serialize, Deserialize)]
pub(crate) struct Tokens {
    pub access: Token,
    pub refresh: Option<Token>,
    /// `None`: until it is revoked.
    pub expires_at: Option<Millis>,
}

/// What OAuth's token endpoint answers (RFC 6749, 5.1), as far as it matters here.
#[derive(Deserialize)]
pub(crate) struct Given {
    access_token: Token,
    #[serde(default)]
    refresh_token: Option<Token>,
    /// Seconds, where it says so.
    #[serde(default)]
    expires_in: Option<i64>,
}

impl Given {
    pub(crate) fn tokens(self, now: Millis) -> Tokens {
        Tokens {
            access: self.access_token,
            refresh: self.refresh_token,
            expires_at: self.expires_in.map(|seconds| now.saturating_add(seconds.saturating_mul(1_000))),
        }
    }
}

/// Whom the access is for, at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    /// The provider's id of the workspace, site or account.
    pub id: String,
    pub name: String,
    /// Where its users see to what they gave access to.
    pub manage: Option<String>,
    /// What it is in, where what the provider tells by itself names only that.
    #[serde(default)]
    pub realm: Option<String>,
}

/// What became of a grant at its provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Revocation {
    Revoked,
    /// It was over already.
    Gone,
    /// The provider has no way to revoke it: what is left to do is done by its users, there.
    Unconfirmed(String),
}

/// A provider that gives access by OAuth 2.
pub(crate) trait Provider: Send + Sync {
    /// Where somebody agrees, who comes back to `redirect` with `state`. `challenge` is PKCE's (S256), for those that heed it.
    fn authorize(&self, redirect: &str, state: &str, challenge: &str) -> Result<String, ProviderError>;

    fn exchange(
        &self,
        redirect: &str,
        code: &str,
        verifier: &str,
        now: Millis,
    ) -> impl Future<Output = Result<Tokens, ProviderError>> + Send;

    /// `Unauthorized` when the refresh token is good for nothing any more.
    fn refresh(&self, tokens: &Tokens, now: Millis) -> impl Future<Output = Result<Tokens, ProviderError>> + Send;

    fn revoke(&self, tokens: &Tokens) -> impl Future<Output = Result<Revocation, ProviderError>> + Send;

    /// Ends tokens that were never used. Others of the same person, which were given before, go on as far as the provider lets that be.
    fn discard(&self, tokens: &Tokens) -> impl Future<Output = Result<Revocation, ProviderError>> + Send {
        self.revoke(tokens)
    }

    /// The sites, accounts or workspaces that the access is for; mostly one.
    fn holders(&self, tokens: &Tokens) -> impl Future<Output = Result<Vec<Holder>, ProviderError>> + Send;
}
