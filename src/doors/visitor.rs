//! The widget's door: a project's public key, an allowed origin, and, but for beginning a visit, the visitor's own token.

use std::{future::Future, pin::Pin, sync::Arc};

use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header::{self, AUTHORIZATION, HeaderMap, HeaderValue, ORIGIN},
    middleware::Next,
};
use actors::{
    ConversationId, Fault, Limits, MessageId, Rule,
    project::{
        conversations::{Feedback, OwnConversation, OwnFeedback, Turn},
        hand_off::HandOver,
        questions::{AnswerEvent, Answered, VisitorAsk},
        visitors::{AdmitVisitor, BeginVisit, CheckOrigin, Guest, Visit},
        widget::logo::{Logo, VisitorLogo},
    },
    tenant::{ProjectRef, Tenant},
};
use tokio::sync::mpsc;
use tracing::{Instrument, debug_span};

use super::{Gate, proxies::address_of};
use crate::error::Problem;

/// Someone on an allowed page, not yet known. May begin a visit.
///
/// ```
/// async fn begin(pass: pernoex::doors::VisitPass) {
///     let _ = pass.begin(None, None).await;
/// }
/// ```
/// ```compile_fail,E0599
/// async fn ask(pass: pernoex::doors::VisitPass, events: tokio::sync::mpsc::Sender<actors::project::questions::AnswerEvent>) {
///     let asking = pernoex::doors::Asking { question: "Anything?".into(), page: None, new_conversation: false };
///     let _ = pass.ask(asking, events).await;
/// }
/// ```
/// ```compile_fail,E0423
/// fn forge() -> pernoex::doors::VisitPass {
///     pernoex::doors::VisitPass(unimplemented!())
/// }
/// ```
pub struct VisitPass(Place);

/// A visitor. May ask, read their own conversation, say whether an answer helped, ask for a person, and see the team's logo: there is no
/// method for anything else.
///
/// ```
/// async fn read(pass: pernoex::doors::VisitorPass) {
///     let _ = pass.conversation().await;
/// }
/// ```
/// ```compile_fail,E0451
/// fn become_another(pass: pernoex::doors::VisitorPass, guest: actors::project::visitors::Guest) -> pernoex::doors::VisitorPass {
///     pernoex::doors::VisitorPass { guest, ..pass }
/// }
/// ```
/// ```compile_fail,E0616
/// fn project(pass: pernoex::doors::VisitorPass) -> actors::tenant::ProjectRef {
///     pass.place.project
/// }
/// ```
/// ```compile_fail,E0599
/// async fn manage(pass: pernoex::doors::VisitorPass, by: actors::audit::By) {
///     let _ = pass.send(actors::project::widget::RotatePublicKey { by }).await;
/// }
/// ```
pub struct VisitorPass {
    place: Place,
    guest: Guest,
}

struct Place {
    /// Held, so that the tenant stays while it answers.
    _tenant: Arc<Tenant>,
    project: ProjectRef,
    origin: String,
    /// Public key and network address, as limits know who comes.
    comes_from: String,
    limits: Arc<Limits>,
}

/// What a visitor asks, and from where.
pub struct Asking {
    pub question: String,
    /// The address of the page that they are on.
    pub page: Option<String>,
    pub new_conversation: bool,
}

/// Asking for a person.
pub struct Handing {
    pub email: String,
    pub message: String,
    pub page: Option<String>,
    pub new_conversation: bool,
}

/// Left in the request once its origin was allowed, for the layer that writes the response's headers.
struct Allowed(HeaderValue);

impl Place {
    /// The project that the path's key leads to, after `admit` had it look at the page's origin, with what that found.
    async fn find<T>(
        request: &HttpRequest,
        admit: impl AsyncFnOnce(&ProjectRef, String) -> Result<T, Fault>,
    ) -> Result<(Self, T), Problem> {
        let gate = Gate::of(request)?;
        let key = request
            .match_info()
            .get("key")
            .filter(|key| key.len() == 46 && key.starts_with("pk_"));
        let key = key.ok_or(Problem::Fault(Fault::NotFound))?;
        let (tenant, project) = gate.registry.by_public_key(key).await?;
        // The server decides, not the browser: a request without an allowed origin gets no answer to keep from anyone.
        let header = request.headers().get(ORIGIN).cloned();
        let origin = header.as_ref().and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let admitted = admit(&project, origin.clone()).await?;
        if let Some(header) = header {
            request.extensions_mut().insert(Allowed(header));
        }
        let comes_from = format!("{key} {}", address_of(request));
        gate.limits.check(Rule::WIDGET_ADDRESS, &comes_from).await?;
        gate.limits.check(Rule::WIDGET_KEY, key).await?;
        let place = Self {
            _tenant: tenant,
            project,
            origin,
            comes_from,
            limits: gate.limits.clone(),
        };
        Ok((place, admitted))
    }
}

