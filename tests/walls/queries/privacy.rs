//! What is kept of what people write.

use entities::{ConversationId, conversation, forgetting, job, privacy, visitor_bar};

use super::call::{Call, read, tenant, write};
use crate::walls::store::World;

pub(super) const OPERATIONS: &[&str] = &[
    "privacy::find",
    "privacy::set",
    "privacy::set_swept",
    "visitor_bar::put",
    "visitor_bar::since",
    "forgetting::count_old",
    "forgetting::old",
    "forgetting::delete",
    "forgetting::delete_copies",
    "forgetting::of_visitor",
    "forgetting::turns_of",
    "forgetting::take_out",
    "job::enqueue_forgetting",
    "job::next_forgetting",
    "job::forgot",
];

pub(super) async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let (project, visitor, at) = (call.project(), call.visitor(), call.at);
    let days = i32::try_from(call.n[1] % 9).unwrap();
    match call.operation {
        "privacy::find" => read(db, async |tx| privacy::find(tx, project).await).await,
        "privacy::set" => write(db, async |tx| privacy::set(tx, project, &call.content(), Some(days)).await).await,
        "privacy::set_swept" => write(db, async |tx| privacy::set_swept(tx, project, days, (days > 4).then_some(at)).await).await,
        "visitor_bar::put" => write(db, async |tx| visitor_bar::put(tx, project, visitor, at, at - 100).await).await,
        "visitor_bar::since" => read(db, async |tx| visitor_bar::since(tx, project, visitor).await).await,
        "forgetting::count_old" => read(db, async |tx| forgetting::count_old(tx, project, at).await).await,
        "forgetting::old" => read(db, async |tx| forgetting::old(tx, project, at, 2).await).await,
        "forgetting::delete" => write(db, async |tx| forgetting::delete(tx, project, &[call.conversation()]).await).await,
        "forgetting::delete_copies" => write(db, async |tx| forgetting::delete_copies(tx, project, at - 50).await).await,
        "forgetting::of_visitor" => {
            let after = (!call.n[1].is_multiple_of(2)).then(|| call.conversation());
            read(db, async |tx| {
                let found = forgetting::of_visitor(tx, project, visitor, after, 3).await?;
                Ok(found
                    .into_iter()
                    .map(|one| (one.id, one.title))
                    .collect::<Vec<(ConversationId, Vec<u8>)>>())
            })
            .await
        }
        "forgetting::turns_of" => read(db, async |tx| forgetting::turns_of(tx, call.conversation(), visitor).await).await,
        "forgetting::take_out" => {
            write(db, async |tx| match conversation::find(tx, project, call.conversation()).await? {
                Some(found) => forgetting::take_out(tx, project, &found, visitor, call.sealed()).await.map(Some),
                None => Ok(None),
            })
            .await
        }
        "job::enqueue_forgetting" => write(db, async |tx| job::enqueue_forgetting(tx, project, days > 2, at).await).await,
        "job::next_forgetting" => read(db, async |tx| job::next_forgetting(tx, project).await).await,
        "job::forgot" => write(db, async |tx| job::forgot(tx, &call.job(), at).await).await,
        unknown => panic!("{unknown} has no call here"),
    }
}
