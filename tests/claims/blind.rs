//! What nobody may hide: by a question that waits, by erasing the end of a log, by another policy, by a token that is left.

use pernoex::Clock;
use reqwest::Method;

use super::{broken, in_the_clear, lived_in, verify};
use crate::support::{TestApp, rows::Rows};

fn is_postgres() -> bool {
    std::env::var("PERNOEX_TEST_POSTGRES").is_ok()
}

/// Of nobody yet: a passkey that a visitor was asked for, and a sign-up whose link was not followed.
async fn waiting(rows: &Rows, sealed: &str) {
    let in_an_hour = chrono::Utc::now().timestamp_millis() + 3_600_000;
    let hash = || vec![7_u8; 32].into();
    let ceremony = format!(
        "insert into ceremony (ticket_hash, purpose, account_id, sealed, expires_at) \
         select $1, 'passkey_sign_in', null, {sealed}, $2 from report limit 1"
    );
    assert_eq!(rows.run(&ceremony, vec![hash(), in_an_hour.into()]).await, 1);
    let sign_up = "insert into account_token (token_hash, account_id, purpose, email, sealed, created_at, expires_at) \
        select $1, null, 'sign_up', 'eve@example.com', sealed, $2, $2 from report limit 1";
    assert_eq!(rows.run(sign_up, vec![hash(), in_an_hour.into()]).await, 1);
}

#[tokio::test]
async fn a_question_to_nobody_yet_blinds_no_check() {
    let (app, _, _) = lived_in().await;
    let before = app.verify_inside();
    let rows = app.rows().await;
    waiting(&rows, "sealed").await;
    let after = app.verify_inside();
    assert_eq!(after.ended("holds"), before.ended("holds"), "{}", after.said);
    assert_eq!(after.ended("not_tried"), before.ended("not_tried"), "{}", after.said);
    rows.run("delete from ceremony", vec![]).await;
    rows.run("delete from account_token where account_id is null", vec![]).await;
    // And what is in such a row is looked at.
    let clear = if is_postgres() {
        "convert_to(repeat('words ', 20), 'UTF8')"
    } else {
        "cast('words words words words words words words' as blob)"
    };
    waiting(&rows, clear).await;
    rows.close().await;
    let found = app.verify_inside();
    assert!(found.check("rows.sealed").1.contains("1 in ceremony.sealed"), "{}", found.said);
}

#[tokio::test]
async fn a_table_that_cannot_be_read_is_one_checks_trouble() {
    let (app, _, _) = lived_in().await;
    let rows = app.rows().await;
    rows.run("alter table account_backup_code rename to somewhere_else", vec![]).await;
    rows.close().await;
    let found = app.verify_inside();
    let (status, words) = found.check("rows.links");
    assert!(status == "not_tried" && words.contains("could not be read"), "{words}");
    for check in [
        "rows.passwords",
        "rows.sessions",
        "rows.sealed",
        "rows.audit",
        "disclosure.promises",
    ] {
        assert_eq!(found.check(check).0, "holds", "{check}: {}", found.check(check).1);
    }
}

/// What a role that owns the tables can do, and the server's own cannot.
async fn unkept(rows: &Rows) {
    if !is_postgres() {
        rows.run("drop trigger audit_whole", vec![]).await;
        rows.run("drop trigger audit_kept", vec![]).await;
    }
}

#[tokio::test]
async fn a_log_that_was_cut_off_before_what_was_signed_is_broken() {
    let by = async |rows: &Rows| {
        unkept(rows).await;
        let signed = "insert into audit_checkpoint (tenant_id, seq, hash, at, signature) \
            select tenant_id, seq, hash, at, hash from audit where seq = 3";
        rows.run(signed, vec![]).await;
        rows.run("delete from audit where seq > 2", vec![]).await;
        let head =
            "update audit_head set seq = 2, hash = (select hash from audit where audit.tenant_id = audit_head.tenant_id and seq = 2)";
        rows.run(head, vec![]).await;
    };
    broken::broken(by, ("rows.audit", "ends at entry 2, but had reached 3"), &["intro.priority"]).await;
}

