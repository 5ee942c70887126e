//! Input that nobody means well with, at every route of the table: always a problem document, never a failure of ours.

use pernoex::routes::{self, Door, Route};
use reqwest::{Method, Response, header};
use serde_json::{Value, json};

use crate::support::{
    PASSWORD, Person, TestApp,
    visitor::{SITE, Visitor, open_widget},
};

/// Someone who may do everything, and something that every path can name.
struct World {
    app: TestApp,
    ada: Person,
    visitor: Visitor,
    project: String,
    document: String,
    conversation: String,
    message: String,
    workspace: String,
    member: String,
    invitation: String,
    /// What the routes take, by their own description.
    described: Value,
}

impl World {
    async fn new() -> Self {
        // Only the factor: what is counted is not what these are about.
        let app = TestApp::with(&[("PERNOEX_LIMIT_FACTOR", "1000")]).await;
        let mut ada = app.owner("ada").await;
        let (granted, said) = app.command(&["operator", "grant", &ada.email]);
        assert!(granted, "{said}");
        let path = ada.guide("Lantern").await;
        let (_, list) = ada.get(&format!("{path}/documents")).await;
        let asked = ada.question(&path, "How do I export my data?").await;
        let key = open_widget(&mut ada, &path).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let member = app.member(&mut ada, &[&path]).await.id().await;
        ada.invite("invited@example.com", "member", &[]).await;
        let (_, invitations) = ada.get("/team/invitations").await;
        let (_, session) = ada.get("/session").await;
        Self {
            workspace: text(&session["workspace"]["id"]),
            member,
            invitation: text(&invitations["invitations"][0]["id"]),
            described: serde_json::to_value(pernoex::openapi::document(&routes::api())).unwrap(),
            visitor: Visitor::begin(&app, &key).await,
            document: text(&list["documents"][0]["id"]),
            conversation: text(&asked["conversation"]),
            message: text(&asked["message"]),
            project: path.rsplit('/').next().unwrap().to_owned(),
            app,
            ada,
        }
    }

    fn path(&self, route: &Route) -> String {
        self.fill(route.path)
    }

    fn fill(&self, pattern: &str) -> String {
        pattern
            .replace("{project}", &self.project)
            .replace("{actor}", &format!("{}.vault", self.workspace))
            .replace("{document}", &self.document)
            .replace("{conversation}", &self.conversation)
            .replace("{message}", &self.message)
            .replace("{member}", &self.member)
            .replace("{invitation}", &self.invitation)
            .replace("{key}", &self.visitor.key)
            .replace("{team}", "01a20b41-557d-7255-8b08-6f3f637673f7")
            .replace("{channel}", "C1")
    }

    /// A body of the shape that the route describes. New routes and fields join by themselves.
    fn body(&self, route: &Route) -> Value {
        let method = route.method.as_str().to_lowercase();
        let content =
            &self.described["paths"][format!("{}{}", route.door.base(), route.path)][method]["requestBody"]["content"]["application/json"];
        let name = content["schema"]["$ref"].as_str().unwrap().rsplit('/').next().unwrap();
        let properties = self.described["components"]["schemas"][name]["properties"].as_object().unwrap();
        let value = |name: &String, schema: &Value| {
            let kind = schema["type"].to_string();
            let value = match name.as_str() {
                "email" => json!("x@example.com"),
                "password" => json!("a long enough password"),
                _ if kind.contains("boolean") => json!(true),
                _ if kind.contains("array") => json!([]),
                _ if kind.contains("integer") => json!(1),
                _ if schema["format"] == "uuid" => json!("01a20b41-557d-7255-8b08-6f3f637673f7"),
                _ => json!("x"),
            };
            (name.clone(), value)
        };
        properties
            .iter()
            .map(|(name, schema)| value(name, schema))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    /// Some routes go on in a new session when they succeed, and end the one that asked.
    async fn sign_in_again(&mut self) {
        (self.ada.cookie, self.ada.csrf) = (None, None);
        let (status, session) = self
            .ada
            .post("/session", json!({ "email": self.ada.email, "password": PASSWORD }))
            .await;
        assert_eq!(status, reqwest::StatusCode::OK);
        self.ada.took(&session);
        // It opens the workspace that was founded last.
        let first = json!({ "workspace": self.workspace });
        let (status, session) = self.ada.post("/session/workspace", first).await;
        assert_eq!(status, reqwest::StatusCode::OK, "{session}");
        self.ada.took(&session);
    }

    /// A request that would be let in through the route's door.
    fn request(&self, route: &Route, path: &str) -> reqwest::RequestBuilder {
        let method = Method::from_bytes(route.method.as_str().as_bytes()).unwrap();
        let request = self
            .ada
            .client
            .request(method, format!("{}{}{path}", self.app.url, route.door.base()));
        match route.door {
            Door::Open | Door::Callback | Door::Webhook => request,
            Door::Session | Door::Operator => request
                .header(header::COOKIE, self.ada.cookie.as_deref().unwrap())
                .header("x-csrf-token", self.ada.csrf.as_deref().unwrap()),
            Door::Widget => request.header(header::ORIGIN, SITE).bearer_auth(&self.visitor.token),
        }
    }
}

/// Refused with a problem document that names the request.
async fn refused(response: Response, what: &str) -> Value {
    let status = response.status();
    assert!(status.is_client_error(), "{what}: {status}");
    assert_eq!(response.headers()["content-type"], "application/problem+json", "{what}");
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let problem: Value = response.json().await.unwrap();
    assert!(problem["code"].as_str().is_some_and(|code| !code.is_empty()), "{what}: {problem}");
    assert_eq!(
        (problem["status"].as_u64(), problem["request_id"].as_str()),
        (Some(u64::from(status.as_u16())), Some(id.as_str())),
        "{what}"
    );
    problem
}

/// Whatever it is, it is no failure of ours.
async fn unharmed(response: Response, what: &str) {
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        refused(response, what).await;
    }
}

