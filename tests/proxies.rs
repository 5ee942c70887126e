//! Who somebody is behind proxies: known by their own address where the proxies are trusted, and by nothing that they say of themselves.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use reqwest::{Client, StatusCode};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpSocket, TcpStream},
};

use crate::support::{PASSWORD, Person, TestApp};

const INNER: Ipv4Addr = Ipv4Addr::new(127, 200, 0, 1);
const OUTER: Ipv4Addr = Ipv4Addr::new(127, 200, 0, 2);
const TRUSTED: (&str, &str) = ("PERNOEX_TRUSTED_PROXIES", "127.200.0.1, 127.200.0.2");

/// What a client would be if it were believed.
const FORGED: &str = "192.0.2.66";

/// A proxy as they are: it adds the address that it sees to what was there, and goes on from an address of its own. Where TLS would end, it
/// says so.
async fn proxy(own: Ipv4Addr, upstream: SocketAddr, ends_tls: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, peer)) = listener.accept().await {
            tokio::spawn(pass_on(client, peer.ip(), own, upstream, ends_tls));
        }
    });
    address
}

async fn pass_on(mut client: TcpStream, peer: IpAddr, own: Ipv4Addr, upstream: SocketAddr, ends_tls: bool) -> std::io::Result<()> {
    let mut read = Vec::new();
    let end = loop {
        if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 2;
        }
        if client.read_buf(&mut read).await? == 0 {
            return Ok(());
        }
    };
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let named = |line: &str, name: &str| line.to_ascii_lowercase().starts_with(&format!("{name}:"));
    let chain: Vec<&str> = head
        .lines()
        .filter(|line| named(line, "x-forwarded-for"))
        .map(|line| line[16..].trim())
        .collect();
    let chain = chain
        .into_iter()
        .map(str::to_owned)
        .chain([peer.to_string()])
        .collect::<Vec<_>>()
        .join(", ");
    let mut passed: String = head
        .lines()
        .filter(|line| !(named(line, "x-forwarded-for") || named(line, "connection") || ends_tls && named(line, "x-forwarded-proto")))
        .map(|line| format!("{line}\r\n"))
        .collect();
    passed.push_str(&format!("x-forwarded-for: {chain}\r\nconnection: close\r\n"));
    if ends_tls {
        passed.push_str("x-forwarded-proto: https\r\n");
    }
    passed.push_str("\r\n");
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(own.into(), 0))?;
    let mut server = socket.connect(upstream).await?;
    server.write_all(passed.as_bytes()).await?;
    server.write_all(&read[end + 2..]).await?;
    copy_bidirectional(&mut client, &mut server).await.map(|_| ())
}

fn upstream(app: &TestApp) -> SocketAddr {
    app.url.strip_prefix("http://").unwrap().parse().unwrap()
}

/// Somebody new, at `url` and from `address`, who says on every request that they come by TLS from elsewhere.
async fn liar(app: &TestApp, url: String, address: IpAddr) -> Person {
    let mut person = app.nobody();
    person.client = Client::builder()
        .local_address(address)
        .default_headers(
            [
                ("x-forwarded-for", FORGED),
                ("x-forwarded-proto", "https"),
                ("forwarded", "for=192.0.2.66;proto=https"),
                ("x-real-ip", FORGED),
            ]
            .into_iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
            .collect(),
        )
        .build()
        .unwrap();
    person.url = url;
    person.email = format!("liar.{}@example.com", uuid::Uuid::new_v4().simple());
    let body = json!({ "email": person.email, "password": PASSWORD, "workspace": "Lies" });
    let (status, session) = person.post("/account", body).await;
    assert_eq!(status, StatusCode::CREATED, "{session}");
    person.took(&session);
    person
}

async fn seen_address(person: &mut Person) -> String {
    let (status, sessions) = person.get("/account/sessions").await;
    assert_eq!(status, StatusCode::OK, "{sessions}");
    sessions["sessions"][0]["address"].as_str().unwrap().to_owned()
}

