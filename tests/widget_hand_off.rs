//! Visitors who ask for a person.

use pernoex::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    Person, TestApp,
    receiver::Receiver,
    visitor::{SITE, Visitor, open_widget},
};

const TEAM: &str = "support@lantern.example";

async fn hand_off(visitor: &mut Visitor, body: Value) -> (StatusCode, Value) {
    let response = visitor.send(Method::POST, "hand-off", Some(body), &[]).await;
    (response.status(), response.json().await.unwrap_or(Value::Null))
}

async fn open(app: &TestApp, email: Option<&str>) -> (Person, String, Visitor) {
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    let setting = json!({ "hand_off": { "enabled": true, "email": email } });
    let (status, set) = ada.patch(&format!("{project}/widget"), setting).await;
    assert_eq!(
        (status, set["hand_off"]["email"].as_str()),
        (StatusCode::OK, email.map(str::to_lowercase).as_deref())
    );
    let visitor = Visitor::begin(app, &key).await;
    (ada, project, visitor)
}

#[tokio::test]
async fn a_visitor_asks_for_a_person_and_the_team_is_told_by_mail_and_webhook_with_what_was_said() {
    let app = TestApp::with(&[("PERNOEX_ALLOW_PRIVATE", "127.0.0.1")]).await;
    let mut receiver = Receiver::start().await;
    let (mut ada, project, mut visitor) = open(&app, Some("Support@Lantern.example")).await;
    let hook = json!({ "url": receiver.url(), "events": ["conversation.handed_over"] });
    let (status, made) = ada.post(&format!("{project}/webhooks"), hook).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    visitor.ask("How do I export my data?").await;
    let asked = json!({
        "email": "Grace@Example.com", "message": "The export is empty.\nCan you <b>look</b>?",
        "page": format!("{SITE}/account/export?token=private#end"),
    });
    let (status, handed) = hand_off(&mut visitor, asked).await;
    assert_eq!(status, StatusCode::CREATED, "{handed}");
    let conversation = handed["conversation"].as_str().unwrap();

    let letter = app.letter(TEAM, "asks for a person: Lantern").await;
    for said in [
        "The export is empty.",
        "Answer to: grace@example.com",
        "Page: https://www.example.com/account/export\n",
        "Visitor: How do I export my data?",
        "Assistant: ",
        &format!("{project}/conversations/{conversation}"),
    ] {
        assert!(letter.text.replace("\r\n", "\n").contains(said), "no {said} in {}", letter.text);
    }
    assert!(!letter.text.contains("private"), "{}", letter.text);
    let raw = std::fs::read_dir(app.data().join("mail")).unwrap();
    let raw = raw.map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    let raw = raw.into_iter().find(|raw| raw.contains("asks for a person")).unwrap();
    assert!(raw.contains("Reply-To: grace@example.com"), "{raw}");

    let posted = receiver.next().await;
    assert!(posted.is_signed_by(made["secret"].as_str().unwrap()));
    let event = posted.json();
    assert_eq!(event["type"], "conversation.handed_over");
    let data = &event["data"];
    assert_eq!(
        (data["conversation"].as_str(), data["email"].as_str(), data["page"].as_str()),
        (
            Some(conversation),
            Some("grace@example.com"),
            Some("https://www.example.com/account/export")
        )
    );
    assert_eq!(data["user"], Value::Null);
    let transcript = data["transcript"].as_array().unwrap();
    assert_eq!((transcript.len(), &transcript[0]["role"]), (2, &json!("visitor")));

    // The team reads it in the conversation, the visitor too, and it is no question.
    let (_, page) = ada.get(&format!("{project}/conversations/{conversation}")).await;
    let turns = page["turns"].as_array().unwrap();
    assert_eq!(
        (turns.len(), &turns[2]["role"], &page["questions"]),
        (3, &json!("hand_off"), &json!(1))
    );
    assert!(turns[2]["text"].as_str().unwrap().contains("grace@example.com"), "{page}");
    let own: Value = visitor.send(Method::GET, "conversation", None, &[]).await.json().await.unwrap();
    assert_eq!(own["turns"][2]["role"], "hand_off");
    assert_eq!(page["state"], "open");
    let rows = app.rows().await;
    let marked = rows
        .ask("select handed_over_at from conversation where handed_over_at is not null", vec![])
        .await;
    assert_eq!(marked.len(), 1);
}

