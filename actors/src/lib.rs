//! The actors: one tree a tenant, and the little that stands above them. Knows no HTTP.

pub mod audit;
pub mod clock;
pub mod contain;
mod engine;
mod fault;
pub mod identity;
pub mod jobs;
pub mod knowledge;
mod language_model;
mod limits;
pub mod mail;
pub mod operators;
pub mod project;
mod redis_pool;
mod registry;
pub mod role;
pub mod sessions;
mod start;
pub mod team;
pub mod tenant;
mod text;
mod throttle;
mod vault;
pub mod watch;

pub use engine::{DocumentLimits, Engine};
pub use entities::fair::Load;
#[cfg(feature = "faults")]
pub use entities::faults;
pub use entities::{
    AccountId, ChunkId, ConversationId, DatabaseKey, DocumentId, InvitationId, JobCounts, Location, MessageId, Millis, OperatorAct,
    PoolUse, ProjectId, StoreError, TenantId, VisitorId,
    projects::Look,
    tenants::{Reach, Role, Standing},
};
pub use fault::{Fault, Invalid, Limit};
pub use language_model::{LanguageModel, LanguageModelSettings};
pub use limits::{Limits, Rule};
pub use registry::Registry;
pub use start::{Platform, PlatformError, PlatformSettings};
pub use vault::{
    Keeper, KeyError, KmsSettings, MasterId, MasterKeys, RingPlace, RingSettings, SecretBytes,
    admin::{KeyAdmin, KeyReport, ProjectKeys, TenantKeyVersion, TenantKeys},
    database_key,
    rotate_master::{MasterRotation, MasterStep},
};
