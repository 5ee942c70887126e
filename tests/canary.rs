//! Secrets go in by every door that takes one, and are looked for wherever something could keep or say them: the database, the
//! files, Redis, the log at its most talkative, and every response. The route table drives it: a new route joins by itself, and
//! an input that sounds like a secret must be declared below.

mod connected;
mod program;
mod search;

use actors::clock::Clock;
use base64::{Engine, prelude::BASE64_STANDARD};
use pernoex::routes::{self, Door};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};

use self::{
    program::Program,
    search::{Search, Secret},
};
use crate::support::{
    GUIDE, Person, TestApp,
    edge::{model, redis, redis_dump},
    factors::{base32, code_at},
    github::{self, GitHub},
    receiver::Receiver,
    slack::{CLIENT, Slack, team},
    stripe::{Stripe, UNLIMITED},
    visitor::user_token,
    voice::{Agent, told},
};

const SITE: &str = "https://www.example.com";

/// Inputs that hold a secret, as the OpenAPI document names them. Each is planted below.
const SECRET_INPUTS: &[&str] = &[
    "password",
    "current",
    "new",
    "token",
    "ticket",
    "code",
    "backup_code",
    "secret",
    "user",
];
/// Inputs that sound like one and are none.
const NO_SECRETS: &[&str] = &["passkey", "credential"];
/// Outputs that give a secret to whom it belongs, and to nobody else.
const GIVEN: &[&str] = &[
    "csrf_token",
    "token",
    "link",
    "url",
    "ticket",
    "secret",
    "otpauth_uri",
    "qr_svg",
    "backup_codes",
];

/// Takes out what a response is there to give.
fn without_given(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !GIVEN.contains(&name.as_str()));
            fields.values_mut().for_each(without_given);
        }
        Value::Array(items) => items.iter_mut().for_each(without_given),
        _ => {}
    }
}

/// Everything that responses said, but for what they gave to its owner.
#[derive(Default)]
struct Heard(Vec<(String, Vec<u8>)>);

impl Heard {
    async fn listen(&mut self, what: &str, response: reqwest::Response) -> (StatusCode, Value) {
        let mut headers = response.headers().clone();
        headers.remove(header::SET_COOKIE);
        let (status, body) = (response.status(), response.bytes().await.unwrap_or_default());
        let value: Option<Value> = serde_json::from_slice(&body).ok();
        let mut said = format!("{status} {headers:?}\n").into_bytes();
        match value.clone() {
            Some(mut value) => {
                without_given(&mut value);
                said.extend(value.to_string().into_bytes());
            }
            None => said.extend(&body),
        }
        self.0.push((what.to_owned(), said));
        (status, value.unwrap_or_default())
    }
}

fn session_of(person: &Person, secrets: &mut Vec<Secret>) {
    let cookie = person.cookie.as_deref().unwrap().split_once('=').unwrap().1;
    // Percent-encoded in the cookie: `signature` and `tenant.secret`.
    let cookie = percent_encoding::percent_decode_str(cookie).decode_utf8().unwrap().into_owned();
    secrets.push(Secret::new("session cookie", cookie.rsplit_once('.').unwrap().1));
    secrets.push(Secret::new("CSRF token", person.csrf.as_deref().unwrap()));
}

/// Good input for a route, as far as it takes some.
fn good(path: &str, password: &str, invitation: &str) -> Value {
    match path {
        _ if path.ends_with("/questions") => json!({ "question": "How do I export my data?" }),
        _ if path.ends_with("/feedback") => json!({ "helpful": true }),
        "/account" => json!({ "email": "two@example.com", "password": password, "workspace": "Second" }),
        "/account/password/forgotten" => json!({ "email": "bird@example.com" }),
        "/account/password" => json!({ "current": password, "new": password }),
        "/account/email" => json!({ "email": "third@example.com" }),
        "/session" => json!({ "email": "bird@example.com", "password": password }),
        "/invitations/accept" => json!({ "token": invitation, "password": password }),
        "/session/invitation" | "/invitations/preview" => json!({ "token": invitation }),
        "/team/invitations" => json!({ "email": "third@example.com", "role": "member" }),
        _ => json!({ "name": "Renamed", "confirm": "no such name", "role": "admin", "projects": [] }),
    }
}

/// Request fields of every operation, by name.
fn inputs(document: &Value) -> Vec<String> {
    let schemas = &document["components"]["schemas"];
    let mut names = Vec::new();
    let operations = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|path| path.as_object().unwrap().values());
    for operation in operations {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let Some(reference) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) else {
            continue;
        };
        names.extend(
            schemas[reference]["properties"]
                .as_object()
                .into_iter()
                .flat_map(|fields| fields.keys().cloned()),
        );
    }
    names
}

