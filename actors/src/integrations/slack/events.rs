//! What Slack sends, read. A pure core: bytes in, meaning out. Only what was verified comes here.

use entities::{MessageId, Millis};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::text::mentions;
use crate::text::hex;

/// What a request of Slack's is about, as far as must be known to acknowledge it.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// Slack asks whether this is the address.
    Challenge(String),
    /// For the tenant that the team leads to. `payload` is JSON.
    Event {
        team: String,
        external_id: String,
        payload: Vec<u8>,
    },
    /// Slack says that a team sends too much.
    Limited,
    /// Asks for nothing here.
    Nothing,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    challenge: Option<String>,
    #[serde(default)]
    team_id: Option<String>,
    #[serde(default)]
    event_id: Option<String>,
    #[serde(default)]
    authorizations: Vec<Authorization>,
}

#[derive(Deserialize)]
struct Authorization {
    #[serde(default)]
    team_id: Option<String>,
}

/// Longer than any id of Slack's.
const ID: usize = 100;

fn id(found: Option<String>) -> Option<String> {
    found.filter(|text| !text.is_empty() && text.len() <= ID)
}

/// Reads a request to the address for events. `None` when it is none.
#[must_use]
pub fn read_event(body: &[u8]) -> Option<Incoming> {
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    match envelope.kind.as_str() {
        "url_verification" => Some(Incoming::Challenge(envelope.challenge?)),
        "app_rate_limited" => Some(Incoming::Limited),
        "event_callback" => {
            // In a channel that two teams share, the event may happen in the other one: what counts is whose installation hears it.
            let mut installed = envelope.authorizations.into_iter().filter_map(|one| one.team_id);
            let team = id(installed.next().or(envelope.team_id))?;
            let external_id = id(envelope.event_id)?;
            let payload = body.to_vec();
            Some(Incoming::Event {
                team,
                external_id,
                payload,
            })
        }
        _ => Some(Incoming::Nothing),
    }
}

/// Reads a request to the address for buttons, which is a form with JSON in it.
#[must_use]
pub fn read_action(body: &[u8]) -> Option<Incoming> {
    let payload = form_urlencoded::parse(body).find(|(name, _)| name == "payload")?.1.into_owned();
    let value: Value = serde_json::from_str(&payload).ok()?;
    if value["type"] != "block_actions" {
        return Some(Incoming::Nothing);
    }
    let team = id(value["team"]["id"].as_str().map(str::to_owned))?;
    // It has no id. The time of the press is in it, so that a second press is another one.
    let hash = Sha256::digest(payload.as_bytes());
    Some(Incoming::Event {
        team,
        external_id: hex(&hash),
        payload: payload.into_bytes(),
    })
}

/// That somebody found an answer helpful, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Judgement {
    pub message: MessageId,
    pub helpful: bool,
}

const HELPFUL: &str = "pernoex_helpful";
const UNHELPFUL: &str = "pernoex_unhelpful";

impl Judgement {
    /// What its button is called.
    pub(super) fn action(self) -> &'static str {
        if self.helpful { HELPFUL } else { UNHELPFUL }
    }
}

/// A question, and where its answer belongs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub user: String,
    pub channel: String,
    /// The thread's first message, which may be the question itself.
    pub thread: String,
    /// As Slack wrote it.
    pub text: String,
    /// Said to the app alone.
    pub direct: bool,
    /// Asked of the app by name, or to it alone. A mere reply is a question only in a thread of the app's own.
    pub addressed: bool,
}

/// What something that Slack sent asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Asked(Question),
    Judged {
        judgement: Judgement,
        user: String,
        channel: String,
        thread: String,
    },
    /// Something that was said in a channel is not so any more.
    Changed {
        channel: String,
        /// The thread's first message, which may be what changed.
        thread: String,
        /// It was deleted, not edited.
        deleted: bool,
    },
    /// What was said in a channel is not for the app any more: it was deleted, or the app was taken out of it.
    Shut {
        channel: String,
    },
    Uninstalled {
        at: Millis,
    },
    /// Tokens of these bot users.
    Revoked {
        bots: Vec<String>,
        at: Millis,
    },
    /// Nothing, and why.
    Nothing(&'static str),
}

#[derive(Deserialize)]
struct Callback {
    #[serde(default)]
    event: Event,
    /// Seconds.
    #[serde(default)]
    event_time: Millis,
}

#[derive(Default, Deserialize)]
struct Event {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    subtype: Option<String>,
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    bot_id: Option<Value>,
    #[serde(default)]
    bot_profile: Option<Value>,
    #[serde(default)]
    edited: Option<Value>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    channel: Option<String>,
    #[serde(default)]
    channel_type: Option<String>,
    #[serde(default)]
    ts: Option<String>,
    #[serde(default)]
    thread_ts: Option<String>,
    #[serde(default)]
    tokens: Tokens,
    /// Of a message that was edited: as it is, and as it was. Of one that was deleted: the latter.
    #[serde(default)]
    message: Option<Said>,
    #[serde(default)]
    previous_message: Option<Said>,
    #[serde(default)]
    deleted_ts: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    subtype: Option<String>,
    #[serde(default)]
    ts: Option<String>,
    #[serde(default)]
    thread_ts: Option<String>,
}

