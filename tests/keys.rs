//! Keys are replaced while people work.

use std::time::Duration;

use actors::clock::Clock;
use actors::{
    KeyAdmin, MasterStep, ProjectId, SecretBytes, TenantId,
    faults::{Effect, Point, clear, inject},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{GUIDE, PASSWORD, Person, TestApp};

/// Asks often: not about limits.
async fn start() -> TestApp {
    TestApp::start_with(Clock::system(), &[("PERNOEX_LIMIT_FACTOR", "1000")]).await
}

async fn set_up(app: &TestApp) -> (Person, String, TenantId) {
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    ada.upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    ada.settled(&project).await;
    let asked = ada.question(&project, "How do I export my data?").await;
    let notes = format!("{project}/conversations/{}/notes", asked["conversation"].as_str().unwrap());
    assert_eq!(ada.post(&notes, json!({ "text": "Well said." })).await.0, StatusCode::CREATED);
    let todo = json!({ "text": "Say more." });
    assert_eq!(ada.post(&format!("{project}/todos"), todo).await.0, StatusCode::CREATED);
    let curated = json!({ "questions": ["Who tends the lantern?"], "text": "The keeper does." });
    let (status, made) = ada.post(&format!("{project}/curated-answers"), curated).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let tenant = ada.get("/session").await.1["workspace"]["id"].as_str().unwrap().parse().unwrap();
    (ada, project, tenant)
}

fn id(project: &str) -> ProjectId {
    project.rsplit('/').next().unwrap().parse().unwrap()
}

/// Every way to the project's content.
async fn expect_readable(ada: &mut Person, project: &str) {
    assert_eq!(ada.question(project, "How do I export my data?").await["outcome"], "answered");
    let answer = ada.question(project, "Who tends the lantern?").await;
    assert_eq!(
        (answer["text"].as_str(), answer["written_by"].as_str()),
        (Some("The keeper does."), Some("curated"))
    );
    let curated = ada
        .get(&format!("{project}/curated-answers/{}", answer["curated"].as_str().unwrap()))
        .await
        .1;
    assert_eq!(curated["revisions"][0]["text"], "The keeper does.");
    let documents = ada.get(&format!("{project}/documents")).await.1;
    let listed = documents["documents"].as_array().unwrap();
    let guide = listed.iter().find(|document| document["name"] == "guide.md").unwrap();
    let document = format!("{project}/documents/{}", guide["id"].as_str().unwrap());
    assert_eq!(ada.get(&document).await.0, StatusCode::OK);
    let original = ada.send(Method::GET, &format!("{document}/original"), None, &[]).await;
    assert_eq!(original.bytes().await.unwrap(), GUIDE);
    assert_eq!(ada.get(&format!("{project}/todos")).await.1["todos"][0]["text"], "Say more.");
    let (status, listed) = ada.get(&format!("{project}/conversations")).await;
    assert_eq!(status, StatusCode::OK);
    for one in listed["conversations"].as_array().unwrap() {
        let path = format!("{project}/conversations/{}", one["id"].as_str().unwrap());
        assert_eq!(ada.get(&path).await.0, StatusCode::OK);
    }
}

/// The versions of a project's key, with the cells that each sealed.
async fn versions(admin: &KeyAdmin, tenant: TenantId, project: &str) -> Vec<(i32, i64)> {
    let report = admin.list(Some(tenant)).await.unwrap();
    let of = report.tenants[0].projects.iter().find(|of| of.project == id(project));
    of.unwrap()
        .versions
        .iter()
        .map(|version| (version.version, version.cells))
        .collect()
}

#[tokio::test]
async fn a_projects_key_is_replaced_while_it_answers_and_the_old_one_goes() {
    let mut app = start().await;
    let (mut ada, project, tenant) = set_up(&app).await;
    let admin = app.keys().await;
    let before = versions(&admin, tenant, &project).await;
    assert!(before.len() == 1 && before[0].0 == 1 && before[0].1 >= 5, "{before:?}");
    assert_eq!(admin.rotate_project(id(&project)).await.unwrap().1, 2);
    let mut asked = 0;
    for _ in 0..400 {
        // The service does not stop: neither reading nor writing fails at any moment.
        expect_readable(&mut ada, &project).await;
        asked += 1;
        if versions(&admin, tenant, &project).await.iter().all(|(version, _)| *version == 2) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let after = versions(&admin, tenant, &project).await;
    assert!(
        after.len() == 1 && after[0].0 == 2 && after[0].1 > before[0].1,
        "{after:?} after {asked}"
    );
    expect_readable(&mut ada, &project).await;
    let rows = app.rows().await;
    assert!(
        rows.cells()
            .await
            .iter()
            .all(|cell| entities::sealed::version_of(&cell.sealed) == Some(2))
    );
    rows.close().await;
    admin.close().await;
    app.restart().await;
    ada.url.clone_from(&app.url);
    expect_readable(&mut ada, &project).await;
}

#[tokio::test]
async fn two_nodes_follow_a_rotation_that_neither_of_them_began() {
    let app = start().await;
    let (mut ada, project, tenant) = set_up(&app).await;
    let Some(node) = app.beside() else { return };
    let urls = [app.url.clone(), node.url.clone()];
    let admin = app.keys().await;
    admin.rotate_tenant(tenant).await.unwrap();
    admin.rotate_project(id(&project)).await.unwrap();
    for turn in 0..400 {
        // What one writes the other reads, whichever of them knows of the new version first.
        ada.url.clone_from(&urls[turn % 2]);
        assert_eq!(ada.question(&project, "How do I export my data?").await["outcome"], "answered");
        ada.url.clone_from(&urls[(turn + 1) % 2]);
        expect_readable(&mut ada, &project).await;
        if versions(&admin, tenant, &project).await.len() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(versions(&admin, tenant, &project).await[0].0, 2);
    for url in &urls {
        ada.url.clone_from(url);
        expect_readable(&mut ada, &project).await;
    }
    admin.close().await;
}

#[tokio::test]
async fn a_rotation_goes_on_after_a_restart_in_its_middle() {
    let mut app = start().await;
    let (mut ada, project, tenant) = set_up(&app).await;
    let admin = app.keys().await;
    admin.rotate_project(id(&project)).await.unwrap();
    // Announced, and the server goes before it sealed anything with it.
    app.restart().await;
    ada.url.clone_from(&app.url);
    for _ in 0..400 {
        expect_readable(&mut ada, &project).await;
        if versions(&admin, tenant, &project).await.len() == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(versions(&admin, tenant, &project).await[0].0, 2);
    admin.close().await;
}

#[tokio::test]
async fn a_tenants_key_is_replaced_and_a_customer_brings_their_own() {
    let mut app = start().await;
    let (mut ada, project, tenant) = set_up(&app).await;
    let admin = app.keys().await;
    assert_eq!(admin.rotate_tenant(tenant).await.unwrap(), 2);
    expect_readable(&mut ada, &project).await;
    // The running server wraps with the new version at once.
    let second = ada.project("Second").await;
    let own = SecretBytes::new(BASE64_STANDARD.encode(b"0123456789abcdefghijklmnopqrstuv").into_bytes());
    assert_eq!(admin.import_tenant(tenant, &own).await.unwrap(), 3);
    for (bad, reason) in [
        ("c2hvcnQ=", "32 bytes"),
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "not random"),
    ] {
        let error = admin
            .import_tenant(tenant, &SecretBytes::new(bad.into()))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(reason) && !error.contains(bad), "{error}");
    }
    let report = admin.list(Some(tenant)).await.unwrap();
    let versions: Vec<i32> = report.tenants[0].versions.iter().map(|key| key.version).collect();
    assert_eq!(versions, [3], "older versions are destroyed");
    let wrapped_by = report.tenants[0]
        .projects
        .iter()
        .flat_map(|of| &of.versions)
        .map(|key| key.tenant_version);
    assert!(wrapped_by.clone().count() == 2 && wrapped_by.clone().all(|version| version == 3));
    assert!(admin.rotate_tenant(TenantId::new()).await.is_err());
    admin.close().await;
    app.restart().await;
    ada.url.clone_from(&app.url);
    expect_readable(&mut ada, &project).await;
    assert_eq!(ada.get(&format!("{second}/documents")).await.0, StatusCode::OK);
}

#[tokio::test]
async fn the_command_line_works_beside_a_running_server_and_shows_no_key() {
    let app = start().await;
    let (mut ada, project, tenant) = set_up(&app).await;
    let tenant = tenant.to_string();
    let own = BASE64_STANDARD.encode(b"a key of the customer's: 32 byte");
    let master = std::fs::read_to_string(app.data().join("master.key")).unwrap();
    for (arguments, input, says) in [
        (vec!["keys", "rotate", "--tenant", &tenant], "", "version 2"),
        (vec!["keys", "import", "--tenant", &tenant], own.as_str(), "version 3"),
        (vec!["keys", "rotate", "--projects-of", &tenant], "", "version 2"),
        (vec!["keys", "list"], "", "announced"),
    ] {
        let (done, printed) = app.program(&arguments, input);
        assert!(done && printed.contains(says), "{arguments:?}: {printed}");
        assert!(!printed.contains(master.trim()) && !printed.contains(&own));
        // A version is announced for seconds: it is listed at once, and read with after that.
        if !arguments.contains(&"--projects-of") {
            expect_readable(&mut ada, &project).await;
        }
    }
    let (_, printed) = app.program(&["keys", "list", "--tenant", &tenant], "");
    assert!(
        printed.contains("wait to be destroyed") && printed.contains("the last in 29 days"),
        "{printed}"
    );
    let (done, printed) = app.program(&["keys", "import", "--tenant", &tenant], "bm90IGEga2V5");
    assert!(
        !done && printed.contains("32 bytes") && !printed.contains("bm90IGEga2V5"),
        "{printed}"
    );
    assert!(!app.program(&["keys", "rotate"], "").0, "what to rotate must be said");
}

/// Signing in with the password and with the session from before, and reading.
async fn expect_alive(app: &TestApp, ada: &mut Person, project: &str) {
    assert_eq!(ada.get("/session").await.0, StatusCode::OK, "the session of before");
    let mut again = app.nobody();
    let (status, _) = again.post("/session", json!({ "email": ada.email, "password": PASSWORD })).await;
    assert_eq!(status, StatusCode::OK, "the password of before");
    expect_readable(ada, project).await;
}

#[tokio::test]
async fn the_master_key_is_replaced_and_a_crash_after_any_step_loses_nothing() {
    let mut app = start().await;
    let (mut ada, project, _) = set_up(&app).await;
    let file = app.data().join("master.key");
    let mut steps_of_one = None;
    // Each rotation is cut off one step later than the one before, and then gone on with.
    for cut in 1.. {
        let old = std::fs::read_to_string(&file).unwrap();
        let admin = app.keys().await;
        let mut rotation = admin.rotate_master().unwrap();
        let mut last = None;
        for _ in 0..cut {
            last = Some(rotation.step().await.unwrap());
        }
        assert!(admin.rotate_master().is_err(), "one rotation at a time");
        // The process is gone here. The server runs on; another is started on what is there.
        drop(rotation);
        admin.close().await;
        expect_alive(&app, &mut ada, &project).await;
        if cut < 4 {
            app.owner("newcomer").await.project("Fresh").await;
        }
        app.restart().await;
        ada.url.clone_from(&app.url);
        expect_alive(&app, &mut ada, &project).await;
        if last == Some(MasterStep::Done) {
            break;
        }
        let admin = app.keys().await;
        let mut steps = vec![last.unwrap()];
        if last != Some(MasterStep::OldKeyDropped) {
            let mut rotation = admin.rotate_master().unwrap();
            while *steps.last().unwrap() != MasterStep::Done {
                steps.push(rotation.step().await.unwrap());
            }
        }
        let report = admin.list(None).await.unwrap();
        assert_eq!(report.masters, [report.current_master]);
        let by_new = |key: &actors::TenantKeyVersion| key.master == Some(report.current_master);
        assert!(report.tenants.iter().flat_map(|tenant| &tenant.versions).all(by_new));
        admin.close().await;
        expect_alive(&app, &mut ada, &project).await;
        // What the old key can still open: nothing.
        let new = std::fs::read_to_string(&file).unwrap();
        assert!(new != old && new.lines().count() == 1);
        std::fs::write(&file, &old).unwrap();
        let (opens, printed) = app.program(&["keys", "list"], "");
        assert!(
            !opens && printed.contains("put it back") && printed.lines().count() == 1,
            "{printed}"
        );
        std::fs::write(&file, &new).unwrap();
        steps_of_one.get_or_insert(steps);
        assert!(cut < 30, "a rotation does not end: {steps_of_one:?}");
    }
    let steps = steps_of_one.unwrap();
    assert_eq!(steps[0], MasterStep::KeyAdded);
    assert!(
        steps.contains(&MasterStep::Adopted) && steps.contains(&MasterStep::OldKeyDropped),
        "{steps:?}"
    );
}

#[tokio::test]
async fn the_old_master_key_stays_until_nothing_hangs_on_it() {
    let mut app = start().await;
    let (mut ada, project, tenant) = set_up(&app).await;
    let rows = app.rows().await;
    let of = || vec![tenant.uuid().into()];
    let old: Vec<u8> = rows.ask("select wrapped from tenant_key where tenant_id = $1", of()).await[0]
        .try_get("", "wrapped")
        .unwrap();
    let admin = app.keys().await;
    let mut rotation = admin.rotate_master().unwrap();
    // The tenant's step fails once: the same rotation must come back to it.
    inject(tenant, Point::Commit, Effect::Refuse, 1);
    let mut failed = 0;
    for _ in 0..20 {
        match rotation.step().await {
            Ok(MasterStep::Tenant(done)) if done == tenant => break,
            Ok(step) => assert!(step != MasterStep::OldKeyDropped && step != MasterStep::Done, "{step:?}"),
            Err(_) => failed += 1,
        }
    }
    clear(tenant);
    assert_eq!(failed, 1);
    // Whatever brings back what the old key wraps, the old key is not thrown away over it.
    let mut values = vec![old.into()];
    values.extend(of());
    assert_eq!(rows.run("update tenant_key set wrapped = $1 where tenant_id = $2", values).await, 1);
    rows.close().await;
    let refused = rotation.step().await.unwrap_err().to_string();
    assert!(
        refused.contains("still wraps the key of tenant") && !refused.contains('\n'),
        "{refused}"
    );
    let lines = |app: &TestApp| std::fs::read_to_string(app.data().join("master.key")).unwrap().lines().count();
    assert_eq!(lines(&app), 2);
    drop(rotation);
    let mut rotation = admin.rotate_master().unwrap();
    while rotation.step().await.unwrap() != MasterStep::Done {}
    assert_eq!(lines(&app), 1);
    drop(rotation);
    admin.close().await;
    app.restart().await;
    ada.url.clone_from(&app.url);
    expect_alive(&app, &mut ada, &project).await;
}

#[tokio::test]
async fn a_wrong_master_key_is_refused_in_one_line() {
    let mut app = start().await;
    set_up(&app).await;
    app.stop().await;
    app.configure("PERNOEX_MASTER_KEY", &BASE64_STANDARD.encode([7; 32]));
    let printed = app.refusal();
    assert!(printed.contains("put it back") && printed.lines().count() == 1, "{printed}");
}

#[tokio::test]
async fn the_embedded_files_are_noise_while_they_are_used_and_after() {
    if std::env::var("PERNOEX_TEST_POSTGRES").is_ok() {
        return;
    }
    let mut app = start().await;
    let (mut ada, project, tenant) = set_up(&app).await;
    let long = "The brass lantern burns for nine hours on one filling of oil. ".repeat(400);
    ada.upload(Method::POST, &format!("{project}/documents"), &[("long.md", long.as_bytes())])
        .await;
    ada.settled(&project).await;
    for running in [true, false] {
        if !running {
            app.stop().await;
        }
        let mut seen = 0;
        for name in ["pernoex.db", "pernoex.db-wal"] {
            let Ok(bytes) = std::fs::read(app.data().join(name)) else {
                continue;
            };
            for plain in [
                "SQLite format",
                "brass lantern",
                "ten minutes",
                "example.com",
                "project_key",
                "tenant_id",
                &tenant.to_string(),
            ] {
                assert!(
                    !bytes.windows(plain.len()).any(|window| window == plain.as_bytes()),
                    "{plain} in {name}"
                );
            }
            // Each page by itself: random bytes have every value about as often as any other. The log has 24 plain bytes a frame.
            for (n, page) in bytes.chunks_exact(4096).enumerate().skip(1) {
                let mut counts = [0_u32; 256];
                page.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
                let most = counts.iter().max().unwrap();
                // Expected 16; 64 does not happen in noise, and zeros of an unused end are no content.
                assert!(*most < 64 || counts[0] == 4096, "page {n} of {name} is not noise: {most}");
                seen += 1;
            }
        }
        assert!(seen > 50, "{seen} pages");
    }
    // Another key of the right form: refused before anything is read or written.
    let wrapped = app.data().join("database.key");
    let right = std::fs::read(&wrapped).unwrap();
    let mut bent = right.clone();
    *bent.last_mut().unwrap() ^= 1;
    std::fs::write(&wrapped, bent).unwrap();
    let printed = app.refusal();
    assert!(
        printed.contains("the database's key cannot be opened") && printed.lines().count() == 1,
        "{printed}"
    );
    std::fs::remove_file(&wrapped).unwrap();
    let printed = app.refusal();
    assert!(
        printed.contains("database.key is missing") && printed.lines().count() == 1,
        "{printed}"
    );
    assert!(!wrapped.exists(), "no other key is made in its place");
    std::fs::write(&wrapped, right).unwrap();
    app.start_again();
    ada.url.clone_from(&app.url);
    expect_readable(&mut ada, &project).await;
}

#[tokio::test]
async fn a_database_that_lost_the_installations_secret_takes_no_other_master_key() {
    let mut app = start().await;
    app.owner("ada").await;
    app.stop().await;
    let rows = app.rows().await;
    assert_eq!(rows.run("delete from installation", Vec::new()).await, 1);
    rows.close().await;
    let refusal = app.refusal();
    assert!(refusal.contains("table `installation` is empty"), "{refusal}");
}
