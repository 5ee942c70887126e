//! What operators do, and what they cannot.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{follow, go, latest, report};
use crate::support::TestApp;

#[tokio::test]
async fn a_report_goes_only_where_its_state_leads_and_nobody_overtakes_another() {
    let app = TestApp::start().await;
    let mut operator = app.operator().await;
    let token = report(&app).await;
    let path = latest(&mut operator).await;
    for to in ["received", "confirmed", "timeline", "resolved", "open", ""] {
        let (status, refused) = go(&mut operator, &path, to, json!({})).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{to}: {refused}");
    }
    // Two look at the same report: the second is told that it moved.
    let stale = json!({ "from": "received", "to": "declined" });
    assert_eq!(go(&mut operator, &path, "acknowledged", json!({})).await.0, StatusCode::OK);
    let (status, refused) = operator.post(&format!("{path}/state"), stale).await;
    assert_eq!((status, refused["code"].as_str()), (StatusCode::CONFLICT, Some("edited_meanwhile")));
    go(&mut operator, &path, "confirmed", json!({})).await;
    for wrong in [json!({}), json!({ "fix_by": "2020-01-01" })] {
        let (status, refused) = go(&mut operator, &path, "timeline", wrong).await;
        assert_eq!(
            (status, refused["field"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some("fix_by"))
        );
    }
    // A timeline may be given again, and what was closed is opened anew.
    for day in ["2099-01-01", "2099-02-01"] {
        let (status, sheet) = go(&mut operator, &path, "timeline", json!({ "fix_by": day })).await;
        assert_eq!((status, sheet["report"]["fix_by"].as_str()), (StatusCode::OK, Some(day)));
    }
    go(&mut operator, &path, "resolved", json!({})).await;
    let (_, sheet) = go(&mut operator, &path, "acknowledged", json!({})).await;
    assert_eq!(
        (sheet["report"]["fix_by"].as_str(), sheet["report"]["closed_at"].as_str()),
        (None, None)
    );
    assert_eq!(follow(&app, &token).await.1["state"], "acknowledged");
}

#[tokio::test]
async fn a_duplicate_names_another_report_that_there_is() {
    let app = TestApp::start().await;
    let mut operator = app.operator().await;
    let first = follow(&app, &report(&app).await).await.1["reference"].as_str().unwrap().to_owned();
    let token = report(&app).await;
    let path = latest(&mut operator).await;
    let own = follow(&app, &token).await.1["reference"].as_str().unwrap().to_owned();
    for wrong in ["SEC-0000000", own.as_str()] {
        let (status, refused) = go(&mut operator, &path, "duplicate", json!({ "same_as": wrong })).await;
        assert_eq!(
            (status, refused["field"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some("same_as"))
        );
    }
    let (status, sheet) = go(&mut operator, &path, "duplicate", json!({ "same_as": first.to_lowercase() })).await;
    assert_eq!(
        (status, sheet["report"]["same_as"].as_str()),
        (StatusCode::OK, Some(first.as_str()))
    );
    // Of another's report a reporter learns nothing.
    assert!(!follow(&app, &token).await.1.to_string().contains(&first));
}

#[tokio::test]
async fn to_everybody_else_there_is_no_board() {
    let app = TestApp::start().await;
    let (mut operator, mut ada) = (app.operator().await, app.owner("ada").await);
    report(&app).await;
    let path = latest(&mut operator).await;
    for person in [&mut ada, &mut app.nobody()] {
        for (method, path) in [
            (Method::GET, "/operator/api/reports".to_owned()),
            (Method::GET, path.clone()),
            (Method::DELETE, path.clone()),
            (Method::POST, format!("{path}/state")),
            (Method::POST, format!("{path}/messages")),
            (Method::POST, format!("{path}/thanks")),
            (Method::PUT, "/operator/api/texts/privacy".to_owned()),
        ] {
            let sent = person.send(method.clone(), &path, Some(json!({})), &[]).await;
            assert_eq!(sent.status(), StatusCode::NOT_FOUND, "{method} {path}");
        }
    }
    operator.csrf = None;
    let (status, _) = go(&mut operator, &path, "acknowledged", json!({})).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a change needs the session's token");
}

#[tokio::test]
async fn a_closed_report_can_be_deleted_and_its_link_leads_nowhere() {
    let app = TestApp::start().await;
    let mut operator = app.operator().await;
    let token = report(&app).await;
    super::attach(&mut app.nobody(), &token, "a.txt", b"capybara").await;
    let path = latest(&mut operator).await;
    let delete = async |operator: &mut crate::support::Person| operator.send(Method::DELETE, &path, None, &[]).await.status();
    assert_eq!(delete(&mut operator).await, StatusCode::UNPROCESSABLE_ENTITY, "it is open");
    go(&mut operator, &path, "declined", json!({ "text": "Advertising." })).await;
    assert_eq!(delete(&mut operator).await, StatusCode::NO_CONTENT);
    assert_eq!(follow(&app, &token).await.0, StatusCode::NOT_FOUND);
    let rows = app.rows().await;
    for table in ["report", "report_entry", "report_file"] {
        assert!(
            rows.ask(&format!("select 1 as one from {table}"), vec![]).await.is_empty(),
            "{table}"
        );
    }
    rows.close().await;
    let acts = operator.get("/operator/api/acts").await.1;
    assert_eq!(acts["acts"][0]["act"], "report deleted");
}

#[tokio::test]
async fn thanks_are_for_what_was_resolved_and_name_only_who_agreed() {
    let app = TestApp::start().await;
    let mut operator = app.operator().await;
    let names = [Some("Eve <b>of</b> Example"), None];
    for credit in names {
        let new = json!({ "title": "x", "details": "y", "name": "Evelyn Secret", "credit": credit });
        assert_eq!(app.nobody().post("/disclosure/reports", new).await.0, StatusCode::CREATED);
        let path = latest(&mut operator).await;
        assert_eq!(
            operator.post(&format!("{path}/thanks"), json!({})).await.0,
            StatusCode::UNPROCESSABLE_ENTITY
        );
        for state in ["acknowledged", "confirmed", "resolved"] {
            go(&mut operator, &path, state, json!({})).await;
        }
        assert_eq!(operator.post(&format!("{path}/thanks"), json!({})).await.1["thanked"], true);
    }
    let (_, thanks) = app.nobody().get("/disclosure/thanks").await;
    let mut found: Vec<_> = thanks["thanked"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str())
        .collect();
    found.sort_unstable();
    assert_eq!(found, [None, Some("Eve <b>of</b> Example")]);
    assert!(!thanks.to_string().contains("Secret") && thanks["thanked"][0]["month"].as_str().unwrap().len() == 7);
    // Thanked no more, of the latest.
    let path = latest(&mut operator).await;
    let taken_back = operator.send(Method::DELETE, &format!("{path}/thanks"), None, &[]).await;
    assert_eq!(taken_back.status(), StatusCode::OK);
    assert_eq!(
        app.nobody().get("/disclosure/thanks").await.1["thanked"].as_array().unwrap().len(),
        1
    );
}
