//! What documents are found by, what is done to many of them, what they were before, and which say the same.

use actors::{
    DocumentId, Fault, Millis, SourceId,
    document_list::{In, Sort, Sorted, Wanted},
    project::library::{
        batches, collections,
        list::{self, ListDocuments, parse_search},
        prints, revisions, statistics,
    },
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::time;
use crate::error::Problem;

/// Which documents. Everything that is said must be so; an empty one means all.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentFilter {
    /// Words that are in the name or the title.
    pub search: Option<String>,
    /// `queued`, `embedding`, `ready` or `failed`; several with commas.
    pub status: Option<String>,
    /// An id, or `none`.
    pub collection: Option<String>,
    pub tag: Option<String>,
    /// An id, or `uploaded`.
    pub source: Option<String>,
    /// To be looked at again by now.
    pub stale: Option<bool>,
    /// They say what another one says.
    pub duplicates: Option<bool>,
}

const STATUSES: [&str; 4] = ["queued", "embedding", "ready", "failed"];

fn which<T: std::str::FromStr>(text: &str, none: &str) -> Result<In<T>, Problem> {
    match text {
        text if text == none => Ok(In::None),
        // What is no id names nothing here.
        text => text.parse().map(In::This).map_err(|_| Problem::Fault(Fault::NotFound)),
    }
}

impl DocumentFilter {
    /// # Errors
    /// When it asks for what cannot be.
    pub(in crate::routes) fn wanted(self) -> Result<Wanted, Problem> {
        let said = |text: Option<String>| text.filter(|text| !text.is_empty());
        let statuses = said(self.status).map(|status| status.split(',').map(str::to_owned).collect::<Vec<_>>());
        let statuses = statuses.unwrap_or_default();
        if statuses.iter().any(|status| !STATUSES.contains(&status.as_str())) {
            return Err(Problem::InvalidBody(format!("A status is one of {}.", STATUSES.join(", "))));
        }
        Ok(Wanted {
            words: parse_search(self.search.as_deref().unwrap_or_default()).map_err(Problem::Fault)?,
            statuses,
            collection: said(self.collection).map(|text| which(&text, "none")).transpose()?,
            tag: said(self.tag).map(|tag| tag.to_lowercase()),
            source: said(self.source).map(|text| which::<SourceId>(&text, "uploaded")).transpose()?,
            due_before: self.stale.unwrap_or(false).then_some(Millis::MAX),
            twins: self.duplicates.unwrap_or(false),
            ids: None,
            created_until: None,
        })
    }
}

pub(in crate::routes) fn named(ids: Vec<Uuid>) -> Wanted {
    Wanted {
        ids: Some(ids.into_iter().map(DocumentId::from).collect()),
        ..Wanted::default()
    }
}

/// A page of documents, as the query asks for it.
#[derive(Deserialize)]
pub struct DocumentQuery {
    pub search: Option<String>,
    pub status: Option<String>,
    pub collection: Option<String>,
    pub tag: Option<String>,
    pub source: Option<String>,
    pub stale: Option<bool>,
    pub duplicates: Option<bool>,
    pub sort: Option<Sort>,
    pub order: Option<Direction>,
    pub after: Option<String>,
    pub limit: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Asc,
    Desc,
}

impl DocumentQuery {
    pub(in crate::routes) fn list(self) -> Result<ListDocuments, Problem> {
        let by = self.sort.unwrap_or_default();
        let usual = match by {
            Sort::Name | Sort::Status => Direction::Asc,
            Sort::Size | Sort::Created | Sort::Updated => Direction::Desc,
        };
        let filter = DocumentFilter {
            search: self.search,
            status: self.status,
            collection: self.collection,
            tag: self.tag,
            source: self.source,
            stale: self.stale,
            duplicates: self.duplicates,
        };
        Ok(ListDocuments {
            wanted: filter.wanted()?,
            sorted: Sorted {
                by,
                descending: self.order.unwrap_or(usual) == Direction::Desc,
            },
            after: self.after,
            limit: self.limit.unwrap_or(list::MOST_A_PAGE),
        })
    }
}

/// What documents can be narrowed to, with how many that leaves.
#[derive(Serialize, ToSchema)]
pub struct Facets {
    pub tags: Vec<TagCount>,
    pub collections: Vec<CollectionView>,
    pub statuses: Vec<StatusCount>,
    pub sources: Vec<SourceCount>,
    pub stale: i64,
    pub duplicates: i64,
}

#[derive(Serialize, ToSchema)]
pub struct TagCount {
    pub tag: String,
    pub documents: i64,
}

#[derive(Serialize, ToSchema)]
pub struct StatusCount {
    pub status: String,
    pub documents: i64,
}

#[derive(Serialize, ToSchema)]
pub struct SourceCount {
    pub id: Uuid,
    pub name: String,
    pub documents: i64,
}

