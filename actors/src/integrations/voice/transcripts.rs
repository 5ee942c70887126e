//! What each provider says of a call that is over.

use chrono::DateTime;
use entities::Millis;
use serde_json::Value;

use super::call::{Call, CallResult, Spoken};
use crate::webhooks::VoiceProvider;

/// What a message tells.
pub(super) enum Told {
    Call(Box<Call>),
    /// Nothing that is kept here, and why.
    Nothing(&'static str),
}

const UNREADABLE: &str = "The message is signed, and is not the JSON that this provider sends.";
const NOT_OVER: &str = "It does not tell of a call that is over.";
const NO_ID: &str = "It does not say of which call it tells.";

/// Reads a proved message.
///
/// # Errors
/// For people: why it cannot be read.
pub(super) fn read(provider: VoiceProvider, body: &[u8]) -> Result<Told, &'static str> {
    let value: Value = serde_json::from_slice(body).map_err(|_| UNREADABLE)?;
    let call = match provider {
        VoiceProvider::ElevenLabs => elevenlabs(&value),
        VoiceProvider::Retell => retell(&value),
        VoiceProvider::Vapi => vapi(&value),
        VoiceProvider::Bland => bland(&value),
        VoiceProvider::Standard => standard(&value),
    };
    let Some(mut call) = call else { return Ok(Told::Nothing(NOT_OVER)) };
    if call.id.is_empty() || call.id.len() > 255 {
        return Err(NO_ID);
    }
    call.result.provider = provider.as_str().to_owned();
    Ok(Told::Call(Box::new(call.bounded())))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned).filter(|text| !text.trim().is_empty())
}

fn moment(value: &Value) -> Option<Millis> {
    let at = DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    Some(at.timestamp_millis())
}

/// A number, or text that is one.
fn number(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())
        .filter(|number| number.is_finite())
}

/// `None` for what is no such length of time.
fn thousandths(seconds: f64) -> Option<Millis> {
    // A week; what is longer is a mistake.
    (0.0..604_800.0).contains(&seconds).then(|| (seconds * 1000.0).round() as Millis)
}

