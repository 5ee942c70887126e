//! Backups as an operator has them: made beside a running server, kept as long as it says, and put back where nothing is left of the old
//! machine but them and the master key.

mod broken;
mod deleted;
mod drill;
mod schedule;
mod store;

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use actors::clock::Clock;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Person, TestApp};

/// Who makes backups on PostgreSQL: a role of this process' own, since roles are the whole cluster's.
fn reader(app: &TestApp) -> Option<String> {
    let owner = app.setting("MIGRATION_DATABASE_URL")?;
    let (_, place) = owner.rsplit_once('@').unwrap();
    Some(format!("postgres://pernoex_backup_{}:b@{place}", std::process::id()))
}

/// A server that is not started yet, with a place for backups that outlives it.
async fn prepared(clock: Clock, place: &Path, more: &[(&str, &str)]) -> TestApp {
    let to = place.display().to_string();
    let settings = [&[("PERNOEX_BACKUP_TO", to.as_str())], more].concat();
    let mut app = TestApp::prepare(clock, &settings).await;
    if let Some(reader) = reader(&app) {
        app.configure("DATABASE_BACKUP_URL", &reader);
    }
    app
}

async fn started(place: &Path) -> TestApp {
    let mut app = prepared(Clock::system(), place, &[]).await;
    app.start_again();
    app
}

/// Makes one beside the server, and returns its name.
async fn back_up(app: &TestApp) -> String {
    let (done, said) = app.command_meanwhile(&["backup"]).await;
    assert!(done, "{said}");
    said.split(':').next().unwrap().to_owned()
}

/// A machine that has the master key of `app`, and nothing else.
async fn fresh_machine(app: &TestApp, place: &Path) -> TestApp {
    let fresh = prepared(Clock::system(), place, &[]).await;
    std::fs::create_dir_all(fresh.data()).unwrap();
    std::fs::set_permissions(fresh.data(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let key = fresh.data().join("master.key");
    std::fs::copy(app.data().join("master.key"), &key).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    fresh
}

/// What is there, but for what is not finished.
fn names(place: &Path) -> Vec<String> {
    let mut names: Vec<String> = files(place)
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.retain(|name| name.ends_with(".backup"));
    names.sort();
    names
}

fn files(place: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()).collect()
}

async fn sign_in(app: &TestApp, person: &mut Person) {
    person.url.clone_from(&app.url);
    let (status, session) = person
        .post("/session", json!({ "email": person.email, "password": PASSWORD }))
        .await;
    assert_eq!(status, StatusCode::OK, "{session}");
    person.took(&session);
}

/// Waits until `met` gives something; 40 s is for a busy machine.
async fn eventually<T>(what: &str, mut met: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..400 {
        if let Some(found) = met().await {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{what}: not in time");
}

/// An answer without what differs each time.
fn essence(answer: &Value) -> Value {
    let cited = |one: &Value| json!([one["n"], one["document"], one["title"], one["section"], one["excerpt"]]);
    let cited: Vec<Value> = answer["citations"].as_array().unwrap().iter().map(cited).collect();
    assert!(!cited.is_empty(), "{answer}");
    json!([answer["outcome"], answer["text"], cited])
}
