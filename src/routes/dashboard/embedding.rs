//! By what passages are found.

use actix_web::web::Json;
use actors::project::embedding::ShowEmbedding;
use actors::role::UseProjects;

use crate::{doors::ProjectPass, error::Problem, routes::views::EmbeddingView};

pub async fn show(pass: ProjectPass<UseProjects>) -> Result<Json<EmbeddingView>, Problem> {
    Ok(Json(pass.send(ShowEmbedding).await?.into()))
}
