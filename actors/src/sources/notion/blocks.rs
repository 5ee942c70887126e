//! Reading a page: the tree of its blocks, a request for each hundred children of each block that has some.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::api::{Api, plain_id};
use crate::sources::{
    call::CallError,
    connector::{ProviderError, Token},
};

/// Requests that one page may take: at three a second, what a step of the sync has time for.
const REQUESTS: usize = 350;
const WHOLE: Duration = Duration::from_secs(150);
/// Blocks within blocks.
const DEEP: usize = 40;
/// Of text with all that Notion says about it; the text itself is a small part of that.
const BYTES: usize = 48 << 20;

/// A block with what is in it.
#[derive(Debug)]
pub(super) struct Block {
    pub kind: String,
    /// What is said of its kind.
    pub body: Value,
    pub children: Vec<Block>,
}

/// What a page holds.
#[derive(Default)]
pub(super) struct Body {
    pub blocks: Vec<Block>,
    /// Pages in this one, by their ids.
    pub pages: Vec<String>,
}

/// Why there is no tree.
pub(super) enum Unread {
    /// More blocks, or deeper ones, than a page may have here.
    TooLarge,
    Provider(ProviderError),
}

impl From<CallError> for Unread {
    fn from(error: CallError) -> Self {
        match error {
            CallError::TooLarge => Self::TooLarge,
            CallError::Provider(error) => Self::Provider(error),
        }
    }
}

impl From<ProviderError> for Unread {
    fn from(error: ProviderError) -> Self {
        Self::Provider(error)
    }
}

struct Reader<'a> {
    api: &'a Api,
    token: &'a Token,
    left: usize,
    bytes: usize,
    until: Instant,
    pages: Vec<String>,
}

/// The tree below `page`.
pub(super) async fn read(api: &Api, token: &Token, page: &str) -> Result<Body, Unread> {
    let mut reader = Reader {
        api,
        token,
        left: REQUESTS,
        bytes: 0,
        until: Instant::now() + WHOLE,
        pages: Vec::new(),
    };
    let blocks = reader.children(page, 0).await?;
    Ok(Body {
        blocks,
        pages: reader.pages,
    })
}

impl Reader<'_> {
    async fn children(&mut self, id: &str, depth: usize) -> Result<Vec<Block>, Unread> {
        if depth > DEEP {
            return Err(Unread::TooLarge);
        }
        let mut blocks = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            if self.left == 0 || Instant::now() > self.until {
                return Err(Unread::TooLarge);
            }
            self.left -= 1;
            let Some(list) = self.api.children(self.token, id, cursor.as_deref()).await? else {
                // Deleted since it was listed, or synced from a page that is not shared.
                return Ok(blocks);
            };
            let next = list.next(cursor.as_deref())?;
            for value in list.results {
                blocks.extend(self.block(value, depth).await?);
            }
            match next {
                Some(next) => cursor = Some(next),
                None => return Ok(blocks),
            }
        }
    }

    async fn block(&mut self, mut value: Value, depth: usize) -> Result<Option<Block>, Unread> {
        let Some(kind) = value["type"].as_str().map(str::to_owned) else {
            return Ok(None);
        };
        let id = value["id"].as_str().unwrap_or_default().to_owned();
        let gone = value["archived"] == true || value["in_trash"] == true;
        if gone || id.is_empty() {
            return Ok(None);
        }
        match kind.as_str() {
            // Documents of their own.
            "child_page" => {
                self.pages.push(plain_id(&id));
                return Ok(None);
            }
            // A button's blueprint is no text of the page.
            "child_database" | "template" => return Ok(None),
            _ => {}
        }
        let children = match value["has_children"] == true {
            true => Box::pin(self.children(&id, depth + 1)).await?,
            false => Vec::new(),
        };
        let body = value[kind.as_str()].take();
        self.bytes += body.to_string().len();
        if self.bytes > BYTES {
            return Err(Unread::TooLarge);
        }
        Ok(Some(Block { kind, body, children }))
    }
}
