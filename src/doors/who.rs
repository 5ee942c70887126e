//! Who somebody is in a workspace, as they see it.

use actors::{
    AccountId, Fault, Millis, Role, TenantId,
    identity::SignedIn,
    tenant::{ShowWorkspace, Tenant},
};

use super::Gate;
use crate::error::Problem;

/// A person in a workspace, to show to themselves.
pub struct Who {
    pub account: AccountId,
    pub email: String,
    /// Whether they proved that the address is theirs.
    pub is_verified: bool,
    pub has_password: bool,
    pub tenant: TenantId,
    pub workspace: String,
    pub role: Role,
    /// All of theirs, this one included, by name.
    pub workspaces: Vec<Belonging>,
    /// Runs the installation.
    pub is_operator: bool,
    /// Whether the account has one.
    pub second_factor: bool,
    /// From when on the workspace requires one.
    pub second_factor_from: Option<Millis>,
    /// Whether the installation does, of everybody.
    pub is_second_factor_demanded: bool,
    /// When the workspace ends, which was deleted.
    pub ends_at: Option<Millis>,
    /// A session lives there if its proof is not older.
    pub(super) proofs_from: Millis,
}

/// A workspace that somebody belongs to.
pub struct Belonging {
    pub tenant: TenantId,
    pub workspace: String,
    pub role: Role,
}

impl Who {
    pub(super) async fn find(gate: &Gate, tenant: &Tenant, signed_in: SignedIn) -> Result<Self, Problem> {
        let SignedIn { account, tenant: id, .. } = signed_in;
        let workspace = tenant.supervisor(ShowWorkspace(account)).await?;
        let person = gate.identity.person(account).await?;
        let mut workspaces = Vec::new();
        for other in gate.identity.workspaces_of(account).await? {
            match belonging(gate, other, account).await {
                Ok(belonging) => workspaces.push(belonging),
                // Left or deleted since the directory was read.
                Err(Fault::NotFound) => {}
                // Trouble in one workspace is not to keep anyone out of another.
                Err(fault) => tracing::warn!(%fault, "a workspace is missing from somebody's list"),
            }
        }
        workspaces.sort_by_key(|belonging| belonging.workspace.to_lowercase());
        Ok(Self {
            account,
            email: person.email,
            is_verified: person.is_verified,
            has_password: person.has_password,
            tenant: id,
            workspace: workspace.name,
            role: workspace.role,
            workspaces,
            is_operator: person.is_operator,
            second_factor: gate.identity.has_second_factor(account).await?,
            second_factor_from: workspace.rules.second_factor_from,
            is_second_factor_demanded: gate.demands_second_factor,
            ends_at: workspace.rules.ends_at,
            proofs_from: workspace.proofs_from,
        })
    }
}

async fn belonging(gate: &Gate, tenant: TenantId, account: AccountId) -> Result<Belonging, Fault> {
    let workspace = gate.registry.tenant(tenant).await?.supervisor(ShowWorkspace(account)).await?;
    Ok(Belonging {
        tenant,
        workspace: workspace.name,
        role: workspace.role,
    })
}
