//! What each event says. Asked for only when somebody listens. `true` when something was stored to be sent.

use entities::{ConversationId, DocumentId, MessageId, TenantTx, conversation, documents, message};
use serde_json::{Value, json};

use super::Event;
use crate::{
    fault::Fault,
    knowledge::answer::safe,
    project::{
        ProjectActor,
        questions::{Answered, Cited},
    },
};

fn sources(cited: &[Cited]) -> Vec<Value> {
    let sources = cited
        .iter()
        .map(|source| json!({ "document": source.document, "title": source.title, "section": source.section, "link": source.link }));
    sources.collect()
}

impl ProjectActor {
    pub(in crate::project) async fn tell_unanswered(
        &self,
        tx: &TenantTx,
        question: &str,
        channel: &str,
        answered: &Answered,
    ) -> Result<bool, Fault> {
        let listening = self.listening(tx, Event::QuestionUnanswered).await?;
        if listening.is_nobody() {
            return Ok(false);
        }
        let data = json!({
            "project": self.id(),
            "conversation": answered.conversation,
            "message": answered.message,
            "channel": channel,
            "question": question,
            "closest": sources(&answered.closest),
        });
        self.announce(tx, Event::QuestionUnanswered, &listening, &data).await?;
        Ok(true)
    }

    /// Of each answer once: somebody may change their mind as often as they like.
    pub(in crate::project) async fn tell_unhelpful(&self, tx: &TenantTx, id: ConversationId, answer: MessageId) -> Result<bool, Fault> {
        let listening = self.listening(tx, Event::FeedbackNegative).await?;
        if listening.is_nobody() || !message::tell_once(tx, self.id(), answer).await? {
            return Ok(false);
        }
        let found = conversation::find(tx, self.id(), id).await?;
        let mut turns = message::of_conversation(tx, self.id(), id).await?;
        turns.truncate(turns.iter().position(|turn| turn.id == answer).map_or(0, |at| at + 1));
        let answered = turns.pop().ok_or(Fault::NotFound)?;
        let asked = turns.into_iter().rev().find(|turn| turn.role == "visitor");
        let question = asked.map(|turn| self.turn(turn)).transpose()?.map(|turn| turn.text);
        let answered = self.turn(answered)?;
        let data = json!({
            "project": self.id(),
            "conversation": id,
            "message": answer,
            "channel": found.map(|found| found.channel),
            "question": question,
            "answer": safe::plain(&safe::read(&answered.text), true),
            "sources": sources(&answered.citations),
        });
        self.announce(tx, Event::FeedbackNegative, &listening, &data).await?;
        Ok(true)
    }

    pub(in crate::project) async fn tell_failed(
        &self,
        tx: &TenantTx,
        document: DocumentId,
        (code, detail): (&str, &str),
    ) -> Result<bool, Fault> {
        let listening = self.listening(tx, Event::DocumentFailed).await?;
        if listening.is_nobody() {
            return Ok(false);
        }
        let name = documents::find(tx, self.id(), document).await?.map(|found| found.name);
        let data = json!({
            "project": self.id(),
            "document": { "id": document, "name": name },
            "failure": { "code": code, "detail": detail },
        });
        self.announce(tx, Event::DocumentFailed, &listening, &data).await?;
        Ok(true)
    }
}
