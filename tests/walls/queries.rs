//! Two tenants whose rows have the same ids do everything that the storage layer can do, in turns. What each gets, and what is stored of
//! each afterwards, must be what it would be if the other did not exist.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use entities::{
    AccountId, ChunkId, ConversationId, DocumentId, InvitationId, MessageId, Millis, NewAccount, NewTenant, ProjectId, StoreError,
    TenantDb, TenantId, TenantTx, VisitorId, chunk, conversation, documents, invitations, job, keys, members, message, projects, sealed,
    sessions, tenants,
};
use syn::{FnArg, Item, Visibility};
use uuid::Uuid;

use super::{messages::parsed, store::World};
use crate::support::Dice;

const ADA: u128 = 0xada;
const EVE: u128 = 0xe7e;
/// A day after which no other comes, in the middle of a day.
const NOW: Millis = 1_700_000_000_000;

/// One call. What its numbers stand for is up to the operation.
#[derive(Clone, Debug)]
struct Call {
    who: u128,
    operation: &'static str,
    n: [u64; 4],
    at: Millis,
}

fn id(kind: u128, n: u64, of: u64) -> Uuid {
    Uuid::from_u128((kind << 64) | u128::from(n % of))
}

impl Call {
    // Few of each, so that calls meet; the same under both tenants.
    fn project(&self) -> ProjectId {
        id(1, self.n[0], 3).into()
    }
    fn document(&self) -> DocumentId {
        id(2, self.n[1], 4).into()
    }
    fn chunk(&self) -> ChunkId {
        id(3, self.n[2], 5).into()
    }
    fn conversation(&self) -> ConversationId {
        id(4, self.n[1], 3).into()
    }
    fn message(&self) -> MessageId {
        id(5, self.n[2], 6).into()
    }
    fn visitor(&self) -> VisitorId {
        id(6, self.n[3], 2).into()
    }
    fn hash(&self) -> [u8; 32] {
        [u8::try_from(self.n[0] % 3).unwrap(); 32]
    }
    fn revision(&self) -> i32 {
        i32::try_from(self.n[2] % 2).unwrap() + 1
    }
    fn days(&self) -> (i32, i32) {
        (message::day_of(NOW) - 1, message::day_of(NOW) + 1)
    }
    /// Tells whose it is.
    fn content(&self) -> String {
        format!("of {:x} at {}", self.who, self.at)
    }
    fn account(&self) -> AccountId {
        // The second one is a member of both tenants.
        if self.n[3].is_multiple_of(2) {
            account_of(self.who)
        } else {
            shared_account()
        }
    }
    /// As [`Call::content`], in the form of a sealed cell: format, version of the key, nonce.
    fn sealed(&self) -> Vec<u8> {
        let mut cell = vec![1, 0, 0, 0, u8::try_from(self.revision()).unwrap()];
        cell.extend([0; 12]);
        cell.extend(self.content().bytes());
        cell
    }
    fn wrapped(&self) -> Vec<u8> {
        format!("{MASTER} {}", self.content()).into_bytes()
    }
    fn share(&self) -> keys::Share {
        keys::Share {
            id: id(13, self.n[1], 6),
            kept: self.n[3].is_multiple_of(2).then(|| self.content().into_bytes()),
        }
    }
    fn project_key(&self) -> keys::ProjectKey {
        keys::ProjectKey {
            project: self.project(),
            version: self.revision(),
            wrapped: Vec::new(),
            share: None,
            tenant_version: 1,
            active_from: 0,
            closed: false,
            created_at: 0,
        }
    }
    fn sealed_column(&self) -> sealed::Column {
        let columns = sealed::columns();
        columns[usize::try_from(self.n[3]).unwrap() % columns.len()]
    }
    fn role(&self) -> tenants::Role {
        [tenants::Role::Member, tenants::Role::Admin, tenants::Role::Owner][usize::try_from(self.n[2] % 3).unwrap()]
    }
    fn invitation(&self) -> InvitationId {
        id(7, self.n[0], 2).into()
    }
    fn address(&self) -> String {
        format!("invited{}@example.com", self.n[0] % 2)
    }
    /// Tokens are random and unique in the whole installation.
    fn token(&self) -> [u8; 32] {
        let mut hash = [u8::try_from(self.n[2] % 3).unwrap(); 32];
        hash[..16].copy_from_slice(&self.who.to_be_bytes());
        hash
    }
    fn job(&self) -> job::Claimed {
        let document = self.document();
        job::Claimed {
            id: id(8, self.n[2], 3).into(),
            project: self.project(),
            work: job::Work::ReadDocument { document, revision: 1 },
            attempts: 1,
            lease: id(9, 0, 1),
        }
    }
}

