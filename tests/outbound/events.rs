use actors::faults::{Effect, Point, clear, inject};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{EVERY, add, latest, log, start};
use crate::support::{
    GUIDE,
    receiver::Receiver,
    visitor::{Visitor, open_widget},
};

const UNKNOWN: &str = "Which zebra won the regatta?";

#[tokio::test]
async fn a_question_without_an_answer_is_told_signed_and_with_what_was_asked() {
    let (app, _) = start().await;
    let mut receiver = Receiver::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let hook = add(&mut ada, &project, &receiver.url(), &EVERY).await;
    assert!(hook.secret.starts_with("whsec_"));
    let key = open_widget(&mut ada, &project).await;
    let mut visitor = Visitor::begin(&app, &key).await;
    let (_, answered) = visitor.ask("How do I export my data?").await;
    assert_eq!(answered["outcome"], "answered");
    let (_, asked) = visitor.ask(UNKNOWN).await;
    assert_eq!(asked["outcome"], "unanswered");

    let posted = receiver.next().await;
    assert_eq!(posted.line, "POST /hooks?key=of-the-receiver HTTP/1.1");
    assert_eq!(posted.header("content-type"), "application/json");
    assert!(posted.header("user-agent").starts_with("Pernoex/"));
    assert!(posted.is_signed_by(&hook.secret));
    assert_eq!(posted.signatures().len(), 1);
    assert_eq!(posted.header("webhook-timestamp"), "4000000000");
    let told = posted.json();
    assert_eq!(
        (&told["type"], &told["timestamp"]),
        (&json!("question.unanswered"), &json!("2096-10-02T07:06:40.000Z"))
    );
    let data = &told["data"];
    assert_eq!((&data["question"], &data["channel"]), (&json!(UNKNOWN), &json!("widget")));
    assert_eq!(
        (&data["message"], &data["conversation"]),
        (&asked["message"], &asked["conversation"])
    );
    assert!(project.ends_with(data["project"].as_str().unwrap()));

    let delivered = latest(&mut ada, &hook, |one| one["state"] == "delivered").await;
    assert_eq!(delivered["message_id"], posted.header("webhook-id"));
    assert_eq!((&delivered["status"], &delivered["attempts"]), (&json!(204), &json!(1)));
    let path = format!("{}/deliveries/{}", hook.path, delivered["id"].as_str().unwrap());
    let (_, page) = ada.get(&path).await;
    assert_eq!(
        page["body"].as_str().unwrap().as_bytes(),
        posted.body,
        "the log shows what was sent"
    );
    assert_eq!(log(&mut ada, &hook).await.len(), 1, "the answered question is nobody's business");
}

#[tokio::test]
async fn an_answer_that_did_not_help_is_told_once_with_question_and_answer() {
    let (app, _) = start().await;
    let mut receiver = Receiver::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let hook = add(&mut ada, &project, &receiver.url(), &["feedback.negative"]).await;
    let key = open_widget(&mut ada, &project).await;
    let mut visitor = Visitor::begin(&app, &key).await;
    let (_, first) = visitor.ask("How long do refunds take?").await;
    let (_, asked) = visitor.ask("How do I export my data?").await;
    let judge = async |visitor: &mut Visitor, answer: &Value, helpful: Value| {
        let path = format!("messages/{}/feedback", answer["message"].as_str().unwrap());
        let said = visitor.send(Method::POST, &path, Some(json!({ "helpful": helpful })), &[]).await;
        assert_eq!(said.status(), StatusCode::NO_CONTENT);
    };
    judge(&mut visitor, &first, json!(true)).await;
    judge(&mut visitor, &asked, json!(false)).await;
    judge(&mut visitor, &asked, json!(false)).await;
    let posted = receiver.next().await;
    assert!(posted.is_signed_by(&hook.secret));
    let told = posted.json();
    assert_eq!(told["type"], "feedback.negative");
    assert_eq!(told["data"]["question"], "How do I export my data?");
    assert_eq!(told["data"]["answer"], asked["text"]);
    assert_eq!(told["data"]["message"], asked["message"]);
    assert_eq!(told["data"]["sources"][0]["title"], asked["citations"][0]["title"]);
    latest(&mut ada, &hook, |one| one["state"] == "delivered").await;
    assert_eq!(log(&mut ada, &hook).await.len(), 1, "said twice, told once");
    // Nor is it another one when they change their mind.
    for helpful in [Value::Null, json!(false), json!(true), json!(false)] {
        judge(&mut visitor, &asked, helpful).await;
    }
    judge(&mut visitor, &first, json!(false)).await;
    let told = receiver.next().await.json();
    assert_eq!(told["data"]["message"], first["message"], "another answer is");
    assert!(receiver.rest().is_empty());
    assert_eq!(log(&mut ada, &hook).await.len(), 2);
}

