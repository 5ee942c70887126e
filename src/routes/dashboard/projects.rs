//! Projects of the workspace.

use actix_web::{HttpResponse, web::Json};
use actors::{
    Rule,
    role::{ManageProjects, UseProjects},
    tenant::{CreateProject, DeleteProject, RenameProject},
};

use crate::{
    doors::{Pass, ProjectPass},
    error::Problem,
    routes::views::{Confirmation, NameBody, ProjectView, Projects},
};

pub async fn list(pass: Pass<UseProjects>) -> Result<Json<Projects>, Problem> {
    let projects = pass.projects().await?;
    Ok(Json(Projects {
        projects: projects.into_iter().map(ProjectView::from).collect(),
    }))
}

pub async fn create(pass: Pass<ManageProjects>, body: Json<NameBody>) -> Result<HttpResponse, Problem> {
    pass.count_here(Rule::PROJECT_CHANGE, "").await?;
    let project = pass
        .send(CreateProject {
            by: pass.by(),
            name: body.into_inner().name,
        })
        .await?;
    Ok(HttpResponse::Created().json(ProjectView::from(project)))
}

pub async fn show(pass: ProjectPass<UseProjects>) -> Result<Json<ProjectView>, Problem> {
    Ok(Json(pass.card().await?.into()))
}

pub async fn rename(pass: ProjectPass<ManageProjects>, body: Json<NameBody>) -> Result<Json<ProjectView>, Problem> {
    let rename = RenameProject {
        by: pass.by(),
        project: pass.id(),
        name: body.into_inner().name,
    };
    Ok(Json(pass.workspace().send(rename).await?.into()))
}

pub async fn delete(pass: ProjectPass<ManageProjects>, body: Json<Confirmation>) -> Result<HttpResponse, Problem> {
    pass.workspace().count_here(Rule::PROJECT_CHANGE, "").await?;
    pass.workspace()
        .send(DeleteProject {
            by: pass.by(),
            project: pass.id(),
            confirm: body.into_inner().confirm,
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
