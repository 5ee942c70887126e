//! Several nodes of one installation. All of it needs databases that nodes can share.

mod killed;
mod operators;

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    Person, TestApp,
    front::Front,
    visitor::{Visitor, open_widget},
};

fn at(person: &Person, url: &str) -> Person {
    Person {
        url: url.to_owned(),
        ..person.again()
    }
}

async fn status_at(person: &Person, url: &str) -> StatusCode {
    at(person, url).get("/projects").await.0
}

#[tokio::test]
async fn what_is_ended_at_one_node_is_refused_by_every_node_at_once() {
    let Some(app) = TestApp::several(3, &[]).await else { return };
    let nodes = app.each_node();
    let mut worst = Duration::ZERO;
    for round in 0..3 {
        let ada = app.owner("ada").await;
        for url in &nodes {
            assert_eq!(status_at(&ada, url).await, StatusCode::OK);
        }
        let taken = ada.again();
        let mut here = at(&ada, &nodes[round]);
        assert_eq!(here.delete("/session", None).await.0, StatusCode::NO_CONTENT);
        let ended = Instant::now();
        for url in &nodes {
            assert_eq!(
                status_at(&taken, url).await,
                StatusCode::UNAUTHORIZED,
                "the session lives on at {url}"
            );
        }
        worst = worst.max(ended.elapsed());

        // A key of the widget that is replaced, with the tokens of its visitors.
        let mut grace = app.owner("grace").await;
        let project = grace.guide("Lantern").await;
        let key = open_widget(&mut grace, &project).await;
        let mut visitor = Visitor::begin(&app, &key).await;
        assert_eq!(visitor.ask("How do I export my data?").await.0, StatusCode::OK);
        let mut here = at(&grace, &nodes[round]);
        let (status, _) = here.post(&format!("{project}/widget/key"), json!({})).await;
        assert!(status.is_success(), "{status}");
        let ended = Instant::now();
        for url in &nodes {
            visitor.browser.url.clone_from(url);
            let refused = visitor.ask("How do I export my data?").await.0;
            assert!(refused.is_client_error(), "the key lives on at {url}: {refused}");
        }
        worst = worst.max(ended.elapsed());
    }
    println!("refused by all three nodes within {worst:?}, three requests in a row");
}