#[tokio::test]
async fn a_document_that_cannot_be_read_is_told_with_its_reason() {
    let (app, _) = start().await;
    let mut receiver = Receiver::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    add(&mut ada, &project, &receiver.url(), &["document.failed"]).await;
    let documents: [(&str, &[u8]); 2] = [("guide.md", GUIDE), ("broken.pdf", b"%PDF-1.4\nnothing of the kind")];
    let (status, uploaded) = ada.upload(Method::POST, &format!("{project}/documents"), &documents).await;
    assert_eq!(status, StatusCode::CREATED, "{uploaded}");
    let documents = ada.settled(&project).await;
    let broken = documents.iter().find(|one| one["name"] == "broken.pdf").unwrap();
    let told = receiver.next().await.json();
    assert_eq!(told["type"], "document.failed");
    assert_eq!(told["data"]["document"], json!({ "id": broken["id"], "name": "broken.pdf" }));
    assert_eq!(told["data"]["failure"], broken["failure"]);
    assert!(receiver.rest().is_empty(), "the other one was read");
}

#[tokio::test]
async fn each_receiver_gets_what_it_chose_of_its_own_project_and_nothing_else() {
    let (app, _) = start().await;
    let (mut one, mut two, mut theirs) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let (project, other) = (ada.guide("Lantern").await, ada.guide("Beacon").await);
    let foreign = eve.guide("Lantern").await;
    let questions = add(&mut ada, &project, &one.url(), &["question.unanswered"]).await;
    let documents = add(&mut ada, &project, &format!("{}&of=documents", one.url()), &["document.failed"]).await;
    add(&mut ada, &other, &two.url(), &EVERY).await;
    add(&mut eve, &foreign, &theirs.url(), &EVERY).await;
    ada.question(&project, UNKNOWN).await;
    let posted = one.next().await;
    assert!(posted.is_signed_by(&questions.secret) && !posted.is_signed_by(&documents.secret));
    latest(&mut ada, &questions, |sent| sent["state"] == "delivered").await;
    assert!(log(&mut ada, &documents).await.is_empty());
    for receiver in [&mut one, &mut two, &mut theirs] {
        assert!(receiver.rest().is_empty());
    }
    // Nobody reads or moves another project's, whichever path they take.
    let id = questions.path.rsplit('/').next().unwrap().to_owned();
    for (person, project) in [(&mut ada, &other), (&mut eve, &foreign)] {
        for below in ["deliveries", "test", "secret"] {
            let path = format!("{project}/webhooks/{id}/{below}");
            let (status, _) = match below {
                "deliveries" => person.get(&path).await,
                _ => person.post(&path, json!({})).await,
            };
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        }
        let (status, _) = person.patch(&format!("{project}/webhooks/{id}"), json!({ "paused": true })).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert_eq!(
            person.delete(&format!("{project}/webhooks/{id}"), None).await.0,
            StatusCode::NOT_FOUND
        );
    }
}

/// What is stored is told of, and what is told of is stored.
#[tokio::test]
async fn what_could_not_be_stored_is_not_told() {
    let (app, _) = start().await;
    let mut receiver = Receiver::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let hook = add(&mut ada, &project, &receiver.url(), &["feedback.negative"]).await;
    let key = open_widget(&mut ada, &project).await;
    let mut visitor = Visitor::begin(&app, &key).await;
    let (_, asked) = visitor.ask("How do I export my data?").await;
    let tenant: uuid::Uuid = ada.get("/session").await.1["workspace"]["id"].as_str().unwrap().parse().unwrap();
    let path = format!("messages/{}/feedback", asked["message"].as_str().unwrap());
    inject(tenant.into(), Point::Commit, Effect::Refuse, 1);
    let refused = visitor.send(Method::POST, &path, Some(json!({ "helpful": false })), &[]).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    clear(tenant.into());
    assert!(log(&mut ada, &hook).await.is_empty());
    let done = visitor.send(Method::POST, &path, Some(json!({ "helpful": false })), &[]).await;
    assert_eq!(done.status(), StatusCode::NO_CONTENT);
    receiver.next().await;
    latest(&mut ada, &hook, |one| one["state"] == "delivered").await;
    assert_eq!(log(&mut ada, &hook).await.len(), 1);
}
