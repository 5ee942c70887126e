use actors::faults::{Effect, Point, clear, inject};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{Scene, reading};
use crate::support::{
    GUIDE, PASSWORD, Person,
    stripe::BEGUN,
    visitor::{Visitor, open_widget},
};

const DAY: i64 = 86_400_000;
const EXPORT: &str = "How do I export my data?";

async fn upload(person: &mut Person, project: &str, name: &str) -> (StatusCode, Value) {
    person.upload(Method::POST, &format!("{project}/documents"), &[(name, GUIDE)]).await
}

#[tokio::test]
async fn a_plan_has_room_for_so_many_projects_and_documents() {
    let mut scene = Scene::set().await;
    let project = scene.ada.project("One").await;
    let (status, problem) = scene.ada.post("/projects", json!({ "name": "Two" })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("plan_projects")));
    assert!(
        problem["detail"].as_str().unwrap().contains("Free has room for 1 projects"),
        "{problem}"
    );
    assert_eq!(reading(&scene.ada.billing().await, "projects"), json!([1, 1, true]));

    assert_eq!(upload(&mut scene.ada, &project, "a.md").await.0, StatusCode::CREATED);
    assert_eq!(reading(&scene.ada.billing().await, "documents"), json!([1, 2, false]));
    assert_eq!(upload(&mut scene.ada, &project, "b.md").await.0, StatusCode::CREATED);
    let (status, problem) = upload(&mut scene.ada, &project, "c.md").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    assert_eq!(problem["rejected"][0]["code"], "plan_documents", "{problem}");
    assert_eq!(reading(&scene.ada.billing().await, "documents"), json!([2, 2, true]));
    // What is there can be replaced, and what is deleted makes room.
    let documents = scene.ada.settled(&project).await;
    let path = format!("{project}/documents/{}", documents[0]["id"].as_str().unwrap());
    assert_eq!(scene.ada.upload(Method::PUT, &path, &[("d.md", GUIDE)]).await.0, StatusCode::OK);
    assert_eq!(scene.ada.delete(&path, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(upload(&mut scene.ada, &project, "c.md").await.0, StatusCode::CREATED);

    scene.subscribe("price_team").await;
    scene.ada.project("Two").await;
    assert_eq!(upload(&mut scene.ada, &project, "e.md").await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn two_at_a_time_do_not_share_the_last_place() {
    let mut scene = Scene::set().await;
    let project = scene.ada.project("One").await;
    assert_eq!(upload(&mut scene.ada, &project, "a.md").await.0, StatusCode::CREATED);
    let mut tabs: Vec<Person> = (0..4).map(|_| scene.ada.again()).collect();
    let uploads = tabs.iter_mut().enumerate().map(|(n, tab)| {
        let project = &project;
        async move { upload(tab, project, &format!("{n}.md")).await.0 }
    });
    let stored = futures_util::future::join_all(uploads).await;
    assert_eq!(
        stored.iter().filter(|status| **status == StatusCode::CREATED).count(),
        1,
        "{stored:?}"
    );
    assert_eq!(reading(&scene.ada.billing().await, "documents"), json!([2, 2, true]));
}

#[tokio::test]
async fn open_invitations_take_up_places() {
    let mut scene = Scene::set().await;
    let token = scene.ada.invite("one@example.com", "admin", &[]).await;
    assert_eq!(reading(&scene.ada.billing().await, "members"), json!([2, 2, true]));
    let body = json!({ "email": "two@example.com", "role": "admin", "projects": [] });
    let (status, problem) = scene.ada.post("/team/invitations", body.clone()).await;
    assert_eq!((status, &problem["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("plan_members")));
    let mut bob = scene.app.nobody();
    let (status, joined) = bob
        .post("/invitations/accept", json!({ "token": token, "password": PASSWORD }))
        .await;
    assert_eq!(status, StatusCode::CREATED, "{joined}");
    assert_eq!(scene.ada.post("/team/invitations", body).await.1["code"], "plan_members");
}

#[tokio::test]
async fn nobody_joins_by_an_invitation_that_the_plan_has_no_place_for_any_more() {
    let mut scene = Scene::set().await;
    let subscription = scene.subscribe("price_team").await;
    let first = scene.ada.invite("one@example.com", "admin", &[]).await;
    let second = scene.ada.invite("two@example.com", "admin", &[]).await;
    scene.stripe.moves_on(&subscription, json!({ "status": "canceled" }));
    scene.deliver().await;
    let accept = |token: String| json!({ "token": token, "password": PASSWORD });
    let (status, joined) = scene.app.nobody().post("/invitations/accept", accept(first)).await;
    assert_eq!(status, StatusCode::CREATED, "{joined}");
    let (status, problem) = scene.app.nobody().post("/invitations/accept", accept(second.clone())).await;
    assert_eq!((status, &problem["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("plan_members")));
    // It is not used up by that.
    scene.subscribe("price_team").await;
    let (status, joined) = scene.app.nobody().post("/invitations/accept", accept(second)).await;
    assert_eq!(status, StatusCode::CREATED, "{joined}");
}

#[tokio::test]
async fn answers_are_counted_by_the_month_and_visitors_are_told_politely() {
    let mut scene = Scene::set().await;
    let project = scene.ada.guide("Lantern").await;
    let key = open_widget(&mut scene.ada, &project).await;
    let mut visitor = Visitor::begin(&scene.app, &key).await;
    for used in 1..=3 {
        assert_eq!(visitor.ask(EXPORT).await.1["outcome"], "answered");
        assert_eq!(reading(&scene.ada.billing().await, "answers")[0], json!(used));
    }
    let (status, told) = visitor.ask(EXPORT).await;
    assert_eq!((status, &told["outcome"]), (StatusCode::OK, &json!("unanswered")), "{told}");
    let said = told.to_string().to_lowercase();
    for word in ["plan", "limit", "billing", "pay", "quota", "month"] {
        assert!(!said.contains(word), "{word} in {said}");
    }
    let own = visitor
        .send(Method::GET, "conversation", None, &[])
        .await
        .text()
        .await
        .unwrap()
        .to_lowercase();
    assert!(own.contains("sorry") && !own.contains("limit"), "{own}");

    // The team sees why.
    let (_, list) = scene.ada.get(&format!("{project}/conversations")).await;
    let conversation = list["conversations"][0]["id"].as_str().unwrap();
    let (_, page) = scene.ada.get(&format!("{project}/conversations/{conversation}")).await;
    let last = page["turns"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["written_by"], &last["outcome"]), (&json!("limit"), &json!("unanswered")));
    let (status, problem) = scene.ada.post(&format!("{project}/questions"), json!({ "question": EXPORT })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("plan_answers")));
    assert_eq!(
        reading(&scene.ada.billing().await, "answers"),
        json!([3, 3, true]),
        "what was no answer is not counted"
    );

    // Nor is anything looked for: whoever would, fails here.
    let tenant = scene.ada.get("/session").await.1["workspace"]["id"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    inject(tenant, Point::Work, Effect::Panic, 100);
    let (status, told) = visitor.ask(EXPORT).await;
    assert_eq!((status, &told["outcome"]), (StatusCode::OK, &json!("unanswered")), "{told}");
    let (status, problem) = scene.ada.post(&format!("{project}/questions"), json!({ "question": EXPORT })).await;
    assert_eq!((status, &problem["code"]), (StatusCode::PAYMENT_REQUIRED, &json!("plan_answers")));
    clear(tenant);

    // January is over.
    scene.clock.advance(31 * DAY);
    let body = json!({ "email": scene.ada.email, "password": PASSWORD });
    let (_, session) = scene.ada.post("/session", body).await;
    scene.ada.took(&session);
    let mut visitor = Visitor::begin(&scene.app, &key).await;
    assert_eq!(visitor.ask(EXPORT).await.1["outcome"], "answered");
    assert_eq!(reading(&scene.ada.billing().await, "answers"), json!([1, 3, false]));
}

#[tokio::test]
async fn an_honest_i_do_not_know_is_no_answer_and_not_counted() {
    let mut scene = Scene::set().await;
    let project = scene.ada.guide("Lantern").await;
    let key = open_widget(&mut scene.ada, &project).await;
    let mut visitor = Visitor::begin(&scene.app, &key).await;
    for _ in 0..4 {
        let (status, told) = visitor.ask("Who was the first king of France?").await;
        assert_eq!((status, &told["outcome"]), (StatusCode::OK, &json!("unanswered")), "{told}");
    }
    assert_eq!(reading(&scene.ada.billing().await, "answers"), json!([0, 3, false]));
    assert_eq!(visitor.ask(EXPORT).await.1["outcome"], "answered");
    assert_eq!(reading(&scene.ada.billing().await, "answers"), json!([1, 3, false]));
}

#[tokio::test]
async fn another_invoice_does_not_begin_the_time_of_grace_anew() {
    let mut scene = Scene::set_with(&[("PERNOEX_PAYMENT_GRACE_DAYS", "3"), ("PERNOEX_SESSION_IDLE_MINUTES", "43200")]).await;
    let subscription = scene.subscribe("price_team").await;
    let due = |id: &str, created: i64| json!({ "status": "past_due", "current_period_start": created, "latest_invoice": { "id": id, "created": created } });
    scene.stripe.moves_on(&subscription, due("in_due", BEGUN));
    let first = scene.deliver().await["subscription"].clone();
    scene.clock.advance(2 * DAY);
    scene.stripe.moves_on(&subscription, due("in_next", BEGUN + 2 * DAY / 1000));
    let second = scene.deliver().await["subscription"].clone();
    assert_eq!(
        (&second["grace_until"], &second["past_due_since"]),
        (&first["grace_until"], &first["past_due_since"])
    );
    scene.clock.advance(DAY);
    assert_eq!(scene.ada.billing().await["plan"], "Free");
    // What is paid is paid: the next time it is another time.
    scene.stripe.moves_on(&subscription, json!({ "status": "active" }));
    assert_eq!(scene.deliver().await["plan"], "Team");
    scene.stripe.moves_on(&subscription, due("in_third", BEGUN + 3 * DAY / 1000));
    assert_eq!(scene.deliver().await["plan"], "Team");
}

#[tokio::test]
async fn while_a_payment_is_due_the_plan_holds_for_a_while_and_then_the_free_one() {
    let mut scene = Scene::set_with(&[("PERNOEX_PAYMENT_GRACE_DAYS", "3"), ("PERNOEX_SESSION_IDLE_MINUTES", "43200")]).await;
    let subscription = scene.subscribe("price_team").await;
    let due = json!({ "status": "past_due", "latest_invoice": { "id": "in_due", "created": BEGUN } });
    scene.stripe.moves_on(&subscription, due);
    let seen = scene.deliver().await;
    assert_eq!((&seen["plan"], &seen["reduced"]), (&json!("Team"), &json!(false)));
    assert_eq!(seen["subscription"]["status"], "past_due");
    assert!(seen["subscription"]["past_due_since"].is_string());
    scene.clock.advance(3 * DAY - 1);
    scene.ada.project("One").await;
    scene.ada.project("Two").await;
    scene.clock.advance(1);
    let seen = scene.ada.billing().await;
    assert_eq!((&seen["plan"], &seen["reduced"]), (&json!("Free"), &json!(true)));
    assert_eq!(seen["subscription"]["plan_name"], "Team");
    assert_eq!(
        scene.ada.post("/projects", json!({ "name": "Three" })).await.1["code"],
        "plan_projects"
    );
    assert_eq!(
        scene.ada.get("/projects").await.1["projects"].as_array().unwrap().len(),
        2,
        "nothing is deleted"
    );
    scene.stripe.moves_on(&subscription, json!({ "status": "active" }));
    assert_eq!(scene.deliver().await["plan"], "Team");
    scene.ada.project("Three").await;
}
