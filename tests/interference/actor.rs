//! One of the tenants: what they do, and what they learn from it.

use std::{collections::BTreeMap, time::Duration};

use reqwest::Client;
use serde_json::Value;

use super::{CANARIES, Route};
use crate::support::{As, Call, Dice};

/// What can be got hold of: ids by what they name, and values that open something.
pub(super) type Loot = BTreeMap<&'static str, Vec<String>>;

/// A tenant, as seen by someone who remembers whatever was answered.
pub(super) struct Actor {
    name: &'static str,
    client: Client,
    url: String,
    pub(super) dice: Dice,
    pub(super) who: As,
    pub(super) email: String,
    pub(super) visitor: Option<String>,
    pub(super) own: Loot,
    pub(super) names: BTreeMap<String, String>,
    pub(super) made: u32,
}

impl Actor {
    pub(super) fn new(name: &'static str, url: &str, seed: u64) -> Self {
        Self {
            name,
            client: Client::new(),
            url: url.to_owned(),
            dice: Dice::new(seed),
            who: As::default(),
            email: String::new(),
            visitor: None,
            own: Loot::new(),
            names: BTreeMap::new(),
            made: 0,
        }
    }

    pub(super) fn is_first(&self) -> bool {
        self.name == "first"
    }

    pub(super) fn origin(&self) -> String {
        format!("https://{}.example.com", self.name)
    }

    /// A word of one's own, and a number, so that texts differ.
    pub(super) fn text(&mut self) -> String {
        self.made += 1;
        let word = if self.is_first() {
            CANARIES[self.dice.below(CANARIES.len())].to_owned()
        } else {
            self.name.to_owned()
        };
        format!("{word} {}", self.made)
    }

    pub(super) async fn sign_up(&mut self) {
        self.made += 1;
        self.email = format!("{}.{}@example.com", self.text().replace(' ', "."), self.made);
        let (email, name) = (self.email.clone(), self.text());
        let mut ask = |what: &str| if what == "new email" { email.clone() } else { name.clone() };
        let call = Call::to("POST", "/account", &mut ask);
        let response = call.send(&self.client, &self.url, &As::default()).await;
        let status = response.status();
        let Some(cookie) = response.headers().get("set-cookie").cloned() else {
            panic!(
                "{} cannot sign up: {status} {}",
                self.name,
                response.text().await.unwrap_or_default()
            );
        };
        let cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        let session: Value = response.json().await.unwrap();
        self.who = As {
            cookie: Some(cookie),
            csrf: session["csrf_token"].as_str().map(str::to_owned),
            ..As::default()
        };
        self.own.clear();
        self.visitor = None;
        self.learn("/account", &session);
    }

    /// Remembers the ids in an answer by where they stand.
    fn learn(&mut self, path: &str, answer: &Value) {
        let kinds: &[(&str, &'static str)] = &[
            ("/projects", "project"),
            ("/projects/{project}/documents", "document"),
            ("/projects/{project}/conversations", "conversation"),
            ("/projects/{project}/conversations/search", "conversation"),
            ("/projects/{project}/conversations/{conversation}/notes", "note"),
            ("/projects/{project}/todos", "todo"),
            ("/team/members", "member"),
            ("/team/invitations", "invitation"),
            ("/account/sessions", "session"),
            ("/projects/{project}/voice", "agent"),
            ("/projects/{project}/curated-answers", "curated"),
        ];
        let mut keep = |kind: &'static str, value: &Value| {
            if let Some(text) = value.as_str() {
                let known = self.own.entry(kind).or_default();
                if !known.iter().any(|one| one == text) {
                    known.push(text.to_owned());
                }
            }
        };
        for (key, kind) in [
            ("conversation", "conversation"),
            ("message", "message"),
            ("public_key", "key"),
            ("next", "cursor"),
            ("visitor", "visitor"),
        ] {
            keep(kind, &answer[key]);
        }
        keep("workspace", &answer["workspace"]["id"]);
        keep("visit", &answer["token"]);
        keep("invitation", &answer["invitation"]["id"]);
        if let Some((_, address)) = answer["url"].as_str().and_then(|url| url.split_once("/webhooks/voice/")) {
            keep("endpoint", &Value::from(address));
        }
        if let Some(link) = answer["link"].as_str() {
            keep("invitation token", &Value::from(link.rsplit('#').next().unwrap_or_default()));
        }
        if let Some((_, kind)) = kinds.iter().find(|(known, _)| *known == path) {
            keep(kind, &answer["id"]);
            for list in answer
                .as_object()
                .into_iter()
                .flat_map(|object| object.values())
                .filter_map(Value::as_array)
            {
                for one in list {
                    keep(kind, &one["id"]);
                }
            }
        }
        let list = answer["projects"].as_array().cloned().unwrap_or_default();
        for project in list.iter().chain([answer]).filter(|one| one["documents_ready"].is_number()) {
            if let (Some(id), Some(name)) = (project["id"].as_str(), project["name"].as_str()) {
                self.names.insert(id.to_owned(), name.to_owned());
            }
        }
    }

    /// Sends one request and takes what came back: status and text.
    pub(super) async fn act(&mut self, routes: &[Route], stolen: &Loot) -> (String, u16, String) {
        let (method, template, call, who) = self.draw(routes, stolen);
        let label = format!("{method} {template}");
        let path = call.path.clone();
        let response = call.send(&self.client, &self.url, &who).await;
        let status = response.status().as_u16();
        if status < 300
            && template != "/invitations/accept"
            && template != "/slack/install"
            && let Some(cookie) = response.headers().get("set-cookie")
        {
            self.who.cookie = cookie.to_str().ok().and_then(|text| text.split(';').next()).map(str::to_owned);
        }
        let text = String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned();
        let answer: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if status < 300 {
            if template != "/invitations/accept" {
                if let Some(csrf) = answer["csrf_token"].as_str() {
                    self.who.csrf = Some(csrf.to_owned());
                }
                self.learn(template, &answer);
            }
            if method == "DELETE" {
                let gone = path.rsplit('/').next().unwrap_or_default();
                for known in self.own.values_mut() {
                    known.retain(|one| one != gone);
                }
                if template == "/projects/{project}" {
                    // What was below it went with it.
                    for below in ["document", "conversation", "message", "note", "todo", "key", "cursor", "agent"] {
                        self.own.remove(below);
                    }
                    self.visitor = None;
                }
            }
            if template == "/widget/{key}/visits" {
                self.visitor = answer["token"].as_str().map(str::to_owned);
            }
        }
        (label, status, text)
    }

    /// Waits until nothing is being processed, so that what comes next does not depend on how fast that went.
    pub(super) async fn settle(&self) {
        for project in self.own.get("project").into_iter().flatten().rev().take(6) {
            for _ in 0..2_000 {
                let mut ask = |_: &str| project.clone();
                let call = Call::to("GET", "/projects/{project}/documents", &mut ask);
                let list: Value = call.send(&self.client, &self.url, &self.who).await.json().await.unwrap();
                let waits = |one: &Value| one["status"] != "ready" && one["status"] != "failed";
                if !list["documents"].as_array().is_some_and(|list| list.iter().any(waits)) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}
