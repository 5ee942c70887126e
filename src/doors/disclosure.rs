//! The way in of those who report vulnerabilities. They have no account; afterwards their private link's token is all that they bring.

use std::{future::Future, pin::Pin, sync::Arc};

use actix_web::{
    Error, FromRequest, HttpRequest,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    http::header::AUTHORIZATION,
    middleware::Next,
};
use actors::disclosure::{Disclosure, ReportToken};

use super::{Gate, csrf::is_same_origin, proxies::address_of};
use crate::error::Problem;

/// Somebody, whoever they are.
pub struct Reporting {
    pub disclosure: Arc<Disclosure>,
    /// Counted, and not kept.
    pub address: String,
}

impl FromRequest for Reporting {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = Gate::of(request).map(|gate| Self {
            disclosure: gate.disclosure.clone(),
            address: address_of(request),
        });
        Box::pin(std::future::ready(found))
    }
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The token of a private link, in the header that logs know to leave out.
pub struct Bearer(pub ReportToken);

impl FromRequest for Bearer {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let token = ReportToken::of(bearer(request).unwrap_or_default());
        std::future::ready(Ok(Self(token)))
    }
}

/// For files, which are no JSON: a page elsewhere can send a form, but not this header.
///
/// # Errors
/// `CsrfFailed` for a request from another site, or one that a form could have made.
pub async fn same_origin_by_bearer(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let gate = Gate::of(request.request())?;
    if bearer(request.request()).is_none() || !is_same_origin(&gate, request.request()) {
        return Err(Problem::CsrfFailed.into());
    }
    next.call(request).await
}
