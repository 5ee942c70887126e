//! A key service outside, played by a small script.

use std::path::{Path, PathBuf};

use actors::{MasterStep, clock::Clock};
use reqwest::StatusCode;

use crate::support::TestApp;

/// Keeps what it wraps in a folder and hands out names for it, notes how it was called, and fails while `down` is there.
fn service(folder: &Path) -> PathBuf {
    let script = folder.join("kms.sh");
    std::fs::write(
        &script,
        r#"cd "$(dirname "$0")/kms" || exit 9
{ echo "arguments: $*"; env; } >> called
[ ! -e down ] || { echo "the service is down: c2VjcmV0" >&2; exit 3; }
read -r line
case $1 in
  wrap) name=$(ls | wc -l)-$$; printf '%s' "$line" > "blob-$name"; printf '%s' "blob-$name" | base64 -w0 ;;
  unwrap) name=$(printf '%s' "$line" | base64 -d); [ -f "$name" ] && cat "$name" ;;
  *) exit 2 ;;
esac
"#,
    )
    .unwrap();
    std::fs::create_dir(folder.join("kms")).unwrap();
    script
}

#[tokio::test]
async fn a_key_service_takes_the_master_keys_place_and_without_it_nothing_new_opens() {
    let mut app = TestApp::start().await;
    app.stick();
    let folder = app.folder.path().to_owned();
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let (hers, theirs) = (ada.project("Lantern").await, eve.project("Lantern").await);
    app.stop().await;

    // From the key file to the service: both at hand, then only the service.
    let script = service(&folder);
    app.configure("PERNOEX_KMS_COMMAND", &format!("sh {}", script.display()));
    let admin = app.keys().await;
    let mut rotation = admin.rotate_master().unwrap();
    while rotation.step().await.unwrap() != MasterStep::Done {}
    drop(rotation);
    admin.close().await;
    std::fs::remove_file(app.data().join("master.key")).unwrap();
    app.start_again();
    ada.url.clone_from(&app.url);
    eve.url.clone_from(&app.url);
    assert_eq!(ada.get(&format!("{hers}/documents")).await.0, StatusCode::OK);

    // Away: what is open stays open, what is not stays shut, and the reason stays in the log.
    std::fs::write(folder.join("kms/down"), "").unwrap();
    assert_eq!(ada.get(&format!("{hers}/documents")).await.0, StatusCode::OK);
    let (status, problem) = eve.get(&format!("{theirs}/documents")).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, Some("keys_unavailable"))
    );
    assert!(!problem.to_string().contains("exit"), "{problem}");
    let mut newcomer = app.nobody();
    let sign_up = serde_json::json!({ "email": "new@example.com", "password": crate::support::PASSWORD, "workspace": "New" });
    assert_eq!(newcomer.post("/account", sign_up.clone()).await.0, StatusCode::SERVICE_UNAVAILABLE);
    std::fs::remove_file(folder.join("kms/down")).unwrap();
    assert_eq!(eve.get(&format!("{theirs}/documents")).await.0, StatusCode::OK, "back at once");
    assert_eq!(newcomer.post("/account", sign_up).await.0, StatusCode::CREATED);

    // At the start it is one line.
    app.stop().await;
    std::fs::write(folder.join("kms/down"), "").unwrap();
    let printed = app.refusal();
    assert!(printed.contains("PERNOEX_KMS_COMMAND unwrap: failed"), "{printed}");
    assert!(printed.lines().count() == 1 && !printed.contains("c2VjcmV0"), "{printed}");

    // It was told what to do and nothing else.
    let called = std::fs::read_to_string(folder.join("kms/called")).unwrap();
    assert!(called.contains("arguments: wrap\n") && called.contains("arguments: unwrap\n"));
    for name in ["PERNOEX_", "DATABASE_URL", "REDIS_URL"] {
        assert!(!called.lines().any(|line| line.starts_with(name)), "{name} was handed on");
    }
}

#[tokio::test]
async fn an_installation_begins_with_a_key_service_and_no_key_file() {
    let outside = tempfile::tempdir().unwrap();
    let script = service(outside.path());
    let command = serde_json::json!(["sh", script.display().to_string()]).to_string();
    let app = TestApp::start_with(Clock::system(), &[("PERNOEX_KMS_COMMAND", &command)]).await;
    assert!(!app.data().join("master.key").exists());
    let mut ada = app.owner("ada").await;
    let lantern = ada.project("Lantern").await;
    let admin = app.keys().await;
    // The service's keys have versions of their own: everything is wrapped anew.
    let mut rotation = admin.rotate_master().unwrap();
    let mut steps = Vec::new();
    while steps.last() != Some(&MasterStep::Done) {
        steps.push(rotation.step().await.unwrap());
    }
    assert!(steps.iter().any(|step| matches!(step, MasterStep::Tenant(_))), "{steps:?}");
    drop(rotation);
    admin.close().await;
    assert_eq!(ada.get(&format!("{lantern}/documents")).await.0, StatusCode::OK);
}
