//! Sign-in with accounts elsewhere.

use actors::{identity::provider::Provider, team::invitations::InvitationToken};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A provider, by the name that addresses use and the one that people know.
#[derive(Serialize, ToSchema)]
pub struct ProviderView {
    #[schema(example = "google")]
    pub name: &'static str,
    pub title: &'static str,
}

impl From<Provider> for ProviderView {
    fn from(provider: Provider) -> Self {
        Self {
            name: provider.name(),
            title: provider.title(),
        }
    }
}

/// What the sign-in page offers.
#[derive(Serialize, ToSchema)]
pub struct SignInOptions {
    pub providers: Vec<ProviderView>,
    /// Whether anyone may create an account.
    pub sign_up: bool,
    /// How letters leave: `server`, or `folder` for a file in the server's data folder, whose path the log names.
    #[schema(example = "server")]
    pub mail: &'static str,
    /// Whether `/trust` shows everybody what is promised.
    pub trust_page: bool,
}

/// How somebody goes to a provider.
#[derive(Deserialize)]
pub struct ProviderStart {
    /// Whether they are to prove themselves there anew.
    pub fresh: Option<bool>,
}

/// Where to go.
#[derive(Serialize, ToSchema)]
pub struct ProviderAway {
    pub url: String,
}

/// What a provider sends somebody back with. It may say more: Apple sends a name, which nobody signed.
#[derive(Deserialize, ToSchema)]
pub struct ProviderAnswer {
    pub state: Option<String>,
    pub code: Option<String>,
    pub iss: Option<String>,
    pub error: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderFinish {
    #[schema(format = Password)]
    pub ticket: String,
    /// The name of a new workspace, for someone new or someone who belongs to none.
    pub workspace: Option<String>,
    #[schema(value_type = Option<String>, format = Password)]
    pub invitation: Option<InvitationToken>,
}

/// What is missing before somebody from a provider is let in; the ticket stays good.
#[derive(Serialize, ToSchema)]
pub struct Unfinished {
    /// `workspace`: name one. `link`: the address has an account; sign in to it, then link.
    pub needs: &'static str,
    pub provider: ProviderView,
    pub email: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderTicket {
    #[schema(format = Password)]
    pub ticket: String,
}

#[derive(Serialize, ToSchema)]
pub struct Identities {
    pub identities: Vec<IdentityView>,
    /// Those that can be linked on this installation.
    pub available: Vec<ProviderView>,
}

/// An account elsewhere that opens one's own.
#[derive(Serialize, ToSchema)]
pub struct IdentityView {
    pub provider: ProviderView,
    /// As the provider said last.
    pub email: String,
    pub linked_at: DateTime<Utc>,
}

#[derive(Deserialize, ToSchema)]
pub struct AppleNotification {
    /// A signed token (JWS).
    pub payload: String,
}
