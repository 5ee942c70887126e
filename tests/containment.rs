//! Faults on purpose: what breaks in one actor of one workspace stays there, and what was acknowledged stays stored.

use std::time::Duration;

use actors::{
    TenantId,
    faults::{Effect, Point, clear, inject},
};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{GUIDE, PASSWORD, Person, TestApp};

const QUESTION: &str = "How do I export my data?";

/// A workspace with a project that answers.
struct Workspace {
    owner: Person,
    tenant: TenantId,
    project: String,
}

impl Workspace {
    async fn found(app: &TestApp, name: &str) -> Self {
        let mut owner = app.owner(name).await;
        let project = owner.project("Lantern").await;
        let (status, _) = owner
            .upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
            .await;
        assert_eq!(status, StatusCode::CREATED);
        owner.settled(&project).await;
        let answer = owner.question(&project, QUESTION).await;
        assert_eq!(answer["outcome"], "answered");
        let tenant = owner.get("/session").await.1["workspace"]["id"].as_str().unwrap().parse().unwrap();
        Self { owner, tenant, project }
    }

    async fn ask(&mut self) -> StatusCode {
        let path = format!("{}/questions", self.project);
        self.owner.post(&path, json!({ "question": QUESTION })).await.0
    }

    async fn list(&mut self) -> StatusCode {
        self.owner.get("/projects").await.0
    }

    /// Everything that a workspace can be asked for.
    async fn is_whole(&mut self) {
        assert_eq!(self.ask().await, StatusCode::OK);
        assert_eq!(self.list().await, StatusCode::OK);
        assert_eq!(self.owner.get(&format!("{}/documents", self.project)).await.0, StatusCode::OK);
        let name = format!("Other {}", uuid::Uuid::new_v4());
        let (status, made) = self.owner.post("/projects", json!({ "name": name })).await;
        assert_eq!(status, StatusCode::CREATED, "the vault mints a key: {made}");
    }

    async fn recovers(&mut self) {
        for _ in 0..400 {
            if self.ask().await == StatusCode::OK && self.list().await == StatusCode::OK {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("does not recover");
    }

    fn fails(&self, point: Point, effect: Effect, times: usize) {
        inject(self.tenant, point, effect, times);
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        clear(self.tenant);
    }
}

/// What leads a request to the actor of a kind.
async fn provoke(workspace: &mut Workspace, kind: &str) -> StatusCode {
    match kind {
        "sessions" => workspace.owner.get("/session").await.0,
        "tenant" => workspace.list().await,
        "vault" => {
            let name = format!("Provoked {}", uuid::Uuid::new_v4());
            workspace.owner.post("/projects", json!({ "name": name })).await.0
        }
        _ => workspace.owner.get(&format!("{}/documents", workspace.project)).await.0,
    }
}

const HANG: Effect = Effect::Hang {
    bound: Duration::from_millis(150),
};

#[tokio::test]
async fn each_kind_of_fault_in_each_kind_of_actor_costs_one_request_and_no_neighbour() {
    let app = TestApp::start().await;
    let (mut ada, mut eve) = (Workspace::found(&app, "ada").await, Workspace::found(&app, "eve").await);
    for kind in ["tenant", "vault", "sessions", "project"] {
        for effect in [Effect::Panic, Effect::PanicLater, HANG] {
            ada.fails(Point::Serve(kind), effect, 1);
            let status = provoke(&mut ada, kind).await;
            assert!(status.is_server_error(), "{kind} {effect:?}: {status}");
            assert!(provoke(&mut eve, kind).await.is_success(), "{kind} {effect:?}: another workspace");
            ada.recovers().await;
        }
    }
    ada.is_whole().await;
    eve.is_whole().await;
}

#[tokio::test]
async fn siblings_answer_while_one_actor_is_quarantined_and_it_comes_back_by_reset() {
    let mut app = TestApp::start().await;
    app.stick();
    let (mut ada, mut eve) = (Workspace::found(&app, "ada").await, Workspace::found(&app, "eve").await);
    let mut operator = app.operator().await;
    ada.fails(Point::Serve("project"), Effect::Panic, 100);
    let path = format!("{}/documents", ada.project);
    let mut refused = None;
    for _ in 0..20 {
        let answer = ada.owner.send(Method::GET, &path, None, &[]).await;
        if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
            refused = Some(answer);
            break;
        }
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
    let refused = refused.expect("it is quarantined after a few");
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=31).contains(&wait), "{wait}");
    clear(ada.tenant);
    assert_eq!(
        ada.ask().await,
        StatusCode::SERVICE_UNAVAILABLE,
        "the whole project, for the whole time"
    );
    assert_eq!(ada.list().await, StatusCode::OK, "the supervisor answers");
    assert_eq!(ada.owner.get("/session").await.0, StatusCode::OK, "and the sessions");
    let other = ada.owner.project("Second").await;
    assert_eq!(
        ada.owner.get(&format!("{other}/documents")).await.0,
        StatusCode::OK,
        "and another project"
    );
    eve.is_whole().await;

