//! Figures.

use actix_web::web::{Json, Query};
use actors::{project::analytics::Analytics, role::Member};
use serde::Deserialize;

use crate::{doors::ProjectPass, error::Problem, routes::views::AnalyticsView};

#[derive(Deserialize)]
pub struct Span {
    days: Option<u16>,
}

pub async fn show(pass: ProjectPass<Member>, span: Query<Span>) -> Result<Json<AnalyticsView>, Problem> {
    Ok(Json(
        pass.send(Analytics {
            days: span.days.unwrap_or(30),
        })
        .await?
        .into(),
    ))
}
