//! What an endpoint was sent.

use std::sync::Arc;

use entities::CredentialId;

use super::{
    keys::{EndpointKeys, still},
    source_of,
};
use crate::{
    contain::Serve,
    fault::Fault,
    integrations::{
        IntegrationActor,
        events::{Receive, Received},
    },
    request,
};

/// Stores what an endpoint was sent and `keys` proved. Acknowledge it only after this.
pub struct ReceiveCall {
    pub keys: Arc<EndpointKeys>,
    /// The one that did.
    pub proof: Option<CredentialId>,
    pub external_id: String,
    pub payload: Vec<u8>,
}

request! { ReceiveCall => Received, needs System; }

impl Serve<ReceiveCall> for IntegrationActor {
    async fn serve(&self, call: ReceiveCall) -> Result<Received, Fault> {
        let (keys, proof, now) = (call.keys, call.proof, self.now());
        let receive = Receive {
            source: source_of(keys.endpoint),
            external_id: call.external_id,
            project: Some(keys.project),
            payload: call.payload,
        };
        let received = self.receive(&receive, async |tx| still(tx, keys.endpoint, proof, now).await).await;
        if received.is_err() {
            self.voice.forget(keys.endpoint);
        }
        received
    }
}
