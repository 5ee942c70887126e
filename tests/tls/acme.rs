//! A certificate that is ordered, at an authority that others wrote. `PERNOEX_TEST_PYTHON` names an interpreter that has acmev2.

use std::{
    io::{BufRead, BufReader, Lines, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::{Certificate, Client, tls::TlsInfo};
use serde_json::{Value, json};

use super::served::HOST;
use crate::support::{
    authority::Authority,
    process::{Process, run, settings},
};

struct AcmeServer {
    child: Child,
    says: ChildStdin,
    hears: Lines<BufReader<ChildStdout>>,
    port: u16,
    /// Whose signature is on what it gives.
    signer: String,
}

impl AcmeServer {
    /// `None` where there is no Python with such an authority.
    fn start(own: &Authority, folder: &Path) -> Option<Self> {
        let Ok(python) = std::env::var("PERNOEX_TEST_PYTHON") else {
            println!("PERNOEX_TEST_PYTHON names no Python with acmev2");
            return None;
        };
        std::fs::create_dir_all(folder).unwrap();
        let (chain, key) = own.issue(&["localhost"]).put(folder);
        let mut child = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/acme_server.py"))
            .args([chain, key])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let says = child.stdin.take().unwrap();
        let mut hears = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = hears.next().unwrap().unwrap().parse().unwrap();
        let signer = serde_json::from_str(&hears.next().unwrap().unwrap()).unwrap();
        Some(Self {
            child,
            says,
            hears,
            port,
            signer,
        })
    }

    /// Lets port 80 of every name lead to `port`; certificates are for `days`.
    fn set(&mut self, port: u16, days: u16) {
        writeln!(self.says, "{}", json!({ "port": port, "days": days })).unwrap();
        assert_eq!(self.hears.next().unwrap().unwrap(), "done");
    }
}

impl Drop for AcmeServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until(what: &str, server: &Process, is_so: impl Fn(&str) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so(&server.log()) {
        assert!(Instant::now() < deadline, "{what} does not come about: {}", server.log());
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn redirect_port(server: &Process) -> u16 {
    let (_, rest) = server
        .out()
        .split_once("Who comes to 127.0.0.1:")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    rest.split(' ').next().unwrap().parse().unwrap()
}

/// The certificate that is shown, to a browser that takes those that `signer` signed.
async fn shown(server: &Process, signer: &str) -> Vec<u8> {
    // Installed by a server of this process, of which there is none.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let address = server.url.strip_prefix("http://").unwrap().parse().unwrap();
    let browser = Client::builder()
        .tls_certs_only([Certificate::from_pem(signer.as_bytes()).unwrap()])
        .tls_info(true)
        .resolve(HOST, address)
        .build()
        .unwrap();
    let answer = browser
        .get(format!("https://{HOST}:{}/healthz", address.port()))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    answer.extensions().get::<TlsInfo>().unwrap().peer_certificate().unwrap().to_vec()
}

/// What `pernoex doctor` finds of the certificate: each verdict with its words.
fn doctor(settings: &[(String, String)], folder: &Path) -> Vec<(String, String)> {
    let (_, out, log) = run(settings, &["doctor", "--json"], folder);
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{log}"));
    let found = report["findings"].as_array().unwrap().iter().filter(|one| one["check"] == "tls");
    found
        .map(|one| {
            (
                one["verdict"].as_str().unwrap().to_owned(),
                one["found"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

fn ordered(directory: u16, ca: Option<&str>, folder: &Path) -> Vec<(String, String)> {
    let mut all = settings(folder);
    let directory = format!("https://localhost:{directory}/directory");
    for (name, value) in [
        ("PERNOEX_PUBLIC_URL", format!("https://{HOST}").as_str()),
        ("PERNOEX_REDIRECT_LISTEN", "127.0.0.1:0"),
        ("PERNOEX_ACME_DIRECTORY", &directory),
        ("PERNOEX_ACME_TERMS", "agreed"),
        ("PERNOEX_ACME_CONTACT", "operator@example.com"),
        ("PERNOEX_ACME_CA", ca.unwrap_or_default()),
    ] {
        all.push((name.to_owned(), value.to_owned()));
    }
    all
}

#[tokio::test]
async fn a_certificate_is_ordered_from_an_authority_kept_and_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let own = Authority::new("the authority's own");
    let Some(mut authority) = AcmeServer::start(&own, &folder.path().join("authority")) else {
        return;
    };
    let all = ordered(authority.port, Some(&own.pem()), folder.path());
    let server = Process::start(&all);
    // Port 80 leads nowhere yet.
    until("the failure", &server, |log| log.contains("there is no new TLS certificate"));
    let found = doctor(&all, folder.path());
    assert!(
        found
            .iter()
            .any(|(verdict, text)| verdict == "failure" && text.contains("no certificate for")),
        "{found:?}"
    );
    assert!(found.iter().any(|(_, text)| text.contains("the latest order failed")), "{found:?}");

    authority.set(redirect_port(&server), 90);
    server.signal("HUP");
    until("the certificate", &server, |log| log.contains("the TLS certificate is shown"));
    let first = shown(&server, &authority.signer).await;
    let found = doctor(&all, folder.path());
    assert!(
        found.len() == 1 && found[0].0 == "ok" && found[0].1.contains("89 days"),
        "{found:?}"
    );
    let kept = folder.path().join("data/acme");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&kept), 0o700);
    let names: Vec<_> = std::fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.iter().all(|entry| mode(&entry.path()) == 0o600), "{names:?}");
    let account = std::fs::read(kept.join("account.json")).unwrap();

    server.signal("HUP");
    until("the renewal", &server, |log| {
        log.matches("the TLS certificate is shown").count() == 2
    });
    let second = shown(&server, &authority.signer).await;
    assert_ne!(first, second);
    assert_eq!(std::fs::read(kept.join("account.json")).unwrap(), account);

    // An authority that is away takes nothing from what is kept.
    authority.set(0, 90);
    server.signal("HUP");
    until("the failure", &server, |log| {
        log.contains("the old one stays") && log.matches("there is no new TLS certificate").count() == 2
    });
    assert_eq!(shown(&server, &authority.signer).await, second);
    server.signal("TERM");
    let (status, _, log) = server.end(Duration::from_secs(30));
    assert!(status.success() && !log.contains("PRIVATE KEY"), "{log}");
    drop(authority.child.kill());
    let server = Process::start(&all);
    assert_eq!(shown(&server, &authority.signer).await, second);
    assert!(!server.log().contains("there is no new TLS certificate"), "{}", server.log());
}

#[tokio::test]
async fn an_authority_that_does_not_prove_who_it_is_is_asked_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let own = Authority::new("the authority's own");
    let Some(authority) = AcmeServer::start(&own, &folder.path().join("authority")) else {
        return;
    };
    let other = Authority::new("another authority").pem();
    for ca in [None, Some(other.as_str())] {
        let server = Process::start(&ordered(authority.port, ca, folder.path()));
        until("the failure", &server, |log| {
            log.contains("there is no new TLS certificate") && log.contains("certificate")
        });
        assert!(!folder.path().join("data/acme/account.json").exists());
    }
}