async fn check_origin(project: &ProjectRef, origin: String) -> Result<(), Fault> {
    project.ask(CheckOrigin { origin }).await
}

impl VisitPass {
    /// # Errors
    /// What the project answers.
    pub async fn begin(&self, earlier: Option<String>, user: Option<String>) -> Result<Visit, Problem> {
        Ok(self
            .0
            .project
            .ask(BeginVisit {
                origin: self.0.origin.clone(),
                earlier,
                user,
            })
            .await?)
    }
}

impl VisitorPass {
    /// # Errors
    /// What the project answers.
    pub async fn ask(self, asking: Asking, events: mpsc::Sender<AnswerEvent>) -> Result<Answered, Problem> {
        let ask = VisitorAsk {
            question: asking.question,
            guest: self.guest,
            origin: self.place.origin,
            page: asking.page,
            new_conversation: asking.new_conversation,
            events,
        };
        Ok(self.place.project.ask(ask).await?)
    }

    /// # Errors
    /// What the project answers.
    pub async fn conversation(&self) -> Result<Vec<Turn>, Problem> {
        Ok(self.place.project.ask(OwnConversation(self.guest.visitor)).await?)
    }

    /// # Errors
    /// `NotFound` for an answer that was given to someone else.
    pub async fn feedback(&self, message: MessageId, helpful: Option<bool>) -> Result<(), Problem> {
        let feedback = Feedback { message, helpful };
        Ok(self
            .place
            .project
            .ask(OwnFeedback {
                visitor: self.guest.visitor,
                feedback,
            })
            .await?)
    }

    /// # Errors
    /// `TooMany` of one visitor, one address or all together; what the project answers.
    pub async fn hand_over(self, handing: Handing) -> Result<ConversationId, Problem> {
        let Place {
            project,
            limits,
            comes_from,
            ..
        } = &self.place;
        let key = comes_from.split(' ').next().unwrap_or_default();
        limits
            .check(Rule::HAND_OFF_VISITOR, &format!("{key} {}", self.guest.visitor))
            .await?;
        limits.check(Rule::HAND_OFF_ADDRESS, comes_from).await?;
        limits.check(Rule::HAND_OFF_KEY, key).await?;
        let over = HandOver {
            guest: self.guest,
            origin: self.place.origin.clone(),
            page: handing.page,
            email: handing.email,
            message: handing.message,
            new_conversation: handing.new_conversation,
        };
        Ok(project.ask(over).await?)
    }

    /// # Errors
    /// `NotFound` when there is none.
    pub async fn logo(&self) -> Result<Logo, Problem> {
        Ok(self.place.project.ask(VisitorLogo).await?)
    }
}

type Admission<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl FromRequest for VisitPass {
    type Error = Problem;
    type Future = Admission<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Ok(Self(Place::find(&request, check_origin).await?.0)) })
    }
}

impl FromRequest for VisitorPass {
    type Error = Problem;
    type Future = Admission<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        let admission = async move {
            let token = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
            let token = token.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default().to_owned();
            // Origin and token in one message: the project's row is read once.
            let admit = async |project: &ProjectRef, origin| project.ask(AdmitVisitor { origin, token }).await;
            let (place, guest) = Place::find(&request, admit).await?;
            let guest = guest.ok_or(Problem::Fault(Fault::VisitorTokenInvalid))?;
            Ok(Self { place, guest })
        }
        .instrument(debug_span!("door"));
        Box::pin(admission)
    }
}

fn let_read(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("retry-after, x-request-id"),
    );
}

/// Lets the page read the response, if its origin was allowed: problems included, so that the widget can explain them.
///
/// # Errors
/// What the route answers.
pub async fn cross_origin(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let seen = request.request().clone();
    let mut response = match next.call(request).await {
        Ok(response) => response.map_into_left_body(),
        Err(error) => ServiceResponse::new(seen.clone(), error.error_response()).map_into_right_body(),
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    if let Some(Allowed(origin)) = seen.extensions_mut().remove::<Allowed>() {
        let_read(headers, origin);
    }
    Ok(response)
}

/// Answers a browser that asks beforehand whether it may.
///
/// # Errors
/// `NotFound` for an unknown key, `OriginNotAllowed` for a page that is not listed.
pub async fn preflight(request: HttpRequest) -> Result<HttpResponse, Problem> {
    Place::find(&request, check_origin).await?;
    let mut response = HttpResponse::NoContent();
    response.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"));
    response.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"));
    response.insert_header((header::ACCESS_CONTROL_MAX_AGE, "600"));
    Ok(response.finish())
}
