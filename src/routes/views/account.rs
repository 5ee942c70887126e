//! What people send and see of their account and session.

use actors::{Role, TenantId, sessions::SessionHash, team::invitations::InvitationToken};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::time;
use crate::doors::{Belonging, OwnSession};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUp {
    pub email: String,
    #[schema(value_type = String, format = Password)]
    pub password: actors::identity::Password,
    /// The name of the new workspace.
    pub workspace: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub email: String,
    #[schema(value_type = String, format = Password)]
    pub password: actors::identity::Password,
    /// The name of a new workspace, for an account that belongs to none any more.
    pub workspace: Option<String>,
    /// An invitation's token, to accept it and open its workspace.
    #[schema(value_type = Option<String>, format = Password)]
    pub invitation: Option<InvitationToken>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OtherWorkspace {
    pub workspace: Uuid,
}

#[derive(Serialize, ToSchema)]
pub struct SessionView {
    pub user: UserView,
    pub workspace: WorkspaceView,
    #[schema(value_type = String, example = "owner")]
    pub role: Role,
    /// All that this person belongs to, by name.
    pub workspaces: Vec<BelongingView>,
    /// Whether the account runs the installation, and may open the operators' pages.
    pub operator: bool,
    pub second_factor: SecondFactorStanding,
    /// Whether this server sells plans; without them everything is unlimited.
    pub billing: bool,
    /// For the `X-CSRF-Token` header of every change.
    pub csrf_token: String,
}

/// How the account stands to what the workspace requires.
#[derive(Serialize, ToSchema)]
pub struct SecondFactorStanding {
    /// Whether the account has one.
    pub enabled: bool,
    /// From when on the workspace opens only to those who have one.
    pub required_from: Option<DateTime<Utc>>,
    /// Whether this server opens every workspace only to those who have one.
    pub required_by_server: bool,
}

#[derive(Serialize, ToSchema)]
pub struct UserView {
    pub id: Uuid,
    pub email: String,
    /// Whether the address was proved to be theirs.
    pub verified: bool,
    /// Whether a password opens the account, besides what else does.
    pub has_password: bool,
}

#[derive(Serialize, ToSchema)]
pub struct WorkspaceView {
    pub id: Uuid,
    pub name: String,
    /// It was deleted, is shut, and ends then.
    pub ends_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub struct WorkspaceEnd {
    /// Until then it is shut and can be taken back; null when it ended at once.
    pub ends_at: Option<DateTime<Utc>>,
}

/// A workspace that somebody belongs to, and as what.
#[derive(Serialize, ToSchema)]
pub struct BelongingView {
    pub id: Uuid,
    pub name: String,
    #[schema(value_type = String, example = "owner")]
    pub role: Role,
}

impl From<Belonging> for BelongingView {
    fn from(belonging: Belonging) -> Self {
        Self {
            id: belonging.tenant.uuid(),
            name: belonging.workspace,
            role: belonging.role,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Sessions {
    pub sessions: Vec<OwnSessionView>,
}

/// A session of one's own.
#[derive(Serialize, ToSchema)]
pub struct OwnSessionView {
    pub id: String,
    pub workspace: Uuid,
    /// Whether it is the one that asks.
    pub current: bool,
    /// What the browser calls itself.
    pub user_agent: String,
    /// The network address that it began from.
    pub address: String,
    pub created_at: DateTime<Utc>,
    /// To the minute.
    pub seen_at: DateTime<Utc>,
    /// When it ends however busy it is.
    pub ends_at: DateTime<Utc>,
}

impl From<OwnSession> for OwnSessionView {
    fn from(own: OwnSession) -> Self {
        Self {
            id: format!("{}.{}", own.tenant, BASE64_URL_SAFE_NO_PAD.encode(own.card.hash.as_bytes())),
            workspace: own.tenant.uuid(),
            current: own.is_this,
            user_agent: own.card.agent,
            address: own.card.address,
            created_at: time(own.card.begun_at),
            seen_at: time(own.card.seen_at),
            ends_at: time(own.card.ends_at),
        }
    }
}

/// What the id of an [`OwnSessionView`] stands for. It is made of the session's hash, which opens nothing.
pub fn session_name(id: &str) -> Option<(TenantId, SessionHash)> {
    let (tenant, hash) = id.split_once('.')?;
    let hash: [u8; 32] = BASE64_URL_SAFE_NO_PAD.decode(hash).ok()?.try_into().ok()?;
    Some((tenant.parse().ok()?, hash.into()))
}
