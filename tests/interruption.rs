//! Clients that hang up and actors that are let go at any moment: neither loses or halves anything.

use std::{
    io::Write,
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use actors::{Fault, Platform, ProjectId, Reach, TenantId, project::library::list::ListDocuments, tenant::ListProjects};
use pernoex::Clock;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::{GUIDE, Person, TestApp};

/// A change as bytes on the wire.
fn request(person: &Person, path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    request_by("POST", person, path, kind, body)
}

fn request_by(method: &str, person: &Person, path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "{method} /api/v1{path} HTTP/1.1\r\nhost: test\r\ncookie: {}\r\nx-csrf-token: {}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
        person.cookie.as_deref().unwrap(),
        person.csrf.as_deref().unwrap(),
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Sends the first `length` bytes and hangs up.
fn hang_up_after(person: &Person, bytes: &[u8], length: usize) {
    let mut connection = TcpStream::connect(person.url.strip_prefix("http://").unwrap()).unwrap();
    connection.write_all(&bytes[..length]).unwrap();
}

/// What is there once nothing changes any more.
async fn rest(person: &mut Person, path: &str, of: &str) -> Vec<Value> {
    let (mut before, mut calm) = (None, 0);
    for _ in 0..400 {
        let (status, list) = person.get(path).await;
        assert_eq!(status, StatusCode::OK);
        let now = list[of].as_array().unwrap().clone();
        calm = if before.as_ref() == Some(&now) { calm + 1 } else { 0 };
        if calm == 10 {
            return now;
        }
        before = Some(now);
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    panic!("it never comes to rest");
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_a_whole_project_or_none() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    for n in 0..24 {
        let bytes = request(&ada, "/projects", "application/json", format!("{{\"name\":\"P{n}\"}}").as_bytes());
        // In the head, in the body, before its last byte, and right after it.
        let lengths = [bytes.len() / 2, bytes.len() - 6, bytes.len() - 1, bytes.len()];
        hang_up_after(&ada, &bytes, lengths[n % 4]);
    }
    let projects = rest(&mut ada, "/projects", "projects").await;
    let names: Vec<_> = projects.iter().map(|project| project["name"].as_str().unwrap()).collect();
    for n in (0..24).filter(|n| n % 4 != 3) {
        assert!(!names.contains(&format!("P{n}").as_str()), "half a request made P{n}");
    }
    for project in &projects {
        let path = format!("/projects/{}/documents", project["id"].as_str().unwrap());
        assert_eq!(ada.get(&path).await.0, StatusCode::OK, "what is there is whole: its key opens");
    }
    ada.project("After").await;
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_a_whole_document_or_none() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let path = format!("{project}/documents");
    for n in 0..16 {
        let mut body = format!("--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"guide{n}.md\"\r\n\r\n").into_bytes();
        body.extend(GUIDE);
        body.extend(b"\r\n--cut--\r\n");
        let bytes = request(&ada, &path, "multipart/form-data; boundary=cut", &body);
        let lengths = [bytes.len() / 2, bytes.len() - 60, bytes.len() - 12, bytes.len()];
        hang_up_after(&ada, &bytes, lengths[n % 4]);
    }
    ada.upload(Method::POST, &path, &[("guide99.md", GUIDE)]).await;
    rest(&mut ada, &path, "documents").await;
    let documents = ada.settled(&project).await;
    assert!(documents.iter().any(|document| document["name"] == "guide99.md"));
    for document in &documents {
        let name = document["name"].as_str().unwrap();
        let n: usize = name.strip_prefix("guide").unwrap().strip_suffix(".md").unwrap().parse().unwrap();
        assert_eq!(n % 4, 3, "half an upload made {name}");
        assert_eq!(document["status"], "ready");
        let original = format!("{path}/{}/original", document["id"].as_str().unwrap());
        let stored = ada.send(Method::GET, &original, None, &[]).await.bytes().await.unwrap();
        assert_eq!(stored.as_ref(), GUIDE, "what is there is whole");
    }
}

/// Asks everything there is of a tenant's tree, starting what does not run.
async fn use_tree(platform: &Platform, tenant: TenantId, project: ProjectId) -> Result<(), Fault> {
    let tree = platform.registry.tenant(tenant).await?;
    if tree.supervisor(ListProjects(Reach::Every)).await?.len() != 1 {
        return Err(Fault::Internal("a project is lost"));
    }
    let actor = tree.project(project).await?;
    // Nothing but the actor is held while it is asked: the tree may be let go of meanwhile.
    drop(tree);
    actor.ask(ListDocuments::default()).await.map(|_| ())
}

#[tokio::test]
async fn actors_that_are_let_go_of_again_and_again_lose_no_message() {
    const CALLS: u32 = 2000;
    let mut app = TestApp::start().await;
    let mut trees = Vec::new();
    for name in ["ada", "eve", "joe", "sue", "kim"] {
        let mut owner = app.owner(name).await;
        let project = owner
            .project("Lantern")
            .await
            .rsplit('/')
            .next()
            .unwrap()
            .parse::<ProjectId>()
            .unwrap();
        let tenant: TenantId = owner.get("/session").await.1["workspace"]["id"].as_str().unwrap().parse().unwrap();
        trees.push((tenant, project));
    }
    app.stop().await;
    let settings = app.settings();
    let hammer = move || {
        actix_web::rt::System::new().block_on(async move {
            let (masters, _) = pernoex::master_keys(&settings).unwrap();
            let location = pernoex::location(&settings, &masters).await.unwrap();
            let platform = pernoex::platform_settings(&settings, location, Clock::system(), settings.listen).unwrap();
            let platform = Arc::new(Platform::start(masters, platform).await.unwrap());
            let (calls, stop) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
            // Each goes round at a stride of its own: trees are left alone often, and met by two at a time often.
            let callers: Vec<_> = (1..5)
                .map(|stride| {
                    let (platform, calls, stop, trees) = (platform.clone(), calls.clone(), stop.clone(), trees.clone());
                    actix_web::rt::spawn(async move {
                        let mut at = 0;
                        while !stop.load(Ordering::Relaxed) && calls.fetch_add(1, Ordering::Relaxed) < CALLS {
                            at = (at + stride) % trees.len();
                            let (tenant, project) = trees[at];
                            use_tree(&platform, tenant, project).await.unwrap();
                        }
                    })
                })
                .collect();
            let (began, mut cycles) = (Instant::now(), 0_u32);
            while calls.load(Ordering::Relaxed) < CALLS && began.elapsed() < Duration::from_secs(40) {
                platform.registry.evict(Duration::ZERO);
                cycles += 1;
                tokio::time::sleep(Duration::from_micros(100)).await;
            }
            stop.store(true, Ordering::Relaxed);
            for caller in callers {
                caller.await.expect("no caller sees an error");
            }
            let calls = calls.load(Ordering::Relaxed);
            let counts = platform.registry.counts()["tenant"];
            println!(
                "{calls} calls, {cycles} sweeps, {} trees started in {:?}",
                counts.started,
                began.elapsed()
            );
            assert!(
                calls >= 1000 && cycles >= 1000,
                "{calls} calls and {cycles} sweeps in {:?}",
                began.elapsed()
            );
            assert!(counts.started >= 300, "trees were really let go of: {}", counts.started);
            assert!(counts.handled >= u64::from(calls), "every message was handled and counted");
            if let Ok(platform) = Arc::try_unwrap(platform) {
                platform.stop().await;
            }
        });
    };
    tokio::task::spawn_blocking(hammer).await.unwrap();
}

#[tokio::test]
async fn who_holds_back_the_last_byte_and_is_removed_meanwhile_changes_nothing() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let mut bob = app.admin(&mut ada).await;
    let path = format!("/team/members/{}", bob.id().await);
    let bytes = request_by("DELETE", &bob, &project, "application/json", br#"{"confirm":"Lantern"}"#);
    let mut connection = TcpStream::connect(bob.url.strip_prefix("http://").unwrap()).unwrap();
    connection.write_all(&bytes[..bytes.len() - 1]).unwrap();
    // The door has looked by now, and waits for the body.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(ada.delete(&path, None).await.0, StatusCode::NO_CONTENT);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    connection.write_all(&bytes[bytes.len() - 1..]).unwrap();
    let mut answer = [0; 12];
    std::io::Read::read_exact(&mut connection, &mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 401");
    assert_eq!(ada.get(&project).await.0, StatusCode::OK);
}
