//! Slack, at the network's edge: it installs the app, takes its messages, and sends what it is told to, signed.

mod people;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Client, Response, StatusCode, header};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::form_urlencoded;

use super::{
    TestApp,
    provider::Reply,
    signing::{hex, tag},
};

pub const CLIENT: &str = "1234.5678";
pub const SECRET: &str = "a-client-secret-of-slack";
pub const SIGNING: &str = "8f742231b10e8888abcd99yyyzzz85a5";
/// As whom the app speaks in every team.
pub const BOT: &str = "UBOT00001";

/// A call that was made of it.
#[derive(Clone, Debug)]
pub struct Called {
    pub method: String,
    pub token: String,
    pub body: Value,
}

#[derive(Default)]
struct State {
    calls: Vec<Called>,
    /// What it answers next to a method, in the place of what was asked for: status, `Retry-After`, body.
    instead: BTreeMap<String, VecDeque<(u16, Option<u64>, Value)>>,
    /// Hangs up on a method that many times, after taking the call.
    hangs_up: BTreeMap<String, usize>,
    /// Takes calls of these, and answers none.
    silent: BTreeSet<String>,
    tokens: BTreeSet<String>,
    refresh_tokens: BTreeSet<String>,
    /// What renews each token.
    renewed_by: BTreeMap<String, String>,
    rotates: bool,
    secret: Option<String>,
    ended: BTreeSet<String>,
    channels: super::slack_channels::Channels,
    /// What it answers to everything.
    outage: Option<Reply>,
    made: usize,
}

pub struct Slack {
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl Slack {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = shared.clone();
                tokio::spawn(async move {
                    let _ = answer(stream, &state).await;
                });
            }
        });
        Self { url, state }
    }

    /// By which a server knows it.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("SLACK_CLIENT_ID", CLIENT.into()),
            ("SLACK_CLIENT_SECRET", SECRET.into()),
            ("SLACK_SIGNING_SECRET", SIGNING.into()),
            ("SLACK_URL", self.url.clone()),
        ]
    }

    /// A server with this Slack, and settings of its own.
    pub async fn app(&self, clock: pernoex::Clock, more: &[(&str, &str)]) -> TestApp {
        let own = self.settings();
        let mut settings: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
        settings.extend(more);
        TestApp::start_with(clock, &settings).await
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What is said in its channels.
    pub fn channels<T>(&self, change: impl FnOnce(&mut super::slack_channels::Channels) -> T) -> T {
        change(&mut self.lock().channels)
    }

    /// The app's client secret is this one.
    pub fn knows(&self, secret: &str) {
        self.lock().secret = Some(secret.to_owned());
    }

    /// Everything that it gave out and that is good for something.
    pub fn tokens(&self) -> Vec<String> {
        let state = self.lock();
        state.tokens.iter().chain(&state.refresh_tokens).cloned().collect()
    }

    /// Its tokens end after twelve hours from now on.
    pub fn rotate(&self) {
        self.lock().rotates = true;
    }

    /// The tokens that it gave out are over, as after twelve hours; what renews them is not.
    pub fn expire(&self) {
        let mut state = self.lock();
        let tokens = std::mem::take(&mut state.tokens);
        state.ended.extend(tokens);
    }

    /// What it answers next to `method`.
    pub fn once(&self, method: &str, status: u16, retry_after: Option<u64>, body: Value) {
        let mut state = self.lock();
        state
            .instead
            .entry(method.into())
            .or_default()
            .push_back((status, retry_after, body));
    }

    /// Answers everything so, until it is told otherwise.
    pub fn outage(&self, reply: Option<Reply>) {
        self.lock().outage = reply;
    }

    pub fn refuse_once(&self, method: &str, error: &str) {
        self.once(method, 200, None, json!({ "ok": false, "error": error }));
    }

    /// Takes the next call of `method` and hangs up.
    pub fn hang_up_once(&self, method: &str) {
        *self.lock().hangs_up.entry(method.into()).or_default() += 1;
    }

    /// Takes calls of `method` from now on without an answer, or answers them again.
    pub fn be_silent(&self, method: &str, silent: bool) {
        let mut state = self.lock();
        match silent {
            true => state.silent.insert(method.into()),
            false => state.silent.remove(method),
        };
    }

    pub fn calls(&self, method: &str) -> Vec<Called> {
        self.lock().calls.iter().filter(|call| call.method == method).cloned().collect()
    }

    /// Tokens that are good for something.
    pub fn living(&self) -> usize {
        self.tokens().len()
    }

    /// Waits until `method` was called `count` times.
    pub async fn called(&self, method: &str, count: usize) -> Vec<Called> {
        for _ in 0..600 {
            let calls = self.calls(method);
            if calls.len() >= count {
                assert_eq!(calls.len(), count, "{calls:?}");
                return calls;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{method} was called {} times and not {count}", self.calls(method).len());
    }
}

fn token_of(head: &str) -> String {
    head.lines()
        .find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("authorization").then(|| value.trim().to_owned())
        })
        .unwrap_or_default()
}

