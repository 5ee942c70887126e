//! Bodies that take their time.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Person, TestApp};

/// A server that waits for a second.
async fn impatient() -> TestApp {
    TestApp::with(&[("PERNOEX_BODY_SECONDS", "1")]).await
}

/// The head of a request is at the server.
async fn begin(app: &TestApp, person: &Person, path: &str, kind: &str, length: usize) -> TcpStream {
    let address = app.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/v1{path} HTTP/1.1\r\nhost: {address}\r\ncookie: {}\r\nx-csrf-token: {}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n",
        person.cookie.as_deref().unwrap_or_default(),
        person.csrf.as_deref().unwrap_or_default(),
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

async fn answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // Whoever is still sending when it is cut off may be told so before they have read it all.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_body_that_dribbles_in_holds_no_handler_for_ever() {
    let app = impatient().await;
    let mut ada = app.owner("ada").await;
    for (path, whole) in [("/projects", false), ("/session", false), ("/projects", true)] {
        let began = Instant::now();
        let stream = begin(&app, &ada, path, "application/json", 100).await;
        let (mut reading, mut writing) = stream.into_split();
        let dribble = tokio::spawn(async move {
            // Or one byte, and then nothing.
            for _ in 0..if whole { 1 } else { 100 } {
                if writing.write_all(b" ").await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            writing
        });
        let mut answer = Vec::new();
        let _ = reading.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        dribble.abort();
        assert!(
            answer.starts_with("HTTP/1.1 408") && answer.contains("\"code\":\"request_timed_out\""),
            "{path}: {answer}"
        );
        assert!(answer.contains("application/problem+json"), "{answer}");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }
    assert_eq!(ada.get("/projects").await.1["projects"], json!([]));
    assert_eq!(ada.post("/projects", json!({ "name": "In time" })).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn an_upload_may_take_longer_the_larger_it_is() {
    let app = impatient().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let text = "Open Settings and choose Export. ".repeat(2_000);
    let body = format!("--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"guide.md\"\r\n\r\n{text}\r\n--cut--\r\n");
    let path = format!("{project}/documents");
    let mut stream = begin(&app, &ada, &path, "multipart/form-data; boundary=cut", body.len()).await;
    let began = Instant::now();
    for part in body.as_bytes().chunks(body.len().div_ceil(4)) {
        stream.write_all(part).await.unwrap();
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    let answer = answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(began.elapsed() > Duration::from_millis(1_500), "longer than a small body may take");
}
