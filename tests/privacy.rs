//! What is kept of what people write: not what is nobody's business, not for longer than the team says, and nothing of who is to be forgotten.

use pernoex::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    GUIDE, PASSWORD, Person, TestApp,
    endpoint::{Act, FakeModel, Sent},
    rows::Rows,
    slack::{Sender, Slack, team},
    visitor::{Visitor, open_widget},
    voice::{Agent, settled, told},
};

const DAY: i64 = 86_400_000;
const EXPORT: &str = "How do I export my data?";
/// What nobody should find anywhere.
const SECRETS: [&str; 5] = [
    "ada.private@example.com",
    "+49 30 90182345",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
];

fn confession() -> String {
    format!(
        "How do I export my data? I am {}, {}, card {}, account {}, key {}",
        SECRETS[0], SECRETS[1], SECRETS[2], SECRETS[3], SECRETS[4]
    )
}

const MASKED: &str = "How do I export my data? I am [email], [phone], card [card], account [iban], key [secret]";

fn masks(on: bool) -> Value {
    json!({ "email": on, "phone": on, "card": on, "iban": on, "secret": on })
}

async fn conversations(person: &mut Person, project: &str, channel: &str) -> Vec<Value> {
    let (status, found) = person.get(&format!("{project}/conversations?channel={channel}")).await;
    assert_eq!(status, StatusCode::OK, "{found}");
    found["conversations"].as_array().unwrap().clone()
}

async fn transcript(person: &mut Person, project: &str, channel: &str) -> Value {
    let id = conversations(person, project, channel).await[0]["id"].as_str().unwrap().to_owned();
    person.get(&format!("{project}/conversations/{id}")).await.1
}

fn expect_masked(text: &str, what: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{what} holds {secret}: {text}");
    }
}

#[tokio::test]
async fn what_people_give_away_is_masked_before_it_is_stored_or_sent_to_a_model() {
    let model = FakeModel::start(Act::Say(vec!["Choose Export [1]."], 1000)).await;
    let app = TestApp::with(&model.settings("30")).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    let mut visitor = Visitor::begin(&app, &key).await;
    assert_eq!(visitor.ask(&confession()).await.0, StatusCode::OK);
    let asked = format!("How do I export my data, {}?", SECRETS[0]);
    assert_eq!(visitor.ask(&asked).await.0, StatusCode::OK);
    let agent = Agent::connect(&mut ada, &project, "standard").await;
    let mut call = told("standard", "call-1", &confession());
    call["data"]["summary"] = json!(confession());
    assert_eq!(agent.send(&ada, Clock::system().now(), &call).await.0, StatusCode::NO_CONTENT);
    settled(&mut ada, &project).await;
    ada.question(&project, &confession()).await;

    let widget = transcript(&mut ada, &project, "widget").await;
    assert_eq!(
        (widget["title"].as_str(), widget["turns"][0]["text"].as_str()),
        (Some(MASKED), Some(MASKED))
    );
    let voice = transcript(&mut ada, &project, "voice").await;
    assert_eq!(
        (voice["turns"][1]["text"].as_str(), voice["call"]["summary"].as_str()),
        (Some(MASKED), Some(MASKED))
    );
    assert_eq!(transcript(&mut ada, &project, "dashboard").await["turns"][0]["text"], MASKED);
    for text in [&widget, &voice] {
        expect_masked(&text.to_string(), "a transcript");
    }
    let sent = model.sent();
    let asked = |one: &Sent| one.prompt().contains("How do I export my data, [email]?");
    assert!(sent.iter().any(asked), "the model is asked, and told of what was said before");
    for request in sent {
        expect_masked(request.prompt(), "a prompt");
        expect_masked(&request.body.to_string(), "a request to the model");
    }
}

#[tokio::test]
async fn each_project_says_what_is_masked_and_only_who_manages_it_may() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let path = format!("{project}/privacy");
    let (_, first) = ada.get(&path).await;
    assert_eq!(
        (&first["mask"], &first["keep_days"]),
        (&masks(true), &Value::Null),
        "masked and kept, unless said otherwise"
    );
    let (status, set) = ada.put(&path, json!({ "mask": masks(false), "keep_days": null })).await;
    assert_eq!((status, &set["mask"]), (StatusCode::OK, &masks(false)));
    ada.question(&project, &confession()).await;
    assert_eq!(transcript(&mut ada, &project, "dashboard").await["turns"][0]["text"], confession());
    for bad in [0, -1, 3_651] {
        let (status, refused) = ada.put(&path, json!({ "mask": masks(true), "keep_days": bad })).await;
        assert_eq!(
            (status, refused["code"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some("invalid_keep_days")),
            "{bad}"
        );
    }
    let mut member = app.member(&mut ada, &[&project]).await;
    assert_eq!(member.get(&path).await.0, StatusCode::OK);
    assert_eq!(
        member.put(&path, json!({ "mask": masks(true), "keep_days": 1 })).await.0,
        StatusCode::FORBIDDEN
    );
    let (_, log) = ada.get("/audit?act=privacy").await;
    assert_eq!(log["entries"][0]["act"], "privacy.changed");
}

