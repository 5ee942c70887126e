//! `pernoex doctor` and `pernoex healthcheck`, as an operator runs them: beside a server that is well, and where something is broken.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use sea_orm::{ConnectionTrait, Database};
use serde_json::Value;

use crate::support::{
    TestApp,
    process::{files, run, settings},
};

type Settings = Vec<(String, String)>;

/// What it found, and whether it ended as if all were well.
fn doctor(settings: &[(String, String)], folder: &Path) -> (bool, Value) {
    let (code, out, log) = run(settings, &["doctor", "--json"], folder);
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{log}"));
    assert_eq!(log, "", "nothing besides");
    assert_eq!(code == Some(0), report["verdict"] != "failure", "{report}");
    (code == Some(0), report)
}

/// The worst that was found at one look, and all the words of it.
fn at(report: &Value, check: &str) -> (String, String) {
    let found: Vec<&Value> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["check"] == check)
        .collect();
    assert!(!found.is_empty(), "{check} in {report}");
    let worst = ["failure", "warning", "skipped", "ok"]
        .iter()
        .find(|verdict| found.iter().any(|one| one["verdict"] == **verdict));
    let words = found.iter().map(|one| format!("{} {}", one["found"], one["mend"])).collect();
    (worst.unwrap().to_string(), words)
}

fn with(settings: &[(String, String)], more: &[(&str, &str)]) -> Settings {
    let mut all = settings.to_vec();
    for (name, value) in more {
        all.retain(|(known, _)| known != name);
        all.push(((*name).to_owned(), (*value).to_owned()));
    }
    all
}

/// A mail server that takes a connection and no letter: it hangs up where one would begin.
fn mail_server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let _ = stream.write_all(b"220 here\r\n");
            for line in lines.map_while(Result::ok) {
                let answer = match line.get(..4).unwrap_or_default() {
                    "EHLO" => "250-here\r\n250 8BITMIME\r\n",
                    "NOOP" => "250 ok\r\n",
                    _ => break,
                };
                let _ = stream.write_all(answer.as_bytes());
            }
        }
    });
    port
}

#[tokio::test]
async fn beside_a_server_that_is_well_it_finds_no_failure() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    ada.project("Lantern").await;
    let smtp = format!("smtp://127.0.0.1:{}", mail_server());
    let more = [
        ("PERNOEX_PUBLIC_URL", app.url.as_str()),
        ("PERNOEX_SMTP_URL", &smtp),
        ("PERNOEX_MAIL_FROM", "support@example.com"),
    ];
    let (well, report) = doctor(&with(app.environment(), &more), app.folder.path());
    assert!(well, "{report}");
    for check in ["settings", "files", "database", "tables", "keys", "redis", "mail", "public"] {
        let (verdict, words) = at(&report, check);
        assert_eq!(verdict, "ok", "{check}: {words}");
    }
    assert!(at(&report, "keys").1.contains("1 workspaces and 1 projects"), "{report}");
    if app.setting("DATABASE_URL").is_some() {
        for check in ["rights", "rls", "clock"] {
            assert_eq!(at(&report, check).0, "ok", "{check}: {report}");
        }
    }
    let (_, text) = app.command(&["doctor"]);
    assert!(
        text.contains("WARNING  mail") && text.contains("mend: set PERNOEX_SMTP_URL"),
        "{text}"
    );
    assert!(text.contains(": 0 failures, "), "{text}");
}

#[tokio::test]
async fn a_key_that_is_missing_exposed_or_another_is_told_apart() {
    let mut app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    ada.project("Lantern").await;
    app.stop().await;
    let (settings, folder) = (app.environment().to_vec(), app.folder.path().to_owned());
    let data = folder.join("data");
    let key = data.join("master.key");
    let set = |mode| std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();

    set(0o644);
    let (verdict, words) = at(&doctor(&settings, &folder).1, "files");
    assert!(
        verdict == "failure" && words.contains("master.key") && words.contains("chmod 600"),
        "{words}"
    );
    assert_eq!(
        std::fs::metadata(&key).unwrap().permissions().mode() & 0o777,
        0o644,
        "nothing is changed"
    );
    set(0o600);

    let other = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let (_, report) = doctor(&with(&settings, &[("PERNOEX_MASTER_KEY", other)]), &folder);
    let (verdict, words) = at(&report, "keys");
    assert!(verdict == "failure" && words.contains("none of the master keys"), "{words}");
    assert!(!report.to_string().contains(other));

    if app.setting("DATABASE_URL").is_none() {
        let ring = data.join("keyring");
        for share in files(&ring) {
            std::fs::rename(&share, share.with_extension("away")).unwrap();
        }
        let (verdict, words) = at(&doctor(&settings, &folder).1, "keys");
        assert!(verdict == "failure" && words.contains("of the key ring is missing"), "{words}");
        std::fs::rename(&ring, data.join("elsewhere")).unwrap();
        let (verdict, words) = at(&doctor(&settings, &folder).1, "files");
        assert!(verdict == "failure" && words.contains("keyring"), "{words}");
        assert!(!ring.exists(), "and no empty one hides that");
    }

    std::fs::remove_file(&key).unwrap();
    let (_, report) = doctor(&settings, &folder);
    assert_eq!(
        (at(&report, "files").0, at(&report, "keys").0),
        ("failure".into(), "failure".into()),
        "{report}"
    );
    assert!(!key.exists(), "no key is made that would open nothing");
}

