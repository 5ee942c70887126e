//! The calls of Slack's Web API that read channels: <https://docs.slack.dev/reference/methods>.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::text::Names;
use crate::sources::{
    call::{CallError, Client, Pace, ask, below, is_word, mark, web_address},
    connector::{ProviderError, Token},
};

/// What a page of a listing holds at most. Slack gives fewer where it likes to.
pub(super) const PAGE: &str = "200";
/// When Slack does not say how long to wait.
const WAIT_S: u64 = 30;
/// How long what people are called is believed.
const KEPT: Duration = Duration::from_secs(3_600);
const MOST_KEPT: usize = 20_000;

/// What was found, and until when it is believed: by the token, and by an id.
type Known = HashMap<([u8; 32], String), (Option<String>, Instant)>;

pub(super) struct Api {
    pub client: Client,
    pub base: Url,
    pub pace: Pace,
    pub known: Mutex<Known>,
}

#[derive(Deserialize)]
struct Outcome {
    ok: bool,
    #[serde(default)]
    error: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Messages {
    #[serde(default)]
    pub messages: Vec<Message>,
    #[serde(default)]
    pub has_more: bool,
    #[serde(default)]
    response_metadata: Metadata,
}

#[derive(Default, Deserialize)]
struct Metadata {
    #[serde(default)]
    next_cursor: String,
}

/// What was said, as far as it is of use.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message {
    pub ts: String,
    pub thread_ts: Option<String>,
    pub subtype: Option<String>,
    pub user: Option<String>,
    pub bot_id: Option<String>,
    pub bot_profile: Option<Value>,
    pub text: String,
    pub reply_count: u32,
    pub latest_reply: Option<String>,
    pub edited: Option<Edited>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Edited {
    ts: String,
}

impl Message {
    /// Said by a person: not by an app, and not Slack's own word for somebody who came or went.
    pub(super) fn is_human(&self) -> bool {
        let said = matches!(
            self.subtype.as_deref(),
            None | Some("file_share" | "thread_broadcast" | "me_message")
        );
        let somebody = self.user.as_deref().is_some_and(|user| user != "USLACKBOT");
        said && somebody && self.bot_id.is_none() && self.bot_profile.is_none()
    }

    pub(super) fn edited(&self) -> &str {
        self.edited.as_ref().map_or("", |edited| &edited.ts)
    }

    /// A reply, wherever it is shown.
    pub(super) fn is_reply(&self) -> bool {
        self.thread_ts.as_ref().is_some_and(|thread| *thread != self.ts)
    }
}

#[derive(Deserialize)]
pub(super) struct Channel {
    pub id: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub is_member: bool,
}

#[derive(Deserialize)]
struct Channels {
    #[serde(default)]
    channels: Vec<Channel>,
    #[serde(default)]
    response_metadata: Metadata,
}

#[derive(Deserialize)]
struct UserInfo {
    user: User,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    name: String,
    #[serde(default)]
    real_name: Option<String>,
    #[serde(default)]
    profile: Profile,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Profile {
    display_name: Option<String>,
    real_name: Option<String>,
}

impl User {
    fn called(self) -> String {
        let Profile { display_name, real_name } = self.profile;
        let named = [display_name, real_name, self.real_name].into_iter().flatten();
        named
            .map(|name| name.trim().to_owned())
            .find(|name| !name.is_empty())
            .unwrap_or(self.name)
    }
}

/// Slack's own word for why not.
pub(super) fn is_refusal(error: &ProviderError, codes: &[&str]) -> bool {
    matches!(error, ProviderError::Refused(code) | ProviderError::Barred(code) if codes.contains(&code.as_str()))
}

/// It is not there, or the app is not let into it.
pub(super) const SHUT: [&str; 3] = ["channel_not_found", "not_in_channel", "no_permission"];

/// What has to do with the team or its organisation, whatever is asked for.
const BARS: [&str; 8] = [
    "accesslimited",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "not_allowed_token_type",
    "org_login_required",
    "org_not_migrated",
    "team_access_not_granted",
    "two_factor_setup_required",
];

/// The app was installed before it asked for this.
pub(super) const MISSING_RIGHT: &str = "the app may not read channels there yet. Install it once more.";

fn failure(code: &str) -> ProviderError {
    match code {
        "ratelimited" | "rate_limited" => ProviderError::Later(WAIT_S),
        "account_inactive" | "invalid_auth" | "not_authed" | "token_expired" | "token_revoked" => ProviderError::Unauthorized,
        "internal_error" | "fatal_error" | "request_timeout" | "service_unavailable" | "team_added_to_org" => ProviderError::Unavailable,
        "missing_scope" => ProviderError::Barred(MISSING_RIGHT.to_owned()),
        code if BARS.contains(&code) => ProviderError::Barred(code.to_owned()),
        "invalid_cursor" | "invalid_ts_latest" => ProviderError::Restart,
        code if is_word(code) => ProviderError::Refused(code.to_owned()),
        _ => ProviderError::Refused("unknown".into()),
    }
}

impl Api {
    async fn call<T: DeserializeOwned>(&self, token: &Token, method: &str, form: &[(&str, &str)]) -> Result<T, CallError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.client.post(below(&self.base, &["api", method])?);
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = ask(request, token).await?;
        let outcome: Outcome = answer.json()?;
        match outcome.ok {
            true => Ok(answer.json()?),
            false => Err(failure(outcome.error.as_deref().unwrap_or_default()).into()),
        }
    }

