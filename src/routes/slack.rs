//! What Slack itself sends: verified by its door, stored, acknowledged.

use actix_web::{HttpResponse, http::header::ContentType, web::Data};
use actors::{
    integrations::slack::{Incoming, read_action, read_event},
    webhooks::Slack,
};

use crate::{
    doors::{Gate, Webhook, hear_slack},
    error::Problem,
};

fn unreadable() -> Problem {
    Problem::InvalidBody("It is signed, but not of a shape that is known here.".into())
}

pub async fn events(gate: Data<Gate>, Webhook(message): Webhook<Slack>) -> Result<HttpResponse, Problem> {
    match read_event(message.body()).ok_or_else(unreadable)? {
        Incoming::Challenge(challenge) => Ok(HttpResponse::Ok().content_type(ContentType::plaintext()).body(challenge)),
        Incoming::Limited => {
            tracing::warn!("Slack limits the events of a team");
            Ok(HttpResponse::Ok().finish())
        }
        incoming => {
            hear_slack(&gate, incoming).await?;
            Ok(HttpResponse::Ok().finish())
        }
    }
}

pub async fn actions(gate: Data<Gate>, Webhook(message): Webhook<Slack>) -> Result<HttpResponse, Problem> {
    hear_slack(&gate, read_action(message.body()).ok_or_else(unreadable)?).await?;
    Ok(HttpResponse::Ok().finish())
}
