use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::json;

use super::{HOUR, is_invalid, names};
use crate::support::{PASSWORD, Person, TestApp, token_of};

#[tokio::test]
async fn someone_new_accepts_an_invitation_and_sees_the_assigned_project_only() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let (lantern, secret) = (ada.project("Lantern").await, ada.project("Secret").await);
    let token = ada.invite("Bob@Example.com", "member", &[&lantern]).await;
    let mut bob = app.nobody();
    let (status, preview) = bob.post("/invitations/preview", json!({ "token": token })).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(preview["workspace"], "ada");
    assert_eq!(
        (preview["email"].as_str(), preview["role"].as_str()),
        (Some("bob@example.com"), Some("member"))
    );
    assert_eq!(
        (&preview["projects"], &preview["has_account"]),
        (&json!(["Lantern"]), &json!(false))
    );
    let weak = bob
        .post("/invitations/accept", json!({ "token": token, "password": "short" }))
        .await;
    assert_eq!(weak.1["code"], "weak_password", "and the invitation is not used up");
    let (status, session) = bob
        .post("/invitations/accept", json!({ "token": token, "password": PASSWORD }))
        .await;
    assert_eq!((status, session["role"].as_str()), (StatusCode::CREATED, Some("member")));
    bob.took(&session);
    assert_eq!(names(&bob.get("/projects").await.1), ["Lantern"]);
    assert_eq!(bob.get(&lantern).await.0, StatusCode::OK);
    // Whatever is asked of the hidden project, it does not exist.
    for path in [
        secret.clone(),
        format!("{secret}/documents"),
        format!("{secret}/analytics"),
        format!("{secret}/widget"),
    ] {
        assert_eq!(bob.get(&path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(bob.patch(&secret, json!({ "name": "Mine" })).await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        bob.delete(&secret, Some(json!({ "confirm": "Secret" }))).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        bob.post(&format!("{secret}/questions"), json!({ "question": "x" })).await.0,
        StatusCode::NOT_FOUND
    );
    // What the role does not allow in a project that is seen is forbidden.
    let (status, problem) = bob.patch(&lantern, json!({ "name": "Mine" })).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::FORBIDDEN, Some("role_too_low")));
    for path in ["/team/members", "/team/invitations"] {
        assert_eq!(bob.get(path).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    is_invalid(&app, &token).await;
}

#[tokio::test]
async fn expired_revoked_replaced_used_and_invented_links_are_all_the_same() {
    let clock = Clock::manual(1_800_000_000_000);
    let app = TestApp::start_with(clock.clone(), &[("PERNOEX_INVITATION_HOURS", "2")]).await;
    let mut ada = app.owner("ada").await;
    is_invalid(&app, "inv_0000000000000000000000000000000000000000000").await;

    let revoked = ada.invite("revoked@example.com", "admin", &[]).await;
    let id = ada.get("/team/invitations").await.1["invitations"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(ada.delete(&format!("/team/invitations/{id}"), None).await.0, StatusCode::NO_CONTENT);
    is_invalid(&app, &revoked).await;
    assert_eq!(ada.get("/team/invitations").await.1["invitations"], json!([]));

    let first = ada.invite("late@example.com", "admin", &[]).await;
    let (status, problem) = ada
        .post("/team/invitations", json!({ "email": "late@example.com", "role": "owner" }))
        .await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::CONFLICT, Some("already_invited")));
    let id = ada.get("/team/invitations").await.1["invitations"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    clock.advance(HOUR);
    ada.prove().await;
    let (status, renewed) = ada.post(&format!("/team/invitations/{id}/link"), json!({})).await;
    assert_eq!(status, StatusCode::OK);
    is_invalid(&app, &first).await;
    clock.advance(HOUR);
    let second = token_of(&renewed);
    let mut late = app.nobody();
    assert_eq!(
        late.post("/invitations/preview", json!({ "token": second })).await.0,
        StatusCode::OK
    );
    clock.advance(HOUR);
    is_invalid(&app, &second).await;
    assert_eq!(ada.get("/team/invitations").await.1["invitations"][0]["state"], "expired");
    // An expired one stands in nobody's way.
    ada.prove().await;
    let third = ada.invite("late@example.com", "member", &[]).await;
    let accepted = late
        .post("/invitations/accept", json!({ "token": third, "password": PASSWORD }))
        .await;
    assert_eq!(accepted.0, StatusCode::CREATED, "{}", accepted.1);
    is_invalid(&app, &third).await;
    let (status, problem) = ada
        .post("/team/invitations", json!({ "email": "late@example.com", "role": "admin" }))
        .await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::CONFLICT, Some("already_member")));
}

