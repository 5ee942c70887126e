//! Listing and fetching what repositories hold. A listing is whole: a tree costs one request, and blobs are named by their content, so
//! that only what changed is fetched.

use serde::{Deserialize, Serialize};

use super::{
    GitHub,
    api::{ApiError, As},
    config::GitHubConfig,
    item::{self, Item},
};
use crate::sources::connector::{Choices, Choosing, Connector, Fetched, Found, Known, Listing, Position, ProviderError, Skip, Token};

/// Of one file.
pub(super) const MOST_FILE: usize = 5 << 20;
const MOST_ID: usize = 2_000;

/// Where a listing stands: which repository, and what of it is next.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Place {
    repository: usize,
    #[serde(flatten)]
    part: Part,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "lowercase")]
pub(super) enum Part {
    #[default]
    Files,
    /// Of a tree that came in pieces: the folders that are still to be looked into, and the branch they are of.
    Folders {
        branch: String,
        left: Vec<Folder>,
    },
    /// The address of the next page, as GitHub gave it. `None`: the first.
    Issues {
        page: Option<String>,
    },
    Discussions {
        after: Option<String>,
    },
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Folder {
    pub path: String,
    pub sha: String,
}

pub(super) fn found(id: String, version: String) -> Option<Found> {
    (id.len() <= MOST_ID).then_some(Found {
        id,
        version: Some(version),
        depth: 0,
    })
}

/// What is not there has nothing in it.
pub(super) fn or_nothing<T>(asked: Result<T, ApiError>) -> Result<Option<T>, ProviderError> {
    match asked {
        Ok(found) => Ok(Some(found)),
        Err(ApiError::Missing | ApiError::Empty) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn skip(code: &'static str, detail: &str) -> Fetched {
    Fetched::Skip(Skip {
        code,
        detail: detail.into(),
    })
}

/// One page of a listing, and what comes after it in the same repository.
pub(super) type Step = (Vec<Found>, Option<Part>);

impl Connector for GitHub {
    type Config = GitHubConfig;

    fn check(config: GitHubConfig) -> Result<GitHubConfig, (&'static str, String)> {
        config.checked().map_err(|(field, reason)| (field, reason.to_owned()))
    }

    async fn list(&self, token: Option<&Token>, config: &GitHubConfig, at: Position<'_>) -> Result<Listing, ProviderError> {
        let token = token.ok_or(ProviderError::Unauthorized)?;
        let who = As::Token(token);
        let place: Place = match at.next {
            Some(next) => serde_json::from_str(next).map_err(|_| ProviderError::Restart)?,
            None => Place::default(),
        };
        let Some(chosen) = config.repositories.get(place.repository) else {
            // Fewer were chosen meanwhile.
            return Err(ProviderError::Restart);
        };
        let full_name = chosen.full_name.as_str();
        let (stage, step) = match place.part {
            Part::Files => (0, self.files(&who, config, place.repository).await?),
            Part::Folders { branch, left } => (0, self.folders(&who, config, place.repository, (branch, left)).await?),
            Part::Issues { page } => (1, self.issues(&who, full_name, page.as_deref()).await?),
            Part::Discussions { after } => (2, self.discussions(token, full_name, after.as_deref()).await?),
        };
        let (found, more) = step;
        let next = match more {
            Some(part) => Some((place.repository, part)),
            None if stage < 1 && config.issues => Some((place.repository, Part::Issues { page: None })),
            None if stage < 2 && config.discussions => Some((place.repository, Part::Discussions { after: None })),
            None if place.repository + 1 < config.repositories.len() => Some((place.repository + 1, Part::Files)),
            None => None,
        };
        let next = next.map(|(repository, part)| serde_json::to_string(&Place { repository, part }));
        let next = next.transpose().map_err(|_| ProviderError::Unreadable)?;
        Ok(Listing {
            whole: next.is_none(),
            found,
            next,
        })
    }

    async fn fetch(&self, token: Option<&Token>, _: &GitHubConfig, item: Known<'_>) -> Result<Fetched, ProviderError> {
        let token = token.ok_or(ProviderError::Unauthorized)?;
        let who = As::Token(token);
        match item::read(item.id) {
            Some(Item::File { owner, name, branch, path }) => match item.listed {
                Some(sha) => self.file(&who, (owner, name), (branch, path), sha).await,
                None => Ok(Fetched::Gone),
            },
            Some(Item::Issue { owner, name, number }) => self.issue(&who, (owner, name), number).await,
            Some(Item::Discussion { owner, name, number }) => self.discussion(token, (owner, name), number).await,
            None => Ok(Fetched::Gone),
        }
    }

    async fn choices(&self, token: Option<&Token>, asked: Choosing<'_>) -> Result<Choices, ProviderError> {
        let who = As::Token(token.ok_or(ProviderError::Unauthorized)?);
        match asked.within {
            Some(repository) => self.branches(&who, repository, asked).await,
            None => self.repositories(&who, asked).await,
        }
    }
}
