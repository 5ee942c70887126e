//! The server is killed between its acknowledgement and what comes of it.

use reqwest::StatusCode;

use super::conversations;
use crate::{
    kill::Server,
    support::{
        Person, is_full,
        voice::{Agent, settled, told},
    },
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_was_acknowledged_is_stored_once_though_the_server_is_killed() {
    let rounds = if is_full() { 20 } else { 3 };
    // How much is seen to before a kill is for the machine to say: further rounds, until something was cut off.
    let at_most = 5 * rounds;
    let mut server = Server::create().await;
    server.start().await;
    let mut ada = Person::at(&server.url);
    let sign_up = serde_json::json!({ "email": "ada@example.com", "password": crate::support::PASSWORD, "workspace": "Lamps" });
    let (status, session) = ada.post("/account", sign_up).await;
    assert_eq!(status, StatusCode::CREATED, "{session}");
    ada.took(&session);
    let project = ada.project("Lamps").await;
    let mut agent = Agent::connect(&mut ada, &project, "retell").await;
    let (mut acknowledged, mut left) = (0, 0);
    for round in 0..at_most {
        if round >= rounds && left > 0 {
            break;
        }
        let mut sending = Vec::new();
        for n in 0..24 {
            let (agent, person) = (agent.again(), ada.again());
            sending.push(tokio::spawn(async move {
                let body = told("retell", &format!("call {round} {n}"), &format!("Question {n} of {round}?"));
                let sent = agent.try_send(&person, pernoex::Clock::system().now(), &body).await;
                sent.is_some_and(|status| status == StatusCode::NO_CONTENT)
            }));
        }
        for sent in sending {
            acknowledged += usize::from(sent.await.unwrap());
        }
        let before = conversations(&mut ada, &project).await.len();
        server.kill();
        left += acknowledged - before.min(acknowledged);
        server.let_leases_run_out().await;
        server.start().await;
        ada.url.clone_from(&server.url);
        agent.move_to(&server.url);
        settled_all(&mut ada, &project, acknowledged).await;
        // Told again by a provider that did not hear the answer.
        let body = told("retell", &format!("call {round} 0"), &format!("Question 0 of {round}?"));
        assert_eq!(
            agent.send(&ada, pernoex::Clock::system().now(), &body).await.0,
            StatusCode::NO_CONTENT
        );
    }
    settled(&mut ada, &project).await;
    let found = conversations(&mut ada, &project).await;
    let titles: std::collections::BTreeSet<_> = found.iter().map(|one| one["title"].as_str().unwrap().to_owned()).collect();
    assert_eq!((found.len(), titles.len()), (acknowledged, acknowledged), "each once");
    println!("{acknowledged} acknowledged, {left} of them not seen to when the server was killed");
    assert!(left > 0, "nothing was cut off: this says nothing");
}

async fn settled_all(person: &mut Person, project: &str, expected: usize) {
    for _ in 0..400 {
        if conversations(person, project).await.len() >= expected {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("what was acknowledged is not seen to");
}
