//! Logs: structured, on standard error, with one span a request; and where those spans go.

mod traces;

use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
};
use tracing::{Level, Span, Subscriber};
use tracing_actix_web::{RequestId, RootSpanBuilder};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, LevelFilter, filter_fn},
    fmt::format::FmtSpan,
    layer::SubscriberExt,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

use crate::{
    metrics,
    settings::{LogSettings, SettingError, TracesSetting},
};

pub use traces::Traces;

/// Writes the log, and sends spans to the collector of `traces`. Close what it returns when everything has ended.
///
/// # Errors
/// When the filter cannot be read. A second call leaves the first in place.
pub fn init(settings: &LogSettings, traces: Option<&TracesSetting>) -> Result<Option<Traces>, SettingError> {
    let filter = EnvFilter::try_new(&settings.filter)
        .map_err(|_| SettingError::new("PERNOEX_LOG", "must be a filter such as info or pernoex=debug,info"))?;
    // Who asks for more than the usual lines also learns how long each part of the work took.
    let detailed = filter.max_level_hint().is_none_or(|level| level >= LevelFilter::DEBUG);
    let ends = if detailed { FmtSpan::CLOSE } else { FmtSpan::NONE };
    // Whatever the filter says: the database's library notes the address that it connects to, and the password is in it.
    let discreet = filter_fn(|about| !about.target().starts_with("sea_orm") || *about.level() <= Level::INFO);
    let Some(traces) = traces else {
        // One filter for all: what nobody sees costs nothing.
        let _ = tracing_subscriber::registry()
            .with(filter)
            .with(discreet)
            .with(lines(settings, ends))
            .try_init();
        return Ok(None);
    };
    // Of each its own: the parts of a request are sent whatever of them is logged.
    let traces = Traces::open(traces)?;
    let discreet = discreet.with_max_level_hint(LevelFilter::TRACE);
    let _ = tracing_subscriber::registry()
        .with(traces.layer())
        .with(lines(settings, ends).with_filter(filter.and(discreet)))
        .try_init();
    Ok(Some(traces))
}

fn lines<S: Subscriber + for<'a> LookupSpan<'a>>(settings: &LogSettings, ends: FmtSpan) -> Box<dyn Layer<S> + Send + Sync> {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_span_events(ends);
    match settings.json {
        true => lines.json().boxed(),
        false => lines.compact().boxed(),
    }
}

/// What is known of a request in the log. The path's pattern and not the path: a public key is part of some, and the query of none.
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        let route = request.match_pattern().unwrap_or_else(|| "unmatched".into());
        let method = metrics::method(request);
        tracing::info_span!(traces::REQUEST, id, method, route, status = tracing::field::Empty)
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let status = match outcome {
            Ok(response) => response.response().status(),
            Err(error) => error.as_response_error().status_code(),
        };
        span.record("status", i64::from(status.as_u16()));
        traces::end(&span, status);
        span.in_scope(|| tracing::debug!("done"));
    }
}
