//! Who gets what at every route: one table. A route without a row fails the test, and a row without a route too.

use std::collections::{BTreeMap, BTreeSet};

use pernoex::{
    Clock,
    routes::{self, Door},
};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{As, Call, GUIDE, PASSWORD, Person, TestApp, issuer::Issuer};

/// Who asks. From the unassigned to the owner they belong to the workspace that is asked about; the operator owns another one.
const PEOPLE: [&str; 8] = [
    "nobody",
    "visitor",
    "stranger",
    "unassigned",
    "member",
    "admin",
    "owner",
    "operator",
];

/// Every request is valid but for who sends it, and names things of the workspace by their real ids. Where a row names nothing, the
/// stranger, who owns another workspace, gets what is their own. 404 for what is foreign or hidden, never 403; 403 for what one sees and
/// may not do.
#[rustfmt::skip]
const TABLE: &[(&str, &str, [u16; 8])] = &[
    //                                                                  nobody visit. strang unass. member admin owner operator
    ("POST",   "/account",                                             [201, 201, 201, 201, 201, 201, 201, 201]),
    ("POST",   "/account/confirm",                                     [404, 404, 404, 404, 404, 404, 404, 404]),
    ("POST",   "/account/password/forgotten",                          [202, 202, 202, 202, 202, 202, 202, 202]),
    ("POST",   "/account/password/reset",                              [404, 404, 404, 404, 404, 404, 404, 404]),
    ("PUT",    "/account/password",                                    [401, 401, 200, 200, 200, 200, 200, 200]),
    ("POST",   "/account/verification",                                [401, 401, 202, 202, 202, 202, 202, 202]),
    ("POST",   "/account/verified",                                    [401, 401, 404, 404, 404, 404, 404, 404]),
    ("POST",   "/account/email",                                       [401, 401, 202, 202, 202, 202, 202, 202]),
    ("POST",   "/account/email/confirmed",                             [404, 404, 404, 404, 404, 404, 404, 404]),
    ("POST",   "/session",                                             [200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/session",                                             [401, 401, 200, 200, 200, 200, 200, 200]),
    ("DELETE", "/session",                                             [401, 401, 204, 204, 204, 204, 204, 204]),
    ("POST",   "/session/proof",                                       [401, 401, 200, 200, 200, 200, 200, 200]),
    ("POST",   "/session/proof/options",                               [401, 401, 200, 200, 200, 200, 200, 200]),
    // Nobody here was asked for a second factor, or has one.
    ("POST",   "/session/second-factor",                               [401, 401, 401, 401, 401, 401, 401, 401]),
    ("POST",   "/session/passkey/options",                             [200, 200, 200, 200, 200, 200, 200, 200]),
    ("POST",   "/session/passkey",                                     [401, 401, 401, 401, 401, 401, 401, 401]),
    ("GET",    "/account/second-factor",                               [401, 401, 200, 200, 200, 200, 200, 200]),
    ("POST",   "/account/totp",                                        [401, 401, 200, 200, 200, 200, 200, 200]),
    ("POST",   "/account/totp/confirmed",                              [401, 401, 409, 409, 409, 409, 409, 409]),
    ("DELETE", "/account/totp",                                        [401, 401, 404, 404, 404, 404, 404, 404]),
    ("POST",   "/account/backup-codes",                                [401, 401, 409, 409, 409, 409, 409, 409]),
    ("POST",   "/account/passkeys/options",                            [401, 401, 200, 200, 200, 200, 200, 200]),
    ("POST",   "/account/passkeys",                                    [401, 401, 409, 409, 409, 409, 409, 409]),
    ("PATCH",  "/account/passkeys/{passkey}",                          [401, 401, 404, 404, 404, 404, 404, 404]),
    ("DELETE", "/account/passkeys/{passkey}",                          [401, 401, 404, 404, 404, 404, 404, 404]),
    ("GET",    "/account/sessions",                                    [401, 401, 200, 200, 200, 200, 200, 200]),
    ("DELETE", "/account/sessions",                                    [401, 401, 204, 204, 204, 204, 204, 204]),
    ("DELETE", "/account/sessions/{session}",                          [401, 401, 404, 404, 404, 404, 204, 404]),
    ("POST",   "/session/workspace",                                   [401, 401, 404, 200, 200, 200, 200, 404]),
    ("POST",   "/session/invitation",                                  [401, 401, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/sign-in-options",                                     [200, 200, 200, 200, 200, 200, 200, 200]),
    ("POST",   "/session/providers/{provider}",                        [200, 200, 200, 200, 200, 200, 200, 200]),
    // Those who come back from a provider bring what this browser was given; these bring nothing.
    ("GET",    "/sign-in/google",                                      [303, 303, 303, 303, 303, 303, 303, 303]),
    ("POST",   "/sign-in/apple",                                       [303, 303, 303, 303, 303, 303, 303, 303]),
    ("POST",   "/session/provider",                                    [400, 400, 400, 400, 400, 400, 400, 400]),
    ("GET",    "/account/identities",                                  [401, 401, 200, 200, 200, 200, 200, 200]),
    ("POST",   "/account/identities",                                  [401, 401, 400, 400, 400, 400, 400, 400]),
    ("POST",   "/account/identities/{provider}/link",                  [401, 401, 200, 200, 200, 200, 200, 200]),
    ("DELETE", "/account/identities/{provider}",                       [401, 401, 404, 404, 404, 404, 404, 404]),
    ("POST",   "/webhooks/apple/sign-in",                              [401, 401, 401, 401, 401, 401, 401, 401]),
    ("POST",   "/invitations/preview",                                 [200, 200, 200, 200, 200, 200, 200, 200]),
    ("POST",   "/invitations/accept",                                  [201, 201, 201, 201, 201, 201, 201, 201]),
    ("POST",   "/workspaces",                                          [401, 401, 201, 201, 201, 201, 201, 201]),
    ("PATCH",  "/workspace",                                           [401, 401, 204, 403, 403, 403, 204, 204]),
    ("GET",    "/workspace/password-length",                           [401, 401, 200, 403, 403, 403, 200, 200]),
    ("PUT",    "/workspace/password-length",                           [401, 401, 204, 403, 403, 403, 204, 204]),
    ("DELETE", "/workspace",                                           [401, 401, 422, 403, 403, 403, 200, 422]),
    ("POST",   "/workspace/keep",                                      [401, 401, 204, 403, 403, 403, 204, 204]),
    ("PUT",    "/workspace/second-factor",                             [401, 401, 200, 403, 403, 403, 200, 200]),
    ("DELETE", "/workspace/membership",                                [401, 401, 409, 204, 204, 204, 409, 409]),
    ("GET",    "/team/permissions",                                    [401, 401, 200, 200, 200, 200, 200, 200]),
    ("GET",    "/team/members",                                        [401, 401, 200, 403, 403, 200, 200, 200]),
    ("PATCH",  "/team/members/{member}",                               [401, 401, 404, 403, 403, 403, 200, 404]),
    ("DELETE", "/team/members/{member}",                               [401, 401, 404, 403, 403, 403, 204, 404]),
    ("PUT",    "/team/members/{member}/projects",                      [401, 401, 404, 403, 403, 200, 200, 404]),
    ("POST",   "/team/owner",                                          [401, 401, 404, 403, 403, 403, 204, 404]),
    ("GET",    "/team/invitations",                                    [401, 401, 200, 403, 403, 403, 200, 200]),
    ("POST",   "/team/invitations",                                    [401, 401, 422, 403, 403, 403, 201, 422]),
    ("POST",   "/team/invitations/{invitation}/link",                  [401, 401, 404, 403, 403, 403, 200, 404]),
    ("DELETE", "/team/invitations/{invitation}",                       [401, 401, 404, 403, 403, 403, 204, 404]),
    ("GET",    "/audit",                                               [401, 401, 200, 403, 403, 200, 200, 200]),
    ("GET",    "/audit/key",                                           [401, 401, 200, 403, 403, 200, 200, 200]),
    ("GET",    "/audit/export",                                        [401, 401, 200, 403, 403, 200, 200, 200]),
    ("GET",    "/projects",                                            [401, 401, 200, 200, 200, 200, 200, 200]),
    ("POST",   "/projects",                                            [401, 401, 201, 403, 403, 201, 201, 201]),
    ("GET",    "/projects/{project}",                                  [401, 401, 404, 404, 200, 200, 200, 404]),
    ("PATCH",  "/projects/{project}",                                  [401, 401, 404, 404, 403, 200, 200, 404]),
    ("DELETE", "/projects/{project}",                                  [401, 401, 404, 404, 403, 204, 204, 404]),
    ("GET",    "/projects/{project}/documents",                        [401, 401, 404, 404, 200, 200, 200, 404]),
    ("POST",   "/projects/{project}/documents",                        [401, 401, 404, 404, 201, 201, 201, 404]),
    ("GET",    "/projects/{project}/documents/{document}",             [401, 401, 404, 404, 200, 200, 200, 404]),
    ("GET",    "/projects/{project}/documents/{document}/original",    [401, 401, 404, 404, 200, 200, 200, 404]),
    ("PUT",    "/projects/{project}/documents/{document}",             [401, 401, 404, 404, 200, 200, 200, 404]),
    ("PATCH",  "/projects/{project}/documents/{document}",             [401, 401, 404, 404, 200, 200, 200, 404]),
    ("DELETE", "/projects/{project}/documents/{document}",             [401, 401, 404, 404, 204, 204, 204, 404]),
    ("POST",   "/projects/{project}/questions",                        [401, 401, 404, 404, 200, 200, 200, 404]),
    ("POST",   "/projects/{project}/messages/{message}/feedback",      [401, 401, 404, 404, 204, 204, 204, 404]),
    ("GET",    "/projects/{project}/conversations",                    [401, 401, 404, 404, 200, 200, 200, 404]),
    ("GET",    "/projects/{project}/conversations/{conversation}",     [401, 401, 404, 404, 200, 200, 200, 404]),
    ("GET",    "/projects/{project}/analytics",                        [401, 401, 404, 404, 200, 200, 200, 404]),
    ("GET",    "/projects/{project}/widget",                           [401, 401, 404, 404, 200, 200, 200, 404]),
    ("PATCH",  "/projects/{project}/widget",                           [401, 401, 404, 404, 403, 200, 200, 404]),
    ("POST",   "/projects/{project}/widget/key",                       [401, 401, 404, 404, 403, 200, 200, 404]),
    // At the widget's door a session counts for nothing: everybody comes from an allowed page, and only the visitor has a token.
    ("POST",   "/widget/{key}/visits",                                 [201, 201, 201, 201, 201, 201, 201, 201]),
    ("POST",   "/widget/{key}/questions",                              [401, 200, 401, 401, 401, 401, 401, 401]),
    ("GET",    "/widget/{key}/conversation",                           [401, 200, 401, 401, 401, 401, 401, 401]),
    ("POST",   "/widget/{key}/messages/{message}/feedback",            [401, 204, 401, 401, 401, 401, 401, 401]),
    // To everybody else the operators' door is not there.
    ("GET",  "/actors",                                                     [404, 404, 404, 404, 404, 404, 404, 200]),
    ("GET",  "/actors/stream",                                              [404, 404, 404, 404, 404, 404, 404, 200]),
    ("POST", "/actors/{actor}/reset",                                       [404, 404, 404, 404, 404, 404, 404, 200]),
    ("POST", "/actors/{actor}/evict",                                       [404, 404, 404, 404, 404, 404, 404, 200]),
    ("GET",  "/acts",                                                       [404, 404, 404, 404, 404, 404, 404, 200]),
];

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

impl Cast {
    async fn gather(app: &TestApp) -> Self {
        let (mut owner, stranger, host) = (app.owner("ada").await, app.owner("eve").await, app.owner("hedy").await);
        let operator = app.operator().await;
        let project = owner.project("Lantern").await;
        let (_, uploaded) = owner
            .upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
            .await;
        let admin = app.admin(&mut owner).await;
        let mut member = app.member(&mut owner, &[&project]).await;
        let unassigned = app.member(&mut owner, &[]).await;
        owner.invite("invited@example.com", "member", &[]).await;
        let invitations = owner.get("/team/invitations").await.1;
        let asked = owner.question(&project, "How do I export my data?").await;
        let (_, widget) = owner
            .patch(&format!("{project}/widget"), json!({ "allowed_origins": [SITE] }))
            .await;
        let key = text(&widget["public_key"]);
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
        let mut elsewhere = app.nobody();
        elsewhere
            .post("/session", json!({ "email": owner.email, "password": PASSWORD }))
            .await;
        let sessions = owner.get("/account/sessions").await.1;
        let things = BTreeMap::from([
            ("project", last(&project)),
            ("document", text(&uploaded["documents"][0]["id"])),
            ("conversation", text(&asked["conversation"])),
            ("message", text(&asked["message"])),
            ("own message", text(&own["message"])),
            ("member", member.id().await),
            ("invitation", text(&invitations["invitations"][0]["id"])),
            ("session", text(&sessions["sessions"][1]["id"])),
            ("key", key.clone()),
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
            format!("{project}/conversations"),
            format!("{project}/widget"),
        ] {
            let (status, value) = self.owner.get(&path).await;
            assert_eq!(status, StatusCode::OK, "{path}");
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
        ("DELETE", _) | ("POST", "/team/owner") | ("PATCH", "/team/members/{member}") => Spent::All,
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
    let mut settings: Vec<(&str, &str)> = both.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    settings.push(("PERNOEX_LIMIT_FACTOR", "10000"));
    TestApp::start_with(Clock::system(), &settings).await
}

#[tokio::test]
async fn every_route_answers_each_person_as_the_table_says() {
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
    // The refusals first: together they must change nothing.
    for (method, template, expected) in TABLE {
        for (who, expected) in PEOPLE.into_iter().zip(*expected) {
            if expected >= 400 {
                check(cast.ask(who, method, template).await, expected, who, method, template);
            }
        }
    }
    assert_eq!(cast.look().await, before, "a refused request changed something");
    for (method, template, expected) in TABLE {
        let mut used = Spent::Nothing;
        for (who, expected) in PEOPLE.into_iter().zip(*expected).filter(|(_, expected)| *expected < 400) {
            if used == Spent::All {
                cast = Cast::gather(&app).await;
            }
            check(cast.ask(who, method, template).await, expected, who, method, template);
            used = spent(method, template);
        }
        if used != Spent::Nothing {
            cast = Cast::gather(&app).await;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
                    "key" if !exists => format!("pk_{}", "a".repeat(43)),
                    "project" | "document" | "conversation" | "message" | "member" | "invitation" | "session" if !exists => {
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

#[tokio::test]
async fn the_openapi_document_describes_every_route() {
    let app = TestApp::start().await;
    let text = reqwest::get(format!("{}/api/openapi.json", app.url))
        .await
        .unwrap()
        .bytes()
        .await
        .unwrap();
    let document: Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let mut names = std::collections::BTreeSet::new();
    for route in routes::api() {
        let method = route.method.as_str().to_lowercase();
        let what = format!("{method} {}", route.path);
        let operation = &document["paths"][format!("{}{}", route.door.base(), route.path)][&method];
        assert!(operation.is_object(), "{what}");
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} is the name of two operations");
        assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{what}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(
            responses.keys().any(|status| status.starts_with(['2', '3'])),
            "{what} documents what it answers"
        );
        let problem = &responses["default"]["content"]["application/problem+json"]["schema"]["$ref"];
        assert_eq!(problem, "#/components/schemas/Problem", "{what} documents how it refuses");
        let security = operation["security"].as_array().unwrap();
        let needs = |scheme: &str| security.iter().all(|one| one[scheme].is_array()) && !security.is_empty();
        match route.door {
            Door::Open | Door::Callback => assert_eq!(security, &[json!({})], "{what}"),
            Door::Session | Door::Operator => assert!(needs("session") && (method == "get" || needs("csrf")), "{what}: {security:?}"),
            Door::Widget => assert!(needs("visitor") || route.path.ends_with("/visits"), "{what}: {security:?}"),
        }
        for parameter in route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            let parameters = operation["parameters"].as_array().unwrap();
            assert!(
                parameters.iter().any(|one| one["name"] == parameter && one["required"] == true),
                "{what}: {parameter}"
            );
        }
    }
    for (name, path) in document["paths"].as_object().unwrap() {
        for method in path.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            let known = routes::api()
                .iter()
                .any(|route| format!("{}{}", route.door.base(), route.path) == *name && route.method.as_str().to_lowercase() == *method);
            assert!(known, "{method} {name} is described and not mounted");
        }
    }
    // Every reference leads somewhere.
    let text = document.to_string();
    for reference in text
        .split("\"#/components/schemas/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
    {
        assert!(document["components"]["schemas"][reference].is_object(), "{reference}");
    }
}
