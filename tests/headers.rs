//! What every response carries, whatever it is and whoever made it.

use std::collections::BTreeMap;

use pernoex::routes::{self, Door};
use reqwest::{Client, Method, Response, StatusCode, header::HeaderMap};
use serde_json::json;

use crate::support::{As, Call, GUIDE, TestApp};

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// One of each kind of response: JSON, nothing, a page, a file, a script, a stream, and every way to say no.
async fn responses(app: &TestApp) -> BTreeMap<String, Response> {
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let (_, uploaded) = ada
        .upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    let document = uploaded["documents"][0]["id"].as_str().unwrap().to_owned();
    ada.settled(&project).await;
    let mut found = BTreeMap::new();
    let asked = json!({ "question": "How do I export my data?" });
    let api = [
        ("json", Method::GET, "/session".to_owned(), None, vec![]),
        (
            "changed",
            Method::PATCH,
            "/workspace".to_owned(),
            Some(json!({ "name": "x" })),
            vec![],
        ),
        (
            "file",
            Method::GET,
            format!("{project}/documents/{document}/original"),
            None,
            vec![],
        ),
        ("export", Method::GET, "/audit/export?format=csv".to_owned(), None, vec![]),
        (
            "stream",
            Method::POST,
            format!("{project}/questions"),
            Some(asked),
            vec![("accept", "text/event-stream")],
        ),
        ("invalid body", Method::POST, "/projects".to_owned(), Some(json!([])), vec![]),
        ("wrong method", Method::PUT, "/projects".to_owned(), Some(json!({})), vec![]),
        (
            "another site",
            Method::POST,
            "/projects".to_owned(),
            Some(json!({ "name": "x" })),
            vec![("sec-fetch-site", "cross-site")],
        ),
        ("foreign", Method::GET, format!("/projects/{}", uuid::Uuid::new_v4()), None, vec![]),
        ("bad query", Method::GET, "/audit?from=x".to_owned(), None, vec![]),
    ];
    for (name, method, path, body, headers) in api {
        found.insert(name.to_owned(), ada.send(method, &path, body, &headers).await);
    }
    let client = Client::new();
    let get = async |path: &str, accept: &str| {
        client
            .get(format!("{}{path}", app.url))
            .header("accept", accept)
            .send()
            .await
            .unwrap()
    };
    found.insert("not signed in".into(), get("/api/v1/session", "*/*").await);
    found.insert("no such route".into(), get("/api/v1/nothing", "*/*").await);
    found.insert("page".into(), get("/sign-in", "text/html").await);
    found.insert("no page".into(), get("/nothing.php", "*/*").await);
    found.insert("asset".into(), get("/assets/dashboard/main.js", "*/*").await);
    found.insert("no asset".into(), get("/assets/dashboard/nothing.js", "*/*").await);
    found.insert("widget".into(), get("/widget.js", "*/*").await);
    found.insert("health".into(), get("/healthz", "*/*").await);
    found.insert("readiness".into(), get("/readyz", "*/*").await);
    found.insert("openapi".into(), get("/api/openapi.json", "*/*").await);
    found.insert("operators".into(), get("/operator/api/actors", "*/*").await);
    let preflight = client
        .request(Method::OPTIONS, format!("{}/api/v1/widget/pk_x/visits", app.url))
        .header("origin", "https://www.example.com")
        .header("access-control-request-method", "POST");
    found.insert("preflight".into(), preflight.send().await.unwrap());
    let too_large = client
        .post(format!("{}/api/v1/session", app.url))
        .header("content-type", "application/json")
        .body(vec![b' '; 600_000]);
    found.insert("too large".into(), too_large.send().await.unwrap());
    found
}

