//! What a voice agent asks in the middle of a call.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{PROVIDERS, conversations, shop};
use crate::support::{
    GUIDE,
    voice::{Agent, settled, signed, told},
};

const QUESTION: &str = "How do I export my data?";

fn asked(provider: &str) -> Value {
    match provider {
        "retell" => json!({ "name": "ask", "args": { "question": QUESTION }, "call": { "call_id": "call-1" } }),
        "vapi" => json!({ "message": { "type": "tool-calls", "call": { "id": "call-1" },
            "toolCallList": [{ "id": "tool-1", "name": "ask", "arguments": { "question": QUESTION } }] } }),
        "elevenlabs" => json!({ "question": QUESTION, "conversation_id": "call-1" }),
        _ => json!({ "question": QUESTION, "call_id": "call-1" }),
    }
}

#[tokio::test]
async fn a_question_in_the_middle_of_a_call_is_answered_in_the_call_s_conversation() {
    let (_app, clock, mut ada, project) = shop().await;
    let (_, uploaded) = ada
        .upload(reqwest::Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    assert!(uploaded["documents"][0]["id"].is_string(), "{uploaded}");
    ada.settled(&project).await;
    for provider in PROVIDERS.into_iter().filter(|provider| *provider != "bland") {
        let agent = Agent::connect(&mut ada, &project, provider).await;
        let body = asked(provider);
        let (status, said) = agent.ask(&ada, clock.now(), &body).await;
        assert_eq!(status, StatusCode::OK, "{provider}: {said}");
        let spoken = if provider == "vapi" {
            assert_eq!(said["results"][0]["toolCallId"], "tool-1");
            &said["results"][0]["result"]
        } else {
            assert_eq!(said["answered"], true, "{said}");
            assert_eq!(said["sources"][0]["title"].as_str().map(str::is_empty), Some(false), "{said}");
            &said["answer"]
        };
        assert!(
            spoken.as_str().is_some_and(|text| !text.is_empty() && !text.contains("[1]")),
            "{provider}: {said}"
        );
        // The call goes on, and is told of when it is over.
        clock.advance(60_000);
        assert_eq!(
            agent.send(&ada, clock.now(), &told(provider, "call-1", QUESTION)).await.0,
            StatusCode::NO_CONTENT
        );
        settled(&mut ada, &project).await;
        let latest = conversations(&mut ada, &project).await[0].clone();
        let shown = ada
            .get(&format!("{project}/conversations/{}", latest["id"].as_str().unwrap()))
            .await
            .1;
        let mut roles: Vec<_> = shown["turns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|turn| turn["role"].as_str().unwrap())
            .collect();
        roles.sort_unstable();
        assert_eq!(roles, ["agent", "assistant", "caller", "visitor"], "{provider}: {shown}");
        assert_eq!((&latest["channel"], &latest["questions"]), (&json!("voice"), &json!(1)));
    }
    // They were asked minutes apart, maybe on both sides of midnight.
    let figures = ada.get(&format!("{project}/analytics?days=2")).await.1;
    assert_eq!(
        figures["totals"]["questions"], 4,
        "what was asked of the project counts, what was said to the agent does not: {figures}"
    );
}

#[tokio::test]
async fn the_same_question_word_for_word_is_answered_once_and_signed_anew_again() {
    let (_app, clock, mut ada, project) = shop().await;
    let agent = Agent::connect(&mut ada, &project, "retell").await;
    let body = asked("retell");
    assert_eq!(agent.ask(&ada, clock.now(), &body).await.0, StatusCode::OK);
    let (status, problem) = agent.ask(&ada, clock.now(), &body).await;
    assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("already_received")));
    clock.advance(1000);
    assert_eq!(agent.ask(&ada, clock.now(), &body).await.0, StatusCode::OK);
    assert_eq!(conversations(&mut ada, &project).await[0]["questions"], 2);
}

#[tokio::test]
async fn a_question_that_proves_no_time_or_asks_nothing_is_not_answered() {
    let (_app, clock, mut ada, project) = shop().await;
    let bland = Agent::connect(&mut ada, &project, "bland").await;
    assert_eq!(bland.ask(&ada, clock.now(), &asked("bland")).await.0, StatusCode::NOT_FOUND);
    let agent = Agent::connect(&mut ada, &project, "standard").await;
    for nothing in [json!({}), json!([]), json!({ "question": 1 }), json!({ "question": "  " })] {
        let (status, problem) = agent.ask(&ada, clock.now(), &nothing).await;
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::UNPROCESSABLE_ENTITY, &json!("question_empty")),
            "{nothing}"
        );
    }
    let body = asked("standard").to_string();
    let mut request = ada.client.post(format!("{}/question", agent.url)).body(body.clone());
    for (name, value) in signed("standard", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", clock.now(), body.as_bytes()) {
        request = request.header(name, value);
    }
    assert_eq!(request.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert!(conversations(&mut ada, &project).await.is_empty());
}
