//! Keys, and what is sealed with them.

use uuid::Uuid;

use entities::{keys, sealed};

use super::call::{Call, EVE, MASTER, read, sorted, tenant, write};
use crate::walls::store::World;

pub(super) const OPERATIONS: &[&str] = &[
    "keys::share",
    "keys::drop_shares",
    "keys::store_tenant_key",
    "keys::tenant_keys",
    "keys::lock_tenant_keys",
    "keys::rewrap_tenant_key",
    "keys::retire_tenant_keys",
    "keys::store_project_key",
    "keys::project_keys",
    "keys::all_project_keys",
    "keys::rewrap_project_key",
    "keys::close_project_keys",
    "keys::retire_project_keys",
    "keys::changed",
    "sealed::stale",
    "sealed::replace",
    "sealed::counts",
];

pub(super) async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let (project, document, at) = (call.project(), call.document(), call.at);
    match call.operation {
        "keys::drop_shares" => write(db, async |tx| keys::drop_shares(tx, &[call.share().id]).await).await,
        "keys::share" => read(db, async |tx| keys::share(tx, call.share().id).await).await,
        "keys::store_tenant_key" => {
            let key = keys::NewTenantKey {
                version: call.revision(),
                wrapped: call.wrapped(),
                share: call.share(),
            };
            write(db, async |tx| keys::store_tenant_key(tx, key, at).await).await
        }
        "keys::tenant_keys" => read(db, async |tx| Ok(wraps(keys::tenant_keys(tx).await?))).await,
        "keys::lock_tenant_keys" => write(db, async |tx| Ok(wraps(keys::lock_tenant_keys(tx).await?))).await,
        "keys::rewrap_tenant_key" => {
            write(db, async |tx| {
                // What another tenant's key looks like now and then.
                let known = keys::tenant_keys(tx).await?.pop();
                let old = known.filter(|_| !call.n[3].is_multiple_of(4)).unwrap_or(keys::TenantKey {
                    version: 1,
                    wrapped: format!("{MASTER} of {EVE:x}").into_bytes(),
                    share: None,
                    created_at: 0,
                });
                keys::rewrap_tenant_key(tx, &old, call.wrapped()).await
            })
            .await
        }
        "keys::retire_tenant_keys" => write(db, async |tx| Ok(sorted(keys::retire_tenant_keys(tx, call.revision()).await?))).await,
        "keys::store_project_key" => {
            let key = keys::NewProjectKey {
                project,
                version: call.revision(),
                wrapped: call.wrapped(),
                share: call.share(),
                tenant_version: 1 + i32::from(call.n[3].is_multiple_of(5)),
                active_from: at,
            };
            write(db, async |tx| keys::store_project_key(tx, key, at).await).await
        }
        "keys::project_keys" => read(db, async |tx| Ok(inner(keys::project_keys(tx, project).await?))).await,
        "keys::all_project_keys" => read(db, async |tx| Ok(inner(keys::all_project_keys(tx).await?))).await,
        "keys::rewrap_project_key" => {
            write(db, async |tx| {
                keys::rewrap_project_key(tx, &call.project_key(), call.wrapped(), 1).await
            })
            .await
        }
        "keys::close_project_keys" => write(db, async |tx| keys::close_project_keys(tx, project, call.revision() + 1).await).await,
        "keys::retire_project_keys" => {
            write(db, async |tx| {
                Ok(sorted(keys::retire_project_keys(tx, project, call.revision() + 1).await?))
            })
            .await
        }
        "keys::changed" => write(db, async |tx| keys::changed(tx).await).await,
        "sealed::stale" => {
            read(db, async |tx| {
                let found = sealed::stale(tx, call.sealed_column(), project, 9, None).await?;
                Ok(found.into_iter().map(|cell| (cell.row, cell.sealed)).collect::<Vec<_>>())
            })
            .await
        }
        "sealed::replace" => {
            let of = call.sealed_column();
            let row = match of.table {
                "chunk" => call.chunk().uuid(),
                "conversation" | "voice_call" => call.conversation().uuid(),
                "message" => call.message().uuid(),
                _ => document.uuid(),
            };
            let old = sealed::Cell {
                row,
                sealed: call.sealed(),
            };
            write(db, async |tx| sealed::replace(tx, of, project, &old, call.sealed()).await).await
        }
        "sealed::counts" => read(db, async |tx| sealed::counts(tx, project).await).await,
        unknown => panic!("{unknown} has no call here"),
    }
}

fn wraps(found: Vec<keys::TenantKey>) -> Vec<(i32, Vec<u8>, Option<Uuid>)> {
    found.into_iter().map(|key| (key.version, key.wrapped, key.share)).collect()
}

fn inner(found: Vec<keys::ProjectKey>) -> Vec<impl std::fmt::Debug> {
    let show = |key: keys::ProjectKey| (key.project, key.version, key.wrapped, key.share, key.closed);
    found.into_iter().map(show).collect()
}
