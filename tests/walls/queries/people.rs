//! The workspace, who belongs to it, who is invited and who is signed in. At last its end.

use entities::{Millis, NewAccount, invitations, mail, members, sessions, tenants};

use super::call::{Call, id, read, sorted, tenant, write};
use crate::walls::store::World;

pub(super) const OPERATIONS: &[&str] = &[
    "workspace::name",
    "mail::insert_beside",
    "workspace::lock",
    "workspace::passwords",
    "workspace::set_password_length",
    "workspace::rename",
    "workspace::rules",
    "workspace::end_at",
    "workspace::require_second_factor",
    "member::role_of",
    "member::list",
    "member::email_of",
    "member::epoch",
    "member::sessions_from",
    "member::has_email",
    "member::has_second_factor",
    "member::has_short_password_only",
    "member::insert_account",
    "member::insert",
    "member::set_role",
    "member::remove",
    "member::owners",
    "project_member::assigned",
    "project_member::all",
    "project_member::assign",
    "invitation::insert",
    "invitation::find",
    "invitation::find_by_email",
    "invitation::list",
    "invitation::renew",
    "invitation::revoke",
    "invitation::redeem",
    "session::create",
    "living_session::living",
    "session::of_account",
    "session::update",
    "session::touch",
    "session::delete",
    "session::delete_of",
    "session::end_all_of",
    "session::delete_expired",
];

