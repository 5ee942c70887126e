//! People who use a server as their browsers do.

use std::time::Duration;

use reqwest::{Client, Method, Response, StatusCode, header};
use serde_json::{Value, json};

use super::{GUIDE, PASSWORD, token_of};

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
        for _ in 0..1_200 {
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
