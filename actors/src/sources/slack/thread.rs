//! A thread as a document: who said what, without apps and those who came and went.

use std::{collections::BTreeSet, fmt::Write};

use chrono::DateTime;
use sha2::{Digest, Sha256};

use super::{
    SlackChannels, SlackConfig,
    api::{Message, SHUT, is_refusal},
    list::{LONG, seconds},
    text::{Names, SOMEBODY, is_id, markdown, mentioned, spoken},
};
use crate::{
    knowledge::parse::MediaType,
    sources::{
        call::CallError,
        connector::{Content, Fetched, Known, ProviderError, Skip, Token},
        markdown::title,
    },
    text::hex,
};

/// Pages of 200 replies that are read of one thread.
const MOST_PAGES: usize = 25;
/// Characters of a thread's name.
const NAME: usize = 100;
/// Marks what is known by its content, and not by what a listing says of it.
const BY_CONTENT: &str = "content:";

fn skip(code: &'static str, detail: impl Into<String>) -> Fetched {
    Fetched::Skip(Skip {
        code,
        detail: detail.into(),
    })
}

fn day(ts: &str) -> Option<String> {
    let at = DateTime::from_timestamp(seconds(ts)?, 0)?;
    Some(at.format("%Y-%m-%d").to_string())
}

/// The first words that say something.
fn name(said: &[Message], names: &Names, channel: &str) -> String {
    let mut lines = said.iter().flat_map(|message| message.text.lines()).map(|line| spoken(line, names));
    let first = lines.find(|line| line.chars().any(char::is_alphanumeric));
    match first {
        Some(line) => match line.char_indices().nth(NAME) {
            Some((end, _)) => format!("{}…", line[..end].trim_end()),
            None => line,
        },
        None => format!("Thread in #{channel}"),
    }
}

fn written(said: &[Message], names: &Names, channel: &str, name: &str) -> String {
    let mut out = format!("# {}\n\nThread in \\#{}", title(name), title(channel));
    if let Some(day) = said.first().and_then(|first| day(&first.ts)) {
        let _ = write!(out, ", {day}");
    }
    out.push_str(".\n");
    for message in said {
        let who = message
            .user
            .as_ref()
            .and_then(|user| names.get(user))
            .map_or(SOMEBODY, String::as_str);
        let text = markdown(&message.text, names);
        // What is more than a paragraph stands below who said it.
        let between = if text.starts_with("- ") || text.starts_with("> ") || text.starts_with("```") {
            "\n\n"
        } else {
            " "
        };
        let _ = write!(out, "\n**{}:**{between}{text}\n", title(who));
    }
    out
}

impl SlackChannels {
    pub(super) async fn fetch_thread(&self, token: &Token, config: &SlackConfig, item: Known<'_>) -> Result<Fetched, ProviderError> {
        let chosen = |id: &str| config.channels.iter().find(|channel| channel.id == id);
        let Some((channel, ts)) = item.id.split_once('/') else {
            let name = chosen(item.id).map_or(item.id, |channel| channel.name.as_str());
            let detail = format!("The app cannot read #{name}. Invite it there, or leave the channel out.");
            return Ok(skip("not_in_channel", detail));
        };
        let Some(chosen) = chosen(channel).filter(|_| seconds(ts).is_some()) else {
            return Ok(Fetched::Gone);
        };
        let (mut messages, mut cursor) = (Vec::new(), None::<String>);
        for page in 0.. {
            if page == MOST_PAGES {
                return Ok(skip("too_large", "The thread has more replies than can be read."));
            }
            match self.api.replies(token, (channel, ts), cursor.as_deref()).await {
                Ok((some, next)) => {
                    messages.extend(some);
                    cursor = next;
                }
                Err(CallError::Provider(error))
                    if is_refusal(&error, &["thread_not_found", "message_not_found"]) || is_refusal(&error, &SHUT) =>
                {
                    return Ok(Fetched::Gone);
                }
                Err(CallError::TooLarge) => return Ok(skip("too_large", "The thread is larger than can be read.")),
                Err(error) => return Err(error.into()),
            }
            if cursor.is_none() {
                break;
            }
        }
        if messages.is_empty() {
            return Ok(Fetched::Gone);
        }
        // The thread's first message comes with every page.
        messages.sort_by(|one, other| seconds(&one.ts).cmp(&seconds(&other.ts)).then_with(|| one.ts.cmp(&other.ts)));
        messages.dedup_by(|one, other| one.ts == other.ts);
        let said: Vec<Message> = messages
            .into_iter()
            .filter(|one| one.is_human() && !one.text.trim().is_empty())
            .collect();
        let enough = match said.as_slice() {
            [] => false,
            [only] => only.text.chars().count() >= LONG,
            _ => true,
        };
        if !enough {
            return Ok(skip("no_text", "Nobody but an app said something worth keeping in this thread."));
        }
        self.document(token, (&chosen.name, channel, ts), &said, item).await
    }

    async fn document(
        &self,
        token: &Token,
        (channel_name, channel, ts): (&str, &str, &str),
        said: &[Message],
        item: Known<'_>,
    ) -> Result<Fetched, ProviderError> {
        let people = said.iter().filter_map(|message| message.user.as_deref()).filter(|id| is_id(id));
        let people: BTreeSet<&str> = people.chain(said.iter().flat_map(|message| mentioned(&message.text))).collect();
        let names = self.api.names(token, people).await?;
        let name = name(said, &names, channel_name);
        let text = written(said, &names, channel_name, &name);
        let hash = Sha256::digest(text.as_bytes());
        let by_content = format!("{BY_CONTENT}{}", hex(&hash[..16]));
        let version = Some(item.listed.map_or(by_content.clone(), str::to_owned));
        // As it was when it was looked into the last time, even if the listing has another word for it by now.
        if item.version == Some(by_content.as_str()) {
            return Ok(Fetched::Unchanged {
                version,
                links: Vec::new(),
            });
        }
        let home = self.api.home(token).await?;
        let url = home.map(|home| format!("{}/archives/{channel}/p{}", home.trim_end_matches('/'), ts.replace('.', "")));
        Ok(Fetched::Content(Content {
            title: name,
            url,
            media: MediaType::Markdown,
            bytes: text.into_bytes(),
            version,
            links: Vec::new(),
        }))
    }
}
