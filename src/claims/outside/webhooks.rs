//! What providers send, sent by somebody else.

use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::Method;

use super::{
    Target, UNREACHED,
    doors::{NOBODY, filled},
};
use crate::{
    claims::Outcome,
    routes::{self, Door},
};

/// In which nothing is.
const BODY: &str = "{}";
/// What it signs is in the body: nothing is refused for it where there is nothing.
const APPLE: &str = "/webhooks/apple/sign-in";
const UNSIGNED: &str = r#"{"payload":"e30.e30.AAAA"}"#;

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A signature of the right form, and of nothing.
const MADE_UP: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Headers of a message whose time is `at`: address and headers, for those whose secret is the installation's.
fn signed_at(at: u64) -> [(&'static str, Vec<(&'static str, String)>); 2] {
    [
        (
            "/webhooks/slack/events",
            vec![
                ("x-slack-request-timestamp", at.to_string()),
                ("x-slack-signature", format!("v0={MADE_UP}")),
            ],
        ),
        ("/webhooks/stripe", vec![("stripe-signature", format!("t={at},v1={MADE_UP}"))]),
    ]
}

/// As each voice agent signs, with a time of six minutes ago: whose address it is, is not known from outside. One of them signs no time.
fn voice_at(at: u64) -> Vec<(&'static str, String)> {
    vec![
        ("elevenlabs-signature", format!("t={at},v0={MADE_UP}")),
        ("x-retell-signature", format!("v={},d={MADE_UP}", at * 1000)),
        ("x-signature", MADE_UP.to_owned()),
        ("x-timestamp", at.to_string()),
        ("x-webhook-signature", MADE_UP.to_owned()),
        ("webhook-id", "none".to_owned()),
        ("webhook-timestamp", at.to_string()),
        ("webhook-signature", format!("v1,{}=", "A".repeat(43))),
    ]
}

/// The status, and the code of the refusal.
async fn send(target: &Target, path: &str, headers: &[(&str, String)]) -> Option<(u16, String)> {
    let mut request = target
        .request(Method::POST, path)
        .header("content-type", "application/json")
        .body(if path == APPLE { UNSIGNED } else { BODY });
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let (status, body) = target.json(request).await?;
    Some((status, body["code"].as_str().unwrap_or_default().to_owned()))
}

const NO_AGENT: Outcome = Outcome::NotTried("the address that was given is no voice agent's: see it in the dashboard");

/// What an answer to a message that nobody signed shows.
#[derive(Debug, PartialEq, Eq)]
enum Shows {
    /// It was looked at, and refused for its signature.
    Refused,
    /// There is no secret to look at it by, or nobody at that address.
    Nothing,
    TooMany,
    Taken,
}

fn shows(path: &str, status: u16) -> Shows {
    match status {
        401 => Shows::Refused,
        503 => Shows::Nothing,
        // Whose id is in the path is looked up first; Apple's address is there only where Apple is.
        404 if path.contains(NOBODY) || path == APPLE => Shows::Nothing,
        429 => Shows::TooMany,
        _ => Shows::Taken,
    }
}

pub(super) async fn signatures(target: &Target) -> Outcome {
    let mut refused = 0;
    let unsigned = routes::api()
        .iter()
        .filter(|route| route.door == Door::Webhook)
        .map(|route| (filled(route.path), Vec::new()))
        .collect::<Vec<_>>();
    let wrong = signed_at(now()).map(|(path, headers)| (path.to_owned(), headers));
    let voice = target.voice_agent.iter().flat_map(|path| {
        let question = format!("{path}/question");
        [(path.clone(), Vec::new()), (question, Vec::new()), (path.clone(), voice_at(now()))]
    });
    for (path, headers) in unsigned.into_iter().chain(wrong).chain(voice) {
        let Some((status, _)) = send(target, &path, &headers).await else {
            return UNREACHED;
        };
        match shows(&path, status) {
            Shows::Refused => refused += 1,
            Shows::Nothing => {}
            Shows::TooMany => return Outcome::NotTried("too many messages were refused from here lately: try it later"),
            Shows::Taken if status == 404 && target.voice_agent.as_deref().is_some_and(|agent| path.starts_with(agent)) => return NO_AGENT,
            Shows::Taken => {
                return Outcome::Broken(format!(
                    "{path} answers {status} to what nobody signed, and not that its signature is missing"
                ));
            }
        }
    }
    let voice = match &target.voice_agent {
        Some(_) => "a voice agent's among them",
        None => "none of a voice agent, whose address was not given (--voice-agent)",
    };
    match refused {
        0 => Outcome::Unproven("no provider that signs is set up here: whatever comes is refused, and no signature is looked at"),
        many => Outcome::Holds(format!("{many} messages that nobody signed were refused for that, {voice}")),
    }
}

pub(super) async fn replay(target: &Target) -> Outcome {
    let (mut told, at) = (0, now().saturating_sub(360));
    let voice = target.voice_agent.iter().map(|path| (path.as_str(), voice_at(at)));
    for (path, headers) in signed_at(at).into_iter().chain(voice) {
        let is_voice = Some(path) == target.voice_agent.as_deref();
        match send(target, path, &headers).await {
            None => return UNREACHED,
            Some((401, code)) if code == "timestamp_outside_window" => told += 1,
            // By who signs no time, or signs in a header that its customer chose.
            Some((401, _)) if is_voice => {}
            Some((404, _)) if is_voice => return NO_AGENT,
            // Without a secret nothing is taken, and nothing is looked at.
            Some((503, _)) => {}
            Some((429, _)) => return Outcome::NotTried("too many messages were refused from here lately: try it later"),
            Some((status, _)) => {
                return Outcome::Broken(format!(
                    "{path} answers {status} to a message of six minutes ago, and not that it is too old"
                ));
            }
        }
    }
    match told {
        0 => Outcome::Unproven(
            "neither Slack nor Stripe is set up here, and no voice agent that signs a time was given: whatever comes is refused",
        ),
        _ => Outcome::Holds("a message of six minutes ago is refused for its time".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_for_the_signature_counts_as_one() {
        let voice = format!("/webhooks/voice/{NOBODY}");
        for (path, status, expected) in [
            ("/webhooks/stripe", 401, Shows::Refused),
            ("/webhooks/stripe", 503, Shows::Nothing),
            ("/webhooks/stripe", 429, Shows::TooMany),
            // By who reads before it looks at the signature, or is not there.
            ("/webhooks/stripe", 400, Shows::Taken),
            ("/webhooks/stripe", 404, Shows::Taken),
            ("/webhooks/stripe", 204, Shows::Taken),
            (&voice, 404, Shows::Nothing),
            (&voice, 204, Shows::Taken),
            (APPLE, 404, Shows::Nothing),
        ] {
            assert_eq!(shows(path, status), expected, "{path} {status}");
        }
        assert!(routes::api().iter().any(|route| route.path == APPLE));
    }
}
