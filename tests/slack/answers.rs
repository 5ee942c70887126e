use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{EXPORT, Scene, reasons, text};
use crate::support::slack::BOT;

#[tokio::test]
async fn a_mention_is_answered_in_its_thread_with_its_sources() {
    let mut scene = Scene::set().await;
    scene.ask("C1", "17.1", None, EXPORT).await;
    let posted = &scene.posted(1).await[0];
    assert_eq!((&posted.body["channel"], &posted.body["thread_ts"]), (&json!("C1"), &json!("17.1")));
    assert!(
        text(posted).contains("open Settings and choose Export") && text(posted).contains("Sources\n[1] "),
        "{}",
        text(posted)
    );
    for off in ["unfurl_links", "unfurl_media", "link_names"] {
        assert_eq!(posted.body[off], json!(false), "{off}");
    }
    assert!(posted.token.starts_with("Bearer xoxb-"));
    let deliveries = scene.ada.slack_settled(1).await;
    assert_eq!(deliveries[0]["state"], "done");

    let list = format!("{}/conversations?channel=slack", scene.project);
    let (_, found) = scene.ada.get(&list).await;
    let conversation = &found["conversations"][0];
    assert_eq!((&conversation["title"], &conversation["questions"]), (&json!(EXPORT), &json!(1)));
}

#[tokio::test]
async fn a_follow_up_in_the_thread_goes_on_in_its_conversation() {
    let mut scene = Scene::set().await;
    scene.ask("C1", "17.1", None, EXPORT).await;
    scene.posted(1).await;
    scene.ask("C1", "17.5", Some("17.1"), "How long do refunds take?").await;
    let posted = scene.posted(2).await;
    assert_eq!(posted[1].body["thread_ts"], "17.1");
    assert!(text(&posted[1]).contains("five business days"));
    // A reply that does not name the app, in its own thread; and one in a thread of others.
    let reply = |thread: &str| json!({ "type": "message", "channel_type": "channel", "user": "U2", "text": "and the archive, when does it arrive?", "ts": "17.9", "thread_ts": thread, "channel": "C1" });
    scene.sender.event(&scene.team, reply("17.1")).await;
    scene.posted(3).await;
    scene.sender.event(&scene.team, reply("3.3")).await;
    let deliveries = scene.ada.slack_settled(4).await;
    assert_eq!(reasons(&deliveries)[0], "It was not said to the app.");
    scene.posted(3).await;
    let (_, found) = scene.ada.get(&format!("{}/conversations?channel=slack", scene.project)).await;
    assert_eq!(found["conversations"].as_array().unwrap().len(), 1);
    assert_eq!(found["conversations"][0]["questions"], 3);
}

