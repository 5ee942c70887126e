//! Documents.

use actors::{ChunkId, DocumentId, project::documents as d};
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
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Documents {
    pub documents: Vec<DocumentView>,
    pub limits: LimitsView,
    pub used_bytes: i64,
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
            used_bytes: list.used_bytes,
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
}
