//! Documents by what is looked for, a page at a time.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use entities::{
    Millis, SourceId,
    document_list::{self, Place, Sort, Sorted, Wanted},
    document_revision, document_tag, documents,
};

use super::{
    super::{
        ProjectActor,
        documents::{DocumentList, DocumentView},
    },
    collections::CollectionView,
};
use crate::{
    contain::Serve,
    fault::{Fault, Invalid},
    request,
};

/// Documents in an order, a page of them.
pub struct ListDocuments {
    pub wanted: Wanted,
    pub sorted: Sorted,
    /// From an earlier page.
    pub after: Option<String>,
    pub limit: u64,
}

impl Default for ListDocuments {
    fn default() -> Self {
        Self {
            wanted: Wanted::default(),
            sorted: Sorted {
                by: Sort::Created,
                descending: true,
            },
            after: None,
            limit: MOST_A_PAGE,
        }
    }
}

/// What documents can be narrowed to, with how many that leaves.
pub struct ShowFacets;

#[derive(Clone, Debug)]
pub struct FacetsView {
    pub tags: Vec<(String, i64)>,
    pub collections: Vec<CollectionView>,
    pub statuses: Vec<(String, i64)>,
    pub sources: Vec<(SourceId, String, i64)>,
    /// To be looked at again by now.
    pub due: i64,
    /// That say what another one says.
    pub twins: i64,
}

/// What one file may have.
pub struct FileLimit;

request! {
    ListDocuments => DocumentList, needs Member;
    ShowFacets => FacetsView, needs Member;
    FileLimit => u64, needs Member;
}

pub const MOST_A_PAGE: u64 = 1_000;
/// Words that are looked for at once.
const MOST_WORDS: usize = 8;
const WORD: usize = 100;

/// The words of a search, in lower case.
///
/// # Errors
/// `Invalid` when that is more than anyone types.
pub fn parse_search(text: &str) -> Result<Vec<String>, Fault> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    if words.len() > MOST_WORDS || words.iter().any(|word| word.chars().count() > WORD || word.contains('\0')) {
        let reason = format!("Search for at most {MOST_WORDS} words.");
        return Err(Fault::invalid(Invalid::Search, "search", reason));
    }
    Ok(words)
}

/// What is due is so by this server's clock.
pub(super) fn as_of(wanted: Wanted, now: Millis) -> Wanted {
    Wanted {
        due_before: wanted.due_before.map(|before| before.min(now)),
        ..wanted
    }
}

fn cursor(sorted: Sorted, place: &Place) -> Result<String, Fault> {
    let text = serde_json::to_vec(&(sorted.by, sorted.descending, place)).map_err(|_| Fault::Internal("cursor"))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(text))
}

fn parse_cursor(text: &str, sorted: Sorted) -> Result<Place, Fault> {
    let refuse = || {
        Fault::invalid(
            Invalid::Cursor,
            "after",
            "Use the value of `next` from an earlier page of the same list.",
        )
    };
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| refuse())?;
    let (by, descending, place): (Sort, bool, Place) = serde_json::from_slice(&bytes).map_err(|_| refuse())?;
    let is_text = matches!(by, Sort::Name | Sort::Status);
    let fits = match &place {
        Place::Text(text, _) => is_text && !text.contains('\0'),
        Place::Number(..) => !is_text,
    };
    if fits && (by, descending) == (sorted.by, sorted.descending) {
        Ok(place)
    } else {
        Err(refuse())
    }
}

impl Serve<ListDocuments> for ProjectActor {
    async fn serve(&self, list: ListDocuments) -> Result<DocumentList, Fault> {
        let (project, limits) = (self.id(), &self.seed.engine.limits);
        let (wanted, sorted) = (as_of(list.wanted, self.now()), list.sorted);
        let limit = list.limit.clamp(1, MOST_A_PAGE);
        let place = list.after.as_deref().map(|after| parse_cursor(after, sorted)).transpose()?;
        let (page, matching, totals, kept) = self
            .db()
            .read(async |tx| {
                let page = document_list::page(tx, project, &wanted, sorted, place.as_ref(), limit).await?;
                let matching = document_list::count(tx, project, &wanted).await?;
                let totals = documents::totals(tx, project).await?;
                let kept = document_revision::total(tx, project).await?;
                let around = self.around(tx, &page).await?;
                let views: Vec<_> = page.iter().map(|document| DocumentView::of(document.clone(), &around)).collect();
                Ok::<_, Fault>(((page, views), matching, totals, kept))
            })
            .await?;
        let (page, documents) = page;
        let more = page.len() as u64 == limit;
        let next = match page.last().filter(|_| more) {
            Some(last) => Some(cursor(sorted, &sorted.by.place(last))?),
            None => None,
        };
        Ok(DocumentList {
            documents,
            next,
            matching,
            all: totals.documents,
            used_bytes: totals.bytes,
            kept_bytes: kept,
            most_file_bytes: limits.file_bytes,
            most_documents: limits.documents,
            most_total_bytes: limits.total_bytes,
            most_pages: limits.inside.pages,
        })
    }
}

impl Serve<FileLimit> for ProjectActor {
    async fn serve(&self, _: FileLimit) -> Result<u64, Fault> {
        Ok(self.seed.engine.limits.file_bytes)
    }
}

impl Serve<ShowFacets> for ProjectActor {
    async fn serve(&self, _: ShowFacets) -> Result<FacetsView, Fault> {
        let (project, now) = (self.id(), self.now());
        self.db()
            .read(async |tx| {
                let found = document_list::facets(tx, project, now).await?;
                let sources = entities::source::list(tx, Some(project)).await?;
                let named = sources.into_iter().map(|source| {
                    let count = found.sources.iter().find(|(id, _)| *id == source.id).map_or(0, |(_, count)| *count);
                    (source.id, source.name, count)
                });
                Ok(FacetsView {
                    tags: document_tag::counts(tx, project).await?,
                    collections: self.collections(tx).await?,
                    sources: named.collect(),
                    statuses: found.statuses,
                    due: found.due,
                    twins: found.twins,
                })
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use entities::DocumentId;

    use super::*;

    #[test]
    fn a_cursor_goes_on_in_the_order_that_it_is_of_and_in_no_other() {
        let sorted = Sorted {
            by: Sort::Size,
            descending: true,
        };
        let place = Place::Number(7, DocumentId::new());
        let text = cursor(sorted, &place).unwrap();
        assert_eq!(parse_cursor(&text, sorted).unwrap(), place);
        let other = Sorted {
            descending: false,
            ..sorted
        };
        assert!(parse_cursor(&text, other).is_err());
        let forged = cursor(sorted, &Place::Text("7".into(), DocumentId::new())).unwrap();
        for bad in ["", "x", &forged] {
            assert!(parse_cursor(bad, sorted).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_search_is_a_few_words() {
        assert_eq!(parse_search("  Grüße   AN ").unwrap(), ["grüße", "an"]);
        assert!(parse_search("").unwrap().is_empty());
        assert!(parse_search("a b c d e f g h i").is_err() && parse_search(&"x".repeat(101)).is_err());
    }
}
