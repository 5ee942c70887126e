//! The workspace itself.

use actix_session::Session;
use actix_web::{HttpResponse, web::Json};
use actors::{
    role::{ManageTeam, OwnAccount},
    team::workspace::RenameWorkspace,
};

use crate::{
    doors::Pass,
    error::Problem,
    routes::views::{Confirmation, NameBody},
};

pub async fn rename(pass: Pass<ManageTeam>, body: Json<NameBody>) -> Result<HttpResponse, Problem> {
    let rename = RenameWorkspace {
        by: pass.by(),
        name: body.into_inner().name,
    };
    pass.send(rename).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn delete(pass: Pass<ManageTeam>, session: Session, body: Json<Confirmation>) -> Result<HttpResponse, Problem> {
    pass.delete_workspace(&session, body.into_inner().confirm).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn leave(pass: Pass<OwnAccount>, session: Session) -> Result<HttpResponse, Problem> {
    pass.leave(&session).await?;
    Ok(HttpResponse::NoContent().finish())
}
