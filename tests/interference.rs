//! One tenant lives the same life twice: alone, and while two others do what they like, with every id, cursor, token and key of the first
//! in their hands. The first must not notice, and the others must not learn a word. Requests are drawn from the route table.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use pernoex::{
    Clock,
    routes::{self, Door},
};
use reqwest::Client;
use serde_json::Value;

use crate::support::{As, Call, Dice, TestApp, is_full, seed};

/// What the first tenant never does: it would lose the session that it is watched through.
const NOT_ALONE: &[(&str, &str)] = &[
    ("DELETE", "/session"),
    ("POST", "/session/workspace"),
    ("POST", "/session/invitation"),
    ("POST", "/workspaces"),
    ("DELETE", "/workspace"),
    ("DELETE", "/workspace/membership"),
    ("POST", "/team/owner"),
    // Guesses at a foreign address are the others' business, and a member whom nobody plays would say nothing.
    ("POST", "/account"),
    ("POST", "/session"),
];

/// Words that only the first tenant knows. Each text of theirs holds one.
const CANARIES: [&str; 4] = ["zephyrquartz", "marmaladefjord", "obsidianwaltz", "periwinklecog"];
const THEIRS: &str = "https://first.example.com";

/// What can be got hold of: ids by what they name, and values that open something.
type Loot = BTreeMap<&'static str, Vec<String>>;

/// A tenant, as seen by someone who remembers whatever was answered.
struct Actor {
    name: &'static str,
    client: Client,
    url: String,
    dice: Dice,
    who: As,
    email: String,
    visitor: Option<String>,
    own: Loot,
    names: BTreeMap<String, String>,
    made: u32,
}

