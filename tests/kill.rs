//! The server is killed while people write, again and again. Whatever was acknowledged is there afterwards; whatever was not is there
//! whole or not at all.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use reqwest::{Client, Method, StatusCode};
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};

use crate::support::{Dice, PASSWORD, is_full, seed};

struct Server {
    child: Option<Child>,
    url: String,
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
    /// The owner of the tables on PostgreSQL.
    admin: Option<String>,
}

impl Server {
    async fn create() -> Self {
        // Fails only when it was installed before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let mut environment = vec![
            ("PERNOEX_DATA".to_owned(), folder.path().join("data").display().to_string()),
            ("PERNOEX_BCRYPT_COST".to_owned(), "4".to_owned()),
            ("PERNOEX_LIMIT_FACTOR".to_owned(), "100000".to_owned()),
        ];
        let mut admin = None;
        if let Ok(url) = std::env::var("PERNOEX_TEST_POSTGRES") {
            let name = format!("pernoex_{}", uuid::Uuid::new_v4().simple());
            migration::create_database(&url, &name).await.unwrap();
            let (server, _) = url.rsplit_once('/').unwrap();
            let host = server.rsplit_once('@').unwrap().1;
            environment.push(("MIGRATION_DATABASE_URL".into(), format!("{server}/{name}")));
            environment.push(("DATABASE_URL".into(), format!("postgres://pernoex_app:app@{host}/{name}")));
            admin = Some(format!("{server}/{name}"));
        }
        if let Ok(redis) = std::env::var("PERNOEX_TEST_REDIS") {
            environment.push(("REDIS_URL".into(), redis));
        }
        Self {
            child: None,
            url: String::new(),
            folder,
            environment,
            admin,
        }
    }

    async fn start(&mut self) {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        self.url = format!("http://127.0.0.1:{port}");
        let log = File::create(self.folder.path().join("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_pernoex"))
            .arg("serve")
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("PERNOEX_LISTEN", format!("127.0.0.1:{port}"))
            .envs(self.environment.iter().cloned())
            .stdout(Stdio::from(log.try_clone().unwrap()))
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        self.child = Some(child);
        for _ in 0..600 {
            if let Ok(answer) = reqwest::get(format!("{}/readyz", self.url)).await
                && answer.status().is_success()
            {
                return;
            }
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "the server does not start: {}", self.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the server is not ready: {}", self.log());
    }

    fn log(&self) -> String {
        let text = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        text.lines().rev().take(20).collect::<Vec<_>>().join("\n")
    }

    /// SIGKILL: nothing in the process gets to finish.
    fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// What a lost worker leased is free after minutes, by the clock. On PostgreSQL this is those minutes.
    async fn let_leases_run_out(&self) {
        if let Some(admin) = &self.admin {
            let database = Database::connect(admin).await.unwrap();
            database
                .execute_unprepared("update job set locked_until = 0 where locked_until > 0")
                .await
                .unwrap();
            database.close().await.unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Document {
    name: String,
    revision: i64,
    word: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Project {
    name: String,
    /// Title and origin of the widget are changed together, to the same word.
    look: String,
    documents: BTreeMap<String, Document>,
    /// Answered questions by conversation, and what was thought of each answer.
    answers: BTreeMap<String, (String, Option<bool>)>,
}

/// A change under way. When the server dies meanwhile, it may have happened or not.
#[derive(Clone, Debug)]
enum Change {
    Create(String),
    Rename(String, String),
    Delete(String),
    Look(String, String),
    Upload(String, String),
    Replace(String, String, String),
    Remove(String, String),
    Ask(String),
    Judge(String, String, bool),
}

/// Someone who writes, and remembers what was acknowledged.
struct Writer {
    client: Client,
    url: String,
    cookie: String,
    csrf: String,
    dice: Dice,
    projects: BTreeMap<String, Project>,
    /// Words whose documents are gone.
    gone: Vec<(String, String)>,
    doubt: Option<Change>,
    done: u32,
}

fn contents(word: &str) -> String {
    format!("# {word} manual\n\nThe {word} lever opens the {word} hatch when it is pulled twice.\n")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

impl Writer {
    async fn sign_up(url: &str, seed: u64) -> Self {
        let client = Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
        let email = format!("{}@example.com", uuid::Uuid::new_v4().simple());
        let body = json!({ "email": email, "password": PASSWORD, "workspace": "W" });
        let answer = client.post(format!("{url}/api/v1/account")).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        let cookie = answer.headers()["set-cookie"]
            .to_str()
            .unwrap()
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        let session: Value = answer.json().await.unwrap();
        Self {
            client,
            url: url.to_owned(),
            cookie,
            csrf: text(&session["csrf_token"]),
            dice: Dice::new(seed),
            projects: BTreeMap::new(),
            gone: Vec::new(),
            doubt: None,
            done: 0,
        }
    }

    /// `None` when the connection broke: the server is gone.
    async fn send(&self, method: Method, path: &str, body: Option<Value>, file: Option<(&str, &str)>) -> Option<(StatusCode, Value)> {
        let request = self.client.request(method, format!("{}/api/v1{path}", self.url));
        let mut request = request.header("cookie", &self.cookie).header("x-csrf-token", &self.csrf);
        if let Some(body) = body {
            request = request.json(&body);
        }
        if let Some((name, text)) = file {
            let form = format!("--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{text}\r\n--cut--\r\n");
            request = request.header("content-type", "multipart/form-data; boundary=cut").body(form);
        }
        let answer = request.send().await.ok()?;
        let status = answer.status();
        let bytes = answer.bytes().await.ok()?;
        Some((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send(Method::GET, path, None, None).await.expect("the server lives")
    }

    fn word(&mut self) -> String {
        format!("w{:012x}", self.dice.next() & 0xffff_ffff_ffff)
    }

    fn draw(&mut self) -> Change {
        let word = self.word();
        let projects: Vec<String> = self.projects.keys().cloned().collect();
        let Some(project) = self.dice.pick(&projects).cloned() else {
            return Change::Create(word);
        };
        let documents: Vec<String> = self.projects[&project].documents.keys().cloned().collect();
        let answers: Vec<String> = self.projects[&project].answers.keys().cloned().collect();
        let (document, answer) = (self.dice.pick(&documents).cloned(), self.dice.pick(&answers).cloned());
        match (self.dice.below(14), document, answer) {
            (0, ..) if projects.len() < 4 => Change::Create(word),
            (1, ..) => Change::Rename(project, word),
            (2, ..) if projects.len() > 2 => Change::Delete(project),
            (3 | 4, ..) => Change::Look(project, word),
            (5 | 6, Some(document), _) => Change::Replace(project, document, word),
            (7, Some(document), _) => Change::Remove(project, document),
            (8 | 9, ..) => Change::Ask(project),
            (10, _, Some(answer)) => {
                let helpful = self.dice.below(2) == 0;
                Change::Judge(project, answer, helpful)
            }
            _ if documents.len() < 8 => Change::Upload(project, word),
            (_, Some(document), _) => Change::Remove(project, document),
            _ => Change::Ask(project),
        }
    }

    /// Makes one change; `false` when the server is gone.
    async fn step(&mut self) -> bool {
        let change = self.draw();
        self.doubt = Some(change.clone());
        let Some((status, answer)) = self.ask_for(&change).await else {
            return false;
        };
        // Only an answer that says so is an acknowledgement.
        assert!(status.is_success(), "{change:?} is answered with {status} {answer}");
        self.note(change, &answer);
        self.doubt = None;
        self.done += 1;
        true
    }

    async fn ask_for(&self, change: &Change) -> Option<(StatusCode, Value)> {
        let at = |project: &str, rest: &str| format!("/projects/{project}{rest}");
        match change {
            Change::Create(name) => self.send(Method::POST, "/projects", Some(json!({ "name": name })), None).await,
            Change::Rename(project, name) => {
                self.send(Method::PATCH, &at(project, ""), Some(json!({ "name": name })), None)
                    .await
            }
            Change::Delete(project) => {
                let confirm = json!({ "confirm": self.projects[project].name });
                self.send(Method::DELETE, &at(project, ""), Some(confirm), None).await
            }
            Change::Look(project, word) => {
                let look = json!({ "title": word, "allowed_origins": [format!("https://{word}.example.com")] });
                self.send(Method::PATCH, &at(project, "/widget"), Some(look), None).await
            }
            Change::Upload(project, word) => {
                let file = (format!("{word}.md"), contents(word));
                self.send(Method::POST, &at(project, "/documents"), None, Some((&file.0, &file.1)))
                    .await
            }
            Change::Replace(project, document, word) => {
                let path = at(project, &format!("/documents/{document}"));
                self.send(Method::PUT, &path, None, Some(("new.md", &contents(word)))).await
            }
            Change::Remove(project, document) => {
                self.send(Method::DELETE, &at(project, &format!("/documents/{document}")), None, None)
                    .await
            }
            Change::Ask(project) => {
                let question = json!({ "question": "Which lever opens the hatch?" });
                self.send(Method::POST, &at(project, "/questions"), Some(question), None).await
            }
            Change::Judge(project, conversation, helpful) => {
                let message = &self.projects[project].answers[conversation].0;
                let path = at(project, &format!("/messages/{message}/feedback"));
                self.send(Method::POST, &path, Some(json!({ "helpful": helpful })), None).await
            }
        }
    }

    fn note(&mut self, change: Change, answer: &Value) {
        match change {
            Change::Create(name) => {
                let look = String::new();
                let new = Project {
                    name,
                    look,
                    ..Project::default()
                };
                self.projects.insert(text(&answer["id"]), new);
            }
            Change::Delete(project) => {
                self.projects.remove(&project);
            }
            Change::Rename(project, name) => self.of(&project).name = name,
            Change::Look(project, word) => self.of(&project).look = word,
            Change::Upload(project, word) => {
                let document = &answer["documents"][0];
                let (id, name) = (text(&document["id"]), format!("{word}.md"));
                let new = Document { name, revision: 1, word };
                self.of(&project).documents.insert(id, new);
            }
            Change::Replace(project, document, word) => {
                let known = self.of(&project).documents.get_mut(&document).unwrap();
                let old = std::mem::replace(&mut known.word, word);
                known.revision += 1;
                self.gone.push((project, old));
            }
            Change::Remove(project, document) => {
                let old = self.of(&project).documents.remove(&document).unwrap();
                self.gone.push((project, old.word));
            }
            Change::Ask(project) => {
                let (conversation, message) = (text(&answer["conversation"]), text(&answer["message"]));
                self.of(&project).answers.insert(conversation, (message, None));
            }
            Change::Judge(project, conversation, helpful) => self.of(&project).answers.get_mut(&conversation).unwrap().1 = Some(helpful),
        }
    }

    fn of(&mut self, project: &str) -> &mut Project {
        self.projects.get_mut(project).unwrap()
    }

    /// Looks at everything again. What was in doubt is decided by what is there, and must be there whole or not at all.
    async fn verify(&mut self) {
        let doubt = self.doubt.take();
        let (status, list) = self.get("/projects").await;
        assert_eq!(status, StatusCode::OK, "the session outlives the server: {list}");
        let found: BTreeMap<String, String> = list["projects"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (text(&one["id"]), text(&one["name"])))
            .collect();
        match &doubt {
            Some(Change::Create(name)) => {
                if let Some((id, _)) = found.iter().find(|(_, found)| *found == name) {
                    self.note(Change::Create(name.clone()), &json!({ "id": id }));
                }
            }
            Some(Change::Delete(project)) if !found.contains_key(project) => self.note(Change::Delete(project.clone()), &Value::Null),
            Some(Change::Rename(project, name)) if found.get(project) == Some(name) => {
                self.note(Change::Rename(project.clone(), name.clone()), &Value::Null);
            }
            _ => {}
        }
        let known: BTreeMap<String, String> = self
            .projects
            .iter()
            .map(|(id, project)| (id.clone(), project.name.clone()))
            .collect();
        assert_eq!(found, known, "after {doubt:?}");
        for id in known.keys() {
            self.verify_look(id, doubt.as_ref()).await;
            self.verify_documents(id, doubt.as_ref()).await;
            self.verify_conversations(id, doubt.as_ref()).await;
        }
        let projects = &self.projects;
        self.gone.retain(|(project, _)| projects.contains_key(project));
        self.verify_answers().await;
    }

    async fn verify_look(&mut self, id: &str, doubt: Option<&Change>) {
        let (status, widget) = self.get(&format!("/projects/{id}/widget")).await;
        assert_eq!(status, StatusCode::OK, "{widget}");
        if let Some(Change::Look(project, word)) = doubt
            && project == id
            && widget["title"] == word.as_str()
        {
            self.of(id).look.clone_from(word);
        }
        let look = &self.projects[id].look;
        if look.is_empty() {
            assert_eq!(widget["allowed_origins"], json!([]), "half a change");
        } else {
            let whole = json!([look, [format!("https://{look}.example.com")]]);
            assert_eq!(json!([widget["title"], widget["allowed_origins"]]), whole, "after {doubt:?}");
        }
    }

    async fn verify_documents(&mut self, id: &str, doubt: Option<&Change>) {
        let list = self.settled(id).await;
        let found: BTreeMap<String, (String, i64)> = list
            .iter()
            .map(|one| (text(&one["id"]), (text(&one["name"]), one["revision"].as_i64().unwrap())))
            .collect();
        for one in &list {
            assert_eq!(one["status"], "ready", "{one}");
        }
        match doubt.cloned() {
            Some(Change::Upload(project, word)) if project == id => {
                let name = format!("{word}.md");
                if let Some((document, _)) = found.iter().find(|(_, (found, _))| *found == name) {
                    self.note(Change::Upload(project, word), &json!({ "documents": [{ "id": document }] }));
                }
            }
            Some(Change::Replace(project, document, word))
                if project == id && found[&document].1 > self.projects[id].documents[&document].revision =>
            {
                self.note(Change::Replace(project, document, word), &Value::Null);
            }
            Some(Change::Remove(project, document)) if project == id && !found.contains_key(&document) => {
                self.note(Change::Remove(project, document), &Value::Null);
            }
            _ => {}
        }
        let known = &self.projects[id].documents;
        let expected: BTreeMap<_, _> = known
            .iter()
            .map(|(id, one)| (id.clone(), (one.name.clone(), one.revision)))
            .collect();
        assert_eq!(found, expected, "after {doubt:?}");
        for (document, one) in known {
            let path = format!("{}/api/v1/projects/{id}/documents/{document}/original", self.url);
            let original = self.client.get(path).header("cookie", &self.cookie).send().await.unwrap();
            assert_eq!(
                original.text().await.unwrap(),
                contents(&one.word),
                "the bytes that were acknowledged"
            );
        }
    }

    async fn settled(&self, id: &str) -> Vec<Value> {
        for _ in 0..1_200 {
            let (status, list) = self.get(&format!("/projects/{id}/documents")).await;
            assert_eq!(status, StatusCode::OK, "{list}");
            let documents = list["documents"].as_array().unwrap().clone();
            if documents.iter().all(|one| one["status"] == "ready" || one["status"] == "failed") {
                return documents;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the work of a killed server is not taken up");
    }

    async fn verify_conversations(&mut self, id: &str, doubt: Option<&Change>) {
        let answers = self.projects[id].answers.clone();
        for (conversation, (message, judged)) in answers {
            let (status, shown) = self.get(&format!("/projects/{id}/conversations/{conversation}")).await;
            assert_eq!(status, StatusCode::OK, "{shown}");
            let turns = shown["turns"].as_array().unwrap();
            assert_eq!((turns.len(), turns[1]["id"].as_str()), (2, Some(message.as_str())), "{shown}");
            let mut expected = judged;
            if let Some(Change::Judge(project, of, helpful)) = doubt
                && project == id
                && *of == conversation
                && turns[1]["helpful"].as_bool() == Some(*helpful)
            {
                expected = Some(*helpful);
                self.of(id).answers.get_mut(&conversation).unwrap().1 = expected;
            }
            assert_eq!(turns[1]["helpful"].as_bool(), expected, "{shown}");
            // The count moves in the same transaction as the judgement.
            let counts = (shown["helpful"].as_i64(), shown["unhelpful"].as_i64());
            let one = |wanted: bool| Some(i64::from(expected == Some(wanted)));
            assert_eq!(counts, (one(true), one(false)), "{shown}");
        }
    }

    /// The index says what the rows say: each document answers, none that is gone does.
    async fn verify_answers(&mut self) {
        let projects: Vec<String> = self.projects.keys().cloned().collect();
        for id in projects {
            let words: Vec<String> = self.projects[&id].documents.values().map(|one| one.word.clone()).collect();
            for word in words.iter().take(3) {
                let answer = self.question(&id, word).await;
                assert!(
                    answer.to_string().contains(&format!("{word} lever")),
                    "{word} is not found: {answer}"
                );
            }
            let gone: Vec<String> = self
                .gone
                .iter()
                .rev()
                .filter(|(project, _)| *project == id)
                .take(2)
                .map(|(_, word)| word.clone())
                .collect();
            for word in gone {
                let answer = self.question(&id, &word).await;
                assert!(
                    !answer.to_string().contains(&format!("{word} lever")),
                    "{word} is gone and answered: {answer}"
                );
            }
        }
    }

    async fn question(&mut self, id: &str, word: &str) -> Value {
        let question = json!({ "question": format!("What does the {word} lever open?") });
        let asked = self
            .send(Method::POST, &format!("/projects/{id}/questions"), Some(question), None)
            .await;
        let (status, mut answer) = asked.expect("the server lives");
        assert_eq!(status, StatusCode::OK, "{answer}");
        let (conversation, message) = (text(&answer["conversation"]), text(&answer["message"]));
        self.of(id).answers.insert(conversation, (message, None));
        answer["question"] = Value::Null;
        answer
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_being_killed() {
    let (seed, rounds) = (seed(), if is_full() { 50 } else { 6 });
    println!("seed {seed}: {rounds} rounds");
    let mut dice = Dice::new(seed);
    let mut server = Server::create().await;
    server.start().await;
    let mut writers = Vec::new();
    for n in 0..4 {
        writers.push(Writer::sign_up(&server.url, seed ^ n).await);
    }
    for round in 0..rounds {
        let busy = Duration::from_millis(200 + dice.next() % 2_000);
        let mut at_work = Vec::new();
        for mut writer in writers {
            at_work.push(tokio::spawn(async move {
                while writer.step().await {}
                writer
            }));
        }
        tokio::time::sleep(busy).await;
        server.kill();
        writers = Vec::new();
        for work in at_work {
            writers.push(work.await.unwrap_or_else(|error| panic!("round {round}: {error}")));
        }
        server.let_leases_run_out().await;
        server.start().await;
        for writer in &mut writers {
            writer.url.clone_from(&server.url);
            writer.verify().await;
        }
    }
    let done: u32 = writers.iter().map(|writer| writer.done).sum();
    println!("{done} changes were acknowledged in {rounds} rounds");
    assert!(done > rounds * 10, "too little was written to say anything: {done}");
}
