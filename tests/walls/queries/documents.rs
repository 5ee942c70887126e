//! Documents, their bytes and their passages.

use entities::{chunk, documents, embeddings::Slot};

use super::call::{ADA, Call, NOW, read, tenant, world, write};
use crate::walls::store::World;

pub(super) const OPERATIONS: &[&str] = &[
    "document::insert",
    "document::list",
    "document::find",
    "document::totals",
    "document::count",
    "document::set_read",
    "document::set_progress",
    "document::fail",
    "document::update",
    "document::replace",
    "document::delete",
    "document::has_name",
    "document_filing::count_of_source",
    "document_filing::of_source",
    "document_filing::keep_of_source",
    "document_body::store",
    "document_body::load",
    "chunk::insert",
    "chunk::of_documents",
    "chunk::of_document",
    "chunk::without_embedding",
    "chunk::embedded",
    "chunk::set_embedding",
    "chunk::missing",
    "chunk::after",
    "chunk::progress",
    "chunk::empty",
    "chunk::purge",
];

fn slot(call: &Call) -> Slot {
    match call.n[3].is_multiple_of(3) {
        true => Slot::Other,
        false => Slot::First,
    }
}

pub(super) async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let (project, document, text, at) = (call.project(), call.document(), call.content(), call.at);
    match call.operation {
        "document::insert" => {
            let new = documents::Document {
                id: document,
                name: format!("name {}", call.n[2] % 3),
                media_type: "text/plain".into(),
                size: i64::try_from(call.n[3] % 100).unwrap(),
                revision: 1,
                status: "queued".into(),
                failure: None,
                title: text,
                pages: None,
                chunks: 0,
                embedded: 0,
                source_url: None,
                created_at: at,
                updated_at: at,
                source: call.n[0].is_multiple_of(2).then(|| super::sources::source(call)),
                filed: documents::Filed::at(at),
            };
            write(db, async |tx| documents::insert(tx, project, &new).await).await
        }
        "document::list" => read(db, async |tx| documents::list(tx, project).await).await,
        "document::find" => read(db, async |tx| documents::find(tx, project, document).await).await,
        "document::totals" => read(db, async |tx| documents::totals(tx, project).await).await,
        "document::count" => read(db, async |tx| documents::count(tx).await).await,
        "document::set_read" => {
            write(db, async |tx| {
                documents::set_read(tx, document, call.revision(), (&text, None, 2), at).await
            })
            .await
        }
        "document::set_progress" => {
            write(db, async |tx| {
                documents::set_progress(tx, document, call.revision(), 1, false, at).await
            })
            .await
        }
        "document::fail" => {
            write(db, async |tx| {
                documents::fail(tx, document, call.revision(), ("code", &text), at).await
            })
            .await
        }
        "document::update" => {
            let change = documents::Change {
                name: Some(format!("name {}", call.n[2] % 3)),
                source_url: Some(Some(text)),
            };
            write(db, async |tx| documents::update(tx, project, document, change, at).await).await
        }
        "document::replace" => write(db, async |tx| documents::replace(tx, project, document, ("text/html", 7), at).await).await,
        "document::delete" => write(db, async |tx| documents::delete(tx, project, document).await).await,
        "document::has_name" => read(db, async |tx| documents::has_name(tx, project, "name 1").await).await,
        "document_filing::count_of_source" => {
            let source = super::sources::source(call);
            read(db, async |tx| documents::count_of_source(tx, project, source).await).await
        }
        "document_filing::of_source" => {
            let source = super::sources::source(call);
            read(db, async |tx| documents::of_source(tx, project, source, 3).await).await
        }
        "document_filing::keep_of_source" => {
            let source = super::sources::source(call);
            write(db, async |tx| documents::keep_of_source(tx, project, source).await).await
        }
        "document_body::store" => write(db, async |tx| documents::store_body(tx, project, document, call.sealed()).await).await,
        "document_body::load" => read(db, async |tx| documents::load_body(tx, project, document).await).await,
        "chunk::insert" => {
            let chunk = chunk::Chunk {
                id: call.chunk(),
                document,
                position: i32::try_from(call.n[3] % 3).unwrap(),
                sealed: call.sealed(),
                embedding: None,
                embedding_other: None,
            };
            write(db, async |tx| chunk::insert(tx, project, vec![chunk]).await).await
        }
        "chunk::of_documents" => read(db, async |tx| Ok(shown(chunk::of_documents(tx, project, &[document]).await?))).await,
        "chunk::of_document" => read(db, async |tx| Ok(shown(chunk::of_document(tx, project, document).await?))).await,
        "chunk::without_embedding" => {
            read(db, async |tx| {
                Ok(shown(chunk::without_embedding(tx, slot(call), document, 3).await?))
            })
            .await
        }
        "chunk::embedded" => read(db, async |tx| chunk::embedded(tx, slot(call), document).await).await,
        "chunk::set_embedding" => {
            write(db, async |tx| {
                chunk::set_embedding(tx, project, slot(call), call.chunk(), call.sealed()).await
            })
            .await
        }
        "chunk::missing" => {
            let after = call.n[1].is_multiple_of(2).then(|| call.chunk());
            read(db, async |tx| Ok(shown(chunk::missing(tx, project, slot(call), after, 3).await?))).await
        }
        "chunk::after" => {
            let after = call.n[1].is_multiple_of(2).then(|| call.chunk());
            read(db, async |tx| Ok(shown(chunk::after(tx, project, after, 3).await?))).await
        }
        "chunk::progress" => read(db, async |tx| chunk::progress(tx, project, slot(call)).await).await,
        "chunk::empty" => write(db, async |tx| chunk::empty(tx, project, slot(call), 1000).await).await,
        "chunk::purge" => write(db, async |tx| chunk::purge(tx, project, 1000).await).await,
        unknown => panic!("{unknown} has no call here"),
    }
}

/// They are noise from then on, and wait to be purged.
#[tokio::test]
async fn documents_of_a_deleted_project_are_not_counted() {
    let world = world().await;
    let call = |operation| Call {
        who: ADA,
        operation,
        n: [0; 4],
        at: NOW,
    };
    for (operation, answer) in [
        ("project::insert", "Ok(())"),
        ("document::insert", "Ok(())"),
        ("document::count", "Ok(1)"),
    ] {
        assert_eq!(super::perform(&world, &call(operation)).await, answer, "{operation}");
    }
    assert!(super::perform(&world, &call("project::delete")).await.starts_with("Ok(Some"));
    assert_eq!(super::perform(&world, &call("document::count")).await, "Ok(0)");
    world.close().await;
}

fn shown(chunks: Vec<chunk::Chunk>) -> Vec<impl std::fmt::Debug> {
    let show = |one: chunk::Chunk| (one.id, one.document, one.position, one.sealed, one.embedding, one.embedding_other);
    chunks.into_iter().map(show).collect()
}
