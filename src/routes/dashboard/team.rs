//! Members of the workspace.

use actix_web::{
    HttpResponse,
    web::{Json, Path},
};
use actors::{
    AccountId, Fault,
    role::{ManageProjects, ManageTeam, OwnAccount},
    team::members::{AssignProjects, ChangeRole, EndMemberSessions, HandOver, ListMembers, RemoveMember},
};

use crate::{
    doors::Pass,
    error::Problem,
    routes::views::{Assignment, MemberView, Members, NewOwner, Permissions, RoleChange},
};

/// What is no id names nobody here.
fn member(path: &Path<String>) -> Result<AccountId, Problem> {
    path.parse().map_err(|_| Problem::Fault(Fault::NotFound))
}

pub async fn permissions(_pass: Pass<OwnAccount>) -> Json<Permissions> {
    Json(Permissions::all())
}

pub async fn list(pass: Pass<ManageProjects>) -> Result<Json<Members>, Problem> {
    let members = pass.send(ListMembers).await?;
    Ok(Json(Members {
        members: members.into_iter().map(MemberView::from).collect(),
    }))
}

pub async fn change(pass: Pass<ManageTeam>, path: Path<String>, body: Json<RoleChange>) -> Result<Json<MemberView>, Problem> {
    let RoleChange { role, projects } = body.into_inner();
    let change = ChangeRole {
        by: pass.by(),
        member: member(&path)?,
        role,
        projects,
    };
    Ok(Json(pass.send(change).await?.into()))
}

pub async fn assign(pass: Pass<ManageProjects>, path: Path<String>, body: Json<Assignment>) -> Result<Json<MemberView>, Problem> {
    let assign = AssignProjects {
        by: pass.by(),
        member: member(&path)?,
        projects: body.into_inner().projects,
    };
    Ok(Json(pass.send(assign).await?.into()))
}

pub async fn remove(pass: Pass<ManageTeam>, path: Path<String>) -> Result<HttpResponse, Problem> {
    let remove = RemoveMember {
        by: pass.by(),
        member: member(&path)?,
    };
    pass.send(remove).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn end_sessions(pass: Pass<ManageTeam>, path: Path<String>) -> Result<HttpResponse, Problem> {
    let end = EndMemberSessions {
        by: pass.by(),
        member: member(&path)?,
    };
    pass.send(end).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn hand_over(pass: Pass<ManageTeam>, body: Json<NewOwner>) -> Result<HttpResponse, Problem> {
    let hand_over = HandOver {
        by: pass.by(),
        to: body.member.into(),
    };
    pass.send(hand_over).await?;
    Ok(HttpResponse::NoContent().finish())
}
