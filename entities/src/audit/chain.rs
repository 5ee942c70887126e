//! The chain itself: what is hashed, and how. Pure, so that a copy of the log can be checked without the database it came from.
//!
//! The hash of an entry is the SHA-256 of these fields, each preceded by its length in bytes as four bytes, the most significant first:
//! the text `pernoex audit v1`; the tenant's id (16 bytes); the number (8 bytes, the most significant first, as below); the time in
//! milliseconds (8 bytes); the actor's id (16 bytes, or none); the actor's e-mail address; the network address; the act; the target's
//! kind, id and name; the outcome; the details, as the JSON text that is stored; and the previous entry's hash (32 bytes). Entries are
//! numbered from 1 without gaps. What stands before the first is the SHA-256 of the first two fields alone, so that no two tenants' chains
//! begin alike.
//!
//! A checkpoint signs, by Ed25519, these fields in the same encoding: the text `pernoex audit checkpoint v1`; the tenant's id; the number
//! and the hash of the last entry that it covers; its time.

use sha2::{Digest, Sha256};

use crate::{AccountId, Millis, TenantId};

pub type Hash = [u8; 32];

const ENTRY: &[u8] = b"pernoex audit v1";
const CHECKPOINT: &[u8] = b"pernoex audit checkpoint v1";

/// An entry as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub seq: i64,
    pub at: Millis,
    /// Who; `None` for the server itself and for whoever is nobody yet.
    pub actor: Option<AccountId>,
    /// Their e-mail address at that time.
    pub email: String,
    /// The network address it came from.
    pub address: String,
    /// A stable id such as `member.role_changed`.
    pub act: String,
    pub target_kind: String,
    pub target_id: String,
    pub target_name: String,
    /// `done` or `refused`.
    pub outcome: String,
    /// A JSON object.
    pub details: String,
    pub previous: Hash,
    pub hash: Hash,
}

/// The last entry of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub seq: i64,
    pub hash: Hash,
}

/// A signed head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub seq: i64,
    pub hash: Hash,
    pub at: Millis,
    /// Ed25519, over [`Checkpoint::message`].
    pub signature: Vec<u8>,
}

fn field(bytes: &mut Vec<u8>, value: &[u8]) {
    // No field comes near four gigabytes: the longest is cut at a few thousand bytes before it is stored.
    bytes.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(value);
}

/// What stands before the first entry.
#[must_use]
pub fn origin(tenant: TenantId) -> Head {
    let mut bytes = Vec::new();
    field(&mut bytes, ENTRY);
    field(&mut bytes, tenant.uuid().as_bytes());
    Head {
        seq: 0,
        hash: Sha256::digest(&bytes).into(),
    }
}

impl Entry {
    /// What the hash must be, given everything else.
    #[must_use]
    pub fn computed_hash(&self, tenant: TenantId) -> Hash {
        let mut bytes = Vec::with_capacity(512);
        field(&mut bytes, ENTRY);
        field(&mut bytes, tenant.uuid().as_bytes());
        field(&mut bytes, &self.seq.to_be_bytes());
        field(&mut bytes, &self.at.to_be_bytes());
        let actor = self.actor.map(AccountId::uuid);
        field(&mut bytes, actor.as_ref().map_or(&[][..], |id| id.as_bytes()));
        for text in [
            &self.email,
            &self.address,
            &self.act,
            &self.target_kind,
            &self.target_id,
            &self.target_name,
            &self.outcome,
            &self.details,
        ] {
            field(&mut bytes, text.as_bytes());
        }
        field(&mut bytes, &self.previous);
        Sha256::digest(&bytes).into()
    }
}

impl Checkpoint {
    /// What is signed.
    #[must_use]
    pub fn message(tenant: TenantId, head: Head, at: Millis) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        field(&mut bytes, CHECKPOINT);
        field(&mut bytes, tenant.uuid().as_bytes());
        field(&mut bytes, &head.seq.to_be_bytes());
        field(&mut bytes, &head.hash);
        field(&mut bytes, &at.to_be_bytes());
        bytes
    }
}

/// Where a chain stops to hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("entry {expected} is missing: {found} follows")]
    Gap { expected: i64, found: i64 },
    #[error("entry {0} does not follow from the one before it")]
    Link(i64),
    #[error("entry {0} was altered")]
    Altered(i64),
    #[error("the log ends at entry {found}, but had reached {expected}")]
    Short { expected: i64, found: i64 },
    #[error("the checkpoint of entry {0} is of another chain")]
    Diverged(i64),
    #[error("the signature of the checkpoint of entry {0} does not hold")]
    Unsigned(i64),
}

impl Broken {
    /// The number of the first entry that does not hold.
    #[must_use]
    pub fn seq(&self) -> i64 {
        match self {
            Self::Gap { expected, .. } => *expected,
            Self::Link(seq) | Self::Altered(seq) | Self::Diverged(seq) | Self::Unsigned(seq) => *seq,
            Self::Short { found, .. } => found + 1,
        }
    }
}

/// Follows a chain, entry by entry.
#[derive(Clone, Debug)]
pub struct Walk {
    tenant: TenantId,
    pub head: Head,
}

impl Walk {
    /// Goes on behind `head`, which is known to be right.
    #[must_use]
    pub fn behind(tenant: TenantId, head: Head) -> Self {
        Self { tenant, head }
    }

    /// # Errors
    /// When `entry` is not what comes next.
    pub fn step(&mut self, entry: &Entry) -> Result<(), Broken> {
        let expected = self.head.seq + 1;
        if entry.seq != expected {
            return Err(Broken::Gap {
                expected,
                found: entry.seq,
            });
        }
        if entry.previous != self.head.hash {
            return Err(Broken::Link(entry.seq));
        }
        if entry.hash != entry.computed_hash(self.tenant) {
            return Err(Broken::Altered(entry.seq));
        }
        self.head = Head {
            seq: entry.seq,
            hash: entry.hash,
        };
        Ok(())
    }
}
