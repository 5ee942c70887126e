//! Accounts elsewhere that may be read, and what became of those that were let go of.

use actors::{
    GrantId, ProjectId, SourceId,
    sources::{
        Kind,
        grants::{ConnectionsCard, GrantCard, GrantUse, ReceiptPage},
    },
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ReceiptView, time};

/// What is connected, and what could be.
#[derive(Serialize, ToSchema)]
pub struct Integrations {
    pub providers: Vec<ProviderOffer>,
    pub grants: Vec<GrantView>,
    /// The latest first.
    pub receipts: Vec<ReceiptView>,
    /// Asks for older ones.
    pub receipts_next: Option<String>,
    pub slack_teams: Vec<ConnectedTeam>,
}

impl From<ConnectionsCard> for Integrations {
    fn from(card: ConnectionsCard) -> Self {
        let offer = |(kind, configured): (Kind, bool)| ProviderOffer {
            kind: kind.as_str(),
            configured,
        };
        Self {
            providers: card.providers.into_iter().map(offer).collect(),
            grants: card.grants.into_iter().map(GrantView::from).collect(),
            receipts_next: card.receipts.next.map(|next| next.to_string()),
            receipts: card.receipts.receipts.into_iter().map(ReceiptView::from).collect(),
            slack_teams: card.teams.into_iter().map(|(id, name)| ConnectedTeam { id, name }).collect(),
        }
    }
}

/// A provider that knowledge is connected from.
#[derive(Serialize, ToSchema)]
pub struct ProviderOffer {
    #[schema(example = "github")]
    pub kind: &'static str,
    /// Whether this server is registered there.
    pub configured: bool,
}

/// A Slack workspace that is connected.
#[derive(Serialize, ToSchema)]
pub struct ConnectedTeam {
    /// As Slack names it.
    #[schema(example = "T0123ABC")]
    pub id: String,
    pub name: String,
}

/// An account elsewhere that may be read.
#[derive(Serialize, ToSchema)]
pub struct GrantView {
    #[schema(value_type = Uuid)]
    pub id: GrantId,
    #[schema(example = "github")]
    pub kind: &'static str,
    pub name: String,
    /// Where its users see to it.
    pub manage_url: Option<String>,
    /// `active`, or `broken` when the provider accepts the access no longer.
    #[schema(example = "active")]
    pub state: &'static str,
    /// How many sources are read with it.
    pub sources: usize,
    /// Which.
    pub used_by: Vec<GrantUseView>,
    pub connected_at: DateTime<Utc>,
}

impl From<GrantCard> for GrantView {
    fn from(card: GrantCard) -> Self {
        Self {
            id: card.id,
            kind: card.kind.as_str(),
            name: card.name,
            manage_url: card.manage,
            state: card.state,
            sources: card.used_by.len(),
            used_by: card.used_by.into_iter().map(GrantUseView::from).collect(),
            connected_at: time(card.connected_at),
        }
    }
}

/// A source that is read with an account.
#[derive(Serialize, ToSchema)]
pub struct GrantUseView {
    #[schema(value_type = Uuid)]
    pub project: ProjectId,
    #[schema(value_type = Uuid)]
    pub source: SourceId,
    pub name: String,
}

impl From<GrantUse> for GrantUseView {
    fn from(used: GrantUse) -> Self {
        Self {
            project: used.project,
            source: used.source,
            name: used.name,
        }
    }
}

/// Those that a provider agreed to.
#[derive(Serialize, ToSchema)]
pub struct Grants {
    pub grants: Vec<GrantView>,
}

#[derive(Serialize, ToSchema)]
pub struct Receipts {
    pub receipts: Vec<ReceiptView>,
    /// Asks for older ones, as `before`.
    pub next: Option<String>,
}

impl From<ReceiptPage> for Receipts {
    fn from(page: ReceiptPage) -> Self {
        Self {
            receipts: page.receipts.into_iter().map(ReceiptView::from).collect(),
            next: page.next.map(|next| next.to_string()),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantTicket {
    /// What stands behind the # of the address that the provider led to.
    #[schema(format = Password)]
    pub ticket: String,
}

/// What a provider of knowledge sends somebody back with.
#[derive(Deserialize, ToSchema)]
pub struct ConnectAnswer {
    pub state: Option<String>,
    pub code: Option<String>,
    pub error: Option<String>,
    /// Of a GitHub App: `install`, `update` or `request`.
    pub setup_action: Option<String>,
}