#[tokio::test]
async fn a_rolling_restart_under_load_drops_no_request_and_loses_no_write() {
    let Some(mut app) = TestApp::several(3, &[("PERNOEX_LIMIT_FACTOR", "10000")]).await else {
        return;
    };
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let over = Arc::new(AtomicBool::new(false));
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..4 {
        let (mut ada, over, project) = (ada.again(), over.clone(), project.clone());
        writers.spawn(async move {
            let mut written = Vec::new();
            for n in 0.. {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                // A project has room for 200.
                if n < 50 {
                    let name = format!("collection {writer} {n}");
                    let (status, made) = ada.post(&format!("{project}/collections"), json!({ "name": name })).await;
                    assert_eq!(status, StatusCode::CREATED, "{made}");
                    written.push(name);
                }
                assert_eq!(ada.question(&project, "How do I export my data?").await["outcome"], "answered");
            }
            written
        });
    }
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        app.roll().await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    over.store(true, Ordering::SeqCst);
    let mut written = BTreeSet::new();
    while let Some(names) = writers.join_next().await {
        written.extend(names.expect("no request failed"));
    }
    assert!(written.len() >= 12, "{}", written.len());
    let (_, found) = ada.get(&format!("{project}/collections")).await;
    let found: BTreeSet<String> = found["collections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(found, written, "every write that was acknowledged is there, once");
    println!(
        "{} writes and as many questions while each of three nodes was restarted twice",
        written.len()
    );
}

/// The address in a database's URL, and the URL with another.
fn rerouted(url: &str, front: impl FnOnce(std::net::SocketAddr) -> Front) -> (String, Front) {
    let mut url = url::Url::parse(url).unwrap();
    let address = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let front = front(address.parse().unwrap());
    url.set_port(Some(front.address.port())).unwrap();
    url.set_host(Some("127.0.0.1")).unwrap();
    (url.into(), front)
}

/// Until `path` answers with `status`, for half a minute.
async fn comes_back(person: &mut Person, path: &str, status: StatusCode) {
    let mut seen = (StatusCode::IM_A_TEAPOT, Value::Null);
    for _ in 0..300 {
        seen = person.get(path).await;
        if seen.0 == status {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{path} does not come back: {seen:?}");
}

/// Refused for now, with when to come again.
async fn is_put_off(person: &mut Person, method: Method, path: &str, body: Option<Value>) {
    let answer = person.send(method.clone(), path, body, &[]).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{method} {path}");
    assert!(answer.headers().contains_key("retry-after"), "{method} {path}");
    let problem: Value = answer.json().await.unwrap();
    assert!(problem["code"].is_string(), "{problem}");
}

#[tokio::test]
async fn while_redis_is_away_nobody_is_let_in_and_afterwards_everybody_is() {
    let Ok(redis) = std::env::var("PERNOEX_TEST_REDIS") else { return };
    let mut behind = None;
    let (url, front) = rerouted(&redis, |address| {
        behind = Some(address);
        Front::start(vec![address])
    });
    let app = TestApp::with(&[("REDIS_URL", &url)]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    let mut visitor = Visitor::begin(&app, &key).await;
    front.cut();
    // What counts tries must not let anybody try without being counted.
    let mut eve = app.nobody();
    let guess = json!({ "email": ada.email, "password": "not the password" });
    is_put_off(&mut eve, Method::POST, "/session", Some(guess)).await;
    let refused = visitor.ask("How do I export my data?").await.0;
    assert_eq!(refused, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ada.client.get(format!("{}/readyz", app.url)).send().await.unwrap().status(), 503);
    assert_eq!(ada.client.get(format!("{}/healthz", app.url)).send().await.unwrap().status(), 200);
    front.lead_to(vec![behind.unwrap()]);
    comes_back(&mut ada, "/projects", StatusCode::OK).await;
    let began = Instant::now();
    while visitor.ask("How do I export my data?").await.0 != StatusCode::OK {
        assert!(began.elapsed() < Duration::from_secs(30), "visitors are not let in again");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn while_postgres_is_away_everything_is_put_off_and_nothing_is_lost() {
    let Some(prepared) = std::env::var("PERNOEX_TEST_POSTGRES").ok() else {
        return;
    };
    drop(prepared);
    let mut app = TestApp::prepare(pernoex::Clock::system(), &[]).await;
    let mut behind = None;
    let (url, front) = rerouted(&app.setting("DATABASE_URL").unwrap(), |address| {
        behind = Some(address);
        Front::start(vec![address])
    });
    app.configure("DATABASE_URL", &url);
    app.start_again();
    let mut ada = app.owner("ada").await;
    let kept = ada.guide("Lantern").await;
    for round in 0..3 {
        front.cut();
        is_put_off(&mut ada, Method::GET, "/projects", None).await;
        is_put_off(
            &mut ada,
            Method::POST,
            "/projects",
            Some(json!({ "name": format!("lost {round}") })),
        )
        .await;
        assert_eq!(ada.client.get(format!("{}/readyz", app.url)).send().await.unwrap().status(), 503);
        front.lead_to(vec![behind.unwrap()]);
        comes_back(&mut ada, "/projects", StatusCode::OK).await;
        assert_eq!(ada.question(&kept, "How do I export my data?").await["outcome"], "answered");
    }
    let (_, found) = ada.get("/projects").await;
    assert_eq!(
        found["projects"].as_array().unwrap().len(),
        1,
        "what was put off was not done: {found}"
    );
    // Work goes on that was waiting.
    let made = ada.guide("After").await;
    assert_eq!(ada.question(&made, "How do I export my data?").await["outcome"], "answered");
}
