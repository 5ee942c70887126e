use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::json;

use super::{EVERY, SETTINGS, add, latest, start, test_event};
use crate::support::{
    TestApp,
    receiver::{Receiver, Reply},
};

const CORPUS: &str = include_str!("../../actors/src/outward/corpus.txt");

/// Why, and which. Not those that lead inside by their name only: here the real resolver answers. `sources::inside` has one of its own.
fn corpus() -> Vec<(&'static str, String)> {
    let lines = CORPUS
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty() && !line.contains(" ->"));
    let meant = [("<TAB>", "\t"), ("<LF>", "\n"), ("<CR>", "\r"), ("<NUL>", "\0")];
    let parts = lines.map(|line| {
        let (why, url) = line.split_once(' ').unwrap();
        let url = meant
            .iter()
            .fold(url.to_owned(), |url, (written, meant)| url.replace(written, meant));
        (why, url)
    });
    parts.collect()
}

/// What whoever entered an address is told; `example` is of what is asked for.
fn told(why: &str, example: &str) -> String {
    match why {
        "malformed" => format!("Enter a complete web address such as {example}."),
        "scheme" => "The address must begin with https:// or http://.".to_owned(),
        "credentials" => "The address must hold no user name or password.".to_owned(),
        "port" => "Only the ports 80 and 443 can be used.".to_owned(),
        "not_public" => "The address does not lead to a public server.".to_owned(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn no_address_of_the_corpus_is_taken_for_a_webhook_or_a_website() {
    let app = TestApp::with(&[("PERNOEX_LIMIT_FACTOR", "1000")]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let mut tried = std::collections::BTreeSet::new();
    for (why, url) in corpus() {
        for url in [url.clone(), url.replacen("http://", "https://", 1)] {
            let webhook = json!({ "url": url, "events": EVERY });
            let website = json!({ "kind": "website", "config": { "start": url } });
            for (path, body, code, field, example) in [
                (
                    "webhooks",
                    webhook,
                    "invalid_webhook_url",
                    "url",
                    "https://hooks.example.com/support",
                ),
                (
                    "sources",
                    website,
                    "invalid_source_config",
                    "config.start",
                    "https://docs.example.com/",
                ),
            ] {
                let (status, refused) = ada.post(&format!("{project}/{path}"), body).await;
                assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {url:?}: {refused}");
                assert_eq!(
                    (&refused["code"], &refused["field"]),
                    (&json!(code), &json!(field)),
                    "{path} {url:?}"
                );
                assert_eq!(refused["detail"], told(why, example), "{path} {url:?}");
            }
            tried.insert(url);
        }
    }
    assert!(tried.len() >= 700, "{} addresses", tried.len());
    for kind in ["webhooks", "sources"] {
        let kept = ada.get(&format!("{project}/{kind}")).await.1[kind].clone();
        assert_eq!(kept, json!([]), "nothing of it is kept");
    }
}

#[tokio::test]
async fn an_address_inside_is_reached_only_when_the_operator_lets_it_in() {
    let mut receiver = Receiver::start().await;
    let clock = Clock::manual(1_800_000_000_000);
    let mut app = TestApp::start_with(clock.clone(), SETTINGS).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let hook = add(&mut ada, &project, &receiver.url(), &EVERY).await;
    test_event(&mut ada, &hook).await;
    receiver.next().await;
    latest(&mut ada, &hook, |one| one["state"] == "delivered").await;
    // Let in no more: what is stored is looked at when it is used.
    app.set("PERNOEX_ALLOW_PRIVATE", "127.0.0.2").await;
    ada.url.clone_from(&app.url);
    test_event(&mut ada, &hook).await;
    let refused = latest(&mut ada, &hook, |one| one["attempts"] == 1 && one["state"] == "waiting").await;
    assert_eq!(refused["reason"], "address_refused");
    assert!(receiver.rest().is_empty(), "nobody was asked");
    for url in [
        receiver.url(),
        receiver.url().replace("127.0.0.1", "localhost"),
        receiver.url().replace("127.0.0.1", "[::ffff:127.0.0.1]"),
        receiver.url().replace("127.0.0.1", "2130706433"),
        receiver.url().replace("127.0.0.1", "127.0.0.3"),
    ] {
        let (status, refused) = ada
            .post(&format!("{project}/webhooks"), json!({ "url": url, "events": EVERY }))
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
        assert_eq!(refused["detail"], "The address does not lead to a public server.", "{url}");
        let (status, _) = ada.patch(&hook.path, json!({ "url": url })).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
    }
}

#[tokio::test]
async fn a_redirect_is_no_delivery_and_leads_nowhere() {
    let (app, _) = start().await;
    let (mut receiver, mut inner) = (Receiver::start().await, Receiver::start().await);
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let hook = add(&mut ada, &project, &receiver.url(), &EVERY).await;
    for status in [301, 302, 303, 307, 308] {
        receiver.reply(&[Reply::With(status, "location", inner.url())]);
        test_event(&mut ada, &hook).await;
        receiver.next().await;
        let redirected = latest(&mut ada, &hook, |one| one["attempts"] == 1).await;
        assert_eq!(
            (&redirected["reason"], &redirected["status"]),
            (&json!("redirected"), &json!(status))
        );
    }
    assert!(inner.rest().is_empty());
}

#[tokio::test]
async fn what_is_no_webhook_is_refused_with_the_field_that_is_wrong() {
    let (app, _) = start().await;
    let receiver = Receiver::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let path = format!("{project}/webhooks");
    for (body, code, field) in [
        (json!({ "url": receiver.url(), "events": [] }), "invalid_webhook_event", "events"),
        (
            json!({ "url": receiver.url(), "events": ["no.such"] }),
            "invalid_webhook_event",
            "events",
        ),
        (
            json!({ "url": "http://93.184.216.34/", "events": EVERY }),
            "invalid_webhook_url",
            "url",
        ),
        (
            json!({ "url": receiver.url(), "events": EVERY, "description": "a".repeat(121) }),
            "text_too_long",
            "description",
        ),
    ] {
        let (status, refused) = ada.post(&path, body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{refused}");
        assert_eq!((&refused["code"], &refused["field"]), (&json!(code), &json!(field)));
    }
    for n in 0..20 {
        add(&mut ada, &project, &format!("{}&n={n}", receiver.url()), &EVERY).await;
    }
    let (status, refused) = ada.post(&path, json!({ "url": receiver.url(), "events": EVERY })).await;
    assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("too_many_webhooks")));
    // In the clear only within the operator's own network.
    let public = json!({ "url": "https://93.184.216.34/hook", "events": EVERY });
    let other = ada.project("Beacon").await;
    assert_eq!(ada.post(&format!("{other}/webhooks"), public).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn an_address_is_told_of_each_event_once() {
    let (app, _) = start().await;
    let receiver = Receiver::start().await;
    let mut ada = app.owner("ada").await;
    let (project, other) = (ada.project("Lantern").await, ada.project("Beacon").await);
    let first = add(&mut ada, &project, &receiver.url(), &EVERY).await;
    let second = add(&mut ada, &project, &format!("{}&second", receiver.url()), &EVERY).await;
    let same = [
        receiver.url(),
        receiver.url().replace("http://", "HTTP://"),
        format!(" {} ", receiver.url()),
    ];
    for url in &same {
        for (status, refused) in [
            ada.post(&format!("{project}/webhooks"), json!({ "url": url, "events": EVERY }))
                .await,
            ada.patch(&second.path, json!({ "url": url })).await,
        ] {
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{url}: {refused}");
            assert_eq!(
                (&refused["code"], &refused["field"]),
                (&json!("invalid_webhook_url"), &json!("url"))
            );
            assert!(
                refused["detail"].as_str().unwrap().starts_with("Another webhook of this project"),
                "{refused}"
            );
        }
    }
    // Its own address is no other's, and neither is another project's.
    assert_eq!(ada.patch(&first.path, json!({ "url": receiver.url() })).await.0, StatusCode::OK);
    add(&mut ada, &other, &receiver.url(), &EVERY).await;
    let body = json!({ "url": format!("{}&at-once", receiver.url()), "events": EVERY });
    let (mut one, mut two, path) = (ada.again(), ada.again(), format!("{project}/webhooks"));
    let (one, two) = tokio::join!(one.post(&path, body.clone()), two.post(&path, body));
    let mut answers = [one.0, two.0];
    answers.sort_unstable();
    assert_eq!(answers, [StatusCode::CREATED, StatusCode::UNPROCESSABLE_ENTITY]);
}
