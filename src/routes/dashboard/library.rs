//! Documents by the thousand: what they can be narrowed to, what is done to many, what they were before, and which say the same.

use actix_web::{
    HttpResponse,
    web::{Json, Path, Query},
};
use actors::{
    BatchId, CollectionId, DocumentId, Fault, Invalid,
    project::library::{
        batches::{Action, ChangeMany, ShowBatch},
        collections::{ChangeCollection, CreateCollection, DeleteCollection, ListCollections},
        list::ShowFacets,
        prints::ShowLikenesses,
        revisions::{CompareRevisions, ListRevisions, RestoreRevision, ShowRevision},
        statistics::ShowStatistics,
    },
    role::Member,
};
use serde::Deserialize;

use crate::{
    doors::ProjectPass,
    error::Problem,
    routes::views::{
        self as v, BatchAction, BatchBody, CollectionBody, Collections, DifferenceView, DocumentStatistics, DocumentView, Facets,
        LikenessView, Likenesses, RevisionText, RevisionView, Revisions,
    },
};

#[derive(Deserialize)]
pub struct OfDocument {
    document: String,
    revision: Option<String>,
}

fn not_found<T>(_: T) -> Problem {
    Problem::Fault(Fault::NotFound)
}

impl OfDocument {
    fn document(&self) -> Result<DocumentId, Problem> {
        self.document.parse().map_err(not_found)
    }

    fn revision(&self) -> Result<i32, Problem> {
        self.revision.as_deref().unwrap_or_default().parse().map_err(not_found)
    }
}

pub async fn facets(pass: ProjectPass<Member>) -> Result<Json<Facets>, Problem> {
    Ok(Json(pass.send(ShowFacets).await?.into()))
}

pub async fn change_many(pass: ProjectPass<Member>, body: Json<BatchBody>) -> Result<HttpResponse, Problem> {
    let BatchBody {
        action,
        tag,
        collection,
        day,
        documents,
        filter,
    } = body.into_inner();
    let refuse = |reason| Problem::Fault(Fault::invalid(Invalid::Chosen, "documents", reason));
    let wanted = match (documents, filter) {
        (Some(ids), None) => v::named(ids),
        (None, Some(filter)) => filter.wanted()?,
        _ => return Err(refuse("Name documents, or give a filter, and not both.")),
    };
    let tag = tag.unwrap_or_default();
    let action = match action {
        BatchAction::Delete => Action::Delete,
        BatchAction::Tag => Action::Tag { tag },
        BatchAction::Untag => Action::Untag { tag },
        BatchAction::Move => Action::Move {
            collection: collection.map(CollectionId::from),
        },
        BatchAction::Retry => Action::Retry,
        BatchAction::Reviewed => Action::Reviewed,
        BatchAction::ReviewBy => Action::ReviewBy { day },
    };
    let by = pass.by();
    let batch = pass.send(ChangeMany { by, action, wanted }).await?;
    Ok(HttpResponse::Accepted().json(v::BatchView::from(batch)))
}

pub async fn batch(pass: ProjectPass<Member>, path: Path<(String, String)>) -> Result<Json<v::BatchView>, Problem> {
    let id: BatchId = path.1.parse().map_err(not_found)?;
    Ok(Json(pass.send(ShowBatch(id)).await?.into()))
}

pub async fn statistics(pass: ProjectPass<Member>, path: Path<OfDocument>) -> Result<Json<DocumentStatistics>, Problem> {
    Ok(Json(pass.send(ShowStatistics(path.document()?)).await?.into()))
}

pub async fn likenesses(pass: ProjectPass<Member>, path: Path<OfDocument>) -> Result<Json<Likenesses>, Problem> {
    let found = pass.send(ShowLikenesses(path.document()?)).await?;
    Ok(Json(Likenesses {
        documents: found.into_iter().map(LikenessView::from).collect(),
    }))
}

pub async fn revisions(pass: ProjectPass<Member>, path: Path<OfDocument>) -> Result<Json<Revisions>, Problem> {
    let found = pass.send(ListRevisions(path.document()?)).await?;
    Ok(Json(Revisions {
        revisions: found.into_iter().map(RevisionView::from).collect(),
    }))
}

pub async fn revision(pass: ProjectPass<Member>, path: Path<OfDocument>) -> Result<Json<RevisionText>, Problem> {
    let (document, revision) = (path.document()?, path.revision()?);
    let lines = pass.send(ShowRevision { document, revision }).await?;
    Ok(Json(RevisionText { revision, lines }))
}

#[derive(Deserialize)]
pub struct Against {
    /// Another document; the same one without.
    document: Option<DocumentId>,
    /// A revision of the other side; the present one without.
    revision: Option<i32>,
}

/// What became of a revision in another, or in another document.
pub async fn difference(
    pass: ProjectPass<Member>,
    path: Path<OfDocument>,
    against: Query<Against>,
) -> Result<Json<DifferenceView>, Problem> {
    let document = path.document()?;
    let old = (document, path.revision.as_ref().map(|_| path.revision()).transpose()?);
    let new = (against.document.unwrap_or(document), against.revision);
    Ok(Json(pass.send(CompareRevisions { old, new }).await?.into()))
}

pub async fn restore(pass: ProjectPass<Member>, path: Path<OfDocument>) -> Result<Json<DocumentView>, Problem> {
    let restore = RestoreRevision {
        by: pass.by(),
        document: path.document()?,
        revision: path.revision()?,
    };
    Ok(Json(pass.send(restore).await?.into()))
}

pub async fn collections(pass: ProjectPass<Member>) -> Result<Json<Collections>, Problem> {
    let found = pass.send(ListCollections).await?;
    Ok(Json(Collections {
        collections: found.into_iter().map(v::CollectionView::from).collect(),
    }))
}

pub async fn create_collection(pass: ProjectPass<Member>, body: Json<CollectionBody>) -> Result<HttpResponse, Problem> {
    let CollectionBody { name, review_days } = body.into_inner();
    let made = pass.send(CreateCollection { name, review_days }).await?;
    Ok(HttpResponse::Created().json(v::CollectionView::from(made)))
}

fn collection(path: &Path<(String, String)>) -> Result<CollectionId, Problem> {
    path.1.parse().map_err(not_found)
}

pub async fn change_collection(
    pass: ProjectPass<Member>,
    path: Path<(String, String)>,
    body: Json<CollectionBody>,
) -> Result<Json<v::CollectionView>, Problem> {
    let CollectionBody { name, review_days } = body.into_inner();
    let changed = ChangeCollection {
        collection: collection(&path)?,
        name,
        review_days,
    };
    Ok(Json(pass.send(changed).await?.into()))
}

pub async fn delete_collection(pass: ProjectPass<Member>, path: Path<(String, String)>) -> Result<HttpResponse, Problem> {
    pass.send(DeleteCollection(collection(&path)?)).await?;
    Ok(HttpResponse::NoContent().finish())
}
