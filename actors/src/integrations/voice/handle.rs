//! Seeing to what a voice agent sent.

use entities::inbound_event::{End, Event};

use super::{
    conversation_of, endpoint_of,
    transcripts::{Told, read},
};
use crate::{
    fault::Fault,
    integrations::{IntegrationActor, events::Pending},
    project::calls::StoreCall,
    webhooks::VoiceProvider,
};

impl IntegrationActor {
    /// Makes a conversation of a call. What is stored, and that the event is done, is one transaction of the project's.
    pub(in crate::integrations) async fn see_to_call(&self, event: &Event, body: &[u8], pending: Pending) -> Result<(), Fault> {
        let gone = "The endpoint was disconnected.";
        let (Some(endpoint), Some(project)) = (endpoint_of(&event.source), event.project) else {
            return self.end(pending, End::Failed(gone)).await;
        };
        let row = self
            .db()
            .read(async |tx| entities::voice_endpoint::find(tx, endpoint).await)
            .await?;
        let Some(provider) = row.and_then(|row| VoiceProvider::parse(&row.provider)) else {
            return self.end(pending, End::Failed(gone)).await;
        };
        let call = match read(provider, body) {
            Ok(Told::Call(call)) => *call,
            Ok(Told::Nothing(why)) => return self.end(pending, End::Ignored(why)).await,
            Err(why) => return self.end(pending, End::Failed(why)).await,
        };
        let conversation = conversation_of(endpoint, &call.id);
        let store = StoreCall {
            pending,
            endpoint,
            conversation,
            received_at: event.received_at,
            call,
        };
        match self.projects().get(project).await {
            Ok(project) => project.ask(store).await,
            Err(Fault::NotFound) => self.end(pending, End::Failed("The project was deleted.")).await,
            Err(fault) => Err(fault),
        }
    }
}
