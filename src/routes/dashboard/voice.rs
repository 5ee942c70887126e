//! Setting up voice agents.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Json, Path},
};
use actors::{
    EndpointId, Fault, SecretBytes,
    integrations::{
        retry::{RetryEvent, SentBy},
        voice::set_up::{ConnectVoice, DisconnectVoice, ListVoice, ReplaceVoiceSecret},
    },
    role::ManageProjects,
};

use crate::{
    doors::{Gate, ProjectPass},
    error::Problem,
    routes::views::{VoiceAgentView, VoiceAgents, VoiceConnected, VoiceConnection, VoiceSecret},
};

/// The endpoint that the path names.
fn agent(path: &(String, String)) -> Result<EndpointId, Problem> {
    path.1.parse().map_err(|_| Problem::Fault(Fault::NotFound))
}

pub async fn list(pass: ProjectPass<ManageProjects>, gate: Data<Gate>, request: HttpRequest) -> Result<Json<VoiceAgents>, Problem> {
    let origin = gate.origin_for(&request);
    let agents = pass.integrate(ListVoice).await?;
    Ok(Json(VoiceAgents {
        agents: agents.into_iter().map(|agent| VoiceAgentView::of(agent, &origin)).collect(),
    }))
}

pub async fn connect(
    pass: ProjectPass<ManageProjects>,
    gate: Data<Gate>,
    request: HttpRequest,
    body: Json<VoiceConnection>,
) -> Result<HttpResponse, Problem> {
    let VoiceConnection { provider, header } = body.into_inner();
    let by = pass.by();
    let connected = pass
        .integrate(|project| ConnectVoice {
            by,
            project,
            provider,
            header,
        })
        .await?;
    let view = VoiceConnected::of(connected, &gate.origin_for(&request));
    Ok(HttpResponse::build(StatusCode::CREATED).json(view))
}

pub async fn replace_secret(
    pass: ProjectPass<ManageProjects>,
    gate: Data<Gate>,
    request: HttpRequest,
    path: Path<(String, String)>,
    body: Json<VoiceSecret>,
) -> Result<Json<VoiceConnected>, Problem> {
    let endpoint = agent(&path)?;
    let secret = body.into_inner().secret.map(|secret| SecretBytes::new(secret.as_bytes().to_vec()));
    let by = pass.by();
    let connected = pass
        .integrate(|project| ReplaceVoiceSecret {
            by,
            project,
            endpoint,
            secret,
        })
        .await?;
    Ok(Json(VoiceConnected::of(connected, &gate.origin_for(&request))))
}

pub async fn disconnect(pass: ProjectPass<ManageProjects>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let endpoint = agent(&path)?;
    let by = pass.by();
    pass.integrate(|project| DisconnectVoice { by, project, endpoint }).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn retry(pass: ProjectPass<ManageProjects>, path: Path<(String, String, String)>) -> Result<HttpResponse, Problem> {
    let (_, agent, event) = path.into_inner();
    let gone = || Problem::Fault(Fault::NotFound);
    let (endpoint, event) = (agent.parse().map_err(|_| gone())?, event.parse().map_err(|_| gone())?);
    pass.integrate(|project| RetryEvent {
        of: SentBy::Agent { project, endpoint },
        event,
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
