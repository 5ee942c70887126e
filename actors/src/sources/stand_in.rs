//! A provider on a local port: answers as it is told, and remembers what it was asked.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::Value;
use url::Url;

#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub method: String,
    /// With its query.
    pub path: String,
    pub authorization: String,
    pub version: String,
    pub body: Value,
}

impl Asked {
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let url = Url::parse("http://stand-in").unwrap().join(&self.path).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    pub(super) fn route(&self) -> &str {
        self.path.split('?').next().unwrap()
    }
}

pub(super) struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    /// Announces the body and sends only half of it.
    pub cut: bool,
}

impl Reply {
    pub(super) fn json(body: &Value) -> Self {
        Self::text(200, &body.to_string())
    }

    pub(super) fn status(status: u16, body: &Value) -> Self {
        Self::text(status, &body.to_string())
    }

    pub(super) fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.to_owned(),
            cut: false,
        }
    }

    pub(super) fn cut(self) -> Self {
        Self { cut: true, ..self }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

pub(super) struct StandIn {
    pub url: Url,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl StandIn {
    pub(super) fn new(mut answer: impl FnMut(&Asked) -> Reply + Send + 'static) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let seen = asked.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let _ = serve(stream, &seen, &mut answer);
            }
        });
        Self { url, asked }
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// What was asked since the last look.
    pub(super) fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Asked>>, answer: &mut impl FnMut(&Asked) -> Reply) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let mut part = [0; 8 * 1024];
    let mut more = |bytes: &mut Vec<u8>| {
        let read = stream.read(&mut part)?;
        bytes.extend_from_slice(&part[..read]);
        Ok::<_, std::io::Error>(read > 0)
    };
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end;
        }
        if !more(&mut bytes)? {
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
    while bytes.len() < end + 4 + length && more(&mut bytes)? {}
    let body = &bytes[end + 4..];
    let mut words = head.split_whitespace();
    let asked = Asked {
        method: words.next().unwrap_or_default().to_owned(),
        path: words.next().unwrap_or_default().to_owned(),
        authorization: header("authorization"),
        version: header("notion-version"),
        body: serde_json::from_slice(body).unwrap_or_else(|_| {
            let form = url::form_urlencoded::parse(body).into_owned();
            form.map(|(name, value)| (name, Value::String(value))).collect()
        }),
    };
    let reply = answer(&asked);
    seen.lock().unwrap().push(asked);
    let mut head = format!("HTTP/1.1 {} Status\r\nconnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", reply.body.len()));
    stream.write_all(head.as_bytes())?;
    let body = reply.body.as_bytes();
    let sent = if reply.cut { &body[..body.len() / 2] } else { body };
    stream.write_all(sent)?;
    stream.flush()
}