#[tokio::test]
async fn two_who_use_one_link_at_once_make_one_member() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let token = ada.invite("bob@example.com", "member", &[]).await;
    let (mut one, mut two) = (app.nobody(), app.nobody());
    let body = json!({ "token": token, "password": PASSWORD });
    let (first, second) = tokio::join!(one.post("/invitations/accept", body.clone()), two.post("/invitations/accept", body));
    let mut answers = [first.0, second.0];
    answers.sort_unstable();
    assert_eq!(answers[0], StatusCode::CREATED, "{first:?} {second:?}");
    assert!(answers[1].is_client_error(), "{first:?} {second:?}");
    assert_eq!(ada.get("/team/members").await.1["members"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn an_invitation_is_for_its_address_and_never_merges_accounts() {
    let app = TestApp::start().await;
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let mut bob = app.owner("bob").await;
    let token = ada.invite(&bob.email, "admin", &[]).await;
    // Someone else, signed in or by their password; and someone who claims that the address has no account.
    let (status, problem) = eve.post("/session/invitation", json!({ "token": token })).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::CONFLICT, Some("invitation_for_another"))
    );
    let body = json!({ "email": eve.email, "password": PASSWORD, "invitation": token });
    assert_eq!(app.nobody().post("/session", body).await.1["code"], "invitation_for_another");
    let body = json!({ "token": token, "password": PASSWORD });
    assert_eq!(app.nobody().post("/invitations/accept", body).await.1["code"], "email_taken");
    let body = json!({ "email": bob.email, "password": "not this password", "invitation": token });
    assert_eq!(app.nobody().post("/session", body).await.1["code"], "wrong_credentials");
    // None of that used it up.
    let preview = app.nobody().post("/invitations/preview", json!({ "token": token })).await.1;
    assert_eq!(preview["has_account"], true);
    let (old, (status, session)) = (bob.cookie.clone(), bob.post("/session/invitation", json!({ "token": token })).await);
    assert_eq!((status, session["workspace"]["name"].as_str()), (StatusCode::OK, Some("ada")));
    assert_ne!(bob.cookie, old, "another workspace is another session");
    assert_eq!(session["workspaces"].as_array().map(Vec::len), Some(2));
    bob.took(&session);
    assert_eq!(bob.get("/team/members").await.0, StatusCode::OK);
    is_invalid(&app, &token).await;
}

#[tokio::test]
async fn an_existing_account_accepts_by_signing_in() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let bob = app.owner("bob").await;
    let token = ada.invite(&bob.email, "member", &[]).await;
    let mut again = app.nobody();
    let body = json!({ "email": bob.email, "password": PASSWORD, "invitation": token });
    let (status, session) = again.post("/session", body).await;
    assert_eq!(
        (status, session["workspace"]["name"].as_str(), session["role"].as_str()),
        (StatusCode::OK, Some("ada"), Some("member"))
    );
}

#[tokio::test]
async fn invitations_come_in_while_sign_up_is_closed_and_no_workspace_does() {
    let mut app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    app.set("PERNOEX_SIGN_UP", "closed").await;
    ada.url = app.url.clone();
    let mut bob = app.nobody();
    let token = mailed(&app, &mut ada, "bob@example.com").await;
    let (status, session) = bob
        .post("/invitations/accept", json!({ "token": token, "password": PASSWORD }))
        .await;
    assert_eq!(status, StatusCode::CREATED, "{session}");
    bob.took(&session);
    assert_eq!(bob.post("/workspaces", json!({ "name": "Mine" })).await.1["code"], "sign_up_closed");
}

/// Invites somebody whom the link reaches by mail alone; the token in the letter.
async fn mailed(app: &TestApp, by: &mut Person, email: &str) -> String {
    let (status, invited) = by.post("/team/invitations", json!({ "email": email, "role": "member" })).await;
    assert_eq!(
        (status, &invited["link"], &invited["mail"]),
        (StatusCode::CREATED, &json!(null), &json!("folder"))
    );
    app.letter(email, "invited").await.token()
}

/// Whoever holds a link learns whether its address has an account: that is for who reads the mail of the address.
#[tokio::test]
async fn who_invites_does_not_learn_whether_the_address_has_an_account() {
    // As it is when nothing is said.
    let app = TestApp::with(&[("PERNOEX_SIGN_UP", "")]).await;
    let mut ada = app.owner("ada").await;
    let mut eve = app.nobody();
    let body = json!({ "email": "eve@example.com", "password": PASSWORD, "workspace": "Eve" });
    assert_eq!(eve.post("/account", body).await.0, StatusCode::ACCEPTED);
    let token = app.letter("eve@example.com", "Finish signing up").await.token();
    let confirmed = eve.post("/account/confirm", json!({ "token": token, "password": PASSWORD })).await;
    assert_eq!(confirmed.0, StatusCode::CREATED, "{}", confirmed.1);
    for (email, has_account) in [("eve@example.com", true), ("grace@example.com", false)] {
        let first = mailed(&app, &mut ada, email).await;
        let id = ada.get("/team/invitations").await.1["invitations"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["email"] == email)
            .unwrap()["id"]
            .clone();
        let path = format!("/team/invitations/{}/link", id.as_str().unwrap());
        let (status, renewed) = ada.post(&path, json!({})).await;
        assert_eq!((status, &renewed["link"]), (StatusCode::OK, &json!(null)));
        is_invalid(&app, &first).await;
        let token = app.nth_letter(email, "invited", 2).await.token();
        let preview = app.nobody().post("/invitations/preview", json!({ "token": token })).await.1;
        assert_eq!(preview["has_account"], has_account, "the invited learn how to come in");
    }
}

#[tokio::test]
async fn a_removed_owner_does_not_come_back_by_a_link_of_their_own() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let mut eve = app.admin(&mut ada).await;
    let path = format!("/team/members/{}", eve.id().await);
    assert_eq!(ada.patch(&path, json!({ "role": "owner" })).await.0, StatusCode::OK);
    let token = eve.invite("eve.again@example.com", "owner", &[]).await;
    assert_eq!(ada.delete(&path, None).await.0, StatusCode::NO_CONTENT);
    is_invalid(&app, &token).await;
}
