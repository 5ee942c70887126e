//! A website at the network's edge: pages as a story puts them, with what it takes to ask for them again.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What is at an address.
#[derive(Clone, Debug)]
pub struct Page {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Page {
    pub fn html(body: impl Into<String>) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type", "text/html; charset=utf-8".into())],
            body: body.into().into_bytes(),
        }
    }

    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: b"no".to_vec(),
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }
}

/// A page as sites make them: furniture around an article.
pub fn article(title: &str, text: &str, links: &[&str]) -> Page {
    let links: String = links.iter().map(|link| format!("<li><a href=\"{link}\">{link}</a></li>")).collect();
    Page::html(format!(
        "<!doctype html><html><head><title>{title}</title></head><body><div class=\"cookie-banner\">We use cookies, agree?</div>\
         <header>Site header</header><nav><ul>{links}</ul></nav><main><h1>{title}</h1><p>{text}</p></main><footer>All rights</footer></body></html>"
    ))
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub status: u16,
}

#[derive(Default)]
struct State {
    pages: BTreeMap<String, Page>,
    asked: Vec<Asked>,
    /// Answers that come before those of the pages, in order.
    first: VecDeque<Page>,
    /// What is said to everything.
    outage: Option<Page>,
    /// Nobody listens, as far as anybody can tell.
    down: bool,
    slow: Duration,
}

#[derive(Clone)]
pub struct Site {
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl Site {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = Self {
            port: listener.local_addr().unwrap().port(),
            state: Arc::default(),
        };
        let state = site.state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = state.clone();
                tokio::spawn(async move {
                    // A client that goes away in the middle is part of the stories.
                    let _ = answer(stream, &state).await;
                });
            }
        });
        site
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn put(&self, path: &str, page: Page) {
        self.lock().pages.insert(path.to_owned(), page);
    }

    pub fn remove(&self, path: &str) {
        self.lock().pages.remove(path);
    }

    /// The next requests get these, whatever they ask for.
    pub fn first(&self, pages: &[Page]) {
        self.lock().first = pages.iter().cloned().collect();
    }

    /// Says this to everything but what robots ask first, until it is told otherwise.
    pub fn outage(&self, page: Option<Page>) {
        self.lock().outage = page;
    }

    /// Closes each connection without a word.
    pub fn down(&self, down: bool) {
        self.lock().down = down;
    }

    /// Takes so long over each page.
    pub fn slow(&self, slow: Duration) {
        self.lock().slow = slow;
    }

    /// What was asked since the last look.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.lock().asked)
    }

    /// So many pages, each of which leads to the next `branches`, counted from 0 at `/docs/`. Returns the addresses.
    pub fn grow(&self, pages: usize, branches: usize) -> Vec<String> {
        let path = |n: usize| if n == 0 { "/docs/".to_owned() } else { format!("/docs/page-{n}") };
        for n in 0..pages {
            let children: Vec<String> = (n * branches + 1..=n * branches + branches)
                .filter(|child| *child < pages)
                .map(path)
                .collect();
            let links: Vec<&str> = children.iter().map(String::as_str).collect();
            self.put(&path(n), article(&format!("Page {n}"), &text_of(n), &links));
        }
        (0..pages).map(|n| self.url(&path(n))).collect()
    }
}

/// What page number `n` of a site that was grown says.
pub fn text_of(n: usize) -> String {
    format!(
        "This is what page number {n} says about widget{n}: it takes {} minutes to set up.",
        n % 60
    )
}

async fn answer(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
    let headers: Vec<(String, String)> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let (mut page, slow) = {
        let mut state = state.lock().unwrap();
        if state.down {
            return Ok(());
        }
        let outage = state.outage.clone().filter(|_| path != "/robots.txt");
        let page = match state.first.pop_front().or(outage) {
            Some(page) => page,
            None => state.pages.get(&path).cloned().unwrap_or_else(|| Page::status(404)),
        };
        (page, state.slow)
    };
    tokio::time::sleep(slow).await;
    if page.status == 200 && !page.headers.iter().any(|(name, _)| *name == "etag") {
        let hash: String = Sha256::digest(&page.body)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        let tag = format!("\"{hash}\"");
        let known = headers
            .iter()
            .find(|(name, _)| name == "if-none-match")
            .map(|(_, value)| value.as_str());
        if known == Some(tag.as_str()) {
            page = Page::status(304);
            page.body.clear();
        }
        page = page.with("etag", tag);
    }
    let status = page.status;
    let mut head = format!("HTTP/1.1 {status} Whatever\r\nconnection: close\r\n");
    if status != 304 {
        head += &format!("content-length: {}\r\n", page.body.len());
    }
    for (name, value) in &page.headers {
        head += &format!("{name}: {value}\r\n");
    }
    state.lock().unwrap().asked.push(Asked { path, headers, status });
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(b"\r\n").await?;
    stream.write_all(&page.body).await?;
    stream.flush().await?;
    stream.shutdown().await
}
