//! Logs: structured, on standard error, with one span a request.

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
};
use tracing::{Level, Span};
use tracing_actix_web::{RequestId, RootSpanBuilder};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{LevelFilter, filter_fn},
    fmt::format::FmtSpan,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::settings::{LogSettings, SettingError};

/// # Errors
/// When the filter cannot be read. A second call leaves the first in place.
pub fn init(settings: &LogSettings) -> Result<(), SettingError> {
    let filter = EnvFilter::try_new(&settings.filter)
        .map_err(|_| SettingError::new("PERNOEX_LOG", "must be a filter such as info or pernoex=debug,info"))?;
    // Who asks for more than the usual lines also learns how long each part of the work took.
    let detailed = filter.max_level_hint().is_none_or(|level| level >= LevelFilter::DEBUG);
    let ends = if detailed { FmtSpan::CLOSE } else { FmtSpan::NONE };
    let output = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_span_events(ends);
    let output = if settings.json {
        output.json().boxed()
    } else {
        output.compact().boxed()
    };
    // Whatever the filter says: the database's library notes the address that it connects to, and the password is in it.
    let discreet = filter_fn(|about| !about.target().starts_with("sea_orm") || *about.level() <= Level::INFO);
    let _ = tracing_subscriber::registry().with(filter).with(discreet).with(output).try_init();
    Ok(())
}

/// What is known of a request in the log. The path's pattern and not the path: a public key is part of some, and the query of none.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        let route = request.match_pattern().unwrap_or_else(|| "unmatched".into());
        tracing::info_span!("request", id, method = %request.method(), route, status = tracing::field::Empty)
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = match outcome {
            Ok(response) => response.response().status(),
            Err(error) => error.as_response_error().status_code(),
        };
        span.record("status", status.as_u16());
        span.in_scope(|| tracing::debug!("done"));
    }
}
