//! The widget's set-up.

use actix_web::{
    HttpRequest,
    web::{Data, Json},
};
use actors::{
    project::widget::{ChangeWidget, RotatePublicKey, ShowWidget},
    role::{ManageProjects, UseProjects},
};

use crate::{
    doors::{Gate, ProjectPass},
    error::Problem,
    routes::views::{WidgetChange, WidgetView},
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
    let WidgetChange {
        allowed_origins,
        title,
        greeting,
        color,
        position,
        suggestions,
    } = body.into_inner();
    let change = ChangeWidget {
        by: pass.by(),
        allowed_origins,
        title,
        greeting,
        color,
        position,
        suggestions,
    };
    Ok(Json(WidgetView::of(pass.send(change).await?, &gate.origin_for(&request))))
}

pub async fn rotate(pass: ProjectPass<ManageProjects>, gate: Data<Gate>, request: HttpRequest) -> Result<Json<WidgetView>, Problem> {
    Ok(Json(WidgetView::of(
        pass.send(RotatePublicKey { by: pass.by() }).await?,
        &gate.origin_for(&request),
    )))
}