async fn has_hsts(person: &Person) -> bool {
    let answer = person.client.get(format!("{}/healthz", person.url)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.headers().contains_key("strict-transport-security")
}

#[tokio::test]
async fn behind_two_proxies_a_person_is_known_by_their_own_address() {
    let app = TestApp::with(&[TRUSTED]).await;
    let inner = proxy(INNER, upstream(&app), false).await;
    let outer = proxy(OUTER, inner, true).await;
    let mut eve = liar(&app, format!("http://{outer}"), app.own_address()).await;
    assert_eq!(
        seen_address(&mut eve).await,
        app.own_address().to_string(),
        "not what they say, nor a proxy"
    );
    assert!(has_hsts(&eve).await, "they came by TLS, as the outer proxy says");
}

#[tokio::test]
async fn who_is_no_trusted_proxy_is_not_believed() {
    for trusted in [&[TRUSTED][..], &[]] {
        let app = TestApp::with(trusted).await;
        let mut eve = liar(&app, app.url.clone(), app.own_address()).await;
        assert_eq!(seen_address(&mut eve).await, app.own_address().to_string());
        assert!(!has_hsts(&eve).await);
    }
    // A proxy in between that nobody named is a client like any other.
    let app = TestApp::with(&[("PERNOEX_TRUSTED_PROXIES", "127.200.0.2")]).await;
    let unknown = proxy(INNER, upstream(&app), true).await;
    let mut eve = liar(&app, format!("http://{unknown}"), app.own_address()).await;
    assert_eq!(seen_address(&mut eve).await, INNER.to_string());
    assert!(!has_hsts(&eve).await);
}

/// Asks for a link until it is refused, each time as another address; how often it was not.
async fn asked_until_refused(client: &Client, url: &str, mut says: impl FnMut(u8) -> String) -> u8 {
    for n in 0..60 {
        let answer = client
            .post(format!("{url}/api/v1/account/password/forgotten"))
            .header("x-forwarded-for", says(n))
            .json(&json!({ "email": format!("nobody{n}@example.com") }))
            .send()
            .await
            .unwrap();
        match answer.status() {
            StatusCode::ACCEPTED => {}
            StatusCode::TOO_MANY_REQUESTS => return n,
            other => panic!("{other}"),
        }
    }
    60
}

#[tokio::test]
async fn limits_count_the_visitor_and_not_the_proxy() {
    let app = TestApp::with(&[TRUSTED]).await;
    let from = |address: IpAddr| Client::builder().local_address(address).build().unwrap();
    // All tests share one Redis: addresses of this one alone.
    let [a, b, ..] = *uuid::Uuid::new_v4().as_bytes();
    let (proxy, one, other) = (from(INNER.into()), format!("198.18.{a}.{b}"), format!("198.19.{a}.{b}"));
    assert_eq!(asked_until_refused(&proxy, &app.url, |_| one.clone()).await, 20);
    assert_eq!(
        asked_until_refused(&proxy, &app.url, |_| other.clone()).await,
        20,
        "another visitor's count is their own"
    );
    let lies = asked_until_refused(&proxy, &app.url, |n| format!("192.0.2.{n}, {one}")).await;
    assert_eq!(lies, 0, "what a visitor writes before their address changes nothing");
    let liar = from(app.own_address());
    let lies = asked_until_refused(&liar, &app.url, |n| format!("198.51.100.{n}")).await;
    assert_eq!(lies, 20, "and without a proxy it is not read at all");
}

#[tokio::test]
async fn proxies_that_contradict_themselves_stop_the_start() {
    for (settings, named) in [
        (vec![("PERNOEX_TRUSTED_PROXIES", "0.0.0.0/0")], "PERNOEX_TRUSTED_PROXIES"),
        (vec![("PERNOEX_TRUSTED_PROXIES", "proxy.example.com")], "PERNOEX_TRUSTED_PROXIES"),
        (
            vec![("PERNOEX_TRUSTED_PROXIES", "10.0.0.7, 10.0.0.0/24")],
            "PERNOEX_TRUSTED_PROXIES",
        ),
        (vec![("PERNOEX_FORWARDED_HEADER", "forwarded")], "PERNOEX_FORWARDED_HEADER"),
    ] {
        let app = TestApp::prepare(pernoex::Clock::system(), &settings).await;
        let refusal = app.refusal();
        assert!(refusal.starts_with(&format!("pernoex: {named}: ")), "{refusal}");
    }
}
