//! What is said in the channels of the Slack at the network's edge, as its Web API tells it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

#[derive(Default)]
pub struct Channels {
    /// By the channel's id: its name, whether the app is in it, and all that was said, replies too.
    channels: BTreeMap<String, (String, bool, Vec<Value>)>,
    people: BTreeMap<String, String>,
}

/// Messages of one page.
const PAGE: usize = 3;

impl Channels {
    pub fn channel(&mut self, id: &str, name: &str, joined: bool) {
        self.channels.insert(id.into(), (name.into(), joined, Vec::new()));
    }

    pub fn person(&mut self, id: &str, name: &str) {
        self.people.insert(id.into(), name.into());
    }

    /// Says something, in a thread maybe.
    pub fn say(&mut self, channel: &str, (ts, thread): (&str, Option<&str>), user: &str, text: &str) {
        let mut message = json!({ "type": "message", "user": user, "text": text, "ts": ts });
        if let Some(thread) = thread {
            message["thread_ts"] = thread.into();
        }
        self.put(channel, message);
    }

    pub fn put(&mut self, channel: &str, message: Value) {
        self.channels.get_mut(channel).unwrap().2.push(message);
    }

    pub fn edit(&mut self, channel: &str, ts: &str, text: &str) {
        let said = &mut self.channels.get_mut(channel).unwrap().2;
        let message = said.iter_mut().find(|one| one["ts"] == ts).unwrap();
        (message["text"], message["edited"]) = (text.into(), json!({ "user": message["user"], "ts": ts }));
    }

    pub fn delete(&mut self, channel: &str, ts: &str) {
        self.channels.get_mut(channel).unwrap().2.retain(|one| one["ts"] != ts);
    }

    /// The app is removed from a channel.
    pub fn kick(&mut self, channel: &str) {
        self.channels.get_mut(channel).unwrap().1 = false;
    }

    pub fn answer(&self, method: &str, form: &BTreeMap<String, String>) -> Option<Value> {
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        Some(match method {
            "conversations.list" => {
                let seen = self.channels.iter();
                let seen = seen.map(|(id, (name, joined, _))| json!({ "id": id, "name": name, "is_member": joined, "is_channel": true }));
                json!({ "ok": true, "channels": seen.collect::<Vec<_>>(), "response_metadata": { "next_cursor": "" } })
            }
            "conversations.history" => match self.channels.get(field("channel")) {
                Some((_, true, said)) => history(said, field("latest")),
                Some(_) => json!({ "ok": false, "error": "not_in_channel" }),
                None => json!({ "ok": false, "error": "channel_not_found" }),
            },
            "conversations.replies" => match self.channels.get(field("channel")) {
                Some((_, true, said)) => replies(said, field("ts"), field("cursor")),
                _ => json!({ "ok": false, "error": "channel_not_found" }),
            },
            "users.info" => match self.people.get(field("user")) {
                Some(name) => json!({ "ok": true, "user": { "id": field("user"), "name": "x", "profile": { "display_name": name } } }),
                None => json!({ "ok": false, "error": "user_not_found" }),
            },
            "auth.test" => json!({ "ok": true, "url": "https://lantern.slack.com/", "team": "Lantern" }),
            _ => return None,
        })
    }
}

fn in_thread<'a>(said: &'a [Value], root: &str) -> Vec<&'a Value> {
    let mut thread: Vec<&Value> = said.iter().filter(|one| one["ts"] == root || one["thread_ts"] == root).collect();
    thread.sort_by_key(|one| one["ts"].as_str().unwrap());
    thread
}

/// What stands in the channel itself, the latest first. Of threads only their first message, with what is seen of the rest.
fn history(said: &[Value], before: &str) -> Value {
    let is_reply = |one: &Value| one["thread_ts"].is_string() && one["thread_ts"] != one["ts"];
    let mut roots: Vec<Value> = said.iter().filter(|one| !is_reply(one)).cloned().collect();
    roots.sort_by(|one, other| other["ts"].as_str().cmp(&one["ts"].as_str()));
    roots.retain(|one| before.is_empty() || one["ts"].as_str().unwrap() < before);
    for root in &mut roots {
        let thread = in_thread(said, root["ts"].as_str().unwrap());
        if thread.len() > 1 {
            let (count, latest) = (thread.len() - 1, thread.last().unwrap()["ts"].clone());
            (root["reply_count"], root["latest_reply"]) = (count.into(), latest);
            root["thread_ts"] = root["ts"].clone();
        }
    }
    let more = roots.len() > PAGE;
    roots.truncate(PAGE);
    json!({ "ok": true, "messages": roots, "has_more": more, "response_metadata": { "next_cursor": if more { "bmV4dA==" } else { "" } } })
}

fn replies(said: &[Value], root: &str, cursor: &str) -> Value {
    let thread = in_thread(said, root);
    if thread.is_empty() {
        return json!({ "ok": false, "error": "thread_not_found" });
    }
    let from: usize = cursor.parse().unwrap_or(0);
    let page: Vec<&Value> = thread.iter().copied().skip(from).take(PAGE).collect();
    let next = if from + PAGE < thread.len() {
        (from + PAGE).to_string()
    } else {
        String::new()
    };
    json!({ "ok": true, "messages": page, "has_more": !next.is_empty(), "response_metadata": { "next_cursor": next } })
}
