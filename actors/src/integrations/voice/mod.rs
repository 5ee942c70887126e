//! Voice agents: where they send their calls, what becomes of a call, and what they ask in the middle of one.

pub mod address;
pub mod call;
mod handle;
pub mod keys;
pub mod question;
pub mod receive;
pub mod set_up;
mod transcripts;

use entities::{ConversationId, EndpointId, StoreError, TenantTx, voice_endpoint};

use super::derived;
use crate::webhooks::VoiceProvider;

/// What begins the name of each endpoint's events.
pub(crate) const SOURCE: &str = "voice";

/// How an endpoint's events are known.
pub(crate) fn source_of(endpoint: EndpointId) -> String {
    format!("{SOURCE}.{endpoint}")
}

/// The endpoint that a source names.
pub(crate) fn endpoint_of(source: &str) -> Option<EndpointId> {
    let (kind, endpoint) = source.split_once('.')?;
    endpoint.parse().ok().filter(|_| kind == SOURCE)
}

/// How the events of endpoints are known whose provider signs no time: what one of them sent proves itself as long as its secret is good, so
/// that it must be known as long that it came.
pub(crate) async fn timeless(tx: &TenantTx) -> Result<Vec<String>, StoreError> {
    let mut sources = Vec::new();
    for provider in VoiceProvider::all().filter(|provider| !provider.signs_time()) {
        sources.extend(voice_endpoint::of_provider(tx, provider.as_str()).await?.into_iter().map(source_of));
    }
    Ok(sources)
}

/// The conversation of a call: always the same one, whatever arrives first, and however often.
pub(crate) fn conversation_of(endpoint: EndpointId, call: &str) -> ConversationId {
    derived(&[b"pernoex call v1", endpoint.uuid().as_bytes(), call.as_bytes()]).into()
}
