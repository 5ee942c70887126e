//! Certificates that are replaced while the server runs.

use std::time::Duration;

use reqwest::{Client, StatusCode, tls::TlsInfo};
use serde_json::Value;

use super::served::{HOST, Served, ends_tls};
use crate::support::{
    authority::{Authority, Issued},
    process::{Process, run, settings},
    until,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// The certificate of the connection that `browser` has.
async fn seen(served: &Served, browser: &Client) -> Vec<u8> {
    let answer = browser.get(served.url("/healthz")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let info = answer.extensions().get::<TlsInfo>().unwrap();
    let leaf = info.peer_certificate().unwrap().to_vec();
    answer.bytes().await.unwrap();
    leaf
}

async fn figure(served: &Served, name: &str) -> String {
    let url = format!("http://{}/metrics", served.app.metrics.unwrap());
    let page = reqwest::get(url).await.unwrap().text().await.unwrap();
    let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {page}")).to_owned()
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_at_once_and_what_is_no_use_never() {
    let mut served = Served::start().await;
    served.app.stick();
    let early = served.browser();
    let first = seen(&served, &early).await;
    let until_then = figure(&served, "pernoex_tls_certificate_expiry_timestamp_seconds").await;
    let good = served.authority.issue_for(&[HOST], (-1, 120));
    good.put(served.folder.path());
    until("the renewed certificate", PATIENCE, async || {
        seen(&served, &served.browser()).await != first
    })
    .await;
    let second = seen(&served, &served.browser()).await;
    assert_ne!(
        figure(&served, "pernoex_tls_certificate_expiry_timestamp_seconds").await,
        until_then
    );
    assert_eq!(figure(&served, r#"pernoex_tls_renewals_total{outcome="done"}"#).await, "1");
    // Who was connected stays so.
    assert_eq!(seen(&served, &early).await, first);

    let other = served.authority.issue(&[HOST]);
    let over = served.authority.issue_for(&[HOST], (-30, -1));
    let mixed = Issued {
        certificate: other.certificate.clone(),
        key: good.key.clone(),
    };
    let torn = Issued {
        certificate: other.certificate[..other.certificate.len() / 2].to_owned(),
        key: other.key.clone(),
    };
    for (failures, broken) in [mixed, torn, over].into_iter().enumerate() {
        broken.put(served.folder.path());
        let failed = (failures + 1).to_string();
        until("the failure", PATIENCE, async || {
            figure(&served, r#"pernoex_tls_renewals_total{outcome="failed"}"#).await == failed
        })
        .await;
        assert_eq!(seen(&served, &served.browser()).await, second);
        assert_eq!(figure(&served, "pernoex_tls_certificate_stale").await, "1");
    }
    // Gone altogether is no use either.
    std::fs::remove_file(served.folder.path().join("key.pem")).unwrap();
    until("the failure", PATIENCE, async || {
        figure(&served, r#"pernoex_tls_renewals_total{outcome="failed"}"#).await == "4"
    })
    .await;
    assert_eq!(seen(&served, &served.browser()).await, second);
    other.put(served.folder.path());
    until("the next certificate", PATIENCE, async || {
        seen(&served, &served.browser()).await != second
    })
    .await;
    assert_eq!(figure(&served, "pernoex_tls_certificate_stale").await, "0");
}

/// The worst verdict of `pernoex doctor` on the certificate, and its words.
fn doctor(settings: &[(String, String)], folder: &std::path::Path) -> (String, String) {
    let (_, out, log) = run(settings, &["doctor", "--json"], folder);
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{log}"));
    let found = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["check"] == "tls")
        .unwrap();
    (
        found["verdict"].as_str().unwrap().to_owned(),
        found["found"].as_str().unwrap().to_owned(),
    )
}

#[tokio::test]
async fn a_signal_reloads_and_log_and_doctor_say_why_a_certificate_is_no_use() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("the tests' authority");
    let first = authority.issue(&[HOST]);
    let mut all = settings(folder.path());
    all.extend(ends_tls(&first, folder.path()));
    let server = Process::start(&all);
    until("the first certificate", PATIENCE, async || {
        server.log().contains("the TLS certificate is shown")
    })
    .await;
    let (verdict, found) = doctor(&all, folder.path());
    assert_eq!((verdict.as_str(), found.contains(HOST)), ("ok", true), "{found}");

    std::fs::write(folder.path().join("chain.pem"), "no certificate").unwrap();
    server.signal("HUP");
    let said = async || server.log().contains("the old one stays") && server.log().contains("holds no certificate in PEM");
    until("the complaint", PATIENCE, said).await;
    let (verdict, found) = doctor(&all, folder.path());
    assert_eq!(
        (verdict.as_str(), found.contains("holds no certificate")),
        ("failure", true),
        "{found}"
    );

    // By a name that is not ours, or nearly over, it can be shown: but doctor says so.
    for (issued, verdict, word) in [
        (authority.issue(&["other.example.com"]), "failure", "other names"),
        (authority.issue_for(&[HOST], (-80, 20)), "warning", "days more"),
        (authority.issue_for(&[HOST], (-98, 2)), "failure", "days more"),
        (authority.issue_for(&[HOST], (-98, -2)), "failure", "ended on"),
    ] {
        issued.put(folder.path());
        let found = doctor(&all, folder.path());
        assert_eq!((found.0.as_str(), found.1.contains(word)), (verdict, true), "{}", found.1);
    }
    authority.issue(&[HOST]).put(folder.path());
    server.signal("HUP");
    until("the new certificate", PATIENCE, async || {
        server.log().matches("the TLS certificate is shown").count() > 1
    })
    .await;
    std::fs::set_permissions(folder.path().join("key.pem"), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let (_, out, _) = run(&all, &["doctor"], folder.path());
    assert!(out.contains("everybody on this machine can read"), "{out}");
    server.signal("TERM");
    let (status, out, log) = server.end(Duration::from_secs(30));
    assert!(status.success(), "{log}");
    assert!(
        out.contains("Open https://support.example.com") && out.contains("without TLS is sent there"),
        "{out}"
    );
    assert!(!log.contains("PRIVATE KEY"), "{log}");
}

/// Containers ask by it: a certificate that is over must not make them restart what serves.
#[tokio::test]
async fn the_healthcheck_asks_by_tls_and_whatever_the_certificate_says() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("the tests' authority");
    let mut all = settings(folder.path());
    all.extend(ends_tls(&authority.issue_for(&[HOST], (-30, -1)), folder.path()));
    let server = Process::start(&all);
    until("the complaint", PATIENCE, async || server.log().contains("is not valid now")).await;
    let listens = server.url.strip_prefix("http://").unwrap().to_owned();
    all.retain(|(name, _)| name != "PERNOEX_LISTEN");
    all.push(("PERNOEX_LISTEN".into(), listens));
    for arguments in [["healthcheck"].as_slice(), &["healthcheck", "--ready"]] {
        let (code, _, log) = run(&all, arguments, folder.path());
        assert_eq!(code, Some(0), "{log}");
    }
    // Beside the server that runs, doctor sees what it shows.
    let renewed = authority.issue(&[HOST]);
    renewed.put(folder.path());
    let (verdict, found) = doctor(&all, folder.path());
    assert!(
        (verdict.as_str(), found.contains("another certificate")) == ("warning", true) || verdict == "ok",
        "{found}"
    );
}
