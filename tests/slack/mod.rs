//! The Slack app: installed from the dashboard, asked in channels and alone, answered in threads. Slack stands at the network's edge.

mod answers;
mod crash;
mod delivery;
mod ends;
mod install;
mod tokens;

use pernoex::Clock;
use serde_json::Value;

use crate::support::{
    Person, TestApp,
    slack::{Called, Sender, Slack, team},
};

/// A workspace whose project knows the guide, connected to a team whose channel `C1` asks it.
struct Scene {
    slack: Slack,
    clock: Clock,
    app: TestApp,
    ada: Person,
    sender: Sender,
    /// As Slack names it.
    team: String,
    /// Its path here.
    path: String,
    project: String,
}

impl Scene {
    async fn set() -> Self {
        Self::set_in(Slack::start().await).await
    }

    async fn set_in(slack: Slack) -> Self {
        let clock = Clock::manual(Clock::system().now());
        let app = slack.app(clock.clone(), &[]).await;
        let mut ada = app.owner("ada").await;
        let project = ada.guide("Lantern").await;
        let team = team();
        let path = ada.connect_slack(&app, &team).await;
        ada.map_channel(&path, "C1", &project).await;
        let sender = Sender::to(&app, &clock);
        Self {
            slack,
            clock,
            app,
            ada,
            sender,
            team,
            path,
            project,
        }
    }

    async fn ask(&self, channel: &str, ts: &str, thread: Option<&str>, text: &str) -> String {
        self.sender.mention(&self.team, channel, ts, thread, text).await
    }

    /// Waits for the answers that were posted so far.
    async fn posted(&self, count: usize) -> Vec<Called> {
        self.slack.called("chat.postMessage", count).await
    }

    /// Moves the clock in steps of so many seconds until `method` was called `count` times.
    async fn pass_time_until(&self, method: &str, count: usize, step: i64) -> Vec<Called> {
        for _ in 0..200 {
            if self.slack.calls(method).len() >= count {
                break;
            }
            self.clock.advance(step * 1_000);
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        self.slack.called(method, count).await
    }
}

fn text(call: &Called) -> &str {
    call.body["text"].as_str().unwrap()
}

fn reasons(deliveries: &[Value]) -> Vec<&str> {
    deliveries.iter().map(|one| one["reason"].as_str().unwrap_or_default()).collect()
}

const EXPORT: &str = "How do I export my data?";
