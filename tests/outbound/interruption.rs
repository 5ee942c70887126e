use actors::faults::{Effect, Point, inject};
use serde_json::json;

use super::{EVERY, HOUR_MS, add, latest, start, test_event};
use crate::support::{
    PASSWORD, Person, TestApp,
    process::Process,
    receiver::{Receiver, Reply},
};

/// Killed while the receiver has the request and has not answered: nobody knows whether it arrived, so it is sent once more.
#[tokio::test]
async fn a_delivery_under_way_when_the_process_is_killed_is_sent_again_under_its_id() {
    let mut receiver = Receiver::start().await;
    receiver.reply(&[Reply::Silence]);
    let app = TestApp::prepare(pernoex::Clock::system(), super::SETTINGS).await;
    let settings = app.environment().to_vec();
    let server = Process::start(&settings);
    let mut ada = Person::at(&server.url);
    let (_, session) = ada
        .post(
            "/account",
            json!({ "email": "ada@example.com", "password": PASSWORD, "workspace": "Ada" }),
        )
        .await;
    ada.took(&session);
    let project = ada.guide("Lantern").await;
    let hook = add(&mut ada, &project, &receiver.url(), &EVERY).await;
    let asked = ada.question(&project, "Which zebra won the regatta?").await;
    assert_eq!(asked["outcome"], "unanswered");
    let before = receiver.next().await;
    server.signal("KILL");
    drop(server);

    receiver.reply(&[Reply::Status(200)]);
    if let Some(admin) = app.setting("MIGRATION_DATABASE_URL") {
        // What a lost worker leased is free after minutes, by the clock. On PostgreSQL, where another node might hold it, this is those.
        use sea_orm::ConnectionTrait;
        let database = sea_orm::Database::connect(&admin).await.unwrap();
        database.execute_unprepared("update job set locked_until = 0").await.unwrap();
        database.close().await.unwrap();
    }
    let server = Process::start(&settings);
    ada.url.clone_from(&server.url);
    let after = receiver.next().await;
    assert_eq!(after.header("webhook-id"), before.header("webhook-id"));
    assert_eq!(after.body, before.body);
    assert!(after.is_signed_by(&hook.secret));
    let delivered = latest(&mut ada, &hook, |one| one["state"] == "delivered").await;
    assert_eq!(delivered["attempts"], 1, "the try that nobody lived to note is not counted");
    assert!(receiver.rest().is_empty());
}

/// The actor that sends dies between the transaction and the sending, and after the sending before anybody learns of it.
#[tokio::test]
async fn a_delivery_survives_the_actor_that_was_to_send_it() {
    for point in [Point::Serve("integrations"), Point::Served("integrations")] {
        let (app, clock) = start().await;
        let mut receiver = Receiver::start().await;
        let mut ada = app.owner("ada").await;
        let project = ada.project("Lantern").await;
        let hook = add(&mut ada, &project, &receiver.url(), &EVERY).await;
        let tenant: uuid::Uuid = ada.get("/session").await.1["workspace"]["id"].as_str().unwrap().parse().unwrap();
        inject(tenant.into(), point, Effect::Panic, 1);
        let sent = test_event(&mut ada, &hook).await;
        let mut posted = Vec::new();
        let mut delivered = json!(null);
        for round in 0..600 {
            // However long its job is put back for. Not each time: a try must come to its end before its lease is over.
            if round % 20 == 0 {
                clock.advance(HOUR_MS);
            }
            posted.extend(receiver.rest());
            delivered = super::log(&mut ada, &hook).await[0].clone();
            if delivered["state"] == "delivered" {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(delivered["state"], "delivered", "{delivered}");
        posted.extend(receiver.rest());
        assert!(!posted.is_empty());
        for one in posted {
            assert_eq!(one.header("webhook-id"), sent["message_id"].as_str().unwrap());
            assert!(one.is_signed_by(&hook.secret));
        }
    }
}
