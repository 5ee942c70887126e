//! Slack: the threads of chosen channels, read with the token of a connected team. <https://docs.slack.dev>

mod api;
mod heard;
mod list;
#[cfg(test)]
mod tests;
mod text;
mod thread;

use std::{sync::Mutex, time::Duration};

use serde::{Deserialize, Serialize};
use url::Url;

pub(crate) use self::heard::ThreadChanged;
use self::{
    api::{Api, MISSING_RIGHT, is_refusal},
    text::is_id,
};
use crate::{
    fault::Fault,
    sources::{
        call::{Client, Pace},
        connector::{Choice, Choices, Choosing, Connector, Fetched, Known, Listing, Position, ProviderError, Token},
    },
};

/// Slack takes some fifty calls a minute of the methods that read a channel.
const GAP: Duration = Duration::from_millis(1_200);
/// Pages of channels that are looked through at a time for some to choose.
const PAGES: usize = 5;
const PUBLIC: &str = "public_channel";
/// Channels that are enough for one answer.
const ENOUGH: usize = 200;
/// As many as somebody can point at.
const MOST_CHOSEN: usize = 100;

/// What somebody chose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlackConfig {
    pub channels: Vec<SlackChannel>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SlackChannel {
    pub id: String,
    /// What it was called when it was chosen.
    #[serde(default)]
    pub name: String,
}

/// Reads channels.
pub(crate) struct SlackChannels {
    api: Api,
}

impl SlackChannels {
    /// `base` is where Slack is.
    pub(crate) fn new(base: &Url) -> Result<Self, Fault> {
        Self::at_pace(base, GAP)
    }

    fn at_pace(base: &Url, gap: Duration) -> Result<Self, Fault> {
        let api = Api {
            client: Client::new()?,
            base: base.clone(),
            pace: Pace::new(gap),
            known: Mutex::default(),
        };
        Ok(Self { api })
    }
}

impl Connector for SlackChannels {
    type Config = SlackConfig;

    fn check(mut config: SlackConfig) -> Result<SlackConfig, (&'static str, String)> {
        for channel in &mut config.channels {
            let name = channel.name.trim().trim_start_matches('#');
            channel.name = name.chars().filter(|c| !c.is_control()).take(80).collect();
        }
        config.channels.sort_unstable();
        config.channels.dedup_by(|one, other| one.id == other.id);
        // Conversations between a few are nobody else's knowledge.
        let is_channel = |channel: &SlackChannel| is_id(&channel.id) && channel.id.starts_with(['C', 'G']);
        let wrong = match config.channels.len() {
            0 => "Choose at least one channel.".to_owned(),
            many if many > MOST_CHOSEN => format!("Choose at most {MOST_CHOSEN} channels."),
            _ if config.channels.iter().all(is_channel) => return Ok(config),
            _ => "These are not the ids of channels.".to_owned(),
        };
        Err(("channels", wrong))
    }

    async fn list(&self, token: Option<&Token>, config: &SlackConfig, at: Position<'_>) -> Result<Listing, ProviderError> {
        let token = token.ok_or(ProviderError::Unauthorized)?;
        self.list_page(token, config, at).await
    }

    async fn fetch(&self, token: Option<&Token>, config: &SlackConfig, item: Known<'_>) -> Result<Fetched, ProviderError> {
        let token = token.ok_or(ProviderError::Unauthorized)?;
        self.fetch_thread(token, config, item).await
    }

    async fn choices(&self, token: Option<&Token>, asked: Choosing<'_>) -> Result<Choices, ProviderError> {
        let token = token.ok_or(ProviderError::Unauthorized)?;
        let search = asked.search.trim().trim_start_matches('#').to_lowercase();
        // A cursor is one of the list that it was given with.
        let (mut public, mut cursor) = match asked
            .after
            .map(|after| after.split_once(':').ok_or(ProviderError::Restart))
            .transpose()?
        {
            Some((which, cursor)) => (which == PUBLIC, Some(cursor.to_owned())),
            None => (false, None),
        };
        let mut channels = Vec::new();
        for _ in 0..PAGES {
            let types = if public { PUBLIC } else { "public_channel,private_channel" };
            let (some, next) = match self.api.channels(token, types, cursor.as_deref()).await {
                // An app that may not see private channels may see the others.
                Err(error) if is_refusal(&error, &[MISSING_RIGHT]) && !public => {
                    public = true;
                    self.api.channels(token, PUBLIC, None).await?
                }
                page => page?,
            };
            channels.extend(some.into_iter().filter(|channel| channel.name.to_lowercase().contains(&search)));
            cursor = next;
            if cursor.is_none() || channels.len() >= ENOUGH {
                break;
            }
        }
        // Those that can be read at once come first.
        channels.sort_by(|one, other| (!one.is_member, &one.name).cmp(&(!other.is_member, &other.name)));
        let choice = |channel: api::Channel| Choice {
            id: channel.id,
            name: channel.name,
            kind: "channel",
            url: None,
        };
        Ok(Choices {
            choices: channels.into_iter().map(choice).collect(),
            next: cursor.map(|cursor| format!("{}:{cursor}", if public { PUBLIC } else { "all" })),
        })
    }
}
