//! Rows, and the only ways to reach them.
//!
//! The raw connection never leaves this crate. [`TenantDb`] speaks for one tenant and cannot say another's name;
//! [`PlatformDb`] holds what exists before a tenant is known: accounts, the tenant directory, the routes of public keys
//! and of invitations.

pub mod account;
pub mod account_identity;
pub mod account_token;
pub mod accounts;
mod answer_count;
pub mod audit;
pub mod backup;
mod billing_customer;
mod billing_subscription;
pub mod ceremony;
pub mod chunk;
pub mod collection;
pub mod conversation;
pub mod conversation_note;
pub mod credential;
pub mod curated_answer;
pub mod curated_revision;
pub mod disclosure;
mod document;
pub mod document_batch;
mod document_body;
mod document_filing;
pub mod document_list;
pub mod document_print;
pub mod document_revision;
pub mod document_tag;
pub mod embeddings;
mod error;
pub mod evidence;
pub mod fair;
#[cfg(feature = "faults")]
pub mod faults;
pub mod forgetting;
mod ids;
pub mod inbound_event;
mod inspect;
mod installation;
mod invitation;
mod invitation_route;
pub mod job;
pub mod keys;
mod living_session;
pub mod mail;
mod member;
pub mod message;
pub mod model_use;
mod operator_act;
pub mod operators;
mod platform_db;
mod platform_tx;
pub mod privacy;
mod project;
mod project_member;
mod purge;
mod renewal;
pub mod rollup;
pub mod sealed;
pub mod second_factor;
mod session;
mod slack_answer;
mod slack_channel;
mod slack_installation;
mod slack_route;
pub mod source;
pub mod source_grant;
pub mod source_item;
mod source_item_gone;
pub mod source_receipt;
pub mod source_route;
pub mod source_run;
mod store;
mod stripe_route;
mod tenant;
mod tenant_db;
pub mod todo;
mod unreached;
pub mod visitor;
pub mod visitor_bar;
pub mod voice_call;
pub mod voice_endpoint;
pub mod webhook_delivery;
pub mod webhook_endpoint;
pub mod widget_identity;
pub mod widget_logo;
mod widget_route;
mod workspace;

pub mod documents {
    //! Documents and their stored bodies.
    pub use crate::document::{
        Change, Document, Filed, Totals, count, delete, fail, find, has_name, insert, list, order_key, read_again, replace, set_progress,
        set_read, totals, update,
    };
    pub use crate::document_body::{load as load_body, store as store_body};
    pub use crate::document_filing::{Review, count_of_source, file, keep_of_source, names, of_source, review, set_twin, twins_of};
}
pub mod projects {
    //! Projects and their public names.
    pub use crate::project::{
        Colors, HandOff, Look, Project, Summary, delete, find, insert, knowledge, knowledge_changed, list, purge, rename, set_hand_off,
        set_look, set_origins, set_public_key, set_synonyms, summaries, synonyms,
    };
}
pub mod sessions {
    //! Sessions, by the hash of their id.
    pub use crate::living_session::living;
    pub use crate::session::{Kept, Session, create, delete, delete_expired, delete_of, end_all_of, of_account, touch, update};
}
pub mod invitations {
    //! Invitations, and the tokens that lead to them.
    pub use crate::invitation::{Invitation, find, find_by_email, insert, list, redeem, renew, revoke};
}
pub mod members {
    //! Who belongs to a tenant, and which projects they are assigned to.
    pub use crate::member::{
        Member, email_of, epoch, has_email, has_second_factor, has_short_password_only, insert, insert_account, list, owners, remove,
        sessions_from, set_role,
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

pub mod slack {
    //! Slack: teams, their channels and threads, and what was answered there.
    pub mod installations {
        pub use crate::slack_installation::{
            Installation, Standing, claim_refresh, delete, end, find, find_by_team, heard, insert, list, reconnect, set_token,
        };
    }
    pub mod channels {
        pub use crate::slack_channel::{Channel, OTHERS, find, list, note, put, remove};
    }
    pub mod answers {
        pub use crate::slack_answer::{Answer, Thread, find, insert, of_message, set_posted, set_posting, speaks_in};
    }
}

pub mod billing {
    //! Billing: who a tenant is at Stripe, what it has subscribed to, and how many answers it gave.
    pub mod customers {
        pub use crate::billing_customer::{find, insert, next_ticket};
    }
    pub mod subscriptions {
        pub use crate::billing_subscription::{Subscription, list, put};
    }
    pub mod answers {
        pub use crate::answer_count::{add, given};
    }
}

pub use ceremony::Ceremony;
pub use error::StoreError;
pub use ids::{
    AccountId, BatchId, ChunkId, CollectionId, ConversationId, CredentialId, CuratedId, DeliveryId, DocumentId, EndpointId, EventId,
    GrantId, InvitationId, JobId, MessageId, NoteId, ProjectId, ReceiptId, RevisionId, SlackInstallationId, SourceId, SourceRunId,
    TenantId, TodoId, VisitorId, WebhookId,
};
pub use inspect::{Inspection, inspect};
pub use installation::Installation;
pub use operator_act::{ActOutcome, OperatorAct};
pub use operators::{JobCounts, MailCounts, PoolUse};
pub use platform_db::{NewAccount, NewTenant, PlatformDb};
pub use platform_tx::PlatformTx;
pub use store::{DatabaseKey, Location, Store, connect_options};
pub use tenant_db::{TenantDb, TenantTx};
pub use unreached::why_unreached;

/// Milliseconds since the Unix epoch, UTC.
pub type Millis = i64;
