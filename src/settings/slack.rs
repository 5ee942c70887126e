//! The Slack app.

use std::net::SocketAddr;

use actors::{integrations::slack::SlackSettings, webhooks::Keys};
use url::Url;

use super::{
    Secret, SettingError, Settings, Source,
    providers::{own_base, reachable, secure_address, signing_keys, together},
};

/// How this installation is known to Slack.
#[derive(Debug)]
pub struct SlackSetting {
    pub client_id: String,
    client_secret: Secret,
    /// By which Slack signs what it sends.
    signing_secret: Secret,
    /// The one before it, while Slack still signs with that.
    previous: Option<Secret>,
    /// Whether replies in a thread are answered that do not mention the app. Needs more rights there.
    pub thread_replies: bool,
    /// Whether channels can be sources of knowledge. Needs more rights there.
    pub sources: bool,
    url: Url,
}

const ALL: [&str; 3] = ["SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET"];
const PREVIOUS: &str = "SLACK_SIGNING_SECRET_PREVIOUS";
const REPLIES: &str = "SLACK_THREAD_REPLIES";
const SOURCES: &str = "SLACK_SOURCES";
const URL: &str = "SLACK_URL";

pub(super) fn read(source: &Source, listen: SocketAddr) -> Result<Option<SlackSetting>, SettingError> {
    let Some([client_id, client_secret, signing_secret]) = together(source, ALL, &[PREVIOUS, REPLIES, SOURCES, URL])? else {
        return Ok(None);
    };
    reachable(source, listen, "Slack", "people and events")?;
    Ok(Some(SlackSetting {
        client_id: client_id.to_owned(),
        client_secret: Secret::of(client_secret),
        signing_secret: Secret::of(signing_secret),
        previous: source.text(PREVIOUS).map(Secret::of),
        thread_replies: yes_or_no(source, REPLIES)?,
        sources: yes_or_no(source, SOURCES)?,
        url: secure_address(source, URL, "https://slack.com")?,
    }))
}

fn yes_or_no(source: &Source, name: &'static str) -> Result<bool, SettingError> {
    match source.text(name) {
        None | Some("no") => Ok(false),
        Some("yes") => Ok(true),
        Some(_) => Err(SettingError::new(name, "must be yes or no")),
    }
}

impl SlackSetting {
    /// By which its messages are proved.
    #[must_use]
    pub fn keys(&self) -> Keys {
        signing_keys(&self.signing_secret, self.previous.as_ref())
    }

    /// The form that the actors take; `address` is where the server listens.
    ///
    /// # Errors
    /// When that is no address.
    pub fn for_actors(settings: &Settings, address: SocketAddr) -> Result<Option<SlackSettings>, SettingError> {
        let Some(slack) = &settings.slack else { return Ok(None) };
        Ok(Some(SlackSettings {
            client_id: slack.client_id.clone(),
            client_secret: slack.client_secret.0.clone(),
            url: slack.url.clone(),
            here: own_base(settings, address)?,
            thread_replies: slack.thread_replies,
            sources: slack.sources,
        }))
    }
}
