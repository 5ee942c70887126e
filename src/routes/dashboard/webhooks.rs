//! Webhooks that the project sends.

use std::str::FromStr;

use actix_web::{
    HttpResponse,
    web::{Json, Path, Query},
};
use actors::{
    DeliveryId, Fault, Rule, WebhookId,
    project::webhooks::{
        ChangeWebhook, CreateWebhook, DeleteWebhook, ListWebhooks, RotateWebhookSecret,
        deliveries::{ListDeliveries, ReplayDelivery, SendTestEvent, ShowDelivery},
    },
    role::ManageProjects,
};
use serde::Deserialize;

use crate::{
    doors::ProjectPass,
    error::Problem,
    routes::views::{DeliveriesView, DeliveryPage, DeliveryView, NewWebhook, WebhookPatch, WebhookSecretView, WebhookView, Webhooks},
};

/// What is no id names nothing here.
fn id<T: FromStr>(text: &str) -> Result<T, Problem> {
    text.parse().map_err(|_| Problem::Fault(Fault::NotFound))
}

pub async fn list(pass: ProjectPass<ManageProjects>) -> Result<Json<Webhooks>, Problem> {
    Ok(Json(Webhooks::of(pass.send(ListWebhooks).await?)))
}

pub async fn create(pass: ProjectPass<ManageProjects>, body: Json<NewWebhook>) -> Result<HttpResponse, Problem> {
    let NewWebhook { url, description, events } = body.into_inner();
    let by = pass.by();
    let create = CreateWebhook {
        by,
        url,
        description: description.unwrap_or_default(),
        events,
    };
    // Each look-up of a name that somebody chose is a question to the operator's resolver.
    pass.workspace().count_here(Rule::WEBHOOK_SEND, "").await?;
    Ok(HttpResponse::Created().json(WebhookSecretView::from(pass.send(create).await?)))
}

pub async fn change(
    pass: ProjectPass<ManageProjects>,
    path: Path<(String, String)>,
    body: Json<WebhookPatch>,
) -> Result<Json<WebhookView>, Problem> {
    let WebhookPatch {
        url,
        description,
        events,
        paused,
    } = body.into_inner();
    let change = ChangeWebhook {
        by: pass.by(),
        webhook: id(&path.1)?,
        url,
        description,
        events,
        paused,
    };
    pass.workspace().count_here(Rule::WEBHOOK_SEND, "").await?;
    Ok(Json(pass.send(change).await?.into()))
}

pub async fn delete(pass: ProjectPass<ManageProjects>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let delete = DeleteWebhook {
        by: pass.by(),
        webhook: id(&path.1)?,
    };
    pass.send(delete).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn rotate(pass: ProjectPass<ManageProjects>, path: Path<(String, String)>) -> Result<Json<WebhookSecretView>, Problem> {
    let rotate = RotateWebhookSecret {
        by: pass.by(),
        webhook: id(&path.1)?,
    };
    Ok(Json(pass.send(rotate).await?.into()))
}

pub async fn test(pass: ProjectPass<ManageProjects>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let webhook: WebhookId = id(&path.1)?;
    pass.workspace().count_here(Rule::WEBHOOK_SEND, "").await?;
    let sent = pass.send(SendTestEvent(webhook)).await?;
    Ok(HttpResponse::Created().json(DeliveryView::from(sent)))
}

#[derive(Deserialize)]
pub struct Which {
    limit: Option<u64>,
    before: Option<DeliveryId>,
}

pub async fn deliveries(
    pass: ProjectPass<ManageProjects>,
    path: Path<(String, String)>,
    which: Query<Which>,
) -> Result<Json<DeliveriesView>, Problem> {
    let list = ListDeliveries {
        webhook: id(&path.1)?,
        before: which.before,
        limit: which.limit.unwrap_or(20),
    };
    Ok(Json(pass.send(list).await?.into()))
}

pub async fn delivery(pass: ProjectPass<ManageProjects>, path: Path<(String, String, String)>) -> Result<Json<DeliveryPage>, Problem> {
    let show = ShowDelivery {
        webhook: id(&path.1)?,
        delivery: id(&path.2)?,
    };
    let (delivery, body) = pass.send(show).await?;
    Ok(Json(DeliveryPage {
        delivery: delivery.into(),
        body,
    }))
}

pub async fn replay(pass: ProjectPass<ManageProjects>, path: Path<(String, String, String)>) -> Result<Json<DeliveryView>, Problem> {
    let replay = ReplayDelivery {
        webhook: id(&path.1)?,
        delivery: id(&path.2)?,
    };
    pass.workspace().count_here(Rule::WEBHOOK_SEND, "").await?;
    Ok(Json(pass.send(replay).await?.into()))
}
