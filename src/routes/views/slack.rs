//! Slack.

use actors::{
    EventId, ProjectId, SlackInstallationId,
    integrations::slack::{InstallationCard, SlackCard, SlackChannel, SlackDelivery},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::time;

#[derive(Serialize, ToSchema)]
pub struct SlackView {
    /// Whether this server has a Slack app.
    pub configured: bool,
    /// The app's manifest, to paste at Slack: JSON.
    pub manifest: String,
    pub teams: Vec<SlackTeamView>,
    /// What Slack sent, the latest first.
    pub deliveries: Vec<SlackDeliveryView>,
}

impl SlackView {
    pub(in crate::routes) fn of(card: SlackCard, (configured, manifest): (bool, serde_json::Value)) -> Self {
        Self {
            configured,
            manifest: format!("{manifest:#}"),
            teams: card.installations.into_iter().map(SlackTeamView::from).collect(),
            deliveries: card.deliveries.into_iter().map(SlackDeliveryView::from).collect(),
        }
    }
}

/// A Slack workspace that the app is installed in.
#[derive(Serialize, ToSchema)]
pub struct SlackTeamView {
    #[schema(value_type = Uuid)]
    pub id: SlackInstallationId,
    /// As Slack names it.
    #[schema(example = "T0123ABC")]
    pub team: String,
    pub name: String,
    /// `connected`; `uninstalled` or `revoked` when that was ended in Slack.
    #[schema(example = "connected")]
    pub state: &'static str,
    pub installed_at: DateTime<Utc>,
    /// When somebody last asked.
    pub heard_at: Option<DateTime<Utc>>,
    pub channels: Vec<SlackChannelView>,
}

impl From<InstallationCard> for SlackTeamView {
    fn from(card: InstallationCard) -> Self {
        Self {
            id: card.id,
            team: card.team,
            name: card.name,
            state: card.standing.as_str(),
            installed_at: time(card.installed_at),
            heard_at: card.heard_at.map(time),
            channels: card.channels.into_iter().map(SlackChannelView::from).collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct SlackChannelView {
    /// As Slack names it; `*` for all others, and for direct messages.
    #[schema(example = "C0123ABC")]
    pub channel: String,
    pub name: String,
    /// `null` for a channel in which somebody asked that has no project yet.
    #[schema(value_type = Option<Uuid>)]
    pub project: Option<ProjectId>,
}

impl From<SlackChannel> for SlackChannelView {
    fn from(channel: SlackChannel) -> Self {
        Self {
            channel: channel.channel,
            name: channel.name,
            project: channel.project,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct SlackDeliveryView {
    #[schema(value_type = Uuid)]
    pub id: EventId,
    /// `waiting`, `done`, `ignored` or `failed`.
    pub state: String,
    pub reason: Option<String>,
    pub received_at: DateTime<Utc>,
    /// Whether it failed, and can be tried again.
    pub can_retry: bool,
}

impl From<SlackDelivery> for SlackDeliveryView {
    fn from(delivery: SlackDelivery) -> Self {
        Self {
            state: delivery.state,
            id: delivery.id,
            can_retry: delivery.can_retry,
            reason: delivery.reason,
            received_at: time(delivery.received_at),
        }
    }
}

/// What Slack sends somebody back with.
#[derive(Deserialize, ToSchema)]
pub struct SlackAnswer {
    pub state: Option<String>,
    pub code: Option<String>,
    pub error: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlackTicket {
    /// What stands behind the # of the address that Slack led to.
    #[schema(format = Password)]
    pub ticket: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SlackChannelBody {
    /// The channel's id, a link to it, or `*` for all others.
    #[schema(example = "C0123ABC")]
    pub channel: String,
    /// What people call it.
    #[serde(default)]
    pub name: String,
    #[schema(value_type = Uuid)]
    pub project: ProjectId,
}
