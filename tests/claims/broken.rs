//! Something is really broken, and what is said of it with it.

use super::{in_the_clear, lived_in, password, verify};
use crate::support::{TestApp, rows::Rows};

#[tokio::test]
async fn given_an_account_and_a_key_everything_that_can_be_proven_is() {
    let (app, ada, key) = lived_in().await;
    let mut settings = app.environment().to_vec();
    settings.push(password());
    let other = app.owner("grace").await.project("Another's").await;
    let foreign = other.rsplit('/').next().unwrap();
    let arguments = ["--inside", "--url", &app.url, "--email", &ada.email, "--widget-key", &key];
    let arguments = [&arguments[..], &["--foreign-project", foreign]].concat();
    let found = verify(&settings, &arguments, app.folder.path());
    assert!(
        found.ended("broken").is_empty() && found.ended("not_tried").is_empty(),
        "{}",
        found.said
    );
    assert_eq!((found.code, found.report["status"].as_str()), (Some(0), Some("holds")));
    for check in [
        "session.cookie",
        "session.csrf",
        "session.sign-out",
        "isolation.foreign",
        "doors.session",
        "doors.public-key",
        "doors.origin",
        "webhooks.signature",
        "rows.passwords",
        "rows.sealed",
        "rows.audit",
        "rows.credentials",
        "store.key-files",
        "build.lockfile",
    ] {
        assert_eq!(found.check(check).0, "holds", "{check}: {}", found.check(check).1);
    }
    match app.setting("DATABASE_URL") {
        Some(_) => assert_eq!((found.check("store.walls").0, found.check("store.file").0), ("holds", "unproven")),
        None => assert_eq!((found.check("store.walls").0, found.check("store.file").0), ("unproven", "holds")),
    }
    // The same of both sentences that say it; and nothing of what is not there.
    for claim in ["intro.encrypted", "data.at-rest"] {
        let checks = found.of("claims", claim)["checks"].as_array().unwrap();
        assert!(checks.iter().any(|check| check == "store.file"), "{claim}");
    }
    assert_eq!(found.claim("data.credentials"), "holds");
    for check in ["rows.tokens", "rows.connected"] {
        assert_eq!(found.check(check).0, "unproven", "{check}: {}", found.check(check).1);
    }
    // An id that nobody has shows nothing.
    let nobodys = uuid::Uuid::new_v4().to_string();
    let end = arguments.len() - 1;
    let arguments = [&arguments[..end], &[&nobodys]].concat();
    let (status, words) = (found.check("isolation.foreign").0, "was not seen to be a project's");
    assert_eq!(status, "holds");
    let of_nobody = verify(&settings, &arguments, app.folder.path());
    assert!(of_nobody.check("isolation.foreign").1.contains(words), "{}", of_nobody.said);
    assert_eq!(of_nobody.claim("isolation.content"), "unproven");
    // What cannot be proven is said plainly, however well all is.
    assert_eq!(found.claim("integrations.revoked"), "unproven");
    assert_eq!(found.claim("infrastructure.volumes"), "unproven");
    for secret in [crate::support::PASSWORD, "export your data"] {
        assert!(!found.said.contains(secret), "{secret}");
    }
}

/// Breaks something of a lived-in installation; then `check` is broken, with `claims`, and says `words`.
pub(super) async fn broken(by: impl AsyncFnOnce(&Rows), (check, words): (&str, &str), claims: &[&str]) {
    let (app, _, _) = lived_in().await;
    let before = app.verify_inside();
    assert_ne!(before.check(check).0, "broken", "{}", before.said);
    let rows = app.rows().await;
    by(&rows).await;
    rows.close().await;
    let found = app.verify_inside();
    assert_eq!(found.code, Some(1), "{}", found.said);
    assert_eq!(found.ended("broken"), [check], "{}", found.said);
    assert!(found.check(check).1.contains(words), "{}", found.check(check).1);
    for claim in claims {
        assert_eq!(found.claim(claim), "broken", "{claim}");
    }
    assert!(!found.said.contains("export your data"), "nothing of what is stored is said");
    let (_, text) = app.command(&["verify", "--inside"]);
    assert!(text.contains("BROKEN") && text.contains(words), "{text}");
}

#[tokio::test]
async fn a_body_that_lies_in_the_clear_is_named_by_its_column() {
    let by = async |rows: &Rows| {
        let changed = rows.run("update document_body set sealed = $1", vec![in_the_clear().into()]).await;
        assert_eq!(changed, 1);
    };
    broken(
        by,
        ("rows.sealed", "1 in document_body.sealed"),
        &["data.at-rest", "isolation.content", "intro.encrypted"],
    )
    .await;
}

