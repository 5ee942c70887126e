use pernoex::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{PASSWORD, TestApp, token_of};

const HOUR: i64 = 3_600_000;

/// What the four ways in which an invitation can be of no use are answered with.
async fn is_invalid(app: &TestApp, token: &str) {
    let mut someone = app.nobody();
    for (path, body) in [
        ("/invitations/preview", json!({ "token": token })),
        ("/invitations/accept", json!({ "token": token, "password": PASSWORD })),
    ] {
        let (status, problem) = someone.post(path, body).await;
        assert_eq!(
            (status, problem["code"].as_str()),
            (StatusCode::NOT_FOUND, Some("invitation_invalid")),
            "{path}"
        );
    }
}

fn names(list: &Value) -> Vec<&str> {
    list["projects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect()
}

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
async fn a_change_of_role_or_of_projects_bites_on_the_next_request() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let (one, two) = (ada.project("One").await, ada.project("Two").await);
    let mut bob = app.member(&mut ada, &[&one]).await;
    let bob_path = format!("/team/members/{}", bob.id().await);
    let ids: Vec<String> = [&one, &two].map(|path| path.rsplit('/').next().unwrap().to_owned()).into();
    assert_eq!(
        ada.put(&format!("{bob_path}/projects"), json!({ "projects": [ids[1]] })).await.0,
        StatusCode::OK
    );
    assert_eq!(names(&bob.get("/projects").await.1), ["Two"]);
    assert_eq!(bob.get(&one).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ada.patch(&bob_path, json!({ "role": "admin" })).await.1["projects"], Value::Null);
    assert_eq!(names(&bob.get("/projects").await.1), ["One", "Two"]);
    assert_eq!(bob.patch(&one, json!({ "name": "Uno" })).await.0, StatusCode::OK);
    assert_eq!(
        bob.post("/team/invitations", json!({ "email": "x@example.com", "role": "member" }))
            .await
            .0,
        StatusCode::FORBIDDEN
    );
    assert_eq!(bob.patch(&bob_path, json!({ "role": "owner" })).await.0, StatusCode::FORBIDDEN);
    let (status, problem) = ada.put(&format!("{bob_path}/projects"), json!({ "projects": [] })).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::CONFLICT, Some("reaches_every_project"))
    );
    // Back to Member: exactly what is chosen now, nothing of before.
    assert_eq!(
        ada.patch(&bob_path, json!({ "role": "member", "projects": [ids[0]] })).await.0,
        StatusCode::OK
    );
    assert_eq!(names(&bob.get("/projects").await.1), ["Uno"]);
    assert_eq!(bob.patch(&one, json!({ "name": "Mine" })).await.0, StatusCode::FORBIDDEN);
    // A foreign project cannot be assigned, nor a deleted one stay.
    let foreign = app.owner("eve").await.project("Theirs").await;
    let foreign = foreign.rsplit('/').next().unwrap();
    let (status, problem) = ada.put(&format!("{bob_path}/projects"), json!({ "projects": [foreign] })).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("unknown_project"))
    );
    assert_eq!(ada.delete(&one, Some(json!({ "confirm": "Uno" }))).await.0, StatusCode::NO_CONTENT);
    assert_eq!(bob.get("/projects").await.1["projects"], json!([]));
    assert_eq!(bob.get(&one).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_removed_member_is_out_with_the_next_request_and_stays_out() {
    let clock = Clock::manual(1_800_000_000_000);
    let app = TestApp::start_with(clock.clone(), &[]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let mut bob = app.member(&mut ada, &[&project]).await;
    let id = bob.id().await;
    assert_eq!(ada.delete(&format!("/team/members/{id}"), None).await.0, StatusCode::NO_CONTENT);
    let old = bob.cookie.clone();
    for path in ["/session", "/projects", &project] {
        assert_eq!(bob.get(path).await.0, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(ada.delete(&format!("/team/members/{id}"), None).await.0, StatusCode::NOT_FOUND);
    // The account lives, and belongs nowhere. It may be invited again; the session of the earlier time stays dead.
    bob.cookie = None;
    bob.csrf = None;
    let credentials = json!({ "email": bob.email, "password": PASSWORD });
    let (status, problem) = bob.post("/session", credentials).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::CONFLICT, Some("no_workspace")));
    clock.advance(1);
    let token = ada.invite(&bob.email, "member", &[&project]).await;
    let body = json!({ "email": bob.email, "password": PASSWORD, "invitation": token });
    assert_eq!(bob.post("/session", body).await.0, StatusCode::OK);
    assert_eq!(bob.get("/projects").await.0, StatusCode::OK);
    bob.cookie = old;
    assert_eq!(bob.get("/projects").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_last_owner_can_neither_leave_nor_be_demoted_nor_removed() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let mut bob = app.admin(&mut ada).await;
    let (ada_path, bob_id) = (format!("/team/members/{}", ada.id().await), bob.id().await);
    for refused in [
        ada.delete("/workspace/membership", None).await,
        ada.delete(&ada_path, None).await,
        ada.patch(&ada_path, json!({ "role": "admin" })).await,
    ] {
        assert_eq!((refused.0, refused.1["code"].as_str()), (StatusCode::CONFLICT, Some("last_owner")));
    }
    assert_eq!(ada.get("/session").await.1["role"], "owner");
    // Handing over is one act; after it the other may let them go.
    assert_eq!(ada.post("/team/owner", json!({ "member": bob_id })).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.get("/session").await.1["role"], "admin");
    assert_eq!(bob.get("/session").await.1["role"], "owner");
    assert_eq!(ada.post("/team/owner", json!({ "member": bob_id })).await.0, StatusCode::FORBIDDEN);
    assert_eq!(ada.delete("/workspace/membership", None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.get("/session").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(bob.get("/team/members").await.1["members"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn two_owners_who_demote_each_other_leave_one() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        let mut ada = app.owner("ada").await;
        let mut bob = app.colleague(&mut ada, "owner", &[]).await;
        let (ada_path, bob_path) = (
            format!("/team/members/{}", ada.id().await),
            format!("/team/members/{}", bob.id().await),
        );
        let (one, other) = tokio::join!(
            ada.patch(&bob_path, json!({ "role": "admin" })),
            bob.patch(&ada_path, json!({ "role": "admin" }))
        );
        let roles = [
            ada.get("/session").await.1["role"].clone(),
            bob.get("/session").await.1["role"].clone(),
        ];
        let owners = roles.iter().filter(|role| *role == "owner").count();
        assert_eq!(owners, 1, "{one:?} {other:?}");
    }
}

#[tokio::test]
async fn one_person_works_in_several_workspaces_and_a_session_in_one() {
    let app = TestApp::start().await;
    let (mut ada, mut bob) = (app.owner("ada").await, app.owner("bob").await);
    let theirs = ada.project("Lantern").await;
    let mine = bob.project("Mine").await;
    let home = bob.get("/session").await.1["workspace"]["id"].clone();
    let token = ada.invite(&bob.email, "member", &[&theirs]).await;
    let session = bob.post("/session/invitation", json!({ "token": token })).await.1;
    bob.took(&session);
    let (there, there_cookie, there_csrf) = (session["workspace"]["id"].clone(), bob.cookie.clone(), bob.csrf.clone());
    assert_eq!(bob.get(&theirs).await.0, StatusCode::OK);
    assert_eq!(bob.get(&mine).await.0, StatusCode::NOT_FOUND);
    let (status, session) = bob.post("/session/workspace", json!({ "workspace": home })).await;
    assert_eq!((status, session["role"].as_str()), (StatusCode::OK, Some("owner")));
    bob.took(&session);
    assert_eq!(bob.get(&mine).await.0, StatusCode::OK);
    assert_eq!(bob.get(&theirs).await.0, StatusCode::NOT_FOUND);
    // The session that was left is dead, its token too, and a workspace of others cannot be switched to.
    let (here_cookie, here_csrf) = (bob.cookie.take(), bob.csrf.take());
    (bob.cookie, bob.csrf) = (there_cookie, there_csrf.clone());
    assert_eq!(bob.get(&theirs).await.0, StatusCode::UNAUTHORIZED);
    (bob.cookie, bob.csrf) = (here_cookie, there_csrf);
    assert_eq!(
        bob.post("/session/workspace", json!({ "workspace": there })).await.1["code"],
        "csrf_failed"
    );
    bob.csrf = here_csrf;
    let foreign = app.owner("eve").await.get("/session").await.1["workspace"]["id"].clone();
    assert_eq!(
        bob.post("/session/workspace", json!({ "workspace": foreign })).await.0,
        StatusCode::NOT_FOUND
    );
    // Signing in opens the last used one.
    let session = bob.post("/session/workspace", json!({ "workspace": there })).await.1;
    bob.took(&session);
    let mut again = app.nobody();
    let session = again.post("/session", json!({ "email": bob.email, "password": PASSWORD })).await.1;
    assert_eq!(session["workspace"]["id"], there);
    // A third of their own.
    let (status, session) = bob.post("/workspaces", json!({ "name": "Side" })).await;
    assert_eq!((status, session["role"].as_str()), (StatusCode::CREATED, Some("owner")));
    let listed: Vec<_> = session["workspaces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(listed, ["ada", "bob", "Side"]);
}

#[tokio::test]
async fn a_deleted_workspace_is_gone_for_everyone_and_their_others_live_on() {
    let app = TestApp::start().await;
    let (mut ada, mut bob) = (app.owner("ada").await, app.owner("bob").await);
    let project = ada.project("Lantern").await;
    let key = ada.get(&format!("{project}/widget")).await.1["public_key"]
        .as_str()
        .unwrap()
        .to_owned();
    let origin = json!({ "allowed_origins": ["https://shop.example"] });
    assert_eq!(ada.patch(&format!("{project}/widget"), origin).await.0, StatusCode::OK);
    let visits = format!("/widget/{key}/visits");
    let here = [("origin", "https://shop.example")];
    let visit = app.nobody().send(Method::POST, &visits, Some(json!({})), &here).await;
    assert_eq!(visit.status(), StatusCode::CREATED);
    let token = ada.invite(&bob.email, "admin", &[]).await;
    let mut guest = app.nobody();
    let body = json!({ "email": bob.email, "password": PASSWORD, "invitation": token });
    let session = guest.post("/session", body).await.1;
    guest.took(&session);
    let open = ada.invite("late@example.com", "member", &[]).await;
    assert_eq!(
        guest.delete("/workspace", Some(json!({ "confirm": "ada" }))).await.0,
        StatusCode::FORBIDDEN
    );
    let (status, problem) = ada.delete("/workspace", Some(json!({ "confirm": "ado" }))).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("confirmation_mismatch"))
    );
    assert_eq!(
        ada.delete("/workspace", Some(json!({ "confirm": "ada" }))).await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(ada.get("/session").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(guest.get("/projects").await.0, StatusCode::UNAUTHORIZED);
    let visit = app.nobody().send(Method::POST, &visits, Some(json!({})), &here).await;
    assert_eq!(visit.status(), StatusCode::NOT_FOUND);
    is_invalid(&app, &open).await;
    // Bob's own workspace lives on.
    assert_eq!(bob.get("/session").await.1["workspaces"].as_array().map(Vec::len), Some(1));
    // Ada belongs nowhere now: she is told so, and begins anew.
    ada.cookie = None;
    ada.csrf = None;
    let credentials = json!({ "email": ada.email, "password": PASSWORD });
    assert_eq!(ada.post("/session", credentials).await.1["code"], "no_workspace");
    let anew = json!({ "email": ada.email, "password": PASSWORD, "workspace": "Anew" });
    let (status, session) = ada.post("/session", anew).await;
    assert_eq!((status, session["role"].as_str()), (StatusCode::OK, Some("owner")));
    assert_eq!(ada.get("/projects").await.1["projects"], json!([]));
}

#[tokio::test]
async fn a_workspace_is_renamed_by_its_owner_only() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let mut bob = app.admin(&mut ada).await;
    assert_eq!(bob.patch("/workspace", json!({ "name": "Bob's" })).await.0, StatusCode::FORBIDDEN);
    assert_eq!(
        ada.patch("/workspace", json!({ "name": "  Halvern   Ltd " })).await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(bob.get("/session").await.1["workspace"]["name"], "Halvern Ltd");
    assert_eq!(ada.patch("/workspace", json!({ "name": " " })).await.1["code"], "invalid_name");
}

#[tokio::test]
async fn invitations_come_in_while_sign_up_is_closed_and_no_workspace_does() {
    let mut app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    app.set("PERNOEX_SIGN_UP", "closed").await;
    ada.url = app.url.clone();
    let mut bob = app.member(&mut ada, &[]).await;
    assert_eq!(bob.post("/workspaces", json!({ "name": "Mine" })).await.1["code"], "sign_up_closed");
}

#[tokio::test]
async fn the_table_of_roles_is_shown_as_it_is_enforced() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let mut bob = app.member(&mut ada, &[]).await;
    let (status, table) = bob.get("/team/permissions").await;
    assert_eq!(status, StatusCode::OK);
    let rows: Vec<(&str, usize)> = table["permissions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["id"].as_str().unwrap(), row["roles"].as_array().unwrap().len()))
        .collect();
    assert_eq!(
        rows,
        [("billing", 1), ("team", 1), ("projects", 2), ("knowledge", 3), ("account", 3)]
    );
}