#[tokio::test]
async fn every_route_refuses_bodies_that_are_not_what_it_takes() {
    let world = World::new().await;
    let deep = format!("{{\"question\":{}1{}}}", "[".repeat(20_000), "]".repeat(20_000));
    let huge = format!("{{\"question\":\"{}\"}}", "a".repeat(300_000));
    let twice: String = format!("{{{}}}", (0..5000).map(|n| format!("\"f{n}\":1")).collect::<Vec<_>>().join(","));
    let bodies: [(&str, &[u8]); 13] = [
        ("nothing", b""),
        ("no JSON", b"question=x"),
        ("half of it", b"{\"question\":"),
        ("a list", b"[]"),
        ("null", b"null"),
        ("a number", b"1e400"),
        ("deep", deep.as_bytes()),
        ("huge", huge.as_bytes()),
        ("many fields", twice.as_bytes()),
        ("invalid UTF-8", b"{\"question\":\"\xff\xfe\"}"),
        ("half of a pair", b"{\"question\":\"\\ud800\"}"),
        ("a field that nobody knows", b"{\"is_admin\":true}"),
        (
            "fields of another",
            b"{\"tenant_id\":\"01a20b41-557d-7255-8b08-6f3f637673f7\",\"project_id\":null,\"role\":\"owner\"}",
        ),
    ];
    for route in routes::api().iter().filter(|route| route.takes_json()) {
        let path = world.path(route);
        for (name, body) in bodies {
            let what = format!("{name} at {} {}", route.method, route.path);
            let sent = world
                .request(route, &path)
                .header(header::CONTENT_TYPE, "application/json")
                .body(body.to_vec())
                .send()
                .await
                .unwrap();
            refused(sent, &what).await;
        }
        for kind in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "\u{7f}",
            "application/json; charset=\"",
            "application/xml",
        ] {
            let what = format!("{kind:?} at {} {}", route.method, route.path);
            let Ok(kind) = reqwest::header::HeaderValue::from_bytes(kind.as_bytes()) else {
                continue;
            };
            let sent = world
                .request(route, &path)
                .header(header::CONTENT_TYPE, kind)
                .body("{}")
                .send()
                .await
                .unwrap();
            unharmed(sent, &what).await;
        }
    }
}

#[tokio::test]
async fn every_field_refuses_values_of_another_type_and_survives_odd_ones() {
    let mut world = World::new().await;
    let long = "x".repeat(100_000);
    let odd = [
        "\0",
        "a\0b.md",
        "a.m\0d",
        "guide.\u{202e}dm",
        "' or 1=1 --",
        "${jndi:ldap://x}",
        "../../../etc/passwd",
        "\u{feff}",
        "\u{10ffff}",
        "http://a/\0?\0",
        &long,
        "",
    ];
    for route in routes::api().iter().filter(|route| route.takes_json()) {
        let (path, body) = (world.path(route), world.body(route));
        for field in body.as_object().unwrap().keys() {
            for wrong in [json!({ "not": "a" }), json!([[]]), json!(1.5e300), json!({ "$gt": "" })] {
                let mut body = body.clone();
                body[field] = wrong.clone();
                let sent = world.request(route, &path).json(&body).send().await.unwrap();
                refused(sent, &format!("{field} = {wrong} at {} {}", route.method, route.path)).await;
            }
            // Names are odd by now, and a deletion is confirmed by a name.
            let odd = if route.method.as_str() == "DELETE" { &odd[..0] } else { &odd[..] };
            for text in odd {
                for value in [json!(text), json!([text])] {
                    let mut body = body.clone();
                    body[field] = value;
                    let sent = world.request(route, &path).json(&body).send().await.unwrap();
                    let begun = route.door == Door::Session && sent.headers().contains_key(header::SET_COOKIE);
                    let short: String = text.chars().take(20).collect();
                    unharmed(sent, &format!("{field} = {short:?} at {} {}", route.method, route.path)).await;
                    if begun {
                        world.sign_in_again().await;
                    }
                }
            }
        }
    }
    let project = format!("/projects/{}", world.project);
    assert_eq!(
        world.ada.get(&project).await.0,
        reqwest::StatusCode::OK,
        "the session and the project are still there"
    );
}

