//! Who asks: members with a session, visitors with a token.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::client::{Connection, Reply, request};

pub const SITE: &str = "https://www.example.com";
const PASSWORD: &str = "a long enough password";

/// A member who is signed in.
pub struct Member {
    address: SocketAddr,
    cookie: String,
    csrf: String,
}

impl Member {
    fn enter(address: SocketAddr, path: &str, body: &Value, status: u16) -> Self {
        let headers = [("content-type", "application/json")];
        let asked = request("POST", &format!("/api/v1{path}"), &headers, body.to_string().as_bytes());
        let reply = Connection::open(address).ask(&asked).expect(status);
        let cookie = reply.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        let csrf = reply.json()["csrf_token"].as_str().unwrap().to_owned();
        Self { address, cookie, csrf }
    }

    /// The Owner of a new workspace.
    pub fn sign_up(address: SocketAddr, name: &str) -> Self {
        let body = json!({ "email": format!("{name}@example.com"), "password": PASSWORD, "workspace": name });
        Self::enter(address, "/account", &body, 201)
    }

    pub fn sign_in(address: SocketAddr, name: &str) -> Self {
        let body = json!({ "email": format!("{name}@example.com"), "password": PASSWORD });
        Self::enter(address, "/session", &body, 200)
    }

    pub fn request(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("x-csrf-token", &self.csrf),
            ("content-type", kind),
        ];
        request(method, &format!("/api/v1{path}"), &headers, body)
    }

    pub fn get(&self, path: &str) -> Vec<u8> {
        request("GET", &format!("/api/v1{path}"), &[("cookie", self.cookie.as_str())], b"")
    }

    pub fn send(&self, method: &str, path: &str, body: &Value) -> Reply {
        let asked = self.request(method, path, "application/json", body.to_string().as_bytes());
        Connection::open(self.address).ask(&asked)
    }

    pub fn read(&self, path: &str) -> Value {
        Connection::open(self.address).ask(&self.get(path)).expect(200).json()
    }

    /// The path of a new project whose widget stands on [`SITE`].
    pub fn project(&self, name: &str) -> String {
        let made = self.send("POST", "/projects", &json!({ "name": name })).expect(201).json();
        let path = format!("/projects/{}", made["id"].as_str().unwrap());
        self.send("PATCH", &format!("{path}/widget"), &json!({ "allowed_origins": [SITE] }))
            .expect(200);
        path
    }

    pub fn public_key(&self, project: &str) -> String {
        self.read(&format!("{project}/widget"))["public_key"].as_str().unwrap().to_owned()
    }

    /// One upload of several files.
    pub fn upload(&self, project: &str, files: &[(String, String)]) -> Vec<u8> {
        let mut body = String::new();
        for (name, text) in files {
            body.push_str(&format!(
                "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{text}\r\n"
            ));
        }
        body.push_str("--cut--\r\n");
        self.request(
            "POST",
            &format!("{project}/documents"),
            "multipart/form-data; boundary=cut",
            body.as_bytes(),
        )
    }
}

/// A visitor of [`SITE`].
pub struct Visitor {
    key: String,
    bearer: String,
}

impl Visitor {
    pub fn arrive(address: SocketAddr, key: &str) -> Self {
        let headers = [("origin", SITE), ("content-type", "application/json")];
        let asked = request("POST", &format!("/api/v1/widget/{key}/visits"), &headers, b"{}");
        let begun = Connection::open(address).ask(&asked).expect(201).json();
        Self {
            key: key.to_owned(),
            bearer: format!("Bearer {}", begun["token"].as_str().unwrap()),
        }
    }

    /// `accept`: `application/json` or `text/event-stream`.
    pub fn question(&self, text: &str, accept: &str) -> Vec<u8> {
        let headers = [
            ("origin", SITE),
            ("authorization", self.bearer.as_str()),
            ("content-type", "application/json"),
            ("accept", accept),
        ];
        let body = json!({ "question": text }).to_string();
        request("POST", &format!("/api/v1/widget/{}/questions", self.key), &headers, body.as_bytes())
    }
}
