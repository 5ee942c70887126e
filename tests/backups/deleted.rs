//! What was deleted after a backup was made stays deleted when it is restored.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{back_up, eventually, fresh_machine, prepared, sign_in};
use actors::clock::Clock;

#[tokio::test]
async fn an_older_backup_does_not_bring_back_what_was_deleted_since() {
    let place = tempfile::tempdir().unwrap();
    let mut app = prepared(Clock::system(), place.path(), &[("PERNOEX_BACKUP_EVERY_HOURS", "24")]).await;
    app.start_again();
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let (doomed, kept) = (ada.guide("Doomed").await, ada.guide("Kept").await);
    let theirs = eve.guide("Theirs").await;
    let name = eventually("the schedule leaves the turn", async || {
        let (done, said) = app.command(&["backup"]);
        done.then(|| said.split(':').next().unwrap().to_owned())
    })
    .await;
    let ring = place.path().join("keyring.sealed");
    let copy = || std::fs::metadata(&ring).unwrap().len();
    let before = copy();
    let gone = ada.delete(&doomed, Some(json!({ "confirm": "Doomed" }))).await.0;
    assert_eq!(gone, StatusCode::NO_CONTENT);
    assert_eq!(eve.delete("/workspace", Some(json!({ "confirm": "eve" }))).await.0, StatusCode::OK);
    // By itself, within seconds: nobody makes another backup.
    eventually("the copy of the ring follows", async || (copy() < before).then_some(())).await;
    eventually("and knows of both", async || {
        let (fine, said) = app.command(&["backup", "verify", &name]);
        assert!(fine, "{said}");
        let told = said.contains("1 workspaces, 1 projects") && said.contains("1 workspaces were deleted since, and stay shut");
        told.then_some(())
    })
    .await;
    app.stop().await;

    let mut fresh = fresh_machine(&app, place.path()).await;
    let (done, said) = fresh.command(&["restore", &name]);
    assert!(
        done && said.contains("1 workspaces and 1 projects were deleted after it was made"),
        "{said}"
    );
    fresh.start_again();
    sign_in(&fresh, &mut ada).await;
    assert_eq!(ada.question(&kept, "How do I export my data?").await["outcome"], "answered");
    assert_eq!(ada.get(&format!("{doomed}/documents")).await.0, StatusCode::NOT_FOUND);
    // An account outlives its workspace.
    eve.url.clone_from(&fresh.url);
    let (_, session) = eve
        .post("/session", json!({ "email": eve.email, "password": crate::support::PASSWORD }))
        .await;
    eve.took(&session);
    let response = eve.send(Method::GET, &format!("{theirs}/documents"), None, &[]).await;
    assert!(response.status().is_client_error(), "{}", response.status());
    // And their rows go, as they went then.
    let rows = fresh.rows().await;
    eventually("the rows are purged", async || {
        let left = rows.ask("select 1 as one from document", vec![]).await;
        (left.len() == 1).then_some(())
    })
    .await;
    rows.close().await;
}

#[tokio::test]
async fn keys_that_were_replaced_since_open_with_the_ring_of_today() {
    let place = tempfile::tempdir().unwrap();
    let mut app = super::started(place.path()).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let old = back_up(&app).await;
    let admin = app.keys().await;
    let tenant = ada.get("/session").await.1["workspace"]["id"].as_str().unwrap().parse().unwrap();
    admin.rotate_tenant(tenant).await.unwrap();
    admin.close().await;
    back_up(&app).await;
    app.stop().await;
    let mut fresh = fresh_machine(&app, place.path()).await;
    let (done, said) = fresh.command(&["restore", &old]);
    assert!(done && !said.contains("WARNING"), "{said}");
    fresh.start_again();
    sign_in(&fresh, &mut ada).await;
    assert_eq!(ada.question(&project, "How do I export my data?").await["outcome"], "answered");
}

#[tokio::test]
async fn a_key_ring_that_is_lost_takes_nothing_from_the_copy_beside_the_backups() {
    let (place, ring) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = ring.path().display().to_string();
    let mut app = prepared(Clock::system(), place.path(), &[("PERNOEX_KEY_RING", &folder)]).await;
    app.start_again();
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    back_up(&app).await;
    app.stop().await;
    // Emptied, or another volume in its place.
    for entry in std::fs::read_dir(ring.path()).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => std::fs::remove_dir_all(path).unwrap(),
            false => std::fs::remove_file(path).unwrap(),
        }
    }
    let (_, said) = app.command(&["backup"]);
    println!("{said}");
    let fresh = fresh_machine(&app, place.path()).await;
    let (done, said) = fresh.command(&["restore"]);
    assert!(done, "{said}");
    let mut fresh = fresh;
    fresh.start_again();
    sign_in(&fresh, &mut ada).await;
    assert_eq!(ada.question(&project, "How do I export my data?").await["outcome"], "answered");
}
