//! The server is killed in the middle of a sync, again and again. It ends with exactly the right documents: nothing twice, nothing missing.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{SETTINGS, sync_now};
use crate::{
    kill::Server,
    support::{
        Dice, PASSWORD, Person, is_full, seed,
        site::{Site, article, text_of},
    },
};

/// Pages, how many each leads to, and how often the server is killed.
fn extent() -> (usize, usize, usize) {
    if is_full() { (2_000, 20, 25) } else { (200, 12, 6) }
}

/// Thousands of pages take their time on a machine that does much else.
fn patience() -> Duration {
    Duration::from_secs(if is_full() { 2_400 } else { 150 })
}

/// Asks until it is as `wanted` says: a server that was just started may ask to come again.
async fn comes_to(server: &Server, ada: &mut Person, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let until = Instant::now() + patience();
    loop {
        let (status, seen) = ada.get(path).await;
        let asks_to_wait = status == StatusCode::SERVICE_UNAVAILABLE;
        assert!(status == StatusCode::OK || asks_to_wait, "{status} {seen}\n{}", server.log());
        if !asks_to_wait && wanted(&seen) {
            return seen;
        }
        assert!(Instant::now() < until, "{path} does not come to it: {seen}\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(if is_full() { 1_000 } else { 50 })).await;
    }
}

async fn synced(server: &Server, ada: &mut Person, source: &str, runs: usize) -> Value {
    let ended = |page: &Value| page["runs"].as_array().unwrap().len() >= runs && page["source"]["sync"]["phase"] == "idle";
    comes_to(server, ada, source, ended).await
}

/// Kills and starts the server so many times while the sync number `run` goes on.
async fn harass(server: &mut Server, ada: &mut Person, source: &str, dice: &mut Dice, (times, run): (usize, usize)) -> usize {
    let mut killed = 0;
    for _ in 0..times {
        tokio::time::sleep(Duration::from_millis(30 + dice.next() % 900)).await;
        let seen = comes_to(server, ada, source, |_| true).await;
        if seen["runs"].as_array().unwrap().len() >= run {
            break;
        }
        server.kill();
        killed += 1;
        server.let_leases_run_out().await;
        server.start().await;
        ada.url.clone_from(&server.url);
    }
    killed
}

/// Of all pages, once the last is read.
async fn documents(server: &Server, ada: &mut Person, project: &str) -> Vec<Value> {
    let is_read = |one: &Value| one["status"] == "ready" || one["status"] == "failed";
    let until = Instant::now() + patience();
    loop {
        let (mut found, mut path) = (Vec::new(), format!("{project}/documents"));
        loop {
            let mut list = comes_to(server, ada, &path, |_| true).await;
            found.append(list["documents"].as_array_mut().unwrap());
            let Some(next) = list["next"].as_str() else { break };
            path = format!("{project}/documents?after={next}");
        }
        if found.iter().all(is_read) {
            return found;
        }
        assert!(Instant::now() < until, "they are not read\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(if is_full() { 1_000 } else { 50 })).await;
    }
}

/// The documents of the project are these pages, once each, with what each says.
async fn check(server: &Server, ada: &mut Person, project: &str, site: &Site, texts: &[(String, String)]) {
    let found = documents(server, ada, project).await;
    let mut addresses: Vec<&str> = found.iter().map(|one| one["source_url"].as_str().unwrap()).collect();
    addresses.sort_unstable();
    let mut expected: Vec<String> = texts.iter().map(|(path, _)| site.url(path)).collect();
    expected.sort_unstable();
    assert_eq!(addresses, expected);
    assert!(found.iter().all(|one| one["status"] == "ready"), "each is read");
    for (path, text) in texts {
        let address = site.url(path);
        let document = found.iter().find(|one| one["source_url"] == *address).unwrap();
        let (status, shown) = ada.get(&format!("{project}/documents/{}", document["id"].as_str().unwrap())).await;
        assert_eq!(status, StatusCode::OK);
        let said: Vec<&str> = shown["sections"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["text"].as_str().unwrap())
            .collect();
        assert!(said.join("\n").contains(text), "{path} says {said:?} and not {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_is_killed_again_and_again_ends_with_exactly_the_right_documents() {
    let (seed, (pages, branches, kills)) = (seed(), extent());
    println!("seed {seed}: {pages} pages, {kills} kills");
    let mut dice = Dice::new(seed);
    let site = Site::start().await;
    site.grow(pages, branches);
    site.slow(Duration::from_millis(2));
    let path = |n: usize| if n == 0 { "/docs/".to_owned() } else { format!("/docs/page-{n}") };
    let mut texts: Vec<(String, String)> = (0..pages).map(|n| (path(n), text_of(n))).collect();

    let mut server = Server::create_with(SETTINGS).await;
    server.start().await;
    let mut ada = Person::at(&server.url);
    let new = json!({ "email": "ada@example.com", "password": PASSWORD, "workspace": "Ada" });
    let (status, session) = ada.post("/account", new).await;
    assert_eq!(status, StatusCode::CREATED, "{session}");
    ada.took(&session);
    let project = ada.project("Lantern").await;
    let config = json!({ "start": site.url("/docs/"), "pages": 10_000, "depth": 20 });
    let source = super::connect(&mut ada, &project, json!({ "kind": "website", "config": config })).await;
    let mut killed = harass(&mut server, &mut ada, &source, &mut dice, (kills, 1)).await;
    let first = synced(&server, &mut ada, &source, 1).await;
    assert_eq!(
        (&first["runs"][0]["outcome"], &first["runs"][0]["added"]),
        (&json!("done"), &json!(pages)),
        "{first}"
    );
    check(&server, &mut ada, &project, &site, &texts).await;

    // Half as many kills while some pages say something else, and some leaves are gone.
    let leaves = pages - pages / branches;
    for n in (1..pages).filter(|n| n % 7 == 0) {
        if n > leaves && n % 2 == 0 {
            site.remove(&path(n));
            texts.retain(|(known, _)| *known != path(n));
            continue;
        }
        let children: Vec<String> = (n * branches + 1..=n * branches + branches)
            .filter(|child| *child < pages)
            .map(path)
            .collect();
        let links: Vec<&str> = children.iter().map(String::as_str).collect();
        let text = format!("Page number {n} was written anew.");
        site.put(&path(n), article(&format!("Page {n}"), &text, &links));
        texts.iter_mut().find(|(known, _)| *known == path(n)).unwrap().1 = text;
    }
    sync_now(&mut ada, &source).await;
    killed += harass(&mut server, &mut ada, &source, &mut dice, (kills / 2, 2)).await;
    let second = synced(&server, &mut ada, &source, 2).await;
    let gone = pages - texts.len();
    assert_eq!(second["runs"][0]["removed"], gone, "{}", second["runs"]);
    assert!(gone > 0);
    assert_eq!(second["runs"].as_array().map(Vec::len), Some(2));
    check(&server, &mut ada, &project, &site, &texts).await;
    println!("{killed} kills; {pages} pages, then {gone} gone; none twice, none missing");
    assert!(killed * 2 >= kills, "killed {killed} times only");
    assert_ne!(second["source"]["sync"]["phase"], Value::Null);
}
