//! Calls of voice agents, as conversations.

use entities::{
    ConversationId, EndpointId, MessageId, Millis, TenantTx, conversation,
    inbound_event::End,
    message,
    voice_call::{self, VoiceCall},
};

use super::{ProjectActor, channels::Channel, conversations::SealedTurn};
use crate::{
    contain::Serve,
    fault::Fault,
    integrations::{
        derived,
        events::Pending,
        voice::call::{Call, CallResult, Spoken},
    },
    request,
};

/// Stores a call that is over, and ends the event that told of it, in one transaction. Told again, it adds what was not known.
pub(crate) struct StoreCall {
    pub pending: Pending,
    pub endpoint: EndpointId,
    pub conversation: ConversationId,
    pub received_at: Millis,
    pub call: Call,
}

/// What is known of a call besides its turns; `None` for a conversation that was none.
pub struct ShowCall(pub ConversationId);

pub struct CallView {
    pub duration_s: Option<i32>,
    pub result: CallResult,
}

request! {
    StoreCall => (), needs System, exclusive, patience = 60;
    ShowCall => Option<CallView>, needs Member;
}

/// Older than what anyone reports.
const OLDEST_MS: Millis = 400 * message::DAY_MS;
const CALLER: &str = "caller";
const AGENT: &str = "agent";

/// When a call began: as the provider says, if that can be; else reckoned from when it was told of.
fn began(call: &Call, received_at: Millis) -> Millis {
    let reckoned = received_at - Millis::from(call.duration_s.unwrap_or(0)) * 1000;
    let said = call.started_at.filter(|at| (received_at - OLDEST_MS..=received_at).contains(at));
    said.unwrap_or(reckoned)
}

/// When each turn was spoken. No two at once: their order is their time's.
fn moments(turns: &[Spoken], began: Millis) -> Vec<Millis> {
    let mut last = began - 1;
    let moments = turns.iter().map(|turn| {
        last = (began + turn.at.unwrap_or(0)).max(last + 1);
        last
    });
    moments.collect()
}

fn title(call: &Call) -> String {
    let first = call.turns.iter().find(|turn| turn.by_caller).map(|turn| turn.text.as_str());
    let title = first.or(call.result.summary.as_deref()).unwrap_or("A call without words");
    title.chars().take(200).collect()
}

impl ProjectActor {
    async fn known_result(&self, tx: &TenantTx, id: ConversationId) -> Result<Option<(Option<i32>, CallResult)>, Fault> {
        let Some(row) = voice_call::find(tx, self.id(), id).await? else {
            return Ok(None);
        };
        let result = self.open_json("voice_call", "sealed", id.uuid(), &row.sealed)?;
        Ok(Some((row.duration_s, result)))
    }

    async fn store_call(&self, tx: &TenantTx, store: &StoreCall, now: Millis) -> Result<(), Fault> {
        let (project, id, call) = (self.id(), store.conversation, &store.call);
        let began = began(call, store.received_at);
        let moments = moments(&call.turns, began);
        let ended = moments.last().copied().unwrap_or(began);
        if conversation::find(tx, project, id).await?.is_none() {
            let title = self.seal("conversation", "title", id.uuid(), title(call).as_bytes())?;
            let begun = conversation::Conversation {
                started_at: began,
                last_at: ended,
                ..conversation::Conversation::begun(id, Channel::Voice.as_str(), title, now)
            };
            conversation::insert(tx, project, begun).await?;
        } else {
            conversation::touch(tx, project, id, now).await?;
        }
        let known = message::of_conversation(tx, project, id).await?;
        let known = known.iter().filter(|turn| turn.role == CALLER || turn.role == AGENT).count();
        for (n, (turn, at)) in call.turns.iter().zip(moments).enumerate().skip(known) {
            let turn_id: MessageId = derived(&[b"pernoex turn v1", id.uuid().as_bytes(), &n.to_be_bytes()]).into();
            let sealed = SealedTurn {
                text: turn.text.clone(),
                ..SealedTurn::default()
            };
            let row = message::Message {
                id: turn_id,
                conversation: id,
                role: if turn.by_caller { CALLER } else { AGENT }.into(),
                sealed: self.seal_json("message", "sealed", turn_id.uuid(), &sealed)?,
                outcome: None,
                helpful: None,
                visitor: None,
                latency_ms: None,
                created_at: at,
            };
            message::insert(tx, project, row, &[]).await?;
        }
        let (duration_s, result) = match self.known_result(tx, id).await? {
            Some((duration, earlier)) => (call.duration_s.or(duration), call.result.clone().after(earlier)),
            None => (call.duration_s, call.result.clone()),
        };
        let row = VoiceCall {
            conversation: id,
            endpoint: store.endpoint,
            duration_s,
            sealed: self.seal_json("voice_call", "sealed", id.uuid(), &result)?,
        };
        voice_call::store(tx, project, row).await?;
        if store.pending.end(tx, End::Done, now).await? {
            Ok(())
        } else {
            // Another worker was quicker: what it stored stays, and nothing of this.
            Err(Fault::Internal("lost lease"))
        }
    }
}

impl Serve<StoreCall> for ProjectActor {
    async fn serve(&self, mut store: StoreCall) -> Result<(), Fault> {
        let now = self.now();
        let masked = self.all_masked(store.call.texts().map(std::mem::take).collect()).await?;
        for (text, masked) in store.call.texts().zip(masked) {
            *text = masked;
        }
        self.db().write(async |tx| self.store_call(tx, &store, now).await).await
    }
}

impl Serve<ShowCall> for ProjectActor {
    async fn serve(&self, ShowCall(id): ShowCall) -> Result<Option<CallView>, Fault> {
        let found = self.db().read(async |tx| self.known_result(tx, id).await).await?;
        Ok(found.map(|(duration_s, result)| CallView { duration_s, result }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(at: Option<Millis>) -> Spoken {
        Spoken {
            by_caller: true,
            text: "Hello".into(),
            at,
        }
    }

    #[test]
    fn turns_keep_their_order_whatever_their_times_say() {
        let turns = [turn(Some(0)), turn(None), turn(Some(5000)), turn(Some(4000)), turn(Some(6000))];
        assert_eq!(moments(&turns, 100), [100, 101, 5100, 5101, 6100]);
    }

    #[test]
    fn a_call_s_beginning_is_believed_only_if_it_can_be() {
        let call = |started_at, duration_s| Call {
            started_at,
            duration_s,
            ..Call::default()
        };
        let now = 1_700_000_000_000;
        assert_eq!(began(&call(Some(now - 60_000), Some(42)), now), now - 60_000);
        for never in [None, Some(now + 1), Some(0), Some(Millis::MAX), Some(Millis::MIN)] {
            assert_eq!(began(&call(never, Some(42)), now), now - 42_000, "{never:?}");
        }
    }
}