/// Waits until the last deletion is later than `after`.
async fn forgotten(person: &mut Person, project: &str, after: &Value) -> Value {
    for _ in 0..400 {
        let (_, privacy) = person.get(&format!("{project}/privacy")).await;
        if privacy["last"] != *after && privacy["last"] != Value::Null {
            return privacy;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("nothing is deleted");
}

async fn count(rows: &Rows, table: &str) -> i64 {
    let sql = format!("select count(*) as n from {table}");
    rows.ask(&sql, vec![]).await[0].try_get("", "n").unwrap()
}

async fn sign_in(person: &mut Person) {
    let body = json!({ "email": person.email, "password": PASSWORD });
    let (status, session) = person.post("/session", body).await;
    assert_eq!(status, StatusCode::OK, "{session}");
    person.took(&session);
}

#[tokio::test]
async fn conversations_are_deleted_when_their_days_are_over_with_all_that_hangs_on_them() {
    let (slack, clock) = (Slack::start().await, Clock::manual(Clock::system().now()));
    let app = slack.app(clock.clone(), &[]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    let team = team();
    let installed = ada.connect_slack(&app, &team).await;
    ada.map_channel(&installed, "C1", &project).await;
    let sender = Sender::to(&app, &clock);
    sender.mention(&team, "C1", "17.1", None, EXPORT).await;
    slack.called("chat.postMessage", 1).await;
    Visitor::begin(&app, &key).await.ask(EXPORT).await;
    let agent = Agent::connect(&mut ada, &project, "standard").await;
    agent.send(&ada, clock.now(), &told("standard", "call-1", EXPORT)).await;
    settled(&mut ada, &project).await;
    clock.advance(31 * DAY);
    sign_in(&mut ada).await;
    Visitor::begin(&app, &key).await.ask("How long do refunds take?").await;

    let path = format!("{project}/privacy");
    let (_, preview) = ada.get(&format!("{path}?keep_days=30")).await;
    assert_eq!(
        (preview["would_delete"].as_i64(), &preview["last"]),
        (Some(3), &Value::Null),
        "it is told before"
    );
    let (status, _) = ada.put(&path, json!({ "mask": masks(true), "keep_days": 30 })).await;
    assert_eq!(status, StatusCode::OK);
    let done = forgotten(&mut ada, &project, &Value::Null).await;
    assert_eq!(
        (done["last"]["conversations"].as_i64(), done["deleting"].as_i64()),
        (Some(3), Some(0))
    );
    let (_, left) = ada.get(&format!("{project}/conversations")).await;
    let titles: Vec<_> = left["conversations"].as_array().unwrap().iter().map(|one| &one["title"]).collect();
    assert_eq!(titles, ["How long do refunds take?"]);
    let rows = app.rows().await;
    let expected = if app.setting("DATABASE_URL").is_some() {
        None
    } else {
        Some([1, 2, 0, 0])
    };
    if let Some(expected) = expected {
        // The tables of this server alone.
        let mut found = Vec::new();
        for table in ["conversation", "message", "voice_call", "slack_answer"] {
            found.push(count(&rows, table).await);
        }
        assert_eq!(found, expected);
    }
    let (_, log) = ada.get("/audit?act=privacy.conversations_deleted").await;
    assert_eq!(
        (&log["entries"][0]["actor"], &log["entries"][0]["details"]["conversations"]),
        (&Value::Null, &json!(3))
    );

    // Each day: what was kept is old by then.
    clock.advance(31 * DAY);
    sign_in(&mut ada).await;
    let done = forgotten(&mut ada, &project, &done["last"]).await;
    assert_eq!(done["last"]["conversations"], 1);
    // For ever again: nothing waits any more.
    let (_, kept) = ada.put(&path, json!({ "mask": masks(true), "keep_days": null })).await;
    assert_eq!((&kept["next_at"], &kept["keep_days"]), (&Value::Null, &Value::Null));
    rows.close().await;
}

#[tokio::test]
async fn a_visitor_is_shown_what_is_stored_of_them_and_is_forgotten() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    let (mut gone, mut stays) = (Visitor::begin(&app, &key).await, Visitor::begin(&app, &key).await);
    gone.ask(EXPORT).await;
    stays.ask("How long do refunds take?").await;
    let listed = conversations(&mut ada, &project, "widget").await;
    let one = listed.iter().find(|one| one["title"] == EXPORT).unwrap();
    let visitor = one["visitor"].as_str().unwrap().to_owned();
    let path = format!("{project}/visitors/{visitor}");
    let (status, trace) = ada.get(&path).await;
    assert_eq!(
        (status, trace["messages"].as_i64(), &trace["channels"]),
        (StatusCode::OK, Some(2), &json!(["widget"]))
    );
    let (status, export) = ada.get(&format!("{path}/export")).await;
    assert_eq!(status, StatusCode::OK);
    let turns = &export["conversations"][0]["turns"];
    assert_eq!((turns.as_array().unwrap().len(), turns[0]["text"].as_str()), (2, Some(EXPORT)));
    assert!(!export.to_string().contains("refunds"), "what others said is not theirs");

    let (status, erased) = ada.delete(&path, None).await;
    assert_eq!((status, erased), (StatusCode::OK, json!({ "conversations": 1, "messages": 2 })));
    for gone in [&path, &format!("{path}/export")] {
        assert_eq!(ada.get(gone).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(ada.delete(&path, None).await.0, StatusCode::NOT_FOUND);
    let (status, refused) = gone.ask(EXPORT).await;
    assert_eq!(
        (status, refused["code"].as_str()),
        (StatusCode::UNAUTHORIZED, Some("visitor_token_invalid"))
    );
    // What they had does not make them the same again either.
    let renewed = gone
        .send(Method::POST, "visits", Some(json!({ "token": gone.token.clone() })), &[])
        .await;
    let renewed: Value = renewed.json().await.unwrap();
    assert_eq!(renewed["conversation"], Value::Null);
    gone.token = renewed["token"].as_str().unwrap().to_owned();
    assert_eq!(gone.ask(EXPORT).await.0, StatusCode::OK);
    let listed = conversations(&mut ada, &project, "widget").await;
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|one| one["visitor"] != visitor), "they are somebody else now");
    assert_eq!(stays.ask("And for whom?").await.0, StatusCode::OK, "nobody else notices");

    let rows = app.rows().await;
    let id: uuid::Uuid = visitor.parse().unwrap();
    for table in ["conversation", "message"] {
        let found = rows
            .ask(&format!("select 1 as n from {table} where visitor_id = $1"), vec![id.into()])
            .await;
        assert!(found.is_empty(), "{table}");
    }
    rows.close().await;
    let (_, log) = ada.get("/audit?act=privacy").await;
    let acts: Vec<_> = log["entries"].as_array().unwrap().iter().map(|entry| &entry["act"]).collect();
    assert_eq!(acts, ["privacy.visitor_erased", "privacy.visitor_exported"]);
    assert_eq!(log["entries"][0]["details"]["messages"], 2);
}

#[tokio::test]
async fn of_a_thread_that_others_spoke_in_too_only_the_erased_ones_words_go() {
    let (slack, clock) = (Slack::start().await, Clock::system());
    let app = slack.app(clock.clone(), &[("SLACK_THREAD_REPLIES", "yes")]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    ada.upload(Method::POST, &format!("{project}/documents"), &[("guide.md", GUIDE)])
        .await;
    ada.settled(&project).await;
    let team = team();
    let installed = ada.connect_slack(&app, &team).await;
    ada.map_channel(&installed, "C1", &project).await;
    let sender = Sender::to(&app, &clock);
    sender.mention(&team, "C1", "17.1", None, EXPORT).await;
    slack.called("chat.postMessage", 1).await;
    let reply = json!({ "type": "message", "channel_type": "channel", "user": "U2", "text": "How long do refunds take?", "ts": "17.9",
        "thread_ts": "17.1", "channel": "C1" });
    sender.event(&team, reply).await;
    slack.called("chat.postMessage", 2).await;
    ada.slack_settled(2).await;
    let thread = transcript(&mut ada, &project, "slack").await;
    let visitor = thread["visitor"].as_str().unwrap();
    let (status, erased) = ada.delete(&format!("{project}/visitors/{visitor}"), None).await;
    assert_eq!((status, erased), (StatusCode::OK, json!({ "conversations": 0, "messages": 2 })));
    let left = transcript(&mut ada, &project, "slack").await;
    assert_eq!(
        (&left["title"], &left["visitor"], &left["questions"]),
        (&json!("[erased]"), &Value::Null, &json!(1))
    );
    let texts = left["turns"].to_string();
    assert!(texts.contains("refunds") && !texts.contains("export my data"), "{texts}");
    // The thread goes on.
    sender.mention(&team, "C1", "18.1", Some("17.1"), EXPORT).await;
    slack.called("chat.postMessage", 3).await;
}
