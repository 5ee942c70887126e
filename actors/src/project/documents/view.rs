//! How documents are shown.

use std::collections::HashMap;

use entities::{
    ChunkId, CollectionId, DocumentId, Millis, SourceId, TenantTx, collection, document_tag, documents,
    source::{self, Source},
};
use serde::Serialize;

use crate::{fault::Fault, project::ProjectActor};

#[derive(Clone, Debug, Serialize)]
pub struct DocumentView {
    pub id: DocumentId,
    pub name: String,
    pub media_type: String,
    pub size: i64,
    pub status: String,
    pub progress: Progress,
    pub failure: Option<Failure>,
    pub pages: Option<i32>,
    pub chunks: i32,
    pub source_url: Option<String>,
    pub revision: i32,
    pub created_at: Millis,
    pub updated_at: Millis,
    /// Where it comes from by itself.
    pub source: Option<SourceRef>,
    pub collection: Option<CollectionRef>,
    pub tags: Vec<String>,
    pub reviewed_at: Millis,
    /// When somebody said it is to be looked at again.
    pub review_at: Option<Millis>,
    /// When it is to be looked at again: as somebody said, or as its collection says.
    pub due_at: Option<Millis>,
    /// Another document that says the same.
    pub twin: Option<TwinRef>,
}

#[derive(Clone, Debug, Serialize)]
pub struct CollectionRef {
    pub id: CollectionId,
    pub name: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct TwinRef {
    pub id: DocumentId,
    pub name: String,
    /// How much of both is the same.
    pub percent: i32,
}

/// What documents are shown with: of their project, and of these documents.
#[derive(Default)]
pub(in crate::project) struct Around {
    sources: Vec<Source>,
    collections: Vec<collection::Collection>,
    tags: HashMap<DocumentId, Vec<String>>,
    names: HashMap<DocumentId, String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct SourceRef {
    pub id: SourceId,
    pub kind: String,
    pub name: String,
}

/// Chunks that are embedded, of all.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Progress {
    pub done: i32,
    pub total: i32,
}

#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    pub code: String,
    pub detail: String,
}

impl DocumentView {
    pub(in crate::project) fn of(document: documents::Document, around: &Around) -> Self {
        let source = document.source.and_then(|id| around.sources.iter().find(|source| source.id == id));
        let collection = document
            .filed
            .collection
            .and_then(|id| around.collections.iter().find(|collection| collection.id == id));
        let twin = document.filed.twin.and_then(|(id, percent)| {
            let name = around.names.get(&id)?.clone();
            Some(TwinRef { id, name, percent })
        });
        Self {
            collection: collection.map(|collection| CollectionRef {
                id: collection.id,
                name: collection.name.clone(),
            }),
            tags: around.tags.get(&document.id).cloned().unwrap_or_default(),
            reviewed_at: document.filed.reviewed_at,
            review_at: document.filed.review_at,
            due_at: document.filed.due_at,
            twin,
            id: document.id,
            name: document.name,
            media_type: document.media_type,
            size: document.size,
            status: document.status,
            progress: Progress {
                done: document.embedded,
                total: document.chunks,
            },
            failure: document.failure.map(|(code, detail)| Failure { code, detail }),
            pages: document.pages,
            chunks: document.chunks,
            source_url: document.source_url,
            revision: document.revision,
            created_at: document.created_at,
            updated_at: document.updated_at,
            source: source.map(|source| SourceRef {
                id: source.id,
                kind: source.kind.clone(),
                name: source.name.clone(),
            }),
        }
    }
}

/// Documents without their contents, and how much there is of everything.
pub struct DocumentList {
    pub documents: Vec<DocumentView>,
    /// For the next page, if there is one.
    pub next: Option<String>,
    /// On all pages together.
    pub matching: i64,
    /// In the project.
    pub all: i64,
    pub used_bytes: i64,
    /// Of what documents were before.
    pub kept_bytes: i64,
    pub most_file_bytes: u64,
    pub most_documents: i64,
    pub most_total_bytes: i64,
    pub most_pages: u32,
}

/// A chunk as it was read.
#[derive(Clone, Debug, Serialize)]
pub struct Section {
    pub id: ChunkId,
    pub heading: Vec<String>,
    pub text: String,
}

/// A file as it was uploaded.
pub struct Original {
    pub name: String,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

impl ProjectActor {
    pub(in crate::project) async fn around(&self, tx: &TenantTx, shown: &[documents::Document]) -> Result<Around, Fault> {
        let project = self.id();
        let ids: Vec<DocumentId> = shown.iter().map(|document| document.id).collect();
        let twins: Vec<DocumentId> = shown.iter().filter_map(|document| document.filed.twin.map(|(id, _)| id)).collect();
        let mut tags: HashMap<DocumentId, Vec<String>> = HashMap::new();
        for (document, tag) in document_tag::of(tx, project, &ids).await? {
            tags.entry(document).or_default().push(tag);
        }
        Ok(Around {
            sources: source::list(tx, Some(project)).await?,
            collections: collection::list(tx, project).await?,
            names: documents::names(tx, project, &twins).await?.into_iter().collect(),
            tags,
        })
    }

    pub(in crate::project) async fn view(&self, id: DocumentId) -> Result<DocumentView, Fault> {
        let project = self.id();
        self.db()
            .read(async |tx| {
                let found = documents::find(tx, project, id).await?.ok_or(Fault::NotFound)?;
                let around = self.around(tx, std::slice::from_ref(&found)).await?;
                Ok(DocumentView::of(found, &around))
            })
            .await
    }
}