#[tokio::test]
async fn nobody_is_asked_for_where_the_team_does_not_want_it() {
    let app = TestApp::start().await;
    let (mut ada, project, mut visitor) = open(&app, None).await;
    let asked = json!({ "email": "grace@example.com", "message": "Hello?" });
    let (status, _) = hand_off(&mut visitor, asked.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "without an address the inbox and the webhooks have it");
    ada.patch(&format!("{project}/widget"), json!({ "hand_off": { "enabled": false } }))
        .await;
    let (status, problem) = hand_off(&mut visitor, asked).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::CONFLICT, Some("hand_off_off")));
    assert!(app.all_letters().iter().all(|letter| !letter.subject.contains("asks for a person")));
}

#[tokio::test]
async fn what_cannot_be_answered_to_is_refused_and_nobody_floods_a_team() {
    let app = TestApp::start_with(Clock::manual(1_800_000_000_000), &[]).await;
    let (_, _, mut visitor) = open(&app, Some(TEAM)).await;
    for (body, field) in [
        (json!({ "email": "nobody", "message": "Hello" }), "email"),
        (
            json!({ "email": "a@example.com\r\nBcc: b@example.com", "message": "Hello" }),
            "email",
        ),
        (json!({ "email": "a@example.com", "message": "  \u{200b} " }), "message"),
    ] {
        let (status, problem) = hand_off(&mut visitor, body).await;
        assert_eq!(
            (status, problem["field"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(field)),
            "{problem}"
        );
    }
    let (status, problem) = hand_off(&mut visitor, json!({ "email": "a@example.com", "message": "Hello" })).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::TOO_MANY_REQUESTS, Some("too_many_requests"))
    );
    let mut other = Visitor::begin(&app, &visitor.key).await;
    let long = json!({ "email": "a@example.com", "message": "x".repeat(4001) });
    assert_eq!(hand_off(&mut other, long).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let elsewhere = json!({ "email": "a@example.com", "message": "Hello", "page": "https://evil.test/" });
    let (status, problem) = hand_off(&mut other, elsewhere).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("invalid_page"))
    );
    let fine = json!({ "email": "a@example.com", "message": "Hello" });
    assert_eq!(hand_off(&mut other, fine).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn a_visitor_begins_a_new_conversation_and_goes_on_with_it() {
    let app = TestApp::start().await;
    let (mut ada, project, mut visitor) = open(&app, None).await;
    visitor.ask("How do I export my data?").await;
    let again = json!({ "question": "How do I export my data?", "new_conversation": true, "page": format!("{SITE}/help?x=1") });
    let asked = visitor.send(Method::POST, "questions", Some(again), &[]).await;
    assert_eq!(asked.status(), StatusCode::OK);
    let second: Value = asked.json().await.unwrap();
    let third = visitor.ask("How do refunds work?").await.1;
    assert_eq!(second["conversation"], third["conversation"]);
    let (_, listed) = ada.get(&format!("{project}/conversations?channel=widget")).await;
    assert_eq!(listed["conversations"].as_array().unwrap().len(), 2);
    assert_eq!(listed["conversations"][0]["page"], format!("{SITE}/help"), "{listed}");
    let own: Value = visitor.send(Method::GET, "conversation", None, &[]).await.json().await.unwrap();
    assert_eq!(own["turns"].as_array().unwrap().len(), 4);
    // One that begins with the wish for a person.
    let handed = json!({ "email": "a@example.com", "message": "Hello", "new_conversation": true });
    let (_, handed) = hand_off(&mut visitor, handed).await;
    assert_ne!(handed["conversation"], third["conversation"]);
    let bad = json!({ "question": "x", "page": "https://evil.test/" });
    let bad = visitor.send(Method::POST, "questions", Some(bad), &[]).await;
    assert_eq!(bad.status(), StatusCode::UNPROCESSABLE_ENTITY);
}
