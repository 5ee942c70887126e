//! The ways in. A door proves who is asking and hands the handler a pass; nothing else in this crate leads to a tenant.

mod csrf;
mod entry;
mod gate;
mod mailed;
mod operator;
mod own_sessions;
mod pass;
mod provider;
mod second_factor;
mod sessions;
mod visitor;

pub use csrf::{csrf_token, same_origin, with_token};
pub use entry::{Belonging, Caller, Credentials, Entered, Opening, Who, begin_session, preview_invitation, sign_up};
pub use gate::Gate;
pub use mailed::{confirm_email_change, forgot_password, reset_password};
pub use operator::{OperatorPass, operators_only};
pub use own_sessions::{OwnSession, freshly_proven};
pub use pass::{Pass, ProjectPass};
pub use provider::{Away, Finished, Wish, back_from_provider, finish_provider, go_to_provider, heed_apple};
pub use second_factor::ask_for_passkey;
pub use sessions::{cookies, end_session};
pub use visitor::{VisitPass, VisitorPass, cross_origin, preflight};
