//! The outermost layer: turns panics and refusals into problem documents, names the request, and sets what every response carries.

use std::panic::AssertUnwindSafe;

use actix_web::{
    Error, HttpMessage, HttpResponse, ResponseError,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    error::InternalError,
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    web::Data,
};
use futures_util::FutureExt;
use tracing_actix_web::RequestId;

use crate::{
    doors::{Gate, noting_unwritten},
    error::Description,
};

/// # Errors
/// Whatever goes wrong further in, as a finished response.
pub async fn every_response(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
    let peer = request.peer_addr().map(|peer| peer.ip());
    let secure = request
        .app_data::<Data<Gate>>()
        .is_some_and(|gate| gate.is_https(peer, request.headers()));
    let cacheable = matches!(request.path(), "/widget.js") || request.path().starts_with("/assets/");
    // Nothing may hold the request here: the router needs it to itself.
    let (answered, unwritten) = noting_unwritten(AssertUnwindSafe(next.call(request)).catch_unwind()).await;
    match answered {
        Ok(Ok(response)) => {
            let (request, response) = response.map_into_boxed_body().into_parts();
            Ok(ServiceResponse::new(request, finish(response, &id, (cacheable, secure))))
        }
        Ok(Err(error)) => {
            let response = match unwritten {
                Some(problem) => problem.error_response(),
                None => error.error_response(),
            };
            Err(InternalError::from_response(error.to_string(), finish(response, &id, (cacheable, secure))).into())
        }
        Err(_) => {
            tracing::error!("a handler panicked");
            let response = HttpResponse::InternalServerError().finish();
            Err(InternalError::from_response("panic", finish(response, &id, (cacheable, secure))).into())
        }
    }
}

fn finish(mut response: HttpResponse, id: &str, (cacheable, secure): (bool, bool)) -> HttpResponse {
    if response.status().is_client_error() || response.status().is_server_error() {
        response = explain(response, id);
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    protect(headers, cacheable);
    if secure {
        // Two years. Only where a setting or a trusted proxy says that browsers come by TLS: elsewhere it would lock them out.
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=63072000; includeSubDomains"),
        );
    }
    response
}

fn explain(response: HttpResponse, id: &str) -> HttpResponse {
    let status = response.status();
    let described = response.extensions().get::<Description>().cloned();
    let description = described.unwrap_or_else(|| Description::of_status(status));
    let mut explained = HttpResponse::build(status);
    explained.content_type("application/problem+json");
    if let Some(seconds) = description.retry_after {
        explained.insert_header((header::RETRY_AFTER, seconds.to_string()));
    }
    let mut explained = explained.body(serde_json::to_string(&description.document(id)).unwrap_or_default());
    // Cookies, CORS and the like were decided further in.
    for (name, value) in response
        .headers()
        .iter()
        .filter(|(name, _)| **name != header::CONTENT_TYPE && **name != header::CONTENT_LENGTH)
    {
        explained.headers_mut().append(name.clone(), value.clone());
    }
    explained
}

/// What a response did not set for itself.
fn protect(headers: &mut HeaderMap, cacheable: bool) {
    let defaults = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
        ("x-frame-options", "DENY"),
    ];
    for (name, value) in defaults {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if !cacheable && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}
