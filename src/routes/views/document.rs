//! Documents.

use actors::{ChunkId, CollectionId, DocumentId, SourceId, project::documents as d};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::time;
use crate::error::Rejected;

#[derive(Serialize, ToSchema)]
pub struct DocumentView {
    #[schema(value_type = Uuid)]
    pub id: DocumentId,
    pub name: String,
    pub media_type: String,
    /// Bytes.
    pub size: i64,
    /// `queued`, `embedding`, `ready` or `failed`. While `embedding`, it is found by its words already.
    pub status: String,
    pub progress: ProgressView,
    pub failure: Option<FailureView>,
    pub pages: Option<i32>,
    pub chunks: i32,
    pub source_url: Option<String>,
    /// Counts the times the contents were replaced, from 1.
    pub revision: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Where it comes from by itself; nobody changes it here then.
    pub source: Option<SourceRefView>,
    pub collection: Option<CollectionRefView>,
    pub tags: Vec<String>,
    /// When somebody looked at it, or gave it its contents.
    pub reviewed_at: DateTime<Utc>,
    /// When somebody said it is to be looked at again.
    pub review_at: Option<DateTime<Utc>>,
    /// When it is to be looked at again: as somebody said, or as its collection says.
    pub due_at: Option<DateTime<Utc>>,
    /// Another document that says the same.
    pub looks_like: Option<TwinView>,
}

#[derive(Serialize, ToSchema)]
pub struct CollectionRefView {
    #[schema(value_type = Uuid)]
    pub id: CollectionId,
    pub name: String,
}

#[derive(Serialize, ToSchema)]
pub struct TwinView {
    #[schema(value_type = Uuid)]
    pub id: DocumentId,
    pub name: String,
    /// How much of both is the same.
    pub percent: i32,
}

#[derive(Serialize, ToSchema)]
pub struct SourceRefView {
    #[schema(value_type = Uuid)]
    pub id: SourceId,
    #[schema(example = "website")]
    pub kind: String,
    pub name: String,
}

/// Chunks embedded, of all.
#[derive(Serialize, ToSchema)]
pub struct ProgressView {
    pub done: i32,
    pub total: i32,
}

#[derive(Serialize, ToSchema)]
pub struct FailureView {
    pub code: String,
    pub detail: String,
}

impl From<d::DocumentView> for DocumentView {
    fn from(document: d::DocumentView) -> Self {
        Self {
            id: document.id,
            name: document.name,
            media_type: document.media_type,
            size: document.size,
            status: document.status,
            progress: ProgressView {
                done: document.progress.done,
                total: document.progress.total,
            },
            failure: document.failure.map(|failure| FailureView {
                code: failure.code,
                detail: failure.detail,
            }),
            pages: document.pages,
            chunks: document.chunks,
            source_url: document.source_url,
            revision: document.revision,
            created_at: time(document.created_at),
            updated_at: time(document.updated_at),
            source: document.source.map(|source| SourceRefView {
                id: source.id,
                kind: source.kind,
                name: source.name,
            }),
            collection: document.collection.map(|collection| CollectionRefView {
                id: collection.id,
                name: collection.name,
            }),
            tags: document.tags,
            reviewed_at: time(document.reviewed_at),
            review_at: document.review_at.map(time),
            due_at: document.due_at.map(time),
            looks_like: document.twin.map(|twin| TwinView {
                id: twin.id,
                name: twin.name,
                percent: twin.percent,
            }),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Documents {
    pub documents: Vec<DocumentView>,
    /// For `after` of the next page.
    pub next: Option<String>,
    /// On all pages together.
    pub matching: i64,
    /// In the project.
    pub total: i64,
    pub limits: LimitsView,
    pub used_bytes: i64,
    /// Of what documents were before.
    pub kept_bytes: i64,
}

#[derive(Serialize, ToSchema)]
pub struct LimitsView {
    pub file_bytes: u64,
    pub documents: i64,
    pub pages: u32,
    pub total_bytes: i64,
}

impl From<d::DocumentList> for Documents {
    fn from(list: d::DocumentList) -> Self {
        Self {
            limits: LimitsView {
                file_bytes: list.most_file_bytes,
                documents: list.most_documents,
                pages: list.most_pages,
                total_bytes: list.most_total_bytes,
            },
            next: list.next,
            matching: list.matching,
            total: list.all,
            used_bytes: list.used_bytes,
            kept_bytes: list.kept_bytes,
            documents: list.documents.into_iter().map(DocumentView::from).collect(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Uploaded {
    pub documents: Vec<DocumentView>,
    pub rejected: Vec<Rejected>,
}

#[derive(Serialize, ToSchema)]
pub struct DocumentPage {
    #[serde(flatten)]
    pub document: DocumentView,
    pub sections: Vec<SectionView>,
}

#[derive(Serialize, ToSchema)]
pub struct SectionView {
    #[schema(value_type = Uuid)]
    pub id: ChunkId,
    pub heading: Vec<String>,
    pub text: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentChange {
    pub name: Option<String>,
    /// An empty one clears it.
    pub source_url: Option<String>,
    pub tags: Option<Vec<String>>,
    /// The id of a collection; an empty one takes the document out of any.
    pub collection: Option<String>,
    /// A day such as `2027-01-31`; an empty one leaves it to the collection.
    pub review_by: Option<String>,
    /// `true`: somebody looked at it now.
    pub reviewed: Option<bool>,
}
