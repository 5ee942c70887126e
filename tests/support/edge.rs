//! What stands at the network's edge: a language model that refuses, and a look into Redis with nothing between.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};

/// A language model that refuses, and keeps what it was told to itself.
pub fn model() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    format!("http://{address}/v1")
}

pub fn redis(url: &str, commands: &[&str]) -> String {
    let host = url
        .rsplit_once('@')
        .map_or_else(|| url.trim_start_matches("redis://"), |(_, host)| host);
    let mut stream = TcpStream::connect(host.split('/').next().unwrap()).unwrap();
    for command in commands {
        stream.write_all(format!("{command}\r\n").as_bytes()).unwrap();
    }
    stream.write_all(b"QUIT\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Every key of Redis with its value, whatever its type.
pub fn redis_dump(url: &str) -> String {
    let mut dump = redis(url, &["KEYS *"]);
    let keys: Vec<String> = dump
        .lines()
        .filter(|line| line.contains(':') && !line.starts_with(['$', '*', '+']))
        .map(str::to_owned)
        .collect();
    for key in keys {
        for read in [
            "GET {}",
            "HGETALL {}",
            "LRANGE {} 0 -1",
            "SMEMBERS {}",
            "ZRANGE {} 0 -1 WITHSCORES",
            "XRANGE {} - +",
        ] {
            dump.push_str(&redis(url, &[&read.replace("{}", &format!("\"{key}\""))]));
        }
    }
    dump
}
