//! Another embedding model takes over while questions are asked.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use pernoex::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    PASSWORD, Person, TestApp,
    embedder::{Act, EMBEDDING_KEY, FakeEmbedder},
    front,
    process::{self, Process},
};

const BUILT_IN: &str = "all-MiniLM-L6-v2";
const MACHINES: [&str; 20] = [
    "lathe",
    "crane",
    "pump",
    "kiln",
    "press",
    "mixer",
    "drill",
    "loom",
    "boiler",
    "grinder",
    "conveyor",
    "welder",
    "router",
    "sander",
    "chiller",
    "furnace",
    "shredder",
    "centrifuge",
    "compressor",
    "turbine",
];

fn manual(machine: &str) -> (String, Vec<u8>) {
    let text = format!(
        "# Manual of the {machine}\n\n## Service\n\nThe {machine} is oiled every forty hours. Turn the {machine} off before you open the lid.\n"
    );
    (format!("{machine}.md"), text.into_bytes())
}

/// A project with a manual of each machine.
async fn works(person: &mut Person, name: &str) -> String {
    let project = person.project(name).await;
    let manuals: Vec<_> = MACHINES.iter().map(|machine| manual(machine)).collect();
    let files: Vec<(&str, &[u8])> = manuals.iter().map(|(name, text)| (name.as_str(), text.as_slice())).collect();
    for some in files.chunks(10) {
        let (status, uploaded) = person.upload(Method::POST, &format!("{project}/documents"), some).await;
        assert_eq!(status, StatusCode::CREATED, "{uploaded}");
    }
    person.settled(&project).await;
    project
}

fn asks(machine: &str) -> String {
    format!("How often is the {machine} oiled?")
}

async fn expect_answer(person: &mut Person, project: &str, machine: &str) {
    let answer = person.question(project, &asks(machine)).await;
    assert_eq!(answer["outcome"], "answered", "{machine}: {answer}");
    assert!(answer["text"].as_str().unwrap().contains("forty hours"), "{answer}");
    assert_eq!(answer["citations"][0]["title"], format!("Manual of the {machine}"), "{answer}");
}

