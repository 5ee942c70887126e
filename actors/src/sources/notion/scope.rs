//! What was chosen, and what is below it: found by walking up from a page. A database's rows are in its table, that is in the database, that
//! is in a page; a page may be in a block of another one.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use serde::Deserialize;
use serde_json::Value;

use super::api::{Api, Container, Object, Parent, plain_id};
use crate::sources::{
    call::{CallError, mark},
    connector::{ProviderError, Token},
};

/// Deeper than anybody nests pages; a circle ends here too.
const DEEP: usize = 100;
/// Containers that are remembered of one listing.
const MOST: usize = 50_000;
/// Listings that are under way at one time. Of more, some look things up again.
const LISTINGS: usize = 32;

type Known = Arc<Mutex<HashMap<String, Container>>>;

/// What the things that a listing met are in. For one listing: pages are moved.
#[derive(Default)]
pub(super) struct Parents(Mutex<HashMap<[u8; 32], Known>>);

impl Parents {
    /// What is known of the listings with a token; `anew` forgets it.
    pub(super) fn of(&self, token: &Token, anew: bool) -> Known {
        let mut listings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let who = mark(token);
        if anew {
            listings.remove(&who);
        }
        if listings.len() >= LISTINGS && !listings.contains_key(&who) {
            listings.clear();
        }
        listings.entry(who).or_default().clone()
    }

    /// A listing has ended.
    pub(super) fn forget(&self, token: &Token) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&mark(token));
    }
}

pub(super) struct Scope<'a> {
    pub api: &'a Api,
    pub token: &'a Token,
    /// Their plain ids. None: everything.
    pub chosen: HashSet<String>,
    pub known: Known,
}

impl Scope<'_> {
    fn remembered(&self, id: &str) -> Option<Container> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn remember(&self, id: String, is_in: Container) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MOST {
            known.insert(id, is_in);
        }
    }

    /// Whether an object is one of what was chosen, or somewhere below it.
    pub(super) async fn holds(&self, object: &Object) -> Result<bool, ProviderError> {
        let id = plain_id(&object.id);
        if self.chosen.is_empty() || self.chosen.contains(&id) {
            return Ok(true);
        }
        let mut up = is_in(object);
        self.remember(id, up.clone());
        // The database that a table is in may be what was chosen.
        if let Container::Database(database) = object.parent.container()
            && self.chosen.contains(&database)
        {
            return Ok(true);
        }
        for _ in 0..DEEP {
            let (Container::Page(id) | Container::Block(id) | Container::Database(id) | Container::DataSource(id)) = &up else {
                return Ok(false);
            };
            if self.chosen.contains(id) {
                return Ok(true);
            }
            up = match self.remembered(id) {
                Some(known) => known,
                None => {
                    let found = self.look_up(&up).await?;
                    self.remember(id.clone(), found.clone());
                    found
                }
            };
        }
        Ok(false)
    }

    async fn look_up(&self, container: &Container) -> Result<Container, ProviderError> {
        let path = match container {
            Container::Page(id) => ["pages", id.as_str()],
            Container::Block(id) => ["blocks", id.as_str()],
            Container::Database(id) => ["databases", id.as_str()],
            Container::DataSource(id) => ["data_sources", id.as_str()],
            Container::Top => return Ok(Container::Top),
        };
        match self.api.find::<Value>(self.token, &path).await {
            Ok(Some((found, _))) => Ok(Parent::deserialize(&found["parent"]).unwrap_or_default().container()),
            // Not shared: nothing above it is either, as far as can be seen.
            Ok(None) | Err(CallError::Provider(ProviderError::Refused(_))) => Ok(Container::Top),
            Err(error) => Err(error.into()),
        }
    }
}

/// What an object is in. A table's database is passed over where it is said what that is in.
fn is_in(object: &Object) -> Container {
    match (&object.database_parent, object.parent.container()) {
        (Some(parent), Container::Database(_)) => parent.container(),
        (_, container) => container,
    }
}
