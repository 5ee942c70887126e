//! The threads of the chosen channels. All of them in every run: a reply to an old thread, and the end of one, are seen nowhere else.

use entities::Millis;
use serde::{Deserialize, Serialize};

use super::{
    SlackChannels, SlackConfig,
    api::{Message, SHUT, is_refusal},
};
use crate::sources::connector::{Found, Listing, Position, ProviderError, Token};

/// Characters from which something that nobody replied to is worth a document: an announcement, not a greeting.
pub(super) const LONG: usize = 120;
/// A reply that is edited is not seen from outside its thread. Threads in which something was said so lately are looked into each time.
const LIVELY_S: i64 = 7 * 86_400;

/// Where a listing is: in the channel of this number, before that message.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Place {
    channel: usize,
    before: Option<String>,
}

/// Seconds of one of Slack's timestamps, that are ids as well: `1700000000.000100`.
pub(super) fn seconds(ts: &str) -> Option<i64> {
    let (seconds, rest) = ts.split_once('.')?;
    let is_ts = seconds.len() <= 12 && (1..=6).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_digit());
    is_ts.then(|| seconds.parse().ok()).flatten()
}

/// What stands for a thread as it is seen from outside. `None`: it has to be looked into.
fn version(root: &Message, now: Millis) -> Option<String> {
    let latest = root.latest_reply.as_deref().unwrap_or(&root.ts);
    let lively = seconds(latest).is_none_or(|at| now / 1_000 - at < LIVELY_S);
    (!lively).then(|| format!("{}:{}:{latest}", root.edited(), root.reply_count))
}

fn found(channel: &str, root: &Message, now: Millis) -> Option<Found> {
    let announces = root.is_human() && root.text.chars().count() >= LONG;
    let taken = !root.is_reply() && seconds(&root.ts).is_some() && (root.reply_count > 0 || announces);
    taken.then(|| Found {
        id: format!("{channel}/{}", root.ts),
        version: version(root, now),
        depth: 0,
    })
}

impl SlackChannels {
    pub(super) async fn list_page(&self, token: &Token, config: &SlackConfig, at: Position<'_>) -> Result<Listing, ProviderError> {
        let mut place: Place = match at.next {
            Some(next) => serde_json::from_str(next).map_err(|_| ProviderError::Restart)?,
            None => Place::default(),
        };
        let mut listing = Listing::default();
        if let Some(channel) = config.channels.get(place.channel) {
            match self.api.history(token, &channel.id, place.before.as_deref()).await {
                Ok(page) => {
                    let threads = page.messages.iter().filter_map(|root| found(&channel.id, root, at.now));
                    listing.found.extend(threads);
                    place.before = match page.has_more {
                        true => Some(oldest(&page.messages, place.before.as_deref())?),
                        false => None,
                    };
                }
                // What was said there is not for here any more. Fetching the channel says why.
                Err(error) if is_refusal(&error, &SHUT) => {
                    listing.found.push(Found {
                        id: channel.id.clone(),
                        version: None,
                        depth: 0,
                    });
                    place.before = None;
                }
                Err(error) => return Err(error),
            }
            if place.before.is_none() {
                place.channel += 1;
            }
        }
        match place.channel < config.channels.len() {
            true => listing.next = Some(serde_json::to_string(&place).map_err(|_| ProviderError::Unreadable)?),
            false => listing.whole = true,
        }
        Ok(listing)
    }
}

/// What the next page ends before. A page that does not lead further back would lead to itself.
fn oldest(page: &[Message], before: Option<&str>) -> Result<String, ProviderError> {
    let parsed = |ts: &str| {
        let (seconds, rest) = ts.split_once('.')?;
        Some((seconds.parse::<i64>().ok()?, rest.parse::<i64>().ok()?))
    };
    let oldest = page.iter().filter_map(|message| Some((parsed(&message.ts)?, &message.ts))).min();
    match (oldest, before.map(parsed)) {
        (Some((at, _)), Some(Some(before))) if at >= before => Err(ProviderError::Unreadable),
        (Some((_, ts)), _) => Ok(ts.clone()),
        (None, _) => Err(ProviderError::Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(replies: u32, text: &str) -> Message {
        Message {
            ts: "1700000000.000100".into(),
            user: Some("U1".into()),
            text: text.into(),
            reply_count: replies,
            latest_reply: (replies > 0).then(|| "1700000900.000100".into()),
            ..Message::default()
        }
    }

    #[test]
    fn threads_and_announcements_are_taken_and_chatter_is_not() {
        let long = "word ".repeat(30);
        let taken = |message: &Message| found("C1", message, 0).is_some();
        assert!(taken(&root(1, "short")) && taken(&root(0, &long)));
        assert!(!taken(&root(0, "thanks!")));
        let reply = Message {
            thread_ts: Some("1699999999.000100".into()),
            ..root(0, &long)
        };
        assert!(!taken(&reply), "it is in its thread");
        let odd = Message {
            ts: "../x".into(),
            ..root(3, &long)
        };
        assert!(!taken(&odd));
    }

    #[test]
    fn a_thread_that_was_quiet_for_a_week_is_known_by_what_is_seen_of_it() {
        let at = |days: i64| 1_700_000_900_000 + days * 86_400_000;
        assert_eq!(version(&root(2, "a"), at(6)), None);
        assert_eq!(version(&root(2, "a"), at(-1)), None, "our clock may go before Slack's");
        let quiet = version(&root(2, "a"), at(8)).unwrap();
        assert_ne!(version(&root(1, "a"), at(8)).unwrap(), quiet, "a reply was deleted");
        assert_eq!(version(&root(2, "b"), at(30)).unwrap(), quiet);
    }

    #[test]
    fn a_page_that_leads_nowhere_ends_the_listing() {
        let page = [root(0, "a")];
        assert_eq!(oldest(&page, None), Ok("1700000000.000100".into()));
        assert_eq!(oldest(&page, Some("1700000001.0")), Ok("1700000000.000100".into()));
        assert_eq!(oldest(&page, Some("1700000000.000100")), Err(ProviderError::Unreadable));
        assert_eq!(oldest(&[], None), Err(ProviderError::Unreadable));
    }
}
