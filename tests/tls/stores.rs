//! TLS to the database and to Redis: real ones, whose certificate is for `localhost` alone. `tests/services databases` starts them.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use sea_orm::{ConnectionTrait, Database, Statement};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use url::Url;

use crate::support::{
    databases,
    process::{Process, run, settings},
};

type Settings = Vec<(String, String)>;

/// What the services of this run are reached by.
struct Peers {
    /// Certificates of authorities: `ca.pem`, whose are shown, and `other.pem`.
    folder: PathBuf,
    redis: String,
    /// An empty database, and the rest that a server needs.
    settings: Settings,
    data: tempfile::TempDir,
}

impl Peers {
    async fn find() -> Option<Self> {
        let Ok(folder) = std::env::var("PERNOEX_TEST_TLS") else {
            println!("PERNOEX_TEST_TLS names no peers with TLS");
            return None;
        };
        let data = tempfile::tempdir().unwrap();
        let mut all = settings(data.path());
        all.extend(databases().await);
        Some(Self {
            folder: folder.into(),
            redis: std::env::var("PERNOEX_TEST_REDIS_TLS").unwrap(),
            settings: all,
            data,
        })
    }

    fn ca(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    fn setting(&self, name: &str) -> String {
        self.settings.iter().find(|(known, _)| known == name).unwrap().1.clone()
    }

    /// The database's two addresses, as seen by `host`, with `query`.
    fn databases(&self, host: &str, port: Option<u16>, query: &str) -> Settings {
        ["DATABASE_URL", "MIGRATION_DATABASE_URL"]
            .map(|name| {
                let mut url = Url::parse(&self.setting(name)).unwrap();
                url.set_host(Some(host)).unwrap();
                url.set_port(port.or(url.port())).unwrap();
                url.set_query(Some(query));
                (name.to_owned(), url.to_string())
            })
            .to_vec()
    }

    fn with(&self, more: Settings) -> Settings {
        let mut all = self.settings.clone();
        all.retain(|(known, _)| more.iter().all(|(name, _)| name != known));
        all.extend(more);
        all
    }

    /// Why a server with these does not start.
    fn refusal(&self, more: Settings) -> String {
        let (code, _, log) = run(&self.with(more), &["serve"], self.data.path());
        assert_eq!(code, Some(1), "{log}");
        log
    }
}

fn said(name: &str, value: String) -> (String, String) {
    (name.to_owned(), value)
}

fn plus(mut settings: Settings, name: &str, value: String) -> Settings {
    settings.push(said(name, value));
    settings
}

const FULL: &str = "sslmode=verify-full";

const ANOTHER_NAME: &str = "its certificate is for another name";
const NOT_TRUSTED: &str = "its certificate was issued by no authority that is trusted here";
const NO_TLS: &str = "TLS cannot be agreed with it";

#[tokio::test]
async fn a_database_and_redis_that_prove_who_they_are_are_used_by_tls() {
    let Some(peers) = Peers::find().await else { return };
    let ca = peers.ca("ca.pem");
    let mut more = peers.databases("localhost", None, FULL);
    more.push(said("DATABASE_CA_FILE", ca.clone()));
    more.push(said("REDIS_URL", peers.redis.clone()));
    more.push(said("REDIS_CA_FILE", ca));
    let all = peers.with(more);
    let server = Process::start(&all);
    // Installed by a server of this process, of which there is none.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let ready = reqwest::get(format!("{}/readyz", server.url)).await.unwrap();
    assert_eq!(ready.status(), 200);
    // As the owner sees it: every connection of the server's role to this database is one by TLS.
    let admin = Database::connect(peers.setting("MIGRATION_DATABASE_URL")).await.unwrap();
    let question = "select count(*) filter (where ssl), count(*) from pg_stat_ssl join pg_stat_activity using (pid) \
         where datname = current_database() and usename = 'pernoex_app'";
    let row = admin
        .query_one_raw(Statement::from_string(admin.get_database_backend(), question))
        .await
        .unwrap()
        .unwrap();
    let (by_tls, all_of_them): (i64, i64) = (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap());
    assert!(by_tls > 0 && by_tls == all_of_them, "{by_tls} of {all_of_them}");
    let (_, out, _) = run(&all, &["doctor", "--json"], peers.data.path());
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    for check in ["database", "redis"] {
        let found = report["findings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["check"] == check)
            .unwrap();
        assert_ne!(found["verdict"], "failure", "{found}");
    }
}

#[tokio::test]
async fn a_database_that_does_not_prove_who_it_is_is_not_used() {
    let Some(peers) = Peers::find().await else { return };
    let ca = |settings: Settings, name: &str| plus(settings, "DATABASE_CA_FILE", peers.ca(name));
    for (what, more, why) in [
        ("another name", ca(peers.databases("127.0.0.1", None, FULL), "ca.pem"), ANOTHER_NAME),
        (
            "an unknown authority",
            ca(peers.databases("localhost", None, FULL), "other.pem"),
            NOT_TRUSTED,
        ),
        (
            "no authority that everybody knows",
            peers.databases("localhost", None, FULL),
            NOT_TRUSTED,
        ),
    ] {
        let log = peers.refusal(more);
        assert!(log.contains("DATABASE_URL") && log.contains(why), "{what}: {log}");
    }
    // Refused before anybody is asked.
    let log = peers.refusal(peers.databases("localhost", None, "sslmode=require"));
    assert!(log.contains("PERNOEX_UNVERIFIED_TLS") && log.lines().count() == 1, "{log}");
}

#[tokio::test]
async fn a_redis_that_does_not_prove_who_it_is_is_not_used() {
    let Some(peers) = Peers::find().await else { return };
    let plain = Url::parse(&peers.setting("REDIS_URL")).unwrap();
    let ca = |url: String, name: &str| vec![said("REDIS_URL", url), said("REDIS_CA_FILE", peers.ca(name))];
    for (what, more, why) in [
        (
            "another name",
            ca(peers.redis.replace("localhost", "127.0.0.1"), "ca.pem"),
            ANOTHER_NAME,
        ),
        ("an unknown authority", ca(peers.redis.clone(), "other.pem"), NOT_TRUSTED),
        (
            "no authority that everybody knows",
            vec![said("REDIS_URL", peers.redis.clone())],
            NOT_TRUSTED,
        ),
        (
            "no TLS at all",
            ca(format!("rediss://localhost:{}/0", plain.port().unwrap()), "ca.pem"),
            "no answer in time",
        ),
    ] {
        let log = peers.refusal(more);
        let last = log.lines().last().unwrap();
        assert!(last.starts_with("pernoex: REDIS_URL") && last.contains(why), "{what}: {log}");
    }
    let log = peers.refusal(vec![said("REDIS_URL", format!("{}/#insecure", peers.redis.trim_end_matches("/0")))]);
    assert!(log.contains("PERNOEX_UNVERIFIED_TLS"), "{log}");
}

/// Between server and database: says for it that it has no TLS, and would pass on what comes in the clear.
async fn downgrade(to: u16) -> (u16, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::<Mutex<Vec<u8>>>::default();
    let ears = heard.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let ears = ears.clone();
            tokio::spawn(async move {
                // SSLRequest is eight bytes long; the answer N says: not here.
                let mut request = [0; 8];
                client.read_exact(&mut request).await?;
                client.write_all(b"N").await?;
                let mut more = [0; 64];
                let count = client.read(&mut more).await?;
                ears.lock().unwrap().extend_from_slice(&more[..count]);
                let mut server = TcpStream::connect(("127.0.0.1", to)).await?;
                server.write_all(&more[..count]).await?;
                copy_bidirectional(&mut client, &mut server).await.map(|_| ())
            });
        }
    });
    (port, heard)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_tls_away_between_server_and_database_hears_nothing() {
    let Some(peers) = Peers::find().await else { return };
    let real = Url::parse(&peers.setting("DATABASE_URL")).unwrap().port().unwrap();
    let (port, heard) = downgrade(real).await;
    let more = plus(
        peers.databases("localhost", Some(port), FULL),
        "DATABASE_CA_FILE",
        peers.ca("ca.pem"),
    );
    let log = tokio::time::timeout(Duration::from_secs(60), async { peers.refusal(more) })
        .await
        .unwrap();
    assert!(log.contains("DATABASE_URL") && log.contains(NO_TLS), "{log}");
    assert_eq!(*heard.lock().unwrap(), b"", "not even the name of the role");
}