fn given(state: &mut State, team: Option<&str>) -> Value {
    state.made += 1;
    let token = format!("xoxb-{}", uuid::Uuid::new_v4().simple());
    state.tokens.insert(token.clone());
    let mut answer = json!({
        "ok": true, "access_token": token, "token_type": "bot", "scope": "app_mentions:read,chat:write,im:history",
        "bot_user_id": BOT, "app_id": "A1", "enterprise": null, "is_enterprise_install": false, "authed_user": { "id": "U1" },
    });
    if let Some(team) = team {
        answer["team"] = json!({ "id": team, "name": format!("Team {team}") });
    }
    if state.rotates {
        let refresh = format!("xoxe-1-{}", uuid::Uuid::new_v4().simple());
        state.refresh_tokens.insert(refresh.clone());
        state.renewed_by.insert(token, refresh.clone());
        answer["refresh_token"] = json!(refresh);
        answer["expires_in"] = json!(43_200);
    }
    answer
}

fn form(body: &[u8]) -> BTreeMap<String, String> {
    form_urlencoded::parse(body).into_owned().collect()
}

fn said(state: &mut State, method: &str, head: &str, body: &[u8]) -> Value {
    if method == "oauth.v2.access" {
        let secret = state.secret.as_deref().unwrap_or(SECRET);
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{CLIENT}:{secret}")));
        if token_of(head) != basic {
            return json!({ "ok": false, "error": "bad_client_secret" });
        }
        let form = form(body);
        return match (
            form.get("grant_type").map(String::as_str),
            form.get("refresh_token"),
            form.get("code"),
        ) {
            (Some("refresh_token"), Some(refresh), _) if state.refresh_tokens.remove(refresh) => given(state, None),
            (Some("refresh_token"), ..) => json!({ "ok": false, "error": "invalid_refresh_token" }),
            (_, _, Some(code)) if code.starts_with('T') => given(state, Some(code)),
            _ => json!({ "ok": false, "error": "invalid_code" }),
        };
    }
    let token = token_of(head);
    let token = token.strip_prefix("Bearer ").unwrap_or_default();
    if state.ended.contains(token) {
        return json!({ "ok": false, "error": "token_expired" });
    }
    if !state.tokens.contains(token) {
        return json!({ "ok": false, "error": "invalid_auth" });
    }
    match method {
        "chat.postMessage" => {
            state.made += 1;
            json!({ "ok": true, "ts": format!("1700000000.{:06}", state.made), "channel": "C1" })
        }
        "auth.revoke" => {
            state.tokens.remove(token);
            // With the token goes what renews it.
            if let Some(refresh) = state.renewed_by.remove(token) {
                state.refresh_tokens.remove(&refresh);
            }
            json!({ "ok": true, "revoked": true })
        }
        _ => state.channels.answer(method, &form(body)).unwrap_or_else(|| json!({ "ok": true })),
    }
}

