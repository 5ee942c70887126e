//! The pages of the chosen spaces, at whatever depth of the tree they are.

use serde::{Deserialize, Serialize};

use super::{
    Confluence, ConfluenceConfig,
    api::{Ask, Page, Space, is_site},
};
use crate::sources::connector::{Found, Listing, Position, ProviderError, Token};

/// Pages of spaces that are looked through for what was chosen: 10 000 spaces.
const MOST_SPACES: usize = 40;

/// Where a listing is: in the first of these spaces.
#[derive(Debug, Serialize, Deserialize)]
struct Round {
    spaces: Vec<Place>,
    after: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Place {
    site: String,
    /// The space's number.
    space: String,
}

/// What an item is called: a page of a site, or a space that was chosen and cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    Page { site: &'a str, page: &'a str },
    Space { key: &'a str },
}

pub(super) fn parse_item(id: &str) -> Option<Item<'_>> {
    let (site, rest) = id.split_once('/')?;
    let item = match rest.split_once('/') {
        Some(("space", key)) => Item::Space { key },
        Some(_) => return None,
        None => Item::Page { site, page: rest },
    };
    let is_number = |page: &str| !page.is_empty() && page.len() <= 32 && page.bytes().all(|byte| byte.is_ascii_digit());
    match &item {
        Item::Page { page, .. } if !is_number(page) => None,
        _ if !is_site(site) => None,
        _ => Some(item),
    }
}

fn found(id: String, version: Option<String>) -> Found {
    Found { id, version, depth: 0 }
}

impl Confluence {
    pub(super) async fn list_page(&self, token: &Token, config: &ConfluenceConfig, at: Position<'_>) -> Result<Listing, ProviderError> {
        let mut listing = Listing::default();
        let mut round = match at.next {
            Some(next) => serde_json::from_str(next).map_err(|_| ProviderError::Restart)?,
            None => {
                let spaces = self.places(token, config, &mut listing).await?;
                Round { spaces, after: None }
            }
        };
        if let Some(place) = round.spaces.last() {
            let asked = Ask {
                site: &place.site,
                path: &["spaces", place.space.as_str(), "pages"],
                // By their numbers, which do not change: what is edited meanwhile stays where it is.
                query: &[("depth", "all"), ("status", "current"), ("sort", "id")],
            };
            let page = self.page_of::<Page>(token, &asked, round.after.as_deref()).await?;
            let next = page.as_ref().and_then(|page| page.next.clone());
            let pages = page.map(|page| page.list.results).unwrap_or_default();
            let current = pages.into_iter().filter(Page::is_current);
            listing
                .found
                .extend(current.map(|page| found(format!("{}/{}", place.site, page.id), page.version())));
            round.after = next;
            if round.after.is_none() {
                round.spaces.pop();
            }
        }
        match round.spaces.is_empty() {
            true => listing.whole = true,
            false => listing.next = Some(serde_json::to_string(&round).map_err(|_| ProviderError::Unreadable)?),
        }
        Ok(listing)
    }

    /// The spaces that were chosen. Those that cannot be read are listed themselves: fetching one says why.
    async fn places(&self, token: &Token, config: &ConfluenceConfig, listing: &mut Listing) -> Result<Vec<Place>, ProviderError> {
        let mut places = Vec::new();
        for site in self.chosen_sites(token, config).await? {
            let wanted = config.keys_of(&site);
            if wanted.as_ref().is_some_and(Vec::is_empty) {
                continue;
            }
            let spaces = self.spaces(token, &site, wanted.as_deref()).await?;
            if let Some(keys) = &wanted {
                let readable = |key: &&str| spaces.iter().any(|space| space.key == **key && space.is_current());
                let missing = keys.iter().filter(|key| !readable(key));
                listing.found.extend(missing.map(|key| found(format!("{site}/space/{key}"), None)));
            }
            let is_wanted = |space: &Space| match &wanted {
                Some(keys) => keys.contains(&space.key.as_str()),
                None => !space.is_personal(),
            };
            let current = spaces.into_iter().filter(|space| space.is_current() && is_wanted(space));
            places.extend(current.map(|space| Place {
                site: site.clone(),
                space: space.id,
            }));
        }
        Ok(places)
    }

    /// The spaces of a site, as many as there may be; those with certain keys where some are named.
    pub(super) async fn spaces(&self, token: &Token, site: &str, keys: Option<&[&str]>) -> Result<Vec<Space>, ProviderError> {
        let keys = keys.map(|keys| keys.join(","));
        let query: Vec<(&str, &str)> = keys.iter().map(|keys| ("keys", keys.as_str())).collect();
        let asked = Ask {
            site,
            path: &["spaces"],
            query: &query,
        };
        let (mut spaces, mut after) = (Vec::new(), None::<String>);
        for _ in 0..MOST_SPACES {
            let page = self.page_of::<Space>(token, &asked, after.as_deref()).await?;
            // The site itself is not there for this access.
            let page = page.ok_or_else(|| ProviderError::Refused("site_not_found".into()))?;
            spaces.extend(page.list.results);
            after = page.next;
            if after.is_none() {
                return Ok(spaces);
            }
        }
        // What is beyond them would look as if it were gone.
        Err(ProviderError::Refused("the site has more than 10 000 spaces".into()))
    }

    /// The sites that pages are read from: the one that was chosen, those named with a space, or all that the access is for.
    async fn chosen_sites(&self, token: &Token, config: &ConfluenceConfig) -> Result<Vec<String>, ProviderError> {
        if let Some(site) = &config.site {
            return Ok(vec![site.clone()]);
        }
        let sites = self.sites(token).await?;
        match sites.is_empty() {
            true => Err(ProviderError::Refused("no_site".into())),
            false => Ok(sites.into_iter().map(|site| site.id).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_a_page_or_a_space_of_a_site() {
        for (id, expected) in [
            ("a-1/42", Some(Item::Page { site: "a-1", page: "42" })),
            ("a-1/space/DOC", Some(Item::Space { key: "DOC" })),
            ("a-1/../x", None),
            ("a-1/4x", None),
            ("a.1/42", None),
            ("42", None),
            ("", None),
        ] {
            assert_eq!(parse_item(id), expected, "{id}");
        }
    }
}
