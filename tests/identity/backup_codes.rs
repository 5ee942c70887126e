//! Backup codes.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{answer, app, app_with, ask, code_of, set_up_app, texts};

#[tokio::test]
async fn a_backup_code_opens_once() {
    let (app, clock) = app().await;
    let mut ada = app.owner("ada").await;
    let own = set_up_app(&mut ada, &clock).await;
    let mut browser = app.nobody();
    let asked = ask(&mut browser, &ada.email).await;
    // As people type it.
    let typed = own.backup_codes[3].to_uppercase().replace('-', " ");
    let (status, _) = answer(&mut browser, &asked["ticket"], json!({ "backup_code": typed })).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(browser.get("/account/second-factor").await.1["backup_codes_left"], 9);
    assert!(app.letter(&ada.email, "A backup code was used").await.text.contains("9 are left"));
    let mut again = app.nobody();
    let asked = ask(&mut again, &ada.email).await;
    let refused = answer(&mut again, &asked["ticket"], json!({ "backup_code": own.backup_codes[3] })).await;
    assert_eq!(code_of(&refused), (401, "wrong_second_factor"));
    // It is a backup code and no app's, and the other way round.
    let refused = answer(&mut again, &asked["ticket"], json!({ "code": own.backup_codes[4] })).await;
    assert_eq!(code_of(&refused), (401, "wrong_second_factor"));
    assert_eq!(
        answer(&mut again, &asked["ticket"], json!({ "backup_code": own.backup_codes[4] }))
            .await
            .0,
        StatusCode::OK
    );
}

#[tokio::test]
async fn of_those_who_bring_one_backup_code_at_once_one_gets_in() {
    let (app, clock) = app_with(&[("PERNOEX_LIMIT_FACTOR", "100")]).await;
    let mut ada = app.owner("ada").await;
    let own = set_up_app(&mut ada, &clock).await;
    for code in &own.backup_codes[..3] {
        let mut tries = Vec::new();
        for _ in 0..6 {
            let mut browser = app.nobody();
            let asked: Value = ask(&mut browser, &ada.email).await;
            let code = code.clone();
            tries.push(tokio::spawn(async move {
                answer(&mut browser, &asked["ticket"], json!({ "backup_code": code }))
                    .await
                    .0
                    .as_u16()
            }));
        }
        let mut statuses = Vec::new();
        for one in tries {
            statuses.push(one.await.unwrap());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401, 401, 401, 401, 401]);
    }
}

#[tokio::test]
async fn new_codes_take_the_place_of_all_others() {
    let (app, clock) = app().await;
    let mut ada = app.owner("ada").await;
    assert_eq!(
        code_of(&ada.post("/account/backup-codes", json!({})).await),
        (409, "no_second_factor")
    );
    let own = set_up_app(&mut ada, &clock).await;
    let (status, renewed) = ada.post("/account/backup-codes", json!({})).await;
    let renewed = texts(&renewed["backup_codes"]);
    assert_eq!((status, renewed.len()), (StatusCode::OK, 10));
    assert!(renewed.iter().all(|code| !own.backup_codes.contains(code)));
    app.letter(&ada.email, "You have new backup codes").await;
    let mut browser = app.nobody();
    let asked = ask(&mut browser, &ada.email).await;
    let refused = answer(&mut browser, &asked["ticket"], json!({ "backup_code": own.backup_codes[0] })).await;
    assert_eq!(code_of(&refused), (401, "wrong_second_factor"));
    assert_eq!(
        answer(&mut browser, &asked["ticket"], json!({ "backup_code": renewed[0] })).await.0,
        StatusCode::OK
    );
}

/// Two people with one secret would be no two: the hash of a code is of its account.
#[tokio::test]
async fn a_backup_code_is_of_its_account_and_the_table_does_not_hold_it() {
    let (app, clock) = app().await;
    let mut ada = app.owner("ada").await;
    let own = set_up_app(&mut ada, &clock).await;
    let account: uuid::Uuid = ada.id().await.parse().unwrap();
    let rows = app.rows().await;
    let dump = rows.dump().await.to_lowercase();
    rows.close().await;
    assert!(dump.contains(&ada.email));
    for code in &own.backup_codes {
        let plain = code.replace('-', "");
        assert!(
            !dump.contains(code.as_str()) && !dump.contains(&plain),
            "a backup code is in the tables"
        );
        // Nor what anybody could work out from the table and a guess: the hash needs a key that is not there.
        for guessed in [
            plain.as_bytes().to_vec(),
            [account.as_bytes(), plain.as_bytes()].concat(),
            [plain.as_bytes(), account.as_bytes()].concat(),
        ] {
            let digest = <sha2::Sha256 as sha2::Digest>::digest(&guessed);
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(!dump.contains(&hex), "a plain hash of a backup code is in the tables");
        }
    }
    assert!(!dump.contains(&own.secret.to_lowercase()), "the app's secret is in the tables");
}