    /// What was said in a channel before `latest`, the latest first.
    pub(super) async fn history(&self, token: &Token, channel: &str, latest: Option<&str>) -> Result<Messages, ProviderError> {
        self.pace.turn(token).await;
        let mut form = vec![("channel", channel), ("limit", PAGE)];
        form.extend(latest.map(|latest| ("latest", latest)));
        Ok(self.call(token, "conversations.history", &form).await?)
    }

    /// A page of a thread, its first message first, and what asks for the next.
    pub(super) async fn replies(
        &self,
        token: &Token,
        (channel, thread): (&str, &str),
        cursor: Option<&str>,
    ) -> Result<(Vec<Message>, Option<String>), CallError> {
        self.pace.turn(token).await;
        let mut form = vec![("channel", channel), ("ts", thread), ("limit", PAGE)];
        form.extend(cursor.map(|cursor| ("cursor", cursor)));
        let page: Messages = self.call(token, "conversations.replies", &form).await?;
        let next = Some(page.response_metadata.next_cursor).filter(|next| !next.is_empty());
        match next.is_some() && next.as_deref() == cursor {
            true => Err(ProviderError::Unreadable.into()),
            false => Ok((page.messages, next)),
        }
    }

    /// A page of the channels that the app may see, and what asks for the next.
    pub(super) async fn channels(
        &self,
        token: &Token,
        types: &str,
        cursor: Option<&str>,
    ) -> Result<(Vec<Channel>, Option<String>), ProviderError> {
        let mut form = vec![("types", types), ("exclude_archived", "true"), ("limit", PAGE)];
        form.extend(cursor.map(|cursor| ("cursor", cursor)));
        let page: Channels = self.call(token, "conversations.list", &form).await?;
        let next = Some(page.response_metadata.next_cursor).filter(|next| !next.is_empty());
        Ok((page.channels, next))
    }

    /// Where the team is read in a browser.
    pub(super) async fn home(&self, token: &Token) -> Result<Option<String>, ProviderError> {
        if let Some(known) = self.remembered(token, "home") {
            return Ok(known);
        }
        let said: Value = self.call(token, "auth.test", &[]).await?;
        let home = said["url"].as_str().and_then(web_address);
        self.remember(token, "home", home.clone());
        Ok(home)
    }

    /// What people are called. Those who are nobody any more, or may not be looked at, are left out.
    pub(super) async fn names(&self, token: &Token, ids: BTreeSet<&str>) -> Result<Names, ProviderError> {
        let mut names = Names::new();
        for id in ids {
            let name = match self.remembered(token, id) {
                Some(known) => known,
                None => {
                    let found = self.call::<UserInfo>(token, "users.info", &[("user", id)]).await;
                    let name = match found.map_err(ProviderError::from) {
                        Ok(found) => Some(found.user.called()),
                        Err(ProviderError::Refused(_)) => None,
                        Err(error) => return Err(error),
                    };
                    self.remember(token, id, name.clone());
                    name
                }
            };
            names.extend(name.map(|name| (id.to_owned(), name)));
        }
        Ok(names)
    }

    /// What was found a while ago with the same token: that there is nothing too.
    fn remembered(&self, token: &Token, what: &str) -> Option<Option<String>> {
        let (found, until) = self.lock().get(&(mark(token), what.to_owned())).cloned()?;
        (until > Instant::now()).then_some(found)
    }

    fn remember(&self, token: &Token, what: &str, found: Option<String>) {
        let mut known = self.lock();
        if known.len() >= MOST_KEPT {
            known.clear();
        }
        known.insert((mark(token), what.to_owned()), (found, Instant::now() + KEPT));
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_people_say_is_told_from_what_apps_and_slack_say() {
        for (message, human) in [
            (json!({ "type": "message", "user": "U1", "text": "a", "ts": "1.1" }), true),
            (
                json!({ "type": "message", "user": "U1", "subtype": "file_share", "ts": "1.1", "files": [] }),
                true,
            ),
            (
                json!({ "type": "message", "user": "U1", "subtype": "thread_broadcast", "ts": "1.1" }),
                true,
            ),
            (
                json!({ "type": "message", "user": "U1", "subtype": "channel_join", "ts": "1.1" }),
                false,
            ),
            (
                json!({ "type": "message", "user": "U1", "subtype": "tombstone", "ts": "1.1" }),
                false,
            ),
            (json!({ "type": "message", "user": "UBOT", "bot_id": "B1", "ts": "1.1" }), false),
            (
                json!({ "type": "message", "subtype": "bot_message", "bot_id": "B1", "ts": "1.1" }),
                false,
            ),
            (json!({ "type": "message", "user": "USLACKBOT", "ts": "1.1" }), false),
            (json!({ "type": "message", "ts": "1.1" }), false),
        ] {
            assert_eq!(Message::deserialize(&message).unwrap().is_human(), human, "{message}");
        }
    }

    #[test]
    fn each_refusal_is_what_it_is() {
        for (code, expected) in [
            ("ratelimited", ProviderError::Later(30)),
            ("token_revoked", ProviderError::Unauthorized),
            ("token_expired", ProviderError::Unauthorized),
            ("fatal_error", ProviderError::Unavailable),
            ("missing_scope", ProviderError::Barred(MISSING_RIGHT.into())),
            ("org_login_required", ProviderError::Barred("org_login_required".into())),
            ("team_access_not_granted", ProviderError::Barred("team_access_not_granted".into())),
            ("account_inactive", ProviderError::Unauthorized),
            ("invalid_cursor", ProviderError::Restart),
            ("channel_not_found", ProviderError::Refused("channel_not_found".into())),
            ("Bearer xoxb-1 is bad", ProviderError::Refused("unknown".into())),
        ] {
            assert_eq!(failure(code), expected, "{code}");
        }
    }
}
