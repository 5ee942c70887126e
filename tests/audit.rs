//! The audit log: what is in it, who reads it, and how a copy of it is checked.

mod asked;

use std::path::PathBuf;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{GUIDE, PASSWORD, Person, TestApp};

async fn log(person: &mut Person, query: &str) -> Vec<Value> {
    let (status, page) = person.get(&format!("/audit{query}")).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    page["entries"].as_array().unwrap().clone()
}

fn acts(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["act"].as_str().unwrap()).collect()
}

async fn export(person: &mut Person, format: &str) -> String {
    let response = person.send(Method::GET, &format!("/audit/export?format={format}"), None, &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    let disposition = response.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.starts_with("attachment; filename=\"audit-") && disposition.contains(format));
    response.text().await.unwrap()
}

fn file(app: &TestApp, text: &str) -> PathBuf {
    let path = app.folder.path().join("export.jsonl");
    std::fs::write(&path, text).unwrap();
    path
}

fn verify(app: &TestApp, text: &str, more: &[&str]) -> (bool, String) {
    let path = file(app, text);
    let arguments = [&["audit", "verify", path.to_str().unwrap()], more].concat();
    let (code, out, err) = crate::support::process::run(&[], &arguments, app.folder.path());
    (code == Some(0), format!("{out}{err}"))
}

#[tokio::test]
async fn each_change_is_in_the_log_with_who_what_and_from_where() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let mut bob = app.member(&mut ada, &[&project]).await;
    let id = bob.id().await;
    ada.patch(&format!("/team/members/{id}"), json!({ "role": "admin" })).await;
    ada.patch(&project, json!({ "name": "Beacon" })).await;
    ada.patch(
        &format!("{project}/widget"),
        json!({ "allowed_origins": ["https://www.example.com"] }),
    )
    .await;
    ada.post(&format!("{project}/widget/key"), json!({})).await;
    let (_, uploaded) = ada
        .upload(Method::POST, &format!("{project}/documents"), &[("secret-plan.md", GUIDE)])
        .await;
    let document = uploaded["documents"][0]["id"].as_str().unwrap();
    ada.delete(&format!("{project}/documents/{document}"), None).await;
    ada.patch("/workspace", json!({ "name": "Lovelace" })).await;
    ada.delete(&format!("/team/members/{id}"), None).await;
    ada.delete(&project, Some(json!({ "confirm": "Beacon" }))).await;
    let entries = log(&mut ada, "").await;
    assert_eq!(
        acts(&entries),
        [
            "project.deleted",
            "member.removed",
            "workspace.renamed",
            "document.deleted",
            "document.uploaded",
            "widget.key_rotated",
            "widget.changed",
            "project.renamed",
            "member.role_changed",
            "session.begun",
            "invitation.accepted",
            "invitation.created",
            "project.created",
            "session.begun",
            "workspace.created",
        ]
    );
    let changed = &entries[8];
    assert_eq!(changed["email"], ada.email.as_str());
    assert!(changed["address"].as_str().unwrap().starts_with("127."), "{changed}");
    assert_eq!(changed["target"]["name"], bob.email.as_str());
    assert_eq!(
        (&changed["details"]["from"], &changed["details"]["to"]),
        (&json!("member"), &json!("admin"))
    );
    assert_eq!(changed["outcome"], "done");
    let text = serde_json::to_string(&entries).unwrap();
    assert!(!text.contains("secret-plan"), "the name of a document is content");
}

#[tokio::test]
async fn what_was_refused_leaves_no_entry() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let before = log(&mut ada, "").await.len();
    let mine = ada.id().await;
    for (method, path, body) in [
        (Method::DELETE, project.as_str(), json!({ "confirm": "another name" })),
        (Method::POST, "/projects", json!({ "name": "Lantern" })),
        (Method::DELETE, "/workspace/membership", Value::Null),
    ] {
        let refused = ada.send(method, path, Some(body), &[]).await;
        assert!(refused.status().is_client_error(), "{path}");
    }
    let (status, _) = ada.patch(&format!("/team/members/{mine}"), json!({ "role": "member" })).await;
    assert_eq!(status, StatusCode::CONFLICT, "the last owner");
    assert_eq!(log(&mut ada, "").await.len(), before);
}

