//! At a start: has every project embedded anew whose vectors another model made than the one that is wanted.

use std::sync::Arc;

use entities::{
    Millis, ProjectId, Store, TenantId, TenantTx,
    embeddings::{self, BUILT_IN},
    job, projects,
};

use crate::{engine::Engine, fault::Fault};

/// Has a project embedded anew by `wanted`, or no longer, in the transaction of a change.
pub(crate) async fn towards(tx: &TenantTx, project: ProjectId, wanted: &str, now: Millis) -> Result<(), Fault> {
    let Some(current) = embeddings::hold(tx, project).await? else {
        return Ok(());
    };
    if let Some(next) = current.towards(wanted) {
        embeddings::store(tx, project, &next).await?;
        job::enqueue_reembedding(tx, project, next.filling, now).await?;
    }
    Ok(())
}

/// Goes through all tenants, one after the other, beside what they do. An installation that never knew another model than the built-in one
/// has nothing to go through.
pub(crate) async fn take_up(store: Store, engine: Arc<Engine>) {
    let wanted = engine.models.wanted().to_owned();
    let outcome = async {
        let platform = store.platform();
        let before = platform.embedded_by().await?;
        if wanted == BUILT_IN && before.is_none() {
            return Ok(());
        }
        if before.as_deref() != Some(wanted.as_str()) {
            platform.embed_by(&wanted).await?;
        }
        for tenant in platform.tenants().await? {
            if let Err(fault) = of_tenant(&store, &engine, tenant, &wanted).await {
                tracing::warn!(%fault, "the embeddings of a workspace could not be looked at");
            }
        }
        Ok::<_, Fault>(())
    };
    if let Err(fault) = outcome.await {
        tracing::error!(%fault, "it could not be seen which projects are to be embedded anew: the next start tries it again");
    }
}

async fn of_tenant(store: &Store, engine: &Engine, tenant: TenantId, wanted: &str) -> Result<(), Fault> {
    let db = store.tenant(tenant);
    let behind = db.read(async |tx| {
        let mut behind = Vec::new();
        for project in projects::list(tx).await? {
            let current = embeddings::load(tx, project.id).await?;
            if current.is_some_and(|current| current.towards(wanted).is_some()) {
                behind.push(project.id);
            }
        }
        Ok::<_, Fault>(behind)
    });
    let now = engine.clock.now();
    for project in behind.await? {
        db.write(async |tx| towards(tx, project, wanted, now).await).await?;
        engine.work.notify_one();
    }
    Ok(())
}
