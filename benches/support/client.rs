//! A small HTTP/1.1 client: blocking sockets kept alive, one thread a connection, requests prepared beforehand. It runs on the
//! same cores as the server, so it does as little as it can.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
    pub took: Duration,
    /// Until the first words of a streamed answer.
    pub first_words: Option<Duration>,
}

impl Reply {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Fails unless the server did what was asked.
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}{}", self.head, String::from_utf8_lossy(&self.body));
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

/// A request as it goes over the wire.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n").into_bytes();
    for (name, value) in headers {
        bytes.extend(format!("{name}: {value}\r\n").into_bytes());
    }
    bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
    bytes.extend(body);
    bytes
}

pub struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

fn find(bytes: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let found = bytes.get(from..)?.windows(wanted.len()).position(|window| window == wanted);
    found.map(|at| at + from)
}

impl Connection {
    pub fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(150))).unwrap();
        Self { stream, read: Vec::new() }
    }

    fn more(&mut self) {
        let mut some = [0; 16 * 1024];
        let n = self.stream.read(&mut some).unwrap();
        assert!(n > 0, "the server closed the connection");
        self.read.extend_from_slice(&some[..n]);
    }

    pub fn ask(&mut self, request: &[u8]) -> Reply {
        let began = Instant::now();
        self.read.clear();
        self.stream.write_all(request).unwrap();
        let body_at = loop {
            match find(&self.read, b"\r\n\r\n", 0) {
                Some(at) => break at + 4,
                None => self.more(),
            }
        };
        let mut reply = Reply {
            status: 0,
            head: String::from_utf8_lossy(&self.read[..body_at]).into_owned(),
            body: Vec::new(),
            took: Duration::ZERO,
            first_words: None,
        };
        reply.status = reply.head[9..12].parse().unwrap();
        if reply.header("transfer-encoding") == Some("chunked") {
            self.read_pieces(body_at, began, &mut reply);
        } else {
            let length: usize = reply.header("content-length").map_or(0, |length| length.parse().unwrap());
            while self.read.len() < body_at + length {
                self.more();
            }
            reply.body = self.read[body_at..body_at + length].to_vec();
        }
        reply.took = began.elapsed();
        reply
    }

    fn read_pieces(&mut self, mut at: usize, began: Instant, reply: &mut Reply) {
        loop {
            let line_end = loop {
                match find(&self.read, b"\r\n", at) {
                    Some(end) => break end,
                    None => self.more(),
                }
            };
            let size = usize::from_str_radix(std::str::from_utf8(&self.read[at..line_end]).unwrap(), 16).unwrap();
            let (start, end) = (line_end + 2, line_end + 2 + size);
            while self.read.len() < end + 2 {
                self.more();
            }
            reply.body.extend_from_slice(&self.read[start..end]);
            if reply.first_words.is_none() && find(&self.read[start..end], b"event: delta", 0).is_some() {
                reply.first_words = Some(began.elapsed());
            }
            if size == 0 {
                return;
            }
            at = end + 2;
        }
    }
}

/// What came of asking for a while.
#[derive(Default)]
pub struct Round {
    pub requests_per_s: f64,
    pub took: Vec<Duration>,
    pub first_words: Vec<Duration>,
}

static TURN: AtomicUsize = AtomicUsize::new(0);

/// Asks for `time` over one connection for each of `scripts`, the next request as soon as the last was answered. A connection
/// goes through the requests of its script in turn.
pub fn closed_loop(address: SocketAddr, time: Duration, scripts: &[Vec<Vec<u8>>]) -> Round {
    let mut round = Round::default();
    std::thread::scope(|scope| {
        let began = Instant::now();
        let running: Vec<_> = scripts
            .iter()
            .map(|script| {
                scope.spawn(move || {
                    let mut connection = Connection::open(address);
                    let mut replies = Vec::new();
                    while began.elapsed() < time {
                        let request = &script[TURN.fetch_add(1, Ordering::Relaxed) % script.len()];
                        let reply = connection.ask(request).expect(200);
                        replies.push((reply.took, reply.first_words));
                    }
                    replies
                })
            })
            .collect();
        for replies in running {
            for (took, first_words) in replies.join().unwrap() {
                round.took.push(took);
                round.first_words.extend(first_words);
            }
        }
        round.requests_per_s = round.took.len() as f64 / began.elapsed().as_secs_f64();
    });
    round
}
