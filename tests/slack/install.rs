use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::json;

use super::Scene;
use crate::support::{
    PASSWORD, TestApp,
    connect::Way,
    slack::{CLIENT, Slack, team},
};

#[tokio::test]
async fn an_admin_connects_a_team_and_its_token_is_nowhere_in_clear() {
    let slack = Slack::start().await;
    let app = slack.app(Clock::system(), &[]).await;
    let mut owner = app.owner("ada").await;
    let (mut admin, member) = (app.admin(&mut owner).await, app.member(&mut owner, &[]).await);
    let (status, _) = Way::try_begin_slack(&app, &member).await.err().unwrap();
    assert_eq!(status, StatusCode::FORBIDDEN);

    let journey = Way::begin_slack(&app, &admin).await;
    let asked: std::collections::BTreeMap<String, String> = journey.away.query_pairs().into_owned().collect();
    assert!(journey.away.as_str().starts_with(&format!("{}/oauth/v2/authorize?", slack.url)));
    assert_eq!(asked["client_id"], CLIENT);
    assert_eq!(asked["scope"], "app_mentions:read,chat:write,im:history", "and no more");
    assert!(asked["redirect_uri"].ends_with("/slack/callback"));
    let team = team();
    let (what, ticket) = journey.told(&[("code", &team)]).await;
    assert_eq!(what, "ticket");
    assert!(slack.calls("oauth.v2.access").is_empty(), "not before who began has it");
    let (status, connected) = journey.finish(&ticket).await;
    assert_eq!(status, StatusCode::CREATED, "{connected}");
    assert_eq!((&connected["team"], &connected["state"]), (&json!(team), &json!("connected")));

    let exchanged = &slack.calls("oauth.v2.access")[0].body;
    assert_eq!(
        (&exchanged["code"], &exchanged["redirect_uri"]),
        (&json!(team), &json!(asked["redirect_uri"]))
    );
    let (_, seen) = admin.get("/slack").await;
    assert_eq!((&seen["configured"], &seen["teams"][0]["id"]), (&json!(true), &connected["id"]));
    let manifest: serde_json::Value = serde_json::from_str(seen["manifest"].as_str().unwrap()).unwrap();
    let scopes = &manifest["oauth_config"]["scopes"]["bot"];
    assert_eq!(scopes, &json!(["app_mentions:read", "chat:write", "im:history"]));
    let rows = app.rows().await;
    let dump = rows.dump().await;
    assert!(dump.contains(&team), "the dump holds the rows");
    assert!(!dump.contains("xoxb-"), "the token");
    rows.close().await;
    let (_, log) = admin.get("/audit?act=slack").await;
    assert_eq!(log["entries"][0]["act"], "slack.connected");
    assert_eq!(log["entries"][0]["email"], admin.email);
}

#[tokio::test]
async fn a_state_and_a_ticket_are_good_once() {
    let slack = Slack::start().await;
    let app = slack.app(Clock::system(), &[]).await;
    let ada = app.owner("ada").await;
    let journey = Way::begin_slack(&app, &ada).await;
    let (_, ticket) = journey.told(&[("code", &team())]).await;
    assert_eq!(journey.told(&[("code", "T1")]).await.1, "install_expired", "the state again");
    assert_eq!(journey.finish(&ticket).await.0, StatusCode::CREATED);
    let (status, again) = journey.finish(&ticket).await;
    assert_eq!((status, &again["code"]), (StatusCode::BAD_REQUEST, &json!("install_expired")));
    assert_eq!(slack.calls("oauth.v2.access").len(), 1);
}

