//! One page of Notion, as Markdown.

use chrono::DateTime;

use super::{
    Notion, NotionConfig,
    api::{Container, Object, plain_id},
    blocks::{Unread, read},
    markdown::write,
    properties,
};
use crate::{
    knowledge::parse::MediaType,
    sources::{
        call::web_address,
        connector::{Content, Fetched, Found, Known, ProviderError, Skip, Token},
        markdown::title,
    },
};

/// What was chosen itself is not to be had.
pub(super) const NOT_SHARED: &str = "not_shared";
/// Notion's times are whole minutes: what was edited within so many seconds may be edited again without looking it.
const FRESH_S: i64 = 120;

/// What stands for a page's content: when it was edited, marked while that says too little. `now` is Notion's own clock, since ours may go
/// before or after it.
fn version(edited: Option<&str>, now: Option<i64>) -> Option<String> {
    let edited = edited?;
    let settled = DateTime::parse_from_rfc3339(edited)
        .ok()
        .zip(now)
        .is_some_and(|(edited, now)| now - edited.timestamp() > FRESH_S);
    Some(if settled { edited.to_owned() } else { format!("{edited}~") })
}

impl Notion {
    pub(super) async fn fetch_page(&self, token: &Token, config: &NotionConfig, item: Known<'_>) -> Result<Fetched, ProviderError> {
        let Some((page, now)) = self.api.find::<Object>(token, &["pages", item.id]).await? else {
            return Ok(missing(config, item.id));
        };
        if page.is_gone() {
            return Ok(missing(config, item.id));
        }
        // What was listed is within what was chosen. The rest may have been moved out of it.
        if item.listed.is_none() && !self.scope(token, config, false).holds(&page).await? {
            return Ok(Fetched::Gone);
        }
        let version = version(page.last_edited_time.as_deref(), now);
        if version.is_some() && version.as_deref() == item.version && version.as_deref() == page.last_edited_time.as_deref() {
            return Ok(Fetched::Unchanged {
                version,
                links: Vec::new(),
            });
        }
        let body = match read(&self.api, token, &plain_id(&page.id)).await {
            Ok(body) => body,
            Err(Unread::TooLarge) => {
                return Ok(skip(
                    "too_large",
                    "The page has more blocks, or blocks nested deeper, than can be read.",
                ));
            }
            Err(Unread::Provider(error)) => return Err(error),
        };
        let name = properties::title(&page.properties);
        let name = if name.trim().is_empty() { "Untitled".to_owned() } else { name };
        let is_row = matches!(page.parent.container(), Container::DataSource(_) | Container::Database(_));
        let columns = if is_row { properties::lines(&page.properties) } else { Vec::new() };
        let written = write(&body.blocks);
        let links: Vec<Found> = body
            .pages
            .into_iter()
            .map(|id| Found {
                id,
                version: None,
                depth: item.depth.saturating_add(1),
            })
            .collect();
        if columns.is_empty() && !written.chars().any(char::is_alphanumeric) {
            let skip = because("no_text", "The page has no text.");
            return Ok(Fetched::Aside { skip, links });
        }
        let parts = [format!("# {}", title(&name)), columns.join("\n"), written];
        let parts = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
        Ok(Fetched::Content(Content {
            title: name,
            url: page.url.as_deref().and_then(web_address),
            media: MediaType::Markdown,
            bytes: format!("{}\n", parts.join("\n\n")).into_bytes(),
            version,
            links,
        }))
    }
}

fn because(code: &'static str, detail: &str) -> Skip {
    Skip {
        code,
        detail: detail.to_owned(),
    }
}

fn skip(code: &'static str, detail: &str) -> Fetched {
    Fetched::Skip(because(code, detail))
}

/// What was chosen and is not there is worth a word; what is below it just goes.
fn missing(config: &NotionConfig, id: &str) -> Fetched {
    match config.pages.iter().any(|chosen| plain_id(chosen) == id) {
        true => skip(
            NOT_SHARED,
            "It is in the trash at Notion, or not shared with the connection any more.",
        ),
        false => Fetched::Gone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_was_just_edited_is_looked_at_again() {
        let at = |seconds: i64| Some(1_767_225_600 + seconds);
        let edited = Some("2026-01-01T00:00:00.000Z");
        for (now, settled) in [
            (at(0), false),
            (at(120), false),
            (at(-3_600), false),
            (at(121), true),
            (None, false),
        ] {
            let expected = format!("2026-01-01T00:00:00.000Z{}", if settled { "" } else { "~" });
            assert_eq!(version(edited, now), Some(expected), "{now:?}");
        }
        assert_eq!(version(Some("yesterday"), at(0)), Some("yesterday~".into()));
        assert_eq!(version(None, at(0)), None);
    }
}
