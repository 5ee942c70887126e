//! What browsers and other clients meet where TLS ends in the server.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use reqwest::{Certificate, Client, Method, StatusCode, redirect::Policy};
use serde_json::json;

use crate::support::{
    PASSWORD, TestApp,
    authority::{Authority, Issued},
    process::{run, settings},
};

pub const HOST: &str = "support.example.com";

/// Settings of a server that ends TLS with `issued`, whose files are put into `folder`.
pub fn ends_tls(issued: &Issued, folder: &Path) -> Vec<(String, String)> {
    let (certificate, key) = issued.put(folder);
    [
        ("PERNOEX_TLS_CERTIFICATE_FILE", certificate.display().to_string()),
        ("PERNOEX_TLS_KEY_FILE", key.display().to_string()),
        ("PERNOEX_PUBLIC_URL", format!("https://{HOST}")),
        ("PERNOEX_REDIRECT_LISTEN", "127.0.0.1:0".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

pub struct Served {
    pub app: TestApp,
    pub authority: Authority,
    /// Of the authority, the certificate and its key.
    pub folder: tempfile::TempDir,
}

impl Served {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("the tests' authority");
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        let settings = ends_tls(&authority.issue(&[HOST]), folder.path());
        let mut settings: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        settings.push(("PERNOEX_METRICS_LISTEN", "127.0.0.1:0"));
        let app = TestApp::with(&settings).await;
        Self { app, authority, folder }
    }

    pub fn address(&self) -> SocketAddr {
        self.app.url.rsplit_once('/').unwrap().1.parse().unwrap()
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.address().port())
    }

    /// A browser that takes the certificates of our authority and of nobody else.
    pub fn browser(&self) -> Client {
        Client::builder()
            .tls_certs_only([Certificate::from_pem(self.authority.pem().as_bytes()).unwrap()])
            .tls_info(true)
            .resolve(HOST, self.address())
            .local_address(self.app.own_address())
            .redirect(Policy::none())
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap()
    }

    /// What `openssl s_client` says of a connection with these `options`.
    fn openssl(&self, options: &[&str]) -> (bool, String) {
        let output = Command::new("openssl")
            .args([
                "s_client",
                "-connect",
                &self.address().to_string(),
                "-servername",
                HOST,
                "-verify_hostname",
                HOST,
            ])
            .args(["-verify_return_error", "-CAfile"])
            .arg(self.folder.path().join("ca.pem"))
            .args(options)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        (output.status.success() && text.contains("Verify return code: 0 (ok)"), text)
    }
}

#[tokio::test]
async fn a_browser_signs_up_by_tls_and_is_told_to_stay_with_it() {
    let served = Served::start().await;
    let browser = served.browser();
    let body = json!({ "email": "ada@example.com", "password": PASSWORD, "workspace": "Ada" });
    let request = browser.request(Method::POST, served.url("/api/v1/account"));
    let request = request
        .header("origin", format!("https://{HOST}"))
        .header("sec-fetch-site", "same-origin");
    let answer = request.json(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    let hsts = answer.headers()["strict-transport-security"].to_str().unwrap();
    assert!(hsts.contains("max-age=63072000"), "{hsts}");
    let cookies: Vec<&str> = answer
        .headers()
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().unwrap())
        .collect();
    assert!(!cookies.is_empty());
    assert!(
        cookies
            .iter()
            .all(|cookie| cookie.contains("Secure") && cookie.starts_with("__Host-")),
        "{cookies:?}"
    );
    // What a header says of the way makes no difference: TLS ends here, and no proxy is trusted.
    let forged = browser.get(served.url("/healthz")).header("x-forwarded-proto", "http");
    assert!(forged.send().await.unwrap().headers().contains_key("strict-transport-security"));
}

#[tokio::test]
async fn openssl_gets_the_two_latest_protocols_and_nothing_that_is_weak() {
    let served = Served::start().await;
    for (options, cipher) in [
        (["-tls1_3", "-alpn", "h2,http/1.1"].as_slice(), "TLS_AES_256_GCM_SHA384"),
        (["-tls1_2", "-alpn", "http/1.1"].as_slice(), "ECDHE-ECDSA-"),
    ] {
        let (taken, said) = served.openssl(options);
        assert!(taken && said.contains(cipher) && said.contains("ALPN protocol: http/1.1"), "{said}");
    }
    for options in [
        ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"].as_slice(),
        ["-tls1", "-cipher", "ALL:@SECLEVEL=0"].as_slice(),
        // Without forward secrecy; without authenticated encryption.
        ["-tls1_2", "-cipher", "AES128-GCM-SHA256"].as_slice(),
        ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"].as_slice(),
        ["-tls1_3", "-alpn", "h2"].as_slice(),
    ] {
        let (taken, said) = served.openssl(options);
        assert!(!taken, "{options:?}: {said}");
    }
    // No data that could be played again.
    let (_, said) = served.openssl(&["-tls1_3"]);
    assert!(!said.contains("Max Early Data: 1"), "{said}");
}

#[tokio::test]
async fn curl_comes_by_tls_and_is_sent_there_from_the_other_port() {
    let served = Served::start().await;
    let ca = served.folder.path().join("ca.pem");
    let redirect = served.app.redirect.unwrap();
    let curl = |arguments: &[&str]| {
        let output = Command::new("curl")
            .args(["-sS", "-i", "--max-time", "20", "--cacert"])
            .arg(&ca)
            .args(arguments)
            .output()
            .unwrap();
        format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    };
    let resolve = format!("{HOST}:{}:127.0.0.1", served.address().port());
    let said = curl(&["--resolve", &resolve, &served.url("/healthz")]);
    assert!(said.starts_with("HTTP/1.1 200") && said.contains("alive"), "{said}");
    // By another name the certificate is not ours.
    let said = curl(&[
        "--resolve",
        &format!("other.example.com:{}:127.0.0.1", served.address().port()),
        &served.url("/healthz").replace(HOST, "other.example.com"),
    ]);
    assert!(said.contains("curl: (60)"), "{said}");
    // Only to the public address, whatever they ask for.
    for host in [HOST, "evil.example.com"] {
        let said = curl(&["-H", &format!("host: {host}"), &format!("http://{redirect}/projects?a=b//c")]);
        assert!(said.starts_with("HTTP/1.1 308"), "{said}");
        assert!(said.contains(&format!("location: https://{HOST}/projects?a=b//c\r\n")), "{said}");
        assert!(!said.to_lowercase().contains("strict-transport-security"), "{said}");
    }
    let said = curl(&["-d", "{}", &format!("http://{redirect}/api/v1/session")]);
    assert!(said.starts_with("HTTP/1.1 403"), "{said}");
    let said = curl(&[&format!("http://{redirect}/.well-known/acme-challenge/anything")]);
    assert!(said.starts_with("HTTP/1.1 404"), "{said}");
}

#[tokio::test]
async fn who_speaks_without_tls_to_the_port_of_tls_gets_no_answer_and_keeps_nobody_waiting() {
    let served = Served::start().await;
    let mut silent: Vec<TcpStream> = (0..50).map(|_| TcpStream::connect(served.address()).unwrap()).collect();
    let mut plain = TcpStream::connect(served.address()).unwrap();
    plain.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP"), "{said:?}");
    let answer = served.browser().get(served.url("/healthz")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    // Those who never begin are let go of.
    let ended = tokio::task::spawn_blocking(move || {
        silent.iter_mut().all(|stream| {
            stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
            matches!(stream.read(&mut [0]), Ok(0))
        })
    });
    assert!(ended.await.unwrap());
}

#[test]
fn files_that_are_no_certificate_stop_the_start_with_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("the tests' authority");
    let (one, other) = (authority.issue(&[HOST]), authority.issue(&[HOST]));
    let bad = |certificate: &str, key: &str| Issued {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
    };
    for (issued, word) in [
        (bad(&one.certificate, &other.key), "first certificate"),
        (bad("nothing", &one.key), "no certificate"),
        (bad(&one.certificate, "nothing"), "no private key"),
        (bad(&one.certificate[..200], &one.key), "no certificate"),
    ] {
        let mut all = settings(folder.path());
        all.extend(ends_tls(&issued, folder.path()));
        let (code, _, log) = run(&all, &["serve"], folder.path());
        let line = log.lines().last().unwrap();
        assert_eq!(code, Some(1), "{log}");
        assert!(
            line.starts_with("pernoex: PERNOEX_TLS_CERTIFICATE_FILE: ") && line.contains(word),
            "{log}"
        );
        assert!(!log.contains("PRIVATE KEY-----"), "{log}");
    }
}

/// The scanner's own view of what is fit for the public: `PERNOEX_TEST_PYTHON` names an interpreter that has it.
#[tokio::test]
async fn a_scanner_finds_nothing_that_is_weak() {
    let Ok(python) = std::env::var("PERNOEX_TEST_PYTHON") else {
        println!("PERNOEX_TEST_PYTHON names no Python with sslyze");
        return;
    };
    let served = Served::start().await;
    let report = served.folder.path().join("report.json");
    let mut command = Command::new(python);
    command
        .args(["-m", "sslyze", "--mozilla_config=intermediate", "--json_out"])
        .arg(&report)
        .arg("--certinfo_ca_file")
        .arg(served.folder.path().join("ca.pem"))
        .arg(format!("{HOST}:{}{{127.0.0.1}}", served.address().port()));
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    let result = &report["server_scan_results"][0]["scan_result"];
    for weak in ["ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"] {
        let accepted = &result[format!("{weak}_cipher_suites")]["result"]["accepted_cipher_suites"];
        assert_eq!(accepted.as_array().unwrap().len(), 0, "{weak}: {accepted}");
    }
    assert!(said.contains("Compliant"), "{said}");
}
