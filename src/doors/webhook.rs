//! The providers' door. A message is let in by its signature alone: its address is counted, its headers are looked at, its body is read up
//! to a bound and proved, and only then does anything parse it or ask the database.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use actix_web::{
    Error, FromRequest, HttpRequest,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header::{CONTENT_LENGTH, HeaderMap, HeaderValue},
    middleware::Next,
    web::Data,
};
use actors::{
    Fault, Rule,
    integrations::events::Receive,
    tenant::Tenant,
    webhooks::{Claimed, GitHub, Headers, Keys, MOST_BYTES, Notion, Rejection, Sender, Slack, Stripe, Verified},
};
use futures_util::StreamExt;

use super::{Gate, proxies::address_of};
use crate::{error::Problem, metrics::HttpMetrics};

/// How long a body may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// What its sender signed, where the sender's secret is a setting of this installation.
///
/// ```compile_fail,E0277
/// // There is nothing to prove here.
/// fn handler(_: impl actix_web::FromRequest) {}
/// fn any(message: actors::webhooks::Verified<actors::webhooks::Slack>) { handler(message) }
/// ```
pub struct Webhook<S>(pub Verified<S>);

/// A sender whose secret is a setting.
pub trait Configured: Sender + Default + 'static {
    /// Names it in the log.
    const SETTING: &'static str;
    fn keys(signing: &Signing) -> &Keys;
}

/// The secrets of senders, of which there is one an installation.
#[derive(Default)]
pub struct Signing {
    pub slack: Keys,
    pub stripe: Keys,
    pub github: Keys,
    pub notion: Keys,
}

impl Configured for Slack {
    const SETTING: &'static str = "SLACK_SIGNING_SECRET";
    fn keys(signing: &Signing) -> &Keys {
        &signing.slack
    }
}

impl Configured for Stripe {
    const SETTING: &'static str = "STRIPE_WEBHOOK_SECRET";
    fn keys(signing: &Signing) -> &Keys {
        &signing.stripe
    }
}

impl Configured for GitHub {
    const SETTING: &'static str = "GITHUB_WEBHOOK_SECRET";
    fn keys(signing: &Signing) -> &Keys {
        &signing.github
    }
}

impl Configured for Notion {
    const SETTING: &'static str = "NOTION_WEBHOOK_TOKEN";
    fn keys(signing: &Signing) -> &Keys {
        &signing.notion
    }
}

struct Given<'a>(&'a HeaderMap);

impl Headers for Given<'_> {
    fn all(&self, name: &str) -> Vec<&[u8]> {
        self.0.get_all(name).map(HeaderValue::as_bytes).collect()
    }
}

/// Counts a message that is not taken. The log says nothing of it: anyone can send any number of them.
pub(super) fn refuse(request: &HttpRequest, source: &'static str, rejection: Rejection) -> Problem {
    count_refusal(request, source, rejection.as_str());
    Problem::Unverified(rejection)
}

pub(super) fn count_refusal(request: &HttpRequest, source: &'static str, reason: &'static str) {
    if let Some(metrics) = request.app_data::<Data<HttpMetrics>>() {
        metrics.reject(source, reason);
    }
}

/// What the headers claim, without a look at the body.
pub(super) fn claimed<S: Sender>(gate: &Gate, request: &HttpRequest, sender: S) -> Result<Claimed<S>, Problem> {
    let source = sender.source();
    Claimed::read(sender, &Given(request.headers()), gate.identity.now()).map_err(|why| refuse(request, source, why))
}

/// The raw body, if it is not too large: as it came, byte by byte.
pub(super) async fn read_body(request: &HttpRequest, payload: &mut Payload, source: &'static str) -> Result<Vec<u8>, Problem> {
    let length = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MOST_BYTES) {
        return Err(refuse(request, source, Rejection::TooLarge));
    }
    let mut body = Vec::with_capacity(length.unwrap_or(0));
    let read = async {
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Problem::InvalidBody("The body could not be read.".into()))?;
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(refuse(request, source, Rejection::TooLarge));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(())
    };
    match tokio::time::timeout(PATIENCE, read).await {
        Ok(read) => read?,
        Err(_) => {
            count_refusal(request, source, "too_slow");
            return Err(Problem::BodyTooSlow);
        }
    }
    Ok(body)
}

async fn receive<S: Configured>(gate: &Gate, request: &HttpRequest, mut payload: Payload) -> Result<Verified<S>, Problem> {
    let sender = S::default();
    let (source, keys) = (sender.source(), S::keys(&gate.signing));
    if !keys.are_set() {
        gate.say_once(S::SETTING);
        return Err(refuse(request, source, Rejection::NotConfigured));
    }
    let claimed = claimed(gate, request, sender)?;
    let body = read_body(request, &mut payload, source).await?;
    claimed
        .prove(keys, body)
        .map_err(|unproved| refuse(request, source, unproved.rejection))
}

impl<S: Configured> FromRequest for Webhook<S> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let gate = Gate::of(&request)?;
            Ok(Self(receive(&gate, &request, payload).await?))
        })
    }
}

/// Counts what is refused of the address that it comes from, and beyond a limit says no more than that. What proves itself is not
/// counted: the forgeries of some are not to shut out the providers of others.
///
/// # Errors
/// `TooMany`.
pub async fn counted_by_address(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let gate = Gate::of(request.request())?;
    let address = address_of(request.request());
    let answered = next.call(request).await;
    let status = match &answered {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    if status.is_client_error() {
        gate.limits.check(Rule::WEBHOOK_REFUSED, &address).await.map_err(Problem::from)?;
    }
    answered
}

/// Stores what `source` sent for the tenant that it is for. What is for nobody here is acknowledged and forgotten.
pub(super) async fn store(whose: Result<Arc<Tenant>, Fault>, source: &str, external_id: String, payload: Vec<u8>) -> Result<(), Problem> {
    let tenant = match whose {
        Err(Fault::NotFound) => return Ok(()),
        tenant => tenant?,
    };
    let receive = Receive {
        source: source.to_owned(),
        external_id,
        project: None,
        payload,
    };
    tenant.integrations().await?.ask(receive).await?;
    Ok(())
}
