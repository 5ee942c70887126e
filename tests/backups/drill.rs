//! The old machine is gone. There are the backup and the master key.

use std::os::unix::fs::PermissionsExt;

use actors::clock::Clock;
use reqwest::{Method, StatusCode};

use super::{back_up, essence, files, fresh_machine, names, prepared, sign_in, started};
use crate::support::{
    GUIDE, PASSWORD, Person, TestApp,
    process::{Process, run, settings},
};

const QUESTION: &str = "How do I export my data?";

#[tokio::test]
async fn a_fresh_machine_is_what_the_old_one_was_by_backup_and_master_key_alone() {
    let place = tempfile::tempdir().unwrap();
    let mut app = started(place.path()).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let before = ada.question(&project, QUESTION).await;
    assert_eq!(before["outcome"], "answered");
    let (_, talks) = ada.get(&format!("{project}/conversations")).await;
    let name = back_up(&app).await;
    assert_eq!(names(place.path()), std::slice::from_ref(&name));
    for file in files(place.path()) {
        assert_eq!(
            std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600,
            "{}",
            file.display()
        );
        let bytes = std::fs::read(&file).unwrap();
        for content in [&b"Lantern"[..], b"archive arrives", ada.email.as_bytes()] {
            assert!(!bytes.windows(content.len()).any(|part| part == content), "{}", file.display());
        }
    }
    let (fine, said) = app.command(&["backup", "verify"]);
    assert!(
        fine && said.contains("1 workspaces, 1 projects") && !said.contains("AMISS"),
        "{said}"
    );
    let (_, listed) = app.command(&["backup", "list"]);
    assert!(listed.contains(&name), "{listed}");
    app.stop().await;

    let mut fresh = fresh_machine(&app, place.path()).await;
    let (done, said) = fresh.command(&["restore"]);
    assert!(done && said.contains("are back"), "{said}");
    fresh.start_again();
    ada.url.clone_from(&fresh.url);
    assert_eq!(ada.get("/projects").await.0, StatusCode::UNAUTHORIZED, "nobody is signed in");
    sign_in(&fresh, &mut ada).await;
    assert_eq!(ada.get(&format!("{project}/conversations")).await.1, talks);
    assert_eq!(essence(&ada.question(&project, QUESTION).await), essence(&before));
    let (well, report) = fresh.command(&["doctor"]);
    assert!(well, "{report}");

    // And there is somebody now.
    fresh.stop().await;
    let (done, said) = fresh.command(&["restore"]);
    assert!(!done && said.contains("there is an installation here already"), "{said}");
    fresh.start_again();
    sign_in(&fresh, &mut ada).await;
}

#[tokio::test]
async fn a_backup_of_either_database_is_restored_into_the_other() {
    let place = tempfile::tempdir().unwrap();
    let embedded = tempfile::tempdir().unwrap();
    let to = ("PERNOEX_BACKUP_TO".to_owned(), place.path().display().to_string());
    let mut of_file = settings(embedded.path());
    of_file.extend([to, ("PERNOEX_SIGN_UP".into(), "open".into())]);
    let server = Process::start(&of_file);
    let mut ada = Person::at(&server.url);
    ada.email = format!("ada.{}@example.com", uuid::Uuid::new_v4().simple());
    let account = serde_json::json!({ "email": ada.email, "password": PASSWORD, "workspace": "Ada" });
    let (_, session) = ada.post("/account", account).await;
    ada.took(&session);
    let project = ada.project("Lantern").await;
    ada.upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    ada.settled(&project).await;
    let before = essence(&ada.question(&project, QUESTION).await);
    let (code, said, log) = run(&of_file, &["backup"], embedded.path());
    assert_eq!(code, Some(0), "{said}{log}");
    drop(server);
    if std::env::var_os("PERNOEX_TEST_POSTGRES").is_none() {
        return;
    }

    let old = TestApp::prepare(Clock::system(), &[]).await;
    std::fs::create_dir_all(old.data()).unwrap();
    std::fs::copy(embedded.path().join("data/master.key"), old.data().join("master.key")).unwrap();
    let mut served = fresh_machine(&old, place.path()).await;
    let (done, said) = served.command(&["restore"]);
    assert!(done, "from the file into PostgreSQL: {said}");
    served.start_again();
    sign_in(&served, &mut ada).await;
    assert_eq!(essence(&ada.question(&project, QUESTION).await), before);
    let walls = served.command(&["doctor"]).1;
    assert!(walls.contains("row-level security is forced on every tenant's table"), "{walls}");
    std::fs::remove_file(place.path().join(&names(place.path())[0])).unwrap();
    back_up(&served).await;
    served.stop().await;

    let third = tempfile::tempdir().unwrap();
    of_file.retain(|(name, _)| name != "PERNOEX_DATA");
    of_file.push(("PERNOEX_DATA".into(), third.path().join("data").display().to_string()));
    std::fs::create_dir_all(third.path().join("data")).unwrap();
    std::fs::copy(served.data().join("master.key"), third.path().join("data/master.key")).unwrap();
    let (code, said, log) = run(&of_file, &["restore"], third.path());
    assert_eq!(code, Some(0), "from PostgreSQL into a file: {said}{log}");
    let server = Process::start(&of_file);
    ada.url.clone_from(&server.url);
    let (status, session) = ada
        .post("/session", serde_json::json!({ "email": ada.email, "password": PASSWORD }))
        .await;
    assert_eq!(status, StatusCode::OK, "{session}");
    ada.took(&session);
    assert_eq!(essence(&ada.question(&project, QUESTION).await), before);
}

#[tokio::test]
async fn what_is_written_meanwhile_is_in_it_whole_or_not_at_all() {
    let place = tempfile::tempdir().unwrap();
    let mut app = prepared(Clock::system(), place.path(), &[("PERNOEX_LIMIT_FACTOR", "100")]).await;
    app.start_again();
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    // Until the last backup is made, however long that takes.
    let over = std::cell::Cell::new(false);
    let ask = async |mut person: Person| {
        while !over.get() {
            person.question(&project, QUESTION).await;
        }
    };
    let back_up_often = async {
        let mut made = Vec::new();
        for _ in 0..4 {
            made.push(back_up(&app).await);
        }
        over.set(true);
        made
    };
    let (made, (), ()) = futures_util::future::join3(back_up_often, ask(ada.again()), ask(ada.again())).await;
    app.stop().await;
    let mut seen = Vec::new();
    for name in &made {
        let fresh = fresh_machine(&app, place.path()).await;
        let (done, said) = fresh.command(&["restore", name]);
        assert!(done, "{said}");
        let rows = fresh.rows().await;
        let number = async |sql: &str| -> i64 { rows.ask(sql, vec![]).await[0].try_get("", "number").unwrap() };
        let asked = number("select count(*) as number from message where role = 'visitor'").await;
        // A question and what counts it, in two tables, are one transaction.
        let torn = "select count(*) as number from conversation where questions <> \
            (select count(*) from message where conversation_id = conversation.id and role = 'visitor')";
        assert_eq!(number(torn).await, 0, "a torn conversation");
        let counted = "select cast(coalesce(sum(questions), 0) as bigint) as number from rollup_day";
        assert_eq!(number(counted).await, asked);
        rows.close().await;
        seen.push(asked);
    }
    assert!(seen.is_sorted() && seen[3] > seen[0], "{seen:?} while people asked");
}
