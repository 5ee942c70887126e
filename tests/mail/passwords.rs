use reqwest::StatusCode;
use serde_json::json;

use crate::support::{PASSWORD, TestApp};

const ANOTHER: &str = "violet teapot on gravel";

#[tokio::test]
async fn a_changed_password_ends_every_other_session_and_renews_this_one() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let mut elsewhere = app.nobody();
    let body = json!({ "email": ada.email, "password": PASSWORD });
    assert_eq!(elsewhere.post("/session", body).await.0, StatusCode::OK);
    for none in [json!({ "new": ANOTHER }), json!({ "current": null, "new": ANOTHER })] {
        assert_eq!(ada.put("/account/password", none).await.0, StatusCode::BAD_REQUEST);
    }
    let empty = json!({ "current": "", "new": ANOTHER });
    assert_eq!(ada.put("/account/password", empty).await.1["code"], "wrong_credentials");
    let wrong = json!({ "current": "not this password", "new": ANOTHER });
    assert_eq!(ada.put("/account/password", wrong).await.1["code"], "wrong_credentials");
    let (weak, own) = ("qwertyuiop1234", ada.email.clone());
    for new in [weak, own.as_str(), "password123456"] {
        let (status, problem) = ada.put("/account/password", json!({ "current": PASSWORD, "new": new })).await;
        assert_eq!((status.as_u16(), problem["code"].as_str()), (422, Some("weak_password")), "{new}");
    }
    let stale = ada.again();
    let (status, session) = ada.put("/account/password", json!({ "current": PASSWORD, "new": ANOTHER })).await;
    assert_eq!(status, StatusCode::OK, "{session}");
    ada.took(&session);
    assert_ne!(ada.cookie, stale.cookie);
    assert_eq!(ada.post("/projects", json!({ "name": "Mine" })).await.0, StatusCode::CREATED);
    for mut old in [elsewhere, stale] {
        assert_eq!(old.get("/session").await.0, StatusCode::UNAUTHORIZED);
    }
    app.letter(&ada.email, "Your password was changed").await;
}

#[tokio::test]
async fn an_accent_typed_in_either_way_opens_the_same_account() {
    let app = TestApp::start().await;
    let mut ada = app.nobody();
    let email = format!("ada.{}@example.com", uuid::Uuid::new_v4().simple());
    let body = json!({ "email": email, "password": "caf\u{e9} violet gravel", "workspace": "Accents" });
    assert_eq!(ada.post("/account", body).await.0, StatusCode::CREATED);
    let body = json!({ "email": email, "password": "cafe\u{301} violet gravel" });
    assert_eq!(app.nobody().post("/session", body).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_workspace_that_asks_for_longer_passwords_gets_them() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let mut bob = app.member(&mut ada, &[]).await;
    for refused in [11, 13, 16, 64] {
        let (_, problem) = ada.put("/workspace/password-length", json!({ "characters": refused })).await;
        assert_eq!(problem["code"], "invalid_password_length");
    }
    let set = ada.put("/workspace/password-length", json!({ "characters": 15 })).await;
    assert_eq!(set.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.get("/workspace/password-length").await.1["characters"], 15);
    let short = json!({ "current": PASSWORD, "new": "qmzk vents orb" });
    assert_eq!(bob.put("/account/password", short).await.1["code"], "weak_password");
    let long = json!({ "current": PASSWORD, "new": "qmzk vents orbit" });
    assert_eq!(bob.put("/account/password", long).await.0, StatusCode::OK);
    let token = ada.invite("carol@example.com", "member", &[]).await;
    let body = json!({ "token": token, "password": "qmzk vents orb" });
    assert_eq!(app.nobody().post("/invitations/accept", body).await.1["code"], "weak_password");
}

#[tokio::test]
async fn a_dearer_hash_is_made_when_its_owner_signs_in() {
    let mut app = TestApp::start().await;
    let ada = app.owner("ada").await;
    let body = json!({ "email": ada.email, "password": PASSWORD });
    app.set("PERNOEX_BCRYPT_COST", "5").await;
    for cost in ["$04$", "$05$"] {
        let rows = app.rows().await;
        let dump = rows.dump().await;
        rows.close().await;
        assert!(dump.contains(cost), "a hash of cost {cost}");
        assert_eq!(app.nobody().post("/session", body.clone()).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn who_gets_in_after_many_wrong_passwords_is_told_by_mail() {
    let app = TestApp::with(&[("PERNOEX_LIMIT_FACTOR", "100")]).await;
    let ada = app.owner("ada").await;
    let sign_in = async |password: &str| {
        let body = json!({ "email": ada.email, "password": password });
        app.nobody().post("/session", body).await.0
    };
    for wrong in [1, 5] {
        for _ in 0..wrong {
            assert_eq!(sign_in("not this password").await, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(sign_in(PASSWORD).await, StatusCode::OK);
    }
    let letter = app.letter(&ada.email, "Your password was entered after many wrong ones").await;
    assert!(letter.text.contains("after 5 wrong ones"), "{}", letter.text);
    let letters = app.letters(&ada.email);
    assert_eq!(letters.iter().filter(|letter| letter.subject.contains("wrong ones")).count(), 1);
}
