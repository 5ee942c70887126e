//! The door of voice agents. The path says whose endpoint it is and proves that we made it; the message is proved by the endpoint's secret.

use std::{future::Future, pin::Pin, sync::Arc};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use actors::{
    Fault, Rule,
    integrations::{
        IntegrationsRef,
        events::Received,
        voice::{
            keys::{EndpointKeys, KeysOf},
            question::{AnswerInCall, Question},
            receive::ReceiveCall,
        },
    },
    tenant::Tenant,
    webhooks::{Verified, Voice, VoiceProvider},
};
use serde_json::Value;

use super::{
    Gate,
    webhook::{claimed, count_refusal, read_body, refuse},
};
use crate::error::Problem;

/// A voice agent's message that proved itself. It can be stored, or answered, and leads to nothing else.
///
/// ```
/// async fn take(pass: pernoex::doors::VoicePass) {
///     let _ = pass.accept().await;
/// }
/// ```
/// ```compile_fail,E0451
/// fn forge(pass: pernoex::doors::VoicePass) -> pernoex::doors::VoicePass {
///     pernoex::doors::VoicePass { message: unimplemented!(), ..pass }
/// }
/// ```
/// ```compile_fail,E0616
/// fn integrations(pass: pernoex::doors::VoicePass) -> actors::integrations::IntegrationsRef {
///     pass.integrations
/// }
/// ```
pub struct VoicePass {
    /// Held, so that the tenant stays while it answers.
    _tenant: Arc<Tenant>,
    integrations: IntegrationsRef,
    keys: Arc<EndpointKeys>,
    provider: VoiceProvider,
    message: Verified<Voice>,
}

impl VoicePass {
    /// Stores the message, to be seen to. What was stored before is accepted again, and nothing more.
    ///
    /// # Errors
    /// When it cannot be stored: the provider is to send it again.
    pub async fn accept(self) -> Result<Received, Problem> {
        let receive = ReceiveCall {
            proof: self.keys.behind(&self.message),
            keys: self.keys,
            external_id: self.message.id(),
            payload: self.message.into_body(),
        };
        Ok(self.integrations.ask(receive).await?)
    }

    /// Answers the question in the message, in the form that its agent reads.
    ///
    /// # Errors
    /// `Invalid` when no question is in it, `AlreadyReceived`; what the project answers.
    pub async fn answer(self) -> Result<Value, Problem> {
        // What signs no time could be asked again and again by whoever saw it once.
        if !self.provider.signs_time() {
            return Err(Problem::Fault(Fault::NotFound));
        }
        let question = Question::read(self.provider, self.message.body())?;
        let ask = AnswerInCall {
            proof: self.keys.behind(&self.message),
            keys: self.keys,
            external_id: self.message.imprint(),
            question: question.clone(),
        };
        let answered = self.integrations.ask(ask).await?;
        Ok(question.answered(self.provider, &answered))
    }
}

/// Tells those who set an agent up that its messages are refused before their secret is looked at: with a clock that is wrong, none comes
/// further.
async fn note_refusal(gate: &Gate, address: &str, problem: &Problem) -> Result<(), Problem> {
    let Problem::Unverified(rejection) = problem else { return Ok(()) };
    let (tenant, endpoint) = gate.registry.by_voice_address(address).await?;
    let keys = tenant.integrations().await?.ask(KeysOf { endpoint, doubted: false }).await?;
    keys.refuse(*rejection, gate.identity.now());
    Ok(())
}

async fn enter(gate: &Gate, request: &HttpRequest, mut payload: Payload) -> Result<VoicePass, Problem> {
    let address = request.match_info().get("endpoint").unwrap_or_default();
    let Some(provider) = gate.registry.voice_provider(address) else {
        count_refusal(request, "voice", "unknown_address");
        return Err(Problem::Fault(Fault::NotFound));
    };
    let source = provider.as_str();
    // Most forged ones end here, and now and then one is noted. Which header holds Vapi's signature is to be read first.
    let early = match provider {
        VoiceProvider::Vapi => None,
        _ => claimed(gate, request, Voice::of(provider, None)).err(),
    };
    if let Some(problem) = early {
        // What is answered is the same whether it was noted or not: it would tell whether others had sent something there lately.
        if gate.limits.check(Rule::VOICE_REFUSAL_NOTE, address).await.is_ok() {
            match note_refusal(gate, address, &problem).await {
                Ok(()) | Err(Problem::Fault(Fault::NotFound)) => {}
                Err(_) => tracing::warn!("a refused message of a voice agent could not be noted"),
            }
        }
        return Err(problem);
    }
    let (tenant, endpoint) = gate.registry.by_voice_address(address).await?;
    let integrations = tenant.integrations().await?;
    let keys = integrations.ask(KeysOf { endpoint, doubted: false }).await?;
    let now = gate.identity.now();
    let noted = |problem: Problem| {
        if let Problem::Unverified(rejection) = &problem {
            keys.refuse(*rejection, now);
        }
        problem
    };
    let claim = claimed(gate, request, Voice::of(provider, keys.header().map(str::to_owned))).map_err(noted)?;
    let body = read_body(request, &mut payload, source).await.map_err(noted)?;
    let first = match claim.prove(keys.keys(), body) {
        Ok(message) => {
            gate.limits.check(Rule::VOICE_AGENT, address).await?;
            return Ok(VoicePass {
                _tenant: tenant,
                integrations,
                keys,
                provider,
                message,
            });
        }
        Err(unproved) => *unproved,
    };
    // Another node may have another secret by now.
    let keys = integrations.ask(KeysOf { endpoint, doubted: true }).await?;
    match first.claimed.prove(keys.keys(), first.body) {
        Ok(message) => {
            gate.limits.check(Rule::VOICE_AGENT, address).await?;
            Ok(VoicePass {
                _tenant: tenant,
                integrations,
                keys,
                provider,
                message,
            })
        }
        Err(unproved) => {
            keys.refuse(unproved.rejection, now);
            Err(refuse(request, source, unproved.rejection))
        }
    }
}

impl FromRequest for VoicePass {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let gate = Gate::of(&request)?;
            enter(&gate, &request, payload).await
        })
    }
}