pub(super) async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let (project, text, at) = (call.project(), call.content(), call.at);
    match call.operation {
        "workspace::lock" => write(db, async |tx| tenants::lock(tx).await).await,
        "workspace::rename" => write(db, async |tx| tenants::rename(tx, &text).await).await,
        "workspace::rules" => read(db, async |tx| tenants::rules(tx).await).await,
        // The job that it lays down has an id by chance, which would be a difference: it is called off again.
        "workspace::end_at" => {
            write(db, async |tx| {
                tenants::end_at(tx, Some(at)).await?;
                tenants::end_at(tx, None).await
            })
            .await
        }
        "workspace::require_second_factor" => write(db, async |tx| tenants::require_second_factor(tx, Some(at)).await).await,
        "workspace::delete" => write(db, async |tx| Ok(sorted(tenants::delete(tx, at).await?))).await,
        "workspace::passwords" => read(db, async |tx| tenants::passwords(tx).await).await,
        "workspace::set_password_length" => write(db, async |tx| tenants::set_password_length(tx, 13).await).await,
        "mail::insert_beside" => {
            write(db, async |tx| {
                mail::insert_beside(tx, uuid::Uuid::new_v4(), text.into_bytes(), at).await
            })
            .await
        }
        "workspace::name" => read(db, async |tx| tenants::name(tx).await).await,
        "purge::purge" => write(db, async |tx| tenants::purge(tx, 100_000).await).await,
        "member::role_of" => read(db, async |tx| tenants::role_of(tx, call.account()).await).await,
        "member::list" => read(db, async |tx| members::list(tx).await).await,
        "member::email_of" => read(db, async |tx| members::email_of(tx, call.account()).await).await,
        "member::sessions_from" => read(db, async |tx| members::sessions_from(tx, call.account()).await).await,
        "member::epoch" => read(db, async |tx| members::epoch(tx, call.account()).await).await,
        "member::has_second_factor" => read(db, async |tx| members::has_second_factor(tx, call.account()).await).await,
        "member::has_short_password_only" => write(db, async |tx| members::has_short_password_only(tx, call.account()).await).await,
        "member::has_email" => read(db, async |tx| members::has_email(tx, "both@example.com").await).await,
        "member::insert_account" => {
            let new = NewAccount {
                account: id(12, u64::try_from(call.who).unwrap() + call.n[0] % 3, u64::MAX).into(),
                email: format!("{}@example.com", text.replace(' ', ".")),
                password_hash: String::new(),
                password_long: false,
                verified_at: None,
                identity: None,
            };
            write(db, async |tx| members::insert_account(tx, new, at).await).await
        }
        "member::insert" => write(db, async |tx| members::insert(tx, call.account(), call.role(), at).await).await,
        "member::set_role" => write(db, async |tx| members::set_role(tx, call.account(), call.role()).await).await,
        "member::remove" => write(db, async |tx| members::remove(tx, call.account()).await).await,
        "member::owners" => read(db, async |tx| members::owners(tx).await).await,
        "project_member::assigned" => {
            read(db, async |tx| {
                let mut found = members::assigned(tx, call.account()).await?;
                found.sort_unstable();
                Ok(found)
            })
            .await
        }
        "project_member::all" => {
            read(db, async |tx| {
                let mut found = members::all_assignments(tx).await?;
                found.sort_unstable();
                Ok(found)
            })
            .await
        }
        "project_member::assign" => write(db, async |tx| members::assign(tx, call.account(), &[project], at).await).await,
        "invitation::insert" => {
            let new = invitations::Invitation {
                id: call.invitation(),
                email: call.address(),
                role: call.role(),
                projects: vec![project],
                invited_by: call.account(),
                created_at: at,
                expires_at: at + 1_000_000,
            };
            write(db, async |tx| invitations::insert(tx, &new, call.token()).await).await
        }
        "invitation::find" => read(db, async |tx| invitations::find(tx, call.invitation()).await).await,
        "invitation::find_by_email" => read(db, async |tx| invitations::find_by_email(tx, &call.address()).await).await,
        "invitation::list" => read(db, async |tx| invitations::list(tx).await).await,
        "invitation::renew" => {
            write(db, async |tx| {
                invitations::renew(tx, call.invitation(), call.token(), at + 2_000_000).await
            })
            .await
        }
        "invitation::revoke" => write(db, async |tx| invitations::revoke(tx, call.invitation()).await).await,
        "invitation::redeem" => write(db, async |tx| invitations::redeem(tx, call.invitation(), &call.token()).await).await,
        "session::create" => {
            let expires_at = if call.n[1].is_multiple_of(3) { at } else { at + 1_000_000 };
            write(db, async |tx| sessions::create(tx, session(call, text, expires_at)).await).await
        }
        "living_session::living" => {
            read(db, async |tx| {
                let found = sessions::living(tx, &call.hash(), at).await?;
                Ok(found.map(|(session, mut standing)| {
                    if let tenants::Reach::Only(projects) = &mut standing.reach {
                        projects.sort_unstable(); // they come in any order
                    }
                    (session, standing)
                }))
            })
            .await
        }
        "session::of_account" => {
            read(db, async |tx| {
                let found = sessions::of_account(tx, call.account(), 0, at).await?;
                Ok(sorted(found.into_iter().map(|session| session.id_hash).collect()))
            })
            .await
        }
        "session::update" => write(db, async |tx| sessions::update(tx, &call.hash(), call.account(), &text, at).await).await,
        "session::touch" => write(db, async |tx| sessions::touch(tx, &call.hash(), at + 2_000_000, at).await).await,
        "session::delete" => write(db, async |tx| sessions::delete(tx, &call.hash()).await).await,
        "session::delete_of" => write(db, async |tx| sessions::delete_of(tx, call.account(), &call.hash()).await).await,
        "session::end_all_of" => write(db, async |tx| sessions::end_all_of(tx, call.account(), at).await).await,
        "session::delete_expired" => write(db, async |tx| sessions::delete_expired(tx, at).await).await,
        unknown => panic!("{unknown} has no call here"),
    }
}

fn session(call: &Call, state: String, expires_at: Millis) -> sessions::Session {
    sessions::Session {
        id_hash: call.hash(),
        account: call.account(),
        state,
        begun_at: call.at,
        expires_at,
        epoch: 0,
        proved_at: call.at,
        first_proof_at: call.at,
        second_proof_at: 0,
        seen_at: call.at,
        ends_at: call.at + 3_000_000,
        agent: call.address(),
        address: String::new(),
    }
}
