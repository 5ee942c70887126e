//! Answers that the team writes itself.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    Person, TestApp,
    visitor::{Visitor, open_widget},
};

const QUESTION: &str = "How do I export my data?";
const OWN: &str = "Write to **support** and we export it for you [1].";

fn answer() -> Value {
    json!({
        "questions": ["How do I export my data?", "Can I download everything I stored?"],
        "text": OWN,
        "links": [{ "title": "Write to us", "url": "https://www.example.com/contact" }],
    })
}

/// Writes an answer and returns its address.
async fn write(person: &mut Person, project: &str, body: Value) -> String {
    let (status, made) = person.post(&format!("{project}/curated-answers"), body).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    format!("{project}/curated-answers/{}", made["id"].as_str().unwrap())
}

fn by(answer: &Value) -> (&str, &str) {
    (answer["written_by"].as_str().unwrap(), answer["text"].as_str().unwrap())
}

#[tokio::test]
async fn what_the_team_wrote_wins_for_questions_like_it_and_for_no_others() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    assert_eq!(ada.question(&project, QUESTION).await["written_by"], "extract");
    let curated = write(&mut ada, &project, answer()).await;
    for question in [
        QUESTION,
        "how do i EXPORT my data",
        "How can I export all of my data?",
        "Can I download everything that I stored?",
    ] {
        let given = ada.question(&project, question).await;
        assert_eq!(by(&given), ("curated", OWN), "{question}");
        assert_eq!(given["outcome"], "answered");
        assert!(curated.ends_with(given["curated"].as_str().unwrap()));
        let source = &given["citations"][0];
        assert_eq!(
            (
                source["n"].as_u64(),
                source["title"].as_str(),
                source["link"].as_str(),
                &source["document"]
            ),
            (Some(1), Some("Write to us"), Some("https://www.example.com/contact"), &Value::Null)
        );
    }
    for question in [
        "How long do refunds take?",
        "Who was the first king of France?",
        "How do I delete my data?",
    ] {
        assert_eq!(ada.question(&project, question).await["written_by"], "extract", "{question}");
    }
    // Somebody at the widget is told so too, and not which one it is.
    let key = open_widget(&mut ada, &project).await;
    let mut visitor = Visitor::begin(&app, &key).await;
    let (_, given) = visitor.ask(QUESTION).await;
    assert_eq!((by(&given), &given["curated"]), (("curated", OWN), &Value::Null));
    let conversation = format!("{project}/conversations/{}", given["conversation"].as_str().unwrap());
    let turn = &ada.get(&conversation).await.1["turns"][1];
    assert_eq!((by(turn), turn["curated"].is_string()), (("curated", OWN), true));
    let (_, now) = ada.get(&curated).await;
    assert_eq!((now["used"].as_i64(), now["used_at"].is_string()), (Some(5), true));
}

#[tokio::test]
async fn an_answer_is_turned_off_and_on_and_deleted_from_the_next_question_on() {
    let mut app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let (project, other) = (ada.guide("Lantern").await, ada.guide("Sibling").await);
    let curated = write(&mut ada, &project, answer()).await;
    assert_eq!(ada.question(&project, QUESTION).await["written_by"], "curated");
    assert_eq!(ada.question(&other, QUESTION).await["written_by"], "extract", "another project's");
    let (status, off) = ada.patch(&curated, json!({ "enabled": false })).await;
    assert_eq!(
        (status, off["enabled"].as_bool(), off["revision"].as_i64()),
        (StatusCode::OK, Some(false), Some(1))
    );
    assert_eq!(ada.question(&project, QUESTION).await["written_by"], "extract");
    ada.patch(&curated, json!({ "enabled": true })).await;
    app.restart().await;
    ada.url.clone_from(&app.url);
    assert_eq!(ada.question(&project, QUESTION).await["written_by"], "curated", "after a restart");
    assert_eq!(ada.delete(&curated, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.question(&project, QUESTION).await["written_by"], "extract");
    assert_eq!(ada.get(&curated).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_node_gives_what_is_said_now() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let Some(node) = app.beside() else { return };
    let urls = [app.url.clone(), node.url.clone()];
    let curated = write(&mut ada, &project, answer()).await;
    for turn in 0..6 {
        // One changes it, and the other is asked.
        ada.url.clone_from(&urls[turn % 2]);
        let text = format!("It is said for the {turn}. time.");
        assert_eq!(ada.patch(&curated, json!({ "text": text })).await.0, StatusCode::OK);
        ada.url.clone_from(&urls[(turn + 1) % 2]);
        let expected = format!("It is said for the {turn}. time.");
        assert_eq!(ada.question(&project, QUESTION).await["text"], expected);
    }
}

#[tokio::test]
async fn every_revision_is_kept_with_its_author_and_can_be_restored() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let mut member = app.member(&mut ada, &[&project]).await;
    let curated = write(&mut ada, &project, answer()).await;
    let (status, changed) = member
        .patch(&curated, json!({ "text": "Ask the keeper.", "links": [], "revision": 1 }))
        .await;
    assert_eq!((status, changed["revision"].as_i64()), (StatusCode::OK, Some(2)), "{changed}");
    assert_eq!(by(&ada.question(&project, QUESTION).await), ("curated", "Ask the keeper."));
    // Who had the first one open does not undo what the second one said.
    let (status, refused) = ada.patch(&curated, json!({ "text": "Mine.", "revision": 1 })).await;
    assert_eq!((status, refused["code"].as_str()), (StatusCode::CONFLICT, Some("edited_meanwhile")));
    // What changes nothing is no revision.
    assert_eq!(ada.patch(&curated, json!({ "text": "Ask the keeper." })).await.1["revision"], 2);
    let (status, restored) = ada.post(&format!("{curated}/revisions/1/restore"), json!(null)).await;
    assert_eq!((status, restored["revision"].as_i64()), (StatusCode::OK, Some(3)), "{restored}");
    assert_eq!(by(&ada.question(&project, QUESTION).await), ("curated", OWN));
    let (_, page) = ada.get(&curated).await;
    let kept: Vec<_> = page["revisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["revision"].as_i64().unwrap(),
                one["text"].as_str().unwrap().to_owned(),
                one["author"].as_str().unwrap().to_owned(),
                one["restored_from"].as_i64(),
            )
        })
        .collect();
    assert_eq!(
        kept,
        [
            (3, OWN.to_owned(), ada.email.clone(), Some(1)),
            (2, "Ask the keeper.".to_owned(), member.email.clone(), None),
            (1, OWN.to_owned(), ada.email.clone(), None),
        ]
    );
    for missing in ["0", "4", "-1", "x", "99999999999"] {
        let (status, _) = ada.post(&format!("{curated}/revisions/{missing}/restore"), json!(null)).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{missing}");
    }
    let acts: Vec<String> = ada.get("/audit").await.1["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["act"].as_str().unwrap().to_owned())
        .filter(|act| act.starts_with("curated_answer."))
        .collect();
    assert_eq!(
        acts,
        ["curated_answer.restored", "curated_answer.changed", "curated_answer.created"]
    );
    assert!(
        !ada.get("/audit").await.1.to_string().contains("keeper"),
        "the log holds no content"
    );
}

