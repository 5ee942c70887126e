//! What was done: added, read, checked and signed.

use entities::audit::{self, Act, Filter, Note, Target};

use super::call::{Call, read, tenant, write};
use crate::walls::store::World;

pub(super) const OPERATIONS: &[&str] = &[
    "audit::append",
    "audit::list",
    "audit::after",
    "audit::head",
    "audit::check",
    "audit::sign",
    "audit::checkpoints",
    "audit::last_checkpoint",
];

pub(super) async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    match call.operation {
        "audit::append" => {
            let note = Note {
                at: call.at,
                actor: Some(call.account()),
                address: "192.0.2.1".into(),
                act: Act::ALL[usize::try_from(call.n[0]).unwrap() % Act::ALL.len()],
                target: Target::of("project", call.project(), call.content()),
                done: true,
                details: serde_json::json!({ "n": call.n[1] }),
            };
            write(db, async |tx| audit::append(tx, note).await).await
        }
        "audit::list" => {
            let filter = Filter {
                actor: call.n[0].is_multiple_of(2).then(|| call.account()),
                before: call.n[1].is_multiple_of(2).then_some(20),
                ..Filter::default()
            };
            read(db, async |tx| audit::list(tx, &filter, 5).await).await
        }
        "audit::after" => read(db, async |tx| audit::after(tx, i64::try_from(call.n[0] % 9).unwrap(), 5).await).await,
        "audit::head" => read(db, async |tx| audit::head(tx).await).await,
        "audit::check" => read(db, async |tx| audit::check(tx, None).await).await,
        "audit::sign" => write(db, async |tx| audit::sign(tx, call.at, |message| message[..8].to_vec()).await).await,
        "audit::checkpoints" => read(db, async |tx| audit::checkpoints(tx, 0, 5).await).await,
        "audit::last_checkpoint" => read(db, async |tx| audit::last_checkpoint(tx).await).await,
        unknown => panic!("{unknown} has no call here"),
    }
}
