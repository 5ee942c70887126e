//! What is kept of a question and its answer.

use entities::{
    ConversationId, DocumentId, MessageId, Millis, ProjectId, TenantTx, VisitorId, conversation, curated_answer, message, model_use,
    visitor_bar,
};

use super::{
    super::{ProjectActor, conversations::SealedTurn},
    Answered, Asker, LIMIT,
};
use crate::{billing::count_answer, fault::Fault, language_model::Usage};

/// Refuses to store anything of a visitor of the widget who was erased since they were let in. Elsewhere a visitor has no token that could
/// be dead, and is the same one after as before.
pub(in super::super) async fn require_not_erased(
    tx: &TenantTx,
    project: ProjectId,
    visitor: Option<VisitorId>,
    issued_at: Option<Millis>,
) -> Result<(), Fault> {
    let (Some(visitor), Some(issued_at)) = (visitor, issued_at) else {
        return Ok(());
    };
    match visitor_bar::since(tx, project, visitor).await? {
        Some(since) if since >= issued_at => Err(Fault::VisitorTokenInvalid),
        _ => Ok(()),
    }
}

impl ProjectActor {
    /// Stores the question, in a new conversation unless it continues one.
    pub(super) async fn store_question(&self, question: &str, asker: &Asker) -> Result<(ConversationId, MessageId), Fault> {
        let (project, now) = (self.id(), self.now());
        let id = asker.turns.map_or_else(MessageId::new, |(question, _)| question);
        let known = asker.conversation;
        let conversation = known.or(asker.begins).unwrap_or_default();
        let turn = SealedTurn {
            text: question.to_owned(),
            ..SealedTurn::default()
        };
        let message = message::Message {
            id,
            conversation,
            role: "visitor".into(),
            sealed: self.seal_json("message", "sealed", id.uuid(), &turn)?,
            outcome: None,
            helpful: None,
            visitor: asker.visitor,
            latency_ms: None,
            created_at: now,
        };
        let title: String = question.chars().take(200).collect();
        let title = self.seal("conversation", "title", conversation.uuid(), title.as_bytes())?;
        let person = self.sealed_person(conversation, asker.person.as_ref())?;
        self.db()
            .write(async |tx| {
                require_not_erased(tx, project, asker.visitor, asker.issued_at).await?;
                // Asked before, and only the answer is missing.
                if asker.turns.is_some() && message::find(tx, project, id).await?.is_some() {
                    return Ok(());
                }
                if known.is_none() {
                    let begun = conversation::Conversation {
                        visitor: asker.visitor,
                        origin: asker.origin.clone(),
                        page: asker.page.clone(),
                        person,
                        ..conversation::Conversation::begun(conversation, asker.channel, title, now)
                    };
                    conversation::insert(tx, project, begun).await?;
                } else if let Some(person) = person {
                    // They may have said who they are since it began.
                    conversation::set_person(tx, project, conversation, person).await?;
                }
                message::insert(tx, project, message, &[]).await?;
                let step = conversation::Step {
                    questions: 1,
                    ..Default::default()
                };
                conversation::count(tx, conversation, step, Some(now)).await?;
                Ok::<_, Fault>(())
            })
            .await?;
        Ok((conversation, id))
    }

    /// Stores an answer with how long it took, and what a language model took for it.
    pub(super) async fn store_answer(
        &self,
        question: &str,
        asker: &Asker,
        answered: Answered,
        (latency_ms, usage): (i64, Option<Usage>),
    ) -> Result<Answered, Fault> {
        let (project, now) = (self.id(), self.now());
        let turn = SealedTurn {
            text: answered.text.clone(),
            citations: answered.citations.clone(),
            closest: answered.closest.clone(),
            written_by: Some(answered.written_by.into()),
            curated: answered.curated,
            form: 1,
        };
        let message = message::Message {
            id: answered.message,
            conversation: answered.conversation,
            role: "assistant".into(),
            sealed: self.seal_json("message", "sealed", answered.message.uuid(), &turn)?,
            outcome: Some(if answered.answered { "answered" } else { "unanswered" }.into()),
            helpful: None,
            visitor: asker.visitor,
            latency_ms: i32::try_from(latency_ms).ok(),
            created_at: now,
        };
        let cited: Vec<DocumentId> = answered.citations.iter().filter_map(|cited| cited.document).collect();
        let step = conversation::Step {
            // What the plan has no room for is not for the team to answer.
            unanswered: i32::from(!answered.answered && answered.written_by != LIMIT),
            ..Default::default()
        };
        let billing = self.seed.engine.billing.as_deref().filter(|_| answered.answered);
        let spent = usage.map(|usage| self.spent(usage));
        let told = self.db().write(async |tx: &TenantTx| {
            require_not_erased(tx, project, asker.visitor, asker.issued_at).await?;
            count_answer(billing, tx, now).await?;
            message::insert(tx, project, message, &cited).await?;
            conversation::count(tx, answered.conversation, step, Some(now)).await?;
            if let Some(curated) = answered.curated {
                curated_answer::used(tx, project, curated, now).await?;
            }
            if let Some(spent) = spent {
                model_use::add(tx, project, spent).await?;
            }
            // What the plan has no room for is no gap in what is known.
            match answered.answered || answered.written_by == LIMIT {
                true => Ok(false),
                false => self.tell_unanswered(tx, question, asker.channel, &answered).await,
            }
        });
        if told.await? {
            self.ring_outward();
        }
        Ok(answered)
    }
}
