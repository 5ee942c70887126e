//! Members: their roles, their projects, and their going.

use std::collections::HashMap;

use entities::{AccountId, Millis, ProjectId, TenantTx, members as rows, tenants, tenants::Role};

use super::{authorise, keep_an_owner, parse_projects};
use crate::{
    contain::Serve,
    fault::Fault,
    request,
    role::{ManageProjects, ManageTeam},
    tenant::TenantSupervisor,
};

#[derive(Clone, Debug)]
pub struct MemberCard {
    pub account: AccountId,
    pub email: String,
    pub role: Role,
    pub since: Millis,
    /// `None` for those who reach every project.
    pub projects: Option<Vec<ProjectId>>,
}

pub struct ListMembers;
/// Gives `member` another role. A new Member is assigned to exactly `projects`.
pub struct ChangeRole {
    pub by: AccountId,
    pub member: AccountId,
    pub role: Role,
    pub projects: Vec<ProjectId>,
}
/// Assigns a Member to exactly `projects`.
pub struct AssignProjects {
    pub by: AccountId,
    pub member: AccountId,
    pub projects: Vec<ProjectId>,
}
pub struct RemoveMember {
    pub by: AccountId,
    pub member: AccountId,
}
/// Makes `to` an Owner and the one who gives it an Admin, both or neither.
pub struct HandOver {
    pub by: AccountId,
    pub to: AccountId,
}
/// Somebody leaves by themselves.
pub struct Leave(pub AccountId);

request! {
    ListMembers => Vec<MemberCard>, needs ManageProjects;
    ChangeRole => MemberCard, needs ManageTeam, exclusive;
    AssignProjects => MemberCard, needs ManageProjects, exclusive;
    RemoveMember => (), needs ManageTeam, exclusive;
    HandOver => (), needs ManageTeam, exclusive;
    Leave => (), needs System, exclusive;
}

async fn cards(tx: &TenantTx) -> Result<Vec<MemberCard>, Fault> {
    let mut assigned: HashMap<AccountId, Vec<ProjectId>> = HashMap::new();
    for (account, project) in rows::all_assignments(tx).await? {
        assigned.entry(account).or_default().push(project);
    }
    let card = |member: rows::Member| MemberCard {
        projects: (member.role == Role::Member).then(|| assigned.remove(&member.account).unwrap_or_default()),
        account: member.account,
        email: member.email,
        role: member.role,
        since: member.since,
    };
    Ok(rows::list(tx).await?.into_iter().map(card).collect())
}

async fn card(tx: &TenantTx, account: AccountId) -> Result<MemberCard, Fault> {
    let found = cards(tx).await?.into_iter().find(|card| card.account == account);
    found.ok_or(Fault::NotFound)
}

async fn depart(tx: &TenantTx, member: AccountId) -> Result<(), Fault> {
    if !rows::remove(tx, member).await? {
        return Err(Fault::NotFound);
    }
    keep_an_owner(tx).await
}

impl Serve<ListMembers> for TenantSupervisor {
    async fn serve(&self, _: ListMembers) -> Result<Vec<MemberCard>, Fault> {
        self.db().read(cards).await
    }
}

impl Serve<ChangeRole> for TenantSupervisor {
    async fn serve(&self, change: ChangeRole) -> Result<MemberCard, Fault> {
        let now = self.now();
        let changed = self.db().write(async |tx| {
            authorise::<ManageTeam>(tx, change.by).await?;
            let projects = parse_projects(tx, change.role, &change.projects).await?;
            if !rows::set_role(tx, change.member, change.role).await? {
                return Err(Fault::NotFound);
            }
            rows::assign(tx, change.member, &projects, now).await?;
            keep_an_owner(tx).await?;
            card(tx, change.member).await
        });
        let changed = changed.await?;
        self.team_changed();
        Ok(changed)
    }
}

impl Serve<AssignProjects> for TenantSupervisor {
    async fn serve(&self, assign: AssignProjects) -> Result<MemberCard, Fault> {
        let now = self.now();
        let assigned = self.db().write(async |tx| {
            authorise::<ManageProjects>(tx, assign.by).await?;
            match tenants::role_of(tx, assign.member).await? {
                Some(Role::Member) => {}
                Some(_) => return Err(Fault::ReachesEveryProject),
                None => return Err(Fault::NotFound),
            }
            let projects = parse_projects(tx, Role::Member, &assign.projects).await?;
            rows::assign(tx, assign.member, &projects, now).await?;
            card(tx, assign.member).await
        });
        let assigned = assigned.await?;
        self.team_changed();
        Ok(assigned)
    }
}

impl Serve<RemoveMember> for TenantSupervisor {
    async fn serve(&self, remove: RemoveMember) -> Result<(), Fault> {
        let removed = self.db().write(async |tx| {
            authorise::<ManageTeam>(tx, remove.by).await?;
            depart(tx, remove.member).await
        });
        removed.await?;
        self.team_changed();
        Ok(())
    }
}

impl Serve<HandOver> for TenantSupervisor {
    async fn serve(&self, hand_over: HandOver) -> Result<(), Fault> {
        let now = self.now();
        let HandOver { by, to } = hand_over;
        let handed = self.db().write(async |tx| {
            authorise::<ManageTeam>(tx, by).await?;
            // In this order: who hands over to themselves stays an Owner.
            rows::set_role(tx, by, Role::Admin).await?;
            if !rows::set_role(tx, to, Role::Owner).await? {
                return Err(Fault::NotFound);
            }
            rows::assign(tx, to, &[], now).await?;
            Ok(())
        });
        handed.await?;
        self.team_changed();
        Ok(())
    }
}

impl Serve<Leave> for TenantSupervisor {
    async fn serve(&self, Leave(account): Leave) -> Result<(), Fault> {
        let left = self.db().write(async |tx| {
            tenants::lock(tx).await?;
            depart(tx, account).await
        });
        left.await?;
        self.team_changed();
        Ok(())
    }
}