#[tokio::test]
async fn what_is_no_id_names_nothing() {
    let world = World::new().await;
    let long = "a".repeat(5_000);
    for route in routes::api() {
        let names: Vec<&str> = route
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        for name in names {
            for wrong in [
                "1",
                "not-an-id",
                "%00",
                "%ff%fe",
                "..%2f..%2fsession",
                "%2e%2e",
                "01a20b41557d72558b086f3f637673f7%27--",
                "null",
                "{}",
                &long,
            ] {
                // Of these, a number names a version, and the way back up is another route.
                if name == "revision" && ["1", "%2e%2e"].contains(&wrong) {
                    continue;
                }
                let path = world.fill(&route.path.replace(&format!("{{{name}}}"), wrong));
                let mut request = world.request(&route, &path);
                if route.takes_json() {
                    request = request.json(&world.body(&route));
                }
                let sent = request.send().await.unwrap();
                refused(
                    sent,
                    &format!("{name} = {} at {} {}", &wrong[..wrong.len().min(20)], route.method, route.path),
                )
                .await;
            }
        }
    }
}

#[tokio::test]
async fn odd_query_strings_and_headers_harm_nobody() {
    let world = World::new().await;
    let long = format!("?x={}", "a".repeat(20_000));
    let queries = [
        "?limit=-1",
        "?limit=99999999999999999999",
        "?limit[]=1",
        "?limit=1&limit=2",
        "?before=%00",
        "?before=AAAA",
        "?channel=%00",
        "?channel=widget%00",
        "?outcome=%00",
        "?days=-1",
        "?days=65536",
        "?days=NaN",
        "?%ff=%ff",
        "?&&&===",
        &long,
    ];
    for route in routes::api().iter().filter(|route| route.method.as_str() == "GET") {
        for query in queries {
            let path = format!("{}{query}", world.path(route));
            let sent = world.request(route, &path).send().await.unwrap();
            unharmed(sent, &format!("{} at {}", &query[..query.len().min(20)], route.path)).await;
        }
        for (name, value) in [
            ("accept", "\u{80}\u{81}"),
            ("accept", "text/event-stream;;;,,"),
            ("authorization", "Bearer \u{80}"),
            ("authorization", "Basic AAAA"),
            ("cookie", "__Host-pernoex=;;=;\u{80}"),
            ("range", "bytes=999999999-"),
            ("if-none-match", "\""),
            ("accept-encoding", "br;q=NaN"),
            ("x-request-id", "../../x"),
            ("origin", "\u{80}"),
            ("content-length", "0"),
            ("expect", "nothing"),
        ] {
            let value = header::HeaderValue::from_bytes(value.as_bytes()).unwrap();
            let sent = world.request(route, &world.path(route)).header(name, value).send().await.unwrap();
            unharmed(sent, &format!("{name} at {}", route.path)).await;
        }
    }
    let (status, _) = world.app.nobody().get("/projects?limit=\u{0}").await;
    assert!(status.is_client_error());
}

#[tokio::test]
async fn other_methods_are_refused_with_a_problem_document() {
    let world = World::new().await;
    for route in routes::api() {
        for method in ["TRACE", "PROPFIND", "HEAD"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let path = world.path(&route);
            let sent = world
                .app
                .nobody()
                .client
                .request(method.clone(), format!("{}{}{path}", world.app.url, route.door.base()))
                .send()
                .await
                .unwrap();
            assert!(sent.status().is_client_error(), "{method} {}: {}", route.path, sent.status());
            assert!(sent.headers().contains_key("x-request-id"));
        }
    }
}

/// What the HTTP parser itself refuses has no problem document, but is refused, and the next request is served.
#[tokio::test]
async fn a_head_without_end_is_cut_off() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let app = TestApp::start().await;
    let address = app.url.strip_prefix("http://").unwrap();
    let huge = format!("GET /api/v1/session HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(300_000));
    let many = format!("GET /api/v1/session HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: y\r\n".repeat(5_000));
    let target = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(300_000));
    for bytes in [
        huge.as_bytes(),
        many.as_bytes(),
        target.as_bytes(),
        b"\0\0\0\0\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /api/v1/session HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /api/v1/session HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
    ] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(std::time::Duration::from_secs(20), stream.read_to_end(&mut answer))
            .await
            .unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert_eq!(app.nobody().get("/session").await.0, reqwest::StatusCode::UNAUTHORIZED);
}