#[tokio::test]
async fn channels_ask_their_own_projects_and_direct_messages_the_one_for_all_others() {
    let mut scene = Scene::set().await;
    let other = scene.ada.project("Anvil").await;
    let guide = b"# Anvil\n\n## Export\n\nTo export your data from Anvil, press the red lever twice.\n".as_slice();
    scene
        .ada
        .upload(Method::POST, &format!("{other}/documents"), &[("anvil.md", guide)])
        .await;
    scene.ada.settled(&other).await;
    let path = scene.path.clone();
    scene.ada.map_channel(&path, "*", &other).await;
    scene.ask("C1", "1.1", None, EXPORT).await;
    scene.posted(1).await;
    scene.ask("C2", "1.2", None, EXPORT).await;
    scene.posted(2).await;
    let direct = json!({ "type": "message", "channel_type": "im", "user": "U9", "text": EXPORT, "ts": "1.3", "channel": "D1" });
    scene.sender.event(&scene.team, direct).await;
    let posted = scene.posted(3).await;
    assert!(text(&posted[0]).contains("open Settings"));
    assert!(text(&posted[1]).contains("red lever") && text(&posted[2]).contains("red lever"));
    assert_eq!(
        (&posted[2].body["channel"], &posted[2].body["thread_ts"]),
        (&json!("D1"), &json!("1.3"))
    );
    // Moved to another project, the thread tells nothing of the old one any more.
    scene.ada.map_channel(&path, "C1", &other).await;
    scene.ask("C1", "1.4", Some("1.1"), EXPORT).await;
    assert!(text(&scene.posted(4).await[3]).contains("red lever"));
    let (_, found) = scene.ada.get(&format!("{other}/conversations?channel=slack")).await;
    assert_eq!(found["conversations"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_channel_without_a_project_is_told_so_and_offered_to_admins() {
    let mut scene = Scene::set().await;
    scene.ask("C9", "1.1", None, EXPORT).await;
    let hint = &scene.posted(1).await[0];
    assert!(text(hint).starts_with("I don't know yet which knowledge") && hint.body["thread_ts"] == "1.1");
    let (_, seen) = scene.ada.get("/slack").await;
    let channels = seen["teams"][0]["channels"].as_array().unwrap();
    assert!(
        channels.iter().any(|one| one["channel"] == "C9" && one["project"].is_null()),
        "{seen}"
    );
    let (path, project) = (scene.path.clone(), scene.project.clone());
    scene.ada.map_channel(&path, "C9", &project).await;
    scene.ask("C9", "1.2", None, EXPORT).await;
    assert!(text(&scene.posted(2).await[1]).contains("choose Export"));
    // The project goes: its channel asks nobody, and nothing of it is said.
    let (status, _) = scene.ada.delete(&project, Some(json!({ "confirm": "Lantern" }))).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    scene.ask("C9", "1.3", Some("1.2"), EXPORT).await;
    assert!(text(&scene.posted(3).await[2]).starts_with("I don't know yet"));
}

#[tokio::test]
async fn what_the_app_itself_and_other_apps_say_is_no_question() {
    let mut scene = Scene::set().await;
    let path = scene.path.clone();
    let project = scene.project.clone();
    scene.ada.map_channel(&path, "*", &project).await;
    let base = json!({ "type": "message", "channel_type": "im", "user": "U1", "text": EXPORT, "ts": "1.1", "channel": "D1" });
    for (name, value) in [
        ("user", json!(BOT)),
        ("bot_id", json!("B1")),
        ("subtype", json!("bot_message")),
        ("subtype", json!("message_changed")),
    ] {
        let mut event = base.clone();
        event[name] = value;
        scene.sender.event(&scene.team, event).await;
    }
    scene.sender.event(&scene.team, json!({ "type": "channel_rename" })).await;
    let deliveries = scene.ada.slack_settled(5).await;
    assert!(deliveries.iter().all(|one| one["state"] == "ignored"), "{deliveries:?}");
    assert!(scene.slack.calls("chat.postMessage").is_empty());
}

#[tokio::test]
async fn thumbs_below_an_answer_are_its_feedback() {
    let mut scene = Scene::set().await;
    scene.ask("C1", "1.1", None, EXPORT).await;
    let posted = scene.posted(1).await.remove(0);
    assert_eq!(scene.sender.press(&scene.team, &posted, 1).await, StatusCode::OK);
    let thanks = &scene.slack.called("chat.postEphemeral", 1).await[0];
    assert_eq!((&thanks.body["user"], &thanks.body["thread_ts"]), (&json!("U1"), &json!("1.1")));
    let list = format!("{}/conversations?channel=slack", scene.project);
    let (_, found) = scene.ada.get(&list).await;
    assert_eq!(
        (&found["conversations"][0]["helpful"], &found["conversations"][0]["unhelpful"]),
        (&json!(0), &json!(1))
    );
    scene.sender.press(&scene.team, &posted, 0).await;
    scene.slack.called("chat.postEphemeral", 2).await;
    let (_, found) = scene.ada.get(&list).await;
    assert_eq!(
        (&found["conversations"][0]["helpful"], &found["conversations"][0]["unhelpful"]),
        (&json!(1), &json!(0))
    );
}

#[tokio::test]
async fn a_team_cannot_judge_the_answers_of_another() {
    let mut scene = Scene::set().await;
    scene.ask("C1", "1.1", None, EXPORT).await;
    let posted = scene.posted(1).await.remove(0);
    let mut eve = scene.app.owner("eve").await;
    let theirs = crate::support::slack::team();
    eve.connect_slack(&scene.app, &theirs).await;
    assert_eq!(scene.sender.press(&theirs, &posted, 1).await, StatusCode::OK);
    assert_eq!(reasons(&eve.slack_settled(1).await), ["There is no such answer."]);
    let (_, found) = scene.ada.get(&format!("{}/conversations?channel=slack", scene.project)).await;
    assert_eq!(found["conversations"][0]["unhelpful"], 0);
}

#[tokio::test]
async fn an_empty_mention_is_told_what_to_do() {
    let mut scene = Scene::set().await;
    scene.ask("C1", "1.1", None, "").await;
    assert!(text(&scene.posted(1).await[0]).starts_with("Ask me a question"));
    scene.ask("C1", "1.2", None, &"long ".repeat(500)).await;
    assert!(text(&scene.posted(2).await[1]).contains("2000 characters"));
    assert_eq!(scene.ada.slack_settled(2).await[0]["state"], "ignored");
}
