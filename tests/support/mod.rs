//! A server of its own for each test, and people who use it.

mod calls;
mod dice;
pub mod docx;
pub mod edge;
pub mod endpoint;
pub mod factors;
pub mod issuer;
pub mod mail;
pub mod process;
pub mod rows;
pub mod visitor;

use std::{sync::mpsc, thread, time::Duration};

pub use calls::{As, Call};
pub use dice::{Dice, is_full, seed};

use pernoex::{
    Application, Clock,
    settings::{Settings, Source},
};
use reqwest::{Client, Method, Response, StatusCode, header};
use serde_json::{Value, json};

pub struct TestApp {
    pub url: String,
    pub metrics: Option<std::net::SocketAddr>,
    pub folder: tempfile::TempDir,
    stop: Option<actix_web::dev::ServerHandle>,
    thread: Option<thread::JoinHandle<()>>,
    environment: Vec<(String, String)>,
    address: uuid::Uuid,
    clock: Clock,
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
            // Where the time for second thoughts is the story, the test says so.
            ("PERNOEX_DELETION_DAYS".to_owned(), "0".to_owned()),
            ("PERNOEX_MAX_FILE_MIB".to_owned(), "1".to_owned()),
        ];
        environment.extend(databases().await);
        environment.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self {
            url: String::new(),
            metrics: None,
            folder,
            stop: None,
            thread: None,
            environment,
            address: uuid::Uuid::new_v4(),
            clock,
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
            // The master key is the installation's, and so is the folder that holds it: this one stays empty.
            folder: tempfile::tempdir().unwrap(),
            stop: None,
            thread: None,
            environment: self.environment.clone(),
            address: self.address,
            clock: self.clock.clone(),
        };
        node.run();
        Some(node)
    }

    fn run(&mut self) {
        let settings = self.settings();
        let clock = self.clock.clone();
        let (started, start) = mpsc::channel();
        self.thread = Some(thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let application = Application::start(&settings, clock).await.unwrap();
                let started_at = (application.address(), application.metrics_address(), application.handle());
                started.send(started_at).unwrap();
                application.run().await.unwrap();
            });
        }));
        let (address, metrics, handle) = start.recv().expect("the server starts");
        self.url = format!("http://127.0.0.1:{}", address.port());
        self.metrics = metrics;
        self.stop = Some(handle);
    }

    /// Stops the server in the order that a signal would.
    pub async fn stop(&mut self) {
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

    pub fn nobody(&self) -> Person {
        Person {
            client: Client::builder().local_address(self.own_address()).build().unwrap(),
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
    if let Ok(admin) = std::env::var("PERNOEX_TEST_POSTGRES") {
        // The application's role is shared by all databases.
        let name = format!("pernoex_{}", uuid::Uuid::new_v4().simple());
        migration::create_database(&admin, &name).await.unwrap();
        let (server, _) = admin.rsplit_once('/').unwrap();
        let host = server.rsplit_once('@').unwrap().1;
        settings.push(("MIGRATION_DATABASE_URL".into(), format!("{server}/{name}")));
        settings.push(("DATABASE_URL".into(), format!("postgres://pernoex_app:app@{host}/{name}")));
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
        let done = std::process::Command::new(env!("CARGO_BIN_EXE_pernoex"))
            .args(arguments)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8_lossy(&said).into_owned())
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

pub const PASSWORD: &str = "a long enough password";

/// A browser, more or less.
pub struct Person {
    pub client: Client,
    pub url: String,
    pub cookie: Option<String>,
    pub csrf: Option<String>,
    pub email: String,
}

impl Person {
    /// Nobody in particular, in front of the server at `url`.
    pub fn at(url: &str) -> Self {
        // The server does this for itself; here it may run in a process of its own.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            client: Client::new(),
            url: url.to_owned(),
            cookie: None,
            csrf: None,
            email: String::new(),
        }
    }

    /// Keeps what a new session hands out.
    pub fn took(&mut self, session: &Value) {
        self.csrf = session["csrf_token"].as_str().map(str::to_owned);
    }

    /// Proves anew who they are, after the clock was moved.
    pub async fn prove(&mut self) {
        let (status, session) = self.post("/session/proof", json!({ "password": PASSWORD })).await;
        assert_eq!(status, StatusCode::OK, "{session}");
    }

    /// Invites somebody; returns the token behind the # of the link.
    pub async fn invite(&mut self, email: &str, role: &str, projects: &[&str]) -> String {
        let ids: Vec<&str> = projects.iter().map(|path| path.rsplit('/').next().unwrap()).collect();
        let (status, invited) = self
            .post("/team/invitations", json!({ "email": email, "role": role, "projects": ids }))
            .await;
        assert_eq!(status, StatusCode::CREATED, "{invited}");
        token_of(&invited)
    }

    /// The id of their account.
    pub async fn id(&mut self) -> String {
        self.get("/session").await.1["user"]["id"].as_str().unwrap().to_owned()
    }

    pub async fn put(&mut self, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask(Method::PUT, path, Some(body)).await
    }

    /// The same person in another tab.
    pub fn again(&self) -> Self {
        Self {
            client: self.client.clone(),
            url: self.url.clone(),
            cookie: self.cookie.clone(),
            csrf: self.csrf.clone(),
            email: self.email.clone(),
        }
    }

    pub async fn send(&mut self, method: Method, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Response {
        let base = if path.starts_with("/operator/api") { "" } else { "/api/v1" };
        let mut request = self.client.request(method.clone(), format!("{}{base}{path}", self.url));
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        if let Some(csrf) = self.csrf.as_ref().filter(|_| method != Method::GET) {
            request = request.header("x-csrf-token", csrf);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        if let Some(set) = response.headers().get(header::SET_COOKIE) {
            self.cookie = Some(set.to_str().unwrap().split(';').next().unwrap().to_owned());
        }
        response
    }

    async fn ask(&mut self, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let response = self.send(method, path, body, &[]).await;
        let status = response.status();
        (
            status,
            serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null),
        )
    }

    pub async fn get(&mut self, path: &str) -> (StatusCode, Value) {
        self.ask(Method::GET, path, None).await
    }

    pub async fn post(&mut self, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask(Method::POST, path, Some(body)).await
    }

    pub async fn patch(&mut self, path: &str, body: Value) -> (StatusCode, Value) {
        self.ask(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&mut self, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        self.ask(Method::DELETE, path, body).await
    }

    pub async fn project(&mut self, name: &str) -> String {
        let (status, project) = self.post("/projects", json!({ "name": name })).await;
        assert_eq!(status, StatusCode::CREATED, "{project}");
        format!("/projects/{}", project["id"].as_str().unwrap())
    }

    /// A project that knows [`GUIDE`].
    pub async fn guide(&mut self, name: &str) -> String {
        let project = self.project(name).await;
        let (status, uploaded) = self
            .upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
            .await;
        assert_eq!(status, StatusCode::CREATED, "{uploaded}");
        self.settled(&project).await;
        project
    }

    /// Uploads files in one request.
    pub async fn upload(&mut self, method: Method, path: &str, files: &[(&str, &[u8])]) -> (StatusCode, Value) {
        let mut body = Vec::new();
        for (name, bytes) in files {
            body.extend(format!("--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n").into_bytes());
            body.extend(*bytes);
            body.extend(b"\r\n");
        }
        body.extend(b"--cut--\r\n");
        let request = self
            .client
            .request(method, format!("{}/api/v1{path}", self.url))
            .header(header::COOKIE, self.cookie.as_deref().unwrap_or_default())
            .header("x-csrf-token", self.csrf.as_deref().unwrap_or_default())
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut")
            .body(body);
        let response = request.send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    }

    /// Waits until every document of the project was processed.
    pub async fn settled(&mut self, project: &str) -> Vec<Value> {
        for _ in 0..600 {
            let (status, list) = self.get(&format!("{project}/documents")).await;
            assert_eq!(status, StatusCode::OK);
            let documents = list["documents"].as_array().unwrap().clone();
            if documents.iter().all(|one| one["status"] == "ready" || one["status"] == "failed") {
                return documents;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("documents are not processed in time");
    }

    pub async fn question(&mut self, project: &str, question: &str) -> Value {
        let (status, answer) = self.post(&format!("{project}/questions"), json!({ "question": question })).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }
}

/// The token in an invitation's link.
pub fn token_of(invited: &Value) -> String {
    invited["link"].as_str().unwrap().split_once('#').unwrap().1.to_owned()
}

pub const GUIDE: &[u8] = b"# Lantern guide\n\n## Export\n\nTo export your data, open Settings and choose Export. The archive arrives by mail within ten minutes.\n\n## Refunds\n\nRefunds take five business days and go to the card that paid.\n";
