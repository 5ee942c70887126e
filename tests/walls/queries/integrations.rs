//! Credentials, and what providers sent.

use entities::{
    CredentialId, EndpointId, EventId,
    credential::{self, SealedCredential},
    inbound_event::{self, End, Event, NewEvent},
    voice_call::{self, VoiceCall},
    voice_endpoint::{self, VoiceEndpoint},
};

use super::call::{Call, id, read, tenant, write};
use crate::walls::store::World;

pub(super) const OPERATIONS: &[&str] = &[
    "credential::insert",
    "credential::find",
    "credential::page",
    "credential::reseal",
    "credential::delete",
    "inbound_event::insert",
    "inbound_event::note",
    "inbound_event::forget",
    "inbound_event::find",
    "inbound_event::latest",
    "inbound_event::finish",
    "inbound_event::try_again",
    "inbound_event::sweep",
    "inbound_event::bodies",
    "inbound_event::reseal",
    "voice_endpoint::insert",
    "voice_endpoint::find",
    "voice_endpoint::list",
    "voice_endpoint::of_provider",
    "voice_endpoint::set_credential",
    "voice_endpoint::delete",
    "voice_endpoint::expire",
    "voice_call::store",
    "voice_call::find",
];

fn credential_id(call: &Call) -> CredentialId {
    id(14, call.n[2], 3).into()
}

fn event(call: &Call) -> EventId {
    id(15, call.n[1], 4).into()
}

fn endpoint(call: &Call) -> EndpointId {
    id(16, call.n[1], 3).into()
}

fn sealed(call: &Call) -> SealedCredential {
    SealedCredential {
        id: credential_id(call),
        bytes: call.sealed(),
    }
}

fn shown(found: SealedCredential) -> (CredentialId, Vec<u8>) {
    (found.id, found.bytes)
}

fn told(found: Event) -> impl std::fmt::Debug {
    let what = (found.id, found.source, found.external_id, found.project, found.sealed);
    (what, found.state, found.reason, found.received_at, found.done_at)
}

pub(super) async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let (at, text) = (call.at, call.content());
    let project = call.n[3].is_multiple_of(2).then(|| call.project());
    match call.operation {
        "credential::insert" => write(db, async |tx| credential::insert(tx, sealed(call), project, at).await).await,
        "credential::find" => read(db, async |tx| Ok(credential::find(tx, credential_id(call)).await?.map(shown))).await,
        "credential::page" => {
            let after = call.n[1].is_multiple_of(2).then(|| credential_id(call));
            read(db, async |tx| {
                let page = credential::page(tx, after, 2).await?;
                Ok(page.into_iter().map(shown).collect::<Vec<_>>())
            })
            .await
        }
        "credential::reseal" => write(db, async |tx| credential::reseal(tx, sealed(call)).await).await,
        "credential::delete" => write(db, async |tx| credential::delete(tx, credential_id(call)).await).await,
        "inbound_event::insert" => {
            let external_id = format!("event {}", call.n[2] % 4);
            let new = NewEvent {
                id: event(call),
                source: "slack",
                external_id: &external_id,
                project,
                sealed: call.sealed(),
            };
            write(db, async |tx| inbound_event::insert(tx, new, at).await).await
        }
        "inbound_event::note" => {
            let external_id = format!("question {}", call.n[2] % 4);
            let new = NewEvent {
                id: event(call),
                source: "slack",
                external_id: &external_id,
                project,
                sealed: Vec::new(),
            };
            write(db, async |tx| inbound_event::note(tx, new, at).await).await
        }
        "voice_endpoint::insert" => {
            let new = VoiceEndpoint {
                id: endpoint(call),
                project: call.project(),
                provider: if call.n[2].is_multiple_of(2) { "bland".into() } else { text },
                header: None,
                credential: None,
                previous: None,
                created_at: at,
            };
            write(db, async |tx| voice_endpoint::insert(tx, new).await).await
        }
        "voice_endpoint::find" => read(db, async |tx| voice_endpoint::find(tx, endpoint(call)).await).await,
        "voice_endpoint::list" => read(db, async |tx| voice_endpoint::list(tx, call.project()).await).await,
        "voice_endpoint::of_provider" => read(db, async |tx| voice_endpoint::of_provider(tx, "bland").await).await,
        "voice_endpoint::set_credential" => {
            let previous = Some((credential_id(call), at));
            write(db, async |tx| {
                voice_endpoint::set_credential(tx, call.project(), endpoint(call), credential_id(call), previous).await
            })
            .await
        }
        "voice_endpoint::delete" => write(db, async |tx| voice_endpoint::delete(tx, call.project(), endpoint(call)).await).await,
        "voice_endpoint::expire" => write(db, async |tx| voice_endpoint::expire(tx, at).await).await,
        "voice_call::store" => {
            let new = VoiceCall {
                conversation: call.conversation(),
                endpoint: endpoint(call),
                duration_s: Some(42),
                sealed: call.sealed(),
            };
            write(db, async |tx| voice_call::store(tx, call.project(), new).await).await
        }
        "voice_call::find" => read(db, async |tx| voice_call::find(tx, call.project(), call.conversation()).await).await,
        "inbound_event::forget" => write(db, async |tx| inbound_event::forget(tx, event(call)).await).await,
        "inbound_event::find" => read(db, async |tx| Ok(inbound_event::find(tx, event(call)).await?.map(told))).await,
        "inbound_event::latest" => {
            read(db, async |tx| {
                Ok(inbound_event::latest(tx, "slack", 3)
                    .await?
                    .into_iter()
                    .map(told)
                    .collect::<Vec<_>>())
            })
            .await
        }
        "inbound_event::finish" => {
            let end = [End::Done, End::Ignored(&text), End::Failed(&text), End::Failed(&text)][usize::try_from(call.n[3] % 4).unwrap()];
            write(db, async |tx| inbound_event::finish(tx, event(call), end, at).await).await
        }
        "inbound_event::try_again" => write(db, async |tx| inbound_event::try_again(tx, "slack", event(call)).await).await,
        "inbound_event::sweep" => {
            let kept = if call.n[2].is_multiple_of(2) {
                vec!["slack".to_owned()]
            } else {
                Vec::new()
            };
            write(db, async |tx| inbound_event::sweep(tx, at - 20, &kept).await).await
        }
        "inbound_event::bodies" => {
            let after = call.n[2].is_multiple_of(2).then(|| event(call));
            read(db, async |tx| inbound_event::bodies(tx, after, 2).await).await
        }
        "inbound_event::reseal" => write(db, async |tx| inbound_event::reseal(tx, event(call), call.sealed()).await).await,
        unknown => panic!("{unknown} has no call here"),
    }
}
