//! What providers of knowledge tell by themselves: verified by its door, stored, acknowledged.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use actors::{
    sources::{github, notion},
    webhooks::GitHub,
};

use crate::{
    doors::{FromNotion, Gate, Webhook, hear_told},
    error::Problem,
};

fn unreadable() -> Problem {
    Problem::InvalidBody("It is signed, but not of a shape that is known here.".into())
}

pub async fn github(gate: Data<Gate>, request: HttpRequest, Webhook(message): Webhook<GitHub>) -> Result<HttpResponse, Problem> {
    let event = request.headers().get("x-github-event").and_then(|name| name.to_str().ok());
    let told = github::read_told(event.unwrap_or_default(), message.body()).ok_or_else(unreadable)?;
    hear_told(&gate, told, message.id()).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn notion(gate: Data<Gate>, message: FromNotion) -> Result<HttpResponse, Problem> {
    if let FromNotion::Event(message) = message {
        let told = notion::read_told(message.body()).ok_or_else(unreadable)?;
        hear_told(&gate, told, message.id()).await?;
    }
    Ok(HttpResponse::NoContent().finish())
}