async fn answer(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head.to_lowercase();
    let length = length.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let length: usize = length.unwrap_or(0);
    while bytes.len() < end + 4 + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
    let body = &bytes[end + 4..];
    let path = head.split_whitespace().nth(1).unwrap_or_default();
    let method = path.strip_prefix("/api/").unwrap_or_default().to_owned();
    let call = Called {
        method: method.clone(),
        token: token_of(&head),
        body: serde_json::from_slice(body).unwrap_or_else(|_| json!(form(body))),
    };
    let outage = {
        let mut state = state.lock().unwrap();
        state.calls.push(call);
        state.outage.clone()
    };
    if let Some(outage) = outage {
        return outage.send(stream).await;
    }
    let answered = {
        let mut state = state.lock().unwrap();
        if let Some(left) = state.hangs_up.get_mut(&method).filter(|left| **left > 0) {
            *left -= 1;
            return Ok(());
        }
        match state.instead.get_mut(&method).and_then(VecDeque::pop_front) {
            _ if state.silent.contains(&method) => None,
            Some(instead) => Some(instead),
            None => Some((200, None, said(&mut state, &method, &head, body))),
        }
    };
    let Some((status, retry_after, said)) = answered else {
        // Until who called gives up.
        while stream.read_buf(&mut bytes).await? > 0 {}
        return Ok(());
    };
    let wait = retry_after.map(|seconds| format!("retry-after: {seconds}\r\n")).unwrap_or_default();
    let text = said.to_string();
    let head = format!(
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\n{wait}content-length: {}\r\nconnection: close\r\n\r\n",
        text.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

/// `v0=…`, as Slack signs.
pub fn signature(secret: &str, seconds: i64, body: &str) -> String {
    let signed = format!("v0:{seconds}:{body}");
    format!("v0={}", hex(&tag(secret.as_bytes(), &[signed.as_bytes()])))
}

/// Slack's own servers, as a server sees them.
pub struct Sender {
    client: Client,
    url: String,
    clock: pernoex::Clock,
}

impl Sender {
    pub fn to(app: &TestApp, clock: &pernoex::Clock) -> Self {
        Self {
            client: Client::builder().local_address(app.own_address()).build().unwrap(),
            url: app.url.clone(),
            clock: clock.clone(),
        }
    }

    /// To a server that is a process of its own.
    pub fn at(url: &str) -> Self {
        Self {
            client: Client::new(),
            url: url.to_owned(),
            clock: pernoex::Clock::system(),
        }
    }

    pub async fn send(&self, path: &str, kind: &str, body: &str) -> Response {
        let seconds = self.clock.now() / 1000;
        self.client
            .post(format!("{}/webhooks/slack/{path}", self.url))
            .header(header::CONTENT_TYPE, kind)
            .header("x-slack-request-timestamp", seconds.to_string())
            .header("x-slack-signature", signature(SIGNING, seconds, body))
            .body(body.to_owned())
            .send()
            .await
            .unwrap()
    }

    /// An event with an id of its own; the id.
    pub async fn event(&self, team: &str, event: Value) -> String {
        let id = format!("Ev{}", uuid::Uuid::new_v4().simple());
        self.event_as(&id, team, event).await;
        id
    }

    pub async fn event_as(&self, id: &str, team: &str, event: Value) {
        let envelope = json!({
            "token": "old", "team_id": team, "api_app_id": "A1", "event": event, "type": "event_callback", "event_id": id,
            "event_time": self.clock.now() / 1000, "authorizations": [{ "enterprise_id": null, "team_id": team, "user_id": BOT, "is_bot": true }],
        });
        let response = self.send("events", "application/json", &envelope.to_string()).await;
        let status = response.status();
        assert!(status.is_success(), "{status} {}", response.text().await.unwrap());
    }

    /// A mention in a channel, which may be in a thread.
    pub async fn mention(&self, team: &str, channel: &str, ts: &str, thread: Option<&str>, text: &str) -> String {
        let mut event = json!({ "type": "app_mention", "user": "U1", "text": format!("<@{BOT}> {text}"), "ts": ts, "channel": channel });
        if let Some(thread) = thread {
            event["thread_ts"] = json!(thread);
        }
        self.event(team, event).await
    }

    /// The press of a button below a message that was posted.
    pub async fn press(&self, team: &str, posted: &Called, which: usize) -> StatusCode {
        let blocks = posted.body["blocks"].as_array().unwrap();
        let button = &blocks.last().unwrap()["elements"][which];
        let payload = json!({
            "type": "block_actions", "team": { "id": team }, "user": { "id": "U1" }, "channel": { "id": posted.body["channel"] },
            "message": { "ts": "9.9", "thread_ts": posted.body["thread_ts"] },
            "actions": [{ "action_id": button["action_id"], "value": button["value"], "action_ts": uuid::Uuid::new_v4().to_string() }],
        });
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("payload", &payload.to_string())
            .finish();
        self.send("actions", "application/x-www-form-urlencoded", &form).await.status()
    }
}

/// A team's id that no other test has.
pub fn team() -> String {
    format!("T{}", &uuid::Uuid::new_v4().simple().to_string().to_uppercase()[..10])
}
