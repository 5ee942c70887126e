//! What a project keeps of what people write, and what there is of one of them.

use actix_web::{
    HttpResponse,
    http::header::{ContentDisposition, DispositionParam, DispositionType},
    web::{Json, Path, Query},
};
use actors::{
    Fault, VisitorId,
    project::privacy::{EraseVisitor, ExportVisitor, SetPrivacy, ShowPrivacy, TraceVisitor},
    role::{ManageProjects, Member},
};
use serde::Deserialize;

use crate::{
    doors::ProjectPass,
    error::Problem,
    routes::views::{Erasure, PrivacyBody, PrivacyView, StoredVisitor, VisitorData},
};

#[derive(Deserialize)]
pub struct Wanted {
    keep_days: Option<i32>,
}

fn visitor(path: &Path<(String, String)>) -> Result<VisitorId, Problem> {
    path.1.parse().map_err(|_| Problem::Fault(Fault::NotFound))
}

pub async fn show(pass: ProjectPass<Member>, wanted: Query<Wanted>) -> Result<Json<PrivacyView>, Problem> {
    Ok(Json(pass.send(ShowPrivacy(wanted.keep_days)).await?.into()))
}

pub async fn set(pass: ProjectPass<ManageProjects>, body: Json<PrivacyBody>) -> Result<Json<PrivacyView>, Problem> {
    let PrivacyBody { mask, keep_days } = body.into_inner();
    let set = SetPrivacy {
        by: pass.by(),
        masks: mask.into(),
        keep_days,
    };
    Ok(Json(pass.send(set).await?.into()))
}

pub async fn trace(pass: ProjectPass<ManageProjects>, path: Path<(String, String)>) -> Result<Json<StoredVisitor>, Problem> {
    let visitor = visitor(&path)?;
    let trace = pass.send(TraceVisitor(visitor)).await?;
    Ok(Json(StoredVisitor::of(visitor, trace)))
}

/// Everything that is stored of a visitor, as a file.
pub async fn export(pass: ProjectPass<ManageProjects>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let visitor = visitor(&path)?;
    let by = pass.by();
    let data = VisitorData::of(visitor, pass.send(ExportVisitor { by, visitor }).await?);
    let attachment = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(format!("visitor-{visitor}.json"))],
    };
    Ok(HttpResponse::Ok().insert_header(attachment).json(data))
}

pub async fn erase(pass: ProjectPass<ManageProjects>, path: Path<(String, String)>) -> Result<Json<Erasure>, Problem> {
    let (by, visitor) = (pass.by(), visitor(&path)?);
    let gone = pass.send(EraseVisitor { by, visitor }).await?;
    Ok(Json(Erasure {
        conversations: gone.conversations,
        messages: gone.messages,
    }))
}
