//! Members: their roles, their projects, and their going.

use std::collections::HashMap;

use entities::{
    AccountId, Millis, ProjectId, TenantTx,
    audit::{self, Act},
    members as rows, sessions, tenants,
    tenants::Role,
};
use serde_json::json;

use super::{authorise, keep_an_owner, parse_projects};
use crate::{
    audit::{By, member},
    contain::Serve,
    fault::Fault,
    mail::{Kind, Message, Notice},
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
    pub second_factor: bool,
    /// `None` for those who reach every project.
    pub projects: Option<Vec<ProjectId>>,
}

pub struct ListMembers;
/// Gives `member` another role. A new Member is assigned to exactly `projects`.
pub struct ChangeRole {
    pub by: By,
    pub member: AccountId,
    pub role: Role,
    pub projects: Vec<ProjectId>,
}
/// Assigns a Member to exactly `projects`.
pub struct AssignProjects {
    pub by: By,
    pub member: AccountId,
    pub projects: Vec<ProjectId>,
}
pub struct RemoveMember {
    pub by: By,
    pub member: AccountId,
}
/// Ends the sessions of `member` here. In their other workspaces they go on: those are not the asker's.
pub struct EndMemberSessions {
    pub by: By,
    pub member: AccountId,
}
/// Makes `to` an Owner and the one who gives it an Admin, both or neither.
pub struct HandOver {
    pub by: By,
    pub to: AccountId,
}
/// Somebody leaves by themselves.
pub struct Leave(pub By);

request! {
    ListMembers => Vec<MemberCard>, needs ManageProjects;
    ChangeRole => MemberCard, needs ManageTeam, exclusive;
    AssignProjects => MemberCard, needs ManageProjects, exclusive;
    RemoveMember => (), needs ManageTeam, exclusive;
    EndMemberSessions => (), needs ManageTeam, exclusive;
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
        second_factor: member.second_factor,
    };
    Ok(rows::list(tx).await?.into_iter().map(card).collect())
}

async fn card(tx: &TenantTx, account: AccountId) -> Result<MemberCard, Fault> {
    let found = cards(tx).await?.into_iter().find(|card| card.account == account);
    found.ok_or(Fault::NotFound)
}

async fn depart(tx: &TenantTx, who: AccountId, by: &By, act: Act, now: Millis) -> Result<(), Fault> {
    let email = rows::email_of(tx, who).await?.ok_or(Fault::NotFound)?;
    if !rows::remove(tx, who).await? {
        return Err(Fault::NotFound);
    }
    keep_an_owner(tx).await?;
    audit::append(tx, by.did(act, member(who, email), now)).await?;
    Ok(())
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
            authorise::<ManageTeam>(tx, change.by.account).await?;
            let projects = parse_projects(tx, change.role, &change.projects).await?;
            let before = tenants::role_of(tx, change.member).await?.ok_or(Fault::NotFound)?;
            if !rows::set_role(tx, change.member, change.role).await? {
                return Err(Fault::NotFound);
            }
            rows::assign(tx, change.member, &projects, now).await?;
            keep_an_owner(tx).await?;
            let card = card(tx, change.member).await?;
            let details = json!({ "from": before, "to": change.role, "projects": card.projects });
            let target = member(card.account, card.email.as_str());
            audit::append(tx, change.by.did_with(Act::RoleChanged, target, now, details)).await?;
            Ok(card)
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
            authorise::<ManageProjects>(tx, assign.by.account).await?;
            match tenants::role_of(tx, assign.member).await? {
                Some(Role::Member) => {}
                Some(_) => return Err(Fault::ReachesEveryProject),
                None => return Err(Fault::NotFound),
            }
            let projects = parse_projects(tx, Role::Member, &assign.projects).await?;
            rows::assign(tx, assign.member, &projects, now).await?;
            let card = card(tx, assign.member).await?;
            let target = member(card.account, card.email.as_str());
            let details = json!({ "projects": card.projects });
            audit::append(tx, assign.by.did_with(Act::ProjectsAssigned, target, now, details)).await?;
            Ok(card)
        });
        let assigned = assigned.await?;
        self.team_changed();
        Ok(assigned)
    }
}

impl Serve<RemoveMember> for TenantSupervisor {
    async fn serve(&self, remove: RemoveMember) -> Result<(), Fault> {
        let now = self.now();
        let removed = self.db().write(async |tx| {
            authorise::<ManageTeam>(tx, remove.by.account).await?;
            depart(tx, remove.member, &remove.by, Act::MemberRemoved, now).await
        });
        removed.await?;
        self.team_changed();
        Ok(())
    }
}

impl Serve<EndMemberSessions> for TenantSupervisor {
    async fn serve(&self, end: EndMemberSessions) -> Result<(), Fault> {
        let now = self.now();
        let ended = self.db().write(async |tx| {
            authorise::<ManageTeam>(tx, end.by.account).await?;
            let email = rows::email_of(tx, end.member).await?.ok_or(Fault::NotFound)?;
            sessions::end_all_of(tx, end.member, now).await?;
            let workspace = tenants::name(tx).await?.unwrap_or_default();
            let letter = Message::Letter {
                to: email.clone(),
                kind: Kind::Notice(Notice::SessionsEnded(Some(workspace))),
            };
            self.outbox().enqueue_beside(tx, &letter).await?;
            audit::append(tx, end.by.did(Act::SessionsEnded, member(end.member, email), now)).await?;
            Ok::<_, Fault>(())
        });
        ended.await?;
        self.outbox().ring();
        self.team_changed();
        Ok(())
    }
}

impl Serve<HandOver> for TenantSupervisor {
    async fn serve(&self, hand_over: HandOver) -> Result<(), Fault> {
        let now = self.now();
        let HandOver { by, to } = hand_over;
        let handed = self.db().write(async |tx| {
            authorise::<ManageTeam>(tx, by.account).await?;
            if to == by.account {
                return Err(Fault::AlreadyOwner);
            }
            rows::set_role(tx, by.account, Role::Admin).await?;
            if !rows::set_role(tx, to, Role::Owner).await? {
                return Err(Fault::NotFound);
            }
            rows::assign(tx, to, &[], now).await?;
            let email = rows::email_of(tx, to).await?.unwrap_or_default();
            audit::append(tx, by.did(Act::OwnershipHandedOver, member(to, email), now)).await?;
            Ok(())
        });
        handed.await?;
        self.team_changed();
        Ok(())
    }
}

impl Serve<Leave> for TenantSupervisor {
    async fn serve(&self, Leave(by): Leave) -> Result<(), Fault> {
        let now = self.now();
        let left = self.db().write(async |tx| {
            tenants::lock(tx).await?;
            depart(tx, by.account, &by, Act::MemberLeft, now).await
        });
        left.await?;
        self.team_changed();
        Ok(())
    }
}