fn tenant(who: u128) -> TenantId {
    Uuid::from_u128(who).into()
}

fn account_of(who: u128) -> AccountId {
    id(10, u64::try_from(who).unwrap(), u64::MAX).into()
}

fn shared_account() -> AccountId {
    id(11, 0, 1).into()
}

/// What is wrapped says by which master key.
const MASTER: &str = "master";

async fn world() -> World {
    let world = World::create().await;
    let installation = "insert into installation (id, master, wrapped, created_at) values (1, $1, $1, 0)";
    world.execute(installation, [MASTER.as_bytes().to_vec().into()]).await.unwrap();
    for who in [ADA, EVE] {
        let new = NewTenant {
            owner: account_of(who),
            tenant: tenant(who),
            name: format!("of {who:x}"),
            key: keys::NewTenantKey {
                version: 1,
                wrapped: format!("{MASTER} of {who:x}").into_bytes(),
                share: keys::Share {
                    id: Uuid::nil(),
                    kept: None,
                },
            },
        };
        let account = NewAccount {
            account: account_of(who),
            email: format!("{who:x}@example.com"),
            password_hash: String::new(),
        };
        world.store.platform().found_tenant(Some(account), new, NOW).await.unwrap();
    }
    let account = "insert into account (id, email, password_hash, created_at) values ($1, 'both@example.com', '', 0)";
    world.execute(account, [shared_account().uuid().into()]).await.unwrap();
    for (who, role) in [(ADA, "admin"), (EVE, "member")] {
        let member = "insert into member (tenant_id, account_id, role, created_at) values ($1, $2, $3, 0)";
        let values = [tenant(who).uuid().into(), shared_account().uuid().into(), role.into()];
        world.execute(member, values).await.unwrap();
        let entry = "insert into directory (account_id, workspace_id) values ($1, $2)";
        let values = [shared_account().uuid().into(), tenant(who).uuid().into()];
        world.execute(entry, values).await.unwrap();
    }
    world
}

