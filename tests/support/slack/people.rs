//! What people see of Slack.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::Person;

impl Person {
    /// Lets a channel ask a project.
    pub async fn map_channel(&mut self, team: &str, channel: &str, project: &str) {
        let body = json!({ "channel": channel, "name": "help", "project": project.rsplit('/').next().unwrap() });
        let (status, answer) = self.put(&format!("{team}/channels"), body).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{answer}");
    }

    /// Waits until what Slack sent last is seen to, and returns how it ended.
    pub async fn slack_settled(&mut self, count: usize) -> Vec<Value> {
        for _ in 0..600 {
            let (status, seen) = self.get("/slack").await;
            assert_eq!(status, StatusCode::OK, "{seen}");
            let deliveries = seen["deliveries"].as_array().unwrap().clone();
            if deliveries.len() >= count && deliveries.iter().all(|one| one["state"] != "waiting") {
                return deliveries;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("what Slack sent is not seen to in time");
    }
}
