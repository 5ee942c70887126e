//! Knowledge sources of a project.

use actix_web::{
    HttpResponse,
    web::{Json, Path, Query},
};
use actors::{
    Fault, GrantId, Rule, SourceId,
    role::ManageProjects,
    sources::{
        admin::{ChangeSource, CreateSource, ListChoices, ListSources, ShowSource, SyncNow},
        leave::DisconnectSource,
    },
};
use serde::Deserialize;

use crate::{
    doors::ProjectPass,
    error::Problem,
    routes::views::{
        DocumentsFate, KnowledgeSource, Leaving, NewSource, ReceiptView, SourceChoices, SourcePageView, SourcePatch, SourcesView,
    },
};

/// What is no id names nothing here.
fn id(path: &Path<(String, String)>) -> Result<SourceId, Problem> {
    path.1.parse().map_err(|_| Problem::Fault(Fault::NotFound))
}

pub async fn list(pass: ProjectPass<ManageProjects>) -> Result<Json<SourcesView>, Problem> {
    Ok(Json(pass.integrate(ListSources).await?.into()))
}

pub async fn create(pass: ProjectPass<ManageProjects>, body: Json<NewSource>) -> Result<HttpResponse, Problem> {
    let NewSource {
        kind,
        name,
        grant,
        team,
        config,
        every_hours,
    } = body.into_inner();
    let by = pass.by();
    // Each looks up a name that somebody chose.
    pass.workspace().count_here(Rule::SOURCE_CHANGE, "").await?;
    let created = pass.integrate(|project| CreateSource {
        by,
        project,
        kind,
        name,
        grant,
        team,
        config,
        every_hours,
    });
    Ok(HttpResponse::Created().json(KnowledgeSource::from(created.await?)))
}

pub async fn show(pass: ProjectPass<ManageProjects>, path: Path<(String, String)>) -> Result<Json<SourcePageView>, Problem> {
    let source = id(&path)?;
    Ok(Json(pass.integrate(|project| ShowSource { project, source }).await?.into()))
}

pub async fn change(
    pass: ProjectPass<ManageProjects>,
    path: Path<(String, String)>,
    body: Json<SourcePatch>,
) -> Result<Json<KnowledgeSource>, Problem> {
    let (by, source) = (pass.by(), id(&path)?);
    let SourcePatch { name, config, every_hours } = body.into_inner();
    pass.workspace().count_here(Rule::SOURCE_CHANGE, "").await?;
    let changed = pass.integrate(|project| ChangeSource {
        by,
        project,
        source,
        name,
        config,
        every_hours,
    });
    Ok(Json(changed.await?.into()))
}

pub async fn sync(pass: ProjectPass<ManageProjects>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let source = id(&path)?;
    pass.workspace().count_here(Rule::SOURCE_CHANGE, "").await?;
    pass.integrate(|project| SyncNow { project, source }).await?;
    Ok(HttpResponse::Accepted().finish())
}

pub async fn leave(pass: ProjectPass<ManageProjects>, path: Path<(String, String)>, body: Json<Leaving>) -> Result<HttpResponse, Problem> {
    let (by, source) = (pass.by(), id(&path)?);
    let deletes = body.documents == DocumentsFate::Delete;
    let receipt = pass.integrate(|project| DisconnectSource {
        by,
        project,
        source,
        deletes,
    });
    Ok(HttpResponse::Accepted().json(ReceiptView::from(receipt.await?)))
}

#[derive(Deserialize)]
pub struct Asked {
    kind: Option<String>,
    grant: Option<GrantId>,
    team: Option<String>,
    search: Option<String>,
    within: Option<String>,
    after: Option<String>,
}

pub async fn choices(pass: ProjectPass<ManageProjects>, asked: Query<Asked>) -> Result<Json<SourceChoices>, Problem> {
    let Asked {
        kind,
        grant,
        team,
        search,
        within,
        after,
    } = asked.into_inner();
    // Each is a question to the provider, with the workspace's own access.
    pass.workspace().count_here(Rule::SOURCE_CHOICES, "").await?;
    let choices = pass.integrate(|_| ListChoices {
        kind: kind.unwrap_or_default(),
        grant,
        team,
        search: search.unwrap_or_default().chars().take(200).collect(),
        within,
        after,
    });
    Ok(Json(choices.await?.into()))
}
