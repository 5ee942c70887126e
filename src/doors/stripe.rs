//! Taking in what Stripe sends.

use actors::billing::{Incoming, SOURCE};

use super::{Gate, webhook::store};
use crate::error::Problem;

/// Stores what Stripe sent for the tenant that its customer is. What is of nobody here is acknowledged and forgotten: other products may
/// share the account at Stripe.
///
/// # Errors
/// When it cannot be stored, so that Stripe sends it again.
pub async fn hear_stripe(gate: &Gate, incoming: Incoming) -> Result<(), Problem> {
    let Incoming::Event {
        external_id,
        customer,
        payload,
    } = incoming
    else {
        return Ok(());
    };
    store(gate.registry.by_stripe_customer(&customer).await, SOURCE, external_id, payload).await
}
