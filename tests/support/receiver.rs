//! A customer's server at the network's edge: keeps what it was sent, byte by byte, and answers as it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::signing::tag;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Posted {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Posted {
    pub fn header(&self, name: &str) -> &str {
        let found: Vec<_> = self.headers.iter().filter(|(known, _)| known == name).collect();
        assert_eq!(found.len(), 1, "{name} in {:?}", self.headers);
        &found[0].1
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn signatures(&self) -> Vec<&str> {
        self.header("webhook-signature").split(' ').collect()
    }

    /// Whether one of the signatures is `secret`'s, worked out here anew.
    pub fn is_signed_by(&self, secret: &str) -> bool {
        let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let (id, at) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let signature = tag(&key, &[id.as_bytes(), b".", at.as_bytes(), b".", &self.body]);
        let expected = format!("v1,{}", BASE64_STANDARD.encode(signature));
        self.signatures().contains(&expected.as_str())
    }
}

/// What it answers.
#[derive(Clone, Debug)]
pub enum Reply {
    Status(u16),
    /// A status with a header.
    With(u16, &'static str, String),
    /// Never, with the connection open.
    Silence,
    /// Closes the connection without a word.
    Hangup,
}

pub struct Receiver {
    pub port: u16,
    replies: Arc<Mutex<VecDeque<Reply>>>,
    posted: mpsc::UnboundedReceiver<Posted>,
}

impl Receiver {
    /// Answers 204 until it is told otherwise.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, posted) = mpsc::unbounded_channel();
        let replies = Arc::<Mutex<VecDeque<Reply>>>::default();
        let told = replies.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tell, told) = (tell.clone(), told.clone());
                tokio::spawn(async move {
                    // A client that goes away in the middle is part of the stories.
                    let _ = answer(stream, &tell, &told).await;
                });
            }
        });
        Self { port, replies, posted }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hooks?key=of-the-receiver", self.port)
    }

    /// The next requests get these, in order; the last one stays.
    pub fn reply(&self, replies: &[Reply]) {
        *self.replies.lock().unwrap() = replies.iter().cloned().collect();
    }

    pub async fn next(&mut self) -> Posted {
        let next = tokio::time::timeout(Duration::from_secs(20), self.posted.recv()).await;
        next.expect("a request comes in time").unwrap()
    }

    /// What came and was not looked at yet.
    pub fn rest(&mut self) -> Vec<Posted> {
        std::iter::from_fn(|| self.posted.try_recv().ok()).collect()
    }
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Posted> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.lines();
    let line = lines.next().unwrap_or_default().to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    while bytes.len() < head + 4 + length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Posted {
        line,
        headers,
        body: bytes[head + 4..].to_vec(),
    })
}

async fn answer(mut stream: TcpStream, tell: &mpsc::UnboundedSender<Posted>, told: &Mutex<VecDeque<Reply>>) -> std::io::Result<()> {
    let request = read(&mut stream).await?;
    let reply = {
        let mut told = told.lock().unwrap();
        match told.len() {
            0 => Reply::Status(204),
            1 => told[0].clone(),
            _ => told.pop_front().unwrap(),
        }
    };
    // Told of before the answer: who waits for it may kill the sender in between.
    let _ = tell.send(request);
    let head = match reply {
        Reply::Status(status) => format!("HTTP/1.1 {status} So\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
        Reply::With(status, name, value) => {
            format!("HTTP/1.1 {status} So\r\n{name}: {value}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }
        Reply::Silence => return std::future::pending().await,
        Reply::Hangup => return Ok(()),
    };
    stream.write_all(head.as_bytes()).await?;
    stream.shutdown().await
}