#[tokio::test]
async fn words_behind_the_head_of_an_envelope_are_seen_too() {
    let by = async |rows: &Rows| {
        let mut dressed = vec![1, 0, 0, 0, 1];
        dressed.extend([7; 12]);
        dressed.extend(in_the_clear());
        rows.run("update report set sealed = $1", vec![dressed.into()]).await;
    };
    broken(by, ("rows.sealed", "1 in report.sealed"), &["data.at-rest"]).await;
}

#[tokio::test]
async fn a_line_of_the_log_that_was_altered_is_named() {
    let by = async |rows: &Rows| {
        if std::env::var("PERNOEX_TEST_POSTGRES").is_err() {
            rows.run("drop trigger audit_kept", vec![]).await;
        }
        rows.run("update audit set target_name = 'Another' where seq = 2", vec![]).await;
    };
    broken(by, ("rows.audit", "entry 2 was altered"), &["intro.priority"]).await;
}

#[tokio::test]
async fn a_password_that_is_no_bcrypt_is_seen_and_not_told() {
    let by = async |rows: &Rows| {
        rows.run("update account set password_hash = 'export your data'", vec![]).await;
    };
    broken(by, ("rows.passwords", "1 of 1 passwords"), &["auth.bcrypt"]).await;
}

#[tokio::test]
async fn a_session_that_is_stored_by_its_name_is_seen() {
    let by = async |rows: &Rows| {
        rows.run("update session set id_hash = $1", vec![b"the id itself".to_vec().into()])
            .await;
    };
    broken(by, ("rows.sessions", "1 sessions"), &["auth.sign-out-ends"]).await;
}

#[tokio::test]
async fn a_role_that_there_is_none_of_is_seen_of_members_and_of_who_is_invited() {
    let words = "1 members or invitations have a role that there is none of";
    let by = async |rows: &Rows| {
        rows.run("update invitation set role = 'keeper'", vec![]).await;
    };
    broken(by, ("rows.members", words), &["access.roles", "access.owners"]).await;
    let by = async |rows: &Rows| {
        rows.run("update member set role = 'keeper'", vec![]).await;
    };
    broken(by, ("rows.members", words), &["access.roles", "access.members"]).await;
}

#[tokio::test]
async fn a_workspace_that_nobody_owns_is_named() {
    let by = async |rows: &Rows| {
        rows.run("update member set role = 'admin'", vec![]).await;
    };
    broken(by, ("rows.members", "1 workspaces have no Owner, such as "), &["access.owners"]).await;
}

/// The database keeps to this by itself, unless whoever owns it tells it not to.
#[tokio::test]
async fn an_assignment_to_another_workspaces_project_is_seen() {
    let by = async |rows: &Rows| {
        let unkept = match std::env::var("PERNOEX_TEST_POSTGRES") {
            Ok(_) => "alter table project_member drop constraint project_member_tenant_id_project_id_fkey",
            Err(_) => "pragma foreign_keys = off",
        };
        rows.run(unkept, vec![]).await;
        let astray =
            "insert into project_member (tenant_id, account_id, project_id, created_at) select tenant_id, account_id, $1, 0 from member";
        assert_eq!(rows.run(astray, vec![uuid::Uuid::now_v7().into()]).await, 1);
    };
    broken(by, ("rows.members", "1 assignments"), &["access.members"]).await;
}

#[tokio::test]
async fn an_invitation_without_an_end_is_seen() {
    let by = async |rows: &Rows| {
        rows.run("update invitation set expires_at = 9000000000000", vec![]).await;
    };
    broken(by, ("rows.invitations", "1 invitations"), &["access.invitations"]).await;
}

#[tokio::test]
async fn a_report_that_waits_for_too_long_is_a_broken_promise() {
    let by = async |rows: &Rows| {
        rows.run("update report set received_at = received_at - 172900000", vec![]).await;
    };
    broken(by, ("disclosure.promises", "1 reports wait"), &["disclosure.acknowledged"]).await;
}

#[tokio::test]
async fn a_reporter_who_waits_for_a_day_breaks_the_other_promise() {
    let by = async |rows: &Rows| {
        let sql = "update report set state = 'confirmed', acknowledged_at = received_at, confirmed_at = received_at - 900000000";
        rows.run(sql, vec![]).await;
    };
    broken(by, ("disclosure.timelines", "1 reports wait"), &["disclosure.timeline"]).await;
}