#[tokio::test]
async fn what_is_no_answer_is_refused_and_named() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let list = format!("{project}/curated-answers");
    let link = |url: &str| json!([{ "title": "x", "url": url }]);
    for (body, code, field) in [
        (json!({ "questions": [], "text": "x" }), "invalid_curated_questions", "questions"),
        (
            json!({ "questions": [" ", "?!", "\u{200b}"], "text": "x" }),
            "invalid_curated_questions",
            "questions",
        ),
        (
            json!({ "questions": ["a".repeat(301)], "text": "x" }),
            "invalid_curated_questions",
            "questions",
        ),
        (
            json!({ "questions": (0..21).map(|n| format!("question {n}")).collect::<Vec<_>>(), "text": "x" }),
            "invalid_curated_questions",
            "questions",
        ),
        (json!({ "questions": ["a"], "text": " \n " }), "invalid_curated_text", "text"),
        (
            json!({ "questions": ["a"], "text": "![x](https://evil.test/x.png)" }),
            "invalid_curated_text",
            "text",
        ),
        (
            json!({ "questions": ["a"], "text": "x".repeat(4_001) }),
            "invalid_curated_text",
            "text",
        ),
        (
            json!({ "questions": ["a"], "text": "x", "links": link("javascript:alert(1)") }),
            "invalid_curated_link",
            "links",
        ),
        (
            json!({ "questions": ["a"], "text": "x", "links": link("https://a:b@example.com/") }),
            "invalid_curated_link",
            "links",
        ),
        (
            json!({ "questions": ["a"], "text": "x", "links": link("docs") }),
            "invalid_curated_link",
            "links",
        ),
    ] {
        let (status, refused) = ada.post(&list, body.clone()).await;
        assert_eq!(
            (status, refused["code"].as_str(), refused["field"].as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, Some(code), Some(field)),
            "{body}"
        );
    }
    write(
        &mut ada,
        &project,
        json!({ "questions": ["Who tends the lantern?"], "text": "The keeper." }),
    )
    .await;
    let (status, refused) = ada
        .post(&list, json!({ "questions": ["who tends the LANTERN"], "text": "Nobody." }))
        .await;
    assert_eq!(
        (status, refused["code"].as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, Some("invalid_curated_questions"))
    );
    assert_eq!(ada.get(&list).await.1["answers"].as_array().unwrap().len(), 1);
    let nobody = format!("{list}/{}", uuid::Uuid::now_v7());
    for path in [nobody.as_str(), &format!("{list}/x")] {
        assert_eq!(ada.get(path).await.0, StatusCode::NOT_FOUND);
        assert_eq!(ada.patch(path, json!({ "text": "x" })).await.0, StatusCode::NOT_FOUND);
        assert_eq!(ada.delete(path, None).await.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn what_the_team_writes_is_made_of_safe_nodes_too() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let written = "# Export\n<script>alert(1)</script>\n* open **Settings**\n* see [the page](https://www.example.com/a)\n\n![x](https://evil.test/x.png)<!-- hidden -->\u{200b} Done_well [9].";
    let cleaned = "**Export**\n\nalert(1)\n\n- open **Settings**\n- see [the page](https://www.example.com/a)\n\nDone_well.";
    let (status, shown) = ada
        .post(
            &format!("{project}/curated-answers/preview"),
            json!({ "text": written, "links": 1 }),
        )
        .await;
    assert_eq!((status, shown["text"].as_str()), (StatusCode::OK, Some(cleaned)));
    write(&mut ada, &project, json!({ "questions": ["How?"], "text": written })).await;
    assert_eq!(
        ada.question(&project, "How?").await["text"],
        cleaned,
        "what was shown is what is given"
    );
}
