//! The actors: one tree a tenant, and the little that stands above them. Knows no HTTP.

pub mod audit;
pub mod backup;
pub mod billing;
mod ceremonies;
pub mod claims;
pub mod clock;
pub mod contain;
pub mod disclosure;
pub mod doctor;
pub mod embeddings;
mod engine;
mod fault;
pub mod identity;
pub mod integrations;
pub mod jobs;
pub mod knowledge;
mod language_model;
mod limits;
pub mod mail;
mod openai;
pub mod operators;
pub mod outward;
pub mod privacy;
pub mod project;
mod reading;
mod redis_pool;
mod registry;
pub mod role;
pub mod sessions;
pub mod sources;
mod start;
pub mod team;
pub mod tenant;
mod text;
mod throttle;
mod token;
mod vault;
pub mod watch;
pub mod webhooks;

pub use engine::{DocumentLimits, Engine};
pub use entities::fair::Load;
#[cfg(feature = "faults")]
pub use entities::faults;
pub use entities::{
    AccountId, BatchId, ChunkId, CollectionId, ConversationId, CuratedId, DatabaseKey, DeliveryId, DocumentId, EndpointId, EventId,
    GrantId, InvitationId, JobCounts, Location, MailCounts, MessageId, Millis, NoteId, OperatorAct, PoolUse, ProjectId, ReceiptId,
    RevisionId, SlackInstallationId, SourceId, SourceRunId, StoreError, TenantId, TodoId, VisitorId, WebhookId, document_list,
    projects::{Colors, HandOff, Look},
    tenants::{Reach, Role, Standing},
};
pub use fault::{Fault, Invalid, Limit};
pub use language_model::{LanguageModel, LanguageModelSettings, Prices};
pub use limits::{Limits, Rule};
pub use redis_pool::RedisAddress;
pub use registry::Registry;
pub use start::{Platform, PlatformError, PlatformSettings};
pub use text::{escape_html, hex};
pub use vault::{
    Keeper, KeyError, KmsSettings, MasterId, MasterKeys, RingPlace, RingSettings, SecretBytes,
    admin::{KeyAdmin, KeyReport, ProjectKeys, TenantKeyVersion, TenantKeys},
    database_key,
    rotate_master::{MasterRotation, MasterStep},
};