#[tokio::test]
async fn the_log_is_filtered_by_act_person_and_time_and_read_in_pages() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let mut bob = app.admin(&mut ada).await;
    for n in 0..5 {
        bob.project(&format!("Project {n}")).await;
    }
    let id = bob.id().await;
    assert_eq!(log(&mut ada, "?act=project").await.len(), 5);
    assert_eq!(log(&mut ada, "?act=project.created").await.len(), 5);
    assert_eq!(log(&mut ada, "?act=proj").await.len(), 0, "part of a word is no group");
    assert_eq!(log(&mut ada, "?act=project.renamed").await.len(), 0);
    let his = log(&mut ada, &format!("?actor={id}")).await;
    assert!(
        his.iter().all(|entry| entry["email"] == bob.email.as_str()) && his.len() == 7,
        "{his:?}"
    );
    assert_eq!(log(&mut ada, "?to=2020-01-01").await.len(), 0);
    assert!(log(&mut ada, "?from=2020-01-01&limit=200").await.len() > 8);
    let all = log(&mut ada, "?limit=200").await;
    let mut paged = Vec::new();
    let mut before = String::new();
    loop {
        let (_, page) = ada.get(&format!("/audit?limit=2{before}")).await;
        paged.extend(page["entries"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_i64() else { break };
        before = format!("&before={next}");
    }
    assert_eq!(paged, all);
    for wrong in ["?from=yesterday", "?actor=bob", "?act=%25", "?before=x"] {
        assert_eq!(ada.get(&format!("/audit{wrong}")).await.0, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn a_log_is_its_own_workspaces_and_not_for_members() {
    let app = TestApp::start().await;
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    ada.project("Lantern").await;
    let mut member = app.member(&mut ada, &[]).await;
    for path in ["/audit", "/audit/key", "/audit/export"] {
        assert_eq!(member.get(path).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(acts(&log(&mut eve, "").await), ["session.begun", "workspace.created"]);
}

#[tokio::test]
async fn wrong_passwords_are_noted_and_a_flood_of_them_does_not_fill_the_log() {
    let app = TestApp::with(&[]).await;
    let mut ada = app.owner("ada").await;
    let mut thief = app.nobody();
    for _ in 0..15 {
        thief
            .post("/session", json!({ "email": ada.email, "password": "not the right password" }))
            .await;
    }
    // Noted beside the answer.
    let mut failed = Vec::new();
    for _ in 0..400 {
        failed = log(&mut ada, "?act=session.failed").await;
        if failed.len() >= 5 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert_eq!(failed.len(), 5);
    assert_eq!(failed[0]["outcome"], "refused");
    assert_eq!(failed[0]["target"]["name"], ada.email.as_str());
    assert_eq!(failed[0]["actor"], Value::Null);
    assert!(!failed[0]["address"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn coming_and_going_is_in_the_log() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let mut phone = app.nobody();
    let (_, session) = phone.post("/session", json!({ "email": ada.email, "password": PASSWORD })).await;
    phone.took(&session);
    let (_, listed) = ada.get("/account/sessions").await;
    let other = listed["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["current"] == false)
        .unwrap();
    let (status, _) = ada
        .delete(&format!("/account/sessions/{}", other["id"].as_str().unwrap()), None)
        .await;
    assert!(status.is_success());
    ada.delete("/account/sessions", None).await;
    ada.delete("/session", None).await;
    let (_, session) = ada.post("/session", json!({ "email": ada.email, "password": PASSWORD })).await;
    ada.took(&session);
    let entries = log(&mut ada, "?act=session").await;
    assert_eq!(
        acts(&entries),
        [
            "session.begun",
            "session.ended",
            "session.revoked",
            "session.revoked",
            "session.begun",
            "session.begun"
        ]
    );
}

#[tokio::test]
async fn proving_anew_is_a_new_session_id_and_no_second_sign_in() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let mut before = ada.again();
    let (status, session) = ada.post("/session/proof", json!({ "password": PASSWORD })).await;
    assert_eq!(status, StatusCode::OK, "{session}");
    ada.took(&session);
    assert_eq!(acts(&log(&mut ada, "?act=session").await), ["session.proved", "session.begun"]);
    let secret = |cookie: &Option<String>| cookie.clone().unwrap();
    assert_ne!(secret(&ada.cookie), secret(&before.cookie));
    // 32 random bytes in base64url, after the workspace's id and before the signature.
    assert!(
        secret(&ada.cookie).split(['.', '%', '=']).any(|part| part.len() == 43),
        "{:?}",
        ada.cookie
    );
    assert_eq!(before.get("/session").await.0, StatusCode::UNAUTHORIZED, "the old id opens nothing");
}

#[tokio::test]
async fn an_export_holds_on_another_machine_and_the_first_broken_link_is_named() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    for n in 0..4 {
        ada.project(&format!("Project {n}")).await;
    }
    // Signed in between, and once more at its end.
    export(&mut ada, "jsonl").await;
    let project = ada.project("=HYPERLINK(\"https://evil.test\")").await;
    ada.patch(&project, json!({ "name": "Lantern" })).await;
    let text = export(&mut ada, "jsonl").await;
    let (holds, said) = verify(&app, &text, &[]);
    assert!(holds, "{said}");
    assert!(said.contains("10 entries, 2 checkpoints"), "{said}");
    let key = ada.get("/audit/key").await.1["public_key"].as_str().unwrap().to_owned();
    assert!(verify(&app, &text, &["--key", &key]).0);
    let (holds, said) = verify(&app, &text, &["--key", &"A".repeat(43)]);
    assert!(!holds && said.contains("signature"), "{said}");

    let lines: Vec<&str> = text.lines().collect();
    let broken = |lines: Vec<String>, expected: &str| {
        let (holds, said) = verify(&app, &(lines.join("\n") + "\n"), &[]);
        assert!(!holds && said.contains(expected), "{expected}: {said}");
    };
    let owned = || lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    // Line 1 is the header; entry n is on line n + 1 until the first checkpoint.
    let mut altered = owned();
    altered[3] = altered[3].replace("Project 0", "Project 9");
    assert_ne!(altered, owned());
    broken(altered, "line 4, entry 3: entry 3 was altered");
    let mut deleted = owned();
    deleted.remove(4);
    broken(deleted, "line 5, entry 4: entry 4 is missing: 5 follows");
    let mut swapped = owned();
    swapped.swap(3, 4);
    broken(swapped, "line 4, entry 3");
    let mut cut = owned();
    cut.truncate(lines.len() - 2);
    broken(cut, "was cut off");
    let mut unsigned = owned();
    unsigned.pop();
    broken(unsigned, "was cut off");
    let mut added = owned();
    added[3] = added[3].replacen('{', "{\"more\":1,", 1);
    broken(added, "line 4");
    let mut forged = owned();
    let last = forged.len() - 1;
    forged[last] = forged[last].replace("\"signature\":\"", "\"signature\":\"AAAA");
    broken(forged, "signature does not hold");
    // A log that was written anew from an altered entry on has right hashes, but nobody's signature.
    let (other, _) = (app.owner("eve").await, ());
    let mut other = other;
    let theirs = export(&mut other, "jsonl").await;
    let mut moved = owned();
    moved[0] = theirs.lines().next().unwrap().to_owned();
    broken(moved, "line 2, entry 1");
}

#[tokio::test]
async fn a_spreadsheet_calculates_nothing_of_an_export() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    ada.project("=HYPERLINK(\"https://evil.test\")").await;
    let text = export(&mut ada, "csv").await;
    assert!(text.contains("\"'=HYPERLINK(\"\"https://evil.test\"\")\""), "{text}");
    for line in text.lines().skip(1) {
        for cell in line.split("\",\"") {
            assert!(!cell.trim_matches('"').starts_with(['=', '+', '-', '@']), "{line}");
        }
    }
    assert!(text.lines().last().unwrap().contains("\"checkpoint\""));
}

/// What a database's owner does to a row shows in the next export.
#[tokio::test]
async fn a_row_altered_in_the_database_is_found_by_the_export() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    for n in 0..3 {
        ada.project(&format!("Project {n}")).await;
    }
    let rows = app.rows().await;
    if std::env::var("PERNOEX_TEST_POSTGRES").is_err() {
        rows.run("drop trigger audit_kept", vec![]).await;
    }
    rows.run("update audit set target_name = 'Project 9' where target_name = 'Project 1'", vec![])
        .await;
    rows.close().await;
    let text = export(&mut ada, "jsonl").await;
    let (holds, said) = verify(&app, &text, &[]);
    assert!(!holds && said.contains("entry 4: entry 4 was altered"), "{said}");
}

#[tokio::test]
async fn a_deleted_workspaces_log_goes_with_it() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let (status, _) = ada.delete("/workspace", Some(json!({ "confirm": "ada" }))).await;
    assert!(status.is_success());
    let rows = app.rows().await;
    for _ in 0..400 {
        let left = rows
            .ask("select 1 as one from audit union all select 1 from audit_head", vec![])
            .await;
        if left.is_empty() {
            return rows.close().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the log of a deleted workspace stays");
}

#[tokio::test]
async fn the_log_is_exported_only_after_a_fresh_proof() {
    let clock = pernoex::Clock::manual(1_800_000_000_000);
    let app = TestApp::start_with(clock.clone(), &[]).await;
    let mut ada = app.owner("ada").await;
    clock.advance(11 * 60_000);
    let (status, problem) = ada.get("/audit/export").await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::FORBIDDEN, Some("step_up_needed")));
    let (_, session) = ada.post("/session/proof", json!({ "password": PASSWORD })).await;
    ada.took(&session);
    let text = export(&mut ada, "jsonl").await;
    assert!(verify(&app, &text, &[]).0);
    let (holds, said) = verify(&app, &export(&mut ada, "csv").await, &[]);
    assert!(!holds && said.contains("export JSON lines instead"), "{said}");
}

#[test]
fn the_dashboard_has_a_sentence_for_each_kind_of_act() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let sentences = std::fs::read_to_string(root.join("static/dashboard/audit/sentences.js")).unwrap();
    for act in entities::audit::Act::ALL {
        let id = act.as_str();
        assert!(sentences.contains(&format!("\"{id}\": (")), "no sentence for {id}");
        let (group, _) = id.split_once('.').unwrap();
        assert!(sentences.contains(&format!("\n  {group}: \"")), "no filter for {group}");
    }
}

#[tokio::test]
async fn nothing_that_is_asked_or_answered_is_in_the_log() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    ada.question(&project, "How do I export my data?").await;
    let text = export(&mut ada, "jsonl").await;
    for content in ["export my data", "guide.md", "Refunds", PASSWORD] {
        assert!(!text.contains(content), "{content}");
    }
    for secret in [ada.cookie.as_deref().unwrap(), ada.csrf.as_deref().unwrap()] {
        assert!(!text.contains(secret));
    }
}
