//! Inviting people.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json, Path},
};
use actors::{
    Fault, InvitationId, Rule,
    role::ManageTeam,
    team::invitations::{InvitationCard, InvitationToken, Invite, ListInvitations, RenewInvitation, RevokeInvitation},
};

use crate::{
    doors::{Gate, Pass},
    error::Problem,
    routes::views::{InvitationLink, InvitationView, Invitations, NewInvitation},
};

/// What is no id names nothing here.
fn invitation(path: &Path<String>) -> Result<InvitationId, Problem> {
    path.parse().map_err(|_| Problem::Fault(Fault::NotFound))
}

fn link(made: (InvitationCard, InvitationToken), gate: &Gate, request: &HttpRequest) -> InvitationLink {
    let origin = gate.shows_invitation_links().then(|| gate.origin_for(request));
    InvitationLink::of(made, origin, gate.mail_leaves_by())
}

pub async fn list(pass: Pass<ManageTeam>) -> Result<Json<Invitations>, Problem> {
    let invitations = pass.send(ListInvitations).await?;
    Ok(Json(Invitations {
        invitations: invitations.into_iter().map(InvitationView::from).collect(),
    }))
}

pub async fn create(
    pass: Pass<ManageTeam>,
    gate: Data<Gate>,
    request: HttpRequest,
    body: Json<NewInvitation>,
) -> Result<HttpResponse, Problem> {
    let NewInvitation { email, role, projects } = body.into_inner();
    pass.count_here(Rule::INVITATION_WORKSPACE, "").await?;
    pass.count_here(Rule::INVITATION_ADDRESS, &email.trim().to_lowercase()).await?;
    let invite = Invite {
        by: pass.by(),
        email,
        role,
        projects,
    };
    let invited = pass.send(invite).await?;
    Ok(HttpResponse::Created().json(link(invited, &gate, &request)))
}

pub async fn renew(
    pass: Pass<ManageTeam>,
    gate: Data<Gate>,
    request: HttpRequest,
    path: Path<String>,
) -> Result<Json<InvitationLink>, Problem> {
    let invitation = invitation(&path)?;
    pass.count_here(Rule::INVITATION_WORKSPACE, "").await?;
    pass.count_here(Rule::INVITATION_ADDRESS, &invitation.to_string()).await?;
    let renew = RenewInvitation { by: pass.by(), invitation };
    Ok(Json(link(pass.send(renew).await?, &gate, &request)))
}

pub async fn revoke(pass: Pass<ManageTeam>, path: Path<String>) -> Result<HttpResponse, Problem> {
    let revoke = RevokeInvitation {
        by: pass.by(),
        invitation: invitation(&path)?,
    };
    pass.send(revoke).await?;
    Ok(HttpResponse::NoContent().finish())
}
