//! Projects and the work that waits for them.

use entities::{JobId, embeddings, job, projects};

use super::call::{Call, read, sorted, tenant, write};
use crate::walls::store::World;

pub(super) const OPERATIONS: &[&str] = &[
    "project::insert",
    "project::find",
    "project::list",
    "project::summaries",
    "project::rename",
    "project::set_look",
    "project::set_origins",
    "project::set_hand_off",
    "project::set_public_key",
    "project::delete",
    "project::purge",
    "project::knowledge",
    "project::synonyms",
    "project::set_synonyms",
    "project::knowledge_changed",
    "embeddings::load",
    "embeddings::hold",
    "embeddings::store",
    "job::enqueue_reembedding",
    "job::reembedding_waits",
    "job::enqueue",
    "job::enqueue_for",
    "job::release",
    "job::advance",
    "job::finish",
    "job::put_back",
    "job::waiting_shares",
    "job::enqueue_sweep",
    "job::swept",
    "job::enqueue_look",
];

pub(super) async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let (project, text, at) = (call.project(), call.content(), call.at);
    match call.operation {
        "project::insert" => {
            let new = projects::Project {
                id: project,
                name: format!("project {}", call.n[1] % 3),
                created_at: at,
                public_key: text.clone(),
                public_key_at: at,
                allowed_origins: vec![text.clone()],
                look: look(&text),
                hand_off: call.n[3].is_multiple_of(2).then(|| hand_off(&text)),
            };
            write(db, async |tx| projects::insert(tx, &new, route(call)).await).await
        }
        "project::find" => read(db, async |tx| projects::find(tx, project).await).await,
        "project::list" => read(db, async |tx| projects::list(tx).await).await,
        "project::summaries" => {
            read(db, async |tx| {
                projects::summaries(tx, call.n[3].is_multiple_of(2).then_some(project), call.days().0).await
            })
            .await
        }
        "project::rename" => {
            write(db, async |tx| {
                projects::rename(tx, project, &format!("project {}", call.n[1] % 3)).await
            })
            .await
        }
        "project::set_look" => write(db, async |tx| projects::set_look(tx, project, &look(&text)).await).await,
        "project::set_hand_off" => {
            let to = hand_off(&text);
            let to = call.n[3].is_multiple_of(2).then_some(&to);
            write(db, async |tx| projects::set_hand_off(tx, project, to).await).await
        }
        "project::set_origins" => write(db, async |tx| projects::set_origins(tx, project, &[text]).await).await,
        "project::set_public_key" => write(db, async |tx| projects::set_public_key(tx, project, &text, route(call), at).await).await,
        "project::delete" => write(db, async |tx| Ok(projects::delete(tx, project, at).await?.map(sorted))).await,
        "project::purge" => write(db, async |tx| projects::purge(tx, project).await).await,
        "project::knowledge" => read(db, async |tx| projects::knowledge(tx, project).await).await,
        "project::synonyms" => read(db, async |tx| projects::synonyms(tx, project).await).await,
        "project::set_synonyms" => write(db, async |tx| projects::set_synonyms(tx, project, call.sealed()).await).await,
        "project::knowledge_changed" => write(db, async |tx| projects::knowledge_changed(tx, project).await).await,
        "embeddings::load" => read(db, async |tx| embeddings::load(tx, project).await).await,
        "embeddings::hold" => write(db, async |tx| embeddings::hold(tx, project).await).await,
        "embeddings::store" => {
            let new = embeddings::Embeddings {
                other: Some(text),
                ..embeddings::Embeddings::default()
            };
            write(db, async |tx| embeddings::store(tx, project, &new).await).await
        }
        "job::enqueue_reembedding" => {
            let on = call.n[3].is_multiple_of(2);
            let done = write(db, async |tx| job::enqueue_reembedding(tx, project, on, at).await).await;
            // As after a step that failed: only then there is a reason to tell.
            let failed = "update job set attempts = 1, last_error = $1 where kind = 'reembed' and tenant_id = $2";
            let values = [text.into(), tenant(call.who).uuid().into()];
            world.execute(failed, values).await.unwrap();
            done
        }
        "job::reembedding_waits" => read(db, async |tx| job::reembedding_waits(tx, project).await).await,
        "job::enqueue" => {
            let work = call.job().work;
            let found = db.write(async |tx| job::enqueue(tx, project, work, at).await).await;
            if let Ok(found) = found {
                lease(world, call, found).await;
            }
            format!("{:?}", found.map(|_| ()))
        }
        "job::enqueue_for" => {
            let work = match call.n[3].is_multiple_of(2) {
                true => job::Work::DestroyShare { share: call.share().id },
                false => call.job().work,
            };
            let found = db.write(async |tx| job::enqueue_for(tx, project, work, at + 5, at).await).await;
            if let Ok(found) = found {
                lease(world, call, found).await;
            }
            format!("{:?}", found.map(|_| ()))
        }
        "job::waiting_shares" => read(db, async |tx| job::waiting_shares(tx).await).await,
        "job::enqueue_sweep" => {
            let found = db.write(async |tx| job::enqueue_sweep(tx, at).await).await;
            if let Ok(found) = found {
                lease(world, call, found).await;
            }
            format!("{:?}", found.map(|_| ()))
        }
        "job::enqueue_look" => {
            let found = db.write(async |tx| job::enqueue_look(tx, at).await).await;
            if let Ok(Some(found)) = found {
                lease(world, call, found).await;
            }
            format!("{:?}", found.map(|found| found.is_some()))
        }
        "job::swept" => write(db, async |tx| job::swept(tx, &call.job(), at).await).await,
        "job::advance" => write(db, async |tx| job::advance(tx, &call.job(), job::Work::PurgeProject, at).await).await,
        "job::release" => write(db, async |tx| job::release(tx, &call.job(), at).await).await,
        "job::finish" => write(db, async |tx| job::finish(tx, &call.job()).await).await,
        "job::put_back" => write(db, async |tx| job::put_back(tx, &call.job(), &text, Some(at)).await).await,
        unknown => panic!("{unknown} has no call here"),
    }
}

fn look(text: &str) -> projects::Look {
    projects::Look {
        title: text.into(),
        ..projects::Look::default()
    }
}

fn hand_off(text: &str) -> projects::HandOff {
    projects::HandOff { email: Some(text.into()) }
}

/// Public keys are random and unique in the whole installation.
fn route(call: &Call) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(&call.who.to_be_bytes());
    hash[16..24].copy_from_slice(&call.at.to_be_bytes());
    hash
}

/// Gives the newest job an id and a lease that the other tenant's jobs have too.
async fn lease(world: &World, call: &Call, found: JobId) {
    let job = call.job();
    let claim = "update job set id = $1, lease = $2, state = 'running' where id = $3 and tenant_id = $4";
    let values = [
        job.id.uuid().into(),
        job.lease.into(),
        found.uuid().into(),
        tenant(call.who).uuid().into(),
    ];
    if world.execute(claim, values).await.is_err() {
        let values = [found.uuid().into(), tenant(call.who).uuid().into()];
        world
            .execute("delete from job where id = $1 and tenant_id = $2", values)
            .await
            .unwrap();
    }
}
