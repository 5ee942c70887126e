//! Mail by TLS, to a real mail server: what does not prove itself gets no letter, and nothing ever goes in the clear. `PERNOEX_TEST_PYTHON`
//! names an interpreter that has aiosmtpd.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::{
    TestApp,
    authority::{Authority, Issued},
};

/// Of the mail server. Not the address that counts as this machine alone, to which mail may go without TLS.
const HERE: &str = "127.0.0.2";
const ELSEWHERE: &str = "127.0.0.3";

struct MailServer {
    child: Child,
    port: u16,
    heard: Arc<Mutex<Vec<Value>>>,
}

impl MailServer {
    /// `None` where there is no Python with a mail server.
    fn start(way: &str, address: &str, issued: &Issued, folder: &Path) -> Option<Self> {
        let Ok(python) = std::env::var("PERNOEX_TEST_PYTHON") else {
            println!("PERNOEX_TEST_PYTHON names no Python with aiosmtpd");
            return None;
        };
        let (chain, key) = issued.put(folder);
        let mut child = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/mail_server.py"))
            .args([way, address])
            .args([chain, key])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines.next().unwrap().unwrap().parse().unwrap();
        let heard = Arc::<Mutex<Vec<Value>>>::default();
        let ears = heard.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                ears.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        Some(Self { child, port, heard })
    }

    fn heard(&self, what: &str) -> Vec<Value> {
        let mut heard = self.heard.lock().unwrap().clone();
        heard.retain(|one| one["what"] == what);
        heard
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(45);
    while !is_so().await {
        assert!(Instant::now() < deadline, "{what} does not come about");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A Pernoex that sends by `scheme` to the server, as far as `authority` vouches for it.
async fn sender(scheme: &str, address: &str, server: &MailServer, authority: Option<&Authority>) -> TestApp {
    let url = format!("{scheme}://{address}:{}", server.port);
    let ca = authority.map(Authority::pem).unwrap_or_default();
    TestApp::with(&[
        ("PERNOEX_SMTP_URL", &url),
        ("PERNOEX_SMTP_CA", &ca),
        ("PERNOEX_MAIL_FROM", "Support <support@example.com>"),
        ("PERNOEX_PUBLIC_URL", "https://support.example.com"),
        ("PERNOEX_METRICS_LISTEN", "127.0.0.1:0"),
    ])
    .await
}

async fn put_back(app: &TestApp) -> u32 {
    let url = format!("http://{}/metrics", app.metrics.unwrap());
    let page = reqwest::get(url).await.unwrap().text().await.unwrap();
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix(r#"pernoex_mail_total{outcome="put_back"} "#));
    line.unwrap().parse().unwrap()
}

fn doctor(app: &TestApp) -> Value {
    let (_, out) = app.program(&["doctor", "--json"], "");
    let report: Value = serde_json::from_str(&out[out.find('{').unwrap()..]).unwrap();
    report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["check"] == "mail")
        .unwrap_or_else(|| panic!("{report}"))
        .clone()
}

#[tokio::test]
async fn a_real_mail_server_that_proves_who_it_is_gets_letters_by_tls_and_in_no_other_way() {
    let authority = Authority::new("the tests' authority");
    for (scheme, way) in [("smtp", "starttls"), ("smtps", "tls")] {
        let folder = tempfile::tempdir().unwrap();
        let Some(server) = MailServer::start(way, HERE, &authority.issue(&[HERE]), folder.path()) else {
            return;
        };
        let app = sender(scheme, HERE, &server, Some(&authority)).await;
        app.owner("ada").await;
        until("the letter", async || !server.heard("DATA").is_empty()).await;
        for what in ["MAIL", "DATA"] {
            assert!(
                server.heard(what).iter().all(|one| one["tls"] == true),
                "{way}: {:?}",
                server.heard(what)
            );
        }
        let found = doctor(&app);
        assert_eq!(found["verdict"], "ok", "{found}");
    }
}

#[tokio::test]
async fn a_real_mail_server_that_does_not_prove_who_it_is_gets_no_letter() {
    let (authority, other) = (Authority::new("the tests' authority"), Authority::new("another authority"));
    for (scheme, way) in [("smtp", "starttls"), ("smtps", "tls"), ("smtp", "clear"), ("smtps", "clear")] {
        for (what, listens, vouched) in [
            ("another name", ELSEWHERE, Some(&authority)),
            ("an unknown authority", HERE, Some(&other)),
            ("no authority that everybody knows", HERE, None),
            ("no TLS at all", HERE, Some(&authority)),
        ] {
            // With TLS to offer, all but the last; without it, the last alone.
            if (way == "clear") != (what == "no TLS at all") {
                continue;
            }
            let folder = tempfile::tempdir().unwrap();
            let Some(server) = MailServer::start(way, listens, &authority.issue(&[HERE]), folder.path()) else {
                return;
            };
            let app = sender(scheme, listens, &server, vouched).await;
            app.owner("ada").await;
            until("the refusal", async || put_back(&app).await > 0).await;
            assert!(
                server.heard("MAIL").is_empty() && server.heard("DATA").is_empty(),
                "{way}, {what}: {:?}",
                server.heard
            );
            let found = doctor(&app);
            assert_eq!(found["verdict"], "failure", "{way}, {what}: {found}");
            assert!(
                !found["found"].as_str().unwrap().contains("or understood"),
                "{way}, {what}: {found}"
            );
        }
    }
}
