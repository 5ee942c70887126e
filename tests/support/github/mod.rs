//! GitHub, at the network's edge: people who agree to an app, and repositories with files, issues and discussions, in the shapes of its
//! documentation.

mod access;
mod content;
mod served;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use pernoex::Clock;
use rsa::pkcs1::EncodeRsaPrivateKey;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use self::served::Served;
use super::{
    TestApp,
    provider::{Reply, Request, StandIn},
};

pub const CLIENT: &str = "Ov23li.test";
pub const SECRET: &str = "a-client-secret-of-github";
pub const APP_CLIENT: &str = "Iv23li.test";
pub const SLUG: &str = "pernoex-test";

#[derive(Clone, Default)]
pub struct Repository {
    pub id: u64,
    /// By branch, then by path.
    pub branches: BTreeMap<String, BTreeMap<String, String>>,
    pub issues: Vec<Value>,
    pub comments: BTreeMap<u64, Vec<String>>,
    pub discussions: Vec<Value>,
    /// Logins that may see it.
    pub seen_by: BTreeSet<String>,
    /// Where it moved to.
    pub moved: Option<String>,
}

#[derive(Clone)]
pub struct Installation {
    pub account: (u64, String),
    pub repositories: BTreeSet<String>,
    pub suspended: bool,
}

struct Code {
    login: String,
    client: String,
    redirect: String,
    challenge: String,
}

#[derive(Clone, PartialEq, Eq)]
enum Whose {
    Person { login: String, client: String },
    Installation { id: u64, only: Option<Vec<u64>> },
}

#[derive(Default)]
pub struct State {
    people: BTreeMap<String, u64>,
    codes: BTreeMap<String, Code>,
    tokens: BTreeMap<String, Whose>,
    repositories: BTreeMap<String, Repository>,
    installations: BTreeMap<u64, Installation>,
    /// Entries of a tree that are sent in one piece.
    most_entries: Option<usize>,
    page: usize,
    /// That a token is minted for.
    delay: Duration,
}

pub struct GitHub {
    pub edge: StandIn<State>,
    /// The App's, in PEM, its line ends written as `\n`.
    pub key: String,
    clock: Clock,
}

fn sha(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().take(20).map(|byte| format!("{byte:02x}")).collect()
}

fn pem(der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!(
        "-----BEGIN RSA PRIVATE KEY-----\\n{}\\n-----END RSA PRIVATE KEY-----",
        lines.join("\\n")
    )
}

impl GitHub {
    pub async fn start(clock: &Clock) -> Self {
        let key = rsa::RsaPrivateKey::new(&mut p256::elliptic_curve::rand_core::OsRng, 2048).unwrap();
        let state = State {
            page: 100,
            ..State::default()
        };
        let (public, time) = (key.to_public_key(), clock.clone());
        let edge = StandIn::start(state, move |url, state, call| {
            let (public, clock) = (&public, &time);
            let mut said = Served { url, clock, public }.say(state, call);
            if call.path.ends_with("/access_tokens") {
                said.after = state.delay;
            }
            let date = chrono::DateTime::from_timestamp_millis(clock.now()).unwrap().to_rfc2822();
            said.with("date", date.replace("+0000", "GMT"))
        })
        .await;
        Self {
            edge,
            key: pem(key.to_pkcs1_der().unwrap().as_bytes()),
            clock: clock.clone(),
        }
    }

