//! The program as its operator meets it: starting, refusing to start, logging, stopping.

use std::{os::unix::fs::PermissionsExt, path::Path, time::Duration};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    GUIDE, PASSWORD, Person, databases,
    endpoint::{Act, FakeModel, KEY},
    process::{Process, files, run, settings},
    visitor::SITE,
};

type Settings = Vec<(String, String)>;

fn with(settings: &Settings, more: &[(&str, &str)]) -> Settings {
    let mut all = settings.clone();
    for (name, value) in more {
        all.retain(|(known, _)| known != name);
        all.push(((*name).to_owned(), (*value).to_owned()));
    }
    all
}

/// A folder, and the settings of a server in it, on the databases of this run.
async fn place() -> (tempfile::TempDir, Settings) {
    let folder = tempfile::tempdir().unwrap();
    let mut all = settings(folder.path());
    all.extend(databases().await);
    (folder, all)
}

fn on_postgres(settings: &Settings) -> bool {
    settings.iter().any(|(name, _)| name == "DATABASE_URL")
}

async fn sign_up(process: &Process) -> Person {
    let mut person = Person::at(&process.url);
    person.email = format!("ada.{}@example.com", uuid::Uuid::new_v4().simple());
    let body = json!({ "email": person.email, "password": PASSWORD, "workspace": "Ada" });
    let (status, session) = person.post("/account", body).await;
    assert_eq!(status, StatusCode::CREATED, "{session}");
    person.csrf = Some(session["csrf_token"].as_str().unwrap().to_owned());
    person
}

#[tokio::test]
async fn a_first_start_makes_what_it_needs_and_a_second_finds_it() {
    let (folder, settings) = place().await;
    let server = Process::start(&settings);
    let data = folder.path().join("data");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&data), mode(&data.join("master.key"))), (0o700, 0o600));
    let mut ada = sign_up(&server).await;
    let project = ada.guide("Lantern").await;
    server.signal("TERM");
    let (status, out, _) = server.end(Duration::from_secs(30));
    assert!(status.success());
    for said in [
        "Open http://localhost:",
        "This is a new installation. Sign up",
        "Keep copies of",
        "Stopped.",
    ] {
        assert!(out.contains(said), "{said} in {out}");
    }
    let server = Process::start(&settings);
    assert!(!server.out().contains("new installation"));
    ada.url.clone_from(&server.url);
    assert_eq!(
        ada.question(&project, "How do I export my data?").await["outcome"],
        "answered",
        "and the session lives on"
    );
}

#[tokio::test]
async fn a_start_without_tls_where_others_come_is_warned_of_with_how_to_mend_it() {
    let (_folder, settings) = place().await;
    for (url, is_warned) in [("http://support.example.com", true), ("http://localhost:8080", false)] {
        let server = Process::start(&with(&settings, &[("PERNOEX_PUBLIC_URL", url)]));
        server.signal("TERM");
        let (_, _, log) = server.end(Duration::from_secs(30));
        let warned = log.contains("browsers come without TLS") && log.contains("PERNOEX_TLS_CERTIFICATE_FILE");
        assert_eq!(warned, is_warned, "{url}: {log}");
    }
}

#[test]
fn help_names_the_subcommands_and_where_settings_come_from() {
    let folder = tempfile::tempdir().unwrap();
    let (code, out, _) = run(&Settings::new(), &["--help"], folder.path());
    assert_eq!(code, Some(0));
    for named in [
        "serve",
        "migrate",
        "eval",
        "--config",
        "PERNOEX_LISTEN",
        "DATABASE_URL",
        "REDIS_URL",
        "OPENAI_BASE_URL",
    ] {
        assert!(out.contains(named), "{named} in {out}");
    }
    assert!(files(folder.path()).is_empty(), "asking for help makes nothing");
}