#[test]
fn where_nothing_is_it_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (well, report) = doctor(&settings(folder.path()), folder.path());
    assert!(!well && at(&report, "database").1.contains("there is no installation"), "{report}");
    assert!(files(folder.path()).is_empty());
}

#[test]
fn what_does_not_answer_is_named_with_its_setting_and_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let usual = settings(folder.path());
    let (well, report) = doctor(&with(&usual, &[("PERNOEX_BCRYPT_COST", "hunter2")]), folder.path());
    assert!(!well && at(&report, "settings").1.contains("PERNOEX_BCRYPT_COST"), "{report}");
    let wrong = [
        ("PERNOEX_MASTER_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="),
        ("DATABASE_URL", "postgres://app@127.0.0.1:9/none"),
        ("DATABASE_PASSWORD", "hunter2"),
        ("REDIS_URL", "redis://127.0.0.1:9"),
        ("REDIS_PASSWORD", "hunter2"),
        ("PERNOEX_SMTP_URL", "smtp://hunter2:hunter2@127.0.0.1:9"),
        ("PERNOEX_MAIL_FROM", "support@example.com"),
        ("PERNOEX_PUBLIC_URL", "https://127.0.0.1:9"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hunter2"),
    ];
    let (well, report) = doctor(&with(&usual, &wrong), folder.path());
    assert!(!well);
    for (check, setting) in [
        ("database", "DATABASE_URL"),
        ("redis", "REDIS_URL"),
        ("mail", "PERNOEX_SMTP_URL"),
        ("public", "127.0.0.1:9"),
    ] {
        let (verdict, words) = at(&report, check);
        assert!(verdict == "failure" && words.contains(setting), "{check}: {words}");
    }
    for (check, setting) in [("proxies", "PERNOEX_TRUSTED_PROXIES"), ("traces", "OTEL_EXPORTER_OTLP_ENDPOINT")] {
        let (verdict, words) = at(&report, check);
        assert!(verdict == "warning" && words.contains(setting), "{check}: {words}");
    }
    assert!(!report.to_string().contains("hunter2"), "{report}");
}

#[test]
fn a_public_address_without_tls_is_warned_of_whether_it_answers_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let at_address = |url: &str| {
        let settings = with(&settings(folder.path()), &[("PERNOEX_PUBLIC_URL", url)]);
        at(&doctor(&settings, folder.path()).1, "settings")
    };
    let (verdict, words) = at_address("http://no-such-name.invalid");
    assert!(verdict == "warning" && words.contains("PERNOEX_TRUSTED_PROXIES"), "{words}");
    for well in ["https://no-such-name.invalid", "http://127.0.0.1:9", "http://localhost:9"] {
        assert_eq!(at_address(well).0, "ok", "{well}");
    }
}

#[tokio::test]
async fn a_wall_that_was_taken_down_in_postgresql_is_seen() {
    let app = TestApp::start().await;
    let Some(owner) = app.setting("MIGRATION_DATABASE_URL") else {
        return;
    };
    let (settings, folder) = (app.environment().to_vec(), app.folder.path());
    let admin = Database::connect(&owner).await.unwrap();
    admin
        .execute_unprepared("alter table document no force row level security")
        .await
        .unwrap();
    admin.execute_unprepared("drop policy tenant_wall on chunk").await.unwrap();
    let (well, report) = doctor(&settings, folder);
    let (_, words) = at(&report, "rls");
    assert!(!well && words.contains("chunk, document"), "{words}");
    admin.execute_unprepared("grant update on audit to pernoex_app").await.unwrap();
    let (verdict, words) = at(&doctor(&settings, folder).1, "rights");
    assert!(verdict == "failure" && words.contains("may rewrite audit"), "{words}");
    let (_, report) = doctor(&with(&settings, &[("DATABASE_URL", &owner)]), folder);
    let (verdict, words) = at(&report, "rights");
    assert!(
        verdict == "failure" && words.contains("superuser") && words.contains("owner of document"),
        "{words}"
    );
    admin.close().await.unwrap();
}

#[tokio::test]
async fn a_container_asks_the_server_in_it_whether_it_lives() {
    let app = TestApp::start().await;
    let listen = app.url.strip_prefix("http://").unwrap().to_owned();
    let check = |listen: &str, arguments: &[&str]| {
        let settings = with(app.environment(), &[("PERNOEX_LISTEN", listen)]);
        run(&settings, arguments, app.folder.path())
    };
    assert_eq!(check(&listen, &["healthcheck"]), (Some(0), String::new(), String::new()));
    assert_eq!(check(&listen, &["healthcheck", "--ready"]).0, Some(0));
    let everywhere = format!("0.0.0.0:{}", listen.rsplit(':').next().unwrap());
    assert_eq!(check(&everywhere, &["healthcheck"]).0, Some(0));
    let (code, _, log) = check("127.0.0.1:9", &["healthcheck"]);
    assert!(
        code == Some(1) && log.starts_with("pernoex: not well: 127.0.0.1:9 does not answer"),
        "{log}"
    );
}
