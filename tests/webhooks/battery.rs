//! Whatever is not signed as it should be is refused at the door, costs nothing behind it, and is counted.

use reqwest::{Body, StatusCode};
use serde_json::{Value, json};

use super::{PROVIDERS, conversations, refusals, shop};
use crate::support::{
    TestApp,
    voice::{Agent, THEIRS, answer, settled, signed, told},
};

const WORDS: &str = "Does the lamp come in green?";

#[tokio::test]
async fn a_message_that_is_not_signed_as_it_should_be_is_refused_and_counted() {
    let (app, clock, mut ada, project) = shop().await;
    for provider in PROVIDERS {
        let agent = Agent::connect(&mut ada, &project, provider).await;
        let body = told(provider, "call-1", WORDS).to_string().into_bytes();
        let good = signed(provider, &agent.secret, clock.now(), &body);
        let check = async |headers: &[(&'static str, String)], body: &[u8], reason: &str| {
            let before = refusals(&app, provider, reason).await;
            let (status, problem) = answer(agent.request(&ada, body, headers)).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{provider}, {reason}: {problem}");
            assert_eq!(problem["code"], "signature_invalid", "{provider}, {reason}");
            assert_eq!(refusals(&app, provider, reason).await, before + 1, "{provider}, {reason}");
        };
        let mut bent = body.clone();
        bent[10] ^= 1;
        check(&good, &bent, "wrong_signature").await;
        check(&good, &body[..body.len() - 1], "wrong_signature").await;
        let other = if provider == "standard" {
            "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        } else {
            "another secret"
        };
        check(&signed(provider, other, clock.now(), &body), &body, "wrong_signature").await;
        for n in 0..good.len() {
            let mut missing = good.clone();
            missing.remove(n);
            check(&missing, &body, "missing_header").await;
            let mut twice = good.clone();
            twice.push(good[n].clone());
            check(&twice, &body, "duplicate_header").await;
            let mut cut = good.clone();
            cut[n].1.clear();
            check(&cut, &body, "malformed_header").await;
        }
        let signature = good.iter().position(|(name, _)| name.contains("signature")).unwrap();
        let mut truncated = good.clone();
        truncated[signature].1.pop();
        check(&truncated, &body, "malformed_header").await;
        let mut doubled = good.clone();
        doubled[signature].1 = format!("{0}{0}", good[signature].1);
        check(&doubled, &body, "malformed_header").await;
    }
    let agents = ada.get(&format!("{project}/voice")).await.1;
    for agent in agents["agents"].as_array().unwrap() {
        assert_eq!(agent["deliveries"], json!([]), "nothing of it is stored: {agent}");
        assert!(agent["refused"]["reason"].is_string(), "and who set it up sees why: {agent}");
    }
    assert!(conversations(&mut ada, &project).await.is_empty());
}

#[tokio::test]
async fn five_minutes_either_way_are_taken_and_a_moment_more_is_not() {
    let (app, clock, mut ada, project) = shop().await;
    // On a whole second: some senders write no more.
    clock.advance(1000 - clock.now() % 1000);
    for provider in PROVIDERS.into_iter().filter(|provider| *provider != "bland") {
        let agent = Agent::connect(&mut ada, &project, provider).await;
        for (n, (moved, expected)) in [(-300_000, 204), (300_000, 204), (-301_000, 401), (301_000, 401), (-86_400_000, 401)]
            .into_iter()
            .enumerate()
        {
            let body = told(provider, &format!("call-{n}"), WORDS);
            let (status, problem) = agent.send(&ada, clock.now() + moved, &body).await;
            assert_eq!(status.as_u16(), expected, "{provider} {moved}: {problem}");
            if expected == 401 {
                assert_eq!(problem["code"], "timestamp_outside_window", "{provider}");
            }
        }
        assert_eq!(refusals(&app, provider, "too_old").await, 2, "{provider}");
        assert_eq!(refusals(&app, provider, "too_new").await, 1, "{provider}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_whole_and_in_pieces() {
    let (app, clock, mut ada, project) = shop().await;
    let agent = Agent::connect(&mut ada, &project, "retell").await;
    let most = 1 << 20;
    for (length, expected) in [(most, 204), (most + 1, 413)] {
        let body = vec![b' '; length];
        let headers = signed("retell", &agent.secret, clock.now(), &body);
        let whole = agent.request(&ada, &body, &headers).send().await.unwrap();
        assert_eq!(whole.status().as_u16(), expected, "{length} bytes at once");
        clock.advance(1000);
        let headers = signed("retell", &agent.secret, clock.now(), &body);
        let pieces: Vec<Result<Vec<u8>, std::io::Error>> = body.chunks(64 * 1024).map(|piece| Ok(piece.to_vec())).collect();
        let mut request = ada
            .client
            .post(&agent.url)
            .body(Body::wrap_stream(futures_util::stream::iter(pieces)));
        for (name, value) in &headers {
            request = request.header(*name, value);
        }
        assert_eq!(
            request.send().await.unwrap().status().as_u16(),
            expected,
            "{length} bytes in pieces"
        );
    }
    assert_eq!(refusals(&app, "retell", "too_large").await, 2);
}

#[tokio::test]
async fn a_made_up_address_leads_nowhere() {
    let (_app, clock, mut ada, project) = shop().await;
    let agent = Agent::connect(&mut ada, &project, "retell").await;
    let (base, token) = agent.url.rsplit_once('/').unwrap();
    let mut made_up = vec!["a".repeat(67), String::from("x"), "a".repeat(5000), token[1..].to_owned()];
    // One letter of it after the other.
    for at in 0..token.len() {
        let mut bent: Vec<char> = token.chars().collect();
        bent[at] = if bent[at] == 'A' { 'B' } else { 'A' };
        made_up.push(bent.into_iter().collect());
    }
    for token in made_up.into_iter().filter(|made_up| made_up != token) {
        let stranger = Agent {
            id: String::new(),
            provider: "retell",
            url: format!("{base}/{token}"),
            secret: THEIRS.into(),
        };
        let (status, problem) = stranger.send(&ada, clock.now(), &told("retell", "call-1", WORDS)).await;
        assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("not_found")), "{token}");
    }
    assert_eq!(
        agent.send(&ada, clock.now(), &told("retell", "call-1", WORDS)).await.0,
        StatusCode::NO_CONTENT
    );
}

/// What is noted of refused messages has a limit, which others use up too: no answer may depend on it.
#[tokio::test]
async fn what_an_agent_that_is_gone_is_sent_unsigned_is_refused_alike_however_much_it_was() {
    let (_app, _clock, mut ada, project) = shop().await;
    for provider in PROVIDERS.into_iter().filter(|provider| *provider != "vapi") {
        let agent = Agent::connect(&mut ada, &project, provider).await;
        let path = format!("{project}/voice/{}", agent.id);
        assert_eq!(ada.delete(&path, None).await.0, StatusCode::NO_CONTENT);
        let body = told(provider, "call-1", WORDS).to_string().into_bytes();
        for n in 0..20 {
            let (status, problem) = answer(agent.request(&ada, &body, &[])).await;
            assert_eq!(
                (status, &problem["code"]),
                (StatusCode::UNAUTHORIZED, &json!("signature_invalid")),
                "{provider}, message {n}"
            );
        }
    }
}

#[tokio::test]
async fn who_sends_too_much_waits_at_the_door_and_at_apple_s_too() {
    let app = TestApp::start().await;
    let nobody = app.nobody();
    let mut refused = Value::Null;
    for n in 0..4000 {
        let path = if n % 2 == 0 {
            "/webhooks/voice/none"
        } else {
            "/webhooks/apple/sign-in"
        };
        let request = nobody.client.post(format!("{}{path}", app.url)).json(&json!({ "payload": "x" }));
        let response = request.send().await.unwrap();
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            assert!(n >= 300, "{n}");
            assert!(response.headers().contains_key("retry-after"));
            refused = response.json().await.unwrap();
            break;
        }
        assert!(response.status().is_client_error(), "{n}: {}", response.status());
    }
    assert_eq!(refused["code"], "too_many_requests");
}

#[tokio::test]
async fn an_endpoint_without_its_secret_takes_nothing() {
    let (app, clock, mut ada, project) = shop().await;
    let (_, made) = ada.post(&format!("{project}/voice"), json!({ "provider": "bland" })).await;
    assert_eq!((&made["has_secret"], &made["secret"]), (&json!(false), &Value::Null));
    let path = made["url"].as_str().unwrap().split_once("/webhooks/").unwrap().1;
    for secret in ["", "x", THEIRS] {
        let agent = Agent {
            id: String::new(),
            provider: "bland",
            url: format!("{}/webhooks/{path}", app.url),
            secret: secret.into(),
        };
        let (status, problem) = agent.send(&ada, clock.now(), &told("bland", "call-1", WORDS)).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
        assert_eq!(problem["code"], "webhook_not_configured");
    }
    assert_eq!(refusals(&app, "bland", "not_configured").await, 3);
    let shown = settled(&mut ada, &project).await;
    assert_eq!(shown["refused"]["reason"], "not_configured");
}
