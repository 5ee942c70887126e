//! A server of its own for each test, and people who use it.

pub mod authority;
mod calls;
pub mod confluence;
pub mod connect;
pub mod database;
mod dice;
pub mod docx;
pub mod edge;
pub mod embedder;
pub mod endpoint;
pub mod factors;
pub mod front;
pub mod github;
pub mod hammer;
pub mod issuer;
pub mod mail;
pub mod notion;
mod person;
pub mod process;
pub mod provider;
pub mod receiver;
pub mod rows;
pub mod signing;
pub mod site;
pub mod slack;
pub mod slack_channels;
pub mod stripe;
pub mod visitor;
pub mod voice;

use std::{
    net::SocketAddr,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

pub use calls::{As, Call};
pub use dice::{Dice, is_full, seed};
use front::Front;
pub use person::Person;

use pernoex::{
    Application, Clock,
    settings::{Settings, Source},
};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

pub struct TestApp {
    pub url: String,
    pub metrics: Option<SocketAddr>,
    /// Where those who come without TLS are sent on.
    pub redirect: Option<SocketAddr>,
    pub folder: tempfile::TempDir,
    stop: Option<actix_web::dev::ServerHandle>,
    thread: Option<thread::JoinHandle<()>>,
    environment: Vec<(String, String)>,
    address: uuid::Uuid,
    clock: Clock,
    /// The other nodes of the installation, and what leads to all of them.
    others: Vec<TestApp>,
    front: Option<Front>,
    own_url: String,
    nodes: usize,
    /// Whether requests go to the first node alone.
    sticky: bool,
}

impl TestApp {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A server with settings of its own besides the usual ones.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::start_with(Clock::system(), settings).await
    }

    /// A server whose time is `clock`'s, with settings of its own.
    pub async fn start_with(clock: Clock, settings: &[(&str, &str)]) -> Self {
        let mut app = Self::prepare(clock, settings).await;
        app.run();
        app
    }

    /// Everything that a server needs to start, but the server.
    pub async fn prepare(clock: Clock, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut environment = vec![
            ("PERNOEX_LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            ("PERNOEX_DATA".to_owned(), folder.path().join("data").display().to_string()),
            ("PERNOEX_BCRYPT_COST".to_owned(), "4".to_owned()),
            // Everybody here is known to everybody. What is told without this, a test of its own sees.
            ("PERNOEX_SIGN_UP".to_owned(), "open".to_owned()),
            // Where the time for second thoughts is the story, the test says so.
            ("PERNOEX_DELETION_DAYS".to_owned(), "0".to_owned()),
            ("PERNOEX_MAX_FILE_MIB".to_owned(), "1".to_owned()),
        ];
        environment.extend(databases().await);
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self {
            url: String::new(),
            metrics: None,
            redirect: None,
            folder,
            stop: None,
            thread: None,
            environment,
            address: uuid::Uuid::new_v4(),
            clock,
            others: Vec::new(),
            front: None,
            own_url: String::new(),
            nodes: front::nodes(),
            sticky: false,
        }
    }

    pub fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// As the environment names it.
    pub fn setting(&self, name: &str) -> Option<String> {
        let found = self.environment.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    }

    /// Changes a setting for the next start.
    pub fn configure(&mut self, name: &str, value: &str) {
        self.environment.push((name.into(), value.into()));
    }

    pub fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// What `pernoex keys` works with, beside the running server.
    pub async fn keys(&self) -> actors::KeyAdmin {
        pernoex::keys::open(&self.settings()).await.unwrap()
    }

    /// Runs the program itself with these settings; returns whether it succeeded and all that it printed.
    pub fn program(&self, arguments: &[&str], input: &str) -> (bool, String) {
        use std::io::Write;
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_pernoex"))
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let printed = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&printed).into_owned())
    }

    /// Why a server with these settings does not start: what it says itself, after what the database's library logged.
    pub fn refusal(&self) -> String {
        let (started, printed) = self.program(&["serve"], "");
        assert!(!started, "it starts: {printed}");
        let from = printed.rfind("\npernoex: ").map_or(0, |at| at + 1);
        printed[from..].to_owned()
    }

    pub fn start_again(&mut self) {
        self.run();
    }

    /// Another node of the same installation; `None` on the embedded database, which has one.
    pub fn beside(&self) -> Option<Self> {
        std::env::var("PERNOEX_TEST_POSTGRES").ok()?;
        let mut node = Self {
            url: String::new(),
            metrics: None,
            redirect: None,
            // The master key is the installation's, and so is the folder that holds it: this one stays empty.
            folder: tempfile::tempdir().unwrap(),
            stop: None,
            thread: None,
            environment: self.environment.clone(),
            address: self.address,
            clock: self.clock.clone(),
            others: Vec::new(),
            front: None,
            own_url: String::new(),
            nodes: front::nodes(),
            sticky: false,
        };
        node.run_alone();
        Some(node)
    }

    fn run(&mut self) {
        self.run_alone();
        let others = (1..self.nodes).filter_map(|_| self.beside());
        self.others = others.collect();
        if !self.others.is_empty() {
            let front = Front::start(self.addresses());
            self.url = format!("http://{}", front.address);
            self.front = Some(front);
            if self.sticky {
                self.stick();
            }
        }
    }

    /// Leads all requests to one node from now on, beside which the others go on with what is to be done: where the story is of what a node
    /// holds in its own memory, such as its actors, its figures and its streams.
    pub fn stick(&mut self) {
        self.sticky = true;
        if let Some(front) = &self.front {
            front.lead_to(vec![self.addresses()[0]]);
        }
    }

    /// The first node's, which names itself by it where no address for all of them is set.
    pub fn own_port(&self) -> &str {
        self.own_url.rsplit(':').next().unwrap_or_default()
    }

    /// Several nodes of one installation, and something before them that leads each connection to the next; `None` on the embedded
    /// database, which has one.
    pub async fn several(nodes: usize, settings: &[(&str, &str)]) -> Option<Self> {
        std::env::var("PERNOEX_TEST_POSTGRES").ok()?;
        let mut app = Self::prepare(Clock::system(), settings).await;
        app.nodes = nodes;
        app.run();
        Some(app)
    }

    /// Where each node listens.
    pub fn each_node(&self) -> Vec<String> {
        let others = self.others.iter().map(|node| node.own_url.clone());
        std::iter::once(self.own_url.clone()).chain(others).collect()
    }

    /// Where each node shows its figures.
    pub fn each_metrics(&self) -> Vec<SocketAddr> {
        std::iter::once(self).chain(&self.others).filter_map(|node| node.metrics).collect()
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        self.each_node().iter().map(|url| url["http://".len()..].parse().unwrap()).collect()
    }

    /// Restarts one node after the other, as for a new version: it gets no new connections, ends what it began, and starts.
    pub async fn roll(&mut self) {
        for n in 0..self.nodes {
            let mut led: Vec<_> = self.addresses();
            led.remove(n);
            self.front.as_ref().unwrap().lead_to(led);
            // As a balancer does: what it has just handed over arrives before the node closes its door.
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            match n.checked_sub(1) {
                None => {
                    self.stop_alone().await;
                    let url = self.url.clone();
                    self.run_alone();
                    self.url = url;
                }
                Some(other) => {
                    self.others[other].stop_alone().await;
                    self.others[other].run_alone();
                }
            }
            self.front.as_ref().unwrap().lead_to(self.addresses());
        }
        if self.sticky {
            self.stick();
        }
    }

    fn run_alone(&mut self) {
        let settings = self.settings();
        let clock = self.clock.clone();
        // As the program does where it begins.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (started, start) = mpsc::channel();
        self.thread = Some(thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let application = Application::start(&settings, clock).await.unwrap();
                let besides = (application.metrics_address(), application.redirect_address());
                let started_at = (application.address(), besides, application.handle());
                started.send(started_at).unwrap();
                application.run().await.unwrap();
            });
        }));
        let (address, (metrics, redirect), handle) = start.recv().expect("the server starts");
        self.own_url = format!("http://127.0.0.1:{}", address.port());
        self.url.clone_from(&self.own_url);
        self.metrics = metrics;
        self.redirect = redirect;
        self.stop = Some(handle);
    }

    /// Stops the server in the order that a signal would.
    pub async fn stop(&mut self) {
        self.front = None;
        for mut node in std::mem::take(&mut self.others) {
            node.stop_alone().await;
        }
        self.stop_alone().await;
    }

    async fn stop_alone(&mut self) {
        self.stop.take().unwrap().stop(true).await;
        self.thread.take().unwrap().join().unwrap();
    }

    /// Restarts with another setting.
    pub async fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
        self.restart().await;
    }

    pub async fn restart(&mut self) {
        self.stop().await;
        self.run();
    }

    /// The address that the test's people come from. One of its own: limits count by address, and all tests share one Redis.
    pub fn own_address(&self) -> std::net::IpAddr {
        let [a, b, c, ..] = *self.address.as_bytes();
        std::net::Ipv4Addr::new(127, a, b, c.clamp(1, 254)).into()
    }

    /// Comes from this test's own address; before several nodes, with a connection of its own each time, so that each request goes to
    /// another one.
    fn browser(&self) -> Client {
        let browser = Client::builder().local_address(self.own_address());
        let browser = match self.front {
            Some(_) => browser.pool_max_idle_per_host(0),
            None => browser,
        };
        browser.build().unwrap()
    }

    pub fn nobody(&self) -> Person {
        Person {
            client: self.browser(),
            url: self.url.clone(),
            cookie: None,
            csrf: None,
            email: String::new(),
        }
    }

    /// Someone with a workspace of their own, signed in as its Owner.
    pub async fn owner(&self, name: &str) -> Person {
        let mut person = self.nobody();
        person.email = format!("{name}.{}@example.com", uuid::Uuid::new_v4().simple());
        let body = json!({ "email": person.email, "password": PASSWORD, "workspace": name });
        let (status, session) = person.post("/account", body).await;
        assert_eq!(status, StatusCode::CREATED, "{session}");
        person.took(&session);
        person
    }

    /// An Admin of the Owner's workspace, invited and signed in.
    pub async fn admin(&self, owner: &mut Person) -> Person {
        self.colleague(owner, "admin", &[]).await
    }

    /// A Member of the Owner's workspace, invited to `projects` (paths, as [`Person::project`] returns them) and signed in.
    pub async fn member(&self, owner: &mut Person, projects: &[&str]) -> Person {
        self.colleague(owner, "member", projects).await
    }

    /// Someone new who accepts an invitation with an account of their own.
    pub async fn colleague(&self, owner: &mut Person, role: &str, projects: &[&str]) -> Person {
        let mut person = self.nobody();
        person.email = format!("{role}.{}@example.com", uuid::Uuid::new_v4().simple());
        let token = owner.invite(&person.email, role, projects).await;
        let (status, session) = person
            .post("/invitations/accept", json!({ "token": token, "password": PASSWORD }))
            .await;
        assert_eq!(status, StatusCode::CREATED, "{session}");
        person.took(&session);
        person
    }
}

