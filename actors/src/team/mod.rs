//! The people of a workspace: members and their projects, invitations, and the workspace itself. Served by the tenant's supervisor,
//! each change in one transaction that holds the team's lock, so that no two changes can together do what neither may.

pub mod invitations;
pub mod members;
pub mod workspace;

use std::collections::HashSet;

use entities::{AccountId, ProjectId, StoreError, TenantTx, members as rows, projects, tenants, tenants::Role};

use crate::{
    fault::{Fault, Invalid},
    role::Level,
};

/// Takes the team's lock and asks again whether `by` may: the door asked a moment ago, and meanwhile they may have been demoted.
async fn authorise<L: Level>(tx: &TenantTx, by: AccountId) -> Result<(), Fault> {
    tenants::lock(tx).await?;
    match tenants::role_of(tx, by).await? {
        Some(role) if role >= L::LEAST => Ok(()),
        Some(_) => Err(Fault::NotAllowed),
        None => Err(Fault::NotFound),
    }
}

/// Fails when the change that was just made left nobody who owns the workspace.
async fn keep_an_owner(tx: &TenantTx) -> Result<(), Fault> {
    match rows::owners(tx).await? {
        0 => Err(Fault::LastOwner),
        _ => Ok(()),
    }
}

/// The projects that a person in `role` is to be assigned to: distinct and the workspace's own. Above Member there is nothing to assign.
async fn parse_projects(tx: &TenantTx, role: Role, wanted: &[ProjectId]) -> Result<Vec<ProjectId>, Fault> {
    if role > Role::Member {
        return Ok(Vec::new());
    }
    let living: HashSet<ProjectId> = projects::list(tx).await?.into_iter().map(|project| project.id).collect();
    let wanted: HashSet<ProjectId> = wanted.iter().copied().collect();
    if !wanted.is_subset(&living) {
        return Err(Fault::invalid(
            Invalid::UnknownProject,
            "projects",
            "One of the projects is not in this workspace.",
        ));
    }
    Ok(wanted.into_iter().collect())
}

/// A conflict means what `fault` says.
fn conflict(fault: Fault) -> impl FnOnce(StoreError) -> Fault {
    move |error| match error {
        StoreError::Conflict => fault,
        error => error.into(),
    }
}
