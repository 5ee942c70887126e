//! Figures of a project.

mod gaps;
mod rollups;

use pernoex::Clock;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    GUIDE, Person, TestApp,
    visitor::{SITE, Visitor, open_widget},
};

const EXPORT: &str = "How do I export my data?";
const KING: &str = "Who was the first king of France?";
const HOUR: i64 = 3_600_000;
/// 2023-11-15 01:00:00 UTC.
const NOW: i64 = 1_700_010_000_000;

async fn figures(person: &mut Person, project: &str, query: &str) -> Value {
    let (status, figures) = person.get(&format!("{project}/analytics?{query}")).await;
    assert_eq!(status, StatusCode::OK, "{figures}");
    figures
}

fn counts(of: &Value) -> [i64; 5] {
    ["questions", "answered", "unanswered", "helpful", "unhelpful"].map(|name| of[name].as_i64().unwrap())
}

#[tokio::test]
async fn a_report_tells_channels_pages_and_times_apart_and_compares_with_the_days_before() {
    let clock = Clock::manual(NOW);
    let app = TestApp::start_with(clock.clone(), &[("PERNOEX_SESSION_IDLE_MINUTES", "43200")]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    let mut visitor = Visitor::begin(&app, &key).await;
    let answer = visitor.ask(EXPORT).await.1;
    let feedback = format!("messages/{}/feedback", answer["message"].as_str().unwrap());
    visitor.send(Method::POST, &feedback, Some(json!({ "helpful": true })), &[]).await;
    clock.advance(24 * HOUR);
    ada.question(&project, KING).await;
    let mut visitor = Visitor::begin(&app, &key).await;
    visitor.ask(EXPORT).await;
    visitor.ask(KING).await;
    let today = figures(&mut ada, &project, "days=1").await;
    assert_eq!((&today["from"], &today["to"]), (&json!("2023-11-16"), &json!("2023-11-16")));
    assert_eq!(counts(&today["totals"]), [3, 1, 2, 0, 0]);
    assert_eq!(counts(&today["previous"]), [1, 1, 0, 1, 0]);
    assert_eq!(
        (&today["totals"]["conversations"], &today["totals"]["visitors"]),
        (&json!(2), &json!(1))
    );
    let channels: Vec<_> = today["channels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["channel"].clone(), counts(one)))
        .collect();
    assert_eq!(
        channels,
        [(json!("widget"), [2, 1, 1, 0, 0]), (json!("dashboard"), [1, 0, 1, 0, 0])]
    );
    let pages: Vec<_> = today["pages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["page"].clone(), counts(one)))
        .collect();
    assert_eq!(pages, [(json!(SITE), [2, 1, 1, 0, 0])]);
    // The clock stands still, so nothing takes any time: the first bucket is all there is.
    assert!(today["totals"]["p50_ms"].as_i64().unwrap() <= 25, "{today}");
    let both = figures(&mut ada, &project, "from=2023-11-15&to=2023-11-16").await;
    assert_eq!(counts(&both["totals"]), [4, 2, 2, 1, 0]);
    let days: Vec<_> = both["days"]
        .as_array()
        .unwrap()
        .iter()
        .map(|day| (day["date"].clone(), counts(day), day["visitors"].clone()))
        .collect();
    assert_eq!(
        days,
        [
            (json!("2023-11-15"), [1, 1, 0, 1, 0], json!(1)),
            (json!("2023-11-16"), [3, 1, 2, 0, 0], json!(1)),
        ]
    );
    // Somebody changes their mind about yesterday.
    let feedback = format!("{project}/messages/{}/feedback", answer["message"].as_str().unwrap());
    ada.post(&feedback, json!({ "helpful": null })).await;
    assert_eq!(counts(&figures(&mut ada, &project, "days=2").await["totals"]), [4, 2, 2, 0, 0]);
    for (wrong, status) in [
        ("from=2023-11-16&to=2023-11-15", StatusCode::UNPROCESSABLE_ENTITY),
        ("from=2022-01-01&to=2023-11-15", StatusCode::UNPROCESSABLE_ENTITY),
        ("from=-262143-01-01&to=%2B262142-12-31", StatusCode::UNPROCESSABLE_ENTITY),
        ("from=x&to=y", StatusCode::BAD_REQUEST),
        ("days=-1", StatusCode::BAD_REQUEST),
    ] {
        let (found, problem) = ada.get(&format!("{project}/analytics?{wrong}")).await;
        assert_eq!(found, status, "{wrong}: {problem}");
    }
}

#[tokio::test]
async fn a_visitor_of_several_days_is_one_visitor() {
    let clock = Clock::manual(NOW);
    let app = TestApp::start_with(clock.clone(), &[("PERNOEX_SESSION_IDLE_MINUTES", "43200")]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    let (mut faithful, mut once) = (Visitor::begin(&app, &key).await, Visitor::begin(&app, &key).await);
    once.ask(EXPORT).await;
    for _ in 0..4 {
        faithful.ask(EXPORT).await;
        faithful.ask(EXPORT).await;
        clock.advance(24 * HOUR);
        let body = Some(json!({ "token": faithful.token }));
        let renewed = faithful.send(Method::POST, "visits", body, &[]).await;
        faithful.token = renewed.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
    }
    let distinct = async |ada: &mut Person, query: &str| {
        let totals = figures(ada, &project, query).await["totals"].clone();
        (totals["visitors"].as_i64().unwrap(), totals["conversations"].as_i64().unwrap())
    };
    assert_eq!(distinct(&mut ada, "from=2023-11-15&to=2023-11-18").await, (2, 2));
    assert_eq!(distinct(&mut ada, "from=2023-11-16&to=2023-11-18").await, (1, 1));
    assert_eq!(distinct(&mut ada, "from=2023-11-17&to=2023-11-17").await, (1, 1));
    assert_eq!(distinct(&mut ada, "from=2023-11-19&to=2023-11-25").await, (0, 0));
}

#[tokio::test]
async fn sources_that_nobody_needs_and_sources_that_grow_old_are_told_of() {
    let clock = Clock::manual(NOW);
    let app = TestApp::start_with(
        clock.clone(),
        &[("PERNOEX_SESSION_IDLE_MINUTES", "43200"), ("PERNOEX_SESSION_HOURS", "2160")],
    )
    .await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let idle = b"# Office plants\n\nWater the ferns on Mondays.\n";
    ada.upload(
        Method::POST,
        &format!("{project}/documents"),
        &[("guide.md", GUIDE), ("plants.md", idle)],
    )
    .await;
    ada.settled(&project).await;
    ada.question(&project, EXPORT).await;
    let now = figures(&mut ada, &project, "days=7").await;
    assert_eq!(
        (&now["sources"][0]["name"], &now["sources"][0]["citations"]),
        (&json!("guide.md"), &json!(1))
    );
    assert_eq!(
        (&now["unused"]["count"], &now["unused"]["first"][0]["name"]),
        (&json!(1), &json!("plants.md"))
    );
    assert_eq!(now["unused"]["first"][0]["last_cited"], Value::Null);
    assert_eq!(now["stale"]["count"], 0);
    // A month later it is still asked for, and nobody looked after it.
    for _ in 0..30 {
        clock.advance(24 * HOUR);
        assert_eq!(ada.get("/session").await.0, StatusCode::OK);
    }
    ada.question(&project, EXPORT).await;
    let later = figures(&mut ada, &project, "days=7&stale_days=30").await;
    assert_eq!(
        (&later["stale"]["count"], &later["stale"]["first"][0]["name"]),
        (&json!(1), &json!("guide.md")),
        "{later}"
    );
    assert_eq!(figures(&mut ada, &project, "days=7&stale_days=31").await["stale"]["count"], 0);
    let week = figures(&mut ada, &project, "from=2023-11-20&to=2023-11-26").await;
    assert_eq!((&week["unused"]["count"], &week["sources"]), (&json!(2), &json!([])));
    // Those that were never cited first.
    assert_eq!(week["unused"]["first"][1]["last_cited"], "2023-12-15");
}

#[tokio::test]
async fn a_report_is_exported_as_it_is_shown_and_calculates_nothing() {
    let app = TestApp::start_with(Clock::manual(NOW), &[]).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    ada.upload(Method::POST, &format!("{project}/documents"), &[("=cmd.md", GUIDE)])
        .await;
    ada.settled(&project).await;
    ada.question(&project, EXPORT).await;
    let shown = figures(&mut ada, &project, "days=7").await;
    let (status, whole) = ada.get(&format!("{project}/analytics/export?days=7&format=json")).await;
    assert_eq!((status, whole), (StatusCode::OK, shown));
    let table = ada
        .send(Method::GET, &format!("{project}/analytics/export?days=7"), None, &[])
        .await;
    assert_eq!(table.headers()["content-type"], "text/csv; charset=utf-8");
    let file = table.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(file.starts_with("attachment; filename=\"analytics-20"), "{file}");
    let table = table.text().await.unwrap();
    for part in [
        "\"days\"",
        "\"totals\"",
        "\"channels\"",
        "\"pages\"",
        "\"sources cited most\"",
        "\"'=cmd.md\",\"1\"",
    ] {
        assert!(table.contains(part), "{part} is not in {table}");
    }
    assert_eq!(
        ada.get(&format!("{project}/analytics/export?format=xlsx")).await.0,
        StatusCode::BAD_REQUEST
    );
}
