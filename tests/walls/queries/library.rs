//! Documents by the thousand.

use entities::{
    BatchId, CollectionId, RevisionId, collection, document_batch,
    document_list::{self, In, Place, Sort, Sorted, Wanted},
    document_print, document_revision, document_tag,
    documents::{self, Review},
    message,
};

use super::call::{Call, id, read, tenant, write};
use crate::walls::store::World;

pub(super) const OPERATIONS: &[&str] = &[
    "document::read_again",
    "document_filing::file",
    "document_filing::review",
    "document_filing::set_twin",
    "document_filing::twins_of",
    "document_filing::names",
    "document_list::page",
    "document_list::next",
    "document_list::count",
    "document_list::facets",
    "collection::insert",
    "collection::list",
    "collection::counts",
    "collection::change",
    "collection::delete",
    "document_tag::of",
    "document_tag::add",
    "document_tag::remove",
    "document_tag::counts",
    "document_revision::insert",
    "document_revision::list",
    "document_revision::find",
    "document_revision::total",
    "document_revision::let_go",
    "document_print::put",
    "document_print::find",
    "document_print::candidates",
    "document_print::find_secret",
    "document_print::insert_secret",
    "document_batch::insert",
    "document_batch::find",
    "document_batch::set",
    "message::citing",
    "message::latest_citing",
    "message::asked_before",
];

fn collection(call: &Call) -> CollectionId {
    id(20, call.n[2], 2).into()
}

fn wanted(call: &Call) -> Wanted {
    let chosen = call.n[3] % 6;
    Wanted {
        words: if chosen == 0 {
            vec!["name".into(), "of".into()]
        } else {
            Vec::new()
        },
        statuses: if chosen == 1 {
            vec!["queued".into(), "failed".into()]
        } else {
            Vec::new()
        },
        collection: (chosen == 2).then(|| In::This(collection(call))),
        tag: (chosen == 3).then(|| "tag 1".into()),
        source: (chosen == 4).then_some(In::None),
        created_until: (chosen == 5).then_some(call.at),
        ..Wanted::default()
    }
}

fn print(call: &Call) -> document_print::Print {
    document_print::Print {
        document: call.document(),
        revision: 1,
        hash: vec![u8::try_from(call.n[2] % 2).unwrap(); 32],
        signature: vec![u8::try_from(call.n[3] % 2).unwrap(); 64],
    }
}

