//! Calls that are over become conversations.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{PROVIDERS, conversations, shop};
use crate::support::voice::{Agent, settled, told};

const WORDS: &str = "Does the quokka lamp come in green?";

#[tokio::test]
async fn a_call_of_each_voice_agent_becomes_a_conversation() {
    let (_app, clock, mut ada, project) = shop().await;
    for provider in PROVIDERS {
        let agent = Agent::connect(&mut ada, &project, provider).await;
        let (status, said) = agent.send(&ada, clock.now(), &told(provider, "call-1", WORDS)).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{provider}: {said}");
        clock.advance(1000);
    }
    settled(&mut ada, &project).await;
    let found = conversations(&mut ada, &project).await;
    assert_eq!(found.len(), PROVIDERS.len(), "{found:?}");
    for one in found {
        assert_eq!(
            (one["channel"].as_str(), one["title"].as_str()),
            (Some("voice"), Some(WORDS)),
            "{one}"
        );
        let path = format!("{project}/conversations/{}", one["id"].as_str().unwrap());
        let shown = ada.get(&path).await.1;
        let turns: Vec<_> = shown["turns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|turn| (&turn["role"], &turn["text"]))
            .collect();
        let expected = [
            (json!("agent"), json!("Hello, this is the lamp shop.")),
            (json!("caller"), json!(WORDS)),
        ];
        assert_eq!(
            turns,
            expected.iter().map(|(role, text)| (role, text)).collect::<Vec<_>>(),
            "{shown}"
        );
        let call = &shown["call"];
        assert_eq!(
            (&call["duration_s"], &call["ended"]),
            (&json!(42), &json!("the caller hung up")),
            "{call}"
        );
        assert_eq!(call["summary"], "Someone asked something.", "{call}");
    }
    let only = ada.get(&format!("{project}/conversations?channel=voice")).await.1;
    assert_eq!(only["conversations"].as_array().unwrap().len(), PROVIDERS.len());
}

#[tokio::test]
async fn a_replayed_call_is_acknowledged_and_stored_once() {
    let (_app, clock, mut ada, project) = shop().await;
    for provider in PROVIDERS {
        let agent = Agent::connect(&mut ada, &project, provider).await;
        let (body, at) = (told(provider, "call-1", WORDS), clock.now());
        for _ in 0..3 {
            assert_eq!(agent.send(&ada, at, &body).await.0, StatusCode::NO_CONTENT, "{provider}");
        }
        // The provider tries again, at another time and with another signature.
        clock.advance(60_000);
        assert_eq!(agent.send(&ada, clock.now(), &body).await.0, StatusCode::NO_CONTENT, "{provider}");
    }
    settled(&mut ada, &project).await;
    assert_eq!(conversations(&mut ada, &project).await.len(), PROVIDERS.len());
    let agents = ada.get(&format!("{project}/voice")).await.1;
    for agent in agents["agents"].as_array().unwrap() {
        assert_eq!(agent["deliveries"].as_array().unwrap().len(), 1, "{agent}");
        assert_eq!(agent["deliveries"][0]["state"], "done", "{agent}");
    }
}

#[tokio::test]
async fn one_call_that_is_told_of_twice_is_one_conversation_in_any_order() {
    let (_app, clock, mut ada, project) = shop().await;
    let agent = Agent::connect(&mut ada, &project, "retell").await;
    let (mut ended, analyzed) = (told("retell", "call-1", WORDS), told("retell", "call-1", WORDS));
    ended["event"] = json!("call_ended");
    ended["call"].as_object_mut().unwrap().remove("call_analysis");
    for (call, order) in [("call-1", [&ended, &analyzed]), ("call-2", [&analyzed, &ended])] {
        for body in order {
            let mut body = body.clone();
            body["call"]["call_id"] = json!(call);
            assert_eq!(agent.send(&ada, clock.now(), &body).await.0, StatusCode::NO_CONTENT);
            settled(&mut ada, &project).await;
            clock.advance(1000);
        }
    }
    let found = conversations(&mut ada, &project).await;
    assert_eq!(found.len(), 2, "{found:?}");
    for one in found {
        let shown = ada.get(&format!("{project}/conversations/{}", one["id"].as_str().unwrap())).await.1;
        assert_eq!(shown["turns"].as_array().unwrap().len(), 2, "{shown}");
        assert_eq!(shown["call"]["sentiment"], "Positive", "{shown}");
        assert_eq!(shown["call"]["successful"], true, "{shown}");
    }
}

#[tokio::test]
async fn what_tells_of_no_call_is_taken_and_its_reason_is_shown() {
    let (_app, clock, mut ada, project) = shop().await;
    let agent = Agent::connect(&mut ada, &project, "retell").await;
    let started = json!({ "event": "call_started", "call": { "call_id": "c" } });
    assert_eq!(agent.send(&ada, clock.now(), &started).await.0, StatusCode::NO_CONTENT);
    // Signed, and no JSON: bytes that are no text either.
    let bytes = [0xff, 0xfe, 0x00, 0x80];
    let headers = crate::support::voice::signed("retell", &agent.secret, clock.now(), &bytes);
    let sent = agent.request(&ada, &bytes, &headers).send().await.unwrap();
    assert_eq!(sent.status(), StatusCode::NO_CONTENT);
    let shown = settled(&mut ada, &project).await;
    let mut states: Vec<_> = shown["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["state"].as_str().unwrap())
        .collect();
    states.sort_unstable();
    assert_eq!(states, ["failed", "ignored"], "{shown}");
    let reasons = shown["deliveries"].as_array().unwrap().iter().map(|one| &one["reason"]);
    assert!(reasons.into_iter().all(Value::is_string), "{shown}");
    assert!(conversations(&mut ada, &project).await.is_empty());
}

#[tokio::test]
async fn what_was_received_is_forgotten_with_its_project() {
    let (app, clock, mut ada, project) = shop().await;
    let agent = Agent::connect(&mut ada, &project, "bland").await;
    agent.send(&ada, clock.now(), &told("bland", "call-1", WORDS)).await;
    settled(&mut ada, &project).await;
    let rows = app.rows().await;
    for table in ["credential", "inbound_event", "voice_endpoint", "voice_call"] {
        let found = rows.ask(&format!("select 1 as found from {table}"), vec![]).await;
        assert_eq!(found.len(), 1, "{table}");
    }
    let (status, _) = ada.delete(&project, Some(json!({ "confirm": "Lamps" }))).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    for table in ["credential", "inbound_event", "voice_endpoint"] {
        let found = rows.ask(&format!("select 1 as found from {table}"), vec![]).await;
        assert!(found.is_empty(), "{table}");
    }
    rows.close().await;
    clock.advance(1000);
    let (status, _) = agent.send(&ada, clock.now(), &told("bland", "call-2", WORDS)).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

/// Bland signs no time: whoever captured a message may send it at any later one.
#[tokio::test]
async fn a_call_that_signs_no_time_is_known_for_as_long_as_its_secret_is_good() {
    let (app, clock, mut ada, project) = shop().await;
    let (bland, retell) = (
        Agent::connect(&mut ada, &project, "bland").await,
        Agent::connect(&mut ada, &project, "retell").await,
    );
    let call = told("bland", "call-1", WORDS);
    assert_eq!(bland.send(&ada, clock.now(), &call).await.0, StatusCode::NO_CONTENT);
    assert_eq!(
        bland
            .send(&ada, clock.now(), &json!({ "completed": true, "transcripts": [] }))
            .await
            .0,
        StatusCode::NO_CONTENT
    );
    retell.send(&ada, clock.now(), &told("retell", "call-2", WORDS)).await;
    settled(&mut ada, &project).await;
    let rows = app.rows().await;
    let sealed = "select 1 as found from inbound_event where sealed is not null";
    assert_eq!(rows.ask(sealed, vec![]).await.len(), 1, "what failed keeps its body");
    let all = "select source from inbound_event";
    for _ in 0..400 {
        if rows.ask(all, vec![]).await.len() == 2 {
            break;
        }
        clock.advance(6 * 3_600_000);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(rows.ask(all, vec![]).await.len(), 2, "what signs its time is forgotten");
    assert!(rows.ask(sealed, vec![]).await.is_empty(), "and bodies are let go of");
    let (status, session) = ada
        .post("/session", json!({ "email": ada.email, "password": crate::support::PASSWORD }))
        .await;
    assert_eq!(status, StatusCode::OK, "{session}");
    ada.took(&session);
    assert_eq!(
        bland.send(&ada, clock.now(), &call).await.0,
        StatusCode::NO_CONTENT,
        "acknowledged, and nothing more"
    );
    settled(&mut ada, &project).await;
    assert_eq!(rows.ask(all, vec![]).await.len(), 2);
    assert_eq!(conversations(&mut ada, &project).await.len(), 2);
    // With the agent goes what is known of it.
    let path = format!("{project}/voice/{}", bland.id);
    assert_eq!(ada.delete(&path, None).await.0, StatusCode::NO_CONTENT);
    for _ in 0..400 {
        if rows.ask(all, vec![]).await.is_empty() {
            break;
        }
        clock.advance(6 * 3_600_000);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(rows.ask(all, vec![]).await.is_empty());
    rows.close().await;
}

#[tokio::test]
async fn a_message_that_failed_is_tried_again_in_its_own_project_only() {
    let (app, clock, mut ada, project) = shop().await;
    let agent = Agent::connect(&mut ada, &project, "retell").await;
    // More of them than a rotation of the keys holds at a time.
    for n in 0..20 {
        let bytes = format!("no JSON {n}").into_bytes();
        let headers = crate::support::voice::signed("retell", &agent.secret, clock.now(), &bytes);
        let sent = agent.request(&ada, &bytes, &headers).send().await.unwrap();
        assert_eq!(sent.status(), StatusCode::NO_CONTENT);
    }
    let shown = settled(&mut ada, &project).await;
    let reason = shown["deliveries"][0]["reason"].clone();
    let tenant = ada.get("/session").await.1["workspace"]["id"].as_str().unwrap().to_owned();
    let (rotated, said) = app.command_meanwhile(&["keys", "rotate", "--tenant", &tenant]).await;
    assert!(rotated, "{said}");
    let other = ada.project("Beacons").await;
    for one in shown["deliveries"].as_array().unwrap() {
        assert_eq!((&one["state"], &one["can_retry"]), (&json!("failed"), &json!(true)), "{one}");
        let below = format!("voice/{}/events/{}/retry", agent.id, one["id"].as_str().unwrap());
        assert_eq!(ada.post(&format!("{other}/{below}"), json!(null)).await.0, StatusCode::NOT_FOUND);
        assert_eq!(ada.post(&format!("{project}/{below}"), json!(null)).await.0, StatusCode::NO_CONTENT);
    }
    let again = settled(&mut ada, &project).await;
    for one in again["deliveries"].as_array().unwrap() {
        assert_eq!(
            (&one["state"], &one["reason"]),
            (&json!("failed"), &reason),
            "opened, and read again: {one}"
        );
    }
}
