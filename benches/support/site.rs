//! A website on this machine: pages that are made once and sent as fast as they are asked for.

use std::{
    collections::HashMap,
    io::{Read, Write},
    net::TcpListener,
    sync::Arc,
    thread,
};

use super::corpus;

/// Links of a page.
const BRANCHES: usize = 20;

fn path(n: usize) -> String {
    if n == 0 { "/docs/".to_owned() } else { format!("/docs/page-{n}") }
}

/// A page as sites make them: some kilobytes of furniture around `sections` passages of some eighty words.
fn page(n: usize, pages: usize, sections: usize) -> String {
    let furniture = "<li><a href=\"/elsewhere/entry\" class=\"item item--level-2\">An entry of the navigation</a></li>".repeat(60);
    let links: String = (n * BRANCHES + 1..=n * BRANCHES + BRANCHES)
        .filter(|child| *child < pages)
        .map(|child| format!("<a href=\"{}\">Next</a> ", path(child)))
        .collect();
    let text = corpus::document(n * sections, sections, 5);
    let text: String = text
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| format!("<p>{line}</p>\n"))
        .collect();
    format!(
        "<!doctype html><html><head><title>Page {n}</title></head><body><nav><ul>{furniture}</ul></nav>\
         <main><h1>Page {n}</h1>{text}{links}</main><footer>All rights reserved</footer></body></html>"
    )
}

/// Where so many pages are, all of them led to from the address that is returned.
pub fn serve(pages: usize, sections: usize) -> String {
    let made: HashMap<String, Vec<u8>> = (0..pages)
        .map(|n| {
            let body = page(n, pages, sections);
            let head = format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: text/html; charset=utf-8\r\netag: \"{n}\"\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            (path(n), [head.into_bytes(), body.into_bytes()].concat())
        })
        .collect();
    let (made, listener) = (Arc::new(made), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = format!("http://{}/docs/", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let made = made.clone();
            thread::spawn(move || {
                let mut asked = Vec::new();
                let mut some = [0; 4096];
                while !asked.ends_with(b"\r\n\r\n") {
                    match stream.read(&mut some) {
                        Ok(n) if n > 0 => asked.extend_from_slice(&some[..n]),
                        _ => return,
                    }
                }
                let asked = String::from_utf8_lossy(&asked).into_owned();
                let found = made.get(asked.split(' ').nth(1).unwrap_or_default());
                let answer: &[u8] = match found {
                    Some(_) if asked.to_ascii_lowercase().contains("if-none-match") => b"HTTP/1.1 304 Same\r\nconnection: close\r\n\r\n",
                    Some(page) => page,
                    None => b"HTTP/1.1 404 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
                };
                let _ = stream.write_all(answer);
            });
        }
    });
    address
}
