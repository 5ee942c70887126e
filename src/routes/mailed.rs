//! Passwords and addresses: changed in a session, or by links that were mailed.

use actix_session::Session;
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Json},
};
use actors::role::OwnAccount;

use super::{
    account::{answer, view},
    views::{EmailBody, EmailChange, FirstPassword, LinkBody, PasswordChange, PasswordReset, SignUpConfirmation},
};
use crate::{
    doors::{Caller, Credentials, Gate, Pass, begin_session, confirm_email_change, forgot_password, reset_password},
    error::Problem,
};

pub async fn confirm_sign_up(
    gate: Data<Gate>,
    session: Session,
    request: HttpRequest,
    body: Json<SignUpConfirmation>,
) -> Result<HttpResponse, Problem> {
    let SignUpConfirmation { token, password } = &*body;
    let credentials = Credentials::SignUp { token, password };
    let entered = begin_session(&gate, &session, credentials, &Caller::of(&request)).await?;
    answer(&gate, &session, entered, StatusCode::CREATED)
}

pub async fn forgotten(gate: Data<Gate>, request: HttpRequest, body: Json<EmailBody>) -> Result<HttpResponse, Problem> {
    forgot_password(&gate, &body.email, &Caller::of(&request)).await?;
    Ok(HttpResponse::Accepted().finish())
}

pub async fn reset(gate: Data<Gate>, request: HttpRequest, body: Json<PasswordReset>) -> Result<HttpResponse, Problem> {
    reset_password(&gate, &body.token, &body.password, &Caller::of(&request)).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn change(
    pass: Pass<OwnAccount>,
    gate: Data<Gate>,
    session: Session,
    request: HttpRequest,
    body: Json<PasswordChange>,
) -> Result<HttpResponse, Problem> {
    let PasswordChange { current, new } = &*body;
    let who = pass.change_password(&session, current, new, &Caller::of(&request)).await?;
    view(&gate, &session, who, StatusCode::OK)
}

pub async fn set(
    pass: Pass<OwnAccount>,
    gate: Data<Gate>,
    session: Session,
    request: HttpRequest,
    body: Json<FirstPassword>,
) -> Result<HttpResponse, Problem> {
    let who = pass.set_password(&session, &body.new, &Caller::of(&request)).await?;
    view(&gate, &session, who, StatusCode::OK)
}

pub async fn ask_verification(pass: Pass<OwnAccount>) -> Result<HttpResponse, Problem> {
    pass.ask_verification().await?;
    Ok(HttpResponse::Accepted().finish())
}

pub async fn verify(pass: Pass<OwnAccount>, request: HttpRequest, body: Json<LinkBody>) -> Result<HttpResponse, Problem> {
    pass.verify_email(&body.token, &Caller::of(&request)).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn ask_email(pass: Pass<OwnAccount>, request: HttpRequest, body: Json<EmailBody>) -> Result<HttpResponse, Problem> {
    pass.ask_email_change(&body.email, &Caller::of(&request)).await?;
    Ok(HttpResponse::Accepted().finish())
}

pub async fn confirm_email(gate: Data<Gate>, request: HttpRequest, body: Json<LinkBody>) -> Result<Json<EmailChange>, Problem> {
    let changed = confirm_email_change(&gate, &body.token, &Caller::of(&request)).await?;
    Ok(Json(EmailChange { changed }))
}