#[tokio::test]
async fn only_the_session_and_the_browser_that_began_can_finish() {
    let slack = Slack::start().await;
    let app = slack.app(Clock::system(), &[]).await;
    let (mut ada, eve) = (app.owner("ada").await, app.owner("eve").await);

    let mut journey = Way::begin_slack(&app, &ada).await;
    journey.cookie = Way::begin_slack(&app, &eve).await.cookie;
    assert_eq!(
        journey.told(&[("code", "T1")]).await.1,
        "install_expired",
        "another browser comes back"
    );

    let journey = Way::begin_slack(&app, &ada).await;
    let (_, ticket) = journey.told(&[("code", "T1")]).await;
    // Eve lures her own browser into it, with Ada's cookie even.
    let (cookie, csrf) = (eve.cookie.clone().unwrap(), eve.csrf.clone().unwrap());
    assert_eq!(
        journey.finish_as(&cookie, &csrf, &journey.cookie, &ticket).await.1["code"],
        "install_expired",
        "another workspace"
    );
    assert_eq!(journey.finish(&ticket).await.1["code"], "install_expired", "and then it is used up");

    let mut elsewhere = app.nobody();
    let (_, session) = elsewhere
        .post("/session", json!({ "email": ada.email, "password": PASSWORD }))
        .await;
    elsewhere.took(&session);
    let journey = Way::begin_slack(&app, &ada).await;
    let (_, ticket) = journey.told(&[("code", "T1")]).await;
    let (cookie, csrf) = (elsewhere.cookie.clone().unwrap(), elsewhere.csrf.clone().unwrap());
    assert_eq!(
        journey.finish_as(&cookie, &csrf, &journey.cookie, &ticket).await.1["code"],
        "install_expired",
        "another session of hers"
    );
    assert!(slack.calls("oauth.v2.access").is_empty());
    assert_eq!(ada.get("/slack").await.1["teams"], json!([]));
}

#[tokio::test]
async fn whoever_takes_too_long_or_does_not_agree_begins_again() {
    let (slack, clock) = (Slack::start().await, Clock::manual(Clock::system().now()));
    let app = slack.app(clock.clone(), &[]).await;
    let ada = app.owner("ada").await;
    let journey = Way::begin_slack(&app, &ada).await;
    assert_eq!(
        journey.told(&[("error", "access_denied")]).await,
        ("problem".to_owned(), "install_cancelled".to_owned())
    );
    let journey = Way::begin_slack(&app, &ada).await;
    assert_eq!(journey.told(&[("error", "invalid_scope")]).await.1, "slack_refused");
    let journey = Way::begin_slack(&app, &ada).await;
    let (_, ticket) = journey.told(&[("code", "wrong")]).await;
    let (status, refused) = journey.finish(&ticket).await;
    assert_eq!((status, &refused["code"]), (StatusCode::BAD_REQUEST, &json!("slack_refused")));
    assert!(refused["detail"].as_str().unwrap().contains("invalid_code"));
    let journey = Way::begin_slack(&app, &ada).await;
    clock.advance(600_001);
    assert_eq!(journey.told(&[("code", "T1")]).await.1, "install_expired");
}

#[tokio::test]
async fn a_team_belongs_to_one_workspace_at_a_time() {
    let mut scene = Scene::set().await;
    let mut eve = scene.app.owner("eve").await;
    let journey = Way::begin_slack(&scene.app, &eve).await;
    let (_, ticket) = journey.told(&[("code", &scene.team)]).await;
    let (status, taken) = journey.finish(&ticket).await;
    assert_eq!((status, &taken["code"]), (StatusCode::CONFLICT, &json!("slack_team_taken")));
    assert_eq!(eve.get("/slack").await.1["teams"], json!([]));
    assert!(scene.slack.calls("auth.revoke").is_empty(), "it may be the other's own token");

    // Ada connects it anew: the same connection, with its channels.
    let again = scene.ada.connect_slack(&scene.app, &scene.team).await;
    assert_eq!(again, scene.path);
    let (_, seen) = scene.ada.get("/slack").await;
    assert_eq!(seen["teams"][0]["channels"][0]["channel"], "C1");
    assert_eq!(seen["teams"].as_array().unwrap().len(), 1);
    let rows = scene.app.rows().await;
    assert_eq!(
        rows.ask("select id from credential", vec![]).await.len(),
        1,
        "one token, the new one"
    );
    rows.close().await;

    let path = scene.path.clone();
    assert_eq!(scene.ada.delete(&path, None).await.0, StatusCode::NO_CONTENT);
    eve.connect_slack(&scene.app, &scene.team).await;
}

