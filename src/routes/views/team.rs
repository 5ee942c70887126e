//! The team: members, invitations, and what each role may do.

use actors::{
    InvitationId, ProjectId, Role,
    role::{PERMISSIONS, Permission},
    team::{
        invitations::{InvitationCard, InvitationToken, Preview},
        members::MemberCard,
    },
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::time;

#[derive(Serialize, ToSchema)]
pub struct Members {
    pub members: Vec<MemberView>,
}

#[derive(Serialize, ToSchema)]
pub struct MemberView {
    /// Of the person's account.
    pub id: Uuid,
    pub email: String,
    #[schema(value_type = String, example = "member")]
    pub role: Role,
    pub joined_at: DateTime<Utc>,
    /// Whether their account has one.
    pub second_factor: bool,
    /// Those that a Member is assigned to; `null` for Admins and Owners, who see every project.
    #[schema(value_type = Option<Vec<Uuid>>)]
    pub projects: Option<Vec<ProjectId>>,
}

impl From<MemberCard> for MemberView {
    fn from(card: MemberCard) -> Self {
        Self {
            id: card.account.uuid(),
            email: card.email,
            role: card.role,
            joined_at: time(card.since),
            second_factor: card.second_factor,
            projects: card.projects,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleChange {
    /// `owner`, `admin` or `member`.
    #[schema(value_type = String, example = "member")]
    pub role: Role,
    /// For a Member: all that they are assigned to from now on.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>)]
    pub projects: Vec<ProjectId>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// All that the Member is assigned to from now on.
    #[schema(value_type = Vec<Uuid>)]
    pub projects: Vec<ProjectId>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOwner {
    /// The id of a member.
    pub member: Uuid,
}

#[derive(Serialize, ToSchema)]
pub struct Invitations {
    pub invitations: Vec<InvitationView>,
}

#[derive(Serialize, ToSchema)]
pub struct InvitationView {
    #[schema(value_type = Uuid)]
    pub id: InvitationId,
    pub email: String,
    #[schema(value_type = String, example = "member")]
    pub role: Role,
    #[schema(value_type = Vec<Uuid>)]
    pub projects: Vec<ProjectId>,
    pub invited_by: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// `pending` or `expired`. An accepted or revoked one is not listed.
    pub state: &'static str,
}

impl From<InvitationCard> for InvitationView {
    fn from(card: InvitationCard) -> Self {
        Self {
            id: card.id,
            email: card.email,
            role: card.role,
            projects: card.projects,
            invited_by: card.invited_by,
            created_at: time(card.created_at),
            expires_at: time(card.expires_at),
            state: if card.expired { "expired" } else { "pending" },
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    pub email: String,
    /// `owner`, `admin` or `member`.
    #[schema(value_type = String, example = "member")]
    pub role: Role,
    /// Those that a Member is assigned to on joining.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>)]
    pub projects: Vec<ProjectId>,
}

/// The only answer that holds the link, where it is shown at all. It goes to the invited by mail in any case.
#[derive(Serialize, ToSchema)]
pub struct InvitationLink {
    pub invitation: InvitationView,
    /// Only where anybody may sign up at once: whoever holds it learns whether the address has an account.
    pub link: Option<String>,
    /// How the letter leaves: `server`, or `folder` for a file in the server's data folder, whose path the log names.
    #[schema(example = "server")]
    pub mail: &'static str,
}

impl InvitationLink {
    /// With the link below `origin`, where it is shown.
    pub(in crate::routes) fn of((card, token): (InvitationCard, InvitationToken), origin: Option<String>, mail: &'static str) -> Self {
        Self {
            invitation: card.into(),
            // Behind the #, where browsers keep it to themselves: in no request, no log, no Referer.
            link: origin.map(|origin| format!("{origin}/invitations/accept#{}", token.expose())),
            mail,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenBody {
    /// What stands behind the # of the link.
    #[schema(value_type = String, format = Password)]
    pub token: InvitationToken,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// What stands behind the # of the link.
    #[schema(value_type = String, format = Password)]
    pub token: InvitationToken,
    /// Of the account that is made by this.
    #[schema(value_type = String, format = Password)]
    pub password: actors::identity::Password,
}

#[derive(Serialize, ToSchema)]
pub struct InvitationPreview {
    pub workspace: String,
    pub email: String,
    #[schema(value_type = String, example = "member")]
    pub role: Role,
    /// Names of the projects that a Member will see.
    pub projects: Vec<String>,
    pub invited_by: Option<String>,
    pub expires_at: DateTime<Utc>,
    /// Whether the address has an account: then it is signed in with, and none is made.
    pub has_account: bool,
    /// Characters that the password of a new account must have.
    pub password_length: i32,
}

impl From<(Preview, bool)> for InvitationPreview {
    fn from((preview, has_account): (Preview, bool)) -> Self {
        Self {
            workspace: preview.workspace,
            email: preview.email,
            role: preview.role,
            projects: preview.projects,
            invited_by: preview.invited_by,
            expires_at: time(preview.expires_at),
            has_account,
            password_length: preview.password_length,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Permissions {
    /// The most trusted work first.
    pub permissions: Vec<PermissionView>,
}

#[derive(Serialize, ToSchema)]
pub struct PermissionView {
    /// Stable.
    pub id: &'static str,
    pub what: &'static str,
    pub includes: &'static [&'static str],
    /// The roles that may.
    #[schema(value_type = Vec<String>)]
    pub roles: Vec<Role>,
}

impl Permissions {
    pub(in crate::routes) fn all() -> Self {
        let view = |permission: &Permission| PermissionView {
            id: permission.id,
            what: permission.what,
            includes: permission.includes,
            roles: [Role::Owner, Role::Admin, Role::Member]
                .into_iter()
                .filter(|role| *role >= permission.least)
                .collect(),
        };
        Self {
            permissions: PERMISSIONS.iter().map(view).collect(),
        }
    }
}