#[tokio::test]
async fn no_secret_is_kept_or_said_in_clear() {
    // The client of this test wants one before any server here has chosen it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let fresh = |what: &str| format!("canary-{what}-{}", uuid::Uuid::new_v4().simple());
    let (password, model_key) = (fresh("password"), fresh("model"));
    let (provider_secret, provider) = (fresh("provider"), model());
    let (slack, slack_secret, signing, signing_before) = (Slack::start().await, fresh("slack"), fresh("signing"), fresh("signed-before"));
    slack.knows(&slack_secret);
    let (stripe, stripe_key, stripe_signing, stripe_before) = (
        Stripe::start().await,
        fresh("stripe"),
        fresh("stripe-signing"),
        fresh("stripe-before"),
    );
    stripe.knows(&stripe_key);
    let github = GitHub::start(&Clock::system()).await;
    let (notion_secret, atlassian_secret) = (fresh("notion"), fresh("atlassian"));
    let (notion_token, notion_before) = (fresh("notion-token"), fresh("notion-before"));
    let mut secrets = vec![
        Secret::new("password", &password),
        Secret::new("model API key", &model_key),
        Secret::new("provider's client secret", &provider_secret),
        Secret::new("Slack's client secret", &slack_secret),
        Secret::new("Slack's signing secret", &signing),
        Secret::new("Slack's signing secret before", &signing_before),
        Secret::new("GitHub's client secret", github::SECRET),
        Secret::new("Notion's client secret", &notion_secret),
        Secret::new("Notion's webhook token", &notion_token),
        Secret::new("Notion's webhook token before", &notion_before),
        Secret::new("Atlassian's client secret", &atlassian_secret),
        Secret::new("Stripe's secret key", &stripe_key),
        Secret::new("Stripe's signing secret", &stripe_signing),
        Secret::new("Stripe's signing secret before", &stripe_before),
    ];
    let settings = [
        ("PERNOEX_LOG", "trace"),
        ("PERNOEX_LOG_FORMAT", "json"),
        ("PERNOEX_LIMIT_FACTOR", "1000"),
        ("PERNOEX_ALLOW_PRIVATE", "127.0.0.1"),
        ("OPENAI_BASE_URL", &model()),
        ("OPENAI_API_KEY", &model_key),
        ("OPENAI_MODEL", "small"),
        ("GOOGLE_CLIENT_ID", "pernoex.test"),
        ("GOOGLE_CLIENT_SECRET", &provider_secret),
        ("GOOGLE_ISSUER", provider.trim_end_matches("/v1")),
        ("SLACK_CLIENT_ID", CLIENT),
        ("SLACK_CLIENT_SECRET", &slack_secret),
        ("SLACK_SIGNING_SECRET", &signing),
        ("SLACK_SIGNING_SECRET_PREVIOUS", &signing_before),
        ("SLACK_URL", &slack.url),
        ("GITHUB_CLIENT_ID", github::CLIENT),
        ("GITHUB_CLIENT_SECRET", github::SECRET),
        ("GITHUB_URL", &github.edge.url),
        ("GITHUB_API_URL", &github.edge.url),
        ("NOTION_CLIENT_ID", "notion"),
        ("NOTION_CLIENT_SECRET", &notion_secret),
        ("NOTION_WEBHOOK_TOKEN", &notion_token),
        ("NOTION_WEBHOOK_TOKEN_PREVIOUS", &notion_before),
        ("NOTION_URL", &github.edge.url),
        ("ATLASSIAN_CLIENT_ID", "atlassian"),
        ("ATLASSIAN_CLIENT_SECRET", &atlassian_secret),
        ("ATLASSIAN_URL", &github.edge.url),
        ("ATLASSIAN_API_URL", &github.edge.url),
        ("STRIPE_SECRET_KEY", &stripe_key),
        ("STRIPE_WEBHOOK_SECRET", &stripe_signing),
        ("STRIPE_WEBHOOK_SECRET_PREVIOUS", &stripe_before),
        ("STRIPE_URL", &stripe.url),
        ("PERNOEX_PLANS", UNLIMITED),
    ];
    let mut app = TestApp::prepare(Clock::system(), &settings).await;
    if let (Some(admin), Some(server)) = (app.setting("MIGRATION_DATABASE_URL"), app.setting("DATABASE_URL")) {
        let (owner, role) = (fresh("owner"), fresh("role"));
        app.configure("MIGRATION_DATABASE_URL", &admin.replacen('@', &format!(":{owner}@"), 1));
        let name = format!("canary_{}", uuid::Uuid::new_v4().simple());
        app.configure(
            "DATABASE_URL",
            &format!("postgres://{name}:{role}@{}", server.rsplit_once('@').unwrap().1),
        );
        secrets.push(Secret::new("database owner's password", &owner));
        secrets.push(Secret::new("database password", &role));
    }
    let shared_redis = app.setting("REDIS_URL");
    if let Some(url) = &shared_redis {
        let (user, word) = (format!("canary{}", uuid::Uuid::new_v4().simple()), fresh("redis"));
        redis(url, &[&format!("ACL SETUSER {user} on >{word} ~* &* +@all")]);
        app.configure(
            "REDIS_URL",
            &format!("redis://{user}:{word}@{}", url.trim_start_matches("redis://")),
        );
        secrets.push(Secret::new("Redis password", &word));
    }
    let program = Program::start(&mut app);
    secrets.push(Secret::new(
        "master key",
        std::fs::read_to_string(app.data().join("master.key")).unwrap().trim(),
    ));

    let mut heard = Heard::default();
    let mut ada = app.nobody();
    let sign_up = json!({ "email": "bird@example.com", "password": password, "workspace": "Canary" });
    let response = ada.send(Method::POST, "/account", Some(sign_up), &[]).await;
    let (status, session) = heard.listen("sign-up", response).await;
    assert_eq!(status, StatusCode::CREATED, "{session}");
    ada.csrf = session["csrf_token"].as_str().map(str::to_owned);
    session_of(&ada, &mut secrets);
    // A person of their own, so that the routes below are asked with a session that a password is enough for.
    let mut careful = app.nobody();
    let sign_up = json!({ "email": "careful@example.com", "password": password, "workspace": "Careful" });
    let (_, begun) = careful.post("/account", sign_up).await;
    careful.took(&begun);
    let (_, offered) = careful.post("/account/totp", json!({})).await;
    let secret = offered["secret"].as_str().unwrap().to_owned();
    secrets.push(Secret::new("app's secret", &secret));
    secrets.push(Secret::new("app's secret, its bytes", &BASE64_STANDARD.encode(base32(&secret))));
    let code = json!({ "code": code_at(&secret, Clock::system().now()) });
    let (status, codes) = careful.post("/account/totp/confirmed", code).await;
    assert_eq!(status, StatusCode::OK, "{codes}");
    let codes: Vec<&str> = codes["backup_codes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code.as_str().unwrap())
        .collect();
    for code in &codes[..2] {
        secrets.push(Secret::new("backup code", code));
        secrets.push(Secret::new("backup code, its letters", &code.replace('-', "")));
    }
    let sign_in = json!({ "email": "careful@example.com", "password": password });
    let response = app.nobody().send(Method::POST, "/session", Some(sign_in), &[]).await;
    let (_, asked) = heard.listen("first step", response).await;
    let ticket = asked["second_factor"]["ticket"].as_str().unwrap().to_owned();
    secrets.push(Secret::new("ticket", &ticket));
    let second = json!({ "ticket": ticket, "backup_code": codes[0] });
    let response = app.nobody().send(Method::POST, "/session/second-factor", Some(second), &[]).await;
    assert_eq!(heard.listen("second step", response).await.0, StatusCode::OK);

    ada.checkout("price_team").await;
    slack.rotate();
    ada.connect_slack(&app, &team()).await;
    for (n, token) in slack.tokens().iter().enumerate() {
        secrets.push(Secret::new(&format!("Slack's token {n}"), token));
    }

    let grant = ada.connect_at_once(&app, "github").await.remove(0);
    for (n, token) in github.tokens().iter().enumerate() {
        secrets.push(Secret::new(&format!("GitHub's token {n}"), token));
    }

    let project = ada.project("Lantern").await;
    let (_, uploaded) = ada
        .upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    ada.settled(&project).await;
    let answer = ada.question(&project, "How do I export my data?").await;
    let (_, widget) = ada.patch(&format!("{project}/widget"), json!({ "allowed_origins": [SITE] })).await;
    let key = widget["public_key"].as_str().unwrap().to_owned();
    let mut visitor = app.nobody();
    let visit = visitor
        .send(Method::POST, &format!("/widget/{key}/visits"), Some(json!({})), &[("origin", SITE)])
        .await;
    let (_, visit) = heard.listen("visit", visit).await;
    let visitor_token = visit["token"].as_str().unwrap().to_owned();
    secrets.push(Secret::new("visitor token", &visitor_token));
    let (_, invited) = ada
        .post(
            "/team/invitations",
            json!({ "email": "invited@example.com", "role": "member", "projects": [] }),
        )
        .await;
    let given = ["token", "link", "url"]
        .iter()
        .find_map(|name| invited[name].as_str())
        .unwrap_or_else(|| panic!("{invited}"));
    let invitation = given.rsplit(['/', '=', '#']).next().unwrap().to_owned();
    secrets.push(Secret::new("invitation token", &invitation));
    let agent = Agent::connect(&mut ada, &project, "standard").await;
    secrets.push(Secret::new("a voice agent's secret", &agent.secret));
    secrets.push(Secret::new("its key", agent.secret.trim_start_matches("whsec_")));
    let theirs = fresh("voice");
    let (_, other) = ada.post(&format!("{project}/voice"), json!({ "provider": "retell" })).await;
    let path = format!("{project}/voice/{}/secret", other["id"].as_str().unwrap());
    let entered = ada.send(Method::POST, &path, Some(json!({ "secret": theirs })), &[]).await;
    assert_eq!(heard.listen("a provider's secret", entered).await.0, StatusCode::OK);
    secrets.push(Secret::new("a provider's secret", &theirs));
    let (status, said) = agent
        .send(&ada, Clock::system().now(), &told("standard", "call-1", "Is it green?"))
        .await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{said}");
    let own_key = [*uuid::Uuid::new_v4().as_bytes(), *uuid::Uuid::new_v4().as_bytes()].concat();
    let own_key = BASE64_STANDARD.encode(own_key);
    secrets.push(Secret::new("imported key", &own_key));
    let tenant = session["workspace"]["id"].as_str().unwrap();
    let (done, printed) = app.program(&["keys", "import", "--tenant", tenant], &own_key);
    assert!(done, "{printed}");
    heard.0.push(("keys import".into(), printed.into_bytes()));

    let (status, made) = ada.post(&format!("{project}/widget/identity"), json!({})).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let identity = made["secret"].as_str().unwrap();
    secrets.push(Secret::new("identity secret", identity.strip_prefix("idsec_").unwrap()));
    let claims = json!({ "sub": "user-1", "aud": key, "exp": Clock::system().now() / 1000 + 600 });
    for by in [identity, "idsec_guessed"] {
        let user = user_token(by, &claims);
        let body = Some(json!({ "user": user }));
        let named = visitor
            .send(Method::POST, &format!("/widget/{key}/visits"), body, &[("origin", SITE)])
            .await;
        heard.listen("a user token", named).await;
        secrets.push(Secret::new("user token", &user));
    }

    let receiver = Receiver::start().await;
    let address = fresh("address");
    let new_webhook = json!({ "url": format!("{}&to={address}", receiver.url()), "events": ["question.unanswered"] });
    let (status, hook) = ada.post(&format!("{project}/webhooks"), new_webhook).await;
    assert_eq!(status, StatusCode::CREATED, "{hook}");
    secrets.push(Secret::new(
        "webhook's secret",
        hook["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap(),
    ));
    secrets.push(Secret::new("webhook's address", &address));
    let hook_path = format!("{project}/webhooks/{}", hook["webhook"]["id"].as_str().unwrap());
    let (_, sent) = ada.post(&format!("{hook_path}/test"), json!({})).await;

    // What sounds like a secret is one of those above.
    let document: Value = serde_json::from_str(
        &reqwest::get(format!("{}/api/openapi.json", app.url))
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
    )
    .unwrap();
    for name in inputs(&document) {
        let sounds = ["pass", "secret", "token", "key", "code", "credential", "cookie"]
            .iter()
            .any(|word| name.contains(word));
        let declared = SECRET_INPUTS.contains(&name.as_str()) || NO_SECRETS.contains(&name.as_str());
        assert!(
            !sounds || declared,
            "declare the input {name} in tests/canary.rs, and plant it if it is a secret"
        );
    }

    let id = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut routes = routes::api();
    // What ends things comes last, signing out at the very end.
    routes.sort_by_key(|route| (route.method.as_str() == "DELETE", route.path == "/session"));
    for route in &routes {
        let path = route
            .path
            .replace("{project}", project.rsplit('/').next().unwrap())
            .replace("{key}", &key)
            .replace("{document}", &id(&uploaded["documents"][0]["id"]))
            .replace("{webhook}", &id(&hook["webhook"]["id"]))
            .replace("{delivery}", &id(&sent["id"]))
            .replace("{conversation}", &id(&answer["conversation"]))
            .replace("{message}", &id(&answer["message"]))
            // Somebody else's: one's own session is needed further on.
            .replace("{member}/sessions", "01a20b41-557d-7255-8b08-6f3f637673f7/sessions")
            .replace("{member}", &id(&session["user"]["id"]))
            .replace("{provider}", "google")
            .replace("{kind}", "github")
            .replace("{grant}", &id(&grant["id"]))
            .replace("{agent}", &agent.id)
            .replace("{endpoint}", agent.url.rsplit('/').next().unwrap())
            .replace("{invitation}", "01a20b41-557d-7255-8b08-6f3f637673f7");
        let method = Method::from_bytes(route.method.as_str().as_bytes()).unwrap();
        let bearer = format!("Bearer {visitor_token}");
        // Secrets where they do not belong: in wrong fields, as wrong types, in the address, in bodies that are no JSON.
        let bad = [
            json!({ "name": [password], "email": password, "password": password, "token": invitation, "question": { "a": password } }),
            json!({ "ticket": password, "code": password }),
            json!({ "ticket": password, "backup_code": password, "passkey": { "id": password } }),
            json!({ "ticket": password, "name": "mine", "credential": { "id": password } }),
            json!({ "provider": password, "header": password, "secret": { "is": theirs } }),
            json!({ "secret": format!("no secret {theirs}") }),
            json!(password),
            json!({ password.clone(): true }),
        ];
        let first = json!({ "new": password });
        let bodies = bad.into_iter().chain([good(route.path, &password, &invitation), first]);
        for body in bodies.map(Some).chain([None]) {
            let headers: &[(&str, &str)] = if route.door == Door::Widget {
                &[("origin", SITE), ("authorization", &bearer)]
            } else {
                &[]
            };
            let person = if route.door == Door::Session { &mut ada } else { &mut visitor };
            let what = format!("{method} {}", route.path);
            let body = body.filter(|_| method != Method::GET);
            let response = person.send(method.clone(), &path, body, headers).await;
            let (_, said) = heard.listen(&what, response).await;
            if let Some(token) = said["csrf_token"].as_str() {
                person.csrf = Some(token.to_owned());
                session_of(person, &mut secrets);
            }
        }
        let person = if route.door == Door::Session { &mut ada } else { &mut visitor };
        let with_query = format!("{path}?token={visitor_token}&password={password}");
        let response = person.send(method.clone(), &with_query, None, &[]).await;
        heard.listen(route.path, response).await;
    }

    // The letters are there to give them, and nothing else is.
    app.letter("bird@example.com", "Choose a new password").await;
    let letters = app.all_letters();
    assert!(letters.len() > 3, "{}", letters.len());
    for letter in letters.iter().filter(|letter| letter.text.contains('#')) {
        secrets.push(Secret::new(&format!("the link of {}", letter.subject), &letter.token()));
    }

    let mut places = vec![("the log".to_owned(), std::fs::read(&program.log).unwrap())];
    assert!(places[0].1.len() > 100_000, "the log says little: {}", places[0].1.len());
    let rows = app.rows().await;
    let dump = rows.dump().await;
    assert!(dump.contains("bird@example.com"), "the dump holds the rows");
    places.push(("the tables".into(), dump.into_bytes()));
    rows.close().await;
    for entry in std::fs::read_dir(app.data()).unwrap().map(|entry| entry.unwrap().path()) {
        // The key file is where the master key lives.
        if entry.is_file() && !entry.ends_with("master.key") {
            places.push((entry.display().to_string(), std::fs::read(&entry).unwrap()));
        }
    }
    if let Some(url) = &shared_redis {
        let dump = redis_dump(url);
        assert!(dump.contains("pernoex:limit:"), "Redis holds the limits");
        places.push(("Redis".into(), dump.into_bytes()));
    }
    places.extend(heard.0);
    let search = Search::new(&secrets);
    let mut leaks = String::new();
    for (place, bytes) in &places {
        for (what, at) in search.find(bytes) {
            let around = &bytes[at.saturating_sub(300)..bytes.len().min(at + 100)];
            leaks.push_str(&format!("{what} is in {place}: {}\n", String::from_utf8_lossy(around)));
        }
    }
    assert!(leaks.is_empty(), "{leaks}");
}