/// While its document may wait for its meaning.
async fn found_in_time(person: &mut Person, project: &str, machine: &str) {
    let mut found = Value::Null;
    for _ in 0..200 {
        found = person.question(project, &asks(machine)).await;
        if found["citations"][0]["title"] == format!("Manual of the {machine}") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{found}");
}

async fn embedding(person: &mut Person, project: &str) -> Value {
    let (status, embedding) = person.get(&format!("{project}/embedding")).await;
    assert_eq!(status, StatusCode::OK, "{embedding}");
    embedding
}

async fn until(person: &mut Person, project: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..1_200 {
        let now = embedding(person, project).await;
        if holds(&now) {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not in time: {what}: {}", embedding(person, project).await);
}

async fn taken_over(person: &mut Person, project: &str, model: &str) {
    until(person, project, "it takes over", |now| {
        now["model"] == model && now["takes_over"].is_null()
    })
    .await;
}

fn configure(app: &mut TestApp, settings: &[(String, String)]) {
    for (name, value) in settings {
        app.configure(name, value);
    }
    app.configure("EMBEDDING_BATCH", "4");
}

fn unset(app: &mut TestApp, prefix: &str) {
    for name in ["BASE_URL", "API_KEY", "MODEL", "DIMENSIONS"] {
        app.configure(&format!("{prefix}{name}"), "");
    }
}

async fn restart(app: &mut TestApp, person: &mut Person) {
    app.restart().await;
    person.url.clone_from(&app.url);
}

async fn figure(app: &TestApp, name: &str) -> f64 {
    let page = reqwest::get(format!("http://{}/metrics", app.metrics.unwrap())).await.unwrap();
    let page = page.text().await.unwrap();
    let line = page
        .lines()
        .find(|line| line.starts_with(name) && line.as_bytes()[name.len()] == b' ');
    line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn another_model_takes_over_while_questions_are_asked_and_nobody_notices() {
    let model = FakeEmbedder::start(Act::Only(8)).await;
    let mut app = TestApp::with(&[("PERNOEX_METRICS_LISTEN", "127.0.0.1:0"), ("PERNOEX_LIMIT_FACTOR", "10000")]).await;
    let mut ada = app.owner("ada").await;
    let project = works(&mut ada, "Works").await;
    expect_answer(&mut ada, &project, "lathe").await;
    let before = embedding(&mut ada, &project).await;
    assert_eq!(before, json!({ "model": BUILT_IN, "elsewhere": false, "takes_over": null }));

    configure(&mut app, &model.settings("small"));
    restart(&mut app, &mut ada).await;
    let halfway = until(&mut ada, &project, "it waits halfway", |now| {
        now["takes_over"]["done"].as_u64() >= Some(8) && now["takes_over"]["waits"].is_string()
    })
    .await;
    assert_eq!((&halfway["model"], &halfway["elsewhere"]), (&json!(BUILT_IN), &json!(true)));
    assert_eq!(
        (&halfway["takes_over"]["model"], &halfway["takes_over"]["passages"]),
        (&json!("small"), &json!(20))
    );
    let why = halfway["takes_over"]["waits"].as_str().unwrap();
    assert!(why.contains("503") && !why.contains(EMBEDDING_KEY), "{why}");
    assert!((figure(&app, "pernoex_reembedding_projects").await - 1.0).abs() < 0.5);

    // Documents come and go meanwhile, and the server is killed in the middle.
    let (name, text) = manual("plotter");
    let (_, uploaded) = ada.upload(Method::POST, &format!("{project}/documents"), &[(&name, &text)]).await;
    assert_eq!(uploaded["documents"].as_array().unwrap().len(), 1);
    let documents = ada.settled(&project).await;
    let gone = documents.iter().find(|one| one["name"] == "crane.md").unwrap()["id"]
        .as_str()
        .unwrap();
    let (status, _) = ada.delete(&format!("{project}/documents/{gone}"), None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    restart(&mut app, &mut ada).await;
    let resumed = embedding(&mut ada, &project).await;
    assert!(
        resumed["takes_over"]["done"].as_u64() >= Some(7),
        "what was done stays done: {resumed}"
    );
    expect_answer(&mut ada, &project, "plotter").await;

    // Asked all the while, until long after.
    let (over, asked, freed) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let mut asker = ada.again();
    let ask = async {
        while !over.load(Ordering::SeqCst) {
            let machine = ["lathe", "turbine", "kiln", "plotter"][asked.fetch_add(1, Ordering::SeqCst) % 4];
            expect_answer(&mut asker, &project, machine).await;
        }
    };
    let watch = async {
        model.act(Act::Embed);
        freed.store(model.sent().len(), Ordering::SeqCst);
        taken_over(&mut ada, &project, "small").await;
        // Each of the four was asked for since, however slow the machine is.
        let before = asked.load(Ordering::SeqCst);
        while asked.load(Ordering::SeqCst) <= before + 5 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        over.store(true, Ordering::SeqCst);
    };
    tokio::join!(ask, watch);
    assert!(figure(&app, "pernoex_embedding_fallbacks_total").await < 0.5);
    assert!(figure(&app, "pernoex_reembedding_projects").await < 0.5);

    // Every document went there once, and none that was gone.
    let texts = model.texts(freed.load(Ordering::SeqCst));
    let manuals: Vec<&String> = texts.iter().filter(|text| text.contains("Manual of the plotter")).collect();
    assert_eq!(manuals.len(), 1, "{manuals:?}");
    assert!(texts.iter().any(|text| *text == asks("lathe")), "questions go there now");
    let answer = ada.question(&project, &asks("crane")).await;
    assert!(!answer.to_string().contains("Manual of the crane"), "{answer}");
    let sent = model.sent().pop().unwrap();
    assert_eq!(sent.header("authorization").unwrap(), format!("Bearer {EMBEDDING_KEY}"));
    assert_eq!(sent.line, "POST /v1/embeddings HTTP/1.1");
    // What nobody wrote about is not known, by this model either.
    let unknown = ada.question(&project, "Who was the first king of France?").await;
    assert_eq!(unknown["outcome"], "unanswered", "{unknown}");
    if let Some(mut node) = app.beside() {
        let mut there = ada.again();
        there.url.clone_from(&node.url);
        expect_answer(&mut there, &project, "kiln").await;
        node.stop().await;
    }

    // And home again: what the built-in model made is there still, but for what came since.
    let (name, text) = manual("scanner");
    ada.upload(Method::POST, &format!("{project}/documents"), &[(&name, &text)]).await;
    ada.settled(&project).await;
    unset(&mut app, "EMBEDDING_");
    configure(&mut app, &model.previous("small"));
    restart(&mut app, &mut ada).await;
    taken_over(&mut ada, &project, BUILT_IN).await;
    for machine in ["scanner", "lathe", "plotter"] {
        expect_answer(&mut ada, &project, machine).await;
    }
    let asked_there = model.sent().len();
    expect_answer(&mut ada, &project, "kiln").await;
    assert_eq!(model.sent().len(), asked_there, "nothing leaves the server any more");
}

#[tokio::test]
async fn while_the_endpoint_is_down_questions_are_looked_for_by_their_words_and_documents_wait() {
    let model = FakeEmbedder::start(Act::Embed).await;
    let (clock, passing) = (Clock::manual(Clock::system().now()), Arc::new(AtomicBool::new(true)));
    let mut app = TestApp::prepare(
        clock.clone(),
        &[("PERNOEX_METRICS_LISTEN", "127.0.0.1:0"), ("EMBEDDING_TIMEOUT_S", "1")],
    )
    .await;
    app.stick();
    let (time, passes) = (clock.clone(), passing.clone());
    tokio::spawn(async move {
        loop {
            if passes.load(Ordering::SeqCst) {
                time.advance(200);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    configure(&mut app, &model.settings("small"));
    app.start_again();
    let mut ada = app.owner("ada").await;
    let project = works(&mut ada, "Works").await;
    taken_over(&mut ada, &project, "small").await;
    ada.settled(&project).await;
    passing.store(false, Ordering::SeqCst);
    let quiet = figure(&app, "pernoex_embedding_fallbacks_total").await;
    for (act, machine) in [
        (Act::HangUp, "lathe"),
        (Act::Late(Duration::from_secs(20)), "kiln"),
        (Act::Wrong, "pump"),
        (Act::Status(401, None), "press"),
        (Act::Status(429, Some(3600)), "drill"),
    ] {
        model.act(act);
        let before = model.sent().len();
        expect_answer(&mut ada, &project, machine).await;
        // Once: then it is left alone for a while.
        expect_answer(&mut ada, &project, machine).await;
        assert_eq!(model.sent().len(), before + 1);
        clock.advance(31_000);
    }
    assert!(figure(&app, "pernoex_embedding_fallbacks_total").await >= quiet + 10.0);

    model.act(Act::HangUp);
    let (name, text) = manual("plotter");
    ada.upload(Method::POST, &format!("{project}/documents"), &[(&name, &text)]).await;
    // Read, and found by its words.
    found_in_time(&mut ada, &project, "plotter").await;
    let (_, list) = ada.get(&format!("{project}/documents?status=embedding")).await;
    assert_eq!(list["documents"].as_array().unwrap().len(), 1, "{list}");
    // Others are not held up.
    let other = ada.project("Beside").await;
    let (name, text) = manual("scanner");
    ada.upload(Method::POST, &format!("{other}/documents"), &[(&name, &text)]).await;
    found_in_time(&mut ada, &other, "scanner").await;
    model.act(Act::Embed);
    passing.store(true, Ordering::SeqCst);
    ada.settled(&project).await;
    taken_over(&mut ada, &other, "small").await;
    ada.settled(&other).await;
}

#[tokio::test]
async fn an_endpoint_that_asks_to_wait_is_given_the_time() {
    let model = FakeEmbedder::start(Act::Status(429, Some(600))).await;
    let clock = Clock::manual(Clock::system().now());
    let mut app = TestApp::prepare(clock.clone(), &[]).await;
    configure(&mut app, &model.settings("small"));
    app.start_again();
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    until(&mut ada, &project, "it waits", |now| now["takes_over"]["waits"].is_string()).await;
    clock.advance(300_000);
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(model.sent().len(), 1, "it was asked before its time");
    model.act(Act::Embed);
    clock.advance(310_000);
    taken_over(&mut ada, &project, "small").await;
}

#[tokio::test]
async fn an_endpoint_that_is_particular_is_made_do_with() {
    let model = FakeEmbedder::start(Act::OneSize).await;
    let mut app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = works(&mut ada, "Works").await;
    configure(&mut app, &model.settings("small"));
    restart(&mut app, &mut ada).await;
    taken_over(&mut ada, &project, "small").await;
    expect_answer(&mut ada, &project, "lathe").await;
    let sizes = model.sent().iter().filter(|sent| sent.body.get("dimensions").is_some()).count();
    assert!((1..=front::nodes()).contains(&sizes), "each node told it of a size once: {sizes}");
    // Another model of the same server, which does not take everything: that text is found by its words, and the rest goes on.
    model.act(Act::Picky("turbine"));
    unset(&mut app, "EMBEDDING_");
    configure(&mut app, &model.settings("large"));
    configure(&mut app, &model.previous("small"));
    restart(&mut app, &mut ada).await;
    taken_over(&mut ada, &project, "large").await;
    for machine in ["lathe", "turbine"] {
        expect_answer(&mut ada, &project, machine).await;
    }
}

#[tokio::test]
async fn without_settings_for_what_made_the_vectors_questions_are_looked_for_by_their_words() {
    let model = FakeEmbedder::start(Act::Embed).await;
    let mut app = TestApp::prepare(Clock::system(), &[]).await;
    configure(&mut app, &model.settings("small"));
    app.start_again();
    let mut ada = app.owner("ada").await;
    let project = works(&mut ada, "Works").await;
    taken_over(&mut ada, &project, "small").await;
    ada.settled(&project).await;
    // Another one is wanted that does not answer, and nobody said where the first one is.
    model.act(Act::HangUp);
    configure(&mut app, &model.settings("large"));
    restart(&mut app, &mut ada).await;
    let asked = model.sent().len();
    until(&mut ada, &project, "it waits", |now| now["takes_over"]["waits"].is_string()).await;
    expect_answer(&mut ada, &project, "lathe").await;
    assert!(
        model.texts(asked).iter().all(|text| *text != asks("lathe")),
        "it was asked by another model"
    );
    model.act(Act::Embed);
    taken_over(&mut ada, &project, "large").await;
    expect_answer(&mut ada, &project, "lathe").await;
}

#[tokio::test]
async fn the_endpoints_key_is_in_no_log_and_may_come_in_a_file() {
    let model = FakeEmbedder::start(Act::Status(401, None)).await;
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("embedding.key");
    std::fs::write(&key, format!("{EMBEDDING_KEY}\n")).unwrap();
    let mut settings = process::settings(folder.path());
    settings.extend(model.settings("small").into_iter().filter(|(name, _)| name != "EMBEDDING_API_KEY"));
    settings.extend([
        ("EMBEDDING_API_KEY_FILE".to_owned(), key.display().to_string()),
        ("PERNOEX_LOG".to_owned(), "trace".to_owned()),
        ("PERNOEX_SIGN_UP".to_owned(), "open".to_owned()),
    ]);
    let process = Process::start(&settings);
    let mut ada = Person::at(&process.url);
    ada.email = "ada@example.com".into();
    let body = json!({ "email": ada.email, "password": PASSWORD, "workspace": "ada" });
    let (status, session) = ada.post("/account", body).await;
    assert_eq!(status, StatusCode::CREATED, "{session}");
    ada.took(&session);
    let project = ada.project("Works").await;
    until(&mut ada, &project, "it is refused", |now| now["takes_over"]["waits"].is_string()).await;
    process.signal("TERM");
    let (_, out, log) = process.end(Duration::from_secs(30));
    assert!(log.contains("it answered with status 401"));
    assert_eq!(model.sent()[0].header("authorization").unwrap(), format!("Bearer {EMBEDDING_KEY}"));
    assert!(!log.contains(EMBEDDING_KEY) && !out.contains(EMBEDDING_KEY));
}