    let actors = operator.get("/operator/api/actors?state=quarantined").await.1;
    let actor = &actors["tenants"][0]["actors"][0];
    assert_eq!(
        (actor["state"].as_str(), actor["last_failure"].as_str()),
        (Some("quarantined"), Some("panic"))
    );
    let id = actor["id"].as_str().unwrap().to_owned();
    let (status, done) = operator.post(&format!("/operator/api/actors/{id}/reset"), json!({})).await;
    assert_eq!(status, StatusCode::OK, "{done}");
    ada.is_whole().await;
}

#[tokio::test]
async fn a_quarantined_session_actor_answers_503_to_its_own_workspace_only() {
    let mut app = TestApp::start().await;
    app.stick();
    let (mut ada, mut eve) = (Workspace::found(&app, "ada").await, Workspace::found(&app, "eve").await);
    ada.fails(Point::Serve("sessions"), Effect::Panic, 6);
    for _ in 0..6 {
        ada.owner.get("/session").await;
    }
    let answer = ada.owner.send(Method::GET, "/projects", None, &[]).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    eve.is_whole().await;
}

#[tokio::test]
async fn a_panic_off_the_threads_of_the_actors_leaves_no_broken_index_behind() {
    let app = TestApp::start().await;
    let mut ada = Workspace::found(&app, "ada").await;
    for _ in 0..3 {
        ada.fails(Point::Work, Effect::Panic, 1);
        assert_eq!(ada.ask().await, StatusCode::INTERNAL_SERVER_ERROR);
        ada.recovers().await;
    }
    // In the middle of an index's change, with its lock held or about to be.
    ada.fails(Point::Work, Effect::Panic, 1);
    let path = format!("{}/documents", ada.project);
    ada.owner
        .upload(Method::POST, &path, &[("more.md", b"# More\n\nThe lantern weighs 300 grams.")])
        .await;
    clear(ada.tenant);
    ada.recovers().await;
    ada.is_whole().await;
}

#[tokio::test]
async fn an_actor_that_cannot_be_built_is_tried_again_with_back_off() {
    let app = TestApp::start().await;
    let mut ada = Workspace::found(&app, "ada").await;
    ada.fails(Point::Serve("project"), Effect::Panic, 1);
    ada.fails(Point::Build("project"), Effect::Panic, 3);
    assert!(provoke(&mut ada, "project").await.is_server_error());
    // The next one waits in the mailbox through three failed builds, and is served by the fourth.
    assert_eq!(provoke(&mut ada, "project").await, StatusCode::OK);
    ada.is_whole().await;
}