#[tokio::test]
async fn without_a_slack_app_the_page_says_how_to_come_by_one() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let (status, seen) = ada.get("/slack").await;
    assert_eq!((status, &seen["configured"]), (StatusCode::OK, &json!(false)));
    assert!(seen["manifest"].as_str().unwrap().contains("/webhooks/slack/events"));
    let (status, refused) = ada.post("/slack/install", json!(null)).await;
    assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("slack_not_configured")));
}

#[tokio::test]
async fn channels_are_mapped_by_link_and_to_own_projects_only() {
    let mut scene = Scene::set().await;
    let mut eve = scene.app.owner("eve").await;
    let theirs = eve.project("Theirs").await;
    let (path, id) = (scene.path.clone(), |project: &str| project.rsplit('/').next().unwrap().to_owned());
    let put = format!("{path}/channels");
    let link = json!({ "channel": "https://acme.slack.com/archives/C0777/p17?x=1", "project": id(&scene.project) });
    assert_eq!(scene.ada.put(&put, link).await.0, StatusCode::NO_CONTENT);
    let foreign = json!({ "channel": "C2", "project": id(&theirs) });
    let (status, refused) = scene.ada.put(&put, foreign).await;
    assert_eq!(
        (status, &refused["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("unknown_project"))
    );
    let (status, refused) = scene
        .ada
        .put(&put, json!({ "channel": "#help", "project": id(&scene.project) }))
        .await;
    assert_eq!((status, &refused["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("channel")));
    assert_eq!(
        eve.put(&put, json!({ "channel": "C3", "project": id(&theirs) })).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(eve.delete(&path, None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(eve.delete(&format!("{path}/channels/C1"), None).await.0, StatusCode::NOT_FOUND);
    assert_eq!(
        scene.ada.delete(&format!("{path}/channels/C0777"), None).await.0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        scene.ada.delete(&format!("{path}/channels/C0777"), None).await.0,
        StatusCode::NOT_FOUND
    );
    let (_, log) = scene.ada.get("/audit?act=slack").await;
    let acts: Vec<_> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["act"].as_str().unwrap())
        .collect();
    assert_eq!(
        acts,
        [
            "slack.channel_unmapped",
            "slack.channel_mapped",
            "slack.channel_mapped",
            "slack.connected"
        ]
    );
}

#[tokio::test]
async fn a_token_that_is_of_no_use_here_is_ended_at_slack() {
    let slack = Slack::start().await;
    slack.rotate();
    let mut scene = Scene::set_in(slack).await;
    let mut eve = scene.app.owner("eve").await;
    let mut refused = Vec::new();
    // The team is Ada's.
    let journey = Way::begin_slack(&scene.app, &eve).await;
    let (_, ticket) = journey.told(&[("code", &scene.team)]).await;
    refused.push(journey.finish(&ticket).await.1["code"].clone());
    // A whole organisation; and what is no bot.
    for given in [
        json!({ "ok": true, "access_token": "xoxb-org", "bot_user_id": "UBOT00001", "app_id": "A1", "team": null, "is_enterprise_install": true }),
        json!({ "ok": true, "access_token": "xoxp-user", "app_id": "A1", "team": { "id": "T1", "name": "One" } }),
    ] {
        scene.slack.once("oauth.v2.access", 200, None, given);
        let journey = Way::begin_slack(&scene.app, &eve).await;
        let (_, ticket) = journey.told(&[("code", "T1")]).await;
        refused.push(journey.finish(&ticket).await.1["code"].clone());
    }
    assert_eq!(refused, ["slack_team_taken", "slack_refused", "slack_refused"]);
    assert_eq!(eve.get("/slack").await.1["teams"], json!([]));
    let ended = scene.slack.called("auth.revoke", 3).await;
    let tokens: Vec<_> = ended.iter().map(|call| call.token.as_str()).collect();
    assert!(
        tokens.contains(&"Bearer xoxb-org") && tokens.contains(&"Bearer xoxp-user"),
        "{tokens:?}"
    );
    // What Ada's connection speaks with is not among them.
    assert_eq!(scene.slack.living(), 2, "a token, and what renews it");
    scene.ask("C1", "1.1", None, super::EXPORT).await;
    scene.posted(1).await;
    assert_eq!(scene.ada.get("/slack").await.1["teams"][0]["state"], "connected");
}