/// Gives the newest job an id and a lease that the other tenant's jobs have too.
async fn lease(world: &World, call: &Call, found: entities::JobId) {
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

async fn write<T: std::fmt::Debug>(db: &TenantDb, work: impl AsyncFnOnce(&TenantTx) -> Result<T, StoreError>) -> String {
    format!("{:?}", db.write(work).await)
}

async fn read<T: std::fmt::Debug>(db: &TenantDb, work: impl AsyncFnOnce(&TenantTx) -> Result<T, StoreError>) -> String {
    format!("{:?}", db.read(work).await)
}

fn shown(chunks: Vec<chunk::Chunk>) -> Vec<impl std::fmt::Debug> {
    let show = |one: chunk::Chunk| (one.id, one.document, one.position, one.sealed, one.embedding);
    chunks.into_iter().map(show).collect()
}

fn wraps(found: Vec<keys::TenantKey>) -> Vec<(i32, Vec<u8>, Option<Uuid>)> {
    found.into_iter().map(|key| (key.version, key.wrapped, key.share)).collect()
}

fn inner(found: Vec<keys::ProjectKey>) -> Vec<impl std::fmt::Debug> {
    let show = |key: keys::ProjectKey| (key.project, key.version, key.wrapped, key.share, key.closed);
    found.into_iter().map(show).collect()
}

/// For what comes in any order.
fn sorted<T: Ord>(mut found: Vec<T>) -> Vec<T> {
    found.sort_unstable();
    found
}

/// Every public operation on a tenant's rows, by file and name. One that is missing fails the test below.
const OPERATIONS: &[&str] = &[
    "chunk::insert",
    "chunk::page",
    "chunk::of_document",
    "chunk::without_embedding",
    "chunk::embedded",
    "chunk::set_embedding",
    "chunk::purge",
    "conversation::insert",
    "conversation::find",
    "conversation::of_visitor",
    "conversation::list",
    "conversation::count",
    "conversation::purge",
    "document::insert",
    "document::list",
    "document::find",
    "document::totals",
    "document::set_read",
    "document::set_progress",
    "document::fail",
    "document::update",
    "document::replace",
    "document::delete",
    "document_body::store",
    "document_body::load",
    "job::enqueue",
    "job::enqueue_for",
    "job::release",
    "job::advance",
    "job::finish",
    "job::put_back",
    "invitation::insert",
    "invitation::find",
    "invitation::find_by_email",
    "invitation::list",
    "invitation::renew",
    "invitation::revoke",
    "invitation::redeem",
    "keys::share",
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
    "member::role_of",
    "member::standing",
    "member::list",
    "member::email_of",
    "member::has_email",
    "member::insert_account",
    "member::insert",
    "member::set_role",
    "member::remove",
    "member::owners",
    "message::insert",
    "message::of_conversation",
    "message::last_of_conversation",
    "message::set_helpful",
    "message::per_day",
    "message::in_all",
    "message::conversations",
    "message::unanswered",
    "message::top_sources",
    "project::insert",
    "project::find",
    "project::list",
    "project::summaries",
    "project::rename",
    "project::set_look",
    "project::set_origins",
    "project::set_public_key",
    "project::delete",
    "project::purge",
    "project::knowledge",
    "project::knowledge_changed",
    "project_member::assigned",
    "project_member::all",
    "project_member::assign",
    "sealed::stale",
    "sealed::replace",
    "sealed::counts",
    "session::create",
    "session::load",
    "session::update",
    "session::touch",
    "session::delete",
    "session::delete_expired",
    "workspace::name",
    "workspace::lock",
    "workspace::rename",
];

/// They end a tenant, and so come last.
const ENDINGS: &[&str] = &["workspace::delete", "purge::purge"];

/// Those that make what the others need come more often.
const MAKERS: &[&str] = &[
    "project::insert",
    "keys::store_project_key",
    "document::insert",
    "document_body::store",
    "chunk::insert",
    "conversation::insert",
    "message::insert",
    "session::create",
    "job::enqueue",
    "member::insert",
    "invitation::insert",
    "project_member::assign",
];

async fn perform(world: &World, call: &Call) -> String {
    let db = &world.store.tenant(tenant(call.who));
    let (project, document, text, at) = (call.project(), call.document(), call.content(), call.at);
    match call.operation {
        "chunk::insert" => {
            let chunk = chunk::Chunk {
                id: call.chunk(),
                document,
                position: i32::try_from(call.n[3] % 3).unwrap(),
                sealed: call.sealed(),
                embedding: None,
            };
            write(db, async |tx| chunk::insert(tx, project, vec![chunk]).await).await
        }
        "chunk::page" => {
            let after = (!call.n[1].is_multiple_of(2)).then(|| call.chunk());
            read(db, async |tx| Ok(shown(chunk::page(tx, project, after, 3).await?))).await
        }
        "chunk::of_document" => read(db, async |tx| Ok(shown(chunk::of_document(tx, project, document).await?))).await,
        "chunk::without_embedding" => read(db, async |tx| Ok(shown(chunk::without_embedding(tx, document, 3).await?))).await,
        "chunk::embedded" => read(db, async |tx| chunk::embedded(tx, document).await).await,
        "chunk::set_embedding" => write(db, async |tx| chunk::set_embedding(tx, project, call.chunk(), call.sealed()).await).await,
        "chunk::purge" => write(db, async |tx| chunk::purge(tx, project, 1000).await).await,
        "conversation::insert" => {
            let conversation = conversation::Conversation {
                id: call.conversation(),
                channel: "widget".into(),
                visitor: Some(call.visitor()),
                origin: None,
                title: call.sealed(),
                started_at: at,
                last_at: at,
                questions: 0,
                unanswered: 0,
                helpful: 0,
                unhelpful: 0,
            };
            write(db, async |tx| conversation::insert(tx, project, conversation).await).await
        }
        "conversation::find" => read(db, async |tx| conversation::find(tx, project, call.conversation()).await).await,
        "conversation::of_visitor" => read(db, async |tx| conversation::of_visitor(tx, project, call.visitor()).await).await,
        "conversation::list" => {
            let filter = conversation::Filter {
                before: call.n[2].is_multiple_of(2).then(|| (at, call.conversation())),
                ..Default::default()
            };
            read(db, async |tx| conversation::list(tx, project, &filter, 5).await).await
        }
        "conversation::count" => {
            let step = conversation::Step {
                questions: 1,
                ..Default::default()
            };
            write(db, async |tx| conversation::count(tx, call.conversation(), step, Some(at)).await).await
        }
        "conversation::purge" => write(db, async |tx| conversation::purge(tx, project, 1000).await).await,
        "document::insert" => {
            let new = documents::Document {
                id: document,
                name: format!("name {}", call.n[2] % 3),
                media_type: "text/plain".into(),
                size: i64::try_from(call.n[3] % 100).unwrap(),
                revision: 1,
                status: "queued".into(),
                failure: None,
                title: text,
                pages: None,
                chunks: 0,
                embedded: 0,
                source_url: None,
                created_at: at,
                updated_at: at,
            };
            write(db, async |tx| documents::insert(tx, project, &new).await).await
        }
        "document::list" => read(db, async |tx| documents::list(tx, project).await).await,
        "document::find" => read(db, async |tx| documents::find(tx, project, document).await).await,
        "document::totals" => read(db, async |tx| documents::totals(tx, project).await).await,
        "document::set_read" => {
            write(db, async |tx| {
                documents::set_read(tx, document, call.revision(), (&text, None, 2), at).await
            })
            .await
        }
        "document::set_progress" => {
            write(db, async |tx| {
                documents::set_progress(tx, document, call.revision(), 1, false, at).await
            })
            .await
        }
        "document::fail" => {
            write(db, async |tx| {
                documents::fail(tx, document, call.revision(), ("code", &text), at).await
            })
            .await
        }
        "document::update" => {
            let change = documents::Change {
                name: Some(format!("name {}", call.n[2] % 3)),
                source_url: Some(Some(text)),
            };
            write(db, async |tx| documents::update(tx, project, document, change, at).await).await
        }
        "document::replace" => write(db, async |tx| documents::replace(tx, project, document, ("text/html", 7), at).await).await,
        "document::delete" => write(db, async |tx| documents::delete(tx, project, document).await).await,
        "document_body::store" => write(db, async |tx| documents::store_body(tx, project, document, call.sealed()).await).await,
        "document_body::load" => read(db, async |tx| documents::load_body(tx, project, document).await).await,
        "job::enqueue" => {
            let work = call.job().work;
            let found = db.write(async |tx| job::enqueue(tx, project, work, at).await).await;
            if let Ok(found) = found {
                lease(world, call, found).await;
            }
            format!("{:?}", found.map(|_| ()))
        }
        "job::enqueue_for" => {
            let work = call.job().work;
            let found = db.write(async |tx| job::enqueue_for(tx, project, work, at + 5, at).await).await;
            if let Ok(found) = found {
                lease(world, call, found).await;
            }
            format!("{:?}", found.map(|_| ()))
        }
        "job::advance" => write(db, async |tx| job::advance(tx, &call.job(), job::Work::PurgeProject, at).await).await,
        "job::release" => write(db, async |tx| job::release(tx, &call.job(), at).await).await,
        "job::finish" => write(db, async |tx| job::finish(tx, &call.job()).await).await,
        "job::put_back" => write(db, async |tx| job::put_back(tx, &call.job(), &text, Some(at)).await).await,
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
                "conversation" => call.conversation().uuid(),
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
        "member::role_of" => read(db, async |tx| tenants::role_of(tx, call.account()).await).await,
        "member::standing" => {
            read(db, async |tx| {
                let standing = tenants::standing(tx, call.account()).await?;
                Ok(standing.map(|mut standing| {
                    if let tenants::Reach::Only(projects) = &mut standing.reach {
                        projects.sort_unstable(); // they come in any order
                    }
                    standing
                }))
            })
            .await
        }
        "member::list" => read(db, async |tx| members::list(tx).await).await,
        "member::email_of" => read(db, async |tx| members::email_of(tx, call.account()).await).await,
        "member::has_email" => read(db, async |tx| members::has_email(tx, "both@example.com").await).await,
        "member::insert_account" => {
            let new = NewAccount {
                account: id(12, u64::try_from(call.who).unwrap() + call.n[0] % 3, u64::MAX).into(),
                email: format!("{}@example.com", text.replace(' ', ".")),
                password_hash: String::new(),
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
        "message::insert" => {
            let new = message::Message {
                id: call.message(),
                conversation: call.conversation(),
                role: if call.n[2].is_multiple_of(2) { "visitor" } else { "assistant" }.into(),
                sealed: call.sealed(),
                outcome: Some(if call.n[3] % 4 < 2 { "unanswered" } else { "answered" }.into()),
                helpful: None,
                visitor: Some(call.visitor()),
                latency_ms: None,
                created_at: at,
            };
            write(db, async |tx| message::insert(tx, project, new, &[document]).await).await
        }
        "message::of_conversation" => read(db, async |tx| message::of_conversation(tx, project, call.conversation()).await).await,
        "message::last_of_conversation" => {
            read(db, async |tx| {
                message::last_of_conversation(tx, project, call.conversation(), 2).await
            })
            .await
        }
        "message::set_helpful" => {
            let only = call.n[1].is_multiple_of(2).then(|| call.visitor());
            let helpful = Some(call.n[3].is_multiple_of(3));
            write(db, async |tx| {
                message::set_helpful(tx, project, call.message(), helpful, only).await
            })
            .await
        }
        "message::per_day" => read(db, async |tx| message::per_day(tx, project, call.days()).await).await,
        "message::in_all" => read(db, async |tx| message::in_all(tx, project, call.days()).await).await,
        "message::conversations" => read(db, async |tx| message::conversations(tx, project, call.days()).await).await,
        "message::unanswered" => read(db, async |tx| message::unanswered(tx, project, call.days(), 3).await).await,
        "message::top_sources" => {
            read(db, async |tx| {
                let mut found = message::top_sources(tx, project, call.days(), 100).await?;
                found.sort_unstable(); // equals come in any order
                Ok(found)
            })
            .await
        }
        "project::insert" => {
            let new = projects::Project {
                id: project,
                name: format!("project {}", call.n[1] % 3),
                created_at: at,
                public_key: text.clone(),
                public_key_at: at,
                allowed_origins: vec![text.clone()],
                look: look(&text),
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
        "project::set_origins" => write(db, async |tx| projects::set_origins(tx, project, &[text]).await).await,
        "project::set_public_key" => write(db, async |tx| projects::set_public_key(tx, project, &text, route(call), at).await).await,
        "project::delete" => write(db, async |tx| Ok(projects::delete(tx, project, at).await?.map(sorted))).await,
        "project::purge" => write(db, async |tx| projects::purge(tx, project).await).await,
        "project::knowledge" => read(db, async |tx| projects::knowledge(tx, project).await).await,
        "project::knowledge_changed" => write(db, async |tx| projects::knowledge_changed(tx, project).await).await,
        "session::create" => {
            let expires_at = if call.n[1].is_multiple_of(3) { at } else { at + 1_000_000 };
            write(db, async |tx| sessions::create(tx, session(call, text, expires_at)).await).await
        }
        "session::load" => read(db, async |tx| sessions::load(tx, &call.hash(), at).await).await,
        "session::update" => write(db, async |tx| sessions::update(tx, &session(call, text, at + 1_000_000), at).await).await,
        "session::touch" => write(db, async |tx| sessions::touch(tx, &call.hash(), at + 2_000_000, at).await).await,
        "session::delete" => write(db, async |tx| sessions::delete(tx, &call.hash()).await).await,
        "session::delete_expired" => write(db, async |tx| sessions::delete_expired(tx, at).await).await,
        "purge::purge" => write(db, async |tx| tenants::purge(tx, 100_000).await).await,
        "workspace::lock" => write(db, async |tx| tenants::lock(tx).await).await,
        "workspace::rename" => write(db, async |tx| tenants::rename(tx, &text).await).await,
        "workspace::delete" => write(db, async |tx| Ok(sorted(tenants::delete(tx, at).await?))).await,
        "workspace::name" => read(db, async |tx| tenants::name(tx).await).await,
        unknown => panic!("{unknown} has no call here"),
    }
}

fn look(text: &str) -> projects::Look {
    projects::Look {
        title: text.into(),
        greeting: String::new(),
        color: String::new(),
        position: String::new(),
        suggestions: Vec::new(),
    }
}

/// Public keys are random and unique in the whole installation.
fn route(call: &Call) -> [u8; 32] {
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(&call.who.to_be_bytes());
    hash[16..24].copy_from_slice(&call.at.to_be_bytes());
    hash
}

fn session(call: &Call, state: String, expires_at: Millis) -> sessions::Session {
    sessions::Session {
        id_hash: call.hash(),
        account: call.account(),
        state,
        begun_at: call.at,
        expires_at,
    }
}

fn calls(seed: u64, count: usize) -> Vec<Call> {
    let mut dice = Dice::new(seed);
    let mut drawn = Vec::with_capacity(count);
    for turn in 0..count {
        let operations = if turn < 80 || dice.below(3) == 0 { MAKERS } else { OPERATIONS };
        let operation = operations[dice.below(operations.len())];
        // Seldom, or little would be left to look at.
        let ends = [
            "project::delete",
            "project::purge",
            "chunk::purge",
            "conversation::purge",
            "document::delete",
            "member::remove",
        ];
        if ends.contains(&operation) && dice.below(3) > 0 {
            continue;
        }
        drawn.push(Call {
            who: if dice.below(2) == 0 { ADA } else { EVE },
            operation,
            n: std::array::from_fn(|_| dice.next() >> 16),
            at: NOW + i64::try_from(turn).unwrap(),
        });
    }
    // At last one of them goes, table by table.
    let end = |operation| Call {
        who: EVE,
        operation,
        n: [0; 4],
        at: NOW + i64::try_from(count).unwrap(),
    };
    drawn.push(end("workspace::delete"));
    drawn.extend(std::iter::repeat_with(|| end("purge::purge")).take(40));
    drawn
}

/// The other's content in an answer, as text or as bytes.
fn gives_away(answer: &str, who: u128) -> bool {
    let other = if who == ADA { EVE } else { ADA };
    let mark = format!("of {other:x} at");
    let bytes = mark.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
    answer.contains(&mark) || answer.contains(&bytes)
}

/// Runs `calls` in one database for both and in one for each alone; says where they differ. Notes in `did` what came back.
async fn difference(calls: &[Call], did: &mut BTreeMap<&'static str, BTreeSet<String>>) -> Option<String> {
    let both = world().await;
    let alone = BTreeMap::from([(ADA, world().await), (EVE, world().await)]);
    for call in calls {
        let (together, apart) = (perform(&both, call).await, perform(&alone[&call.who], call).await);
        if together != apart {
            return Some(format!("{call:?}\n  answers {together}\n  alone   {apart}"));
        }
        if gives_away(&together, call.who) {
            return Some(format!("{call:?} is answered with the other's content: {together}"));
        }
        did.entry(call.operation).or_default().insert(together);
    }
    for (who, world) in &alone {
        let (together, apart) = (both.rows_of(tenant(*who)).await, world.rows_of(tenant(*who)).await);
        if together != apart {
            let missing: Vec<_> = apart.iter().filter(|row| !together.contains(row)).collect();
            let added: Vec<_> = together.iter().filter(|row| !apart.contains(row)).collect();
            return Some(format!("rows of {who:x} were changed by the other: {missing:?} became {added:?}"));
        }
    }
    None
}

/// The operations that have not shown anything but their absence of effect.
fn idle<'a>(did: &'a BTreeMap<&'static str, BTreeSet<String>>) -> impl Iterator<Item = &'static &'static str> + 'a {
    let nothing = ["Ok(None)", "Ok(false)", "Ok([])", "Ok(0)", "Ok([0])"];
    let did_something = move |operation: &&str| {
        let answers = did.get(operation).into_iter().flatten();
        answers
            .into_iter()
            .any(|one| one.starts_with("Ok") && !nothing.contains(&one.as_str()))
    };
    OPERATIONS.iter().chain(ENDINGS).filter(move |operation| !did_something(operation))
}

/// Leaves out halves, quarters, … while it still fails.
async fn shrunk(mut calls: Vec<Call>, mut reason: String) -> (Vec<Call>, String) {
    let mut size = calls.len() / 2;
    while size > 0 {
        let mut from = 0;
        while from < calls.len() {
            let mut fewer = calls.clone();
            fewer.drain(from..(from + size).min(calls.len()));
            match difference(&fewer, &mut BTreeMap::new()).await {
                Some(still) => (calls, reason) = (fewer, still),
                None => from += size,
            }
        }
        size /= if size > 8 { 4 } else { 2 };
    }
    (calls, reason)
}

#[tokio::test]
async fn no_operation_reads_or_changes_the_rows_of_another_tenant_with_the_same_ids() {
    let (seed, mut did) = (crate::support::seed(), BTreeMap::new());
    let count = if crate::support::is_full() { 20_000 } else { 1_500 };
    // Another round for what chance has left out.
    for seed in (0..8).map(|round| seed.wrapping_add(round)) {
        let calls = calls(seed, count);
        println!("seed {seed}: {} calls", calls.len());
        if let Some(reason) = difference(&calls, &mut did).await {
            let (calls, reason) = shrunk(calls, reason).await;
            panic!("seed {seed}: {reason}\nafter {calls:#?}");
        }
        if idle(&did).next().is_none() {
            return;
        }
    }
    panic!("never found anything: {:?}", idle(&did).collect::<Vec<_>>());
}

/// Names of public functions that take a transaction, by file.
fn public_operations() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("entities/src");
    let mut found = BTreeSet::new();
    for (path, file) in parsed(&folder) {
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for item in file.items {
            let Item::Fn(function) = item else { continue };
            let takes_tx = function.sig.inputs.iter().any(|input| {
                let FnArg::Typed(one) = input else { return false };
                let text = quote::ToTokens::to_token_stream(&one.ty).to_string();
                text.contains("TenantTx") || text.contains("TenantDb")
            });
            if takes_tx && matches!(function.vis, Visibility::Public(_)) {
                found.insert(format!("{stem}::{}", function.sig.ident));
            }
        }
    }
    found
}

#[test]
fn every_public_operation_on_rows_is_in_the_test_above() {
    let known: BTreeSet<String> = OPERATIONS.iter().chain(ENDINGS).map(|one| (*one).to_owned()).collect();
    assert_eq!(public_operations(), known);
}

#[tokio::test]
async fn a_child_is_found_below_its_own_parent_only() {
    let world = world().await;
    let call = |operation, n| Call {
        who: ADA,
        operation,
        n,
        at: NOW,
    };
    for made in [
        call("project::insert", [0, 0, 0, 0]),
        Call {
            at: NOW + 1,
            ..call("project::insert", [1, 1, 0, 0])
        },
        call("keys::store_project_key", [0, 0, 0, 1]),
        call("keys::store_project_key", [0, 0, 1, 1]),
        call("document::insert", [0, 0, 0, 0]),
        call("document_body::store", [0, 0, 0, 0]),
        call("chunk::insert", [0, 0, 0, 0]),
        call("conversation::insert", [0, 0, 0, 0]),
        call("message::insert", [0, 0, 1, 0]),
    ] {
        assert_eq!(perform(&world, &made).await, "Ok(())", "{made:?}");
    }
    let before = world.rows_of(tenant(ADA)).await;
    // Those that change something come last, so that each has something to find below the right parent.
    let operations = [
        ("document::find", "Ok(None)"),
        ("document::list", "Ok([])"),
        ("document_body::load", "Ok(None)"),
        ("chunk::page", "Ok([])"),
        ("chunk::of_document", "Ok([])"),
        ("conversation::find", "Ok(None)"),
        ("conversation::list", "Ok([])"),
        ("conversation::of_visitor", "Ok(None)"),
        ("message::of_conversation", "Ok([])"),
        ("message::unanswered", "Ok([])"),
        ("message::top_sources", "Ok([])"),
        ("message::set_helpful", "Ok(false)"),
        ("conversation::purge", "Ok(0)"),
        ("chunk::purge", "Ok(0)"),
        ("document::update", "Ok(false)"),
        ("document::replace", "Ok(None)"),
        ("document::delete", "Ok(false)"),
    ];
    for (operation, nothing) in operations {
        let wrong = call(operation, [1, 0, 1, 0]);
        assert_eq!(perform(&world, &wrong).await, nothing, "{operation} below another project");
    }
    assert_eq!(world.rows_of(tenant(ADA)).await, before);
    for (operation, nothing) in operations {
        let right = perform(&world, &call(operation, [0, 0, 1, 0])).await;
        assert!(right.starts_with("Ok") && right != nothing, "{operation} below its own: {right}");
    }
}