#[test]
fn a_collection_is_measured_with_its_refusals_by_whichever_method() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = folder.path().join("corpus");
    std::fs::create_dir(&corpus).unwrap();
    let write = |name: &str, lines: &[&str]| std::fs::write(corpus.join(name), lines.join("\n")).unwrap();
    write(
        "corpus.jsonl",
        &[
            r#"{"_id":"d1","title":"Refunds","text":"Refunds take five business days and go to the card that paid."}"#,
            r#"{"_id":"d2","title":"Export","text":"To export your data, open Settings and choose Export. The archive arrives by mail."}"#,
        ],
    );
    write(
        "queries.jsonl",
        &[
            r#"{"_id":"q1","text":"How long does a refund take?"}"#,
            r#"{"_id":"q2","text":"How do I export my data?"}"#,
        ],
    );
    write("qrels.tsv", &["query-id\tcorpus-id\tscore", "q1\td1\t1", "q2\td2\t1"]);
    let corpus = corpus.display().to_string();
    let (code, out, log) = run(&Settings::new(), &["eval", "--corpus", &corpus, "--other", &corpus], folder.path());
    assert_eq!(code, Some(0), "{out}{log}");
    for said in [
        "2 documents, 2 questions",
        "embedded by all-MiniLM-L6-v2",
        "words (BM25F)            1.000       1.000",
        "shipped                  1.000       1.000",
        "refused, of questions with an answer               0.000",
        "answered, with every document that does withheld   0.000",
        "answered, of 2 questions of the other collection   1.000",
    ] {
        assert!(out.contains(said), "{said} in {out}");
    }
}

/// Runs a server that must not start, and returns the one line that it says.
fn refusal(settings: &Settings, arguments: &[&str], folder: &Path) -> String {
    let (code, out, log) = run(settings, arguments, folder);
    assert_eq!(code, Some(1), "{out}{log}");
    assert_eq!(log.lines().count(), 1, "one line: {log}");
    assert_eq!(out, "", "nothing is said to be running");
    assert!(!log.contains("hunter2"), "a value is repeated: {log}");
    log
}

#[test]
fn a_wrong_setting_stops_the_start_with_one_line_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let usual = settings(folder.path());
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = busy.local_addr().unwrap().to_string();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let below_a_file = folder.path().join("file/data").display().to_string();
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("PERNOEX_LISTEN", "hunter2")], "PERNOEX_LISTEN"),
        (&[("PERNOEX_LISTEN", &busy)], "PERNOEX_LISTEN"),
        (&[("PERNOEX_LISTN", "hunter2")], "PERNOEX_LISTN"),
        (&[("PERNOEX_DATA", &below_a_file)], "PERNOEX_DATA"),
        (&[("PERNOEX_MASTER_KEY", "hunter2")], "PERNOEX_MASTER_KEY"),
        (&[("PERNOEX_BCRYPT_COST", "hunter2")], "PERNOEX_BCRYPT_COST"),
        (&[("PERNOEX_LOG", "=hunter2=")], "PERNOEX_LOG"),
        (&[("PERNOEX_LOG_FORMAT", "hunter2")], "PERNOEX_LOG_FORMAT"),
        (&[("PERNOEX_SIGN_UP", "hunter2")], "PERNOEX_SIGN_UP"),
        (&[("PERNOEX_PUBLIC_URL", "hunter2")], "PERNOEX_PUBLIC_URL"),
        (&[("DATABASE_URL", "mysql://hunter2")], "DATABASE_URL"),
        (&[("DATABASE_URL", "postgres://app:hunter2@127.0.0.1:9/none")], "DATABASE_URL"),
        (
            &[
                ("DATABASE_URL", "postgres://app:hunter2@127.0.0.1:9/none"),
                ("MIGRATION_DATABASE_URL", "postgres://own:hunter2@127.0.0.1:9/none"),
            ],
            "MIGRATION_DATABASE_URL",
        ),
        (&[("MIGRATION_DATABASE_URL", "postgres://own:hunter2@h/d")], "DATABASE_URL is not"),
        (&[("REDIS_URL", "hunter2")], "REDIS_URL"),
        (&[("REDIS_URL", "redis://:hunter2@127.0.0.1:9/")], "REDIS_URL"),
        (&[("OPENAI_API_KEY", "hunter2")], "OPENAI_BASE_URL"),
        (&[("OPENAI_BASE_URL", "https://api.example.com/v1")], "OPENAI_MODEL"),
        (
            &[("PERNOEX_MAX_FILE_MIB", "20"), ("PERNOEX_MAX_PROJECT_MIB", "10")],
            "PERNOEX_MAX_PROJECT_MIB",
        ),
        (
            &[("PERNOEX_CONFIG", "hunter2.toml"), ("PERNOEX_CONFIG", "missing.toml")],
            "missing.toml",
        ),
    ];
    for (wrong, named) in cases {
        let line = refusal(&with(&usual, wrong), &[], folder.path());
        assert!(line.starts_with("pernoex: ") && line.contains(named), "{named}: {line}");
    }
}