impl Drop for TestApp {
    /// A server whose process ends under it may be inside the database's library, which is being torn down.
    fn drop(&mut self) {
        if let (Some(stop), Some(thread)) = (self.stop.take(), self.thread.take()) {
            drop(stop.stop(false));
            let _ = thread.join();
        }
    }
}

/// Settings that lead to the databases named for this run: a PostgreSQL database of the caller's own, and the one Redis. None on SQLite.
pub async fn databases() -> Vec<(String, String)> {
    let mut settings = Vec::new();
    if let Some(own) = database::own().await {
        settings.push(("MIGRATION_DATABASE_URL".into(), own.admin));
        settings.push(("DATABASE_URL".into(), own.application));
        settings.push(("DATABASE_CONNECTIONS".into(), "6".into()));
    }
    if let Ok(redis) = std::env::var("PERNOEX_TEST_REDIS") {
        settings.push(("REDIS_URL".into(), redis));
    }
    settings
}

impl TestApp {
    /// Runs the program itself beside the server, on the same database. Returns whether it succeeded, and what it said.
    pub fn command(&self, arguments: &[&str]) -> (bool, String) {
        let arguments: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
        command(&arguments, &self.environment)
    }

    /// As [`TestApp::command`], while what else the test does goes on.
    pub async fn command_meanwhile(&self, arguments: &[&str]) -> (bool, String) {
        let arguments: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
        let environment = self.environment.clone();
        tokio::task::spawn_blocking(move || command(&arguments, &environment))
            .await
            .unwrap()
    }

    /// What the server was started with.
    pub fn settings(&self) -> Settings {
        let source = Source::load(None, self.environment.clone().into_iter()).unwrap();
        Settings::from_source(&source).unwrap()
    }

    /// Someone who runs the installation.
    pub async fn operator(&self) -> Person {
        let operator = self.owner("operator").await;
        let (granted, said) = self.command(&["operator", "grant", &operator.email]);
        assert!(granted, "{said}");
        operator
    }
}

fn command(arguments: &[String], environment: &[(String, String)]) -> (bool, String) {
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_pernoex"))
        .args(arguments)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8_lossy(&said).into_owned())
}

pub const PASSWORD: &str = "a long enough password";

/// The token in an invitation's link.
pub fn token_of(invited: &Value) -> String {
    invited["link"].as_str().unwrap().split_once('#').unwrap().1.to_owned()
}

pub const GUIDE: &[u8] = b"# Lantern guide\n\n## Export\n\nTo export your data, open Settings and choose Export. The archive arrives by mail within ten minutes.\n\n## Refunds\n\nRefunds take five business days and go to the card that paid.\n";

/// Waits until something is so, and says what is not when it takes longer than `patience`.
pub async fn until(what: &str, patience: Duration, mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < patience, "not so: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