#[tokio::test]
async fn a_log_that_is_another_than_what_was_signed_is_broken() {
    let by = async |rows: &Rows| {
        let signed = "insert into audit_checkpoint (tenant_id, seq, hash, at, signature) \
            select tenant_id, seq, previous, at, hash from audit where seq = 2";
        rows.run(signed, vec![]).await;
    };
    broken::broken(by, ("rows.audit", "the checkpoint of entry 2"), &["intro.priority"]).await;
}

/// Whoever can add rows can add one that looks signed.
#[tokio::test]
async fn a_checkpoint_that_was_signed_by_nobody_is_broken() {
    let by = async |rows: &Rows| {
        let forged = "insert into audit_checkpoint (tenant_id, seq, hash, at, signature) \
            select tenant_id, seq, hash, at, hash from audit where seq = 2";
        rows.run(forged, vec![]).await;
    };
    let words = "the signature of the checkpoint of entry 2 does not hold";
    broken::broken(by, ("rows.audit", words), &["intro.priority"]).await;
}

#[tokio::test]
async fn a_signature_is_of_this_installation_and_of_what_it_stands_under() {
    let (app, mut ada, _) = lived_in().await;
    let exported = ada.send(Method::GET, "/audit/export?format=jsonl", None, &[]).await;
    assert!(exported.text().await.unwrap().contains("checkpoint"));
    let before = app.verify_inside();
    let (status, words) = before.check("rows.audit");
    assert!(status == "holds" && !words.contains("; 0 signatures"), "{words}");
    // Who has no key sees the chain, and says what it does not see.
    if is_postgres() {
        let mut settings = app.environment().to_vec();
        let other = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        settings.push(("PERNOEX_MASTER_KEY".into(), other.into()));
        let blind = verify(&settings, &["--inside"], app.folder.path());
        let (status, words) = blind.check("rows.audit");
        assert!(status == "not_tried" && words.contains("not who signed"), "{words}");
    }
    // Only the time is another: entries and chain are what they were.
    let rows = app.rows().await;
    let kept = "create trigger audit_checkpoint_kept before update on audit_checkpoint \
        begin select raise(abort, 'the audit log is only added to'); end";
    if !is_postgres() {
        rows.run("drop trigger audit_checkpoint_kept", vec![]).await;
    }
    rows.run("update audit_checkpoint set at = at + 1", vec![]).await;
    if !is_postgres() {
        rows.run(kept, vec![]).await;
    }
    rows.close().await;
    let found = app.verify_inside();
    assert_eq!(found.ended("broken"), ["rows.audit"], "{}", found.said);
    let words = found.check("rows.audit").1;
    assert!(words.contains("the signature of the checkpoint of entry"), "{words}");
}

/// A chain alone proves nothing: whoever can write the table can make another one.
#[tokio::test]
async fn a_log_whose_signatures_are_gone_is_not_said_to_hold() {
    let earlier = Clock::manual(chrono::Utc::now().timestamp_millis() - 3 * 3_600_000);
    let mut app = TestApp::start_with(earlier, &[]).await;
    let mut ada = app.owner("ada").await;
    let exported = ada.send(Method::GET, "/audit/export?format=jsonl", None, &[]).await;
    assert!(exported.text().await.unwrap().contains("checkpoint"));
    // Nobody signs anew meanwhile.
    app.stop().await;
    let before = app.verify_inside();
    assert_eq!(before.check("rows.audit").0, "holds", "{}", before.said);
    let rows = app.rows().await;
    let kept = if is_postgres() {
        Vec::new()
    } else {
        rows.ask("select sql from sqlite_master where name = 'audit_checkpoint_whole'", vec![])
            .await
    };
    if !kept.is_empty() {
        rows.run("drop trigger audit_checkpoint_whole", vec![]).await;
    }
    assert!(rows.run("delete from audit_checkpoint", vec![]).await > 0);
    for trigger in kept {
        let sql: String = trigger.try_get_by_index(0).unwrap();
        rows.run(&sql, vec![]).await;
    }
    rows.close().await;
    let after = app.verify_inside();
    let (status, words) = after.check("rows.audit");
    assert!(
        status == "unproven" && words.contains("nothing was ever signed"),
        "{status}: {words}"
    );
}

