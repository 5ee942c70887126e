//! What was asked for and is not there.

use serde_json::{Value, json};

use super::EXPORT;
use crate::support::{Person, TestApp};

const QUESTIONS: [&str; 7] = [
    "Do you support single sign-on with SAML?",
    "How much does the enterprise plan cost?",
    "Does it work with SAML single sign-on?",
    "Can I log in with SAML single sign-on?",
    "What is the price of the enterprise plan?",
    "Where are your servers located?",
    "do you support single sign-on with SAML",
];

/// The gaps, once all of them are worked out.
async fn gaps(person: &mut Person, project: &str, query: &str) -> Value {
    for _ in 0..20 {
        let gaps = person.get(&format!("{project}/analytics/gaps?{query}")).await.1;
        if gaps["waiting"] == 0 {
            return gaps;
        }
    }
    panic!("the gaps are never worked out");
}

#[tokio::test]
async fn questions_without_an_answer_are_grouped_by_what_they_mean() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    assert_eq!(gaps(&mut ada, &project, "days=7").await["gaps"], json!([]));
    ada.question(&project, EXPORT).await;
    let mut asked = Vec::new();
    for question in QUESTIONS {
        let answer = ada.question(&project, question).await;
        assert_eq!(answer["outcome"], "unanswered", "{answer}");
        asked.push(answer["conversation"].clone());
    }
    let found = gaps(&mut ada, &project, "days=7").await;
    assert_eq!((&found["questions"], &found["cut"]), (&json!(7), &json!(false)));
    let sizes: Vec<i64> = found["gaps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gap| gap["count"].as_i64().unwrap())
        .collect();
    assert_eq!(sizes, [4, 2, 1], "{found}");
    let widest = &found["gaps"][0];
    let label = widest["question"].as_str().unwrap();
    assert!(
        QUESTIONS.contains(&label) && label.contains("SAML"),
        "one of the questions itself: {label}"
    );
    assert_eq!(widest["latest"][0]["question"], QUESTIONS[6], "the latest first");
    assert_eq!(widest["latest"][0]["conversation"], asked[6]);
    assert_eq!(widest["trend"].as_array().unwrap().len(), 8);
    let days = |n: usize| widest["trend"][n].as_i64().unwrap();
    assert_eq!(days(6) + days(7), 4, "all of them today, or while a day began");
    assert_eq!(gaps(&mut ada, &project, "from=2020-01-01&to=2020-12-31").await["gaps"], json!([]));
    // A question that was answered in the end is a gap no more when its conversation goes.
    let rows = app.rows().await;
    let id = uuid::Uuid::parse_str(asked[5].as_str().unwrap()).unwrap();
    rows.run("delete from conversation where id = $1", vec![id.into()]).await;
    rows.close().await;
    assert_eq!(gaps(&mut ada, &project, "days=7").await["gaps"].as_array().unwrap().len(), 2);
}
