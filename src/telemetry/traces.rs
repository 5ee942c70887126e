//! Traces, for an operator who names a collector: how long each part of a request took, by OTLP over HTTP.
//! Protocol: <https://opentelemetry.io/docs/specs/otlp/#otlphttp>.
//!
//! A trace has spans only, with the names that the code gives them: no path, no query, no address, no word of anybody's. Each begins here: a
//! `traceparent` is not looked at, since anybody can send one, and would choose with it what is sent.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use actix_web::http::StatusCode;
use opentelemetry::{
    KeyValue,
    trace::{SpanKind, Status, TracerProvider},
};
use opentelemetry_otlp::{Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter},
};
use tracing::{Level, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, filter_fn},
    registry::LookupSpan,
};

use crate::settings::{SettingError, TracesSetting};

/// What one try to send a batch may take. Spans that do not get through are lost, and that is said.
const WHOLE: Duration = Duration::from_secs(10);
/// What the last spans may take when the server stops.
const LAST: Duration = Duration::from_secs(5);
/// What OpenTelemetry's own crates would read besides the settings, or what would say that nothing is to be sent.
const MISLEADING: [&str; 5] = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_TRACES_EXPORTER",
    "OTEL_TRACES_SAMPLER",
    "OTEL_SDK_DISABLED",
];
/// The name of the span of a whole request.
pub(super) const REQUEST: &str = "request";
/// The crates whose spans are sent: those of libraries may hold what they were called with.
const OURS: [&str; 3] = ["pernoex", "actors", "entities"];

/// Where spans go. Sends the last of them when it is closed.
pub struct Traces(SdkTracerProvider);

impl Traces {
    pub(super) fn open(setting: &TracesSetting) -> Result<Self, SettingError> {
        let exporter = Told {
            inner: exporter(setting)?,
            failing: AtomicBool::new(false),
        };
        for name in MISLEADING {
            if std::env::var_os(name).is_some_and(|value| !value.is_empty()) {
                return Err(SettingError::new(
                    name,
                    "is not followed here: unset it, or say it with OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS",
                ));
            }
        }
        let resource = Resource::builder()
            .with_service_name(setting.service.clone())
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(setting.share))))
            .with_resource(resource)
            .build();
        Ok(Self(provider))
    }

    pub(super) fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        let ours = filter_fn(|about| {
            let target = about.target().split("::").next().unwrap_or_default();
            about.is_span() && *about.level() <= Level::DEBUG && OURS.contains(&target)
        });
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("pernoex"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(ours.with_max_level_hint(LevelFilter::DEBUG))
    }

    /// Sends what is left. Blocks; not for use where requests are served.
    pub fn close(self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST) {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}

fn exporter(setting: &TracesSetting) -> Result<opentelemetry_otlp::SpanExporter, SettingError> {
    // Spans are sent from a thread of their own, outside any runtime: so must this client be made.
    let client = thread::spawn(|| {
        reqwest::blocking::Client::builder()
            // A redirect would carry the headers to a host that nobody configured.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(5))
            .timeout(WHOLE)
            .build()
    });
    let refuse = || SettingError::new("OTEL_EXPORTER_OTLP_ENDPOINT", "no client can be made for it");
    let client = client.join().ok().and_then(Result::ok).ok_or_else(refuse)?;
    let headers: HashMap<String, String> = setting
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.expose().to_owned()))
        .collect();
    opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(setting.endpoint.as_str())
        .with_timeout(WHOLE)
        .with_headers(headers)
        .build()
        .map_err(|_| refuse())
}

/// Gives a request's span the name and kind that OpenTelemetry's conventions ask for, and says when spans do not get through and when they do
/// again. Conventions: <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>.
#[derive(Debug)]
struct Told<E> {
    inner: E,
    failing: AtomicBool,
}

impl<E: SpanExporter> SpanExporter for Told<E> {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        for span in batch.iter_mut().filter(|span| span.name == REQUEST) {
            name(span);
        }
        let outcome = self.inner.export(batch).await;
        let was_failing = self.failing.swap(outcome.is_err(), Ordering::Relaxed);
        match &outcome {
            Err(_) if !was_failing => tracing::warn!("the collector of traces takes no spans: they are lost until it does"),
            Ok(()) if was_failing => tracing::info!("the collector of traces takes spans again"),
            _ => {}
        }
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

fn name(span: &mut SpanData) {
    let mut parts = [None, None];
    for known in &mut span.attributes {
        let (key, part) = match known.key.as_str() {
            "id" => ("pernoex.request.id", None),
            "method" => ("http.request.method", Some(0)),
            "route" => ("http.route", Some(1)),
            "status" => ("http.response.status_code", None),
            _ => continue,
        };
        known.key = key.into();
        if let Some(part) = part {
            parts[part] = Some(known.value.as_str().into_owned());
        }
        if part == Some(0) && known.value.as_str() == "other" {
            known.value = "_OTHER".into();
        }
    }
    if let [Some(method), Some(route)] = parts {
        // As the conventions name a method that is none of the known ones.
        let method = if method == "other" { "HTTP" } else { &method };
        span.name = Cow::Owned(format!("{method} {route}"));
    }
    span.span_kind = SpanKind::Server;
}

/// What the server is to blame for is an error.
pub(super) fn end(span: &Span, status: StatusCode) {
    if status.is_server_error() {
        span.set_status(Status::error(""));
    }
}