#[derive(Default, Deserialize)]
struct Tokens {
    #[serde(default)]
    bot: Vec<String>,
}

/// Whose installation heard what was stored.
pub(super) fn team(payload: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(payload).ok()?;
    let found = ["/authorizations/0/team_id", "/team_id", "/team/id"]
        .iter()
        .find_map(|pointer| value.pointer(pointer).and_then(Value::as_str));
    id(found.map(str::to_owned))
}

/// Reads what was stored of it, for an app that speaks as `bot_user`.
pub(super) fn heard(payload: &[u8], bot_user: &str) -> Heard {
    let Ok(value) = serde_json::from_slice::<Value>(payload) else {
        return Heard::Nothing("It could not be read.");
    };
    if value["type"] == "block_actions" {
        return judged(&value);
    }
    let Ok(Callback { event, event_time }) = serde_json::from_value::<Callback>(value) else {
        return Heard::Nothing("It could not be read.");
    };
    let at = event_time.saturating_mul(1000);
    match event.kind.as_str() {
        "app_uninstalled" => Heard::Uninstalled { at },
        "tokens_revoked" => Heard::Revoked {
            bots: event.tokens.bot,
            at,
        },
        "channel_deleted" | "channel_left" | "group_deleted" | "group_left" => shut(event),
        // Of everybody who leaves a channel.
        "member_left_channel" if event.user.as_deref() == Some(bot_user) => shut(event),
        "app_mention" | "message" => changed(&event).unwrap_or_else(|| asked(event, bot_user)),
        _ => Heard::Nothing("Nothing here asks for events of this kind."),
    }
}

/// That something was deleted or edited in a channel. Slack shows a deleted message that has replies as one that was edited.
fn changed(event: &Event) -> Option<Heard> {
    let deleted = match event.subtype.as_deref()? {
        "message_deleted" => true,
        "message_changed" => event.message.as_ref()?.subtype.as_deref() == Some("tombstone"),
        _ => return None,
    };
    if event.channel_type.as_deref() == Some("im") {
        return None;
    }
    let said = || [&event.message, &event.previous_message].into_iter().flatten();
    let thread = said()
        .find_map(|said| said.thread_ts.clone())
        .or_else(|| said().find_map(|said| said.ts.clone()))
        .or_else(|| event.deleted_ts.clone());
    Some(Heard::Changed {
        channel: id(event.channel.clone())?,
        thread: id(thread)?,
        deleted,
    })
}

fn shut(event: Event) -> Heard {
    match id(event.channel) {
        Some(channel) => Heard::Shut { channel },
        None => Heard::Nothing("It could not be read."),
    }
}

fn asked(event: Event, bot_user: &str) -> Heard {
    if event.bot_id.is_some() || event.bot_profile.is_some() || event.user.as_deref() == Some(bot_user) {
        return Heard::Nothing("It was said by an app.");
    }
    if event.edited.is_some() {
        return Heard::Nothing("It is a message that was edited.");
    }
    if event.subtype.is_some_and(|kind| kind != "file_share" && kind != "thread_broadcast") {
        return Heard::Nothing("It is no message of a person.");
    }
    let (Some(user), Some(channel), Some(ts)) = (id(event.user), id(event.channel), id(event.ts)) else {
        return Heard::Nothing("It could not be read.");
    };
    let text = event.text.unwrap_or_default();
    let (mention, direct) = (event.kind == "app_mention", event.channel_type.as_deref() == Some("im"));
    if !mention && !direct && mentions(&text, bot_user) {
        return Heard::Nothing("It comes once more as a mention.");
    }
    if !mention && !direct && event.thread_ts.is_none() {
        return Heard::Nothing("It was not said to the app.");
    }
    Heard::Asked(Question {
        user,
        channel,
        thread: id(event.thread_ts).unwrap_or(ts),
        text,
        direct,
        addressed: mention || direct,
    })
}

fn judged(value: &Value) -> Heard {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let helpful = match value.pointer("/actions/0/action_id").and_then(Value::as_str) {
        Some(HELPFUL) => true,
        Some(UNHELPFUL) => false,
        _ => return Heard::Nothing("It is no button of ours."),
    };
    let message = text("/actions/0/value").and_then(|id| id.parse().ok());
    let place = text("/channel/id").zip(text("/message/thread_ts").or_else(|| text("/message/ts")));
    match (message, place, text("/user/id")) {
        (Some(message), Some((channel, thread)), Some(user)) => Heard::Judged {
            judgement: Judgement { message, helpful },
            user,
            channel,
            thread,
        },
        _ => Heard::Nothing("It could not be read."),
    }
}
