use entities::MessageId;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::events::{Heard, Incoming, Judgement, Question, heard, read_action, read_event};

fn told(event: Value) -> Heard {
    let payload = json!({ "type": "event_callback", "event_time": 1_700_000_000, "event": event });
    heard(payload.to_string().as_bytes(), "UBOT")
}

fn question(event: Value) -> Question {
    match told(event) {
        Heard::Asked(question) => question,
        other => panic!("{other:?}"),
    }
}

fn is_nothing(event: Value) -> bool {
    matches!(told(event), Heard::Nothing(_))
}

#[test]
fn mentions_direct_messages_and_replies_are_questions() {
    let mention = json!({ "type": "app_mention", "user": "U1", "text": "<@UBOT> hi", "ts": "1.1", "channel": "C1" });
    let found = question(mention.clone());
    assert_eq!((found.thread.as_str(), found.direct, found.addressed), ("1.1", false, true));
    let mut reply = mention;
    reply["thread_ts"] = json!("0.9");
    assert_eq!(question(reply).thread, "0.9");
    let direct = json!({ "type": "message", "channel_type": "im", "user": "U1", "text": "hi", "ts": "2.1", "channel": "D1" });
    assert!(question(direct).direct);
    let reply = json!({ "type": "message", "channel_type": "channel", "user": "U1", "text": "and?", "ts": "2.1", "thread_ts": "1.1", "channel": "C1" });
    assert!(!question(reply).addressed);
}

#[test]
fn what_apps_say_and_what_is_no_message_is_left_alone() {
    let base = json!({ "type": "message", "channel_type": "im", "user": "U1", "text": "hi", "ts": "1.1", "channel": "D1" });
    for (name, value) in [
        ("bot_id", json!("B1")),
        ("bot_profile", json!({})),
        ("user", json!("UBOT")),
        ("user", Value::Null),
        ("subtype", json!("message_changed")),
        ("subtype", json!("bot_message")),
        ("edited", json!({ "user": "U1" })),
        ("ts", Value::Null),
    ] {
        let mut event = base.clone();
        event[name] = value;
        assert!(is_nothing(event), "{name}");
    }
    let channel = json!({ "type": "message", "channel_type": "channel", "user": "U1", "text": "<@UBOT> hi", "ts": "1", "channel": "C1" });
    assert!(is_nothing(channel), "a mention is heard once");
    let aside = json!({ "type": "message", "channel_type": "channel", "user": "U1", "text": "hi", "ts": "1", "channel": "C1" });
    assert!(is_nothing(aside), "what is not said to the app");
    assert!(is_nothing(json!({ "type": "reaction_added" })));
    assert!(matches!(heard(b"\xff", "UBOT"), Heard::Nothing(_)));
}

#[test]
fn what_is_deleted_or_edited_in_a_channel_is_heard_with_its_thread() {
    let said = |ts: &str, thread: Option<&str>| json!({ "type": "message", "user": "U1", "text": "x", "ts": ts, "thread_ts": thread });
    let event = |subtype: &str, more: Value| {
        let mut event =
            json!({ "type": "message", "channel_type": "channel", "subtype": subtype, "channel": "C1", "ts": "9.9", "hidden": true });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let tombstone = json!({ "type": "message", "subtype": "tombstone", "user": "USLACKBOT", "ts": "1.1", "thread_ts": "1.1" });
    for (event, thread, deleted) in [
        (
            event(
                "message_deleted",
                json!({ "deleted_ts": "2.2", "previous_message": said("2.2", Some("1.1")) }),
            ),
            "1.1",
            true,
        ),
        (
            event(
                "message_deleted",
                json!({ "deleted_ts": "1.1", "previous_message": said("1.1", None) }),
            ),
            "1.1",
            true,
        ),
        (event("message_deleted", json!({ "deleted_ts": "1.1" })), "1.1", true),
        (
            event(
                "message_changed",
                json!({ "message": said("2.2", Some("1.1")), "previous_message": said("2.2", Some("1.1")) }),
            ),
            "1.1",
            false,
        ),
        (
            event(
                "message_changed",
                json!({ "message": said("1.1", None), "previous_message": said("1.1", None) }),
            ),
            "1.1",
            false,
        ),
        (
            event(
                "message_changed",
                json!({ "message": tombstone, "previous_message": said("1.1", Some("1.1")) }),
            ),
            "1.1",
            true,
        ),
    ] {
        let expected = Heard::Changed {
            channel: "C1".into(),
            thread: thread.into(),
            deleted,
        };
        assert_eq!(told(event.clone()), expected, "{event}");
    }
    assert!(is_nothing(event("message_changed", json!({}))), "an edit of nothing");
    let mut alone = event("message_deleted", json!({ "deleted_ts": "1.1" }));
    alone["channel_type"] = "im".into();
    assert!(is_nothing(alone), "what is said to the app alone is no knowledge");
}

#[test]
fn the_end_of_an_installation_is_heard_with_its_time() {
    assert_eq!(
        told(json!({ "type": "app_uninstalled" })),
        Heard::Uninstalled { at: 1_700_000_000_000 }
    );
    let revoked = json!({ "type": "tokens_revoked", "tokens": { "oauth": ["U1"], "bot": ["UBOT"] } });
    assert!(matches!(told(revoked), Heard::Revoked { bots, .. } if bots == ["UBOT"]));
    assert!(matches!(told(json!({ "type": "tokens_revoked" })), Heard::Revoked { bots, .. } if bots.is_empty()));
}

#[test]
fn an_envelope_leads_to_the_team_whose_installation_hears_it() {
    let body =
        json!({ "type": "event_callback", "team_id": "TELSE", "event_id": "Ev1", "authorizations": [{ "team_id": "TOURS" }] }).to_string();
    let Some(Incoming::Event {
        team,
        external_id,
        payload,
    }) = read_event(body.as_bytes())
    else {
        panic!("an event")
    };
    assert_eq!((team.as_str(), external_id.as_str(), payload), ("TOURS", "Ev1", body.into_bytes()));
    let challenge = br#"{"type":"url_verification","challenge":"abc","token":"t"}"#;
    assert_eq!(read_event(challenge), Some(Incoming::Challenge("abc".into())));
    assert_eq!(read_event(br#"{"type":"app_rate_limited"}"#), Some(Incoming::Limited));
    assert_eq!(read_event(br#"{"type":"event_callback","team_id":"T1"}"#), None);
    assert_eq!(read_event(b"[]"), None);
}

#[test]
fn a_button_is_read_out_of_its_form() {
    let message = MessageId::new();
    let payload = json!({
        "type": "block_actions", "team": { "id": "T1" }, "user": { "id": "U1" }, "channel": { "id": "C1" },
        "message": { "ts": "1.2", "thread_ts": "1.1" },
        "actions": [{ "action_id": "pernoex_unhelpful", "value": message.to_string(), "action_ts": "3" }],
    });
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload.to_string())
        .finish();
    let Some(Incoming::Event {
        team,
        external_id,
        payload,
    }) = read_action(form.as_bytes())
    else {
        panic!("an event")
    };
    assert_eq!((team.as_str(), external_id.len()), ("T1", 64));
    let judgement = Judgement { message, helpful: false };
    let expected = Heard::Judged {
        judgement,
        user: "U1".into(),
        channel: "C1".into(),
        thread: "1.1".into(),
    };
    assert_eq!(heard(&payload, "UBOT"), expected);
    assert_eq!(read_action(b"payload=%7B%7D"), Some(Incoming::Nothing));
    assert_eq!(read_action(b"other=1"), None);
}
