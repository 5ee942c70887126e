//! Confluence Cloud: the current pages of chosen spaces. <https://developer.atlassian.com/cloud/confluence/>

mod api;
mod list;
mod oauth;
mod storage;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use self::{
    api::{Ask, Page, is_site},
    list::{Item, parse_item},
    storage::{escaped, has_words, to_html},
};
use crate::{
    fault::Fault,
    knowledge::parse::MediaType,
    sources::{
        apps::Registration,
        call::{CallError, Client},
        connector::{Choice, Choices, Choosing, Connector, Content, Fetched, Known, Listing, Position, ProviderError, Skip, Token},
    },
};

/// Characters of what a page is made of: beyond this it is a dump, not a page.
const MOST_STORAGE: usize = 5 << 20;
/// Spaces that are shown at a time to choose from.
const CHOICES: usize = 200;

/// What somebody chose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfluenceConfig {
    /// The site's id at Atlassian. None: whatever the access is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<String>,
    /// Keys of spaces, `DOC`, or `{site}/DOC` where the access is for several sites. None: all that are nobody's own.
    #[serde(default)]
    pub spaces: Vec<String>,
}

impl ConfluenceConfig {
    /// The keys that were chosen of a site; `None` for all.
    fn keys_of(&self, site: &str) -> Option<Vec<&str>> {
        if self.spaces.is_empty() {
            return None;
        }
        let keys = self.spaces.iter().filter_map(|space| match space.split_once('/') {
            Some((of, key)) => (of == site).then_some(key),
            None => Some(space.as_str()),
        });
        Some(keys.collect())
    }
}

/// As many as somebody can point at.
const MOST_CHOSEN: usize = 100;

fn is_key(key: &str) -> bool {
    (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"~-_.:@".contains(&byte))
}

pub(crate) struct Confluence {
    client: Client,
    registration: Registration,
}

impl Confluence {
    pub(crate) fn new(registration: Registration) -> Result<Self, Fault> {
        Ok(Self {
            client: Client::new()?,
            registration,
        })
    }

    async fn fetch_page(&self, token: &Token, site: &str, id: &str, stored: Option<&str>) -> Result<Fetched, ProviderError> {
        let asked = Ask {
            site,
            path: &["pages", id],
            query: &[("body-format", "storage")],
        };
        let page = match self.find::<Page>(token, &asked).await {
            Ok(Some(page)) if page.is_current() => page,
            // In the trash, archived, a draft again, or not to be seen any more.
            Ok(_) => return Ok(Fetched::Gone),
            Err(CallError::TooLarge) => return Ok(too_large()),
            Err(CallError::Provider(ProviderError::Refused(code))) if code == "403" => return Ok(Fetched::Gone),
            Err(error) => return Err(error.into()),
        };
        let version = page.version();
        if version.is_some() && version.as_deref() == stored {
            return Ok(Fetched::Unchanged {
                version,
                links: Vec::new(),
            });
        }
        let storage = page.storage().ok_or(ProviderError::Unreadable)?;
        if storage.len() > MOST_STORAGE {
            return Ok(too_large());
        }
        let Ok(body) = to_html(storage) else {
            return Ok(skip("unreadable", "The page is not written in a way that can be read."));
        };
        if !has_words(&body) {
            return Ok(skip("no_text", "The page has no text."));
        }
        let title = escaped(&page.title);
        let html =
            format!("<!doctype html><html><head><title>{title}</title></head><body><main><h1>{title}</h1>{body}</main></body></html>");
        Ok(Fetched::Content(Content {
            url: page.links.address(None),
            title: page.title,
            media: MediaType::Html,
            bytes: html.into_bytes(),
            version,
            links: Vec::new(),
        }))
    }
}

fn skip(code: &'static str, detail: &str) -> Fetched {
    Fetched::Skip(Skip {
        code,
        detail: detail.to_owned(),
    })
}

fn too_large() -> Fetched {
    skip("too_large", "The page is larger than can be read.")
}

impl Connector for Confluence {
    type Config = ConfluenceConfig;

    fn check(mut config: ConfluenceConfig) -> Result<ConfluenceConfig, (&'static str, String)> {
        let is_space = |space: &String| match space.split_once('/') {
            Some((site, key)) => is_site(site) && is_key(key),
            None => is_key(space),
        };
        config.spaces.sort_unstable();
        config.spaces.dedup();
        if config.spaces.len() > MOST_CHOSEN {
            return Err(("spaces", format!("Choose at most {MOST_CHOSEN} spaces.")));
        }
        if config.site.as_ref().is_some_and(|site| !is_site(site)) {
            return Err(("site", "This is no id of a site at Atlassian.".to_owned()));
        }
        match config.spaces.iter().all(is_space) {
            true => Ok(config),
            false => Err(("spaces", "These are not the keys of spaces.".to_owned())),
        }
    }

    async fn list(&self, token: Option<&Token>, config: &ConfluenceConfig, at: Position<'_>) -> Result<Listing, ProviderError> {
        let token = token.ok_or(ProviderError::Unauthorized)?;
        self.list_page(token, config, at).await
    }

    async fn fetch(&self, token: Option<&Token>, _config: &ConfluenceConfig, item: Known<'_>) -> Result<Fetched, ProviderError> {
        let token = token.ok_or(ProviderError::Unauthorized)?;
        match parse_item(item.id) {
            Some(Item::Page { site, page }) => self.fetch_page(token, site, page, item.version).await,
            Some(Item::Space { key }) => Ok(skip(
                "space_not_found",
                &format!("The space {key} is archived or deleted, or the account that was connected may not see it."),
            )),
            None => Ok(Fetched::Gone),
        }
    }

    /// The spaces of all sites that the access is for; `within` names one of them.
    async fn choices(&self, token: Option<&Token>, asked: Choosing<'_>) -> Result<Choices, ProviderError> {
        let token = token.ok_or(ProviderError::Unauthorized)?;
        let from = asked.after.map_or(Ok(0), str::parse::<usize>).map_err(|_| ProviderError::Restart)?;
        let mut sites = self.sites(token).await?;
        sites.retain(|site| asked.within.is_none_or(|within| site.id == within));
        let several = sites.len() > 1;
        let search = asked.search.to_lowercase();
        let mut choices = Vec::new();
        for site in &sites {
            for space in self.spaces(token, &site.id, None).await? {
                let fits = [&space.name, &space.key].iter().any(|text| text.to_lowercase().contains(&search));
                if !fits || !space.is_current() {
                    continue;
                }
                let base = format!("{}/wiki", site.url.trim_end_matches('/'));
                choices.push(Choice {
                    url: space.links.address(Some(&base)),
                    id: if several {
                        format!("{}/{}", site.id, space.key)
                    } else {
                        space.key.clone()
                    },
                    name: if several {
                        format!("{} · {}", space.name, site.name)
                    } else {
                        space.name
                    },
                    kind: "space",
                });
            }
        }
        let to = from.saturating_add(CHOICES);
        Ok(Choices {
            next: (to < choices.len()).then(|| to.to_string()),
            choices: choices.into_iter().skip(from).take(CHOICES).collect(),
        })
    }
}