fn whole_seconds(seconds: f64) -> Option<i32> {
    i32::try_from(thousandths(seconds)? / 1000).ok()
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::String(word) => match word.to_lowercase().as_str() {
            "success" | "true" | "pass" => Some(true),
            "failure" | "false" | "fail" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// The simple values of an object, by name.
fn details(value: &Value, inner: &str) -> Vec<(String, String)> {
    let entries = value.as_object().into_iter().flatten();
    let shown = entries.filter_map(|(name, value)| {
        let value = if value.is_object() { &value[inner] } else { value };
        let value = match value {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => value.to_string(),
        };
        Some((name.clone(), value))
    });
    shown.collect()
}

fn turns(value: &Value, turn: impl Fn(&Value) -> Option<Spoken>) -> Vec<Spoken> {
    value.as_array().into_iter().flatten().filter_map(turn).collect()
}

fn elevenlabs(value: &Value) -> Option<Call> {
    if value["type"] != "post_call_transcription" {
        return None;
    }
    let data = &value["data"];
    let (about, analysis) = (&data["metadata"], &data["analysis"]);
    let mut found = details(&analysis["data_collection_results"], "value");
    found.extend(details(&analysis["evaluation_criteria_results"], "result"));
    Some(Call {
        id: text(&data["conversation_id"]).unwrap_or_default(),
        started_at: about["start_time_unix_secs"].as_i64().and_then(|at| at.checked_mul(1000)),
        duration_s: number(&about["call_duration_secs"]).and_then(whole_seconds),
        turns: turns(&data["transcript"], |turn| {
            Some(Spoken {
                by_caller: turn["role"] == "user",
                text: text(&turn["message"])?,
                at: number(&turn["time_in_call_secs"]).and_then(thousandths),
            })
        }),
        result: CallResult {
            ended: text(&about["termination_reason"]),
            successful: truth(&analysis["call_successful"]),
            summary: text(&analysis["transcript_summary"]),
            details: found,
            ..CallResult::default()
        },
    })
}

fn retell(value: &Value) -> Option<Call> {
    if value["event"] != "call_ended" && value["event"] != "call_analyzed" {
        return None;
    }
    let (call, analysis) = (&value["call"], &value["call"]["call_analysis"]);
    Some(Call {
        id: text(&call["call_id"]).unwrap_or_default(),
        started_at: call["start_timestamp"].as_i64(),
        duration_s: number(&call["duration_ms"]).and_then(|ms| whole_seconds(ms / 1000.0)),
        turns: turns(&call["transcript_object"], |turn| {
            Some(Spoken {
                by_caller: turn["role"] == "user",
                text: text(&turn["content"])?,
                at: number(&turn["words"][0]["start"]).and_then(thousandths),
            })
        }),
        result: CallResult {
            ended: text(&call["disconnection_reason"]),
            successful: truth(&analysis["call_successful"]),
            summary: text(&analysis["call_summary"]),
            sentiment: text(&analysis["user_sentiment"]),
            details: details(&analysis["custom_analysis_data"], "value"),
            ..CallResult::default()
        },
    })
}

fn vapi(value: &Value) -> Option<Call> {
    let message = &value["message"];
    if message["type"] != "end-of-call-report" {
        return None;
    }
    let (call, artifact, analysis) = (&message["call"], &message["artifact"], &message["analysis"]);
    let started_at = moment(&message["startedAt"]).or_else(|| moment(&call["startedAt"]));
    let ended_at = moment(&message["endedAt"]).or_else(|| moment(&call["endedAt"]));
    let lasted = || Some((ended_at? - started_at?) as f64 / 1000.0);
    Some(Call {
        id: text(&call["id"]).unwrap_or_default(),
        started_at,
        duration_s: number(&message["durationSeconds"]).or_else(lasted).and_then(whole_seconds),
        turns: turns(&artifact["messages"], |turn| {
            let by_caller = match turn["role"].as_str()? {
                "user" => true,
                "bot" | "assistant" => false,
                // The prompt, and calls of tools.
                _ => return None,
            };
            Some(Spoken {
                by_caller,
                text: text(&turn["message"]).or_else(|| text(&turn["content"]))?,
                at: number(&turn["secondsFromStart"]).and_then(thousandths),
            })
        }),
        result: CallResult {
            ended: text(&message["endedReason"]),
            successful: truth(&analysis["successEvaluation"]),
            summary: text(&analysis["summary"]).or_else(|| text(&message["summary"])),
            details: details(&analysis["structuredData"], "value"),
            ..CallResult::default()
        },
    })
}

fn bland(value: &Value) -> Option<Call> {
    // It sends the call itself, and smaller messages in between, which hold no turns.
    let spoken = &value["transcripts"];
    if !spoken.is_array() || value["completed"] == false {
        return None;
    }
    let started_at = moment(&value["started_at"]).or_else(|| moment(&value["created_at"]));
    let minutes = || Some(number(&value["call_length"])? * 60.0);
    let seconds = number(&value["corrected_duration"]).or_else(minutes);
    Some(Call {
        id: text(&value["call_id"]).or_else(|| text(&value["c_id"])).unwrap_or_default(),
        started_at,
        duration_s: seconds.and_then(whole_seconds),
        turns: turns(spoken, |turn| {
            let by_caller = match turn["user"].as_str()? {
                "user" => true,
                "assistant" | "robot" => false,
                _ => return None,
            };
            let at = moment(&turn["created_at"]).zip(started_at).map(|(at, start)| (at - start).max(0));
            Some(Spoken {
                by_caller,
                text: text(&turn["text"])?,
                at,
            })
        }),
        result: CallResult {
            ended: text(&value["call_ended_by"]).or_else(|| text(&value["status"])),
            summary: text(&value["summary"]),
            details: details(&value["analysis"], "value"),
            ..CallResult::default()
        },
    })
}

/// Our own, for whoever signs as Standard Webhooks says: docs/voice.md describes it.
fn standard(value: &Value) -> Option<Call> {
    if value["type"] != "call.completed" {
        return None;
    }
    let data = &value["data"];
    Some(Call {
        id: text(&data["call_id"]).unwrap_or_default(),
        started_at: moment(&data["started_at"]),
        duration_s: number(&data["duration_s"]).and_then(whole_seconds),
        turns: turns(&data["turns"], |turn| {
            let by_caller = match turn["role"].as_str()? {
                "caller" | "user" => true,
                "agent" | "assistant" => false,
                _ => return None,
            };
            Some(Spoken {
                by_caller,
                text: text(&turn["text"])?,
                at: number(&turn["at_s"]).and_then(thousandths),
            })
        }),
        result: CallResult {
            ended: text(&data["outcome"]),
            successful: truth(&data["successful"]),
            summary: text(&data["summary"]),
            sentiment: text(&data["sentiment"]),
            details: details(&data["details"], "value"),
            ..CallResult::default()
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(provider: VoiceProvider, value: Value) -> Call {
        match read(provider, value.to_string().as_bytes()) {
            Ok(Told::Call(call)) => *call,
            Ok(Told::Nothing(why)) | Err(why) => panic!("{provider:?}: {why}"),
        }
    }

    #[test]
    fn every_provider_s_account_of_a_call_is_brought_into_one_form() {
        let told = [
            (
                VoiceProvider::ElevenLabs,
                json!({ "type": "post_call_transcription", "event_timestamp": 1_700_000_100, "data": {
                    "conversation_id": "c1", "status": "done",
                    "transcript": [
                        { "role": "agent", "message": "Hello.", "time_in_call_secs": 0 },
                        { "role": "user", "message": "How do I export?", "time_in_call_secs": 3 },
                        { "role": "agent", "message": null, "tool_calls": [], "time_in_call_secs": 5 } ],
                    "metadata": { "start_time_unix_secs": 1_700_000_000, "call_duration_secs": 42, "termination_reason": "hung up" },
                    "analysis": { "call_successful": "success", "transcript_summary": "About exports.",
                        "data_collection_results": { "plan": { "value": "pro" } } } } }),
            ),
            (
                VoiceProvider::Retell,
                json!({ "event": "call_analyzed", "call": {
                    "call_id": "c1", "start_timestamp": 1_700_000_000_000_i64, "duration_ms": 42_500,
                    "transcript_object": [
                        { "role": "agent", "content": "Hello.", "words": [{ "word": "Hello", "start": 0.0, "end": 0.4 }] },
                        { "role": "user", "content": "How do I export?", "words": [{ "word": "How", "start": 3.0, "end": 3.1 }] } ],
                    "disconnection_reason": "hung up",
                    "call_analysis": { "call_summary": "About exports.", "call_successful": true, "user_sentiment": "Positive",
                        "custom_analysis_data": { "plan": "pro" } } } }),
            ),
            (
                VoiceProvider::Vapi,
                json!({ "message": { "type": "end-of-call-report", "endedReason": "hung up", "call": { "id": "c1" },
                    "startedAt": "2023-11-14T22:13:20.000Z", "endedAt": "2023-11-14T22:14:02.000Z",
                    "artifact": { "messages": [
                        { "role": "system", "message": "You are …", "secondsFromStart": 0 },
                        { "role": "bot", "message": "Hello.", "secondsFromStart": 0.0 },
                        { "role": "user", "message": "How do I export?", "secondsFromStart": 3.0 } ] },
                    "analysis": { "summary": "About exports.", "successEvaluation": "true", "structuredData": { "plan": "pro" } } } }),
            ),
            (
                VoiceProvider::Bland,
                json!({ "call_id": "c1", "completed": true, "started_at": "2023-11-14T22:13:20Z", "corrected_duration": "42",
                    "call_ended_by": "hung up", "summary": "About exports.", "analysis": { "plan": "pro" },
                    "transcripts": [
                        { "user": "assistant", "text": "Hello.", "created_at": "2023-11-14T22:13:20Z" },
                        { "user": "agent-action", "text": "Looked something up", "created_at": "2023-11-14T22:13:21Z" },
                        { "user": "user", "text": "How do I export?", "created_at": "2023-11-14T22:13:23Z" } ] }),
            ),
            (
                VoiceProvider::Standard,
                json!({ "type": "call.completed", "data": { "call_id": "c1", "started_at": "2023-11-14T22:13:20Z", "duration_s": 42,
                    "outcome": "hung up", "summary": "About exports.", "successful": true, "details": { "plan": "pro" },
                    "turns": [ { "role": "agent", "text": "Hello.", "at_s": 0 }, { "role": "caller", "text": "How do I export?", "at_s": 3 } ] } }),
            ),
        ];
        for (provider, value) in told {
            let found = call(provider, value);
            assert_eq!(
                (found.id.as_str(), found.started_at),
                ("c1", Some(1_700_000_000_000)),
                "{provider:?}"
            );
            assert_eq!(found.duration_s, Some(42), "{provider:?}");
            let spoken = |by_caller, text: &str, at| Spoken {
                by_caller,
                text: text.into(),
                at: Some(at),
            };
            let expected = [spoken(false, "Hello.", 0), spoken(true, "How do I export?", 3000)];
            assert_eq!(found.turns, expected, "{provider:?}");
            assert_eq!(found.result.ended.as_deref(), Some("hung up"), "{provider:?}");
            assert_eq!(found.result.summary.as_deref(), Some("About exports."), "{provider:?}");
            assert_eq!(found.result.details, [("plan".to_owned(), "pro".to_owned())], "{provider:?}");
            assert_eq!(found.result.provider, provider.as_str());
        }
    }

    #[test]
    fn what_tells_of_no_call_that_is_over_is_ignored_and_what_is_no_json_is_refused() {
        let providers = ["elevenlabs", "retell", "vapi", "bland", "standard"].map(|name| VoiceProvider::parse(name).unwrap());
        for provider in providers {
            for other in [
                json!({}),
                json!([]),
                json!("text"),
                json!({ "type": "x", "event": "call_started", "message": 1 }),
            ] {
                let told = read(provider, other.to_string().as_bytes());
                assert!(matches!(told, Ok(Told::Nothing(_))), "{provider:?} {other}");
            }
            for bytes in [&b"\xff\xfe"[..], b"", b"{", b"call=1"] {
                assert!(read(provider, bytes).is_err(), "{provider:?}");
            }
        }
        let nameless = json!({ "event": "call_ended", "call": { "transcript_object": [] } });
        assert!(read(VoiceProvider::Retell, nameless.to_string().as_bytes()).is_err());
    }

    #[test]
    fn numbers_and_texts_out_of_bounds_are_cut_or_dropped() {
        let value = json!({ "event": "call_ended", "call": { "call_id": "c", "duration_ms": 1e300, "start_timestamp": i64::MAX,
            "transcript_object": (0..3000).map(|_| json!({ "role": "user", "content": "a".repeat(12_000), "words": [{ "start": -1 }] })).collect::<Vec<_>>() } });
        let found = call(VoiceProvider::Retell, value);
        assert_eq!(
            (found.turns.len(), found.turns[0].text.len(), found.turns[0].at),
            (2000, 10_000, None)
        );
        assert_eq!(found.duration_s, None);
    }
}
