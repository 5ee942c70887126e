//! How much a widget may be used, by whom, and for how long.

use pernoex::Clock;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    TestApp,
    visitor::{SITE, Visitor, open_widget},
};

const HOUR: i64 = 3_600_000;
const NOW: i64 = 1_795_000_000_000;

async fn key(app: &TestApp) -> String {
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    open_widget(&mut ada, &project).await
}

#[tokio::test]
async fn a_visitors_address_is_slowed_down_whatever_it_claims_to_be() {
    let app = TestApp::start().await;
    let key = key(&app).await;
    let mut visitor = Visitor::begin(&app, &key).await;
    let mut refused = None;
    for n in 0..40 {
        let (agent, address) = (format!("agent-{n}"), format!("10.0.0.{n}"));
        let forwarded = format!("for={address}");
        let claims = [
            ("user-agent", agent.as_str()),
            ("x-forwarded-for", &address),
            ("forwarded", &forwarded),
            ("x-real-ip", &address),
            ("cf-connecting-ip", &address),
            ("true-client-ip", &address),
        ];
        let sent = visitor.send(Method::GET, "conversation", None, &claims).await;
        if sent.status() == StatusCode::TOO_MANY_REQUESTS {
            refused = Some((n, sent));
            break;
        }
    }
    let (after, sent) = refused.expect("there is a limit");
    assert!(after >= 20, "{after}");
    assert_eq!(
        sent.headers()["access-control-allow-origin"],
        SITE,
        "the widget can tell its visitor"
    );
    let wait: u64 = sent.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    let problem: Value = sent.json().await.unwrap();
    assert_eq!(
        (problem["code"].as_str(), problem["retry_after"].as_u64()),
        (Some("too_many_requests"), Some(wait))
    );
    assert!((1..=60).contains(&wait));
    // Somebody at another address is served.
    visitor.browser.client = Client::builder()
        .local_address(std::net::IpAddr::from([127, 200, 200, 200]))
        .build()
        .unwrap();
    assert_eq!(visitor.send(Method::GET, "conversation", None, &[]).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn all_visitors_of_a_key_together_have_a_limit_too() {
    let app = TestApp::start().await;
    let (key, other) = (key(&app).await, key(&app).await);
    let url = format!("{}/api/v1/widget/{key}/visits", app.url);
    // From as many addresses as it takes, none of which reaches its own limit.
    let (mut served, mut refused) = (0, false);
    for net in 0..100_u8 {
        let address = |host: u8| std::net::IpAddr::from([127, 77, net, host]);
        let crowd = (1..=5).map(|host| {
            let (client, url) = (Client::builder().local_address(address(host)).build().unwrap(), url.clone());
            tokio::spawn(async move {
                let mut codes = Vec::new();
                for _ in 0..20 {
                    let sent = client.post(&url).header("origin", SITE).json(&json!({})).send().await.unwrap();
                    let waits = sent.headers().contains_key("retry-after");
                    assert_eq!(waits, sent.status() == StatusCode::TOO_MANY_REQUESTS);
                    codes.push(sent.status());
                }
                codes
            })
        });
        for visits in crowd.collect::<Vec<_>>() {
            let codes = visits.await.unwrap();
            served += codes.iter().filter(|code| **code == StatusCode::CREATED).count();
            refused |= codes.contains(&StatusCode::TOO_MANY_REQUESTS);
        }
        if refused {
            break;
        }
    }
    assert!(refused && served >= 600, "{served} served");
    Visitor::begin(&app, &other).await;
}

#[tokio::test]
async fn a_token_expires_can_be_exchanged_for_a_day_and_then_is_nothing() {
    let clock = Clock::manual(NOW);
    let app = TestApp::start_with(clock.clone(), &[]).await;
    let key = key(&app).await;
    let mut visitor = Visitor::begin(&app, &key).await;
    assert_eq!(visitor.ask("How do I export my data?").await.0, StatusCode::OK);
    clock.advance(HOUR - 1);
    assert_eq!(visitor.send(Method::GET, "conversation", None, &[]).await.status(), StatusCode::OK);
    clock.advance(1);
    let (status, problem) = visitor.ask("How do I export my data?").await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("visitor_token_invalid"))
    );

    let old = visitor.token.clone();
    let renewed: Value = visitor
        .send(Method::POST, "visits", Some(json!({ "token": old })), &[])
        .await
        .json()
        .await
        .unwrap();
    assert!(renewed["conversation"].is_string(), "the same visitor goes on");
    visitor.token = renewed["token"].as_str().unwrap().to_owned();
    let own: Value = visitor.send(Method::GET, "conversation", None, &[]).await.json().await.unwrap();
    assert_eq!(own["turns"].as_array().unwrap().len(), 2);

    clock.advance(25 * HOUR);
    let late = visitor.token.clone();
    let begun: Value = visitor
        .send(Method::POST, "visits", Some(json!({ "token": late })), &[])
        .await
        .json()
        .await
        .unwrap();
    assert!(begun["conversation"].is_null(), "after a day it is somebody new");
}

