//! Documents of a project.

use super::{Door::Session, Route, delete, get, patch, post, put};
use crate::routes::{
    dashboard::{documents, library},
    views as v,
};

pub(in crate::routes) fn rows() -> Vec<Route> {
    vec![
        get(
            "/projects/{project}/documents",
            documents::list,
            Session,
            "The project's documents, a page at a time",
        )
        .asks(&[
            "search",
            "status",
            "collection",
            "tag",
            "source",
            "stale",
            "duplicates",
            "sort",
            "order",
            "after",
            "limit",
        ])
        .gives::<v::Documents>(200),
        post("/projects/{project}/documents", documents::add, Session, "Upload documents")
            .takes_files()
            .gives::<v::Uploaded>(201),
        get(
            "/projects/{project}/documents/facets",
            library::facets,
            Session,
            "What documents can be narrowed to",
        )
        .gives::<v::Facets>(200),
        post(
            "/projects/{project}/documents/batches",
            library::change_many,
            Session,
            "Do something to many documents; it goes on by itself",
        )
        .takes::<v::BatchBody>()
        .gives::<v::BatchView>(202),
        get(
            "/projects/{project}/documents/batches/{batch}",
            library::batch,
            Session,
            "How far something is that is done to many documents",
        )
        .gives::<v::BatchView>(200),
        get(
            "/projects/{project}/documents/{document}",
            documents::show,
            Session,
            "A document as it was read",
        )
        .gives::<v::DocumentPage>(200),
        get(
            "/projects/{project}/documents/{document}/original",
            documents::original,
            Session,
            "A document as it was uploaded",
        )
        .gives_file(),
        put(
            "/projects/{project}/documents/{document}",
            documents::replace,
            Session,
            "Replace a document's contents",
        )
        .takes_files()
        .gives::<v::DocumentView>(200),
        patch(
            "/projects/{project}/documents/{document}",
            documents::change,
            Session,
            "Rename a document, set its link, its tags, its collection or when it is to be looked at again",
        )
        .takes::<v::DocumentChange>()
        .gives::<v::DocumentView>(200),
        delete(
            "/projects/{project}/documents/{document}",
            documents::delete,
            Session,
            "Delete a document",
        )
        .empty(),
        get(
            "/projects/{project}/documents/{document}/statistics",
            library::statistics,
            Session,
            "How often answers cite a document, and what they were asked",
        )
        .gives::<v::DocumentStatistics>(200),
        get(
            "/projects/{project}/documents/{document}/likenesses",
            library::likenesses,
            Session,
            "Documents that say what a document says",
        )
        .gives::<v::Likenesses>(200),
        get(
            "/projects/{project}/documents/{document}/difference",
            library::difference,
            Session,
            "What differs between a document and another",
        )
        .asks(&["document", "revision"])
        .gives::<v::DifferenceView>(200),
        get(
            "/projects/{project}/documents/{document}/revisions",
            library::revisions,
            Session,
            "What a document was before",
        )
        .gives::<v::Revisions>(200),
        get(
            "/projects/{project}/documents/{document}/revisions/{revision}",
            library::revision,
            Session,
            "A revision of a document as text",
        )
        .gives::<v::RevisionText>(200),
        get(
            "/projects/{project}/documents/{document}/revisions/{revision}/difference",
            library::difference,
            Session,
            "What differs between a revision and another, or the present one",
        )
        .asks(&["document", "revision"])
        .gives::<v::DifferenceView>(200),
        post(
            "/projects/{project}/documents/{document}/revisions/{revision}/restore",
            library::restore,
            Session,
            "Make an earlier revision a document's contents again",
        )
        .gives::<v::DocumentView>(200),
        get(
            "/projects/{project}/collections",
            library::collections,
            Session,
            "Collections of documents",
        )
        .gives::<v::Collections>(200),
        post(
            "/projects/{project}/collections",
            library::create_collection,
            Session,
            "Create a collection",
        )
        .takes::<v::CollectionBody>()
        .gives::<v::CollectionView>(201),
        put(
            "/projects/{project}/collections/{collection}",
            library::change_collection,
            Session,
            "Rename a collection, or say when its documents are to be looked at again",
        )
        .takes::<v::CollectionBody>()
        .gives::<v::CollectionView>(200),
        delete(
            "/projects/{project}/collections/{collection}",
            library::delete_collection,
            Session,
            "Delete a collection; its documents stay",
        )
        .empty(),
    ]
}
