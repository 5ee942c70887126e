//! Accounts, sessions, and the ways into a workspace.

use actix_session::Session;
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Json, Path},
};
use actors::{Fault, role::OwnAccount};

use super::second_factor::opening;
use super::views::{
    self, Acceptance, BelongingView, InvitationPreview, NameBody, OtherWorkspace, OwnSessionView, SecondFactorNeeded, SecondFactorStanding,
    SessionView, Sessions, SignIn, SignUp, TokenBody, UserView, WorkspaceView,
};
use crate::{
    doors::{self, Caller, Credentials, Entered, Gate, Pass, Who, begin_session, csrf_token, preview_invitation},
    error::Problem,
};

pub(super) fn view(gate: &Gate, session: &Session, who: Who, status: StatusCode) -> Result<HttpResponse, Problem> {
    let csrf_token = csrf_token(gate, session).ok_or(Problem::NotSignedIn)?;
    Ok(HttpResponse::build(status).json(SessionView {
        user: UserView {
            id: who.account.uuid(),
            email: who.email,
            verified: who.is_verified,
            has_password: who.has_password,
        },
        workspace: WorkspaceView {
            id: who.tenant.uuid(),
            name: who.workspace,
            ends_at: who.ends_at.map(views::time),
        },
        role: who.role,
        workspaces: who.workspaces.into_iter().map(BelongingView::from).collect(),
        operator: who.is_operator,
        second_factor: SecondFactorStanding {
            enabled: who.second_factor,
            required_from: who.second_factor_from.map(views::time),
            required_by_server: who.is_second_factor_demanded,
        },
        billing: gate.sells_plans(),
        csrf_token,
    }))
}

/// The session that began, or that a second factor is needed first.
pub(super) fn answer(gate: &Gate, session: &Session, entered: Entered, status: StatusCode) -> Result<HttpResponse, Problem> {
    match entered {
        Entered::In(who) => view(gate, session, who, status),
        Entered::SecondFactor(challenge) => Ok(HttpResponse::Accepted().json(SecondFactorNeeded {
            second_factor: challenge.into(),
        })),
    }
}

pub async fn sign_up(gate: Data<Gate>, session: Session, request: HttpRequest, body: Json<SignUp>) -> Result<HttpResponse, Problem> {
    let SignUp {
        email,
        password,
        workspace,
    } = &*body;
    match doors::sign_up(&gate, &session, (email, password), workspace, &Caller::of(&request)).await? {
        Some(who) => view(&gate, &session, who, StatusCode::CREATED),
        None => Ok(HttpResponse::Accepted().finish()),
    }
}

pub async fn sign_in(gate: Data<Gate>, session: Session, request: HttpRequest, body: Json<SignIn>) -> Result<HttpResponse, Problem> {
    let SignIn {
        email,
        password,
        workspace,
        invitation,
    } = &*body;
    let opening = opening(workspace.as_ref(), invitation.as_ref());
    let credentials = Credentials::SignIn { email, password, opening };
    let entered = begin_session(&gate, &session, credentials, &Caller::of(&request)).await?;
    answer(&gate, &session, entered, StatusCode::OK)
}

pub async fn show(pass: Pass<OwnAccount>, gate: Data<Gate>, session: Session) -> Result<HttpResponse, Problem> {
    view(&gate, &session, pass.look(&session).await?, StatusCode::OK)
}

pub async fn sign_out(pass: Pass<OwnAccount>, session: Session) -> HttpResponse {
    pass.sign_out(&session).await;
    HttpResponse::NoContent().finish()
}

pub async fn switch(
    pass: Pass<OwnAccount>,
    gate: Data<Gate>,
    session: Session,
    body: Json<OtherWorkspace>,
) -> Result<HttpResponse, Problem> {
    let who = pass.switch(&session, body.workspace.into()).await?;
    view(&gate, &session, who, StatusCode::OK)
}

pub async fn found(pass: Pass<OwnAccount>, gate: Data<Gate>, session: Session, body: Json<NameBody>) -> Result<HttpResponse, Problem> {
    let who = pass.found(&session, &body.name).await?;
    view(&gate, &session, who, StatusCode::CREATED)
}

pub async fn preview(gate: Data<Gate>, request: HttpRequest, body: Json<TokenBody>) -> Result<Json<InvitationPreview>, Problem> {
    Ok(Json(
        preview_invitation(&gate, &body.token, &Caller::of(&request).address).await?.into(),
    ))
}

pub async fn accept(gate: Data<Gate>, session: Session, request: HttpRequest, body: Json<Acceptance>) -> Result<HttpResponse, Problem> {
    let Acceptance { token, password } = &*body;
    let credentials = Credentials::Invitation { token, password };
    let entered = begin_session(&gate, &session, credentials, &Caller::of(&request)).await?;
    answer(&gate, &session, entered, StatusCode::CREATED)
}

pub async fn join(pass: Pass<OwnAccount>, gate: Data<Gate>, session: Session, body: Json<TokenBody>) -> Result<HttpResponse, Problem> {
    let who = pass.join(&session, &body.token).await?;
    view(&gate, &session, who, StatusCode::OK)
}

pub async fn sessions(pass: Pass<OwnAccount>) -> Result<Json<Sessions>, Problem> {
    let sessions = pass.sessions().await?;
    Ok(Json(Sessions {
        sessions: sessions.into_iter().map(OwnSessionView::from).collect(),
    }))
}

pub async fn end_one(pass: Pass<OwnAccount>, session: Session, name: Path<String>) -> Result<HttpResponse, Problem> {
    let (tenant, hash) = views::session_name(&name).ok_or(Problem::Fault(Fault::NotFound))?;
    pass.end_session(&session, tenant, hash).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn end_others(pass: Pass<OwnAccount>) -> Result<HttpResponse, Problem> {
    pass.end_other_sessions().await?;
    Ok(HttpResponse::NoContent().finish())
}
