//! The server as it is shipped: a process of its own, whose memory and log are nobody else's.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use serde_json::Value;

use super::{client::Connection, corpus, people::Member};

/// How long each part of the work took, by the name of its span.
pub type Times = BTreeMap<String, Vec<Duration>>;

/// Settings under which the server says how long each part took.
pub const TIMED: [(&str, &str); 2] = [
    ("PERNOEX_LOG", "warn,actors=debug,pernoex::doors=debug"),
    ("PERNOEX_LOG_FORMAT", "json"),
];

pub struct Server {
    pub address: SocketAddr,
    folder: tempfile::TempDir,
    process: Child,
    times: Arc<Mutex<Times>>,
    database: Vec<(String, String)>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A database of its own on the servers that the environment names, or nothing for the embedded store.
fn database() -> Vec<(String, String)> {
    let mut settings = Vec::new();
    if let Ok(admin) = std::env::var("PERNOEX_TEST_POSTGRES") {
        let name = format!("pernoex_{}", uuid::Uuid::new_v4().simple());
        let made = Command::new("psql")
            .args(["-qc", &format!("create database {name}"), &admin])
            .status();
        assert!(made.unwrap().success(), "a database can be made");
        let (server, _) = admin.rsplit_once('/').unwrap();
        let host = server.rsplit_once('@').unwrap().1;
        settings.push(("MIGRATION_DATABASE_URL".into(), format!("{server}/{name}")));
        settings.push(("DATABASE_URL".into(), format!("postgres://pernoex_app:app@{host}/{name}")));
    }
    if let Ok(redis) = std::env::var("PERNOEX_TEST_REDIS") {
        settings.push(("REDIS_URL".into(), redis));
    }
    settings
}

fn launch(folder: &Path, database: &[(String, String)], more: &[(&str, &str)], times: &Arc<Mutex<Times>>) -> (Child, SocketAddr) {
    // Another build of the server can be measured in its place.
    let program = std::env::var("PERNOEX_BENCH_SERVER").unwrap_or_else(|_| env!("CARGO_BIN_EXE_pernoex").to_owned());
    let mut process = Command::new(program)
        .arg("serve")
        .current_dir(folder)
        .env_clear()
        .env("PERNOEX_DATA", folder.join("data"))
        .env("PERNOEX_LISTEN", "127.0.0.1:0")
        .env("PERNOEX_BCRYPT_COST", "4")
        .env("PERNOEX_SIGN_UP", "open")
        .env("PERNOEX_LIMIT_FACTOR", "1000000")
        .env("PERNOEX_MAX_DOCUMENTS", "1000000")
        .envs(database.iter().cloned())
        .envs(more.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let errors = process.stderr.take().unwrap();
    let times = times.clone();
    thread::spawn(move || listen(errors, &times));
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
        let address = line.strip_prefix("Pernoex listens on ")?.split(". ").next()?;
        address.parse().ok()
    });
    // It has more to say, and must find someone who listens.
    thread::spawn(move || lines.count());
    (process, address.expect("the server starts"))
}

/// Reads the log: the end of each span, or what a person should see.
fn listen(log: ChildStderr, times: &Mutex<Times>) {
    for line in BufReader::new(log).lines().map_while(Result::ok) {
        let entry: Value = serde_json::from_str(&line).unwrap_or_default();
        let (fields, name) = (&entry["fields"], entry["span"]["name"].as_str());
        match (name, fields["time.busy"].as_str(), fields["time.idle"].as_str()) {
            (Some(name), Some(busy), Some(idle)) => {
                let took = read_time(busy) + read_time(idle);
                times.lock().unwrap().entry(name.to_owned()).or_default().push(took);
            }
            _ if line.contains("ERROR") => println!("the server says: {line}"),
            _ => {}
        }
    }
}

/// `1.23ms`, `45.6µs`, `789ns`, `1.2s`.
fn read_time(text: &str) -> Duration {
    let unit_at = text.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap();
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit {
        "ns" => 1e-9,
        "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        _ => panic!("{text}"),
    };
    Duration::from_secs_f64(number.parse::<f64>().unwrap() * seconds)
}

