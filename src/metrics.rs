//! Figures for Prometheus, on an address of their own. Kinds, states and route patterns are labels; a tenant is none.
//! Format: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::{
    collections::BTreeMap,
    fmt::Write,
    net::TcpListener,
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
use actors::{
    JobCounts, PoolUse,
    contain::{Times, bucket_end},
    operators::Operations,
};

use crate::routes::views::state_name;

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
}

/// Counts requests by the route's pattern: what a path names is in none of them.
#[derive(Default)]
pub struct HttpMetrics(Mutex<Seen>);

/// Anyone can make up a method; a label for each would fill the memory.
fn method(request: &ServiceRequest) -> &'static str {
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

/// Bytes of memory that this process holds, where the system tells.
pub fn process_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes * 1024)
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

#[expect(clippy::cast_precision_loss, reason = "counts and microseconds far below 2⁵³")]
fn times(page: &mut Page, kind: &str, times: &Times) {
    let ends = (0..times.0.len()).map(|at| (bucket_end(at) as f64 / 1e6, times.0[at]));
    // The exact sum is not kept: each counts as the end of its bucket.
    let seconds = ends.clone().map(|(end, count)| end * count as f64).sum();
    page.histogram(&[("kind", kind)], ends.take(times.0.len() - 1), times.count(), seconds);
}

fn actors(page: &mut Page, operations: &Operations) {
    let living = operations.registry().actors();
    let mut states: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut depths: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for actor in &living {
        *states.entry((actor.kind, state_name(actor.state))).or_default() += 1;
        let (sum, most) = depths.entry(actor.kind).or_default();
        *sum += actor.depth;
        *most = (*most).max(actor.depth);
    }
    page.family("pernoex_actors", "gauge", "Actors that live, by kind and state.");
    for ((kind, state), count) in states {
        page.line(&[("kind", kind), ("state", state)], count);
    }
    page.family("pernoex_actor_mailbox_depth", "gauge", "Messages that wait or are being handled.");
    for (kind, (sum, _)) in &depths {
        page.line(&[("kind", kind)], sum);
    }
    page.family("pernoex_actor_mailbox_depth_max", "gauge", "Messages in the fullest mailbox.");
    for (kind, (_, most)) in &depths {
        page.line(&[("kind", kind)], most);
    }
    let counts = operations.registry().counts();
    page.family(
        "pernoex_actor_refused_total",
        "counter",
        "Messages that a full mailbox turned away.",
    );
    for (kind, counts) in &counts {
        page.line(&[("kind", kind)], counts.refused);
    }
    page.family(
        "pernoex_actor_failures_total",
        "counter",
        "Panics, hangs, failed builds and storage errors.",
    );
    for (kind, counts) in &counts {
        page.line(&[("kind", kind)], counts.failures);
    }
    page.family("pernoex_actor_restarts_total", "counter", "Rebuilds from storage.");
    for (kind, counts) in &counts {
        page.line(&[("kind", kind)], counts.restarts);
    }
    page.family("pernoex_actor_handling_seconds", "histogram", "Time to handle a message.");
    for (kind, counts) in &counts {
        times(page, kind, &counts.times);
    }
    page.family("pernoex_index_memory_bytes", "gauge", "About what all indexes take in memory.");
    page.line(&[], living.iter().map(|actor| actor.memory_bytes).sum::<usize>());
}

fn pool(page: &mut Page, name: &str, used: PoolUse) {
    page.line(&[("pool", name), ("state", "idle")], used.idle);
    page.line(&[("pool", name), ("state", "busy")], used.open.saturating_sub(used.idle));
}

async fn page(operations: Data<Operations>, http: Data<HttpMetrics>) -> HttpResponse {
    let mut page = Page {
        text: String::new(),
        family: "",
    };
    if let Some(bytes) = process_memory() {
        page.family("process_resident_memory_bytes", "gauge", "Memory of the process.");
        page.line(&[], bytes);
    }
    http.write(&mut page);
    actors(&mut page, &operations);
    match operations.jobs().await {
        Ok(JobCounts { waiting, running, parked }) => {
            page.family("pernoex_jobs", "gauge", "Jobs of all nodes, by state.");
            for (state, count) in [("waiting", waiting), ("running", running), ("parked", parked)] {
                page.line(&[("state", state)], count);
            }
        }
        Err(fault) => tracing::warn!(%fault, "jobs cannot be counted"),
    }
    let busy = operations.busy();
    page.family("pernoex_work", "gauge", "Work on the processor, by what for.");
    for (name, load) in [
        ("questions", busy.questions),
        ("batches", busy.batches),
        ("sign_ins", busy.sign_ins),
    ] {
        page.line(&[("for", name), ("state", "running")], load.working);
        page.line(&[("for", name), ("state", "waiting")], load.waiting);
    }
    page.family(
        "pernoex_database_connections",
        "gauge",
        "Connections of this process, by pool and state.",
    );
    match operations.pools() {
        (only, None) => pool(&mut page, "all", only),
        (writer, Some(reader)) => {
            pool(&mut page, "writer", writer);
            pool(&mut page, "reader", reader);
        }
    }
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(page.text)
}

/// Serves `/metrics`, and nothing else, on `listener`.
///
/// # Errors
/// When it cannot be listened on.
pub fn serve(listener: TcpListener, operations: &Arc<Operations>, http: &Data<HttpMetrics>) -> std::io::Result<actix_web::dev::Server> {
    let (operations, http) = (Data::from(operations.clone()), http.clone());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(operations.clone())
            .app_data(http.clone())
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
