//! The widget's set-up.

use actix_multipart::Multipart;
use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Json},
};
use actors::{
    Fault, Limit,
    project::widget::{
        ChangeWidget, RotatePublicKey, ShowWidget,
        identity::{RemoveIdentity, RotateIdentitySecret},
        logo::{MOST_LOGO, RemoveLogo, SetLogo, ShowLogo},
    },
    role::{ManageProjects, UseProjects},
};

use super::documents::{Upload, next_file};
use crate::{
    doors::{Gate, ProjectPass},
    error::Problem,
    routes::{
        views::{IdentitySecretView, WidgetChange, WidgetView},
        widget::picture,
    },
};

pub async fn show(pass: ProjectPass<UseProjects>, gate: Data<Gate>, request: HttpRequest) -> Result<Json<WidgetView>, Problem> {
    Ok(Json(WidgetView::of(pass.send(ShowWidget).await?, &gate.origin_for(&request))))
}

pub async fn change(
    pass: ProjectPass<ManageProjects>,
    gate: Data<Gate>,
    request: HttpRequest,
    body: Json<WidgetChange>,
) -> Result<Json<WidgetView>, Problem> {
    let mut body = body.into_inner();
    let change = ChangeWidget {
        by: pass.by(),
        allowed_origins: body.allowed_origins.take(),
        hand_off: body.hand_off.take().map(|hand_off| (hand_off.enabled, hand_off.email)),
        look: body.look(),
    };
    Ok(Json(WidgetView::of(pass.send(change).await?, &gate.origin_for(&request))))
}

pub async fn rotate(pass: ProjectPass<ManageProjects>, gate: Data<Gate>, request: HttpRequest) -> Result<Json<WidgetView>, Problem> {
    Ok(Json(WidgetView::of(
        pass.send(RotatePublicKey { by: pass.by() }).await?,
        &gate.origin_for(&request),
    )))
}

pub async fn rotate_identity(pass: ProjectPass<ManageProjects>) -> Result<HttpResponse, Problem> {
    let new = pass.send(RotateIdentitySecret { by: pass.by() }).await?;
    Ok(HttpResponse::Created().json(IdentitySecretView::from(new)))
}

pub async fn remove_identity(pass: ProjectPass<ManageProjects>) -> Result<HttpResponse, Problem> {
    pass.send(RemoveIdentity { by: pass.by() }).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn logo(pass: ProjectPass<UseProjects>) -> Result<HttpResponse, Problem> {
    Ok(picture(&pass.send(ShowLogo).await?))
}

pub async fn set_logo(
    pass: ProjectPass<ManageProjects>,
    gate: Data<Gate>,
    request: HttpRequest,
    mut form: Multipart,
) -> Result<Json<WidgetView>, Problem> {
    let file = next_file(&mut form, MOST_LOGO as u64).await?;
    let bytes = match file {
        Some(Upload { bytes: Some(bytes), .. }) => bytes,
        Some(Upload { bytes: None, .. }) => {
            return Err(Problem::Fault(Fault::Limit {
                code: Limit::FileTooLarge,
                reason: "The logo is larger than 64 KiB.".into(),
            }));
        }
        None => Vec::new(),
    };
    let set = SetLogo { by: pass.by(), bytes };
    Ok(Json(WidgetView::of(pass.send(set).await?, &gate.origin_for(&request))))
}

pub async fn remove_logo(pass: ProjectPass<ManageProjects>, gate: Data<Gate>, request: HttpRequest) -> Result<Json<WidgetView>, Problem> {
    let removed = pass.send(RemoveLogo { by: pass.by() }).await?;
    Ok(Json(WidgetView::of(removed, &gate.origin_for(&request))))
}
