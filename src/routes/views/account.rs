//! What people send and see of their account and session.

use actors::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

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
}

#[derive(Serialize, ToSchema)]
pub struct SessionView {
    pub user: UserView,
    pub workspace: WorkspaceView,
    #[schema(value_type = String, example = "owner")]
    pub role: Role,
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
