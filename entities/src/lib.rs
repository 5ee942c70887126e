//! Rows, and the only ways to reach them.
//!
//! The raw connection never leaves this crate. [`TenantDb`] speaks for one tenant and cannot say another's name;
//! [`PlatformDb`] holds what exists before a tenant is known: accounts, the tenant directory, the routes of public keys
//! and of invitations.

pub mod account;
pub mod account_identity;
pub mod account_token;
pub mod accounts;
pub mod audit;
pub mod ceremony;
pub mod chunk;
pub mod conversation;
mod document;
mod document_body;
mod error;
pub mod fair;
#[cfg(feature = "faults")]
pub mod faults;
mod ids;
mod installation;
mod invitation;
mod invitation_route;
pub mod job;
pub mod keys;
mod living_session;
pub mod mail;
mod member;
pub mod message;
mod operator_act;
mod operators;
mod platform_db;
mod platform_tx;
mod project;
mod project_member;
mod purge;
pub mod sealed;
pub mod second_factor;
mod session;
mod store;
mod tenant;
mod tenant_db;
mod widget_route;
mod workspace;

pub mod documents {
    //! Documents and their stored bodies.
    pub use crate::document::{
        Change, Document, Totals, delete, fail, find, insert, list, replace, set_progress, set_read, totals, update,
    };
    pub use crate::document_body::{load as load_body, store as store_body};
}
pub mod projects {
    //! Projects and their public names.
    pub use crate::project::{
        Look, Project, Summary, delete, find, insert, knowledge, knowledge_changed, list, purge, rename, set_look, set_origins,
        set_public_key, summaries,
    };
}
pub mod sessions {
    //! Sessions, by the hash of their id.
    pub use crate::living_session::living;
    pub use crate::session::{Session, create, delete, delete_expired, delete_of, of_account, touch, update};
}
pub mod invitations {
    //! Invitations, and the tokens that lead to them.
    pub use crate::invitation::{Invitation, find, find_by_email, insert, list, redeem, renew, revoke};
}
pub mod members {
    //! Who belongs to a tenant, and which projects they are assigned to.
    pub use crate::member::{
        Member, email_of, epoch, has_email, has_second_factor, insert, insert_account, list, owners, remove, set_role,
    };
    pub use crate::project_member::{all as all_assignments, assign, assigned};
}
pub mod tenants {
    //! What a tenant is made of besides its projects and keys.
    pub use crate::member::{Role, Standing, role_of};
    pub use crate::project_member::Reach;
    pub use crate::purge::purge;
    pub use crate::workspace::{Rules, delete, end_at, lock, name, passwords, rename, require_second_factor, rules, set_password_length};
}

pub use ceremony::Ceremony;
pub use error::StoreError;
pub use ids::{AccountId, ChunkId, ConversationId, DocumentId, InvitationId, JobId, MessageId, ProjectId, TenantId, VisitorId};
pub use installation::Installation;
pub use operator_act::OperatorAct;
pub use operators::{JobCounts, PoolUse};
pub use platform_db::{NewAccount, NewTenant, PlatformDb};
pub use platform_tx::PlatformTx;
pub use store::{DatabaseKey, Location, Store, connect_options};
pub use tenant_db::{TenantDb, TenantTx};

/// Milliseconds since the Unix epoch, UTC.
pub type Millis = i64;
