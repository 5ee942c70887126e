//! What was promised, and by when: reminders before it is broken, and figures of what was.

use pernoex::Clock;
use serde_json::json;

use super::{DAY, HOUR, MONDAY, follow, go, latest, report};
use crate::support::TestApp;

async fn figures(app: &TestApp) -> String {
    let url = format!("http://{}/metrics", app.metrics.unwrap());
    reqwest::get(url).await.unwrap().text().await.unwrap()
}

async fn start(clock: &Clock, holidays: &str) -> TestApp {
    let settings = [
        ("PERNOEX_SECURITY_NOTIFY", "desk@example.com"),
        ("PERNOEX_SECURITY_HOLIDAYS", holidays),
        ("PERNOEX_METRICS_LISTEN", "127.0.0.1:0"),
        // The days pass in a moment.
        ("PERNOEX_SESSION_IDLE_MINUTES", "43200"),
        ("PERNOEX_SESSION_HOURS", "2160"),
    ];
    TestApp::start_with(clock.clone(), &settings).await
}

#[tokio::test]
async fn an_operator_who_forgets_is_reminded_twice_and_the_breach_is_counted() {
    let clock = Clock::manual(MONDAY);
    let app = start(&clock, "").await;
    let mut operator = app.operator().await;
    let token = report(&app).await;
    assert!(
        follow(&app, &token).await.1["due"]["by"]
            .as_str()
            .unwrap()
            .starts_with("2026-11-25T10:00:00")
    );
    clock.advance(23 * HOUR);
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let early = app.letters("desk@example.com");
    assert!(early.iter().all(|letter| !letter.subject.contains("promise")), "not a day too soon");
    clock.advance(HOUR);
    let letter = app.nth_letter("desk@example.com", "a promise is due soon", 1).await;
    assert!(letter.text.contains("Wednesday, 25 November 2026, 10:00 UTC"), "{}", letter.text);
    clock.advance(20 * HOUR);
    app.nth_letter("desk@example.com", "a promise is due soon", 2).await;
    let page = figures(&app).await;
    assert!(
        page.contains("pernoex_reports{state=\"received\"} 1") && page.contains("pernoex_report_due_seconds 14400"),
        "{page}"
    );
    assert!(page.contains("pernoex_report_breaches{promise=\"acknowledge\"} 0"), "{page}");
    clock.advance(4 * HOUR);
    app.letter("desk@example.com", "a promise is broken").await;
    let page = figures(&app).await;
    assert!(page.contains("pernoex_report_breaches{promise=\"acknowledge\"} 1"), "{page}");
    // Late is late, and does not become punctual by being done.
    let path = latest(&mut operator).await;
    let (_, sheet) = go(&mut operator, &path, "acknowledged", json!({})).await;
    assert_eq!(
        (&sheet["report"]["acknowledged_late"], &sheet["report"]["due"]),
        (&json!(true), &json!(null))
    );
    assert!(figures(&app).await.contains("pernoex_report_breaches{promise=\"acknowledge\"} 1"));
}

#[tokio::test]
async fn a_timeline_is_due_after_five_days_on_which_people_work() {
    let clock = Clock::manual(MONDAY);
    // Thanksgiving, and the Friday after it.
    let app = start(&clock, "2026-11-26, 11-27").await;
    let mut operator = app.operator().await;
    let token = report(&app).await;
    let path = latest(&mut operator).await;
    go(&mut operator, &path, "acknowledged", json!({})).await;
    clock.advance(DAY);
    go(&mut operator, &path, "confirmed", json!({})).await;
    // Tuesday at ten: Wednesday, over four days without work, Monday to Thursday.
    let (_, seen) = follow(&app, &token).await;
    assert_eq!(seen["due"]["promise"], "timeline");
    assert!(seen["due"]["by"].as_str().unwrap().starts_with("2026-12-03T10:00:00"), "{seen}");
    clock.advance(8 * DAY);
    let letter = app.letter("desk@example.com", "a promise is due soon").await;
    assert!(
        letter.text.contains("its timeline is due by Thursday, 3 December 2026, 10:00 UTC"),
        "{}",
        letter.text
    );
    clock.advance(DAY + 1);
    let (_, sheet) = go(&mut operator, &path, "timeline", json!({ "fix_by": "2026-12-24" })).await;
    assert_eq!(
        (&sheet["report"]["timeline_late"], &sheet["report"]["acknowledged_late"]),
        (&json!(true), &json!(false))
    );
    assert!(figures(&app).await.contains("pernoex_report_breaches{promise=\"timeline\"} 1"));
    let letters = app.letters("desk@example.com");
    assert!(
        letters.iter().filter(|letter| letter.subject.contains("promise")).count() <= 2,
        "nothing is told of twice"
    );
}

#[tokio::test]
async fn other_holidays_move_what_is_open_and_a_server_that_slept_catches_up() {
    let clock = Clock::manual(MONDAY);
    let mut app = start(&clock, "").await;
    let mut operator = app.operator().await;
    let token = report(&app).await;
    let path = latest(&mut operator).await;
    go(&mut operator, &path, "acknowledged", json!({})).await;
    go(&mut operator, &path, "confirmed", json!({})).await;
    assert!(
        follow(&app, &token).await.1["due"]["by"]
            .as_str()
            .unwrap()
            .starts_with("2026-11-30T10:00:00")
    );
    app.stop().await;
    app.configure("PERNOEX_SECURITY_HOLIDAYS", "2026-11-30");
    // The fifth day does not count any more: there is a day left, where there was none.
    clock.advance(7 * DAY);
    app.start_again();
    assert!(
        follow(&app, &token).await.1["due"]["by"]
            .as_str()
            .unwrap()
            .starts_with("2026-12-01T10:00:00")
    );
    app.letter("desk@example.com", "a promise is due soon").await;
    assert!(figures(&app).await.contains("pernoex_report_breaches{promise=\"timeline\"} 0"));
}

#[tokio::test]
async fn every_operator_is_told_where_nobody_is_named() {
    let app = TestApp::start().await;
    let operators = [app.operator().await, app.operator().await];
    let ada = app.owner("ada").await;
    report(&app).await;
    for operator in &operators {
        app.letter(&operator.email, "a vulnerability was reported").await;
    }
    let others = app.letters(&ada.email);
    assert!(others.iter().all(|letter| !letter.subject.contains("vulnerability")));
}
