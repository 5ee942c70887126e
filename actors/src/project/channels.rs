//! Questions that come by another channel than the dashboard and the widget.

use entities::{ConversationId, EventId, MessageId, StoreError, VisitorId, conversation, message};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::{
    ProjectActor,
    conversations::SealedTurn,
    questions::{Answered, Asker, writer},
};
use crate::{contain::Serve, fault::Fault, request};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Slack,
    Voice,
}

impl Channel {
    /// As conversations name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Voice => "voice",
        }
    }
}

/// Answers a question that a provider brings, and stores both. With a `thread` it goes on in that conversation, or begins the one of that
/// id: whoever derives the id from the provider's own need not remember it.
pub struct AskFrom {
    pub channel: Channel,
    pub question: String,
    pub thread: Option<ConversationId>,
    pub visitor: Option<VisitorId>,
    /// What brought the question. Asked with it again, after whatever went wrong, nothing is stored twice and the answer is the stored one.
    pub once: Option<EventId>,
}

/// The ids of a question and its answer that follow from what brought them. They begin with its time, as other ids do, and the answer's
/// comes next after the question's: turns of one moment stay in order.
fn turns_of(event: EventId) -> (MessageId, MessageId) {
    let hash = Sha256::digest(event.uuid().as_bytes());
    let mut bytes = *event.uuid().as_bytes();
    for (byte, mixed) in bytes.iter_mut().zip(hash).skip(9) {
        *byte = mixed;
    }
    // The last bit is free, so that the next number differs in nothing else.
    bytes[15] &= 0xfe;
    let question = u128::from_be_bytes(bytes);
    (uuid::Uuid::from_u128(question).into(), uuid::Uuid::from_u128(question | 1).into())
}

request! { AskFrom => Answered, needs System, patience = 120; }

impl ProjectActor {
    async fn stored_answer(&self, id: MessageId) -> Result<Option<Answered>, Fault> {
        let project = self.id();
        let found = self.db().read(async |tx| message::find(tx, project, id).await).await?;
        let Some(found) = found else { return Ok(None) };
        let turn: SealedTurn = self.open_json("message", "sealed", id.uuid(), &found.sealed)?;
        Ok(Some(Answered {
            conversation: found.conversation,
            message: id,
            answered: found.outcome.as_deref() == Some("answered"),
            text: turn.answer_text(),
            citations: turn.citations,
            closest: turn.closest,
            written_by: writer(turn.written_by.as_deref()),
            curated: turn.curated,
        }))
    }

    /// Whether there is such a conversation. `NotFound` for one of another channel.
    async fn goes_on(&self, thread: ConversationId, channel: Channel) -> Result<bool, Fault> {
        let project = self.id();
        let found = self.db().read(async |tx| conversation::find(tx, project, thread).await).await?;
        match found {
            Some(found) if found.channel == channel.as_str() => Ok(true),
            Some(_) => Err(Fault::NotFound),
            None => Ok(false),
        }
    }
}

impl Serve<AskFrom> for ProjectActor {
    async fn serve(&self, ask: AskFrom) -> Result<Answered, Fault> {
        let turns = ask.once.map(turns_of);
        if let Some((_, answer)) = turns
            && let Some(stored) = self.stored_answer(answer).await?
        {
            return Ok(stored);
        }
        let mut again = false;
        loop {
            let known = match ask.thread {
                Some(thread) => self.goes_on(thread, ask.channel).await?,
                None => false,
            };
            let asker = Asker {
                channel: ask.channel.as_str(),
                visitor: ask.visitor,
                origin: None,
                person: None,
                issued_at: None,
                page: None,
                conversation: ask.thread.filter(|_| known),
                begins: ask.thread.filter(|_| !known),
                turns,
            };
            // Nobody reads along.
            let (events, _) = mpsc::channel(1);
            match self.answer(&ask.question, asker, events).await {
                // Two questions began the same conversation: now it is there. Or it is another project's, and stays so.
                Err(Fault::Storage(StoreError::Conflict)) if again => return Err(Fault::NotFound),
                Err(Fault::Storage(StoreError::Conflict)) if !known => again = true,
                answered => return answered,
            }
        }
    }
}
