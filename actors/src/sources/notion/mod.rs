//! Notion: pages and the rows of databases, as far as they are shared with the connection. <https://developers.notion.com>

mod api;
mod blocks;
mod fetch;
mod list;
mod markdown;
mod oauth;
mod properties;
mod rich;
mod scope;
#[cfg(test)]
mod tests;
mod told;

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

pub use self::told::{read_handshake, read_told};
use self::{
    api::{Api, Object, objects, plain_id},
    scope::Parents,
};
use crate::{
    fault::Fault,
    sources::{
        apps::Registration,
        call::{Client, Pace, web_address},
        connector::{Choice, Choices, Choosing, Connector, Fetched, Known, Listing, Position, ProviderError, Token},
    },
};

/// Notion takes three requests a second, on average.
const GAP: Duration = Duration::from_millis(340);

/// What somebody chose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotionConfig {
    /// Ids of pages and databases, each with what is below it. None: everything that is shared.
    #[serde(default)]
    pub pages: Vec<String>,
    /// What these were called when they were chosen, by id: so that a page that shows them need not look through a whole workspace for their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
}

/// As many as somebody can point at.
const MOST_CHOSEN: usize = 200;

/// Characters of a name that are kept.
const LONGEST_NAME: usize = 200;

pub(crate) struct Notion {
    registration: Registration,
    api: Api,
    parents: Parents,
}

impl Notion {
    pub(crate) fn new(registration: Registration) -> Result<Self, Fault> {
        Self::at_pace(registration, GAP, Duration::from_secs(1))
    }

    fn at_pace(registration: Registration, gap: Duration, second: Duration) -> Result<Self, Fault> {
        let api = Api {
            client: Client::new()?,
            base: registration.api.clone(),
            pace: Pace::new(gap),
            second,
        };
        Ok(Self {
            registration,
            api,
            parents: Parents::default(),
        })
    }
}

impl Connector for Notion {
    type Config = NotionConfig;

    fn check(config: NotionConfig) -> Result<NotionConfig, (&'static str, String)> {
        let mut pages: Vec<String> = config.pages.iter().map(|id| plain_id(id)).collect();
        pages.sort_unstable();
        pages.dedup();
        if pages.len() > MOST_CHOSEN {
            return Err(("pages", format!("Choose at most {MOST_CHOSEN} pages.")));
        }
        let is_id = |id: &String| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        match pages.iter().all(is_id) {
            true => {
                let chosen = |(id, name): (String, String)| {
                    let id = plain_id(&id);
                    pages.contains(&id).then(|| (id, name.chars().take(LONGEST_NAME).collect()))
                };
                let names = config.names.into_iter().filter_map(chosen).collect();
                Ok(NotionConfig { pages, names })
            }
            false => Err(("pages", "These are not Notion's ids of pages.".to_owned())),
        }
    }

    async fn list(&self, token: Option<&Token>, config: &NotionConfig, at: Position<'_>) -> Result<Listing, ProviderError> {
        let token = token.ok_or(ProviderError::Unauthorized)?;
        self.list_page(token, config, at).await
    }

    async fn fetch(&self, token: Option<&Token>, config: &NotionConfig, item: Known<'_>) -> Result<Fetched, ProviderError> {
        let token = token.ok_or(ProviderError::Unauthorized)?;
        self.fetch_page(token, config, item).await
    }

    async fn choices(&self, token: Option<&Token>, asked: Choosing<'_>) -> Result<Choices, ProviderError> {
        let token = token.ok_or(ProviderError::Unauthorized)?;
        let place = match asked.after {
            Some(after) => serde_json::from_str(after).map_err(|_| ProviderError::Restart)?,
            None => Shelves {
                pages: Shelf::Begin,
                tables: Shelf::Begin,
            },
        };
        let (mut choices, mut left) = (Vec::new(), Vec::new());
        for (object, kind, shelf) in [("page", "page", place.pages), ("data_source", "database", place.tables)] {
            let after = match &shelf {
                Shelf::Begin => None,
                Shelf::After(after) => Some(after.as_str()),
                Shelf::End => {
                    left.push(Shelf::End);
                    continue;
                }
            };
            let list = self.api.search(token, object, asked.search, after).await?;
            choices.extend(objects(&list).iter().filter(|one| !one.is_gone()).map(|one| choice(one, kind)));
            left.push(list.next(after)?.map_or(Shelf::End, Shelf::After));
        }
        let next = match <[Shelf; 2]>::try_from(left) {
            Ok([Shelf::End, Shelf::End]) | Err(_) => None,
            Ok([pages, tables]) => serde_json::to_string(&Shelves { pages, tables }).ok(),
        };
        Ok(Choices { choices, next })
    }
}

/// Where pages and tables are looked through for something to choose.
#[derive(Serialize, Deserialize)]
struct Shelves {
    pages: Shelf,
    tables: Shelf,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shelf {
    Begin,
    After(String),
    End,
}

fn choice(object: &Object, kind: &'static str) -> Choice {
    let name = match kind {
        "page" => properties::title(&object.properties),
        _ => rich::plain(&object.title),
    };
    Choice {
        id: plain_id(&object.id),
        name: if name.trim().is_empty() { "Untitled".to_owned() } else { name },
        kind,
        url: object.url.as_deref().and_then(web_address),
    }
}
