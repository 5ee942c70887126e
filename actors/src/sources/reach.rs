//! Which connector looks at a source, and with what access.

use entities::{GrantId, Millis, slack, source::Source};
use serde_json::Value;

use super::{
    admin::ListChoices,
    confluence::Confluence,
    connector::{Choices, Choosing, Connector, Fetched, Kind, Known, Listing, Most, Position, ProviderError, Token},
    github::GitHub,
    notion::Notion,
    slack::SlackChannels,
    website::Website,
};
use crate::{
    fault::{Fault, Invalid},
    integrations::IntegrationActor,
};

/// What a connector is asked.
#[derive(Clone, Copy)]
pub(super) enum Lookup<'a> {
    List(Position<'a>),
    Fetch(Known<'a>),
    Choices(Choosing<'a>),
}

/// What it answered.
pub(super) enum Looked {
    Listing(Listing),
    Fetched(Fetched),
    Choices(Choices),
}

impl Looked {
    pub(super) fn listing(self) -> Result<Listing, Fault> {
        match self {
            Self::Listing(listing) => Ok(listing),
            _ => Err(Fault::Internal("not a listing")),
        }
    }

    pub(super) fn fetched(self) -> Result<Fetched, Fault> {
        match self {
            Self::Fetched(fetched) => Ok(fetched),
            _ => Err(Fault::Internal("not an item")),
        }
    }
}

/// Why there is no answer.
pub(super) enum Denied {
    /// By the provider.
    There(ProviderError),
    /// Whatever is asked for: nothing is known of the single item.
    Whole(ProviderError),
    Here(Fault),
}

impl From<Fault> for Denied {
    fn from(fault: Fault) -> Self {
        Self::Here(fault)
    }
}

/// A provider that the server has no settings for any more does not come back by trying again.
fn not_set_up(fault: Fault) -> Denied {
    match fault {
        Fault::SourceNotConfigured(_) | Fault::SlackNotConfigured => {
            Denied::Whole(ProviderError::Refused("the server is not set up for it any more".into()))
        }
        fault => Denied::Here(fault),
    }
}

fn config<C: Connector>(text: &str) -> Result<C::Config, Fault> {
    serde_json::from_str(text).map_err(|_| Fault::Internal("source config"))
}

async fn ask<C: Connector>(connector: &C, token: Option<&Token>, stored: &str, lookup: Lookup<'_>) -> Result<Looked, Denied> {
    let answered = match lookup {
        Lookup::List(at) => connector.list(token, &config::<C>(stored)?, at).await.map(Looked::Listing),
        Lookup::Fetch(item) => connector.fetch(token, &config::<C>(stored)?, item).await.map(Looked::Fetched),
        Lookup::Choices(asked) => connector.choices(token, asked).await.map(Looked::Choices),
    };
    answered.map_err(|error| match error {
        ProviderError::Barred(_) => Denied::Whole(error),
        error => Denied::There(error),
    })
}

fn checked<C: Connector>(chosen: Value) -> Result<String, Fault> {
    let refuse = |field: &str, reason: String| Fault::invalid(Invalid::SourceConfig, field, reason);
    let chosen: C::Config = serde_json::from_value(chosen).map_err(|error| refuse("config", format!("This cannot be used: {error}.")))?;
    let chosen = C::check(chosen).map_err(|(field, reason)| refuse(&format!("config.{field}"), reason))?;
    serde_json::to_string(&chosen).map_err(|_| Fault::Internal("source config"))
}

/// Does something with the connector of a kind, whichever type it is.
macro_rules! with_connector {
    ($kind:expr, $type:ident => $work:expr) => {
        match $kind {
            Kind::Website => {
                type $type = Website;
                $work
            }
            Kind::GitHub => {
                type $type = GitHub;
                $work
            }
            Kind::Notion => {
                type $type = Notion;
                $work
            }
            Kind::Confluence => {
                type $type = Confluence;
                $work
            }
            Kind::Slack => {
                type $type = SlackChannels;
                $work
            }
        }
    };
}

impl IntegrationActor {
    /// Whether there is something to connect with.
    pub(super) fn is_set_up(&self, kind: Kind) -> bool {
        match kind {
            Kind::Website => true,
            Kind::Slack => self.slack().is_ok_and(|slack| slack.reads_channels()),
            kind => self.connections().is_ok_and(|connections| connections.apps.is_set_up(kind)),
        }
    }

    /// A source's config as it is stored, if it may be.
    pub(super) async fn checked_config(&self, kind: Kind, chosen: Value) -> Result<String, Fault> {
        let text = with_connector!(kind, C => checked::<C>(chosen))?;
        if kind == Kind::Website {
            self.check_website(&text).await?;
        }
        Ok(text)
    }

    /// What a source is called unless somebody said, where that does not come from its access.
    pub(super) fn usual_name(&self, kind: Kind, config: &str) -> Option<String> {
        (kind == Kind::Website).then(|| super::website::host_of(config)).flatten()
    }

    pub(super) fn most(&self, kind: Kind, source: &Source) -> Result<Most, Fault> {
        with_connector!(kind, C => Ok(C::most(&config::<C>(&source.config)?)))
    }

    pub(super) fn crawls(&self, kind: Kind, source: &Source) -> Result<bool, Fault> {
        with_connector!(kind, C => Ok(C::crawls(&config::<C>(&source.config)?)))
    }

    pub(super) fn rest_ms(&self, kind: Kind, source: &Source) -> Result<Millis, Fault> {
        match kind {
            Kind::Website => self.website().rest_ms(&source.config),
            _ => Ok(0),
        }
    }

    async fn put(&self, kind: Kind, token: Option<&Token>, stored: &str, lookup: Lookup<'_>) -> Result<Looked, Denied> {
        match kind {
            Kind::Website => ask(&self.website(), token, stored, lookup).await,
            Kind::GitHub => ask(self.connections()?.apps.github()?, token, stored, lookup).await,
            Kind::Notion => ask(self.connections()?.apps.notion()?, token, stored, lookup).await,
            Kind::Confluence => ask(self.connections()?.apps.confluence()?, token, stored, lookup).await,
            Kind::Slack => ask(self.slack()?.channels(), token, stored, lookup).await,
        }
    }

    /// A token for what a source is read with, `anew` when the one before was not accepted; in the words of the provider when there is none.
    async fn access(&self, kind: Kind, (grant, team): (Option<GrantId>, Option<&str>), anew: bool) -> Result<Option<Token>, Denied> {
        let token = match (grant, team) {
            (Some(grant), _) => match self.source_token(grant, kind, anew).await {
                Ok(Some(token)) => Ok(token),
                Ok(None) => return Err(Denied::Here(Fault::NotFound)),
                Err(fault) => Err(fault),
            },
            (None, Some(_)) if kind != Kind::Slack => return Err(Denied::Here(Fault::NotFound)),
            (None, Some(team)) => {
                let found = self.db().read(async |tx| slack::installations::find_by_team(tx, team).await);
                match found.await.map_err(Fault::from)? {
                    Some(found) => self.token(found.id, anew).await,
                    None => Err(Fault::NotFound),
                }
            }
            (None, None) => return Ok(None),
        };
        match token {
            Ok(token) => Ok(Some(token)),
            Err(Fault::NotFound | Fault::Sealed | Fault::GrantBroken) => Err(Denied::There(ProviderError::Unauthorized)),
            Err(Fault::ConnectRefused(reason)) => Err(Denied::Whole(ProviderError::Refused(reason))),
            Err(Fault::SlackUnavailable | Fault::SourceUnavailable) => Err(Denied::There(ProviderError::Unavailable)),
            Err(fault) => Err(Denied::Here(fault)),
        }
    }

    /// Asks a provider; once more with a new token when it does not accept the present one.
    async fn look_with(
        &self,
        kind: Kind,
        access: (Option<GrantId>, Option<&str>),
        stored: &str,
        lookup: Lookup<'_>,
    ) -> Result<Looked, Denied> {
        let token = self.access(kind, access, false).await?;
        match self.put(kind, token.as_ref(), stored, lookup).await {
            Err(Denied::There(ProviderError::Unauthorized)) if token.is_some() => {
                drop(token);
                let token = self.access(kind, access, true).await?;
                let answered = self.put(kind, token.as_ref(), stored, lookup).await;
                if let (Err(Denied::There(ProviderError::Unauthorized)), Some(grant)) = (&answered, access.0) {
                    self.source_refused(grant).await?;
                }
                answered
            }
            answered => answered,
        }
    }

    /// Asks the provider of a source.
    pub(super) async fn look(&self, kind: Kind, source: &Source, lookup: Lookup<'_>) -> Result<Looked, Denied> {
        let access = (source.grant, source.team.as_deref());
        let looked = self.look_with(kind, access, &source.config, lookup).await;
        looked.map_err(|denied| match denied {
            Denied::Here(fault) => not_set_up(fault),
            denied => denied,
        })
    }

    /// What there is to choose from when a source is set up.
    pub(super) async fn choose(&self, kind: Kind, asked: &ListChoices) -> Result<Choices, Fault> {
        let lookup = Lookup::Choices(Choosing {
            search: &asked.search,
            within: asked.within.as_deref(),
            after: asked.after.as_deref(),
        });
        let refuse = |reason: String| Err(Fault::invalid(Invalid::SourceAccess, "grant", reason));
        match self.look_with(kind, (asked.grant, asked.team.as_deref()), "", lookup).await {
            Ok(Looked::Choices(choices)) => Ok(choices),
            Ok(_) => Err(Fault::Internal("not choices")),
            Err(Denied::Here(fault)) => Err(fault),
            Err(Denied::There(error) | Denied::Whole(error)) => match error {
                ProviderError::Later(retry_after_s) => Err(Fault::TooMany { retry_after_s }),
                ProviderError::Unauthorized => Err(Fault::GrantBroken),
                ProviderError::Refused(why) | ProviderError::Barred(why) => refuse(format!("The provider refused: {why}")),
                ProviderError::Restart => Err(Fault::invalid(Invalid::Cursor, "after", "Look once more: the list has changed.")),
                ProviderError::Unavailable | ProviderError::Unreadable => Err(Fault::SourceUnavailable),
            },
        }
    }
}
