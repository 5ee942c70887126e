//! Who gets what at every route: one table. A route without a row fails the test, and a row without a route too.

mod openapi;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use pernoex::{
    Clock,
    routes::{self, Door},
};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use self::table::{PEOPLE, TABLE};
use crate::support::{
    As, Call, GUIDE, PASSWORD, Person, TestApp, github::GitHub, issuer::Issuer, receiver::Receiver, slack, stripe, voice::Agent,
};

const SITE: &str = "https://www.example.com";

/// A workspace with everything in it, and everybody around it.
struct Cast {
    client: Client,
    url: String,
    people: BTreeMap<&'static str, As>,
    emails: BTreeMap<&'static str, String>,
    owner: Person,
    /// Has a workspace of their own, and invites anybody.
    host: Person,
    things: BTreeMap<&'static str, String>,
    /// Answers while this workspace is asked about.
    _receiver: Receiver,
}

fn of(person: &Person) -> As {
    As {
        cookie: person.cookie.clone(),
        csrf: person.csrf.clone(),
        ..As::default()
    }
}

fn last(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

/// A webhook of the project, and something that it delivered.
async fn sent(owner: &mut Person, project: &str, receiver: &Receiver) -> (String, String) {
    let new = json!({ "url": receiver.url(), "events": ["document.failed"] });
    let webhook = text(&owner.post(&format!("{project}/webhooks"), new).await.1["webhook"]["id"]);
    let path = format!("{project}/webhooks/{webhook}");
    let delivery = text(&owner.post(&format!("{path}/test"), json!({})).await.1["id"]);
    for _ in 0..400 {
        if owner.get(&format!("{path}/deliveries/{delivery}")).await.1["state"] == "delivered" {
            return (webhook, delivery);
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("nothing is delivered");
}

impl Cast {
    async fn gather(app: &TestApp) -> Self {
        let (mut owner, stranger, host) = (app.owner("ada").await, app.owner("eve").await, app.owner("hedy").await);
        let mut operator = app.operator().await;
        let project = owner.project("Lantern").await;
        let (_, uploaded) = owner
            .upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
            .await;
        let document = format!("{project}/documents/{}", text(&uploaded["documents"][0]["id"]));
        // What it was before is its first revision.
        owner
            .upload(
                Method::PUT,
                &document,
                &[("guide.md", b"# Guide\n\nTo export your data, ring the bell.\n")],
            )
            .await;
        owner.upload(Method::PUT, &document, &[("guide.md", GUIDE)]).await;
        let collection = text(&owner.post(&format!("{project}/collections"), json!({ "name": "Guides" })).await.1["id"]);
        let many = json!({ "action": "reviewed", "filter": {} });
        let batch = text(&owner.post(&format!("{project}/documents/batches"), many).await.1["id"]);
        let admin = app.admin(&mut owner).await;
        let mut member = app.member(&mut owner, &[&project]).await;
        let unassigned = app.member(&mut owner, &[]).await;
        owner.invite("invited@example.com", "member", &[]).await;
        let invitations = owner.get("/team/invitations").await.1;
        let asked = owner.question(&project, "How do I export my data?").await;
        let notes = format!("{project}/conversations/{}/notes", text(&asked["conversation"]));
        let note = text(&owner.post(&notes, json!({ "text": "Look at it." })).await.1["id"]);
        let todo = text(&owner.post(&format!("{project}/todos"), json!({ "text": "Write it down." })).await.1["id"]);
        let (_, widget) = owner
            .patch(
                &format!("{project}/widget"),
                json!({ "allowed_origins": [SITE], "hand_off": { "enabled": true } }),
            )
            .await;
        owner.post(&format!("{project}/widget/identity"), json!({})).await;
        owner
            .upload(
                Method::PUT,
                &format!("{project}/widget/logo"),
                &[("logo.png", b"\x89PNG\r\n\x1a\n")],
            )
            .await;
        let key = text(&widget["public_key"]);
        let agent = Agent::connect(&mut owner, &project, "standard").await;
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let url = app.url.clone();
        let mut visitor = As {
            origin: Some(SITE.into()),
            ..As::default()
        };
        let visit = async |template: &str, visitor: &As| -> Value {
            let mut ask = |what: &str| match what {
                "key" => key.clone(),
                "visit" => String::new(),
                _ => "How do I export my data?".into(),
            };
            let call = Call::to("POST", template, &mut ask);
            call.send(&client, &url, visitor).await.json().await.unwrap()
        };
        visitor.bearer = Some(text(&visit("/widget/{key}/visits", &visitor).await["token"]));
        let own = visit("/widget/{key}/questions", &visitor).await;
        let listed = owner.get(&format!("{project}/conversations?channel=widget")).await.1;
        let mut elsewhere = app.nobody();
        elsewhere
            .post("/session", json!({ "email": owner.email, "password": PASSWORD }))
            .await;
        let sessions = owner.get("/account/sessions").await.1;
        let team = owner.connect_slack(app, &slack::team()).await;
        owner.map_channel(&team, "C1", &project).await;
        let grant = text(&owner.connect_at_once(app, "github").await[0]["id"]);
        let written = json!({ "questions": ["Who tends the lantern?"], "text": "The keeper does." });
        let curated = text(&owner.post(&format!("{project}/curated-answers"), written).await.1["id"]);
        let report = json!({ "title": "A hole", "details": "I fell into it." });
        let reported = app.nobody().post("/disclosure/reports", report).await.1;
        let token = text(&reported["token"]);
        crate::disclosure::attach(&mut app.nobody(), &token, "proof.txt", b"proof").await;
        let board = operator.get("/operator/api/reports").await.1;
        let card = board["reports"]
            .as_array()
            .unwrap()
            .iter()
            .find(|card| card["reference"] == reported["reference"]);
        let report = text(&card.unwrap()["id"]);
        let sheet = operator.get(&format!("/operator/api/reports/{report}")).await.1;
        let receiver = Receiver::start().await;
        let (webhook, delivery) = sent(&mut owner, &project, &receiver).await;
        let site = json!({ "kind": "website", "config": { "start": receiver.url() } });
        let source = text(&owner.post(&format!("{project}/sources"), site).await.1["id"]);
        let things = BTreeMap::from([
            ("project", last(&project)),
            ("document", text(&uploaded["documents"][0]["id"])),
            ("revision", "1".into()),
            ("collection", collection),
            ("batch", batch),
            ("conversation", text(&asked["conversation"])),
            ("message", text(&asked["message"])),
            ("visitor", text(&listed["conversations"][0]["visitor"])),
            ("own message", text(&own["message"])),
            ("note", note),
            ("todo", todo),
            ("member", member.id().await),
            ("invitation", text(&invitations["invitations"][0]["id"])),
            ("session", text(&sessions["sessions"][1]["id"])),
            ("webhook", webhook),
            ("delivery", delivery),
            ("source", source),
            ("curated", curated),
            ("revision", "1".into()),
            ("report", report),
            ("file", text(&sheet["files"][0]["id"])),
            ("page", "contact".into()),
            ("receiver", receiver.url()),
            ("key", key.clone()),
            ("team", last(&team)),
            ("channel", "C1".into()),
            ("kind", "github".into()),
            ("grant", grant),
            ("agent", agent.id.clone()),
            ("endpoint", last(&agent.url)),
            ("workspace", text(&owner.get("/session").await.1["workspace"]["id"])),
            (
                "actor",
                format!("{}.vault", text(&owner.get("/session").await.1["workspace"]["id"])),
            ),
            ("workspace name", "ada".into()),
            ("project name", "Lantern".into()),
            ("email", owner.email.clone()),
            ("origin", SITE.into()),
            ("text", "How do I export my data?".into()),
            ("provider", "google".into()),
            ("visit", String::new()),
            ("passkey", uuid::Uuid::new_v4().to_string()),
            ("event", uuid::Uuid::new_v4().to_string()),
        ]);
        let people = [
            ("stranger", &stranger),
            ("unassigned", &unassigned),
            ("member", &member),
            ("admin", &admin),
            ("owner", &owner),
            ("operator", &operator),
        ];
        let emails = people.iter().map(|(name, person)| (*name, person.email.clone())).collect();
        let mut people: BTreeMap<_, _> = people.iter().map(|(name, person)| (*name, of(person))).collect();
        people.insert("nobody", As::default());
        people.insert("visitor", visitor);
        Self {
            client,
            url,
            people,
            emails,
            owner,
            host,
            things,
            _receiver: receiver,
        }
    }

    async fn ask(&mut self, who: &str, method: &str, template: &str) -> StatusCode {
        let mut things = self.things.clone();
        // Of one use only, and for the person who asks.
        if template == "/invitations/accept" || template == "/invitations/preview" {
            let email = format!("{}@example.com", uuid::Uuid::new_v4().simple());
            things.insert("invitation token", self.host.invite(&email, "member", &[]).await);
        }
        if template == "/session/invitation" {
            let token = match self.emails.get(who) {
                Some(email) => self.host.invite(email, "member", &[]).await,
                None => "inv_x".into(),
            };
            things.insert("own invitation", token);
        }
        if template.starts_with("/widget/") {
            things.insert("message", things["own message"].clone());
        }
        let mut ask = |what: &str| match what {
            "name" => uuid::Uuid::new_v4().to_string(),
            // Each webhook leads elsewhere.
            "receiver" => format!("{}&n={}", things["receiver"], uuid::Uuid::new_v4()),
            "new email" => format!("{}@example.com", uuid::Uuid::new_v4().simple()),
            what => things.get(what).unwrap_or_else(|| panic!("nobody here knows a {what}")).clone(),
        };
        let call = Call::to(method, template, &mut ask);
        let mut sender = self.people[who].clone();
        // The server's own pages send no foreign origin; a widget's page does.
        sender.origin = template.starts_with("/widget/").then(|| SITE.into());
        call.send(&self.client, &self.url, &sender).await.status()
    }

    /// What the workspace looks like to its Owner.
    async fn look(&mut self) -> Vec<Value> {
        let project = format!("/projects/{}", self.things["project"]);
        let mut seen = Vec::new();
        for path in [
            "/projects".into(),
            "/team/members".into(),
            "/team/invitations".into(),
            format!("{project}/documents/{}", self.things["document"]),
            format!("{project}/documents/{}/revisions", self.things["document"]),
            format!("{project}/collections"),
            format!("{project}/conversations"),
            format!("{project}/conversations/{}", self.things["conversation"]),
            format!("{project}/todos"),
            format!("{project}/widget"),
            format!("{project}/privacy"),
            format!("{project}/webhooks"),
            format!("{project}/voice"),
            format!("{project}/sources"),
        ] {
            let (status, value) = self.owner.get(&path).await;
            assert_eq!(status, StatusCode::OK, "{path}");
            let mut value = value;
            // That somebody was refused is not a change, and is shown to those whose agent it may be.
            for agent in value["agents"].as_array_mut().into_iter().flatten() {
                agent["refused"] = Value::Null;
            }
            // It goes on by itself.
            for source in value["sources"].as_array_mut().into_iter().flatten() {
                (source["sync"], source["counts"]) = (Value::Null, Value::Null);
            }
            seen.push(value);
        }
        seen
    }
}

/// What a request that succeeded uses up.
#[derive(PartialEq)]
enum Spent {
    Nothing,
    /// The session of the one who asked, or what another row needs.
    Row,
    /// What the next in the row needs too.
    All,
}

fn spent(method: &str, template: &str) -> Spent {
    match (method, template) {
        ("DELETE", "/session" | "/workspace/membership" | "/account/sessions" | "/account/sessions/{session}")
        | ("POST", "/session/proof")
        | ("PUT", "/account/password") => Spent::Row,
        ("POST", "/projects/{project}/webhooks/{webhook}/deliveries/{delivery}/replay")
        | ("DELETE", _)
        | ("POST", "/team/owner" | "/integrations/revoke-all")
        | ("PATCH", "/team/members/{member}") => Spent::All,
        ("POST", "/account" | "/session" | "/session/workspace" | "/session/invitation" | "/workspaces" | "/invitations/accept")
        | ("PATCH", "/workspace" | "/projects/{project}")
        | ("POST", "/projects/{project}/widget/key") => Spent::Row,
        _ => Spent::Nothing,
    }
}

/// A server that people can sign in to in every way.
async fn with_providers() -> TestApp {
    let issuer = Issuer::start().await;
    let both: Vec<_> = issuer.google().into_iter().chain(issuer.apple()).collect();
    let slack = slack::Slack::start().await.settings();
    let mut settings: Vec<(&str, &str)> = both.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    settings.extend(slack.iter().map(|(name, value)| (*name, value.as_str())));
    let stripe = stripe::Stripe::start().await.settings();
    settings.extend(stripe.iter().map(|(name, value)| (*name, value.as_str())));
    settings.push(("PERNOEX_PLANS", stripe::UNLIMITED));
    let github = GitHub::start(&Clock::system()).await;
    // An App is told of events.
    let github: Vec<_> = github.oauth_settings().into_iter().chain(github.app_settings()).collect();
    settings.extend(github.iter().map(|(name, value)| (*name, value.as_str())));
    settings.push(("GITHUB_WEBHOOK_SECRET", "a-webhook-secret-of-github"));
    settings.extend([
        ("NOTION_CLIENT_ID", "a-client-of-notion"),
        ("NOTION_CLIENT_SECRET", "a-client-secret-of-notion"),
        ("NOTION_WEBHOOK_TOKEN", "secret_0123456789abcdef"),
    ]);
    settings.push(("PERNOEX_LIMIT_FACTOR", "10000"));
    settings.push(("PERNOEX_ALLOW_PRIVATE", "127.0.0.1"));
    TestApp::start_with(Clock::system(), &settings).await
}

#[tokio::test]
async fn every_route_has_a_row_and_refuses_whom_the_table_says() {
    let routes: BTreeSet<(String, &str)> = routes::api().iter().map(|route| (route.method.to_string(), route.path)).collect();
    let rows: BTreeSet<(String, &str)> = TABLE.iter().map(|(method, path, _)| ((*method).to_owned(), *path)).collect();
    assert_eq!(routes, rows, "each route has a row, and each row a route");
    assert_eq!(rows.len(), TABLE.len(), "one row each");

    let app = with_providers().await;
    let mut cast = Cast::gather(&app).await;
    let project = format!("/projects/{}", cast.things["project"]);
    cast.owner.settled(&project).await;
    let before = cast.look().await;
    let mut wrong = Vec::new();
    let mut check = |found: StatusCode, expected: u16, who: &str, method: &str, template: &str| {
        if found.as_u16() != expected {
            wrong.push(format!("{who} gets {} and not {expected} at {method} {template}", found.as_u16()));
        }
    };
    // Together they must change nothing.
    for (method, template, expected) in TABLE {
        for (who, expected) in PEOPLE.into_iter().zip(*expected) {
            if expected >= 400 {
                check(cast.ask(who, method, template).await, expected, who, method, template);
            }
        }
    }
    assert_eq!(cast.look().await, before, "a refused request changed something");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Parts that run side by side: what succeeds uses things up, and most of the time goes into new ones.
const PARTS: usize = 4;

async fn every_allowed_request_of(part: usize) {
    let app = with_providers().await;
    let mut cast = Cast::gather(&app).await;
    let mut wrong = Vec::new();
    // Rows that need each other stand beside each other.
    for (method, template, expected) in TABLE.chunks(TABLE.len().div_ceil(PARTS)).nth(part).unwrap() {
        let mut used = Spent::Nothing;
        for (who, expected) in PEOPLE.into_iter().zip(*expected).filter(|(_, expected)| *expected < 400) {
            if used == Spent::All {
                cast = Cast::gather(&app).await;
            }
            let found = cast.ask(who, method, template).await;
            if found.as_u16() != expected {
                wrong.push(format!("{who} gets {} and not {expected} at {method} {template}", found.as_u16()));
            }
            used = spent(method, template);
        }
        if used != Spent::Nothing {
            cast = Cast::gather(&app).await;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_the_table_allows_is_answered_first_part() {
    every_allowed_request_of(0).await;
}

#[tokio::test]
async fn what_the_table_allows_is_answered_second_part() {
    every_allowed_request_of(1).await;
}

#[tokio::test]
async fn what_the_table_allows_is_answered_third_part() {
    every_allowed_request_of(2).await;
}

#[tokio::test]
async fn what_the_table_allows_is_answered_fourth_part() {
    every_allowed_request_of(3).await;
}

/// What is not there and what is not theirs look alike.
#[tokio::test]
async fn a_foreign_thing_answers_as_one_that_does_not_exist() {
    let app = with_providers().await;
    let cast = Cast::gather(&app).await;
    for (method, template, expected) in TABLE.iter().filter(|(_, template, _)| template.contains('{')) {
        for (who, expected) in PEOPLE.into_iter().zip(*expected).filter(|(_, expected)| *expected == 404) {
            let mut answers = Vec::new();
            for exists in [true, false] {
                let mut ask = |what: &str| match what {
                    "name" => "a name".into(),
                    "endpoint" if !exists => "a".repeat(67),
                    "key" if !exists => format!("pk_{}", "a".repeat(43)),
                    "project" | "document" | "conversation" | "message" | "member" | "invitation" | "session" | "team" | "webhook"
                    | "delivery" | "agent" | "source" | "grant" | "note" | "todo" | "curated" | "report" | "file"
                        if !exists =>
                    {
                        uuid::Uuid::now_v7().to_string()
                    }
                    what => cast.things.get(what).cloned().unwrap_or_else(|| "x@example.com".into()),
                };
                let call = Call::to(method, template, &mut ask);
                let answer = call.send(&cast.client, &cast.url, &cast.people[who]).await;
                assert_eq!(answer.status().as_u16(), expected, "{who} at {method} {template}");
                let mut problem: Value = answer.json().await.unwrap();
                problem["request_id"] = Value::Null;
                answers.push(problem);
            }
            assert_eq!(answers[0], answers[1], "{who} at {method} {template}");
        }
    }
}

#[tokio::test]
async fn the_doors_that_begin_a_session_refuse_other_sites() {
    let app = TestApp::start().await;
    for route in routes::api()
        .iter()
        .filter(|route| route.door == Door::Open && route.method.as_str() != "GET")
    {
        let mut ask = |_: &str| "x".to_owned();
        let call = Call::to(route.method.as_str(), route.path, &mut ask);
        let elsewhere = As {
            origin: Some("https://evil.test".into()),
            ..As::default()
        };
        let answer = call.send(&Client::new(), &app.url, &elsewhere).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{}", route.path);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
}
