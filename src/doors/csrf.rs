//! Against cross-site request forgery: whoever changes something in a session proves that this site's own page asked.
//! Mounted by the route table on every state-changing route, so that no handler can forget it.

use actix_session::{Session, SessionExt};
use actix_web::{
    Error, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{CONTENT_TYPE, HOST, HeaderValue, ORIGIN},
    middleware::Next,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Gate, sessions::NONCE};
use crate::error::Problem;

const HEADER: &str = "x-csrf-token";

fn mac(gate: &Gate, session: &Session) -> Option<Hmac<Sha256>> {
    let nonce: String = session.get(NONCE).ok().flatten()?;
    let mut mac = gate.csrf_key.open(Hmac::<Sha256>::new_from_slice).ok()?;
    mac.update(nonce.as_bytes());
    Some(mac)
}

/// The token of this session. Derived from a nonce in the session, under a key of the server: a stored session does not reveal it.
pub fn csrf_token(gate: &Gate, session: &Session) -> Option<String> {
    Some(BASE64_URL_SAFE_NO_PAD.encode(mac(gate, session)?.finalize().into_bytes()))
}

fn text<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers().get(name).map(|value| value.to_str().unwrap_or(""))
}

/// A browser says where a request comes from. A program that is no browser says nothing, and has no cookie to be misused.
pub(super) fn is_same_origin(gate: &Gate, request: &HttpRequest) -> bool {
    if text(request, "sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    match (text(request, ORIGIN.as_str()), &gate.public_origin) {
        (None, _) => true,
        (Some(origin), Some(public)) => origin == public,
        (Some(origin), None) => {
            let host = text(request, HOST.as_str()).or_else(|| request.uri().authority().map(|authority| authority.as_str()));
            origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host)
        }
    }
}

/// For routes that change something in a session.
///
/// # Errors
/// `CsrfFailed` unless the request comes from this origin and carries the session's token. Without a session the route itself refuses.
pub async fn with_token(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let gate = Gate::of(request.request())?;
    if !is_same_origin(&gate, request.request()) {
        return Err(Problem::CsrfFailed.into());
    }
    if let Some(mac) = mac(&gate, &request.get_session()) {
        let given = text(request.request(), HEADER).and_then(|token| BASE64_URL_SAFE_NO_PAD.decode(token).ok());
        if given.is_none_or(|given| mac.verify_slice(&given).is_err()) {
            return Err(Problem::CsrfFailed.into());
        }
    }
    next.call(request).await
}

/// For the routes that begin a session: nothing to steal yet, but nobody is to be signed in to another's account either.
///
/// # Errors
/// `CsrfFailed` for a request from another site, or one that a form could have made.
pub async fn same_origin(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let gate = Gate::of(request.request())?;
    let json = request
        .headers()
        .get(CONTENT_TYPE)
        .map(HeaderValue::as_bytes)
        .is_some_and(|kind| kind.starts_with(b"application/json"));
    if !json || !is_same_origin(&gate, request.request()) {
        return Err(Problem::CsrfFailed.into());
    }
    next.call(request).await
}
