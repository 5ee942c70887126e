//! Clocks that do not agree: ours goes before, behind, or back.

use pernoex::Clock;
use reqwest::StatusCode;
use serde_json::json;

use super::{DAY_MS, MINUTE_MS, SETTINGS, connect, connect_site, counts, documents, names, sync_now, synced, synced_by};
use crate::support::{
    TestApp,
    github::GitHub,
    notion::{In, Notion, paragraph},
    site::{Site, article},
};

const NOW: i64 = 1_800_000_000_000;

/// GitHub takes what an App signed for ten minutes. A clock that is further off is nobody's fault who connects, and costs no document.
#[tokio::test]
async fn an_app_whose_clock_is_minutes_off_goes_on_and_one_that_is_hours_off_loses_nothing() {
    let (ours, theirs) = (Clock::manual(NOW), Clock::manual(NOW));
    let github = GitHub::start(&theirs).await;
    github.person("ada");
    github.repository("ada/lantern", &["ada"], &[("a.md", "# Export\n\nOpen Settings.\n")]);
    github.install(7, "ada", &["ada/lantern"]);
    let settings = github.app_settings();
    let mut all: Vec<(&str, &str)> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    all.extend(SETTINGS);
    let app = TestApp::start_with(ours.clone(), &all).await;
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let grant = ada.connect_github(&app, &github, "ada").await.remove(0);
    let config = json!({ "repositories": [{ "full_name": "ada/lantern" }] });
    let source = connect(
        &mut ada,
        &project,
        json!({ "kind": "github", "grant": grant["id"], "config": config }),
    )
    .await;
    synced(&mut ada, &source, 1).await;
    let mut runs = 1;
    for (off, good) in [
        (-8 * MINUTE_MS, true),
        (50_000, true),
        (-120 * MINUTE_MS, false),
        (120 * MINUTE_MS, false),
        (0, true),
    ] {
        // The token at hand is over, by whichever clock.
        github.expire();
        ours.advance(theirs.now() + off - ours.now());
        github.put("ada/lantern", "a.md", &format!("# Export\n\nOpen Settings {off}.\n"));
        runs += 1;
        sync_now(&mut ada, &source).await;
        let page = synced(&mut ada, &source, runs).await;
        assert_eq!(page["runs"][0]["removed"], 0, "{off}: {page}");
        let failed = page["source"]["sync"]["problem"]["code"] == "refused";
        assert_eq!(failed, !good, "{off}: {page}");
        assert_eq!(names(&documents(&mut ada, &project).await), ["a.md"], "{off}");
        assert_eq!(
            ada.get("/integrations").await.1["grants"][0]["state"],
            "active",
            "{off}: nobody need connect anew"
        );
    }
    let answer = ada.question(&project, "What do I open to export?").await.to_string();
    assert!(answer.contains("Settings 0"), "{answer}");
}

/// Notion says times in whole minutes, by its own clock: an edit within a minute that was read already is not missed, whatever ours says.
#[tokio::test]
async fn an_edit_within_the_same_minute_is_not_missed_whatever_our_clock_says() {
    for off in [-3 * 60 * MINUTE_MS, 0, 3 * 60 * MINUTE_MS] {
        let (ours, theirs) = (Clock::manual(NOW + off), Clock::manual(NOW));
        let notion = Notion::start(&theirs).await;
        let page = notion.put("Export", In::Workspace, vec![paragraph("The first words.")]);
        let app = TestApp::start_with(ours.clone(), &[notion.settings().as_slice(), SETTINGS].concat()).await;
        let mut ada = app.owner("ada").await;
        let project = ada.project("Lantern").await;
        let grant = ada.connect_at_once(&app, "notion").await.remove(0);
        let source = connect(
            &mut ada,
            &project,
            json!({ "kind": "notion", "grant": grant["id"], "config": { "pages": [] } }),
        )
        .await;
        synced(&mut ada, &source, 1).await;
        theirs.advance(20_000);
        notion.edit(&page, vec![paragraph("The second words.")]);
        sync_now(&mut ada, &source).await;
        assert_eq!(counts(&synced(&mut ada, &source, 2).await)[1], 1, "{off}: changed");
        let answer = ada.question(&project, "Which words are there?").await.to_string();
        assert!(
            answer.contains("second words") && !answer.contains("first words"),
            "{off}: {answer}"
        );
    }
}

/// Somebody sets our clock right, which was a day before its time.
#[tokio::test]
async fn a_clock_that_is_set_back_keeps_no_sync_waiting_that_is_asked_for() {
    let clock = Clock::manual(NOW);
    let app = TestApp::start_with(clock.clone(), SETTINGS).await;
    let site = Site::start().await;
    site.put("/docs/", article("Home", "The first words.", &[]));
    let mut ada = app.owner("ada").await;
    let project = ada.project("Lantern").await;
    let source = connect_site(&mut ada, &project, &site).await;
    synced(&mut ada, &source, 1).await;
    clock.advance(-DAY_MS);
    site.put("/docs/", article("Home", "Other words.", &[]));
    let (status, said) = ada.post(&format!("{source}/sync"), json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{said}");
    synced_by(&clock, &mut ada, &source, 2).await;
    let answer = ada.question(&project, "Which words are there?").await.to_string();
    assert!(answer.contains("Other words") && !answer.contains("first words"), "{answer}");
    assert_eq!(names(&documents(&mut ada, &project).await), ["Home"]);
}
