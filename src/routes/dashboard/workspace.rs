//! The workspace itself.

use actix_session::Session;
use actix_web::{HttpResponse, web::Json};
use actors::{
    role::{ManageTeam, OwnAccount},
    team::workspace::{RenameWorkspace, RequireSecondFactor, SetPasswordLength, ShowPasswordLength},
};

use crate::{
    doors::Pass,
    error::Problem,
    routes::views::{self, Confirmation, NameBody, PasswordLength, SecondFactorRequired, SecondFactorRule, WorkspaceEnd},
};

pub async fn rename(pass: Pass<ManageTeam>, body: Json<NameBody>) -> Result<HttpResponse, Problem> {
    let rename = RenameWorkspace {
        by: pass.by(),
        name: body.into_inner().name,
    };
    pass.send(rename).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn require_second_factor(pass: Pass<ManageTeam>, body: Json<SecondFactorRule>) -> Result<Json<SecondFactorRequired>, Problem> {
    let SecondFactorRule { required, grace_days } = body.into_inner();
    let rule = RequireSecondFactor {
        by: pass.by(),
        required,
        grace_days,
    };
    Ok(Json(SecondFactorRequired {
        required_from: pass.send(rule).await?.map(views::time),
    }))
}

pub async fn password_length(pass: Pass<ManageTeam>) -> Result<Json<PasswordLength>, Problem> {
    let characters = pass.send(ShowPasswordLength).await?;
    Ok(Json(PasswordLength { characters }))
}

pub async fn set_password_length(pass: Pass<ManageTeam>, body: Json<PasswordLength>) -> Result<HttpResponse, Problem> {
    let set = SetPasswordLength {
        by: pass.by(),
        length: body.characters,
    };
    pass.send(set).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn delete(pass: Pass<ManageTeam>, session: Session, body: Json<Confirmation>) -> Result<Json<WorkspaceEnd>, Problem> {
    let ends_at = pass.delete_workspace(&session, body.into_inner().confirm).await?;
    Ok(Json(WorkspaceEnd {
        ends_at: ends_at.map(views::time),
    }))
}

pub async fn keep(pass: Pass<OwnAccount>) -> Result<HttpResponse, Problem> {
    pass.keep_workspace().await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn leave(pass: Pass<OwnAccount>, session: Session) -> Result<HttpResponse, Problem> {
    pass.leave(&session).await?;
    Ok(HttpResponse::NoContent().finish())
}
