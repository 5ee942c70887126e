//! Accounts and sessions.

use actix_session::Session;
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Json},
};
use actors::role::Member;

use super::views::{SessionView, SignIn, SignUp, UserView, WorkspaceView};
use crate::{
    doors::{Credentials, Gate, Pass, Who, begin_session, csrf_token, end_session},
    error::Problem,
};

fn view(gate: &Gate, session: &Session, who: Who, status: StatusCode) -> Result<HttpResponse, Problem> {
    let csrf_token = csrf_token(gate, session).ok_or(Problem::NotSignedIn)?;
    Ok(HttpResponse::build(status).json(SessionView {
        user: UserView {
            id: who.account.uuid(),
            email: who.email,
        },
        workspace: WorkspaceView {
            id: who.tenant.uuid(),
            name: who.workspace,
        },
        role: who.role,
        csrf_token,
    }))
}

fn address(request: &HttpRequest) -> String {
    request.peer_addr().map(|peer| peer.ip().to_string()).unwrap_or_default()
}

pub async fn sign_up(gate: Data<Gate>, session: Session, request: HttpRequest, body: Json<SignUp>) -> Result<HttpResponse, Problem> {
    let SignUp {
        email,
        password,
        workspace,
    } = &*body;
    let who = begin_session(
        &gate,
        &session,
        Credentials::SignUp {
            email,
            password,
            workspace,
        },
        &address(&request),
    )
    .await?;
    view(&gate, &session, who, StatusCode::CREATED)
}

pub async fn sign_in(gate: Data<Gate>, session: Session, request: HttpRequest, body: Json<SignIn>) -> Result<HttpResponse, Problem> {
    let SignIn { email, password } = &*body;
    let who = begin_session(&gate, &session, Credentials::SignIn { email, password }, &address(&request)).await?;
    view(&gate, &session, who, StatusCode::OK)
}

pub async fn show(pass: Pass<Member>, gate: Data<Gate>, session: Session) -> Result<HttpResponse, Problem> {
    view(&gate, &session, pass.who().await?, StatusCode::OK)
}

pub async fn sign_out(_pass: Pass<Member>, session: Session) -> HttpResponse {
    end_session(&session);
    HttpResponse::NoContent().finish()
}
