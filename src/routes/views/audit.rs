//! The audit log.

use actors::{audit::Entry, hex};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::time;

#[derive(Serialize, ToSchema)]
pub struct AuditLog {
    /// The latest first.
    pub entries: Vec<AuditEntryView>,
    /// For `before` of the next page.
    pub next: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub struct AuditEntryView {
    /// From 1, without gaps.
    pub seq: i64,
    pub at: DateTime<Utc>,
    /// The account; none for the server itself.
    pub actor: Option<Uuid>,
    /// The account's e-mail address at that time.
    pub email: String,
    /// The network address.
    pub address: String,
    /// A stable id such as `member.role_changed`.
    pub act: String,
    pub target: AuditTarget,
    /// `done` or `refused`.
    pub outcome: String,
    /// What else belongs to it, by kind of act.
    #[schema(value_type = Object)]
    pub details: serde_json::Value,
    /// SHA-256 over this entry and the hash of the one before it.
    pub hash: String,
}

#[derive(Serialize, ToSchema)]
pub struct AuditTarget {
    pub kind: String,
    pub id: String,
    /// At that time.
    pub name: String,
}

impl From<Entry> for AuditEntryView {
    fn from(entry: Entry) -> Self {
        Self {
            seq: entry.seq,
            at: time(entry.at),
            actor: entry.actor.map(actors::AccountId::uuid),
            email: entry.email,
            address: entry.address,
            act: entry.act,
            target: AuditTarget {
                kind: entry.target_kind,
                id: entry.target_id,
                name: entry.target_name,
            },
            outcome: entry.outcome,
            details: serde_json::from_str(&entry.details).unwrap_or_default(),
            hash: hex(&entry.hash),
        }
    }
}

/// By what exports are verified.
#[derive(Serialize, ToSchema)]
pub struct AuditKey {
    /// `Ed25519`.
    pub algorithm: &'static str,
    /// In base64url.
    pub public_key: String,
}
