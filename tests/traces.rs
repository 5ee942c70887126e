//! Traces at a collector: what is sent, what never is, and what happens when nobody takes them.

use std::{collections::BTreeSet, time::Duration};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value as Any},
    trace::v1::{Span, span::SpanKind, status::StatusCode as Code},
};
use pernoex::Clock;
use prost::Message;
use serde_json::json;

use crate::support::{
    Person, TestApp,
    process::{self, Process, run},
    receiver::{Posted, Receiver, Reply},
};

const PASSWORD: &str = "a long enough password of nobody else";

async fn served(collector: &Receiver, settings: &[(&str, &str)]) -> (TestApp, Process) {
    // For the clients of this process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let app = TestApp::prepare(Clock::system(), &[]).await;
    let mut environment = app.environment().to_vec();
    environment.push(("OTEL_EXPORTER_OTLP_ENDPOINT".into(), format!("http://127.0.0.1:{}", collector.port)));
    // So that a story does not wait for the next batch.
    environment.push(("OTEL_BSP_SCHEDULE_DELAY".into(), "200".into()));
    environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let server = Process::start(&environment);
    (app, server)
}

fn sent(posted: &[Posted]) -> Vec<ExportTraceServiceRequest> {
    let read = |one: &Posted| ExportTraceServiceRequest::decode(one.body.as_slice()).unwrap();
    posted.iter().map(read).collect()
}

fn spans(posted: &[Posted]) -> Vec<Span> {
    let resources = sent(posted).into_iter().flat_map(|one| one.resource_spans);
    resources.flat_map(|one| one.scope_spans).flat_map(|one| one.spans).collect()
}

fn text(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|one| one.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        Any::StringValue(text) => Some(text.clone()),
        Any::IntValue(number) => Some(number.to_string()),
        other => Some(format!("{other:?}")),
    }
}

/// `span` and everything below it.
fn below<'a>(all: &'a [Span], span: &'a Span) -> Vec<&'a Span> {
    let mut found = vec![span];
    let mut at = 0;
    while at < found.len() {
        let parent = &found[at].span_id;
        found.extend(all.iter().filter(|one| one.parent_span_id == *parent));
        at += 1;
    }
    found
}

fn names<'a>(spans: &[&'a Span]) -> BTreeSet<&'a str> {
    spans.iter().map(|one| one.name.as_str()).collect()
}