impl From<list::FacetsView> for Facets {
    fn from(view: list::FacetsView) -> Self {
        Self {
            tags: view.tags.into_iter().map(|(tag, documents)| TagCount { tag, documents }).collect(),
            collections: view.collections.into_iter().map(CollectionView::from).collect(),
            statuses: view
                .statuses
                .into_iter()
                .map(|(status, documents)| StatusCount { status, documents })
                .collect(),
            sources: view
                .sources
                .into_iter()
                .map(|(id, name, documents)| SourceCount {
                    id: id.uuid(),
                    name,
                    documents,
                })
                .collect(),
            stale: view.due,
            duplicates: view.twins,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Collections {
    pub collections: Vec<CollectionView>,
}

#[derive(Serialize, ToSchema)]
pub struct CollectionView {
    pub id: Uuid,
    pub name: String,
    /// Its documents are to be looked at again so many days after they were.
    pub review_days: Option<i32>,
    pub documents: i64,
}

impl From<collections::CollectionView> for CollectionView {
    fn from(view: collections::CollectionView) -> Self {
        Self {
            id: view.id.uuid(),
            name: view.name,
            review_days: view.review_days,
            documents: view.documents,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CollectionBody {
    pub name: String,
    pub review_days: Option<i32>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BatchAction {
    /// Those that come from a source stay.
    Delete,
    /// With `tag`.
    Tag,
    /// With `tag`.
    Untag,
    /// Into `collection`; out of any without.
    Move,
    /// Those that could not be read are read once more.
    Retry,
    /// Somebody looked at them.
    Reviewed,
    /// They are to be looked at again by `day`; when their collection says without.
    ReviewBy,
}

/// What is done to which documents: those that are named, or those that the filter leaves.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchBody {
    pub action: BatchAction,
    pub tag: Option<String>,
    pub collection: Option<Uuid>,
    /// Such as `2027-01-31`.
    pub day: Option<String>,
    pub documents: Option<Vec<Uuid>>,
    pub filter: Option<DocumentFilter>,
}

#[derive(Serialize, ToSchema)]
pub struct BatchView {
    pub id: Uuid,
    pub action: String,
    /// Documents that were chosen when it began.
    pub total: i32,
    pub done: i32,
    /// Of those: what could not be, or was so already.
    pub skipped: i32,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

impl From<batches::BatchView> for BatchView {
    fn from(view: batches::BatchView) -> Self {
        Self {
            id: view.id.uuid(),
            action: view.action,
            total: view.total,
            done: view.done,
            skipped: view.skipped,
            created_at: time(view.created_at),
            finished_at: view.finished_at.map(time),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct DocumentStatistics {
    /// Answers that cite it.
    pub citations: i64,
    pub citations_30d: i64,
    pub last_cited_at: Option<DateTime<Utc>>,
    /// Of those answers: what people thought of them.
    pub helpful: i64,
    pub unhelpful: i64,
    pub chunks: i32,
    /// The latest whose answers cite it.
    pub questions: Vec<AnsweredView>,
}

#[derive(Serialize, ToSchema)]
pub struct AnsweredView {
    pub question: String,
    pub conversation: Uuid,
    pub asked_at: DateTime<Utc>,
    pub helpful: Option<bool>,
}

impl From<statistics::StatisticsView> for DocumentStatistics {
    fn from(view: statistics::StatisticsView) -> Self {
        Self {
            citations: view.citations,
            citations_30d: view.citations_30d,
            last_cited_at: view.last_at.map(time),
            helpful: view.helpful,
            unhelpful: view.unhelpful,
            chunks: view.chunks,
            questions: view
                .questions
                .into_iter()
                .map(|asked| AnsweredView {
                    question: asked.question,
                    conversation: asked.conversation.uuid(),
                    asked_at: time(asked.asked_at),
                    helpful: asked.helpful,
                })
                .collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Likenesses {
    pub documents: Vec<LikenessView>,
}

#[derive(Serialize, ToSchema)]
pub struct LikenessView {
    pub id: Uuid,
    pub name: String,
    /// How much of both is the same.
    pub percent: i32,
    /// Byte by byte.
    pub same: bool,
}

impl From<prints::Likeness> for LikenessView {
    fn from(likeness: prints::Likeness) -> Self {
        Self {
            id: likeness.document.uuid(),
            name: likeness.name,
            percent: likeness.percent,
            same: likeness.same,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Revisions {
    /// The present one first.
    pub revisions: Vec<RevisionView>,
}

#[derive(Serialize, ToSchema)]
pub struct RevisionView {
    pub revision: i32,
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    pub since: Option<DateTime<Utc>>,
    /// Of the present one there is none.
    pub replaced_at: Option<DateTime<Utc>>,
}

impl From<revisions::RevisionView> for RevisionView {
    fn from(view: revisions::RevisionView) -> Self {
        Self {
            revision: view.revision,
            media_type: view.media_type,
            size: view.size,
            since: view.since.map(time),
            replaced_at: view.replaced_at.map(time),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct RevisionText {
    pub revision: i32,
    pub lines: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub struct DifferenceView {
    pub added: usize,
    pub removed: usize,
    /// There is more than is shown.
    pub cut: bool,
    pub hunks: Vec<Vec<LineView>>,
}

#[derive(Serialize, ToSchema)]
pub struct LineView {
    /// `same`, `added` or `removed`.
    pub change: &'static str,
    pub text: String,
}

impl From<revisions::Difference> for DifferenceView {
    fn from(difference: revisions::Difference) -> Self {
        let line = |line: revisions::DiffLine| LineView {
            change: match line.change {
                revisions::Change::Same => "same",
                revisions::Change::Added => "added",
                revisions::Change::Removed => "removed",
            },
            text: line.text,
        };
        Self {
            added: difference.added,
            removed: difference.removed,
            cut: difference.cut,
            hunks: difference
                .hunks
                .into_iter()
                .map(|hunk| hunk.into_iter().map(line).collect())
                .collect(),
        }
    }
}
