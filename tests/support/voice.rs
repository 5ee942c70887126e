//! A voice agent that sends what it signs.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use super::{
    Person,
    signing::{hex, tag},
};

/// What Retell and the others show as their secret.
pub const THEIRS: &str = "key_0123456789abcdef";

/// An endpoint as it was set up.
pub struct Agent {
    pub id: String,
    pub provider: &'static str,
    pub url: String,
    pub secret: String,
}

/// The headers with which `provider` sends `body` at `at` (milliseconds).
pub fn signed(provider: &str, secret: &str, at: i64, body: &[u8]) -> Vec<(&'static str, String)> {
    use base64::{Engine, prelude::BASE64_STANDARD};
    let (key, seconds) = (secret.as_bytes(), (at / 1000).to_string());
    let dotted = || hex(&tag(key, &[seconds.as_bytes(), b".", body]));
    match provider {
        "elevenlabs" => vec![("elevenlabs-signature", format!("t={seconds},v0={}", dotted()))],
        "retell" => {
            let signature = hex(&tag(key, &[body, at.to_string().as_bytes()]));
            vec![("x-retell-signature", format!("v={at},d={signature}"))]
        }
        "vapi" => vec![("x-signature", dotted()), ("x-timestamp", seconds)],
        "bland" => vec![("x-webhook-signature", hex(&tag(key, &[body])))],
        "standard" => {
            let key = BASE64_STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
            let id = format!("msg_{}", hex(&tag(b"id", &[body])[..8]));
            let signature = BASE64_STANDARD.encode(tag(&key, &[id.as_bytes(), b".", seconds.as_bytes(), b".", body]));
            vec![
                ("webhook-id", id),
                ("webhook-timestamp", seconds),
                ("webhook-signature", format!("v1,{signature}")),
            ]
        }
        other => panic!("how does {other} sign?"),
    }
}

/// A call that is over, as `provider` tells of it.
pub fn told(provider: &str, call: &str, question: &str) -> Value {
    match provider {
        "elevenlabs" => json!({ "type": "post_call_transcription", "data": { "conversation_id": call,
            "transcript": [
                { "role": "agent", "message": "Hello, this is the lamp shop.", "time_in_call_secs": 0 },
                { "role": "user", "message": question, "time_in_call_secs": 4 } ],
            "metadata": { "call_duration_secs": 42, "termination_reason": "the caller hung up" },
            "analysis": { "call_successful": "success", "transcript_summary": "Someone asked something." } } }),
        "retell" => json!({ "event": "call_analyzed", "call": { "call_id": call, "duration_ms": 42_000,
            "transcript_object": [
                { "role": "agent", "content": "Hello, this is the lamp shop.", "words": [] },
                { "role": "user", "content": question, "words": [{ "start": 4.0 }] } ],
            "disconnection_reason": "the caller hung up",
            "call_analysis": { "call_summary": "Someone asked something.", "call_successful": true, "user_sentiment": "Positive" } } }),
        "vapi" => json!({ "message": { "type": "end-of-call-report", "call": { "id": call }, "durationSeconds": 42,
            "endedReason": "the caller hung up",
            "artifact": { "messages": [
                { "role": "bot", "message": "Hello, this is the lamp shop.", "secondsFromStart": 0 },
                { "role": "user", "message": question, "secondsFromStart": 4 } ] },
            "analysis": { "summary": "Someone asked something.", "successEvaluation": "true" } } }),
        "bland" => json!({ "call_id": call, "completed": true, "corrected_duration": "42", "call_ended_by": "the caller hung up",
            "summary": "Someone asked something.",
            "transcripts": [
                { "user": "assistant", "text": "Hello, this is the lamp shop." },
                { "user": "user", "text": question } ] }),
        "standard" => json!({ "type": "call.completed", "data": { "call_id": call, "duration_s": 42, "outcome": "the caller hung up",
            "summary": "Someone asked something.", "successful": true,
            "turns": [
                { "role": "agent", "text": "Hello, this is the lamp shop.", "at_s": 0 },
                { "role": "caller", "text": question, "at_s": 4 } ] } }),
        other => panic!("what does {other} tell?"),
    }
}

impl Agent {
    /// Connects `provider` to a project, and enters its secret where it makes its own.
    pub async fn connect(person: &mut Person, project: &str, provider: &'static str) -> Self {
        let (status, made) = person.post(&format!("{project}/voice"), json!({ "provider": provider })).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let id = made["id"].as_str().unwrap().to_owned();
        let secret = match made["secret"].as_str() {
            Some(secret) => secret.to_owned(),
            None => {
                let path = format!("{project}/voice/{id}/secret");
                let (status, entered) = person.post(&path, json!({ "secret": THEIRS })).await;
                assert_eq!(status, StatusCode::OK, "{entered}");
                assert_eq!(entered["secret"], Value::Null, "what somebody entered is not shown again");
                THEIRS.to_owned()
            }
        };
        // By the test's own address, whatever the server calls itself.
        let path = made["url"].as_str().unwrap().split_once("/webhooks/").unwrap().1;
        let url = format!("{}/webhooks/{path}", person.url);
        Self { id, provider, url, secret }
    }

    pub fn request(&self, person: &Person, body: &[u8], headers: &[(&'static str, String)]) -> RequestBuilder {
        let mut request = person.client.request(Method::POST, &self.url).body(body.to_vec());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request
    }

    pub fn again(&self) -> Self {
        Self {
            id: self.id.clone(),
            url: self.url.clone(),
            secret: self.secret.clone(),
            ..*self
        }
    }

    /// The same installation at another address.
    pub fn move_to(&mut self, base: &str) {
        let path = self.url.split_once("/webhooks/").unwrap().1;
        self.url = format!("{base}/webhooks/{path}");
    }

    /// As [`Agent::send`], to a server that may be gone.
    pub async fn try_send(&self, person: &Person, at: i64, body: &Value) -> Option<StatusCode> {
        let body = body.to_string();
        let headers = signed(self.provider, &self.secret, at, body.as_bytes());
        let sent = self.request(person, body.as_bytes(), &headers).send().await;
        sent.ok().map(|response| response.status())
    }

    /// Signs `body` at `at` and sends it.
    pub async fn send(&self, person: &Person, at: i64, body: &Value) -> (StatusCode, Value) {
        let body = body.to_string();
        let headers = signed(self.provider, &self.secret, at, body.as_bytes());
        answer(self.request(person, body.as_bytes(), &headers)).await
    }

    /// As [`Agent::send`], a question in the middle of a call.
    pub async fn ask(&self, person: &Person, at: i64, body: &Value) -> (StatusCode, Value) {
        let body = body.to_string();
        let mut request = person
            .client
            .request(Method::POST, format!("{}/question", self.url))
            .body(body.clone());
        for (name, value) in signed(self.provider, &self.secret, at, body.as_bytes()) {
            request = request.header(name, value);
        }
        answer(request).await
    }
}

pub async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
}

/// What the project shows of its first endpoint once nothing waits there any more.
pub async fn settled(person: &mut Person, project: &str) -> Value {
    for _ in 0..1_000 {
        let (status, found) = person.get(&format!("{project}/voice")).await;
        assert_eq!(status, StatusCode::OK, "{found}");
        let agents = found["agents"].as_array().unwrap();
        let waits = |agent: &Value| agent["deliveries"].as_array().unwrap().iter().any(|one| one["state"] == "waiting");
        if !agents.iter().any(waits) {
            return found["agents"][0].clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("what was sent is never seen to");
}