impl Server {
    pub fn start(more: &[(&str, &str)]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), more)
    }

    pub fn start_in(folder: tempfile::TempDir, more: &[(&str, &str)]) -> Self {
        let (times, database) = (Arc::default(), database());
        let (process, address) = launch(folder.path(), &database, more, &times);
        Self {
            address,
            folder,
            process,
            times,
            database,
        }
    }

    /// Where its rows are, for who writes many at once.
    pub async fn location(&self) -> entities::Location {
        if let Some((_, url)) = self.database.iter().find(|(name, _)| name == "MIGRATION_DATABASE_URL") {
            return entities::Location::Postgres {
                url: url.clone(),
                connections: 2,
            };
        }
        let data = self.folder.path().join("data");
        let (masters, _) = actors::MasterKeys::load_or_create(&data.join("master.key"), None).unwrap();
        let path = data.join("pernoex.db");
        let key = actors::database_key(&path, &masters).await.unwrap();
        entities::Location::Embedded { path, key }
    }

    fn stop(&mut self) {
        if !matches!(self.process.try_wait(), Ok(None)) {
            return;
        }
        let _ = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }

    pub fn restart(&mut self, more: &[(&str, &str)]) {
        self.stop();
        (self.process, self.address) = launch(self.folder.path(), &self.database, more, &self.times);
    }

    /// What was timed since the last call.
    pub fn take_times(&self) -> Times {
        // The last lines may still be on their way.
        thread::sleep(Duration::from_millis(200));
        std::mem::take(&mut *self.times.lock().unwrap())
    }

    /// Bytes of the server that are in memory. Linux.
    pub fn resident(&self) -> f64 {
        let pages = std::fs::read_to_string(format!("/proc/{}/statm", self.process.id())).unwrap();
        let pages: f64 = pages.split_whitespace().nth(1).unwrap().parse().unwrap();
        pages * 4096.0
    }

    /// A server on which `seed` has a project of `chunks` passages, short ones, each uploaded, read and embedded by the server itself.
    /// That takes minutes, so the embedded store's data folder is kept below `target/` and copied the next time.
    pub fn with_large_project(chunks: usize) -> (Self, Member, String) {
        let kept = kept_folder(&format!("project-{chunks}"));
        let embedded = std::env::var("PERNOEX_TEST_POSTGRES").is_err();
        if embedded && kept.exists() {
            let folder = tempfile::tempdir().unwrap();
            copy(&kept, &folder.path().join("data"));
            let server = Self::start_in(folder, &[]);
            let member = Member::sign_in(server.address, "seed");
            let project = member.read("/projects")["projects"][0]["id"].as_str().unwrap().to_owned();
            return (server, member, format!("/projects/{project}"));
        }
        let mut server = Self::start(&[]);
        let member = Member::sign_up(server.address, "seed");
        let project = member.project("Lantern");
        upload(&server, &member, &project, chunks);
        // Restarted, so that the write-ahead log is folded into the file.
        server.stop();
        if embedded {
            copy(&server.folder.path().join("data"), &kept);
        }
        server.restart(&[]);
        let member = Member::sign_in(server.address, "seed");
        (server, member, project)
    }
}

fn upload(server: &Server, member: &Member, project: &str, chunks: usize) {
    const SECTIONS: usize = 50;
    let mut connection = Connection::open(server.address);
    for first in (0..chunks).step_by(SECTIONS) {
        let text = corpus::document(first, SECTIONS.min(chunks - first), 2);
        let file = (format!("handbook-{first}.md"), text);
        connection.ask(&member.upload(project, &[file])).expect(201);
    }
    settle(member, project);
    let read: i64 = documents(member, project).iter().map(|one| one["chunks"].as_i64().unwrap()).sum();
    assert_eq!(read, chunks as i64, "each section is one passage");
}

pub fn documents(member: &Member, project: &str) -> Vec<Value> {
    member.read(&format!("{project}/documents"))["documents"]
        .as_array()
        .unwrap()
        .clone()
}

/// Waits until every document was read and embedded.
pub fn settle(member: &Member, project: &str) {
    for look in 1.. {
        let documents = documents(member, project);
        let ready = documents.iter().filter(|one| one["status"] == "ready").count();
        if ready == documents.len() {
            return;
        }
        if look % 120 == 0 {
            println!("{ready} of {} documents are embedded", documents.len());
        }
        thread::sleep(Duration::from_millis(500));
    }
}

fn kept_folder(name: &str) -> PathBuf {
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| format!("{}/target", env!("CARGO_MANIFEST_DIR")));
    let model = actors::knowledge::embed::MODEL_NAME.replace('/', "-");
    PathBuf::from(target).join("bench-data").join(format!("{name}-{model}"))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to, kind) = (entry.path(), to.join(entry.file_name()), entry.file_type().unwrap());
        if kind.is_dir() {
            copy(&from, &to);
        } else if kind.is_file() {
            std::fs::copy(from, to).unwrap();
        }
    }
}
