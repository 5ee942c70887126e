use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{GUIDE, Person, TestApp};

const SITE: &str = "https://www.example.com";

async fn set_up(app: &TestApp) -> (Person, String, String) {
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    ada.upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    ada.settled(&project).await;
    let (_, widget) = ada.patch(&format!("{project}/widget"), json!({ "allowed_origins": [SITE] })).await;
    let key = widget["public_key"].as_str().unwrap().to_owned();
    (ada, project, key)
}

async fn visit(visitor: &mut Person, key: &str, origin: &str) -> (StatusCode, Value) {
    let response = visitor
        .send(
            Method::POST,
            &format!("/widget/{key}/visits"),
            Some(json!({})),
            &[("origin", origin)],
        )
        .await;
    (response.status(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_visitor_asks_reads_their_own_conversation_and_judges_the_answer() {
    let app = TestApp::start().await;
    let (mut ada, project, key) = set_up(&app).await;
    let mut visitor = app.nobody();
    let (status, begun) = visit(&mut visitor, &key, SITE).await;
    assert_eq!(status, StatusCode::CREATED);
    let bearer = format!("Bearer {}", begun["token"].as_str().unwrap());
    let headers = [("origin", SITE), ("authorization", bearer.as_str())];
    let asked = visitor
        .send(
            Method::POST,
            &format!("/widget/{key}/questions"),
            Some(json!({ "question": "How do I export my data?" })),
            &headers,
        )
        .await;
    assert_eq!(asked.headers()["access-control-allow-origin"], SITE);
    let answer: Value = asked.json().await.unwrap();
    assert_eq!(
        (answer["outcome"].as_str(), &answer["citations"][0]["document"]),
        (Some("answered"), &Value::Null)
    );
    let own: Value = visitor
        .send(Method::GET, &format!("/widget/{key}/conversation"), None, &headers)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(own["turns"].as_array().unwrap().len(), 2);

    let mut other = app.nobody();
    let (_, begun) = visit(&mut other, &key, SITE).await;
    let stranger = format!("Bearer {}", begun["token"].as_str().unwrap());
    let strange = [("origin", SITE), ("authorization", stranger.as_str())];
    let theirs: Value = other
        .send(Method::GET, &format!("/widget/{key}/conversation"), None, &strange)
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(theirs["turns"], json!([]));
    let feedback = format!("/widget/{key}/messages/{}/feedback", answer["message"].as_str().unwrap());
    let judged = other
        .send(Method::POST, &feedback, Some(json!({ "helpful": false })), &strange)
        .await;
    assert_eq!(judged.status(), StatusCode::NOT_FOUND, "an answer to someone else");
    let judged = visitor
        .send(Method::POST, &feedback, Some(json!({ "helpful": true })), &headers)
        .await;
    assert_eq!(judged.status(), StatusCode::NO_CONTENT);
    let (_, listed) = ada.get(&format!("{project}/conversations?channel=widget")).await;
    assert_eq!(
        (
            listed["conversations"][0]["origin"].as_str(),
            listed["conversations"][0]["helpful"].as_i64()
        ),
        (Some(SITE), Some(1))
    );
}

#[tokio::test]
async fn an_unlisted_origin_is_refused_by_the_server() {
    let app = TestApp::start().await;
    let (mut ada, project, key) = set_up(&app).await;
    let mut visitor = app.nobody();
    for origin in [
        "https://evil.test",
        "null",
        "https://www.example.com.evil.test",
        "http://www.example.com",
    ] {
        let (status, problem) = visit(&mut visitor, &key, origin).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (StatusCode::FORBIDDEN, Some("origin_not_allowed")),
            "{origin}"
        );
        let preflight = visitor
            .send(Method::OPTIONS, &format!("/widget/{key}/questions"), None, &[("origin", origin)])
            .await;
        assert_eq!(preflight.status(), StatusCode::FORBIDDEN);
        assert!(!preflight.headers().contains_key("access-control-allow-origin"));
    }
    ada.patch(&format!("{project}/widget"), json!({ "allowed_origins": [] })).await;
    assert_eq!(
        visit(&mut visitor, &key, SITE).await.0,
        StatusCode::FORBIDDEN,
        "an empty list allows nobody"
    );
}

#[tokio::test]
async fn a_token_opens_neither_another_origin_nor_another_project_and_a_rotated_key_nothing() {
    let app = TestApp::start().await;
    let (mut ada, project, key) = set_up(&app).await;
    let (_, _, foreign) = set_up(&app).await;
    let mut visitor = app.nobody();
    let (_, begun) = visit(&mut visitor, &key, SITE).await;
    let bearer = format!("Bearer {}", begun["token"].as_str().unwrap());
    let ask = Some(json!({ "question": "export?" }));
    let elsewhere = visitor
        .send(
            Method::POST,
            &format!("/widget/{foreign}/questions"),
            ask.clone(),
            &[("origin", SITE), ("authorization", &bearer)],
        )
        .await;
    assert_eq!(elsewhere.status(), StatusCode::UNAUTHORIZED);
    ada.patch(
        &format!("{project}/widget"),
        json!({ "allowed_origins": [SITE, "https://two.example.com"] }),
    )
    .await;
    let elsewhere = visitor
        .send(
            Method::POST,
            &format!("/widget/{key}/questions"),
            ask.clone(),
            &[("origin", "https://two.example.com"), ("authorization", &bearer)],
        )
        .await;
    assert_eq!(elsewhere.status(), StatusCode::UNAUTHORIZED);
    let (status, rotated) = ada.post(&format!("{project}/widget/key"), json!({})).await;
    assert_eq!(status, StatusCode::OK);
    assert_ne!(rotated["public_key"], key.as_str());
    let dead = visitor
        .send(
            Method::POST,
            &format!("/widget/{key}/questions"),
            ask,
            &[("origin", SITE), ("authorization", &bearer)],
        )
        .await;
    assert_eq!(dead.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_widgets_script_is_one_small_request_and_not_sent_twice() {
    let app = TestApp::start().await;
    let client = reqwest::Client::new();
    let address = format!("{}/widget.js", app.url);
    let sent = client.get(&address).header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(sent.status(), StatusCode::OK);
    let headers = sent.headers().clone();
    assert_eq!(headers["content-encoding"], "gzip");
    assert_eq!(headers["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(headers["access-control-allow-origin"], "*");
    let size = sent.bytes().await.unwrap().len();
    assert!((4_096..=20_480).contains(&size), "{size} bytes, compressed");

    let script = client.get(&address).send().await.unwrap().text().await.unwrap();
    assert!(
        script.contains("attachShadow") && script.trim_end().ends_with("})();"),
        "whole, in one closure"
    );
    for left in ["\nimport ", "\nexport "] {
        assert!(!script.contains(left), "a classic script has no modules");
    }

    let tag = headers["etag"].to_str().unwrap();
    let known = format!("\"another\", {tag}");
    let again = client.get(&address).header("if-none-match", known).send().await.unwrap();
    assert_eq!(
        (again.status(), &again.headers()["etag"]),
        (StatusCode::NOT_MODIFIED, &headers["etag"])
    );
    let changed = client.get(&address).header("if-none-match", "\"another\"").send().await.unwrap();
    assert_eq!(changed.status(), StatusCode::OK);
}
