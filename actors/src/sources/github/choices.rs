//! What there is to choose from: repositories, and the branches of one.

use serde::{Deserialize, de::DeserializeOwned};

use super::{GitHub, api::As, config::parts};
use crate::sources::connector::{Choice, Choices, Choosing, ProviderError};

/// Pages of 100 that are looked through at a time, if that is what it takes to find something.
const PAGES: u32 = 10;
/// Choices that are enough for one answer.
const ENOUGH: usize = 100;
/// Of a list, whatever anybody asks for.
const LAST_PAGE: u32 = 10_000;

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct ListedRepository {
    full_name: String,
    html_url: Option<String>,
}

#[derive(Deserialize)]
struct AppRepositories {
    repositories: Vec<ListedRepository>,
}

/// A page of a list, as things to choose.
trait Page: DeserializeOwned {
    fn choices(self) -> Vec<Choice>;
}

impl Page for AppRepositories {
    fn choices(self) -> Vec<Choice> {
        self.repositories.choices()
    }
}

impl Page for Vec<ListedRepository> {
    fn choices(self) -> Vec<Choice> {
        let choice = |one: ListedRepository| Choice {
            id: one.full_name.clone(),
            name: one.full_name,
            kind: "repository",
            url: one.html_url,
        };
        self.into_iter().map(choice).collect()
    }
}

impl Page for Vec<Named> {
    fn choices(self) -> Vec<Choice> {
        let choice = |branch: Named| Choice {
            id: branch.name.clone(),
            name: branch.name,
            kind: "branch",
            url: None,
        };
        self.into_iter().map(choice).collect()
    }
}

impl GitHub {
    /// The repositories that a token reaches.
    pub(super) async fn repositories(&self, who: &As<'_>, asked: Choosing<'_>) -> Result<Choices, ProviderError> {
        if self.is_app() {
            match self.some::<AppRepositories>(who, &["installation", "repositories"], asked).await {
                // A token of the OAuth App's, from before there was the other.
                Err(ProviderError::Refused(_)) => {}
                found => return found,
            }
        }
        self.some::<Vec<ListedRepository>>(who, &["user", "repos"], asked).await
    }

    pub(super) async fn branches(&self, who: &As<'_>, full_name: &str, asked: Choosing<'_>) -> Result<Choices, ProviderError> {
        match parts(full_name) {
            Some((owner, name)) => self.some::<Vec<Named>>(who, &["repos", owner, name, "branches"], asked).await,
            None => Ok(Choices::default()),
        }
    }

    /// GitHub does not search these lists: they are looked through, page by page. What is asked for next is a page's number.
    async fn some<T: Page>(&self, who: &As<'_>, path: &[&str], asked: Choosing<'_>) -> Result<Choices, ProviderError> {
        let search = asked.search.trim().to_lowercase();
        let first = match asked.after {
            Some(after) => after
                .parse()
                .ok()
                .filter(|page| (2..=LAST_PAGE).contains(page))
                .ok_or(ProviderError::Restart)?,
            None => 1,
        };
        let mut choices = Vec::new();
        for number in first..first + PAGES {
            let url = self.api.to(path, &[("per_page", "100"), ("page", &number.to_string())])?;
            let (page, after) = self.api.page_of::<T>(who, url).await.map_err(ProviderError::from)?;
            let fits = |choice: &Choice| choice.name.to_lowercase().contains(&search);
            choices.extend(page.choices().into_iter().filter(fits));
            if after.is_none() {
                return Ok(Choices { choices, next: None });
            }
            if choices.len() >= ENOUGH {
                return Ok(Choices {
                    choices,
                    next: Some((number + 1).to_string()),
                });
            }
        }
        Ok(Choices {
            choices,
            next: Some((first + PAGES).to_string()),
        })
    }
}
