//! What is asked of Slack, and what an operator pastes there.

use serde_json::{Value, json};
use url::Url;
use zeroize::Zeroizing;

/// How this installation is known to Slack.
pub struct SlackSettings {
    pub client_id: String,
    pub client_secret: Zeroizing<String>,
    /// Where Slack is: `https://slack.com`.
    pub url: Url,
    /// Where this server is, as browsers and Slack reach it.
    pub here: Url,
    /// Whether replies in a thread are answered that do not mention the app.
    pub thread_replies: bool,
    /// Whether channels can be sources of knowledge.
    pub sources: bool,
}

pub(super) const CALLBACK: &str = "/slack/callback";

/// What the app may do there: be mentioned, answer, and read what is said to it alone; what is said in channels only where that is wanted,
/// and their names and those of people only where channels are knowledge.
pub(super) fn scopes(thread_replies: bool, sources: bool) -> Vec<&'static str> {
    let mut scopes = vec!["app_mentions:read", "chat:write", "im:history"];
    if thread_replies || sources {
        scopes.extend(["channels:history", "groups:history"]);
    }
    if sources {
        scopes.extend(["channels:read", "groups:read", "users:read"]);
    }
    scopes
}

/// An app's manifest, to paste at Slack: <https://docs.slack.dev/reference/app-manifest>.
#[must_use]
pub fn manifest(here: &str, thread_replies: bool, sources: bool) -> Value {
    let here = here.trim_end_matches('/');
    let mut events = vec!["app_mention", "app_uninstalled", "message.im", "tokens_revoked"];
    // That a message was deleted or edited is said in the same events as that one was written.
    if thread_replies || sources {
        events.extend(["message.channels", "message.groups"]);
    }
    // That a channel is there no longer, or not for the app.
    if sources {
        events.extend([
            "channel_deleted",
            "channel_left",
            "group_deleted",
            "group_left",
            "member_left_channel",
        ]);
    }
    json!({
        "display_information": {
            "name": "Pernoex",
            "description": "Answers questions from your documentation, with its sources.",
        },
        "features": {
            "app_home": { "home_tab_enabled": false, "messages_tab_enabled": true, "messages_tab_read_only_enabled": false },
            "bot_user": { "display_name": "Pernoex", "always_online": true },
        },
        "oauth_config": {
            "redirect_urls": [format!("{here}{CALLBACK}")],
            "scopes": { "bot": scopes(thread_replies, sources) },
        },
        "settings": {
            "event_subscriptions": { "request_url": format!("{here}/webhooks/slack/events"), "bot_events": events },
            "interactivity": { "is_enabled": true, "request_url": format!("{here}/webhooks/slack/actions") },
            "org_deploy_enabled": false,
            "socket_mode_enabled": false,
            "token_rotation_enabled": true,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_asks_for_no_more_than_it_needs() {
        let small = manifest("https://support.example.com/", false, false);
        assert_eq!(
            small["oauth_config"]["scopes"]["bot"],
            json!(["app_mentions:read", "chat:write", "im:history"])
        );
        assert_eq!(
            small["settings"]["event_subscriptions"]["request_url"],
            "https://support.example.com/webhooks/slack/events"
        );
        let large = manifest("https://support.example.com", true, false);
        assert!(large.to_string().contains("channels:history") && large.to_string().contains("message.groups"));
        assert!(!large.to_string().contains("users:read"));
        let reading = manifest("https://support.example.com", false, true).to_string();
        for wanted in [
            "channels:history",
            "channels:read",
            "groups:history",
            "groups:read",
            "users:read",
            "message.channels",
        ] {
            assert!(reading.contains(wanted), "{wanted}");
        }
    }
}
