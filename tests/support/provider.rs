//! A provider's web API at the network's edge: each request is answered as a story's stand-in says, or as something that is wrong with it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::{Url, form_urlencoded};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// Without its query, percent-encoded as it came.
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub authorization: String,
    pub agent: String,
    /// JSON, or the fields of a form.
    pub body: Value,
}

impl Request {
    pub fn field(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_default()
    }

    pub fn bearer(&self) -> &str {
        self.authorization.strip_prefix("Bearer ").unwrap_or_default()
    }
}

#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    /// Announces its length, sends half of it, and hangs up.
    pub cut: bool,
    pub after: Duration,
}

impl Reply {
    pub fn text(status: u16, kind: &str, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: vec![("content-type", kind.into())],
            body: body.into(),
            cut: false,
            after: Duration::ZERO,
        }
    }

    pub fn json(status: u16, body: &Value) -> Self {
        match status {
            204 => Self::empty(204),
            _ => Self::text(status, "application/json", body.to_string()),
        }
    }

    /// A status without a word.
    pub fn empty(status: u16) -> Self {
        Self {
            headers: Vec::new(),
            ..Self::text(status, "", "")
        }
    }

    pub fn redirect(to: &Url) -> Self {
        Self::empty(302).with("location", to.to_string())
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn cut(self) -> Self {
        Self { cut: true, ..self }
    }

    pub async fn send(self, mut stream: TcpStream) -> std::io::Result<()> {
        tokio::time::sleep(self.after).await;
        let mut head = format!("HTTP/1.1 {} Status\r\nconnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.status != 204 {
            head.push_str(&format!("content-length: {}\r\n", self.body.len()));
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).await?;
        let body = self.body.as_bytes();
        let sent = if self.cut { body.len() / 2 } else { body.len() };
        stream.write_all(&body[..sent]).await?;
        stream.shutdown().await
    }
}

/// How a provider is that cannot do what is asked of it: it answers everything so.
pub fn outages() -> Vec<(&'static str, Reply)> {
    let maintenance = "<!doctype html><html><body><h1>We will be back soon</h1></body></html>";
    let half = "{\"results\": [], \"tree\": [], \"has_more\": false}";
    let sign_in = Url::parse("https://login.example.com/").unwrap();
    vec![
        ("500", Reply::json(500, &Value::Null)),
        ("502, as a proxy says it", Reply::text(502, "text/html", "<h1>Bad Gateway</h1>")),
        ("a page about maintenance", Reply::text(200, "text/html", maintenance)),
        ("nothing", Reply::empty(200)),
        ("an object of nothing", Reply::json(200, &serde_json::json!({}))),
        (
            "a list that is cut off",
            Reply::text(200, "application/json", &half[..half.len() - 9]),
        ),
        ("a connection that is cut off", Reply::text(200, "application/json", half).cut()),
        ("a redirect to where somebody signs in", Reply::redirect(&sign_in)),
    ]
}

struct Shared<S> {
    asked: Vec<Request>,
    /// What it answers next to a path that has this in it, in the place of what was asked for.
    instead: BTreeMap<String, VecDeque<Reply>>,
    /// What it answers to everything.
    outage: Option<Reply>,
    state: S,
}

/// A provider with what a story knows of it.
pub struct StandIn<S> {
    pub url: String,
    shared: Arc<Mutex<Shared<S>>>,
}

impl<S: Send + 'static> StandIn<S> {
    pub async fn start(state: S, answer: impl Fn(&str, &mut S, &Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Mutex::new(Shared {
            asked: Vec::new(),
            instead: BTreeMap::new(),
            outage: None,
            state,
        }));
        let (answer, own, here) = (Arc::new(answer), shared.clone(), url.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, shared, here) = (answer.clone(), own.clone(), here.clone());
                tokio::spawn(async move {
                    // A client that goes away in the middle is part of the stories.
                    let _ = exchange(stream, |request| {
                        let shared = &mut *shared.lock().unwrap();
                        shared.asked.push(request.clone());
                        let mut fitting = shared.instead.iter_mut().filter(|(part, _)| request.path.contains(part.as_str()));
                        let instead = fitting.find_map(|(_, waiting)| waiting.pop_front());
                        let instead = shared.outage.clone().or(instead);
                        instead.unwrap_or_else(|| answer(&here, &mut shared.state, request))
                    })
                    .await;
                });
            }
        });
        Self { url, shared }
    }

    pub fn with<T>(&self, change: impl FnOnce(&mut S) -> T) -> T {
        change(&mut self.shared.lock().unwrap().state)
    }

    pub fn instead(&self, path: &str, reply: Reply) {
        let mut shared = self.shared.lock().unwrap();
        shared.instead.entry(path.into()).or_default().push_back(reply);
    }

    /// Answers everything so, until it is told otherwise.
    pub fn outage(&self, reply: Option<Reply>) {
        self.shared.lock().unwrap().outage = reply;
    }

    pub fn asked(&self) -> Vec<Request> {
        self.shared.lock().unwrap().asked.clone()
    }

    /// What was asked since the last look.
    pub fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.shared.lock().unwrap().asked)
    }
}

async fn exchange(mut stream: TcpStream, answer: impl FnOnce(&Request) -> Reply) -> std::io::Result<()> {
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
    let header = |wanted: &str| {
        let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let found = lines.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let length: usize = header("content-length").parse().unwrap_or(0);
    while bytes.len() < end + 4 + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
    let body = &bytes[end + 4..];
    let mut words = head.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let url = Url::parse("http://edge").unwrap().join(target).unwrap();
    let reply = answer(&Request {
        method: method.to_owned(),
        path: url.path().to_owned(),
        query: url.query_pairs().into_owned().collect(),
        authorization: header("authorization"),
        agent: header("user-agent"),
        body: serde_json::from_slice(body).unwrap_or_else(|_| {
            let form = form_urlencoded::parse(body).into_owned();
            form.map(|(name, value)| (name, Value::String(value))).collect()
        }),
    });
    reply.send(stream).await
}
