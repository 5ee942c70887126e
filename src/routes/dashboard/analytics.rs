//! Figures.

use actix_web::{
    HttpResponse,
    http::header::{ContentDisposition, DispositionParam, DispositionType},
    web::{Json, Query},
};
use actors::{
    project::analytics::{Analytics, Span, gaps::ListGaps, table::csv},
    role::Member,
};
use chrono::NaiveDate;
use serde::Deserialize;

use crate::{
    doors::ProjectPass,
    error::Problem,
    routes::views::{AnalyticsView, GapsView, date, day_of},
};

#[derive(Deserialize)]
pub struct Days {
    days: Option<u16>,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    stale_days: Option<u16>,
}

impl Days {
    /// From one date to the other, or so many days.
    fn span(&self) -> Span {
        match (self.from, self.to) {
            (Some(from), Some(to)) => Span::From(day_of(from), day_of(to)),
            _ => Span::Last(self.days.unwrap_or(30)),
        }
    }

    fn report(&self) -> Analytics {
        Analytics {
            span: self.span(),
            stale_days: self.stale_days.unwrap_or(180),
        }
    }
}

pub async fn show(pass: ProjectPass<Member>, days: Query<Days>) -> Result<Json<AnalyticsView>, Problem> {
    Ok(Json(pass.send(days.report()).await?.into()))
}

pub async fn gaps(pass: ProjectPass<Member>, days: Query<Days>) -> Result<Json<GapsView>, Problem> {
    Ok(Json(pass.send(ListGaps { span: days.span() }).await?.into()))
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Json,
    Csv,
}

#[derive(Deserialize)]
pub struct Wanted {
    format: Option<Format>,
}

pub async fn export(pass: ProjectPass<Member>, days: Query<Days>, wanted: Query<Wanted>) -> Result<HttpResponse, Problem> {
    let report = pass.send(days.report()).await?;
    let format = wanted.format.unwrap_or(Format::Csv);
    let ending = match format {
        Format::Json => "json",
        Format::Csv => "csv",
    };
    let name = format!("analytics-{}-to-{}.{ending}", date(report.from), date(report.to));
    let attachment = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(name)],
    };
    let mut response = HttpResponse::Ok();
    response.insert_header(attachment);
    Ok(match format {
        Format::Json => response.json(AnalyticsView::from(report)),
        Format::Csv => response.content_type("text/csv; charset=utf-8").body(csv(&report)),
    })
}