#[test]
fn a_wrong_configuration_file_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let usual = settings(folder.path());
    let file = folder.path().join("my.toml");
    for (text, named) in [
        ("bcrypt_cost = \"hunter2\"", "PERNOEX_BCRYPT_COST"),
        ("listn = \"hunter2\"", "listn"),
        ("log = \"info\"\npublic_url = \"hunter2", "my.toml: is not valid TOML near line 2"),
        ("sign_up = [\"hunter2\"]", "sign_up"),
    ] {
        std::fs::write(&file, text).unwrap();
        let without: Settings = usual.iter().filter(|(name, _)| name != "PERNOEX_BCRYPT_COST").cloned().collect();
        let line = refusal(&without, &["--config", &file.display().to_string()], folder.path());
        assert!(line.contains(named), "{named}: {line}");
    }
}

#[tokio::test]
async fn a_database_is_not_opened_with_another_master_key_nor_without_its_own() {
    let (folder, settings) = place().await;
    let server = Process::start(&settings);
    let mut ada = sign_up(&server).await;
    let project = ada.guide("Lantern").await;
    server.signal("TERM");
    assert!(server.end(Duration::from_secs(30)).0.success());

    let key = folder.path().join("data/master.key");
    let right = std::fs::read(&key).unwrap();
    let other = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let line = refusal(&with(&settings, &[("PERNOEX_MASTER_KEY", other)]), &[], folder.path());
    assert!(line.contains("none of the master keys") && !line.contains(other), "{line}");

    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let line = refusal(&settings, &[], folder.path());
    assert!(line.contains("master.key") && line.contains("chmod 600"), "{line}");
    std::fs::remove_file(&key).unwrap();
    // On PostgreSQL the first start made its key in this folder too, but nothing here tells that a database belongs to it:
    // the new key that is made now does not open what is there.
    let line = refusal(&settings, &[], folder.path());
    assert!(line.contains("master"), "{line}");

    let _ = std::fs::remove_file(&key);
    std::fs::write(&key, right).unwrap();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    let server = Process::start(&settings);
    ada.url.clone_from(&server.url);
    assert_eq!(ada.question(&project, "How do I export my data?").await["outcome"], "answered");
}

#[tokio::test]
async fn a_data_folder_belongs_to_one_server_at_a_time() {
    let (folder, settings) = place().await;
    let first = Process::start(&settings);
    if on_postgres(&settings) {
        // Nodes that share their database may share the folder of their key.
        drop(Process::start(&settings));
        return;
    }
    let line = refusal(&settings, &[], folder.path());
    assert!(line.contains("used by another pernoex") && line.contains("PERNOEX_DATA"), "{line}");
    let mut ada = sign_up(&first).await;
    first.signal("KILL");
    first.end(Duration::from_secs(30));
    let second = Process::start(&settings);
    ada.url.clone_from(&second.url);
    assert_eq!(ada.get("/session").await.0, StatusCode::OK, "a crash leaves nothing locked");
}

#[tokio::test]
async fn a_signal_lets_what_was_begun_complete() {
    for signal in ["TERM", "INT"] {
        let words = vec!["Open Settings, ", "then Export [1]."];
        let model = FakeModel::start(Act::Late(Duration::from_secs(2), words)).await;
        let (_folder, settings) = place().await;
        let server = Process::start(&with(&settings, &model.settings("30")));
        let mut ada = sign_up(&server).await;
        let project = ada.guide("Lantern").await;
        let asked = tokio::spawn(async move { ada.question(&project, "How do I export my data?").await });
        model.asked().await;
        server.signal(signal);
        let answer = asked.await.unwrap();
        assert_eq!(
            (answer["written_by"].as_str(), answer["text"].as_str()),
            (Some("model"), Some("Open Settings, then Export [1].")),
            "SIG{signal}"
        );
        let (status, out, log) = server.end(Duration::from_secs(25));
        assert!(status.success() && out.ends_with("Stopped.\n"), "SIG{signal}: {status} {out} {log}");
    }
}

