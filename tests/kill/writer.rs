//! Changes that one person makes.

use std::{collections::BTreeMap, time::Duration};

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Dice, PASSWORD};

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Document {
    pub(super) name: String,
    pub(super) revision: i64,
    pub(super) word: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Project {
    pub(super) name: String,
    /// Title and origin of the widget are changed together, to the same word.
    pub(super) look: String,
    pub(super) documents: BTreeMap<String, Document>,
    /// Answered questions by conversation, and what was thought of each answer.
    pub(super) answers: BTreeMap<String, (String, Option<bool>)>,
}

/// A change under way. When the server dies meanwhile, it may have happened or not.
#[derive(Clone, Debug)]
pub(super) enum Change {
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
pub(super) struct Writer {
    pub(super) client: Client,
    pub(super) url: String,
    email: String,
    pub(super) cookie: String,
    csrf: String,
    dice: Dice,
    pub(super) projects: BTreeMap<String, Project>,
    /// Words whose documents are gone.
    pub(super) gone: Vec<(String, String)>,
    pub(super) doubt: Option<Change>,
    pub(super) done: u32,
}

pub(super) fn contents(word: &str) -> String {
    format!("# {word} manual\n\nThe {word} lever opens the {word} hatch when it is pulled twice.\n")
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

fn cookie_of(answer: &reqwest::Response) -> String {
    let header = answer.headers()["set-cookie"].to_str().unwrap();
    header.split(';').next().unwrap().to_owned()
}

impl Writer {
    /// Signs in anew, beside the session that there is: ten minutes later some changes ask who one is. Killed on the way, the old one holds.
    async fn sign_in(&mut self) -> Option<()> {
        let body = json!({ "email": self.email, "password": PASSWORD });
        let answer = self
            .client
            .post(format!("{}/api/v1/session", self.url))
            .json(&body)
            .send()
            .await
            .ok()?;
        assert_eq!(answer.status(), StatusCode::OK);
        let cookie = cookie_of(&answer);
        let session: Value = answer.json().await.ok()?;
        (self.cookie, self.csrf) = (cookie, text(&session["csrf_token"]));
        Some(())
    }

    pub(super) async fn sign_up(url: &str, seed: u64) -> Self {
        let client = Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
        let email = format!("{}@example.com", uuid::Uuid::new_v4().simple());
        let body = json!({ "email": email, "password": PASSWORD, "workspace": "W" });
        let answer = client.post(format!("{url}/api/v1/account")).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        let cookie = cookie_of(&answer);
        let session: Value = answer.json().await.unwrap();
        Self {
            client,
            url: url.to_owned(),
            email,
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
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        file: Option<(&str, &str)>,
    ) -> Option<(StatusCode, Value)> {
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

    pub(super) async fn get(&self, path: &str) -> (StatusCode, Value) {
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
    pub(super) async fn step(&mut self) -> bool {
        let change = self.draw();
        self.doubt = Some(change.clone());
        let Some((mut status, mut answer)) = self.ask_for(&change).await else {
            return false;
        };
        if answer["code"] == "step_up_needed" {
            // It is refused, and so nothing to doubt, until it is asked for again.
            self.doubt = None;
            if self.sign_in().await.is_none() {
                return false;
            }
            self.doubt = Some(change.clone());
            let Some(again) = self.ask_for(&change).await else {
                return false;
            };
            (status, answer) = again;
        }
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

    pub(super) fn note(&mut self, change: Change, answer: &Value) {
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

    pub(super) fn of(&mut self, project: &str) -> &mut Project {
        self.projects.get_mut(project).unwrap()
    }
}
