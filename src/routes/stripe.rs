//! What Stripe itself sends: verified by its door, stored, acknowledged.

use actix_web::{HttpResponse, web::Data};
use actors::{
    billing::{Incoming, read_event},
    webhooks::Stripe,
};

use crate::{
    doors::{Gate, Webhook, hear_stripe},
    error::Problem,
};

pub async fn events(gate: Data<Gate>, Webhook(message): Webhook<Stripe>) -> Result<HttpResponse, Problem> {
    match read_event(message.body()) {
        None => Err(Problem::InvalidBody("It is signed, but not of a shape that is known here.".into())),
        Some(Incoming::Thin) => Err(Problem::InvalidBody(
            "Thin events are not taken here. Choose the snapshot payload style for this address at Stripe.".into(),
        )),
        Some(incoming) => {
            hear_stripe(&gate, incoming).await?;
            Ok(HttpResponse::NoContent().finish())
        }
    }
}
