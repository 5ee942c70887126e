//! Grants of providers of knowledge.

use entities::{
    CredentialId, GrantId,
    source_grant::{self, Grant, Standing},
    source_route,
};

use super::call::{Call, id, read, tenant, write};
use crate::walls::store::World;

pub(super) const OPERATIONS: &[&str] = &[
    "source_grant::insert",
    "source_grant::reconnect",
    "source_grant::find",
    "source_grant::find_by_holder",
    "source_grant::list",
    "source_grant::of_holders",
    "source_route::publish",
    "source_grant::claim_refresh",
    "source_grant::release_refresh",
    "source_grant::set_tokens",
    "source_grant::set_broken",
    "source_grant::set_revoking",
    "source_grant::set_ended",
];

fn grant(call: &Call) -> GrantId {
    id(52, call.n[0], 4).into()
}

fn tokens(n: u64) -> CredentialId {
    id(53, n, 2).into()
}

fn new(call: &Call) -> Grant {
    Grant {
        id: grant(call),
        kind: "github".into(),
        // The same account may be connected by both.
        holder: (call.n[1] % 2).to_string(),
        name: call.content(),
        manage: None,
        credential: Some(tokens(call.n[2])),
        standing: Standing::Active,
        expires_at: Some(call.at),
        connected_by: Some(call.account()),
        connected_at: call.at,
    }
}

pub(super) async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let (id, at) = (grant(call), call.at);
    match call.operation {
        "source_grant::insert" => write(db, async |tx| source_grant::insert(tx, &new(call)).await).await,
        "source_grant::reconnect" => write(db, async |tx| source_grant::reconnect(tx, &new(call)).await).await,
        "source_grant::find" => read(db, async |tx| source_grant::find(tx, id).await).await,
        "source_grant::find_by_holder" => {
            let holder = (call.n[1] % 2).to_string();
            read(db, async |tx| {
                source_grant::find_by_holder(tx, "github", &holder)
                    .await
                    .map(|found| found.is_some())
            })
            .await
        }
        "source_grant::of_holders" => {
            let holders = ["0".to_owned(), "1".to_owned()];
            // They come in any order.
            let found = db.read(async |tx| source_grant::of_holders(tx, "github", &holders).await).await;
            let found = found.map(|mut found| {
                found.sort_by_key(|grant| grant.id);
                found
            });
            format!("{found:?}")
        }
        "source_route::publish" => write(db, async |tx| source_route::publish(tx, "github", &["0", "1"], id).await).await,
        "source_grant::list" => read(db, async |tx| source_grant::list(tx).await).await,
        "source_grant::claim_refresh" => write(db, async |tx| source_grant::claim_refresh(tx, id, at, at + 2).await).await,
        "source_grant::release_refresh" => write(db, async |tx| source_grant::release_refresh(tx, id).await).await,
        "source_grant::set_tokens" => {
            let (old, new) = (tokens(call.n[2]), tokens(call.n[3]));
            write(db, async |tx| source_grant::set_tokens(tx, id, old, new, None).await).await
        }
        "source_grant::set_broken" => write(db, async |tx| source_grant::set_broken(tx, id, tokens(call.n[2])).await).await,
        "source_grant::set_revoking" => write(db, async |tx| source_grant::set_revoking(tx, id).await).await,
        "source_grant::set_ended" => write(db, async |tx| source_grant::set_ended(tx, id, at).await).await,
        unknown => panic!("{unknown} has no call here"),
    }
}