#[tokio::test]
async fn a_log_that_was_erased_is_broken() {
    let by = async |rows: &Rows| {
        unkept(rows).await;
        for table in ["audit", "audit_head"] {
            rows.run(&format!("delete from {table}"), vec![]).await;
        }
    };
    broken::broken(by, ("rows.audit", "ends at entry 0"), &["intro.priority"]).await;
}

/// On PostgreSQL it is rights that keep the log, which store.walls looks at.
#[tokio::test]
async fn a_log_that_nothing_keeps_from_being_rewritten_is_broken() {
    if is_postgres() {
        return;
    }
    let by = async |rows: &Rows| {
        rows.run("drop trigger audit_checkpoint_whole", vec![]).await;
    };
    broken::broken(by, ("rows.audit", "audit_checkpoint_whole"), &["intro.priority"]).await;
}

#[tokio::test]
async fn a_policy_that_opens_a_wall_is_named() {
    if !is_postgres() {
        return;
    }
    for (policy, name) in [
        (
            "create policy open2 on document_body for select using (current_setting('app.tenant_id', true) <> '')",
            "open2 of document_body",
        ),
        ("create policy open3 on voice_call using (true)", "open3 of voice_call"),
        (
            "alter policy tenant_wall on chunk using (tenant_id is not null)",
            "tenant_wall of chunk",
        ),
    ] {
        let by = async |rows: &Rows| {
            rows.run(policy, vec![]).await;
        };
        broken::broken(by, ("store.walls", name), &["isolation.query-layer"]).await;
    }
}

#[tokio::test]
async fn a_token_that_nothing_refers_to_any_more_is_left_behind() {
    let by = async |rows: &Rows| {
        assert_eq!(rows.run("delete from widget_identity", vec![]).await, 1);
    };
    broken::broken(by, ("rows.tokens", "1 credentials are left"), &["integrations.token-deleted"]).await;
}

#[tokio::test]
async fn noise_in_an_envelope_is_not_what_was_sealed() {
    for (table, broken) in [
        ("document_body", &["rows.sealed"][..]),
        ("credential", &["rows.sealed", "rows.credentials"]),
    ] {
        let (app, _, _) = lived_in().await;
        let rows = app.rows().await;
        let by = async |rows: &Rows| {
            let mut noise = vec![1, 0, 0, 0, 1];
            noise.extend((0..200_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 | 0x80));
            rows.run(&format!("update {table} set sealed = $1"), vec![noise.into()]).await;
        };
        by(&rows).await;
        rows.close().await;
        let found = app.verify_inside();
        assert_eq!(found.ended("broken"), broken, "{}", found.said);
        assert!(found.check("rows.sealed").1.contains("does not open"), "{}", found.said);
    }
}

#[tokio::test]
async fn a_credential_that_lies_in_the_clear_breaks_what_is_said_of_credentials() {
    let (app, _, _) = lived_in().await;
    let rows = app.rows().await;
    rows.run("update credential set sealed = $1", vec![in_the_clear().into()]).await;
    let found = app.verify_inside();
    assert_eq!(found.ended("broken"), ["rows.sealed", "rows.credentials"], "{}", found.said);
    // Where there is none, nothing is said of any.
    for table in ["widget_identity", "credential"] {
        rows.run(&format!("delete from {table}"), vec![]).await;
    }
    rows.close().await;
    let found = app.verify_inside();
    for claim in ["data.credentials", "integrations.sealed", "integrations.token-deleted"] {
        assert_eq!(found.claim(claim), "unproven", "{claim}: {}", found.said);
    }
}
