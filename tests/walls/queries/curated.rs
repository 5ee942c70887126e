//! Answers that a team wrote, and what a language model took.

use entities::{
    CuratedId, curated_answer, curated_revision,
    model_use::{self, Spent},
};

use super::call::{Call, id, read, tenant, write};
use crate::walls::store::World;

pub(super) const OPERATIONS: &[&str] = &[
    "curated_answer::insert",
    "curated_answer::list",
    "curated_answer::count",
    "curated_answer::find",
    "curated_answer::revise",
    "curated_answer::enable",
    "curated_answer::used",
    "curated_answer::delete",
    "curated_revision::insert",
    "curated_revision::list",
    "curated_revision::find",
    "model_use::add",
    "model_use::per_day",
];

fn curated(call: &Call) -> CuratedId {
    id(17, call.n[1], 3).into()
}

pub(super) async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let (project, answer, at) = (call.project(), curated(call), call.at);
    let even = call.n[3].is_multiple_of(2);
    match call.operation {
        "curated_answer::insert" => {
            let new = curated_answer::Curated {
                id: answer,
                sealed: call.sealed(),
                enabled: even,
                revision: 1,
                used: 0,
                used_at: None,
                created_at: at,
                updated_at: at,
            };
            write(db, async |tx| curated_answer::insert(tx, project, &new).await).await
        }
        "curated_answer::list" => read(db, async |tx| curated_answer::list(tx, project).await).await,
        "curated_answer::count" => read(db, async |tx| curated_answer::count(tx, project).await).await,
        "curated_answer::find" => read(db, async |tx| curated_answer::find(tx, project, answer).await).await,
        "curated_answer::revise" => {
            let (from, next) = (call.revision(), (call.sealed(), even));
            write(db, async |tx| curated_answer::revise(tx, project, answer, from, next, at).await).await
        }
        "curated_answer::enable" => write(db, async |tx| curated_answer::enable(tx, project, answer, even, at).await).await,
        "curated_answer::used" => {
            // What it did is seen in the row.
            write(db, async |tx| {
                curated_answer::used(tx, project, answer, at).await?;
                curated_answer::find(tx, project, answer).await
            })
            .await
        }
        "curated_answer::delete" => write(db, async |tx| curated_answer::delete(tx, project, answer).await).await,
        "curated_revision::insert" => {
            let new = curated_revision::Revision {
                id: id(18, call.n[2], 6),
                curated: answer,
                revision: call.revision(),
                sealed: call.sealed(),
                author: Some(call.account()),
                restored_from: None,
                created_at: at,
            };
            write(db, async |tx| curated_revision::insert(tx, project, new).await).await
        }
        "curated_revision::list" => read(db, async |tx| curated_revision::list(tx, project, answer, 3).await).await,
        "curated_revision::find" => {
            let revision = call.revision();
            read(db, async |tx| curated_revision::find(tx, project, answer, revision).await).await
        }
        "model_use::add" => {
            let spent = Spent {
                day: call.days().0 + 1,
                answers: 1,
                guessed: i64::from(even),
                tokens_in: i64::try_from(call.n[1] % 100).unwrap(),
                tokens_out: 7,
                cost_micros: 3,
            };
            write(db, async |tx| model_use::add(tx, project, spent).await).await
        }
        "model_use::per_day" => read(db, async |tx| model_use::per_day(tx, project, call.days()).await).await,
        unknown => panic!("{unknown} has no call here"),
    }
}