async fn signed_up(url: &str) -> Person {
    let mut ada = Person::at(url);
    ada.email = format!("ada.{}@example.com", uuid::Uuid::new_v4().simple());
    let account = json!({ "email": ada.email, "password": PASSWORD, "workspace": "Wonderland" });
    let (_, session) = ada.post("/account", account).await;
    ada.took(&session);
    ada
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_is_one_trace_from_the_request_to_the_rows_and_tells_nothing_of_what_was_asked() {
    let mut collector = Receiver::start().await;
    let settings = [
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20of-the-collector"),
        ("OTEL_SERVICE_NAME", "lantern"),
    ];
    let (app, server) = served(&collector, &settings).await;
    let mut ada = signed_up(&server.url).await;
    let project = ada.guide("Lantern").await;
    ada.question(&project, "How do I export the Marmalade ledger?").await;
    let id = ada.id().await;
    server.signal("TERM");
    let (status, _, log) = server.end(Duration::from_secs(30));
    assert!(status.success(), "{log}");

    let posted = collector.rest();
    assert!(!posted.is_empty(), "{log}");
    for one in &posted {
        assert_eq!(one.line, "POST /v1/traces HTTP/1.1");
        assert_eq!(one.header("content-type"), "application/x-protobuf");
        assert_eq!(one.header("authorization"), "Bearer of-the-collector");
    }
    for resource in sent(&posted).into_iter().flat_map(|one| one.resource_spans) {
        let about = resource.resource.unwrap().attributes;
        assert_eq!(text(&about, "service.name").as_deref(), Some("lantern"));
        assert_eq!(text(&about, "service.version").as_deref(), Some(env!("CARGO_PKG_VERSION")));
    }

    let all = spans(&posted);
    let asked = "POST /api/v1/projects/{project}/questions";
    let request = all.iter().find(|one| one.name == asked);
    let request = request.unwrap_or_else(|| panic!("{:?}", names(&all.iter().collect::<Vec<_>>())));
    assert_eq!(request.kind(), SpanKind::Server);
    assert!(request.parent_span_id.is_empty());
    assert_eq!(text(&request.attributes, "http.request.method").as_deref(), Some("POST"));
    let status = request.attributes.iter().find(|one| one.key == "http.response.status_code");
    assert_eq!(status.unwrap().value.as_ref().unwrap().value, Some(Any::IntValue(200)));
    let trace = below(&all, request);
    for part in [
        "actor",
        "db_read",
        "db_write",
        "embedding",
        "scan",
        "store_question",
        "store_answer",
    ] {
        assert!(trace.iter().any(|one| one.name == part), "{part} in {:?}", names(&trace));
    }
    let actors: BTreeSet<_> = trace.iter().filter_map(|one| text(&one.attributes, "name")).collect();
    assert!(actors.len() >= 2, "{actors:?}");
    for part in trace {
        assert_eq!(part.trace_id, request.trace_id);
        assert!(part.start_time_unix_nano >= request.start_time_unix_nano);
    }

    // What was read in the background is a trace of its own.
    let is_reading = |one: &&Span| one.name == "job" && text(&one.attributes, "kind").as_deref() == Some("read_document");
    let reading = below(&all, all.iter().find(is_reading).unwrap());
    assert!(reading[0].parent_span_id.is_empty());
    assert!(reading.iter().any(|one| one.name == "parse"), "{:?}", names(&reading));
    let (email, project) = (ada.email.as_str(), project.rsplit('/').next().unwrap());
    for secret in [
        "Marmalade",
        "export",
        "Wonderland",
        "Lantern",
        PASSWORD,
        email,
        project,
        &id,
        "127.0.0.1",
        "guide.md",
    ] {
        for one in &posted {
            let found = one.body.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} in a trace");
        }
    }
    assert!(!log.contains("of-the-collector"));

    collector.reply(&[Reply::With(200, "content-type", "application/x-protobuf".into())]);
    // An operator can ask whether it works, and an empty batch is what is sent then.
    let endpoint = (
        "OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(),
        format!("http://127.0.0.1:{}", collector.port),
    );
    let environment = [app.environment(), &[endpoint]].concat();
    let asking = tokio::task::spawn_blocking(move || run(&environment, &["doctor", "--json"], app.folder.path()));
    let (_, report, _) = asking.await.unwrap();
    assert!(report.contains("the collector takes spans"), "{report}");
    assert!(spans(&collector.rest()).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_stranger_says_decides_what_is_sent_or_stands_in_it() {
    const THEIRS: &str = "0af7651916cd43dd8448eb211c80319c";
    for (share, sampled) in [("1", "00"), ("0", "01")] {
        let mut collector = Receiver::start().await;
        // Not even what comes by way of a proxy that is trusted otherwise.
        let settings = [("PERNOEX_TRUSTED_PROXIES", "127.0.0.1"), ("OTEL_TRACES_SAMPLER_ARG", share)];
        let (_app, server) = served(&collector, &settings).await;
        let method = reqwest::Method::from_bytes(b"MARMALADE").unwrap();
        let asked = reqwest::Client::new()
            .request(method, format!("{}/healthz", server.url))
            .header("traceparent", format!("00-{THEIRS}-b7ad6b7169203331-{sampled}"))
            .header("tracestate", "jam=marmalade");
        asked.send().await.unwrap();
        server.signal("TERM");
        server.end(Duration::from_secs(30));

        let posted = collector.rest();
        let all = spans(&posted);
        if share == "0" {
            assert!(all.is_empty(), "{:?}", names(&all.iter().collect::<Vec<_>>()));
            continue;
        }
        let odd = all.iter().find(|one| one.name.starts_with("HTTP ")).unwrap();
        assert_eq!(text(&odd.attributes, "http.request.method").as_deref(), Some("_OTHER"));
        for one in &posted {
            let body = String::from_utf8_lossy(&one.body).to_lowercase();
            assert!(!body.contains("marmalade"));
        }
        let theirs: String = odd.trace_id.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_ne!(theirs, THEIRS);
        assert!(odd.parent_span_id.is_empty() && odd.trace_state.is_empty());
        assert_eq!(odd.status.as_ref().map_or(Code::Unset, |status| status.code()), Code::Unset);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_takes_nothing_slows_nobody_and_is_complained_of_once() {
    for reply in [Some(Reply::Status(503)), Some(Reply::Silence), None] {
        let collector = Receiver::start().await;
        // Where nobody listens at all, for the third.
        let closed = tokio::net::TcpSocket::new_v4().unwrap();
        closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let nowhere = format!("http://{}", closed.local_addr().unwrap());
        let (settings, silent) = match &reply {
            None => (vec![("OTEL_EXPORTER_OTLP_ENDPOINT", nowhere.as_str())], false),
            Some(reply) => {
                collector.reply(std::slice::from_ref(reply));
                (Vec::new(), matches!(reply, Reply::Silence))
            }
        };
        let (_app, server) = served(&collector, &settings).await;
        let mut ada = signed_up(&server.url).await;
        let began = std::time::Instant::now();
        for _ in 0..20 {
            ada.get("/session").await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // A request that waited for one that is silent would take ten seconds.
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
        server.signal("TERM");
        let (status, _, log) = server.end(Duration::from_secs(40));
        assert!(status.success(), "{log}");
        if !silent {
            assert_eq!(log.matches("takes no spans").count(), 1, "{log}");
        }
    }
}

#[test]
fn what_would_send_traces_elsewhere_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
        "OTEL_SDK_DISABLED",
    ] {
        let mut settings = process::settings(folder.path());
        settings.push(("OTEL_EXPORTER_OTLP_ENDPOINT".into(), "http://127.0.0.1:9".into()));
        settings.push((name.into(), "hunter2".into()));
        let (code, _, log) = run(&settings, &["serve"], folder.path());
        assert_eq!(code, Some(1), "{log}");
        assert!(log.contains(name) && !log.contains("hunter2"), "{log}");
    }
}
