//! Figures for Prometheus, on an address of their own. Kinds, states and route patterns are labels; a tenant is none.
//! Format: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

mod gauges;

use std::{
    collections::BTreeMap,
    fmt::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use actix_web::{
    App, Error, HttpResponse, HttpServer,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::{self, Data},
};
use actors::operators::Operations;

use crate::tls::Served;

/// Upper ends of the latency histogram's buckets, in seconds.
const ENDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

#[derive(Default)]
struct Latency {
    /// One for each end; what took longer is in `count` only.
    buckets: [u64; ENDS.len()],
    count: u64,
    seconds: f64,
}

#[derive(Default)]
struct Seen {
    answers: BTreeMap<(&'static str, String, u16), u64>,
    latency: BTreeMap<(&'static str, String), Latency>,
    /// Messages of providers that were not taken, by sender and reason.
    rejections: BTreeMap<(&'static str, &'static str), u64>,
}

/// Counts requests by the route's pattern: what a path names is in none of them.
#[derive(Default)]
pub struct HttpMetrics(Mutex<Seen>);

/// Anyone can make up a method; a label for each would fill the memory.
pub(crate) fn method(request: &ServiceRequest) -> &'static str {
    match request.method().as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

impl HttpMetrics {
    fn record(&self, method: &'static str, route: String, status: u16, took: Duration) {
        let seconds = took.as_secs_f64();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let latency = seen.latency.entry((method, route.clone())).or_default();
        latency.count += 1;
        latency.seconds += seconds;
        if let Some(bucket) = ENDS.iter().position(|end| seconds <= *end) {
            latency.buckets[bucket] += 1;
        }
        *seen.answers.entry((method, route, status)).or_default() += 1;
    }

    /// Counts a message of a provider that was not taken.
    pub fn reject(&self, source: &'static str, reason: &'static str) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.rejections.entry((source, reason)).or_default() += 1;
    }

    fn write(&self, page: &mut Page) {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        page.family("pernoex_http_requests_total", "counter", "Requests that were answered.");
        for ((method, route, status), count) in &seen.answers {
            page.line(&[("method", method), ("route", route), ("status", &status.to_string())], *count);
        }
        page.family("pernoex_http_request_duration_seconds", "histogram", "Time until the answer began.");
        for ((method, route), latency) in &seen.latency {
            let labels = [("method", *method), ("route", route.as_str())];
            let ends = ENDS.iter().zip(latency.buckets).map(|(end, count)| (*end, count));
            page.histogram(&labels, ends, latency.count, latency.seconds);
        }
        page.family(
            "pernoex_webhook_rejections_total",
            "counter",
            "Messages at the providers' doors that did not prove whose they are.",
        );
        for ((source, reason), count) in &seen.rejections {
            page.line(&[("source", source), ("reason", reason)], *count);
        }
    }
}

/// Counts every request.
///
/// # Errors
/// What the route answers.
pub async fn count(request: ServiceRequest, next: Next<impl MessageBody>) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let metrics = request.app_data::<Data<HttpMetrics>>().cloned();
    let (method, began) = (method(&request), Instant::now());
    let route = request.match_pattern().unwrap_or_else(|| "unmatched".into());
    let outcome = next.call(request).await;
    let status = match &outcome {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    if let Some(metrics) = metrics {
        metrics.record(method, route, status.as_u16(), began.elapsed());
    }
    outcome
}

/// The page that is being written.
struct Page {
    text: String,
    family: &'static str,
}

impl Page {
    fn family(&mut self, name: &'static str, kind: &str, help: &str) {
        self.family = name;
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let _ = write!(self.text, "{}", self.family);
        self.rest(labels, value);
    }

    fn rest(&mut self, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| {
                let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
                format!("{name}=\"{value}\"")
            })
            .collect();
        let labels = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", labels.join(","))
        };
        let _ = writeln!(self.text, "{labels} {value}");
    }

    fn histogram(&mut self, labels: &[(&str, &str)], buckets: impl Iterator<Item = (f64, u64)>, count: u64, seconds: f64) {
        let (family, mut below) = (self.family, 0);
        let ends: Vec<(String, u64)> = buckets
            .map(|(end, in_bucket)| {
                below += in_bucket;
                (end.to_string(), below)
            })
            .chain([("+Inf".to_owned(), count)])
            .collect();
        for (end, below) in ends {
            let _ = write!(self.text, "{family}_bucket");
            let with_end: Vec<(&str, &str)> = labels.iter().copied().chain([("le", end.as_str())]).collect();
            self.rest(&with_end, below);
        }
        let _ = write!(self.text, "{family}_sum");
        self.rest(labels, seconds);
        let _ = write!(self.text, "{family}_count");
        self.rest(labels, count);
    }
}

async fn page(
    operations: Data<Operations>,
    http: Data<HttpMetrics>,
    folder: Data<PathBuf>,
    tls: Data<Option<Arc<Served>>>,
) -> HttpResponse {
    let mut page = Page {
        text: String::new(),
        family: "",
    };
    gauges::process(&mut page, &operations, &folder);
    http.write(&mut page);
    gauges::actors(&mut page, &operations);
    gauges::waiting(&mut page, &operations).await;
    gauges::reports(&mut page, &operations).await;
    gauges::backups(&mut page, &operations).await;
    gauges::busy(&mut page, &operations);
    if let Some(served) = tls.as_ref() {
        gauges::tls(&mut page, served);
    }
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(page.text)
}

/// Serves `/metrics`, and nothing else, on `listener`.
///
/// # Errors
/// When it cannot be listened on.
pub fn serve(
    listener: TcpListener,
    operations: &Arc<Operations>,
    http: &Data<HttpMetrics>,
    folder: &Path,
    tls: Option<Arc<Served>>,
) -> std::io::Result<actix_web::dev::Server> {
    let (operations, http, folder) = (Data::from(operations.clone()), http.clone(), Data::new(folder.to_owned()));
    let tls = Data::new(tls);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(operations.clone())
            .app_data(http.clone())
            .app_data(folder.clone())
            .app_data(tls.clone())
            .route("/metrics", web::get().to(page))
    });
    Ok(server.workers(1).disable_signals().shutdown_timeout(1).listen(listener)?.run())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_break_out_of_their_quotes() {
        let mut page = Page {
            text: String::new(),
            family: "a",
        };
        page.line(&[("b", "x\"} 1\n\\")], 2);
        assert_eq!(page.text, "a{b=\"x\\\"} 1\\n\\\\\"} 2\n");
    }

    #[test]
    fn a_histogram_counts_up_to_everything() {
        let mut page = Page {
            text: String::new(),
            family: "h",
        };
        page.histogram(&[], [(0.5, 2), (1.0, 1)].into_iter(), 4, 7.5);
        let expected = "h_bucket{le=\"0.5\"} 2\nh_bucket{le=\"1\"} 3\nh_bucket{le=\"+Inf\"} 4\nh_sum 7.5\nh_count 4\n";
        assert_eq!(page.text, expected);
    }
}
