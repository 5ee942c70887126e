//! A network of its own, with listeners where nothing may be reached.

use std::{
    collections::{HashMap, VecDeque},
    io::{Read, Write},
    net::{IpAddr, TcpListener, TcpStream, UdpSocket},
    sync::{Arc, Mutex},
    thread,
};

use super::{PORTS, PRIVATE, PUBLIC, run};

type Pages = HashMap<String, (u16, Vec<(&'static str, String)>, String)>;

/// Everything that listens: on each address and port, whoever's they are.
#[derive(Clone, Default)]
pub(super) struct Network {
    reached: Arc<Mutex<Vec<(IpAddr, u16)>>>,
    /// By host and path.
    pages: Arc<Mutex<Pages>>,
    /// What a name's look-ups answer: the first first, the last from then on.
    answers: Arc<Mutex<HashMap<String, VecDeque<Vec<IpAddr>>>>>,
}

impl Network {
    pub(super) fn start(folder: &std::path::Path) -> Self {
        run("ip", &["link", "set", "lo", "up"]);
        for address in PRIVATE.iter().chain(PUBLIC) {
            let whole = if address.contains(':') {
                format!("{address}/128")
            } else {
                format!("{address}/32")
            };
            run("ip", &["address", "add", &whole, "dev", "lo"]);
        }
        let resolver = folder.join("resolv.conf");
        std::fs::write(&resolver, "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n").unwrap();
        run("mount", &["--bind", resolver.to_str().unwrap(), "/etc/resolv.conf"]);
        let network = Self::default();
        let socket = UdpSocket::bind("127.0.0.1:53").unwrap();
        let own = network.clone();
        thread::spawn(move || {
            let mut query = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut query) {
                if let Some(answer) = own.look_up(&query[..length]) {
                    let _ = socket.send_to(&answer, from);
                }
            }
        });
        for port in PORTS {
            // Of both families.
            let listener = TcpListener::bind(("::", *port)).unwrap();
            let own = network.clone();
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let own = own.clone();
                    thread::spawn(move || own.serve(stream));
                }
            });
        }
        network
    }

    pub(super) fn name(&self, name: &str, answers: &[&[&str]]) {
        let answers = answers
            .iter()
            .map(|one| one.iter().map(|address| address.parse().unwrap()).collect());
        self.answers.lock().unwrap().insert(name.to_lowercase(), answers.collect());
    }

    /// As a name server answers (RFC 1035). What changes from one look-up to the next changes with each question for an IPv4 address.
    fn look_up(&self, query: &[u8]) -> Option<Vec<u8>> {
        let (mut at, mut labels) = (12, Vec::new());
        loop {
            let length = usize::from(*query.get(at)?);
            if length == 0 {
                break;
            }
            labels.push(String::from_utf8_lossy(query.get(at + 1..at + 1 + length)?).to_lowercase());
            at += 1 + length;
        }
        let (kind, question) = (query.get(at + 1..at + 3)?, query.get(12..at + 5)?);
        let v4 = kind == [0, 1];
        let mut known = self.answers.lock().unwrap();
        let found = known.get_mut(&labels.join(".")).map(|answers| match v4 && answers.len() > 1 {
            true => answers.pop_front().unwrap(),
            false => answers.front().cloned().unwrap_or_default(),
        });
        let found = found.filter(|found| !found.is_empty());
        let fits = |one: &IpAddr| match kind {
            [0, 1] => one.is_ipv4(),
            [0, 28] => one.is_ipv6(),
            _ => false,
        };
        let fitting: Vec<IpAddr> = found.iter().flatten().copied().filter(fits).collect();
        let mut answer = query[..2].to_vec();
        answer.extend([
            0x81,
            if found.is_some() { 0x80 } else { 0x83 },
            0,
            1,
            0,
            u8::try_from(fitting.len()).unwrap(),
            0,
            0,
            0,
            0,
        ]);
        answer.extend_from_slice(question);
        for address in fitting {
            let bytes = match address {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            };
            answer.extend([0xc0, 12, kind[0], kind[1], 0, 1, 0, 0, 0, 0, 0, u8::try_from(bytes.len()).unwrap()]);
            answer.extend(bytes);
        }
        Some(answer)
    }

    pub(super) fn put(&self, place: &str, body: &str) {
        self.say(place, 200, &[("content-type", "text/html")], body);
    }

    pub(super) fn say(&self, place: &str, status: u16, headers: &[(&'static str, &str)], body: &str) {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.pages.lock().unwrap().insert(place.into(), (status, headers, body.into()));
    }

    fn serve(&self, mut stream: TcpStream) {
        let at = stream.local_addr().unwrap();
        self.reached.lock().unwrap().push((at.ip().to_canonical(), at.port()));
        let (mut head, mut part) = (Vec::new(), [0; 1024]);
        while !head.windows(4).any(|end| end == b"\r\n\r\n") {
            match stream.read(&mut part) {
                Ok(0) | Err(_) => return,
                Ok(read) => head.extend_from_slice(&part[..read]),
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let path = head.split(' ').nth(1).unwrap_or_default();
        let host = head
            .lines()
            .find_map(|line| line.to_lowercase().strip_prefix("host: ").map(str::to_owned));
        let place = format!("{}{path}", host.unwrap_or_default());
        let (status, headers, body) = match self.pages.lock().unwrap().get(&place).cloned() {
            Some(page) => page,
            None if path == "/robots.txt" => (404, Vec::new(), String::new()),
            None => (
                200,
                vec![("content-type", "text/html".into())],
                "<h1>Keys</h1><p>The keys of the castle.</p>".into(),
            ),
        };
        let mut answer = format!("HTTP/1.1 {status} Said\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            answer += &format!("{name}: {value}\r\n");
        }
        let _ = stream.write_all(format!("{answer}\r\n{body}").as_bytes());
    }

    /// What was reached since the last look, and is nobody's business.
    pub(super) fn reached_inside(&self) -> Vec<(IpAddr, u16)> {
        let reached = std::mem::take(&mut *self.reached.lock().unwrap());
        let public: Vec<IpAddr> = PUBLIC.iter().map(|address| address.parse().unwrap()).collect();
        reached.into_iter().filter(|(address, _)| !public.contains(address)).collect()
    }
}
