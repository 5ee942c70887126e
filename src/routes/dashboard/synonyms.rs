//! Words that mean the same in a project.

use actix_web::web::Json;
use actors::{
    project::synonyms::{SetSynonyms, ShowSynonyms},
    role::{ManageProjects, UseProjects},
};

use crate::{doors::ProjectPass, error::Problem, routes::views::Synonyms};

pub async fn show(pass: ProjectPass<UseProjects>) -> Result<Json<Synonyms>, Problem> {
    let groups = pass.send(ShowSynonyms).await?;
    Ok(Json(Synonyms { groups }))
}

pub async fn set(pass: ProjectPass<ManageProjects>, body: Json<Synonyms>) -> Result<Json<Synonyms>, Problem> {
    let Synonyms { groups } = body.into_inner();
    let groups = pass.send(SetSynonyms { by: pass.by(), groups }).await?;
    Ok(Json(Synonyms { groups }))
}