#[tokio::test]
async fn what_was_acknowledged_survives_every_fault_and_what_failed_leaves_nothing_half_done() {
    let app = TestApp::start().await;
    let mut ada = Workspace::found(&app, "ada").await;
    let faults = [
        (Point::Serve("tenant"), Effect::Panic),
        (Point::Served("tenant"), Effect::Panic),
        (Point::Serve("tenant"), HANG),
        (Point::Begin, Effect::Refuse),
        (Point::Commit, Effect::Refuse),
        (Point::Serve("vault"), Effect::PanicLater),
    ];
    let mut acknowledged = Vec::new();
    for (n, (point, effect)) in faults.into_iter().cycle().take(24).enumerate() {
        let name = format!("Product {n}");
        if n % 2 == 1 {
            ada.fails(point, effect, 1);
        }
        let (status, made) = ada.owner.post("/projects", json!({ "name": name })).await;
        clear(ada.tenant);
        match status {
            StatusCode::CREATED => acknowledged.push(name),
            status => assert!(status.is_server_error(), "{point:?} {effect:?}: {status} {made}"),
        }
    }
    assert!((12..24).contains(&acknowledged.len()), "{}", acknowledged.len());
    let mut app = app;
    app.restart().await;
    ada.owner.url.clone_from(&app.url);
    let list = ada.owner.get("/projects").await.1;
    for name in &acknowledged {
        let found = list["projects"]
            .as_array()
            .unwrap()
            .iter()
            .find(|project| project["name"] == **name);
        let id = found.unwrap_or_else(|| panic!("{name} is lost"))["id"].as_str().unwrap();
        assert_eq!(
            ada.owner.get(&format!("/projects/{id}/documents")).await.0,
            StatusCode::OK,
            "its key is there"
        );
    }
    // What was not acknowledged is there as a whole or not at all: every project that is listed opens.
    for project in list["projects"].as_array().unwrap() {
        let path = format!("/projects/{}/documents", project["id"].as_str().unwrap());
        assert_eq!(ada.owner.get(&path).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn storage_that_does_not_answer_is_503_and_no_reason_to_rebuild() {
    let app = TestApp::start().await;
    let mut ada = Workspace::found(&app, "ada").await;
    ada.fails(Point::Begin, Effect::Refuse, 2);
    let answer = ada.owner.send(Method::GET, "/projects", None, &[]).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    clear(ada.tenant);
    ada.is_whole().await;
}

/// Long enough for a mailbox to fill meanwhile, on a busy machine too.
const SLOW: Duration = Duration::from_secs(8);

#[tokio::test]
async fn a_flood_of_one_workspace_is_refused_at_once_and_others_do_not_wait() {
    let mut app = TestApp::start().await;
    app.stick();
    let (mut ada, mut eve) = (Workspace::found(&app, "ada").await, Workspace::found(&app, "eve").await);
    ada.fails(Point::Serve("project"), Effect::Slow(SLOW), 1000);
    let path = format!("{}/documents", ada.project);
    let mut operator = app.operator().await;
    let flood: Vec<_> = (0..500)
        .map(|_| {
            let mut one = ada.owner.again();
            let path = path.clone();
            tokio::spawn(async move { one.get(&path).await.0 })
        })
        .collect();
    let operator_sees = async {
        let path = format!("/operator/api/actors?kind=project&tenant={}", ada.tenant);
        for _ in 0..400 {
            let (_, seen) = operator.get(&path).await;
            let actor = &seen["tenants"][0]["actors"][0];
            if actor["peak"] == 256 && actor["refused"].as_u64() > Some(0) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    };
    assert!(operator_sees.await, "the mailbox is seen to be full");
    let began = std::time::Instant::now();
    assert_eq!(eve.ask().await, StatusCode::OK);
    assert!(began.elapsed() < SLOW / 2, "another workspace waits {:?}", began.elapsed());
    assert_eq!(ada.list().await, StatusCode::OK, "nor do the flooded one's own siblings");
    let (mut served, mut refused) = (0, 0);
    for one in flood {
        match one.await.unwrap() {
            StatusCode::OK => served += 1,
            StatusCode::SERVICE_UNAVAILABLE => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert!(served >= 256 && refused > 0, "{served} served, {refused} refused");
    clear(ada.tenant);
    ada.recovers().await;
}

#[tokio::test]
async fn one_workspace_that_floods_the_processor_does_not_hold_up_another() {
    // Limits of how often one may ask are not what this is about.
    let app = TestApp::with(&[("PERNOEX_LIMIT_FACTOR", "1000")]).await;
    let (ada, mut eve) = (Workspace::found(&app, "ada").await, Workspace::found(&app, "eve").await);
    let task = Duration::from_millis(300);
    ada.fails(Point::Work, Effect::Slow(task), 10_000);
    let questions: Vec<_> = (0..100)
        .map(|_| {
            let mut one = ada.owner.again();
            let path = format!("{}/questions", ada.project);
            tokio::spawn(async move { one.post(&path, json!({ "question": QUESTION })).await.0 })
        })
        .collect();
    tokio::time::sleep(5 * task).await;
    for _ in 0..3 {
        let began = std::time::Instant::now();
        assert_eq!(eve.ask().await, StatusCode::OK);
        // A question is one piece of work: it waits for about one task, where the whole flood takes fifty on two cores. The rest is for a
        // machine that is busy otherwise.
        assert!(began.elapsed() < 10 * task, "another workspace waits {:?}", began.elapsed());
    }
    let waiting = questions.iter().filter(|one| !one.is_finished()).count();
    assert!(waiting > 30, "the flood is real: {waiting} of it still wait for themselves");
    for one in &questions {
        one.abort();
    }
    clear(ada.tenant);
}

#[tokio::test]
async fn a_session_that_cannot_be_written_is_told_with_when_to_try_again() {
    let app = TestApp::start().await;
    let ada = Workspace::found(&app, "ada").await;
    let body = json!({ "email": ada.owner.email, "password": PASSWORD });
    let mut phone = app.nobody();
    ada.fails(Point::Commit, Effect::Refuse, 1_000);
    let refused = phone.send(Method::POST, "/session", Some(body.clone()), &[]).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() > 0);
    assert!(!refused.headers().contains_key("set-cookie"));
    let problem: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "storage_unavailable", "{problem}");
    clear(ada.tenant);
    assert_eq!(phone.post("/session", body).await.0, StatusCode::OK);
}
