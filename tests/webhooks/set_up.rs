//! Connecting, rotating and disconnecting voice agents.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{conversations, shop};
use crate::support::voice::{Agent, THEIRS, settled, told};

const WORDS: &str = "Does the lamp come in green?";

#[tokio::test]
async fn a_replaced_secret_is_good_for_a_day_beside_the_new_one() {
    let (_app, clock, mut ada, project) = shop().await;
    for provider in ["standard", "elevenlabs"] {
        let old = Agent::connect(&mut ada, &project, provider).await;
        let body = if provider == "standard" {
            json!({})
        } else {
            json!({ "secret": "wsec_another_one" })
        };
        let (status, made) = ada.post(&format!("{project}/voice/{}/secret", old.id), body).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        assert!(made["previous_until"].is_string(), "{made}");
        let new = Agent {
            secret: made["secret"].as_str().unwrap_or("wsec_another_one").to_owned(),
            id: old.id.clone(),
            url: old.url.clone(),
            ..old
        };
        assert_ne!(new.secret, old.secret);
        for (n, agent) in [&old, &new].into_iter().enumerate() {
            let body = told(provider, &format!("before-{n}"), WORDS);
            assert_eq!(
                agent.send(&ada, clock.now(), &body).await.0,
                StatusCode::NO_CONTENT,
                "{provider} {n}"
            );
        }
        clock.advance(86_400_000);
        ada.prove().await;
        let late = |n| told(provider, &format!("after-{n}"), WORDS);
        assert_eq!(new.send(&ada, clock.now(), &late(1)).await.0, StatusCode::NO_CONTENT);
        assert_eq!(
            old.send(&ada, clock.now(), &late(2)).await.0,
            StatusCode::UNAUTHORIZED,
            "{provider}"
        );
    }
}

#[tokio::test]
async fn the_same_is_true_on_every_node_at_once() {
    let (app, clock, mut ada, project) = shop().await;
    let Some(other) = app.beside() else { return };
    let agent = Agent::connect(&mut ada, &project, "standard").await;
    let there = |agent: &Agent| Agent {
        id: agent.id.clone(),
        provider: agent.provider,
        url: agent.url.replace(&app.url, &other.url),
        secret: agent.secret.clone(),
    };
    let send = async |agent: &Agent, call: &str| there(agent).send(&ada, clock.now(), &told("standard", call, WORDS)).await.0;
    // The other node keeps what it read for a moment.
    assert_eq!(send(&agent, "one").await, StatusCode::NO_CONTENT);
    let mut owner = ada.again();
    for _ in 0..2 {
        let (_, made) = owner.post(&format!("{project}/voice/{}/secret", agent.id), json!({})).await;
        assert!(made["secret"].is_string(), "{made}");
    }
    // Two secrets later it proves nothing, however fresh the memory.
    assert_eq!(send(&agent, "two").await, StatusCode::UNAUTHORIZED);
    let (status, _) = owner.delete(&format!("{project}/voice/{}", agent.id), None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(send(&agent, "three").await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_disconnected_agent_is_not_there_any_more_and_what_it_told_is() {
    let (app, clock, mut ada, project) = shop().await;
    let agent = Agent::connect(&mut ada, &project, "vapi").await;
    agent.send(&ada, clock.now(), &told("vapi", "call-1", WORDS)).await;
    settled(&mut ada, &project).await;
    assert_eq!(
        ada.delete(&format!("{project}/voice/{}", agent.id), None).await.0,
        StatusCode::NO_CONTENT
    );
    let (status, _) = agent.send(&ada, clock.now(), &told("vapi", "call-2", WORDS)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(
        ada.delete(&format!("{project}/voice/{}", agent.id), None).await.0,
        StatusCode::NOT_FOUND
    );
    assert_eq!(conversations(&mut ada, &project).await.len(), 1);
    let rows = app.rows().await;
    assert!(
        rows.ask("select 1 as found from credential", vec![]).await.is_empty(),
        "its secret is deleted"
    );
    rows.close().await;
    let log = ada.get("/audit").await.1;
    let acts: Vec<_> = log["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["act"].as_str().unwrap())
        .collect();
    for act in ["voice.connected", "voice.disconnected"] {
        assert!(acts.contains(&act), "{act}: {acts:?}");
    }
}

#[tokio::test]
async fn secrets_and_waiting_messages_outlive_a_new_key_of_the_workspace() {
    let (app, clock, mut ada, project) = shop().await;
    let agent = Agent::connect(&mut ada, &project, "bland").await;
    assert_eq!(
        agent.send(&ada, clock.now(), &told("bland", "one", WORDS)).await.0,
        StatusCode::NO_CONTENT
    );
    settled(&mut ada, &project).await;
    let rows = app.rows().await;
    let sealed = async || {
        let found = rows.ask("select sealed from credential", vec![]).await;
        found[0].try_get::<Vec<u8>>("", "sealed").unwrap()
    };
    let before = sealed().await;
    let tenant = ada.get("/session").await.1["workspace"]["id"].as_str().unwrap().parse().unwrap();
    let keys = app.keys().await;
    keys.rotate_tenant(tenant).await.unwrap();
    keys.close().await;
    let after = sealed().await;
    assert!(before != after && before[4] + 1 == after[4], "sealed anew, by the next version");
    rows.close().await;
    // Past what is remembered of the secret.
    clock.advance(60_000);
    assert_eq!(
        agent.send(&ada, clock.now(), &told("bland", "two", WORDS)).await.0,
        StatusCode::NO_CONTENT
    );
    settled(&mut ada, &project).await;
    assert_eq!(conversations(&mut ada, &project).await.len(), 2);
}

#[tokio::test]
async fn what_cannot_be_set_up_says_what_is_wrong() {
    let (_app, _clock, mut ada, project) = shop().await;
    let path = format!("{project}/voice");
    for (body, code) in [
        (json!({ "provider": "somebody" }), "unknown_provider"),
        (json!({ "provider": "retell", "header": "x-mine" }), "invalid_header"),
        (json!({ "provider": "vapi", "header": "x mine" }), "invalid_header"),
        (json!({ "provider": "vapi", "header": "x-timestamp" }), "invalid_header"),
    ] {
        let (status, problem) = ada.post(&path, body.clone()).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!(code)),
            "{body}"
        );
    }
    let retell = Agent::connect(&mut ada, &project, "retell").await;
    let standard = Agent::connect(&mut ada, &project, "standard").await;
    for (id, body) in [
        (&retell.id, json!({})),
        (&retell.id, json!({ "secret": "short" })),
        (&retell.id, json!({ "secret": "with a space in it" })),
        (&standard.id, json!({ "secret": THEIRS })),
        (&standard.id, json!({ "secret": "whsec_c2hvcnQ=" })),
    ] {
        let (status, problem) = ada.post(&format!("{path}/{id}/secret"), body.clone()).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid_secret")),
            "{body}"
        );
    }
    let chosen = ada.post(&path, json!({ "provider": "vapi", "header": "X-My-Signature" })).await.1;
    assert_eq!(chosen["header"], "x-my-signature");
    for _ in 0..17 {
        assert_eq!(ada.post(&path, json!({ "provider": "bland" })).await.0, StatusCode::CREATED);
    }
    let (status, problem) = ada.post(&path, json!({ "provider": "bland" })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("too_many_endpoints")));
    let list = ada.get(&path).await.1;
    let secret_shown = |agent: &Value| agent.as_object().unwrap().contains_key("secret");
    assert!(
        !list["agents"].as_array().unwrap().iter().any(secret_shown),
        "no list shows a secret"
    );
}