#[tokio::test]
async fn a_token_cannot_be_forged_or_cut() {
    let app = TestApp::with(&[("PERNOEX_LIMIT_FACTOR", "100")]).await;
    let key = key(&app).await;
    let (mut visitor, other) = (Visitor::begin(&app, &key).await, Visitor::begin(&app, &key).await);
    visitor.ask("How do I export my data?").await;
    let token = visitor.token.clone();
    let mut forged = vec![
        String::new(),
        "x".into(),
        "null".into(),
        format!("{token}="),
        format!("{token}AA"),
        format!(" {token}"),
        token.to_lowercase(),
    ];
    for at in [0, 10, 22, 30, 40, 60, token.len() - 2] {
        let mut bytes = token.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        forged.push(String::from_utf8(bytes).unwrap());
        forged.push(token[..at].to_owned());
        forged.push(format!("{}{}", &token[..at], &other.token[at..]));
    }
    let both = [&token, &other.token];
    for forged in forged.into_iter().filter(|forged| !both.contains(&forged)) {
        let bearer = format!("Bearer {forged}");
        let url = format!("{}/api/v1/widget/{key}/conversation", app.url);
        let sent = visitor
            .browser
            .client
            .get(&url)
            .header("origin", SITE)
            .header("authorization", &bearer)
            .send()
            .await
            .unwrap();
        assert_eq!(sent.status(), StatusCode::UNAUTHORIZED, "{forged}");
        // Nor is it exchanged for the visitor's own.
        let begun: Value = other_visit(&visitor, &forged).await;
        assert!(begun["conversation"].is_null(), "{forged}");
    }
}

async fn other_visit(visitor: &Visitor, token: &str) -> Value {
    let url = format!("{}/api/v1/widget/{}/visits", visitor.browser.url, visitor.key);
    let sent = visitor
        .browser
        .client
        .post(url)
        .header("origin", SITE)
        .json(&json!({ "token": token }))
        .send()
        .await
        .unwrap();
    sent.json().await.unwrap()
}

/// Every name of a field that a visitor can get to see, from all that a visitor can ask for.
#[tokio::test]
async fn a_visitor_is_told_nothing_beyond_what_is_theirs() {
    fn names(value: &Value, found: &mut std::collections::BTreeSet<String>) {
        match value {
            Value::Object(map) => map.iter().filter(|(_, value)| !value.is_null()).for_each(|(name, value)| {
                found.insert(name.clone());
                names(value, found);
            }),
            Value::Array(list) => list.iter().for_each(|value| names(value, found)),
            _ => {}
        }
    }
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    let (_, list) = ada.get(&format!("{project}/documents")).await;
    let document = list["documents"][0]["id"].as_str().unwrap().to_owned();
    let (_, session) = ada.get("/session").await;
    let mut visitor = Visitor::begin(&app, &key).await;
    let begun = other_visit(&visitor, "").await;
    let (_, answered) = visitor.ask("How do I export my data?").await;
    let (_, unanswered) = visitor.ask("Who was the first king of France?").await;
    let own: Value = visitor.send(Method::GET, "conversation", None, &[]).await.json().await.unwrap();
    let all = json!([begun, answered, unanswered, own]);
    let mut found = std::collections::BTreeSet::new();
    names(&all, &mut found);
    let told = [
        "citations",
        "closest",
        "color",
        "conversation",
        "created_at",
        "dark",
        "excerpt",
        "expires_at",
        "greeting",
        "hand_off",
        "helpful",
        "id",
        "language",
        "launcher",
        "light",
        "link",
        "message",
        "n",
        "offset_x",
        "offset_y",
        "outcome",
        "position",
        "role",
        "scheme",
        "section",
        "suggestions",
        "text",
        "title",
        "token",
        "turns",
        "written_by",
    ];
    for name in &found {
        assert!(told.contains(&name.as_str()), "a visitor is told {name}");
    }
    let text = all.to_string();
    for secret in [
        document.as_str(),
        project.rsplit('/').next().unwrap(),
        session["workspace"]["id"].as_str().unwrap(),
        session["user"]["id"].as_str().unwrap(),
        &ada.email,
        "guide.md",
    ] {
        assert!(!text.contains(secret), "{secret} is told: {text}");
    }
}
