//! A destroyed key is destroyed in old backups too. What that takes, and where it ends, is in docs/keys.md.

use std::path::Path;

use actors::clock::Clock;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{GUIDE, Person, TestApp};

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
    let name = format!("pernoex_{}", uuid::Uuid::new_v4().simple());
    migration::create_database(&std::env::var("PERNOEX_TEST_POSTGRES").unwrap(), &name)
        .await
        .unwrap();
    let moved = |url: &str| format!("{}/{name}", url.rsplit_once('/').unwrap().0);
    shell("psql", &["-q", "-v", "ON_ERROR_STOP=1", &moved(&url)], Some(backup));
    if in_database {
        shell("psql", &["-q", "-v", "ON_ERROR_STOP=1", &moved(&url)], Some(&ring));
    }
    let server = moved(&app.setting("DATABASE_URL").unwrap());
    app.configure("MIGRATION_DATABASE_URL", &moved(&url));
    app.configure("DATABASE_URL", &server);
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
    assert_eq!(
        eve.delete("/workspace", Some(json!({ "confirm": "eve" }))).await.0,
        StatusCode::NO_CONTENT
    );
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
        person.url.clone_from(&app.url);
        let again = json!({ "email": person.email, "password": crate::support::PASSWORD });
        let (status, session) = person.post("/session", again).await;
        assert_eq!(status, StatusCode::OK);
        person.csrf = session["csrf_token"].as_str().map(str::to_owned);
    }
    assert_eq!(ada.question(&kept, "How do I export my data?").await["outcome"], "answered");
    for (person, shut) in [(&mut ada, &doomed), (&mut eve, &theirs)] {
        for path in [format!("{shut}/documents"), format!("{shut}/conversations")] {
            let response = person.send(Method::GET, &path, None, &[]).await;
            assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR, "{path}");
            assert!(!response.text().await.unwrap().contains("guide"));
        }
    }
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
    assert_eq!(
        ada.send(Method::GET, &path, None, &[]).await.status(),
        StatusCode::INTERNAL_SERVER_ERROR
    );
    rows.close().await;
}