    /// By which a server knows its OAuth App.
    pub fn oauth_settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("GITHUB_CLIENT_ID", CLIENT.into()),
            ("GITHUB_CLIENT_SECRET", SECRET.into()),
            ("GITHUB_URL", self.edge.url.clone()),
            ("GITHUB_API_URL", format!("{}/api/v3", self.edge.url)),
        ]
    }

    /// By which a server knows its GitHub App.
    pub fn app_settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("GITHUB_APP_CLIENT_ID", APP_CLIENT.into()),
            ("GITHUB_APP_CLIENT_SECRET", SECRET.into()),
            ("GITHUB_APP_SLUG", SLUG.into()),
            ("GITHUB_APP_PRIVATE_KEY", self.key.clone()),
            ("GITHUB_URL", self.edge.url.clone()),
            ("GITHUB_API_URL", format!("{}/api/v3", self.edge.url)),
        ]
    }

    pub async fn server(&self, settings: &[(&'static str, String)], more: &[(&str, &str)]) -> TestApp {
        let mut all: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        all.extend(more);
        TestApp::start_with(self.clock.clone(), &all).await
    }

    pub fn person(&self, login: &str) -> u64 {
        self.edge.with(|state| {
            let next = 100 + u64::try_from(state.people.len()).unwrap();
            *state.people.entry(login.to_owned()).or_insert(next)
        })
    }

    /// A repository with these files on its branch `main`, which `people` may see.
    pub fn repository(&self, name: &str, people: &[&str], files: &[(&str, &str)]) -> u64 {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        let repository = Repository {
            branches: BTreeMap::from([("main".to_owned(), files)]),
            seen_by: people.iter().map(|login| (*login).to_owned()).collect(),
            ..Repository::default()
        };
        self.edge.with(|state| {
            let id = 1000 + u64::try_from(state.repositories.len()).unwrap();
            state.repositories.insert(name.to_owned(), Repository { id, ..repository });
            id
        })
    }

    pub fn change(&self, name: &str, change: impl FnOnce(&mut Repository)) {
        self.edge.with(|state| change(state.repositories.get_mut(name).unwrap()));
    }

    pub fn put(&self, name: &str, path: &str, text: &str) {
        self.change(name, |repository| {
            repository.branches.get_mut("main").unwrap().insert(path.into(), text.into());
        });
    }

    pub fn delete(&self, name: &str, path: &str) {
        self.change(name, |repository| {
            repository.branches.get_mut("main").unwrap().remove(path);
        });
    }

    /// Installs the App in an account, for some repositories.
    pub fn install(&self, id: u64, account: &str, repositories: &[&str]) {
        let person = self.edge.with(|state| state.people.get(account).copied());
        let installation = Installation {
            account: (person.unwrap_or(9000 + id), account.to_owned()),
            repositories: repositories.iter().map(|name| (*name).to_owned()).collect(),
            suspended: false,
        };
        self.edge.with(|state| state.installations.insert(id, installation));
    }

    pub fn change_installation(&self, id: u64, change: impl FnOnce(&mut Installation)) {
        self.edge.with(|state| change(state.installations.get_mut(&id).unwrap()));
    }

    pub fn uninstall(&self, id: u64) {
        self.edge.with(|state| state.installations.remove(&id));
    }

    pub fn is_installed(&self, id: u64) -> bool {
        self.edge.with(|state| state.installations.contains_key(&id))
    }

    /// Trees of more entries come in pieces.
    pub fn truncate(&self, entries: usize) {
        self.edge.with(|state| state.most_entries = Some(entries));
    }

    /// Lists come in pages of so many.
    pub fn pages_of(&self, entries: usize) {
        self.edge.with(|state| state.page = entries);
    }

    /// Takes its time over minting a token.
    pub fn is_slow(&self, delay: Duration) {
        self.edge.with(|state| state.delay = delay);
    }

    /// Somebody agrees on the page that they were sent to; the code that they come back with.
    pub fn agree(&self, away: &Url, login: &str) -> String {
        self.person(login);
        let asked: BTreeMap<String, String> = away.query_pairs().into_owned().collect();
        assert_eq!(away.path(), "/login/oauth/authorize");
        assert_eq!(asked["code_challenge_method"], "S256");
        let code = uuid::Uuid::new_v4().simple().to_string();
        let agreed = Code {
            login: login.into(),
            client: asked["client_id"].clone(),
            redirect: asked["redirect_uri"].clone(),
            challenge: asked["code_challenge"].clone(),
        };
        self.edge.with(|state| state.codes.insert(code.clone(), agreed));
        code
    }

    /// What it answers next to a path, in the place of what was asked for.
    pub fn once(&self, path: &str, status: u16, headers: &[(&'static str, &str)], body: Value) {
        let reply = headers
            .iter()
            .fold(Reply::json(status, &body), |reply, (name, value)| reply.with(name, *value));
        self.edge.instead(path, reply);
    }

    /// Cuts the next answer off in its middle.
    pub fn cut_once(&self, path: &str) {
        self.edge
            .instead(path, Reply::json(200, &json!({ "tree": [{ "path": "a.md" }] })).cut());
    }

    /// The tokens that it gave out are over.
    pub fn expire(&self) {
        self.edge.with(|state| state.tokens.clear());
    }

    /// Tokens that are good for something.
    pub fn tokens(&self) -> Vec<String> {
        self.edge.with(|state| state.tokens.keys().cloned().collect())
    }

    pub fn calls(&self, method: &str, path: &str) -> Vec<Request> {
        let mut calls = self.edge.asked();
        calls.retain(|call| call.method == method && call.path.ends_with(path));
        calls
    }
}

/// A page of an issue, as a list shows it.
pub fn issue(number: u64, title: &str, body: &str, reason: Option<&str>) -> Value {
    json!({
        "number": number, "title": title, "body": body, "html_url": format!("https://github.example/{number}"), "user": { "login": "ada" },
        "state": if reason.is_some() { "closed" } else { "open" }, "state_reason": reason, "updated_at": "2026-01-01T00:00:00Z",
    })
}

pub fn discussion(number: u64, title: &str, body: &str, answer: Option<&str>) -> Value {
    json!({
        "number": number, "title": title, "body": body, "url": format!("https://github.example/d/{number}"),
        "updatedAt": "2026-01-01T00:00:00Z", "answer": answer.map(|body| json!({ "body": body })),
    })
}