#[tokio::test]
async fn a_server_that_drains_says_so_before_it_refuses_anybody() {
    let (_folder, settings) = place().await;
    let server = Process::start(&with(&settings, &[("PERNOEX_DRAIN_SECONDS", "3")]));
    // Installed by a server of this process, of which there is none.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let status_of = async |path: &str| {
        // On a connection of its own, as a balancer's next request may be.
        let asked = reqwest::Client::new().get(format!("{}{path}", server.url)).send().await;
        asked.unwrap().status().as_u16()
    };
    assert_eq!(status_of("/readyz").await, 200);
    // Nothing to read again, and no reason to end.
    server.signal("HUP");
    assert_eq!(status_of("/readyz").await, 200);
    server.signal("TERM");
    crate::support::until("it says so", Duration::from_secs(10), async || status_of("/readyz").await == 503).await;
    assert_eq!(status_of("/healthz").await, 200);
    let (status, out, log) = server.end(Duration::from_secs(25));
    assert!(status.success() && out.ends_with("Stopped.\n"), "{status} {out} {log}");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever_for_a_client_that_sends_nothing_more() {
    use tokio::io::AsyncWriteExt;
    let (_folder, settings) = place().await;
    let server = Process::start(&settings);
    let ada = sign_up(&server).await;
    let address = server.url.strip_prefix("http://").unwrap();
    let mut slow = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/v1/projects HTTP/1.1\r\nhost: {address}\r\ncookie: {}\r\nx-csrf-token: {}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{",
        ada.cookie.as_deref().unwrap(),
        ada.csrf.as_deref().unwrap()
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    server.signal("TERM");
    let (status, ..) = tokio::task::spawn_blocking(move || server.end(Duration::from_secs(40)))
        .await
        .unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn the_log_names_requests_and_tells_no_secret() {
    for format in ["pretty", "json"] {
        let model = FakeModel::start(Act::Status(500)).await;
        let (folder, settings) = place().await;
        let settings = with(&settings, &model.settings("5"));
        // Everything that anything can log, but for what PostgreSQL's and Redis' drivers say on the wire level.
        let server = Process::start(&with(&settings, &[("PERNOEX_LOG", "trace"), ("PERNOEX_LOG_FORMAT", format)]));
        let mut ada = sign_up(&server).await;
        let project = ada.guide("Lantern").await;
        let question = "How do I export my data to the moonbase Zorblax?";
        ada.question(&project, question).await;
        let (_, widget) = ada.patch(&format!("{project}/widget"), json!({ "allowed_origins": [SITE] })).await;
        let key = widget["public_key"].as_str().unwrap().to_owned();
        let mut visitor = Person::at(&server.url);
        let path = format!("/widget/{key}/visits");
        let begun: Value = visitor
            .send(Method::POST, &path, Some(json!({})), &[("origin", SITE)])
            .await
            .json()
            .await
            .unwrap();
        let token = begun["token"].as_str().unwrap().to_owned();
        let bearer = format!("Bearer {token}");
        let asked = visitor
            .send(
                Method::POST,
                &format!("/widget/{key}/questions"),
                Some(json!({ "question": question })),
                &[("origin", SITE), ("authorization", &bearer)],
            )
            .await;
        let id = asked.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(asked.status(), StatusCode::OK);
        // Refusals are where values are repeated by mistake.
        ada.post("/session", json!({ "email": ada.email, "password": "wrong-hunter2-wrong" }))
            .await;
        ada.post("/session", json!({ "email": ["hunter2"], "password": { "hunter2": 1 } }))
            .await;
        ada.get(&format!("{project}/analytics?days=hunter2")).await;
        server.signal("TERM");
        let (status, out, log) = server.end(Duration::from_secs(30));
        assert!(status.success());
        assert!(log.contains(&id), "{format}: the request's id is in the log");
        if format == "json" {
            for line in log.lines() {
                assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
            }
        }
        let cookie = ada.cookie.clone().unwrap();
        let cookie = cookie.split_once('=').unwrap().1.to_owned();
        let secret = std::fs::read_to_string(folder.path().join("data/master.key")).unwrap();
        let passage = std::str::from_utf8(GUIDE).unwrap().lines().nth(4).unwrap();
        let secrets = [
            PASSWORD,
            "hunter2",
            KEY,
            &cookie,
            ada.csrf.as_deref().unwrap(),
            &key,
            &token,
            "Zorblax",
            passage,
            &ada.email,
            secret.trim(),
            "pernoex_app:app",
        ];
        for secret in secrets {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{format}: {secret} is in the log");
            assert!(!out.contains(secret), "{secret} is in the output");
        }
    }
}
