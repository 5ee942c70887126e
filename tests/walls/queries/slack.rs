//! Slack teams, their channels, and what was answered there.

use entities::{
    CredentialId, EventId, SlackInstallationId,
    slack::{
        answers::{self, Answer, Thread},
        channels::{self, Channel},
        installations::{self, Installation, Standing},
    },
};

use super::call::{Call, id, read, tenant, write};
use crate::walls::store::World;

pub(super) const OPERATIONS: &[&str] = &[
    "slack_installation::insert",
    "slack_installation::reconnect",
    "slack_installation::find",
    "slack_installation::find_by_team",
    "slack_installation::list",
    "slack_installation::end",
    "slack_installation::delete",
    "slack_installation::claim_refresh",
    "slack_installation::set_token",
    "slack_installation::heard",
    "slack_channel::list",
    "slack_channel::find",
    "slack_channel::put",
    "slack_channel::note",
    "slack_channel::remove",
    "slack_answer::insert",
    "slack_answer::find",
    "slack_answer::speaks_in",
    "slack_answer::of_message",
    "slack_answer::set_posting",
    "slack_answer::set_posted",
];

fn installation(call: &Call) -> SlackInstallationId {
    id(30, call.n[0], 1).into()
}

fn credential(call: &Call) -> CredentialId {
    id(31, call.n[3], 2).into()
}

fn event(call: &Call) -> EventId {
    id(32, call.n[1], 2).into()
}

/// A team is connected to one tenant at a time.
fn team(call: &Call) -> String {
    format!("T{:X}", call.who)
}

fn new(call: &Call) -> Installation {
    Installation {
        id: installation(call),
        team: team(call),
        name: call.content(),
        app: "A1".into(),
        bot_user: "U1".into(),
        credential: Some(credential(call)),
        standing: Standing::Connected,
        installed_at: call.at,
        expires_at: Some(call.at),
        heard_at: None,
    }
}

fn thread(call: &Call) -> Thread {
    Thread {
        installation: installation(call),
        channel: "C1".into(),
        ts: "1.1".into(),
    }
}

pub(super) async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let (id, at, place) = (installation(call), call.at, thread(call));
    match call.operation {
        "slack_installation::insert" => write(db, async |tx| installations::insert(tx, &new(call)).await).await,
        "slack_installation::reconnect" => write(db, async |tx| installations::reconnect(tx, &new(call)).await).await,
        "slack_installation::find" => read(db, async |tx| installations::find(tx, id).await).await,
        "slack_installation::find_by_team" => read(db, async |tx| installations::find_by_team(tx, &team(call)).await).await,
        "slack_installation::list" => read(db, async |tx| installations::list(tx).await).await,
        "slack_installation::end" => write(db, async |tx| installations::end(tx, id, Standing::Revoked).await).await,
        "slack_installation::delete" => write(db, async |tx| installations::delete(tx, id).await).await,
        "slack_installation::claim_refresh" => write(db, async |tx| installations::claim_refresh(tx, id, at, at + 2).await).await,
        "slack_installation::set_token" => {
            let (old, new) = (credential(call), CredentialId::from(super::call::id(31, call.n[2], 2)));
            write(db, async |tx| installations::set_token(tx, id, old, new, None).await).await
        }
        "slack_installation::heard" => write(db, async |tx| installations::heard(tx, id, at).await).await,
        "slack_channel::list" => read(db, async |tx| channels::list(tx).await).await,
        "slack_channel::find" => read(db, async |tx| channels::find(tx, id, &place.channel).await).await,
        "slack_channel::put" => {
            let channel = Channel {
                installation: id,
                channel: place.channel,
                name: call.content(),
                project: call.n[3].is_multiple_of(2).then(|| call.project()),
                seen_at: at,
            };
            write(db, async |tx| channels::put(tx, &channel).await).await
        }
        "slack_channel::note" => {
            let channel = Channel {
                installation: id,
                channel: place.channel,
                name: String::new(),
                project: None,
                seen_at: at,
            };
            write(db, async |tx| channels::note(tx, &channel).await).await
        }
        "slack_channel::remove" => write(db, async |tx| channels::remove(tx, id, &place.channel).await).await,
        "slack_answer::insert" => {
            let answer = Answer {
                event: event(call),
                thread: place,
                project: call.project(),
                conversation: call.conversation(),
                message: call.message(),
                posting_at: None,
                ts: None,
            };
            write(db, async |tx| answers::insert(tx, &answer, at).await).await
        }
        "slack_answer::find" => read(db, async |tx| answers::find(tx, event(call)).await).await,
        "slack_answer::speaks_in" => read(db, async |tx| answers::speaks_in(tx, &place).await).await,
        "slack_answer::of_message" => read(db, async |tx| answers::of_message(tx, id, call.message()).await).await,
        "slack_answer::set_posting" => write(db, async |tx| answers::set_posting(tx, event(call), Some(at)).await).await,
        "slack_answer::set_posted" => write(db, async |tx| answers::set_posted(tx, event(call), &call.content()).await).await,
        unknown => panic!("{unknown} has no call here"),
    }
}
