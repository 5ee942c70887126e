//! Figures that are kept by the day agree with what they are figures of.

use pernoex::Clock;
use reqwest::Method;
use serde_json::{Value, json};

use super::{EXPORT, HOUR, KING, NOW};
use crate::support::{
    TestApp,
    rows::Rows,
    visitor::{Visitor, open_widget},
};

const TABLES: [(&str, &str); 5] = [
    (
        "rollup_day",
        "project_id, day, channel, questions, answered, unanswered, helpful, unhelpful, latency_0, latency_14",
    ),
    (
        "rollup_page",
        "project_id, day, page, questions, answered, unanswered, helpful, unhelpful",
    ),
    ("rollup_source", "project_id, day, document_id, citations"),
    ("rollup_return", "project_id, what, day, previous, found"),
    ("visitor_seen", "project_id, visitor_id, day"),
];

/// All rows as text, in order.
async fn all(rows: &Rows) -> Vec<String> {
    let mut found = Vec::new();
    for (table, columns) in TABLES {
        for row in rows.ask(&format!("select {columns} from {table}"), vec![]).await {
            let cells = columns.split(", ").map(|column| {
                if let Ok(id) = row.try_get::<uuid::Uuid>("", column) {
                    return id.to_string();
                }
                if let Ok(count) = row.try_get::<i64>("", column) {
                    return count.to_string();
                }
                match row.try_get::<i32>("", column) {
                    Ok(count) => count.to_string(),
                    Err(_) => row.try_get::<String>("", column).unwrap(),
                }
            });
            found.push(format!("{table} {}", cells.collect::<Vec<_>>().join(" ")));
        }
    }
    found.sort_unstable();
    found
}

#[tokio::test]
async fn what_an_update_works_out_of_old_messages_is_what_is_counted_as_they_come() {
    let clock = Clock::manual(NOW);
    let app = TestApp::start_with(clock.clone(), &[("PERNOEX_SESSION_IDLE_MINUTES", "43200")]).await;
    for name in ["ada", "eve"] {
        let mut owner = app.owner(name).await;
        let project = owner.guide("Lantern").await;
        let key = open_widget(&mut owner, &project).await;
        let (mut faithful, mut once) = (Visitor::begin(&app, &key).await, Visitor::begin(&app, &key).await);
        once.ask(KING).await;
        for day in 0..3 {
            let answer = faithful.ask(EXPORT).await.1;
            faithful.ask(KING).await;
            owner.question(&project, EXPORT).await;
            let feedback = format!("messages/{}/feedback", answer["message"].as_str().unwrap());
            let helpful = Some(json!({ "helpful": day == 1 }));
            faithful.send(Method::POST, &feedback, helpful, &[]).await;
            clock.advance(24 * HOUR);
            let renewed = faithful
                .send(Method::POST, "visits", Some(json!({ "token": faithful.token })), &[])
                .await;
            faithful.token = renewed.json::<Value>().await.unwrap()["token"].as_str().unwrap().to_owned();
        }
    }
    let rows = app.rows().await;
    let as_they_came = all(&rows).await;
    assert!(as_they_came.len() > 30, "{as_they_came:#?}");
    for (table, _) in TABLES {
        rows.run(&format!("delete from {table}"), vec![]).await;
    }
    rows.run("update conversation set seen_day = null, changed_at = 0", vec![]).await;
    for sql in migration::rollup_statements() {
        rows.run(&sql, vec![]).await;
    }
    assert_eq!(all(&rows).await, as_they_came);
    assert!(
        rows.ask(
            "select id from conversation where seen_day is null or changed_at <> last_at",
            vec![]
        )
        .await
        .is_empty()
    );
    rows.close().await;
}

#[tokio::test]
async fn a_deleted_project_leaves_no_figures() {
    let app = TestApp::start().await;
    let mut ada = app.owner("ada").await;
    let project = ada.guide("Lantern").await;
    let key = open_widget(&mut ada, &project).await;
    let mut visitor = Visitor::begin(&app, &key).await;
    visitor.ask(EXPORT).await;
    let rows = app.rows().await;
    assert!(!all(&rows).await.is_empty());
    ada.delete(&project, Some(json!({ "confirm": "Lantern" }))).await;
    for _ in 0..200 {
        if all(&rows).await.is_empty() {
            return rows.close().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("figures are left: {:#?}", all(&rows).await);
}