/// A copy of the file that nobody sealed, put in its place.
#[tokio::test]
async fn a_database_file_that_lies_in_the_clear_is_seen_although_no_key_opens_it() {
    let (mut app, _, _) = lived_in().await;
    if app.setting("DATABASE_URL").is_some() {
        return;
    }
    assert_eq!(app.verify_inside().check("store.file").0, "holds");
    app.stop().await;
    let (file, clear) = (app.data().join("pernoex.db"), app.data().join("clear.db"));
    let rows = app.rows().await;
    let attach = format!("attach database '{}' as clear key ''", clear.display());
    rows.run(&attach, vec![]).await;
    rows.ask("select sqlcipher_export('clear')", vec![]).await;
    rows.run("detach database clear", vec![]).await;
    rows.close().await;
    for beside in ["pernoex.db-wal", "pernoex.db-shm"] {
        let _ = std::fs::remove_file(app.data().join(beside));
    }
    std::fs::rename(clear, file).unwrap();
    let found = app.verify_inside();
    assert_eq!((found.code, found.ended("broken")), (Some(1), vec!["store.file"]), "{}", found.said);
    assert_eq!(found.claim("data.at-rest"), "broken");
    // What its rows would show, nobody can tell.
    assert_eq!(found.check("rows.sealed").0, "not_tried");
}

/// The second wall is PostgreSQL's: on the embedded database there is none to take away.
#[tokio::test]
async fn a_table_whose_wall_was_taken_away_is_named() {
    if std::env::var("PERNOEX_TEST_POSTGRES").is_err() {
        return;
    }
    let by = async |rows: &Rows| {
        rows.run("alter table document_body disable row level security", vec![]).await;
    };
    broken(by, ("store.walls", "document_body"), &["isolation.query-layer", "intro.isolated"]).await;
}

#[tokio::test]
async fn a_key_that_others_can_read_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let (app, _, _) = lived_in().await;
    std::fs::set_permissions(app.data().join("master.key"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let found = app.verify_inside();
    assert_eq!((found.code, found.check("store.key-files").0), (Some(1), "broken"));
    assert!(found.check("store.key-files").1.contains("master.key"));
}

/// A name as the program gives it: others are no backups.
const BACKUP: &str = "pernoex-20260921T141320Z-00000abc.backup";

#[tokio::test]
async fn a_backup_that_is_too_old_or_gone_or_made_by_hand_breaks_what_is_said_of_backups() {
    let app = TestApp::with(&[("PERNOEX_BCRYPT_COST", "10")]).await;
    let mut settings = app.environment().to_vec();
    let without = app.verify_inside();
    assert_eq!(without.check("store.backups").0, "unproven", "{}", without.said);
    let place = app.folder.path().join("backups");
    settings.push(("PERNOEX_BACKUP_TO".into(), place.display().to_string()));
    let rows = app.rows().await;
    let now = chrono::Utc::now().timestamp_millis();
    let made = async |cause: &str, hours: i64| {
        rows.run("delete from backup_run", vec![]).await;
        let at = now - hours * 3_600_000;
        let sql = "insert into backup_run (id, name, cause, state, started_at, finished_at, size, cells, reason) \
            values ($1, $2, $3, 'done', $4, $4, 5, 1, '')";
        let values = vec![uuid::Uuid::new_v4().into(), BACKUP.into(), cause.into(), at.into()];
        rows.run(sql, values).await;
        verify(&settings, &["--inside"], app.folder.path())
    };
    let (status, words) = ("broken", "is not where it was put");
    // Such as a volume that is not mounted here.
    let unseen = made("schedule", 20).await;
    assert_eq!(unseen.check("store.backups").0, "not_tried", "{}", unseen.said);
    std::fs::create_dir(&place).unwrap();
    let gone = made("schedule", 20).await;
    assert!(gone.check("store.backups").0 == status && gone.check("store.backups").1.contains(words));
    std::fs::write(place.join(BACKUP), b"four").unwrap();
    let short = made("schedule", 20).await;
    assert!(short.check("store.backups").1.contains("another size"), "{}", short.said);
    std::fs::write(place.join(BACKUP), b"whole").unwrap();
    let fresh = made("schedule", 20).await;
    assert_eq!(fresh.check("store.backups").0, "holds", "{}", fresh.said);
    // Somebody had to do it.
    let by_hand = made("command", 20).await;
    assert_eq!(by_hand.claim("infrastructure.backups"), "unproven", "{}", by_hand.said);
    let old = made("schedule", 72).await;
    assert_eq!((old.code, old.check("store.backups").0), (Some(1), "broken"), "{}", old.said);
    assert_eq!(old.claim("infrastructure.backups"), "broken");
    rows.close().await;
}