impl Actor {
    fn new(name: &'static str, url: &str, seed: u64) -> Self {
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

    fn is_first(&self) -> bool {
        self.name == "first"
    }

    fn origin(&self) -> String {
        format!("https://{}.example.com", self.name)
    }

    /// A word of one's own, and a number, so that texts differ.
    fn text(&mut self) -> String {
        self.made += 1;
        let word = if self.is_first() {
            CANARIES[self.dice.below(CANARIES.len())].to_owned()
        } else {
            self.name.to_owned()
        };
        format!("{word} {}", self.made)
    }

    async fn sign_up(&mut self) {
        self.made += 1;
        self.email = format!("{}.{}@example.com", self.text().replace(' ', "."), self.made);
        let (email, name) = (self.email.clone(), self.text());
        let mut ask = |what: &str| if what == "new email" { email.clone() } else { name.clone() };
        let call = Call::to("POST", "/account", &mut ask);
        let response = call.send(&self.client, &self.url, &As::default()).await;
        let cookie = response.headers()["set-cookie"]
            .to_str()
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned();
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
            ("/team/members", "member"),
            ("/team/invitations", "invitation"),
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
        ] {
            keep(kind, &answer[key]);
        }
        keep("workspace", &answer["workspace"]["id"]);
        keep("visit", &answer["token"]);
        keep("invitation", &answer["invitation"]["id"]);
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

    /// Draws a request. `stolen` is what others were seen to have: half of what the request names is taken from there.
    fn draw(&mut self, routes: &[(String, &'static str, Door, bool)], stolen: &Loot) -> (String, &'static str, Call, As) {
        let (method, template, door, streams) = routes[self.dice.below(routes.len())].clone();
        // The few that make something for the rest to work on come more often, and first.
        let has = |what: &str| self.own.get(what).map_or(0, Vec::len);
        let make = |method: &str, template: &'static str| (method.to_owned(), template, Door::Session, false);
        let (method, template, door, streams) = match (method.as_str(), template) {
            ("POST", "/projects") | ("DELETE", "/projects/{project}") if has("project") >= 2 && self.dice.below(3) > 0 => {
                make("POST", "/projects/{project}/documents")
            }
            (_, template) if template.contains("{project}") && has("project") == 0 => make("POST", "/projects"),
            ("DELETE", "/projects/{project}") if has("project") < 2 => make("POST", "/projects"),
            (_, template) if template.contains("{document}") && has("document") == 0 => make("POST", "/projects/{project}/documents"),
            ("DELETE", template) if template.contains("{document}") && has("document") < 3 => make("POST", "/projects/{project}/documents"),
            (_, template)
                if template.contains("{project}")
                    && (template.contains("{conversation}") || template.contains("{message}"))
                    && has("message") == 0 =>
            {
                make("POST", "/projects/{project}/questions")
            }
            (_, template) if template.contains("{key}") && has("key") == 0 => make("PATCH", "/projects/{project}/widget"),
            (_, template) if template.contains("{key}") && self.visitor.is_none() => match self.dice.below(3) {
                0 => make("PATCH", "/projects/{project}/widget"),
                _ => ("POST".to_owned(), "/widget/{key}/visits", Door::Widget, false),
            },
            _ => (method, template, door, streams),
        };
        let (method, template) = if template.contains("{project}") && has("project") == 0 {
            ("POST".to_owned(), "/projects")
        } else {
            (method, template)
        };
        let mut project = None;
        let mut names_first = false;
        let mut own = self.own.clone();
        let (name, email) = (self.text(), self.email.clone());
        let origin = self.origin();
        let (dice, names) = (&mut self.dice, &self.names);
        let mut ask = |what: &str| -> String {
            match what {
                "name" | "text" => return name.clone(),
                "new email" => return format!("{}@example.com", name.replace(' ', ".")),
                "email" => return email.clone(),
                "origin" => return origin.clone(),
                "workspace name" => return name.clone(),
                "project name" => {
                    return project
                        .as_ref()
                        .and_then(|id| names.get(id))
                        .cloned()
                        .unwrap_or_else(|| name.clone());
                }
                "project" if project.is_some() => return project.clone().unwrap_or_default(),
                _ => {}
            }
            let what = if what == "own invitation" { "invitation token" } else { what };
            let theirs = stolen.get(what).map(Vec::as_slice).unwrap_or_default();
            let from = if !theirs.is_empty() && dice.below(2) == 0 {
                names_first = true;
                theirs
            } else {
                own.entry(kind(what)).or_default()
            };
            let nothing = "01a20b41-557d-7255-8b08-6f3f637673f7".to_owned();
            // The newest are the likeliest to be there still.
            let recent = &from[from.len().saturating_sub(6)..];
            let found = dice.pick(recent).cloned().unwrap_or(nothing);
            if what == "project" {
                project = Some(found.clone());
            }
            found
        };
        let mut call = Call::to(&method, template, &mut ask);
        if template.ends_with("/conversations") && dice.below(2) == 0 {
            let cursors: Vec<String> = [&own, stolen]
                .iter()
                .filter_map(|loot| loot.get("cursor"))
                .flatten()
                .cloned()
                .collect();
            let cursor = dice.pick(&cursors).map(|cursor| format!("&before={cursor}")).unwrap_or_default();
            call.path.push_str(&format!("?limit=3{cursor}"));
        }
        let mut who = self.who.clone();
        who.streams = streams && self.dice.below(2) == 0;
        if door == Door::Widget {
            // Never the first tenant's key from a page that they allow: that is a visitor of theirs, and no attack.
            let origins = [self.origin(), "null".to_owned(), format!("{THEIRS}.evil.test")];
            let at = if names_first || self.dice.below(8) == 0 {
                self.dice.below(3)
            } else {
                0
            };
            who.origin = Some(origins[at].clone());
            let tokens: Vec<String> = stolen.get("visit").into_iter().flatten().chain(&self.visitor).cloned().collect();
            who.bearer = if self.is_first() {
                self.visitor.clone()
            } else {
                self.dice.pick(&tokens).cloned()
            };
        }
        (method, template, call, who)
    }

    /// Sends one request and takes what came back: status and text.
    async fn act(&mut self, routes: &[(String, &'static str, Door, bool)], stolen: &Loot) -> (String, u16, String) {
        let (method, template, call, who) = self.draw(routes, stolen);
        let label = format!("{method} {template}");
        let path = call.path.clone();
        let response = call.send(&self.client, &self.url, &who).await;
        let status = response.status().as_u16();
        if status < 300
            && template != "/invitations/accept"
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
                    for below in ["document", "conversation", "message", "key", "cursor"] {
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
    async fn settle(&self) {
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

fn kind(what: &str) -> &'static str {
    [
        "project",
        "document",
        "conversation",
        "message",
        "member",
        "invitation",
        "key",
        "workspace",
        "actor",
        "visit",
        "invitation token",
    ]
    .into_iter()
    .find(|kind| *kind == what)
    .unwrap_or_else(|| panic!("a route asks for {what}: say here where it is learnt"))
}

/// Ids and times of an answer by the order in which they first appear.
#[derive(Default)]
struct Normal(BTreeMap<String, usize>);

impl Normal {
    fn of(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut word = String::new();
        for c in text.chars().chain([' ']) {
            if c.is_ascii_alphanumeric() || "-_:.+".contains(c) {
                word.push(c);
                continue;
            }
            out.push_str(&self.word(&word));
            out.push(c);
            word.clear();
        }
        // Which request it was is nobody's state.
        let cut = |text: &str, name: &str| -> String {
            let mark = format!("\"{name}\":\"");
            let mut parts = text.split(&mark);
            let mut kept = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                kept.push_str(part.split_once('"').map_or("", |(_, rest)| rest));
            }
            kept
        };
        cut(&out, "request_id")
    }

    fn word(&mut self, word: &str) -> String {
        let bytes = word.as_bytes();
        let is_time = word.len() >= 19 && bytes[4] == b'-' && bytes[7] == b'-' && bytes[10] == b'T' && bytes[13] == b':';
        if is_time {
            return "(time)".into();
        }
        let is_id = word.len() == 36 && word.split('-').map(str::len).eq([8, 4, 4, 4, 12]);
        let is_random = word.starts_with("pk_") || word.starts_with("inv_") || (word.len() >= 40 && !word.contains('.'));
        // The server's own address.
        let is_port = word.len() >= 4 && bytes.iter().all(u8::is_ascii_digit) || word.starts_with("127.0.0.1:");
        if is_port {
            return "(port)".into();
        }
        if is_id || is_random {
            let next = self.0.len();
            let n = *self.0.entry(word.to_owned()).or_insert(next);
            return format!("#{n}");
        }
        word.to_owned()
    }
}

fn drawn(first: bool) -> Vec<(String, &'static str, Door, bool)> {
    let all = routes::api();
    let rows = all.iter().map(|route| {
        let streams = route.path.ends_with("/questions");
        (route.method.to_string(), route.path, route.door, streams)
    });
    rows.filter(|(method, path, ..)| !first || !NOT_ALONE.iter().any(|(m, p)| m == method && p == path))
        .collect()
}

struct Life {
    seen: Vec<String>,
    /// Requests of the others, and what they gave away.
    others: usize,
    leaks: Vec<String>,
    statuses: BTreeMap<String, BTreeSet<u16>>,
}

/// Lives `steps` (the numbers of those that are not left out) of the life that `seed` stands for.
async fn live(seed: u64, steps: &[usize], crowd: bool) -> Life {
    let app = TestApp::start_with(Clock::system(), &[("PERNOEX_LIMIT_FACTOR", "1000000")]).await;
    let loot = Arc::new(Mutex::new(Loot::new()));
    let over = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicUsize::new(0));
    let mut others = Vec::new();
    if crowd {
        for (n, name) in ["second", "third"].into_iter().enumerate() {
            let (url, loot, over, asked) = (app.url.clone(), loot.clone(), over.clone(), asked.clone());
            others.push(tokio::spawn(async move {
                let mut other = Actor::new(name, &url, seed ^ (n as u64 + 1));
                let (routes, mut leaks, mut statuses) = (drawn(false), Vec::new(), BTreeMap::new());
                other.sign_up().await;
                while !over.load(Ordering::Relaxed) {
                    let stolen = loot.lock().unwrap().clone();
                    let (label, status, text) = other.act(&routes, &stolen).await;
                    asked.fetch_add(1, Ordering::Relaxed);
                    statuses.entry(label.clone()).or_insert_with(BTreeSet::new).insert(status);
                    if CANARIES.iter().any(|canary| text.to_lowercase().contains(canary)) {
                        leaks.push(format!("{name} got at {label} ({status}): {text}"));
                    }
                    if status >= 500 {
                        leaks.push(format!("{name} made the server fail at {label}: {text}"));
                    }
                    if status == 401 && !label.contains("/widget/") {
                        other.sign_up().await;
                    }
                }
                (leaks, statuses)
            }));
        }
    }
    let mut first = Actor::new("first", &app.url, seed);
    first.sign_up().await;
    let (routes, mut normal, mut seen) = (drawn(true), Normal::default(), Vec::new());
    for step in steps {
        // A step is the same wherever it stands, so that a life can be shortened.
        first.dice = Dice::new(seed.wrapping_add(*step as u64));
        first.made = u32::try_from(*step * 10 + 100).unwrap();
        let (label, status, text) = first.act(&routes, &Loot::new()).await;
        let mut lost = first.own.clone();
        // An invitation's token is a secret as a session is: who holds it is invited.
        lost.remove("invitation token");
        *loot.lock().unwrap() = lost;
        let shown = if label.ends_with("/original") && status == 200 {
            text
        } else {
            normal.of(&text)
        };
        seen.push(format!("step {step}: {label} {status} {shown}"));
        if label.contains("/documents") && !label.starts_with("GET") {
            first.settle().await;
        }
    }
    over.store(true, Ordering::Relaxed);
    let (mut leaks, mut statuses) = (Vec::new(), BTreeMap::<String, BTreeSet<u16>>::new());
    for other in others {
        let (found, had) = other.await.unwrap();
        leaks.extend(found);
        for (label, set) in had {
            statuses.entry(label).or_default().extend(set);
        }
    }
    Life {
        seen,
        others: asked.load(Ordering::Relaxed),
        leaks,
        statuses,
    }
}

/// What the first tenant noticed, or the others learnt.
async fn interference(seed: u64, steps: &[usize]) -> (Option<String>, Life) {
    let alone = live(seed, steps, false).await;
    let crowded = live(seed, steps, true).await;
    if let Some(leak) = crowded.leaks.first() {
        return (Some(leak.clone()), crowded);
    }
    let differs = alone.seen.iter().zip(&crowded.seen).find(|(alone, crowded)| alone != crowded);
    let reason = differs.map(|(alone, crowded)| format!("alone:   {alone}\n  crowded: {crowded}"));
    (reason, crowded)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_do_is_neither_noticed_nor_rewarded() {
    let seed = seed();
    let count = if is_full() { 7_000 } else { 300 };
    let mut steps: Vec<usize> = (0..count).collect();
    println!("seed {seed}: {count} steps");
    let (reason, life) = interference(seed, &steps).await;
    if let Some(mut reason) = reason {
        // Half of it, while that fails too.
        while steps.len() > 1 {
            let (front, back) = steps.split_at(steps.len() / 2);
            let mut shorter = None;
            for half in [front.to_vec(), back.to_vec()] {
                if let (Some(still), _) = interference(seed, &half).await {
                    shorter = Some((half, still));
                    break;
                }
            }
            let Some((half, still)) = shorter else { break };
            (steps, reason) = (half, still);
        }
        panic!("seed {seed}, {} steps: {reason}", steps.len());
    }
    let operations = 2 * steps.len() + life.others;
    println!("{operations} operations, {} of them by the others", life.others);
    let worked = life.seen.iter().filter(|line| line.contains(" 20")).count();
    assert!(worked * 8 > steps.len(), "too little of it succeeded: {worked} of {}", steps.len());
    let tried = life.statuses.len();
    assert!(tried * 2 > drawn(false).len(), "the others tried {tried} routes only");
    if is_full() {
        assert!(operations >= 20_000, "{operations}");
        assert_eq!(tried, drawn(false).len());
    }
}
