//! A node that is gone from one moment to the next, while others go on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use reqwest::{StatusCode, header};
use serde_json::json;

use crate::support::{Person, TestApp, front::Front, process::Process};

/// Creates what is named so, and says whether that was acknowledged: a node that dies may answer nothing at all.
async fn create(person: &Person, path: &str, name: &str) -> Option<StatusCode> {
    let request = person.client.post(format!("{}/api/v1{path}", person.url));
    let request = request
        .header(header::COOKIE, person.cookie.as_deref().unwrap_or_default())
        .header("x-csrf-token", person.csrf.as_deref().unwrap_or_default())
        .json(&json!({ "name": name }));
    Some(request.send().await.ok()?.status())
}

#[tokio::test]
async fn nodes_that_are_killed_lose_nothing_that_they_acknowledged_and_others_end_their_work() {
    if std::env::var("PERNOEX_TEST_POSTGRES").is_err() {
        return;
    }
    let app = TestApp::with(&[("PERNOEX_LIMIT_FACTOR", "10000")]).await;
    let address = |url: &str| url["http://".len()..].parse().unwrap();
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        let node = Process::start(app.environment());
        let front = Front::start(vec![address(&app.url), address(&node.url)]);
        let before = Person {
            url: format!("http://{}", front.address),
            ..ada.again()
        };
        let (over, created) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..3 {
            let (ada, path) = (before.again(), format!("{project}/collections"));
            let (over, created) = (over.clone(), created.clone());
            writers.spawn(async move {
                let mut written = Vec::new();
                for n in 0.. {
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                    let name = format!("collection {round} {writer} {n}");
                    match create(&ada, &path, &name).await {
                        Some(StatusCode::CREATED) => {
                            written.push(name);
                            created.fetch_add(1, Ordering::SeqCst);
                        }
                        // Its node died, or is not there any more.
                        None => {}
                        Some(status) => panic!("{name}: {status}"),
                    }
                    // A project has room for 200.
                    tokio::time::sleep(Duration::from_millis(60)).await;
                }
                written
            });
        }
        // Work of many steps is under way on the node that dies: only it was asked for these.
        let mut there = Person {
            url: node.url.clone(),
            ..ada.again()
        };
        let texts: Vec<(String, Vec<u8>)> = (0..6)
            .map(|n| {
                let text = format!(
                    "# Manual {round} {n}\n\n{}",
                    "The lantern is cleaned with a dry cloth.\n\n".repeat(200)
                );
                (format!("manual {round} {n}.md"), text.into_bytes())
            })
            .collect();
        let files: Vec<(&str, &[u8])> = texts.iter().map(|(name, text)| (name.as_str(), text.as_slice())).collect();
        let (status, taken) = there.upload(reqwest::Method::POST, &format!("{project}/documents"), &files).await;
        assert!(status.is_success(), "{taken}");
        tokio::time::sleep(Duration::from_millis(150 + 100 * round)).await;
        node.signal("KILL");
        drop(node);
        // A balancer notices after a while.
        tokio::time::sleep(Duration::from_millis(300)).await;
        front.lead_to(vec![address(&app.url)]);
        tokio::time::sleep(Duration::from_millis(300)).await;
        // However slow the machine is.
        for _ in 0..600 {
            if created.load(Ordering::SeqCst) > 8 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        over.store(true, Ordering::SeqCst);
        let so_far = acknowledged.len();
        while let Some(written) = writers.join_next().await {
            acknowledged.extend(written.expect("no request was refused"));
        }
        assert!(acknowledged.len() > so_far + 8, "round {round}: {}", acknowledged.len());
        // What the dead one had taken on is free when its time is over: minutes, and here now.
        let rows = app.rows().await;
        rows.run("update job set locked_until = 0 where locked_until > 0", vec![]).await;
        rows.close().await;
        let documents = ada.settled(&project).await;
        let ready = documents.iter().filter(|one| one["status"] == "ready").count();
        assert_eq!(ready, 1 + 6 * (usize::try_from(round).unwrap() + 1), "{documents:?}");
    }
    let (_, found) = ada.get(&format!("{project}/collections")).await;
    let found: Vec<&str> = found["collections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    let missing: Vec<&String> = acknowledged.iter().filter(|name| !found.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let mut once = found.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), found.len(), "nothing twice");
    assert_eq!(ada.question(&project, "How do I export my data?").await["outcome"], "answered");
    println!("{} writes acknowledged beside three nodes that were killed", acknowledged.len());
}
