//! What the connection sees, as far as it was chosen. Three rounds: what was chosen itself, which search may not know yet; all pages that
//! search knows; and the rows of each table, for which search is no reliable list.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Notion, NotionConfig,
    api::{Object, objects, plain_id},
    scope::Scope,
};
use crate::sources::{
    call::CallError,
    connector::{Found, Listing, Position, ProviderError, Token},
};

/// Chosen things that are looked up in one go: a request each, or two.
const AT_ONCE: usize = 20;

/// Where a listing is.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Round {
    Chosen {
        done: usize,
    },
    Pages {
        after: Option<String>,
    },
    Tables {
        after: Option<String>,
    },
    Rows {
        table: String,
        after: Option<String>,
        /// Further tables of the same page of tables.
        waiting: Vec<String>,
        /// Where the next page of tables begins, if there is one.
        tables: Option<String>,
    },
}

fn found(object: &Object) -> Option<Found> {
    (!object.is_gone()).then(|| Found {
        id: plain_id(&object.id),
        version: object.last_edited_time.clone(),
        depth: 0,
    })
}

/// The round after a table: another one, another page of them, or none.
fn after_table(mut waiting: Vec<String>, tables: Option<String>) -> Option<Round> {
    match (waiting.pop(), tables) {
        (Some(table), tables) => Some(Round::Rows {
            table,
            after: None,
            waiting,
            tables,
        }),
        (None, Some(after)) => Some(Round::Tables { after: Some(after) }),
        (None, None) => None,
    }
}

impl Notion {
    /// What was chosen. `anew` forgets what was in what.
    pub(super) fn scope<'a>(&'a self, token: &'a Token, config: &NotionConfig, anew: bool) -> Scope<'a> {
        Scope {
            api: &self.api,
            token,
            chosen: config.pages.iter().map(|id| plain_id(id)).collect(),
            known: self.parents.of(token, anew),
        }
    }

    pub(super) async fn list_page(&self, token: &Token, config: &NotionConfig, at: Position<'_>) -> Result<Listing, ProviderError> {
        let round = match at.next {
            Some(next) => serde_json::from_str(next).map_err(|_| ProviderError::Restart)?,
            None if config.pages.is_empty() => Round::Pages { after: None },
            None => Round::Chosen { done: 0 },
        };
        let scope = self.scope(token, config, at.next.is_none());
        let mut listing = Listing::default();
        let next = match round {
            Round::Chosen { done } => self.chosen(&scope, config, done, &mut listing).await?,
            Round::Pages { after } => {
                let list = self.api.search(token, "page", "", after.as_deref()).await?;
                for object in objects(&list) {
                    if scope.holds(&object).await? {
                        listing.found.extend(found(&object));
                    }
                }
                let after = list.next(after.as_deref())?;
                Some(match after {
                    Some(after) => Round::Pages { after: Some(after) },
                    None => Round::Tables { after: None },
                })
            }
            Round::Tables { after } => {
                let list = self.api.search(token, "data_source", "", after.as_deref()).await?;
                let mut waiting = Vec::new();
                for object in objects(&list) {
                    if !object.is_gone() && scope.holds(&object).await? {
                        waiting.push(plain_id(&object.id));
                    }
                }
                after_table(waiting, list.next(after.as_deref())?)
            }
            Round::Rows {
                table,
                after,
                waiting,
                tables,
            } => match self.api.rows(token, &table, after.as_deref()).await {
                Ok(Some(list)) => {
                    listing.found.extend(objects(&list).iter().filter_map(found));
                    match list.next(after.as_deref())? {
                        Some(next) => Some(Round::Rows {
                            table,
                            after: Some(next),
                            waiting,
                            tables,
                        }),
                        None => after_table(waiting, tables),
                    }
                }
                // One that shows what is elsewhere, or is gone by now.
                Ok(None) | Err(CallError::Provider(ProviderError::Refused(_))) => after_table(waiting, tables),
                Err(error) => return Err(error.into()),
            },
        };
        // Never whole: search may leave out what is there, and a page that only another one leads to is not listed while that one is as it
        // was. What is not listed is asked for itself.
        match next {
            Some(round) => listing.next = Some(serde_json::to_string(&round).map_err(|_| ProviderError::Unreadable)?),
            None => self.parents.forget(token),
        }
        Ok(listing)
    }

    async fn chosen(
        &self,
        scope: &Scope<'_>,
        config: &NotionConfig,
        done: usize,
        listing: &mut Listing,
    ) -> Result<Option<Round>, ProviderError> {
        let end = config.pages.len().min(done + AT_ONCE);
        for id in config.pages.get(done..end).unwrap_or_default() {
            let id = plain_id(id);
            let page = self.api.find::<Object>(scope.token, &["pages", id.as_str()]).await?;
            if let Some(page) = page.and_then(|(page, _)| found(&page)) {
                listing.found.push(page);
                continue;
            }
            let is_table = self.api.find::<Value>(scope.token, &["data_sources", id.as_str()]).await?.is_some();
            if !is_table && self.api.find::<Value>(scope.token, &["databases", id.as_str()]).await?.is_none() {
                // Fetching it says why it is not to be had.
                listing.found.push(Found {
                    id,
                    version: None,
                    depth: 0,
                });
            }
        }
        Ok(Some(match end < config.pages.len() {
            true => Round::Chosen { done: end },
            false => Round::Pages { after: None },
        }))
    }
}
