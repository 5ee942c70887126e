//! What people send and see of their account and session.

use actors::{Role, team::invitations::InvitationToken};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::doors::Belonging;

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
    /// For the `X-CSRF-Token` header of every change.
    pub csrf_token: String,
}

#[derive(Serialize, ToSchema)]
pub struct UserView {
    pub id: Uuid,
    pub email: String,
}

#[derive(Serialize, ToSchema)]
pub struct WorkspaceView {
    pub id: Uuid,
    pub name: String,
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