pub(super) async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let (project, document, text, at) = (call.project(), call.document(), call.content(), call.at);
    let tag = format!("tag {}", call.n[2] % 2);
    let bands = [i64::try_from(call.n[3] % 2).unwrap(), 7];
    let into = collection::Collection {
        id: collection(call),
        name: format!("{} {text}", call.n[2] % 2),
        review_days: Some(3),
    };
    match call.operation {
        "document::read_again" => write(db, async |tx| documents::read_again(tx, document, call.revision(), at).await).await,
        "document_filing::file" => {
            let into = (!call.n[3].is_multiple_of(3)).then(|| (collection(call), Some(2)));
            write(db, async |tx| documents::file(tx, project, &[document], into).await).await
        }
        "document_filing::review" => {
            let review = [Review::Done(at), Review::At(Some(at)), Review::At(None), Review::Anew][usize::try_from(call.n[3] % 4).unwrap()];
            write(db, async |tx| documents::review(tx, project, &[document], review, Some(1)).await).await
        }
        "document_filing::set_twin" => {
            let twin = Some((id(2, call.n[3], 4).into(), 80));
            write(db, async |tx| documents::set_twin(tx, project, document, twin).await).await
        }
        "document_filing::twins_of" => read(db, async |tx| documents::twins_of(tx, project, document, 3).await).await,
        "document_filing::names" => read(db, async |tx| documents::names(tx, project, &[document]).await).await,
        "document_list::page" => {
            let by = [Sort::Name, Sort::Size, Sort::Created, Sort::Updated, Sort::Status][usize::try_from(call.n[2] % 5).unwrap()];
            let sorted = Sorted {
                by,
                descending: call.n[3].is_multiple_of(2),
            };
            let place = match by {
                Sort::Name => Place::Text("name 1".into(), document),
                Sort::Status => Place::Text("queued".into(), document),
                _ => Place::Number(at - 20, document),
            };
            let place = (!call.n[1].is_multiple_of(3)).then_some(place);
            read(db, async |tx| {
                document_list::page(tx, project, &wanted(call), sorted, place.as_ref(), 3).await
            })
            .await
        }
        "document_list::next" => {
            let last = (!call.n[1].is_multiple_of(2)).then_some(document);
            read(db, async |tx| document_list::next(tx, project, &wanted(call), last, 3).await).await
        }
        "document_list::count" => read(db, async |tx| document_list::count(tx, project, &wanted(call)).await).await,
        "document_list::facets" => read(db, async |tx| document_list::facets(tx, project, at).await).await,
        "collection::insert" => write(db, async |tx| collection::insert(tx, project, &into, at).await).await,
        "collection::list" => read(db, async |tx| collection::list(tx, project).await).await,
        "collection::counts" => read(db, async |tx| collection::counts(tx, project).await).await,
        "collection::change" => write(db, async |tx| collection::change(tx, project, &into).await).await,
        "collection::delete" => write(db, async |tx| collection::delete(tx, project, into.id).await).await,
        "document_tag::of" => read(db, async |tx| document_tag::of(tx, project, &[document]).await).await,
        "document_tag::add" => write(db, async |tx| document_tag::add(tx, project, &[document], &tag).await).await,
        "document_tag::remove" => {
            let tag = (!call.n[3].is_multiple_of(3)).then_some(tag.as_str());
            write(db, async |tx| document_tag::remove(tx, project, &[document], tag).await).await
        }
        "document_tag::counts" => read(db, async |tx| document_tag::counts(tx, project).await).await,
        "document_revision::insert" => {
            let kept = document_revision::Revision {
                id: RevisionId::from(id(21, call.n[3], 9)),
                document,
                revision: i32::try_from(call.n[3] % 9).unwrap(),
                media_type: "text/plain".into(),
                size: 10,
                replaced_at: at,
                sealed: call.sealed(),
            };
            write(db, async |tx| document_revision::insert(tx, project, kept, 3).await).await
        }
        "document_revision::list" => read(db, async |tx| document_revision::list(tx, project, document).await).await,
        "document_revision::find" => {
            let revision = i32::try_from(call.n[3] % 9).unwrap();
            read(db, async |tx| document_revision::find(tx, project, document, revision).await).await
        }
        "document_revision::total" => read(db, async |tx| document_revision::total(tx, project).await).await,
        "document_revision::let_go" => write(db, async |tx| document_revision::let_go(tx, project, 5).await).await,
        "document_print::put" => write(db, async |tx| document_print::put(tx, project, &print(call), &bands).await).await,
        "document_print::find" => read(db, async |tx| document_print::find(tx, project, &[document]).await).await,
        "document_print::candidates" => {
            read(db, async |tx| {
                document_print::candidates(tx, project, &print(call), &bands, 5).await
            })
            .await
        }
        "document_print::find_secret" => read(db, async |tx| document_print::find_secret(tx, project).await).await,
        "document_print::insert_secret" => write(db, async |tx| document_print::insert_secret(tx, project, call.sealed()).await).await,
        "document_batch::insert" | "document_batch::set" => {
            let batch = document_batch::Batch {
                id: BatchId::from(id(22, call.n[2], 3)),
                action: text,
                chosen: String::new(),
                total: 3,
                done: 1,
                skipped: 0,
                last: Some(document),
                created_at: at,
                finished_at: call.n[3].is_multiple_of(3).then_some(at),
            };
            match call.operation {
                "document_batch::set" => write(db, async |tx| document_batch::set(tx, &batch).await).await,
                _ => write(db, async |tx| document_batch::insert(tx, project, &batch, at - 100).await).await,
            }
        }
        "document_batch::find" => {
            let batch = id(22, call.n[2], 3).into();
            read(db, async |tx| document_batch::find(tx, project, batch).await).await
        }
        "message::citing" => read(db, async |tx| message::citing(tx, project, document, at - 20).await).await,
        "message::latest_citing" => read(db, async |tx| message::latest_citing(tx, project, document, 3).await).await,
        "message::asked_before" => {
            read(db, async |tx| match message::find(tx, project, call.message()).await? {
                Some(answer) => message::asked_before(tx, project, &answer).await,
                None => Ok(None),
            })
            .await
        }
        unknown => panic!("{unknown} has no call here"),
    }
}
