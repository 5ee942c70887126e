//! What a voice agent asks in the middle of a call. It is answered at once, from what the project knows.

use std::sync::Arc;

use entities::{
    CredentialId, EventId, StoreError,
    inbound_event::{self, NewEvent},
};
use serde_json::{Value, json};

use super::{
    conversation_of,
    keys::{EndpointKeys, still},
    source_of,
};
use crate::{
    contain::Serve,
    fault::{Fault, Invalid},
    integrations::IntegrationActor,
    knowledge::answer::safe,
    project::{
        channels::{AskFrom, Channel},
        questions::Answered,
    },
    request,
    webhooks::VoiceProvider,
};

/// A question that `keys` proved.
pub struct AnswerInCall {
    pub keys: Arc<EndpointKeys>,
    /// The one that did.
    pub proof: Option<CredentialId>,
    /// Of the message: what is sent again word for word is not answered again.
    pub external_id: String,
    pub question: Question,
}

request! { AnswerInCall => Answered, needs System, patience = 60; }

/// What is asked, and in which call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub text: String,
    call: Option<String>,
    /// How the provider names this one of its agent's calls of a tool.
    tool_call: Option<String>,
}

fn unreadable() -> Fault {
    let reason = "Send the question in the form that docs/voice.md describes for this provider.";
    Fault::invalid(Invalid::QuestionEmpty, "question", reason)
}

impl Question {
    /// Reads a proved message.
    ///
    /// # Errors
    /// `Invalid` when no question is in it.
    pub fn read(provider: VoiceProvider, body: &[u8]) -> Result<Self, Fault> {
        let value: Value = serde_json::from_slice(body).map_err(|_| unreadable())?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (question, call, tool_call) = match provider {
            VoiceProvider::Retell => (text(&value["args"]["question"]), text(&value["call"]["call_id"]), None),
            VoiceProvider::Vapi => {
                let message = &value["message"];
                let tool = &message["toolCallList"][0];
                let arguments = [&tool["arguments"], &tool["function"]["arguments"]];
                // Some of its versions send the arguments as text.
                let asked = arguments.into_iter().find_map(|arguments| {
                    let inner = || serde_json::from_str::<Value>(arguments.as_str()?).ok();
                    text(&arguments["question"]).or_else(|| text(&inner()?["question"]))
                });
                (asked, text(&message["call"]["id"]), text(&tool["id"]))
            }
            VoiceProvider::ElevenLabs => (text(&value["question"]), text(&value["conversation_id"]), None),
            VoiceProvider::Bland | VoiceProvider::Standard => (text(&value["question"]), text(&value["call_id"]), None),
        };
        let usable = |call: &String| !call.is_empty() && call.len() <= 255;
        Ok(Self {
            text: question.ok_or_else(unreadable)?,
            call: call.filter(usable),
            tool_call,
        })
    }

    /// The answer in the form that the provider's agent reads.
    #[must_use]
    pub fn answered(&self, provider: VoiceProvider, answer: &Answered) -> Value {
        let spoken = speakable(&answer.text);
        if provider == VoiceProvider::Vapi {
            return json!({ "results": [{ "toolCallId": self.tool_call, "result": spoken }] });
        }
        let sources = answer
            .citations
            .iter()
            .map(|cited| json!({ "title": cited.title, "section": cited.section, "link": cited.link }));
        json!({ "answer": spoken, "answered": answer.answered, "sources": sources.collect::<Vec<_>>() })
    }
}

/// Without marks, nor the numbers that point to sources: nobody is to hear them.
fn speakable(text: &str) -> String {
    safe::plain(&safe::read(text), false)
}

impl Serve<AnswerInCall> for IntegrationActor {
    async fn serve(&self, ask: AnswerInCall) -> Result<Answered, Fault> {
        let AnswerInCall {
            keys,
            proof,
            external_id,
            question,
        } = ask;
        let (source, now) = (source_of(keys.endpoint), self.now());
        // Known by what was signed, time included: the same question a little later is another one.
        let (event, external_id) = (EventId::new(), format!("question {external_id}"));
        let noted = self.db().write(async |tx| {
            still(tx, keys.endpoint, proof, now).await?;
            let event = NewEvent {
                id: event,
                source: &source,
                external_id: &external_id,
                project: Some(keys.project),
                sealed: Vec::new(),
            };
            inbound_event::note(tx, event, now).await?;
            Ok::<_, Fault>(())
        });
        match noted.await {
            Err(Fault::Storage(StoreError::Conflict)) => return Err(Fault::AlreadyReceived),
            Err(Fault::Storage(StoreError::Orphan)) => return Err(Fault::NotFound),
            Err(fault) => {
                self.voice.forget(keys.endpoint);
                return Err(fault);
            }
            Ok(()) => {}
        }
        let ask = AskFrom {
            channel: Channel::Voice,
            question: question.text,
            thread: question.call.as_deref().map(|call| conversation_of(keys.endpoint, call)),
            visitor: None,
            once: Some(event),
        };
        let answered = match self.projects().get(keys.project).await {
            Ok(project) => project.ask(ask).await,
            Err(fault) => Err(fault),
        };
        // Nobody was told anything: an agent that asks again, word for word, is to have its answer.
        if answered.is_err()
            && let Err(error) = self.db().write(async |tx| inbound_event::forget(tx, event).await).await
        {
            tracing::warn!(%error, "a question that failed is still known");
        }
        answered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spoken_has_no_marks_of_sources() {
        assert_eq!(speakable("Open Settings [1], then Export [2][13]."), "Open Settings, then Export.");
        assert_eq!(speakable("An [option] and [] and [1"), "An [option] and [] and [1");
        assert_eq!(speakable("ö [1]ü"), "öü");
    }

    #[test]
    fn a_question_is_found_in_each_provider_s_form() {
        let asked = |provider, value: Value| Question::read(provider, value.to_string().as_bytes()).unwrap();
        let retell = json!({ "name": "ask", "args": { "question": "How?" }, "call": { "call_id": "c" } });
        let standard = json!({ "question": "How?", "call_id": "c" });
        let elevenlabs = json!({ "question": "How?", "conversation_id": "c" });
        let vapi = json!({ "message": { "type": "tool-calls", "call": { "id": "c" },
            "toolCallList": [{ "id": "t", "name": "ask", "arguments": { "question": "How?" } }] } });
        let vapi_text = json!({ "message": { "type": "tool-calls", "call": { "id": "c" },
            "toolCallList": [{ "id": "t", "function": { "name": "ask", "arguments": "{\"question\":\"How?\"}" } }] } });
        for (provider, value) in [
            (VoiceProvider::Retell, retell),
            (VoiceProvider::Standard, standard),
            (VoiceProvider::ElevenLabs, elevenlabs),
            (VoiceProvider::Vapi, vapi),
            (VoiceProvider::Vapi, vapi_text),
        ] {
            let found = asked(provider, value);
            assert_eq!((found.text.as_str(), found.call.as_deref()), ("How?", Some("c")), "{provider:?}");
        }
        assert!(Question::read(VoiceProvider::Standard, b"{}").is_err());
        assert!(Question::read(VoiceProvider::Standard, b"\xff").is_err());
    }
}
