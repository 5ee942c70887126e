//! A destroyed key is destroyed in old backups too. What that takes, and where it ends, is in docs/keys.md.

use std::path::Path;

use actors::{KeyAdmin, ProjectId, TenantId, clock::Clock};
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{GUIDE, Person, TestApp, database};

async fn project(person: &mut Person, name: &str) -> String {
    let project = person.project(name).await;
    person
        .upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    person.settled(&project).await;
    project
}

fn shell(program: &str, arguments: &[&str], input: Option<&Path>) -> Vec<u8> {
    let mut command = std::process::Command::new(program);
    command.args(arguments);
    if let Some(input) = input {
        command.stdin(std::fs::File::open(input).unwrap());
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The backup that docs/keys.md describes: everything but the key ring.
async fn back_up(app: &TestApp) -> std::path::PathBuf {
    let file = app.folder.path().join("backup");
    match app.setting("MIGRATION_DATABASE_URL") {
        // Nothing is left out where the ring is not in the database.
        Some(url) if app.setting("PERNOEX_KEY_RING").is_some() => std::fs::write(&file, shell("pg_dump", &[&url], None)).unwrap(),
        Some(url) => std::fs::write(&file, shell("pg_dump", &["--exclude-table-data=key_share", &url], None)).unwrap(),
        None => {
            let rows = app.rows().await;
            // A copy under the same key, of one consistent moment.
            rows.run("vacuum into $1", vec![file.display().to_string().into()]).await;
            rows.close().await;
        }
    }
    file
}

/// Puts the backup in place of the stopped server's database, beside the key ring of today.
async fn restore(app: &mut TestApp, backup: &Path) {
    let Some(url) = app.setting("MIGRATION_DATABASE_URL") else {
        for gone in ["pernoex.db-wal", "pernoex.db-shm"] {
            let _ = std::fs::remove_file(app.data().join(gone));
        }
        std::fs::copy(backup, app.data().join("pernoex.db")).unwrap();
        return;
    };
    let ring = app.folder.path().join("ring");
    let in_database = app.setting("PERNOEX_KEY_RING").is_none();
    if in_database {
        std::fs::write(&ring, shell("pg_dump", &["--data-only", "--table=key_share", &url], None)).unwrap();
    }
    let own = database::empty().await.unwrap();
    shell("psql", &["-q", "-v", "ON_ERROR_STOP=1", &own.admin], Some(backup));
    if in_database {
        shell("psql", &["-q", "-v", "ON_ERROR_STOP=1", &own.admin], Some(&ring));
    }
    app.configure("MIGRATION_DATABASE_URL", &own.admin);
    app.configure("DATABASE_URL", &own.application);
}

#[tokio::test]
async fn a_deleted_project_stays_shut_in_a_backup_from_before_and_the_others_open() {
    stays_shut(TestApp::start().await).await;
}

#[tokio::test]
async fn a_ring_in_a_folder_shuts_whole_backups_too() {
    let ring = tempfile::tempdir().unwrap();
    let folder = ring.path().display().to_string();
    stays_shut(TestApp::start_with(Clock::system(), &[("PERNOEX_KEY_RING", &folder)]).await).await;
    // Ada's own share and that of what she kept; those of the deleted are gone from the folder.
    assert_eq!(walk(ring.path()), 2, "shares that are left");
}

async fn stays_shut(mut app: TestApp) {
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let (doomed, kept) = (project(&mut ada, "Doomed").await, project(&mut ada, "Kept").await);
    let theirs = project(&mut eve, "Theirs").await;
    let backup = back_up(&app).await;
    let rows = app.rows().await;
    let old = rows.cells().await;
    rows.close().await;
    assert_eq!(
        ada.delete(&doomed, Some(json!({ "confirm": "Doomed" }))).await.0,
        StatusCode::NO_CONTENT
    );
    // A whole workspace too.
    assert_eq!(eve.delete("/workspace", Some(json!({ "confirm": "eve" }))).await.0, StatusCode::OK);
    app.stop().await;
    // The key is gone with the transaction, not with the purge that comes after.
    let rows = app.rows().await;
    let id: uuid::Uuid = doomed.rsplit('/').next().unwrap().parse().unwrap();
    assert!(
        rows.ask("select 1 as one from project_key where project_id = $1", vec![id.into()])
            .await
            .is_empty()
    );
    rows.close().await;
    restore(&mut app, &backup).await;
    // The backup is whole: its wrapped keys are there again, and so is every sealed row.
    let rows = app.rows().await;
    assert_eq!(
        rows.ask("select 1 as one from project_key where project_id = $1", vec![id.into()])
            .await
            .len(),
        1
    );
    assert!(rows.cells().await.len() == old.len());
    rows.close().await;
    app.start_again();
    for person in [&mut ada, &mut eve] {
        sign_in_again(&app, person).await;
    }
    assert_eq!(ada.question(&kept, "How do I export my data?").await["outcome"], "answered");
    expect_shut(&mut ada, &doomed).await;
    expect_shut(&mut eve, &theirs).await;
}

async fn sign_in_again(app: &TestApp, person: &mut Person) {
    person.url.clone_from(&app.url);
    let again = json!({ "email": person.email, "password": crate::support::PASSWORD });
    let (status, session) = person.post("/session", again).await;
    assert_eq!(status, StatusCode::OK);
    person.csrf = session["csrf_token"].as_str().map(str::to_owned);
}

async fn expect_shut(person: &mut Person, project: &str) {
    for path in [format!("{project}/documents"), format!("{project}/conversations")] {
        let response = person.send(Method::GET, &path, None, &[]).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert!(!response.text().await.unwrap().contains("guide"));
    }
}

fn id(project: &str) -> ProjectId {
    project.rsplit('/').next().unwrap().parse().unwrap()
}

async fn tenant(person: &mut Person) -> TenantId {
    person.get("/session").await.1["workspace"]["id"].as_str().unwrap().parse().unwrap()
}

const DAY: i64 = 86_400_000;

/// When the shares that wait are to be destroyed, of a tenant.
async fn waiting(admin: &KeyAdmin, tenant: TenantId) -> Vec<i64> {
    admin.list(Some(tenant)).await.unwrap().tenants.remove(0).waiting_shares
}

/// Waits until `met` is true; 40 s is for a busy machine.
async fn eventually(what: &str, mut met: impl AsyncFnMut() -> bool) {
    for _ in 0..400 {
        if met().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{what}: not in time");
}

/// Waits until nothing but this version is left of the project's key.
async fn only_version(admin: &KeyAdmin, tenant: TenantId, project: &str, version: i32) {
    eventually("an older key goes", async || {
        let report = admin.list(Some(tenant)).await.unwrap();
        let mut projects = report.tenants[0].projects.iter();
        let of = projects.find(|of| of.project == id(project)).unwrap();
        of.versions.iter().all(|key| key.version == version)
    })
    .await;
}

#[tokio::test]
async fn a_database_from_before_a_rotation_opens_beside_todays_ring_and_the_deleted_stays_shut() {
    let mut app = TestApp::start().await;
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let (doomed, kept) = (project(&mut ada, "Doomed").await, project(&mut ada, "Kept").await);
    let theirs = project(&mut eve, "Theirs").await;
    let (ada_id, eve_id) = (tenant(&mut ada).await, tenant(&mut eve).await);
    let backup = back_up(&app).await;
    let admin = app.keys().await;
    for tenant in [ada_id, eve_id] {
        admin.rotate_tenant(tenant).await.unwrap();
        for project in admin.projects_of(tenant).await.unwrap() {
            admin.rotate_project(project).await.unwrap();
        }
    }
    for (tenant, project) in [(ada_id, &doomed), (ada_id, &kept), (eve_id, &theirs)] {
        only_version(&admin, tenant, project, 2).await;
    }
    let later = Clock::system().now() + 29 * DAY;
    let waits = waiting(&admin, ada_id).await;
    assert!(waits.len() == 3 && waits.iter().all(|at| *at > later), "{waits:?}");
    assert_eq!(waiting(&admin, eve_id).await.len(), 2);
    let rows = app.rows().await;
    let jobs = async || {
        let sql = "select state, attempts from job where kind = 'destroy_share' and run_at > $1";
        rows.ask(sql, vec![later.into()]).await
    };
    let untouched = jobs().await;
    assert_eq!(untouched.len(), 5);
    for job in &untouched {
        let (state, attempts): (String, i32) = (job.try_get("", "state").unwrap(), job.try_get("", "attempts").unwrap());
        assert_eq!((state.as_str(), attempts), ("ready", 0));
    }
    // Who deletes does not wait for what a rotation left.
    ada.delete(&doomed, Some(json!({ "confirm": "Doomed" }))).await;
    eve.delete("/workspace", Some(json!({ "confirm": "eve" }))).await;
    eventually("the deleted's shares go, the others wait", async || {
        let all = rows.ask("select 1 as one from job where kind = 'destroy_share'", vec![]).await;
        all.len() == 2 && jobs().await.len() == 2 && waiting(&admin, ada_id).await.len() == 2
    })
    .await;
    rows.close().await;
    admin.close().await;
    app.stop().await;
    restore(&mut app, &backup).await;
    app.start_again();
    for person in [&mut ada, &mut eve] {
        sign_in_again(&app, person).await;
    }
    assert_eq!(ada.question(&kept, "How do I export my data?").await["outcome"], "answered");
    assert_eq!(ada.get(&format!("{kept}/documents")).await.0, StatusCode::OK);
    expect_shut(&mut ada, &doomed).await;
    expect_shut(&mut eve, &theirs).await;
}

/// Shares in the ring, wherever it is.
async fn shares(app: &TestApp) -> usize {
    let folder = app.data().join("keyring");
    if app.setting("MIGRATION_DATABASE_URL").is_none() {
        return walk(&folder);
    }
    let rows = app.rows().await;
    let found = rows.ask("select 1 as one from key_share", vec![]).await.len();
    rows.close().await;
    found
}

#[tokio::test]
async fn a_replaced_keys_share_goes_when_its_time_has_come_and_at_once_where_none_is_kept() {
    let clock = Clock::manual(Clock::system().now());
    let mut app = TestApp::start_with(clock.clone(), &[]).await;
    let mut ada = app.owner("ada").await;
    let (lantern, ada_id) = (project(&mut ada, "Lantern").await, tenant(&mut ada).await);
    let rotate = async |admin: &KeyAdmin, version| {
        admin.rotate_tenant(ada_id).await.unwrap();
        admin.rotate_project(id(&lantern)).await.unwrap();
        // A second for the server to learn of it is in this.
        clock.advance(60_000);
        only_version(admin, ada_id, &lantern, version).await;
    };
    let admin = app.keys().await;
    assert_eq!(shares(&app).await, 2);
    rotate(&admin, 2).await;
    assert_eq!((shares(&app).await, waiting(&admin, ada_id).await.len()), (4, 2));
    clock.advance(29 * DAY);
    app.restart().await;
    assert_eq!((shares(&app).await, waiting(&admin, ada_id).await.len()), (4, 2));
    clock.advance(DAY);
    eventually("the old shares go", async || {
        shares(&app).await == 2 && waiting(&admin, ada_id).await.is_empty()
    })
    .await;
    admin.close().await;
    app.set("PERNOEX_KEY_RETENTION_DAYS", "0").await;
    let admin = app.keys().await;
    rotate(&admin, 3).await;
    eventually("the old shares go at once", async || {
        shares(&app).await == 2 && waiting(&admin, ada_id).await.is_empty()
    })
    .await;
    admin.close().await;
    sign_in_again(&app, &mut ada).await;
    assert_eq!(ada.question(&lantern, "How do I export my data?").await["outcome"], "answered");
}

fn walk(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { walk(&path) } else { 1 }).sum()
}

#[tokio::test]
async fn old_rows_beside_the_current_keys_do_not_open_once_their_key_was_rotated_away() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let lantern = project(&mut ada, "Lantern").await;
    let rows = app.rows().await;
    let old = rows.cells().await;
    let admin = app.keys().await;
    let id = lantern.rsplit('/').next().unwrap().parse().unwrap();
    admin.rotate_project(id).await.unwrap();
    let versions = async || {
        let report = admin.list(None).await.unwrap();
        let of = report
            .tenants
            .iter()
            .flat_map(|tenant| &tenant.projects)
            .find(|of| of.project == id)
            .unwrap();
        of.versions.iter().map(|version| version.version).collect::<Vec<_>>()
    };
    for _ in 0..300 {
        if versions().await == [2] {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(versions().await, [2]);
    admin.close().await;
    let body = old.iter().find(|cell| cell.of.table == "document_body").unwrap();
    let path = format!("{lantern}/documents/{}/original", body.row);
    assert_eq!(ada.send(Method::GET, &path, None, &[]).await.status(), StatusCode::OK);
    rows.put(body, &body.sealed).await;
    // Another node holds the key that it opened for some seconds more: until each of them refuses, one after the other.
    let mut refused = 0;
    for _ in 0..300 {
        let status = ada.send(Method::GET, &path, None, &[]).await.status();
        refused = if status == StatusCode::INTERNAL_SERVER_ERROR {
            refused + 1
        } else {
            0
        };
        if refused == app.each_node().len() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(refused, app.each_node().len());
    rows.close().await;
}
