//! The outermost layer: turns panics and refusals into problem documents, names the request, and sets what every response carries.

use std::panic::AssertUnwindSafe;

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
};
use futures_util::FutureExt;
use tracing_actix_web::RequestId;

use crate::error::Description;

/// # Errors
/// None: whatever goes wrong becomes a response.
pub async fn every_response(request: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    let seen = request.request().clone();
    let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
    let is_page = matches!(request.path(), "/widget.js" | "/healthz" | "/readyz") || request.path().starts_with("/assets/");
    let outcome = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    let mut response = match outcome {
        Ok(Ok(response)) => response.map_into_boxed_body(),
        Ok(Err(error)) => ServiceResponse::new(seen, error.error_response()),
        Err(_) => {
            tracing::error!("a handler panicked");
            let mut response = HttpResponse::InternalServerError().finish();
            response.extensions_mut().insert(Description::internal());
            ServiceResponse::new(seen, response)
        }
    };
    if response.status().is_client_error() || response.status().is_server_error() {
        response = explain(response, &id);
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    protect(headers, is_page);
    Ok(response)
}

fn explain(response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let described = response.response().extensions().get::<Description>().cloned();
    let description = described.unwrap_or_else(|| Description::of_status(status));
    let headers = response.headers().clone();
    let mut explained = HttpResponse::build(status);
    explained.content_type("application/problem+json");
    if let Some(seconds) = description.retry_after {
        explained.insert_header((header::RETRY_AFTER, seconds.to_string()));
    }
    let body = serde_json::to_string(&description.document(id)).unwrap_or_default();
    let mut explained = explained.body(body);
    // Cookies, CORS and the like were decided further in.
    for (name, value) in headers.iter().filter(|(name, _)| **name != header::CONTENT_TYPE && **name != header::CONTENT_LENGTH) {
        explained.headers_mut().append(name.clone(), value.clone());
    }
    response.into_response(explained)
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
