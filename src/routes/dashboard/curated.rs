//! Answers that the team writes, and what a language model takes.

use actix_web::{
    HttpResponse,
    web::{Json, Path, Query},
};
use actors::{
    CuratedId, Fault,
    project::{
        curated::{ChangeCurated, Content, CreateCurated, CuratedLink, DeleteCurated, ListCurated, RestoreCurated, ShowCurated},
        model_use::ModelUse,
    },
    role::UseProjects,
};
use serde::Deserialize;

use crate::{
    doors::ProjectPass,
    error::Problem,
    routes::views::{
        CuratedAnswers, CuratedBody, CuratedDraft, CuratedLinkView, CuratedPage, CuratedPatch, CuratedPreview, CuratedView, ModelUseView,
    },
};

/// What is no id names nothing here.
fn id(text: &str) -> Result<CuratedId, Problem> {
    text.parse().map_err(|_| Problem::Fault(Fault::NotFound))
}

fn links(links: Vec<CuratedLinkView>) -> Vec<CuratedLink> {
    let links = links.into_iter().map(|link| CuratedLink {
        title: link.title,
        url: link.url,
    });
    links.collect()
}

pub async fn list(pass: ProjectPass<UseProjects>) -> Result<Json<CuratedAnswers>, Problem> {
    Ok(Json(pass.send(ListCurated).await?.into()))
}

pub async fn create(pass: ProjectPass<UseProjects>, body: Json<CuratedBody>) -> Result<HttpResponse, Problem> {
    let body = body.into_inner();
    let create = CreateCurated {
        by: pass.by(),
        content: Content {
            questions: body.questions,
            text: body.text,
            links: links(body.links.unwrap_or_default()),
        },
        enabled: body.enabled.unwrap_or(true),
    };
    Ok(HttpResponse::Created().json(CuratedView::from(pass.send(create).await?)))
}

pub async fn preview(_: ProjectPass<UseProjects>, body: Json<CuratedDraft>) -> Json<CuratedPreview> {
    Json(CuratedPreview {
        text: actors::project::curated::preview(&body.text, body.links.unwrap_or(0)),
    })
}

pub async fn show(pass: ProjectPass<UseProjects>, path: Path<(String, String)>) -> Result<Json<CuratedPage>, Problem> {
    let (answer, revisions) = pass.send(ShowCurated(id(&path.1)?)).await?;
    Ok(Json(CuratedPage {
        answer: answer.into(),
        revisions: revisions.into_iter().map(Into::into).collect(),
    }))
}

pub async fn change(
    pass: ProjectPass<UseProjects>,
    path: Path<(String, String)>,
    body: Json<CuratedPatch>,
) -> Result<Json<CuratedView>, Problem> {
    let body = body.into_inner();
    let change = ChangeCurated {
        by: pass.by(),
        curated: id(&path.1)?,
        questions: body.questions,
        text: body.text,
        links: body.links.map(links),
        enabled: body.enabled,
        from: body.revision,
    };
    Ok(Json(pass.send(change).await?.into()))
}

pub async fn delete(pass: ProjectPass<UseProjects>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let delete = DeleteCurated {
        by: pass.by(),
        curated: id(&path.1)?,
    };
    pass.send(delete).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn restore(pass: ProjectPass<UseProjects>, path: Path<(String, String, String)>) -> Result<Json<CuratedView>, Problem> {
    let restore = RestoreCurated {
        by: pass.by(),
        curated: id(&path.1)?,
        revision: path.2.parse().map_err(|_| Problem::Fault(Fault::NotFound))?,
    };
    Ok(Json(pass.send(restore).await?.into()))
}

#[derive(Deserialize)]
pub struct Span {
    days: Option<u16>,
}

pub async fn model_use(pass: ProjectPass<UseProjects>, span: Query<Span>) -> Result<Json<ModelUseView>, Problem> {
    let days = span.days.unwrap_or(30);
    Ok(Json(pass.send(ModelUse { days }).await?.into()))
}
