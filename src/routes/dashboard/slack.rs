//! Slack: teams, their channels, and what came in.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::LOCATION,
    web::{Data, Json, Path, Query},
};
use actors::{
    Fault, SlackInstallationId,
    integrations::{
        retry::{RetryEvent, SentBy},
        slack::{DisconnectSlack, ListSlack, PutSlackChannel, RemoveSlackChannel, Return},
    },
    role::ManageProjects,
};

use crate::{
    doors::{Gate, Pass, back_from_slack, slack_manifest},
    error::Problem,
    routes::views::{ProviderAway, SlackAnswer, SlackChannelBody, SlackTeamView, SlackTicket, SlackView},
};

/// What is no id names nothing here.
fn installation(text: &str) -> Result<SlackInstallationId, Problem> {
    text.parse().map_err(|_| Problem::Fault(Fault::NotFound))
}

pub async fn show(pass: Pass<ManageProjects>, gate: Data<Gate>, request: HttpRequest) -> Result<Json<SlackView>, Problem> {
    let found = pass.integrate(ListSlack).await?;
    Ok(Json(SlackView::of(found, slack_manifest(&gate, &request))))
}

pub async fn begin(pass: Pass<ManageProjects>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let away = pass.go_to_slack(&request).await?;
    Ok(HttpResponse::Ok().cookie(away.cookie).json(ProviderAway { url: away.url }))
}

/// On to the page that finishes. What it is told stands behind the #: in no server's log, and in no Referer.
pub async fn back(gate: Data<Gate>, request: HttpRequest, answer: Query<SlackAnswer>) -> Result<HttpResponse, Problem> {
    let answer = answer.into_inner();
    let back = Return {
        state: answer.state.unwrap_or_default(),
        code: answer.code,
        error: answer.error,
    };
    let told = back_from_slack(&gate, &request, back).await?;
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, format!("/workspace/slack#{told}")))
        .finish())
}

pub async fn connect(pass: Pass<ManageProjects>, request: HttpRequest, body: Json<SlackTicket>) -> Result<HttpResponse, Problem> {
    let connected = pass.connect_slack(&body.ticket, &request).await?;
    Ok(HttpResponse::Created().json(SlackTeamView::from(connected)))
}

pub async fn disconnect(pass: Pass<ManageProjects>, path: Path<String>) -> Result<HttpResponse, Problem> {
    let disconnect = DisconnectSlack {
        by: pass.by(),
        installation: installation(&path)?,
    };
    pass.integrate(disconnect).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn put_channel(pass: Pass<ManageProjects>, path: Path<String>, body: Json<SlackChannelBody>) -> Result<HttpResponse, Problem> {
    let SlackChannelBody { channel, name, project } = body.into_inner();
    let put = PutSlackChannel {
        by: pass.by(),
        installation: installation(&path)?,
        channel,
        name,
        project,
    };
    pass.integrate(put).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn remove_channel(pass: Pass<ManageProjects>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let (team, channel) = path.into_inner();
    let remove = RemoveSlackChannel {
        by: pass.by(),
        installation: installation(&team)?,
        channel,
    };
    pass.integrate(remove).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn retry(pass: Pass<ManageProjects>, event: Path<String>) -> Result<HttpResponse, Problem> {
    let retry = RetryEvent {
        of: SentBy::Slack,
        event: event.parse().map_err(|_| Problem::Fault(Fault::NotFound))?,
    };
    pass.integrate(retry).await?;
    Ok(HttpResponse::NoContent().finish())
}
