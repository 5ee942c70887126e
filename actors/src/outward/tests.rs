use std::{
    collections::HashMap,
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, TcpListener},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};
use reqwest::header::HeaderMap;

use super::{AllowList, Answer, Bounds, FetchError, Fetcher, Found, Lookup, Refusal};

const CORPUS: &str = include_str!("corpus.txt");
const BOUNDS: Bounds = Bounds {
    whole: Duration::from_secs(5),
    bytes: 64 * 1024,
    redirects: 3,
};

/// A resolver that answers as it is told: the first of a name's answers first, the last one from then on.
#[derive(Default)]
struct Told {
    answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    asked: Mutex<Vec<String>>,
}

impl Told {
    fn tell(&self, name: &str, answers: &[&[&str]]) {
        let answers = answers
            .iter()
            .map(|one| one.iter().map(|address| address.parse().unwrap()).collect());
        self.answers.lock().unwrap().insert(name.into(), answers.collect());
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// The tests keep the resolver, and look into it.
struct Handed(Arc<Told>);

impl Lookup for Handed {
    fn addresses(&self, name: String) -> Found {
        let name = name.trim_end_matches('.').to_lowercase();
        let mut known = self.0.answers.lock().unwrap();
        let answer = known.get_mut(&name).and_then(|answers| match answers.len() {
            0 => None,
            1 => answers.first().cloned(),
            _ => Some(answers.remove(0)),
        });
        self.0.asked.lock().unwrap().push(name);
        Box::pin(async move { answer.ok_or_else(|| io::ErrorKind::NotFound.into()) })
    }
}

fn fetcher(allow: &str) -> (Fetcher, Arc<Told>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let told = Arc::<Told>::default();
    let fetcher = Fetcher::with_lookup(AllowList::parse(allow).unwrap(), Arc::new(Handed(told.clone())));
    (fetcher.unwrap_or_else(|_| panic!("TLS can be set up")), told)
}

async fn get(fetcher: &Fetcher, url: &str) -> Result<Answer, FetchError> {
    fetcher.get(url, HeaderMap::new(), BOUNDS).await
}

/// A server on a loopback address of its own, that gives each request the next of its answers, and tells what it was asked.
struct Server {
    port: u16,
    address: Ipv4Addr,
    asked: mpsc::Receiver<String>,
}

impl Server {
    fn on(last: u8, answers: Vec<Vec<u8>>) -> Self {
        let address = Ipv4Addr::new(127, 0, 0, last);
        let listener = TcpListener::bind((address, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, asked) = mpsc::channel();
        thread::spawn(move || {
            for answer in answers {
                let Ok((mut stream, _)) = listener.accept() else { return };
                let mut head = Vec::new();
                let mut part = [0; 1024];
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    match stream.read(&mut part) {
                        Ok(0) | Err(_) => break,
                        Ok(read) => head.extend_from_slice(&part[..read]),
                    }
                }
                let _ = tell.send(String::from_utf8_lossy(&head).into_owned());
                let _ = stream.write_all(&answer);
            }
        });
        Self { port, address, asked }
    }

    fn url(&self) -> String {
        format!("http://{}:{}/", self.address, self.port)
    }

    fn requests(&self) -> Vec<String> {
        self.asked.try_iter().collect()
    }
}

fn answer(head: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

fn redirect(to: &str) -> Vec<u8> {
    answer(&format!("302 Found\r\nlocation: {to}"), b"")
}

/// An address of the corpus: why it is refused, and what the look-up of its name answers.
struct Bad {
    why: Refusal,
    url: String,
    answers: Option<Vec<&'static str>>,
}

fn corpus() -> Vec<Bad> {
    let lines = CORPUS.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let parts = lines.map(|line| {
        let (why, rest) = line.split_once(' ').unwrap();
        let (url, answers) = match rest.split_once(" ->") {
            Some((url, answers)) => (url, Some(answers.trim().split(',').filter(|one| !one.is_empty()).collect())),
            None => (rest, None),
        };
        let url = [("<TAB>", "\t"), ("<LF>", "\n"), ("<CR>", "\r"), ("<NUL>", "\0")]
            .iter()
            .fold(url.to_owned(), |url, (written, meant)| url.replace(written, meant));
        let why = match why {
            "malformed" => Refusal::Malformed,
            "scheme" => Refusal::Scheme,
            "credentials" => Refusal::Credentials,
            "port" => Refusal::Port,
            "not_public" => Refusal::NotPublic,
            "unresolved" => Refusal::Unresolved,
            other => panic!("{other}: {line}"),
        };
        Bad { why, url, answers }
    });
    parts.collect()
}

fn host_of(url: &str) -> String {
    url::Url::parse(url).unwrap().host_str().unwrap().trim_end_matches('.').to_owned()
}

#[tokio::test]
async fn nothing_of_the_corpus_is_asked_whichever_way_it_comes() {
    let (fetcher, told) = fetcher("");
    // What names no answer of its own looks as public as can be: only its form gives it away.
    for name in ["example.com", "metadata.google.internal", "hidden.onion"] {
        told.tell(name, &[&["93.184.216.34"]]);
    }
    let corpus = corpus();
    let distinct: std::collections::HashSet<_> = corpus.iter().map(|bad| bad.url.as_str()).collect();
    assert_eq!(distinct.len(), corpus.len(), "each is there once");
    assert!(distinct.len() >= 440, "{} addresses", distinct.len());
    for Bad { why, url, answers } in corpus {
        if let Some(answers) = &answers {
            told.tell(&host_of(&url), &[answers]);
        }
        let asked = told.asked();
        assert_eq!(fetcher.check(&url).await.err(), Some(why), "{url:?} is kept");
        if answers.is_none() {
            assert_eq!(told.asked(), asked, "{url:?}: refused before anybody is asked");
        }
        let refused = FetchError::Refused(why);
        assert_eq!(get(&fetcher, &url).await.unwrap_err(), refused, "{url:?}");
        let posted = fetcher.post(&url, HeaderMap::new(), b"{}".to_vec(), BOUNDS.whole).await;
        assert_eq!(posted.unwrap_err(), refused, "{url:?}");
    }
}

#[tokio::test]
async fn nothing_of_the_corpus_is_reached_by_a_redirect() {
    let mut tried = 0;
    for Bad { why, url, answers } in corpus() {
        // A location is resolved against where it came from: what is no whole address stays on that server. Line ends end a header.
        if !url.contains("://") || url.contains([' ', '\r', '\n', '\0']) || !url.is_ascii() || url.starts_with("http:///") {
            continue;
        }
        let server = Server::on(2, vec![redirect(&url), answer("200 OK", b"the server itself")]);
        let (fetcher, told) = fetcher("127.0.0.2");
        told.tell("example.com", &[&["93.184.216.34"]]);
        if let Some(answers) = &answers {
            told.tell(&host_of(&url), &[answers]);
        }
        let got = get(&fetcher, &server.url()).await.unwrap_err();
        let expected = match why {
            Refusal::Malformed => FetchError::WrongRedirect,
            why => FetchError::Refused(why),
        };
        assert_eq!(got, expected, "{url:?}");
        assert_eq!(server.requests().len(), 1, "{url:?}");
        tried += 1;
    }
    assert!(tried >= 380, "{tried} redirects");
}

#[tokio::test]
async fn a_chain_of_redirects_is_looked_at_at_each_step() {
    let inner = Server::on(3, vec![answer("200 OK", b"the inner one")]);
    for last in [
        inner.url(),
        inner.url().replace("127.0.0.3", "2130706435"),
        "http://rebind.example.net/".to_owned(),
    ] {
        let server = Server::on(
            2,
            vec![redirect("/one"), redirect("two?a=b"), redirect(&last), answer("200 OK", b"again")],
        );
        let (fetcher, told) = fetcher("127.0.0.2");
        told.tell("rebind.example.net", &[&["127.0.0.3"]]);
        let got = get(&fetcher, &server.url()).await.unwrap_err();
        assert_eq!(got, FetchError::Refused(Refusal::NotPublic), "{last}");
        assert_eq!(server.requests().len(), 3, "{last}: what was public was asked");
    }
    assert!(inner.requests().is_empty());
    // To what is no address at all.
    for last in ["http://", "http://[::1", "//", "http://exa mple.com/"] {
        let server = Server::on(2, vec![redirect("/one"), redirect(last)]);
        let (fetcher, _) = fetcher("127.0.0.2");
        assert_eq!(get(&fetcher, &server.url()).await.unwrap_err(), FetchError::WrongRedirect, "{last}");
    }
}

#[tokio::test]
async fn public_addresses_pass() {
    let (fetcher, told) = fetcher("");
    for name in [
        "example.com",
        "hooks.example.com",
        "xn--bcher-kva.example",
        "internal.example.com",
        "local.example.org",
    ] {
        told.tell(name, &[&["93.184.216.34", "2606:2800:220:1::1"]]);
    }
    for url in [
        "https://example.com/",
        "http://example.com/a?b=c#d",
        "https://hooks.example.com:443/x",
        "http://example.com:80/",
        "https://93.184.216.34/",
        "http://[2606:4700::1111]/",
        "https://bücher.example/",
        "https://EXAMPLE.com./",
        "https://internal.example.com/",
        "https://local.example.org/",
        "https://1.1.1.1:443/dns-query",
        "http://example.com/?to=http://127.0.0.1/",
        "http://example.com/127.0.0.1",
        "http://example.com:443/",
        "https://example.com:80/",
        "http://example.com/#@127.0.0.1/",
        "http://example.com/a@127.0.0.1/",
        "http://example.com//127.0.0.1/",
        "https://ｅｘａｍｐｌｅ。ｃｏｍ/",
        "https://%65xample.com/",
        "http://0x5db8d822/",
        "http://[2001:4860:4860::8888]/",
        "http://[2a00:1450:4001:80b::200e]:443/",
        "http://9.255.255.255/",
        "http://172.32.0.1/",
        "http://100.128.0.1/",
        "http://169.253.1.1/",
        "http://223.255.255.255/",
    ] {
        assert!(fetcher.check(url).await.is_ok(), "{url}: {:?}", fetcher.check(url).await);
    }
}

#[tokio::test]
async fn an_answer_that_changes_between_two_look_ups_changes_nothing_for_a_request_under_way() {
    let server = Server::on(2, vec![answer("200 OK", b"checked"), answer("200 OK", b"again")]);
    let elsewhere = Server::on(3, vec![answer("200 OK", b"the inner one")]);
    let (fetcher, told) = fetcher("127.0.0.2, 127.0.0.4");
    // A port of its own needs a listed host; the one that rebinds is listed by address only. So it is asked on port 80.
    assert_eq!(
        get(&fetcher, "http://rebind.example.net:8080/").await.unwrap_err(),
        FetchError::Refused(Refusal::Port)
    );
    told.tell("rebind.example.net", &[&["127.0.0.4"], &["127.0.0.3"]]);
    let first = get(&fetcher, "http://rebind.example.net/").await;
    assert_eq!(
        first.unwrap_err(),
        FetchError::NoConnection,
        "it was let through, and nobody listens there"
    );
    assert_eq!(told.asked(), 1, "asked once, and connected to what was checked");
    let second = get(&fetcher, "http://rebind.example.net/").await;
    assert_eq!(
        second.unwrap_err(),
        FetchError::Refused(Refusal::NotPublic),
        "the next request looks anew"
    );
    assert_eq!(told.asked(), 2);
    assert!(elsewhere.requests().is_empty());
    // Kept when it was good, asked when it is not.
    told.tell("later.example.net", &[&["93.184.216.34"], &["10.0.0.1"]]);
    assert!(fetcher.check("http://later.example.net/").await.is_ok());
    assert_eq!(
        get(&fetcher, "http://later.example.net/").await.unwrap_err(),
        FetchError::Refused(Refusal::NotPublic)
    );
    assert_eq!(get(&fetcher, &server.url()).await.unwrap().body, b"checked");
}

#[tokio::test]
async fn a_listed_host_is_reached_by_its_name_on_any_port() {
    let server = Server::on(2, vec![answer("200 OK", b"wiki"), answer("200 OK", b"wiki")]);
    let (fetcher, told) = fetcher("wiki.corp");
    told.tell("wiki.corp", &[&["127.0.0.2"]]);
    told.tell("other.corp.example", &[&["127.0.0.2"]]);
    let url = format!("http://wiki.corp:{}/", server.port);
    let got = get(&fetcher, &url).await.unwrap();
    assert_eq!((got.status, got.body.as_slice()), (200, b"wiki".as_slice()));
    assert!(get(&fetcher, &url.replace("wiki.corp", "other.corp.example")).await.is_err());
    assert!(
        get(&fetcher, &url.replace("wiki.corp", "127.0.0.2")).await.is_err(),
        "its address is not listed"
    );
    assert!(get(&fetcher, &url.replace("wiki.corp", "wiki.corp.evil.example")).await.is_err());
}

#[tokio::test]
async fn redirects_are_followed_within_bounds_and_not_when_posting() {
    let loops: Vec<_> = (0..6).map(|_| redirect("/again")).collect();
    let server = Server::on(2, loops);
    let (fetcher, _) = fetcher("127.0.0.2");
    assert_eq!(get(&fetcher, &server.url()).await.unwrap_err(), FetchError::TooManyRedirects);
    assert_eq!(server.requests().len(), 4, "the first and three more");
    let got = fetcher
        .get(&server.url(), HeaderMap::new(), Bounds { redirects: 0, ..BOUNDS })
        .await;
    assert_eq!(got.unwrap().status, 302, "no redirects: the answer is the redirect");
    let posted = fetcher.post(&server.url(), HeaderMap::new(), b"{}".to_vec(), BOUNDS.whole).await;
    assert_eq!(posted.unwrap().status, 302);
    let relative = Server::on(2, vec![redirect("next?a=1"), answer("200 OK", b"there")]);
    let got = get(&fetcher, &relative.url()).await.unwrap();
    assert_eq!((got.body.as_slice(), got.url.path()), (b"there".as_slice(), "/next"));
    assert!(relative.requests()[1].starts_with("GET /next?a=1 "));
}

#[tokio::test]
async fn no_answer_takes_more_memory_or_time_than_it_may() {
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    bomb.write_all(&vec![0; 8 << 20]).unwrap();
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < BOUNDS.bytes, "what comes over the wire is small");
    let mut small = GzEncoder::new(Vec::new(), Compression::best());
    small.write_all(b"a page").unwrap();
    let endless = [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".as_slice(), &vec![b'x'; 2 << 20]].concat();
    let lying = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_vec();
    let server = Server::on(
        2,
        vec![
            answer("200 OK\r\ncontent-encoding: gzip", &bomb),
            answer("200 OK\r\ncontent-encoding: gzip", &small.finish().unwrap()),
            answer("200 OK\r\ncontent-encoding: br", b"whatever"),
            answer("200 OK\r\ncontent-encoding: gzip", b"not packed"),
            endless,
            lying,
            b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncut".to_vec(),
            answer("200 OK", b"fine"),
        ],
    );
    let (fetcher, _) = fetcher("127.0.0.2");
    let mut got = Vec::new();
    for _ in 0..8 {
        got.push(get(&fetcher, &server.url()).await.map(|answer| answer.body));
    }
    use FetchError as E;
    assert_eq!(
        got,
        [
            Err(E::TooLarge),
            Ok(b"a page".to_vec()),
            Err(E::Packed),
            Err(E::Packed),
            Err(E::TooLarge),
            Err(E::TooLarge),
            Err(E::CutOff),
            Ok(b"fine".to_vec()),
        ]
    );
    // Accepts by its backlog, and never says a word.
    let silent = TcpListener::bind("127.0.0.2:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let short = Bounds {
        whole: Duration::from_millis(200),
        ..BOUNDS
    };
    assert_eq!(fetcher.get(&url, HeaderMap::new(), short).await.unwrap_err(), E::TimedOut);
    assert_eq!(
        fetcher.post(&url, HeaderMap::new(), Vec::new(), short.whole).await.unwrap_err(),
        E::TimedOut
    );
}

#[tokio::test]
async fn a_request_tells_nothing_but_what_it_asks_for() {
    let set = answer("200 OK\r\nset-cookie: a=b", b"");
    let server = Server::on(2, vec![set.clone(), set]);
    let (fetcher, _) = fetcher("127.0.0.2");
    for _ in 0..2 {
        get(&fetcher, &server.url()).await.unwrap();
    }
    for request in server.requests() {
        let mut names: Vec<_> = request
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(':'))
            .map(|(name, _)| name)
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"], "{request}");
    }
}
