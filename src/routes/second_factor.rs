//! Second factors: the second step of signing in, proofs, and what somebody sets up for themselves.

use actix_session::Session;
use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Json, Path},
};
use actors::{
    Fault,
    identity::second_factor::{Code, Given},
    role::OwnAccount,
    team::invitations::InvitationToken,
};
use uuid::Uuid;

use super::{
    account::{answer, view},
    views::{
        BackupCodesView, ChallengeView, NameBody, NewPasskey, PasskeyAdded, PasskeyOptions, PasskeySignIn, ProofBody, SecondFactor,
        SecondFactorView, TotpCode, TotpView,
    },
};
use crate::{
    doors::{Caller, Credentials, Gate, Opening, Pass, ask_for_passkey, begin_session},
    error::Problem,
};

/// The one that is there.
fn given<'a>(code: Option<&'a Code>, backup_code: Option<&'a Code>, passkey: Option<&'a serde_json::Value>) -> Result<Given<'a>, Problem> {
    match (code, backup_code, passkey) {
        (Some(code), None, None) => Ok(Given::Totp(code)),
        (None, Some(code), None) => Ok(Given::BackupCode(code)),
        (None, None, Some(credential)) => Ok(Given::Passkey(credential)),
        _ => Err(Problem::InvalidBody("Send one of code, backup_code and passkey.".into())),
    }
}

pub(super) fn opening<'a>(workspace: Option<&'a String>, invitation: Option<&'a InvitationToken>) -> Opening<'a> {
    match (invitation, workspace) {
        (Some(token), _) => Opening::Join(token),
        (None, Some(name)) => Opening::Found(name),
        (None, None) => Opening::Usual,
    }
}

pub async fn finish(gate: Data<Gate>, session: Session, request: HttpRequest, body: Json<SecondFactor>) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let credentials = Credentials::SecondFactor {
        ticket: &body.ticket,
        given: given(body.code.as_ref(), body.backup_code.as_ref(), body.passkey.as_ref())?,
        opening: opening(body.workspace.as_ref(), body.invitation.as_ref()),
    };
    let entered = begin_session(&gate, &session, credentials, &Caller::of(&request)).await?;
    answer(&gate, &session, entered, StatusCode::OK)
}

pub async fn passkey_options(gate: Data<Gate>, request: HttpRequest) -> Result<Json<PasskeyOptions>, Problem> {
    Ok(Json(ask_for_passkey(&gate, &Caller::of(&request)).await?.into()))
}

pub async fn sign_in_by_passkey(
    gate: Data<Gate>,
    session: Session,
    request: HttpRequest,
    body: Json<PasskeySignIn>,
) -> Result<HttpResponse, Problem> {
    let credentials = Credentials::Passkey {
        ticket: &body.ticket,
        credential: &body.passkey,
        opening: opening(body.workspace.as_ref(), body.invitation.as_ref()),
    };
    let entered = begin_session(&gate, &session, credentials, &Caller::of(&request)).await?;
    answer(&gate, &session, entered, StatusCode::OK)
}

pub async fn proof_options(pass: Pass<OwnAccount>) -> Result<Json<ChallengeView>, Problem> {
    Ok(Json(pass.ask_for_proof().await?.into()))
}

pub async fn prove(
    pass: Pass<OwnAccount>,
    gate: Data<Gate>,
    session: Session,
    request: HttpRequest,
    body: Json<ProofBody>,
) -> Result<HttpResponse, Problem> {
    let (body, from) = (body.into_inner(), Caller::of(&request));
    let factor = given(body.code.as_ref(), body.backup_code.as_ref(), body.passkey.as_ref());
    let alone = body.code.is_none() && body.backup_code.is_none() && body.passkey.is_none() && body.ticket.is_none();
    let who = match (&body.password, factor) {
        (Some(password), Err(_)) if alone => pass.prove(&session, password, &from).await?,
        (None, Ok(given)) => pass.prove_by_factor(&session, body.ticket.as_ref(), given, &from).await?,
        _ => {
            return Err(Problem::InvalidBody("Send one of password, code, backup_code and passkey.".into()));
        }
    };
    view(&gate, &session, who, StatusCode::OK)
}

pub async fn show(pass: Pass<OwnAccount>) -> Result<Json<SecondFactorView>, Problem> {
    Ok(Json(pass.second_factors().await?.into()))
}

pub async fn begin_totp(pass: Pass<OwnAccount>) -> Result<Json<TotpView>, Problem> {
    Ok(Json(pass.begin_totp().await?.into()))
}

pub async fn confirm_totp(pass: Pass<OwnAccount>, body: Json<TotpCode>) -> Result<Json<BackupCodesView>, Problem> {
    Ok(Json(pass.confirm_totp(&body.code).await?.into()))
}

pub async fn remove_totp(pass: Pass<OwnAccount>) -> Result<HttpResponse, Problem> {
    pass.remove_totp().await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn renew_backup_codes(pass: Pass<OwnAccount>) -> Result<Json<BackupCodesView>, Problem> {
    Ok(Json(Some(pass.renew_backup_codes().await?).into()))
}

pub async fn begin_passkey(pass: Pass<OwnAccount>) -> Result<Json<PasskeyOptions>, Problem> {
    Ok(Json(pass.begin_passkey().await?.into()))
}

pub async fn add_passkey(pass: Pass<OwnAccount>, body: Json<NewPasskey>) -> Result<HttpResponse, Problem> {
    let added = pass.add_passkey(&body.ticket, &body.name, &body.credential).await?;
    Ok(HttpResponse::Created().json(PasskeyAdded::from(added)))
}

fn id(path: &Path<String>) -> Result<Uuid, Problem> {
    path.parse().map_err(|_| Problem::Fault(Fault::NotFound))
}

pub async fn rename_passkey(pass: Pass<OwnAccount>, path: Path<String>, body: Json<NameBody>) -> Result<HttpResponse, Problem> {
    pass.rename_passkey(id(&path)?, &body.name).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn remove_passkey(pass: Pass<OwnAccount>, path: Path<String>) -> Result<HttpResponse, Problem> {
    pass.remove_passkey(id(&path)?).await?;
    Ok(HttpResponse::NoContent().finish())
}
