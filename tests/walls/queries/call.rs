//! One call, and the database of two tenants that it is made on.

use entities::{
    AccountId, ChunkId, ConversationId, CredentialId, DeliveryId, DocumentId, InvitationId, MessageId, Millis, NewAccount, NewTenant,
    ProjectId, StoreError, TenantDb, TenantId, TenantTx, VisitorId, WebhookId, job, keys, message, sealed, tenants,
};
use uuid::Uuid;

use crate::walls::store::World;

pub(in crate::walls) const ADA: u128 = 0xada;
pub(in crate::walls) const EVE: u128 = 0xe7e;
/// A day after which no other comes, in the middle of a day.
pub(super) const NOW: Millis = 1_700_000_000_000;

/// One call. What its numbers stand for is up to the operation.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) who: u128,
    pub(super) operation: &'static str,
    pub(super) n: [u64; 4],
    pub(super) at: Millis,
}

pub(super) fn id(kind: u128, n: u64, of: u64) -> Uuid {
    Uuid::from_u128((kind << 64) | u128::from(n % of))
}

impl Call {
    // Few of each, so that calls meet; the same under both tenants.
    pub(super) fn project(&self) -> ProjectId {
        id(1, self.n[0], 3).into()
    }
    pub(super) fn document(&self) -> DocumentId {
        id(2, self.n[1], 4).into()
    }
    pub(super) fn chunk(&self) -> ChunkId {
        id(3, self.n[2], 5).into()
    }
    pub(super) fn conversation(&self) -> ConversationId {
        id(4, self.n[1], 3).into()
    }
    pub(super) fn message(&self) -> MessageId {
        id(5, self.n[2], 6).into()
    }
    pub(super) fn visitor(&self) -> VisitorId {
        id(6, self.n[3], 2).into()
    }
    pub(super) fn hash(&self) -> [u8; 32] {
        [u8::try_from(self.n[0] % 3).unwrap(); 32]
    }
    pub(super) fn revision(&self) -> i32 {
        i32::try_from(self.n[2] % 2).unwrap() + 1
    }
    pub(super) fn days(&self) -> (i32, i32) {
        (message::day_of(NOW) - 1, message::day_of(NOW) + 1)
    }
    /// Tells whose it is.
    pub(super) fn content(&self) -> String {
        format!("of {:x} at {}", self.who, self.at)
    }
    pub(super) fn account(&self) -> AccountId {
        // The second one is a member of both tenants.
        if self.n[3].is_multiple_of(2) {
            account_of(self.who)
        } else {
            shared_account()
        }
    }
    /// As [`Call::content`], in the form of a sealed cell: format, version of the key, nonce.
    pub(super) fn sealed(&self) -> Vec<u8> {
        let mut cell = vec![1, 0, 0, 0, u8::try_from(self.revision()).unwrap()];
        cell.extend([0; 12]);
        cell.extend(self.content().bytes());
        cell
    }
    pub(super) fn wrapped(&self) -> Vec<u8> {
        format!("{MASTER} {}", self.content()).into_bytes()
    }
    pub(super) fn share(&self) -> keys::Share {
        keys::Share {
            id: id(13, self.n[1], 6),
            kept: self.n[3].is_multiple_of(2).then(|| self.content().into_bytes()),
        }
    }
    pub(super) fn project_key(&self) -> keys::ProjectKey {
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
    pub(super) fn sealed_column(&self) -> sealed::Column {
        let columns = sealed::columns();
        columns[usize::try_from(self.n[3]).unwrap() % columns.len()]
    }
    pub(super) fn role(&self) -> tenants::Role {
        [tenants::Role::Member, tenants::Role::Admin, tenants::Role::Owner][usize::try_from(self.n[2] % 3).unwrap()]
    }
    pub(super) fn endpoint(&self) -> WebhookId {
        id(14, self.n[1], 3).into()
    }
    pub(super) fn delivery(&self) -> DeliveryId {
        id(15, self.n[2], 5).into()
    }
    pub(super) fn credential(&self) -> CredentialId {
        id(16, self.n[3], 4).into()
    }
    pub(super) fn invitation(&self) -> InvitationId {
        id(7, self.n[0], 2).into()
    }
    pub(super) fn address(&self) -> String {
        format!("invited{}@example.com", self.n[0] % 2)
    }
    /// Tokens are random and unique in the whole installation.
    pub(super) fn token(&self) -> [u8; 32] {
        let mut hash = [u8::try_from(self.n[2] % 3).unwrap(); 32];
        hash[..16].copy_from_slice(&self.who.to_be_bytes());
        hash
    }
    pub(super) fn job(&self) -> job::Claimed {
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

pub(in crate::walls) fn tenant(who: u128) -> TenantId {
    Uuid::from_u128(who).into()
}

pub(in crate::walls) fn account_of(who: u128) -> AccountId {
    id(10, u64::try_from(who).unwrap(), u64::MAX).into()
}

pub(super) fn shared_account() -> AccountId {
    id(11, 0, 1).into()
}

/// What is wrapped says by which master key.
pub(super) const MASTER: &str = "master";

pub(in crate::walls) async fn world() -> World {
    let world = World::create().await;
    let installation = "insert into installation (id, master, wrapped, created_at) values (1, $1, $1, 0)";
    world.execute(installation, [MASTER.as_bytes().to_vec().into()]).await.unwrap();
    for who in [ADA, EVE] {
        let new = NewTenant {
            owner: account_of(who),
            tenant: tenant(who),
            name: format!("of {who:x}"),
            address: String::new(),
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
            password_hash: "a hash".into(),
            password_long: false,
            verified_at: None,
            identity: None,
        };
        world.store.platform().found_tenant(Some(account), new, NOW).await.unwrap();
    }
    let account = "insert into account (id, email, password_hash, created_at, second_factor_at) values ($1, 'both@example.com', '', 0, 1)";
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

pub(super) async fn write<T: std::fmt::Debug>(db: &TenantDb, work: impl AsyncFnOnce(&TenantTx) -> Result<T, StoreError>) -> String {
    format!("{:?}", db.write(work).await)
}

pub(super) async fn read<T: std::fmt::Debug>(db: &TenantDb, work: impl AsyncFnOnce(&TenantTx) -> Result<T, StoreError>) -> String {
    format!("{:?}", db.read(work).await)
}

/// For what comes in any order.
pub(super) fn sorted<T: Ord>(mut found: Vec<T>) -> Vec<T> {
    found.sort_unstable();
    found
}