#[tokio::test]
async fn every_response_carries_the_headers_that_protect_it() {
    let app = TestApp::start().await;
    let mut kinds = Vec::new();
    for (what, response) in responses(&app).await {
        kinds.push(response.status().as_u16());
        let headers = response.headers();
        assert_eq!(text(headers, "x-content-type-options"), "nosniff", "{what}");
        assert_eq!(text(headers, "referrer-policy"), "no-referrer", "{what}");
        assert_eq!(text(headers, "cross-origin-opener-policy"), "same-origin", "{what}");
        assert_eq!(text(headers, "x-frame-options"), "DENY", "{what}");
        let policy = text(headers, "content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{what}: {policy}");
        assert!(
            !policy.contains("unsafe-inline") && !policy.contains("unsafe-eval"),
            "{what}: {policy}"
        );
        if what != "file" {
            assert!(policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
        }
        let permissions = text(headers, "permissions-policy");
        for feature in ["camera=()", "microphone=()", "geolocation=()", "payment=()", "usb=()"] {
            assert!(permissions.contains(feature), "{what}: {permissions}");
        }
        // Only what other sites are meant to load, or to read by CORS, may leave this origin.
        let shared = matches!(what.as_str(), "widget" | "preflight");
        let policy = text(headers, "cross-origin-resource-policy");
        assert!(policy == "same-origin" || (shared && policy == "cross-origin"), "{what}: {policy}");
        let cache = text(headers, "cache-control");
        let expected = match what.as_str() {
            "widget" => "public, max-age=300",
            "page" | "asset" => "no-cache",
            _ => "no-store",
        };
        assert!(
            cache.contains(expected) || (what == "no asset" && !cache.contains("public")),
            "{what}: {cache}"
        );
        assert!(!text(headers, "x-request-id").is_empty(), "{what}");
        assert_eq!(text(headers, "server"), "", "{what}: what serves is nobody's business");
        assert_eq!(text(headers, "x-powered-by"), "", "{what}");
        assert_eq!(text(headers, "strict-transport-security"), "", "{what}: not on TLS");
        let kind = text(headers, "content-type");
        assert!(
            what == "file" || !kind.starts_with("text/") || kind.contains("charset=utf-8") || kind == "text/event-stream",
            "{what}: {kind}"
        );
    }
    for status in [200, 204, 400, 401, 403, 404, 405, 413] {
        assert!(kinds.contains(&status), "no response with {status} among {kinds:?}");
    }
}

#[tokio::test]
async fn behind_tls_every_response_says_that_it_stays_so() {
    let app = TestApp::with(&[("PERNOEX_PUBLIC_URL", "https://pernoex.example.com")]).await;
    let client = Client::new();
    for (path, accept) in [
        ("/sign-in", "text/html"),
        ("/api/v1/session", "*/*"),
        ("/widget.js", "*/*"),
        ("/api/v1/no", "*/*"),
    ] {
        let response = client
            .get(format!("{}{path}", app.url))
            .header("accept", accept)
            .send()
            .await
            .unwrap();
        let hsts = text(response.headers(), "strict-transport-security").to_owned();
        assert_eq!(hsts, "max-age=63072000; includeSubDomains", "{path}");
    }
}

/// Whatever changes something asks for proof that this site's own page asked: by where it is mounted, and so for each route there is.
#[tokio::test]
async fn every_change_in_a_session_needs_the_token_and_this_origin() {
    let app = TestApp::start_with(pernoex::Clock::system(), &[("PERNOEX_LIMIT_FACTOR", "10000")]).await;
    let ada = app.owner("ada").await;
    let client = Client::new();
    let mut tried = 0;
    for route in routes::api()
        .iter()
        .filter(|route| route.door == Door::Session && route.method.as_str() != "GET")
    {
        tried += 1;
        let own = As {
            cookie: ada.cookie.clone(),
            csrf: ada.csrf.clone(),
            ..As::default()
        };
        let forged = [
            ("no token", As { csrf: None, ..own.clone() }),
            (
                "another token",
                As {
                    csrf: Some("AAAA".into()),
                    ..own.clone()
                },
            ),
            (
                "another origin",
                As {
                    origin: Some("https://evil.test".into()),
                    ..own.clone()
                },
            ),
            (
                "no origin",
                As {
                    origin: Some("null".into()),
                    ..own.clone()
                },
            ),
        ];
        for (how, sender) in forged {
            let mut ask = |_: &str| uuid::Uuid::new_v4().to_string();
            let call = Call::to(route.method.as_str(), route.path, &mut ask);
            let refused = call.send(&client, &app.url, &sender).await;
            assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{how}: {} {}", route.method, route.path);
            let problem: serde_json::Value = refused.json().await.unwrap();
            assert_eq!(problem["code"], "csrf_failed", "{how}: {} {}", route.method, route.path);
        }
        for site in ["cross-site", "same-site"] {
            let path = route.path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
            let path = path.collect::<Vec<_>>().join("/");
            let request = client
                .request(
                    route.method.as_str().parse::<Method>().unwrap(),
                    format!("{}/api/v1{path}", app.url),
                )
                .header("cookie", ada.cookie.as_deref().unwrap())
                .header("x-csrf-token", ada.csrf.as_deref().unwrap())
                .header("sec-fetch-site", site);
            assert_eq!(
                request.send().await.unwrap().status(),
                StatusCode::FORBIDDEN,
                "{site}: {}",
                route.path
            );
        }
    }
    assert!(tried > 20, "only {tried} routes were found");
    let mut ada = ada;
    assert_eq!(ada.get("/session").await.0, StatusCode::OK, "nothing of it ended the session");
}
