use std::io::Write;

use reqwest::StatusCode;
use serde_json::json;

use super::{EVERY, HOUR_MS, add, latest, log, show, start, test_event};
use crate::support::receiver::{Posted, Receiver, Reply};

#[tokio::test]
async fn a_secret_is_shown_once_and_the_one_before_it_signs_for_another_day() {
    let (app, clock) = start().await;
    let mut receiver = Receiver::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let hook = add(&mut ada, &project, &receiver.url(), &EVERY).await;
    let rotate = async |ada: &mut crate::support::Person| {
        let (status, made) = ada.post(&format!("{}/secret", hook.path), json!({})).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        made["secret"].as_str().unwrap().to_owned()
    };
    let mut send = async |ada: &mut crate::support::Person| {
        test_event(ada, &hook).await;
        let posted = receiver.next().await;
        // A delivery that was not written down when a day passes is taken for lost, and sent again.
        latest(ada, &hook, |one| one["state"] == "delivered").await;
        posted
    };
    let second = rotate(&mut ada).await;
    assert_ne!(second, hook.secret);
    let posted = send(&mut ada).await;
    assert!(posted.is_signed_by(&hook.secret) && posted.is_signed_by(&second) && posted.signatures().len() == 2);
    clock.advance(23 * HOUR_MS);
    let posted = send(&mut ada).await;
    assert!(posted.is_signed_by(&hook.secret) && posted.is_signed_by(&second));
    assert!(show(&mut ada, &project).await["previous_secret_until"].is_string());
    clock.advance(HOUR_MS);
    let posted = send(&mut ada).await;
    assert!(!posted.is_signed_by(&hook.secret) && posted.is_signed_by(&second) && posted.signatures().len() == 1);
    assert!(show(&mut ada, &project).await["previous_secret_until"].is_null());
    // Twice in a day: the oldest ends at once.
    ada.prove().await;
    let third = rotate(&mut ada).await;
    let fourth = rotate(&mut ada).await;
    let posted = send(&mut ada).await;
    assert!(!posted.is_signed_by(&second) && posted.is_signed_by(&third) && posted.is_signed_by(&fourth));
    latest(&mut ada, &hook, |one| one["state"] == "delivered").await;

    let shown = [
        ada.get(&format!("{project}/webhooks")).await.1,
        ada.get(&format!("{}/deliveries", hook.path)).await.1,
        ada.get("/audit").await.1,
    ];
    let rows = app.rows().await;
    let dump = rows.dump().await;
    for secret in [&hook.secret, &second, &third, &fourth] {
        assert!(shown.iter().all(|one| !one.to_string().contains(secret.as_str())));
        assert!(!dump.contains(secret.as_str()));
    }
    assert!(
        !dump.contains("of-the-receiver"),
        "the address opens the receiver's door: it is sealed"
    );
    let credentials = async || {
        let found = rows.ask("select count(*) as n from credential", vec![]).await;
        found[0].try_get::<i64>("", "n").unwrap()
    };
    assert_eq!(credentials().await, 2, "the present one and the one before");
    assert_eq!(ada.delete(&hook.path, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(credentials().await, 0, "deleted with what they were for");
    rows.close().await;
}

#[tokio::test]
async fn webhooks_go_on_through_rotations_of_the_keys_that_seal_them() {
    let (app, clock) = start().await;
    let mut receiver = Receiver::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let hook = add(&mut ada, &project, &receiver.url(), &EVERY).await;
    receiver.reply(&[Reply::Status(500)]);
    test_event(&mut ada, &hook).await;
    let before = receiver.next().await;
    latest(&mut ada, &hook, |one| one["attempts"] == 1).await;
    let tenant = ada.get("/session").await.1["workspace"]["id"].as_str().unwrap().to_owned();
    for whose in ["--tenant", "--projects-of"] {
        let (done, said) = app.program(&["keys", "rotate", whose, &tenant], "");
        assert!(done, "{said}");
    }
    receiver.reply(&[Reply::Status(200)]);
    clock.advance(HOUR_MS);
    let after = receiver.next().await;
    assert_eq!(
        (after.header("webhook-id"), &after.body),
        (before.header("webhook-id"), &before.body)
    );
    assert!(after.is_signed_by(&hook.secret));
    latest(&mut ada, &hook, |one| one["state"] == "delivered").await;
}

#[tokio::test]
async fn a_deleted_project_sends_nothing_and_keeps_no_secret() {
    let (app, clock) = start().await;
    let mut receiver = Receiver::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let hook = add(&mut ada, &project, &receiver.url(), &EVERY).await;
    receiver.reply(&[Reply::Status(500)]);
    test_event(&mut ada, &hook).await;
    receiver.next().await;
    latest(&mut ada, &hook, |one| one["attempts"] == 1).await;
    assert_eq!(log(&mut ada, &hook).await.len(), 1);
    let (status, _) = ada.delete(&project, Some(json!({ "confirm": "Lantern" }))).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    clock.advance(HOUR_MS);
    let rows = app.rows().await;
    let kept = rows.ask("select 1 as found from credential", vec![]).await.len();
    assert_eq!(kept, 0, "in the transaction itself");
    for what in ["webhook_endpoint", "webhook_delivery", "job where kind = 'deliver_webhook'"] {
        // A step that met the deletion halfway is put back for seconds.
        rows.none_left_while(what, || clock.advance(1_000)).await;
    }
    assert!(receiver.rest().is_empty());
    rows.close().await;
}

/// The reference library in Python verifies what was sent. `PERNOEX_TEST_PYTHON` names an interpreter that has it.
#[tokio::test]
async fn the_reference_library_verifies_what_was_sent() {
    let Ok(python) = std::env::var("PERNOEX_TEST_PYTHON") else {
        println!("PERNOEX_TEST_PYTHON is not set: nothing to verify with");
        return;
    };
    let app = crate::support::TestApp::with(super::SETTINGS).await;
    let mut receiver = Receiver::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let hook = add(&mut ada, &project, &receiver.url(), &EVERY).await;
    test_event(&mut ada, &hook).await;
    let posted = receiver.next().await;
    assert_eq!(verify(&python, &hook.secret, &posted), "webhook.test");
    let (_, made) = ada.post(&format!("{}/secret", hook.path), json!({})).await;
    test_event(&mut ada, &hook).await;
    let posted = receiver.next().await;
    for secret in [hook.secret.as_str(), made["secret"].as_str().unwrap()] {
        assert_eq!(verify(&python, secret, &posted), "webhook.test", "signed by both");
    }
    let mut bent = posted.clone();
    bent.body[10] ^= 1;
    assert_eq!(verify(&python, &hook.secret, &bent), "refused");
    assert_eq!(
        verify(&python, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", &posted),
        "refused"
    );
}

fn verify(python: &str, secret: &str, posted: &Posted) -> String {
    const PROGRAM: &str = "import json, sys\n\
        from standardwebhooks.webhooks import Webhook, WebhookVerificationError\n\
        sent = json.load(sys.stdin)\n\
        try:\n    print(Webhook(sent['secret']).verify(sent['body'], sent['headers'])['type'])\n\
        except WebhookVerificationError:\n    print('refused')\n";
    let headers: std::collections::BTreeMap<_, _> = posted.headers.iter().cloned().collect();
    let input = json!({ "secret": secret, "headers": headers, "body": String::from_utf8_lossy(&posted.body) });
    let mut child = std::process::Command::new(python)
        .args(["-c", PROGRAM])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
