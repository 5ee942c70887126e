//! The ways in. A door proves who is asking and hands the handler a pass; nothing else in this crate leads to a tenant.

mod csrf;
mod gate;
mod pass;
mod sessions;
mod visitor;

pub use csrf::{csrf_token, same_origin, with_token};
pub use gate::Gate;
pub use pass::{Pass, ProjectPass};
pub use sessions::{Credentials, Who, begin_session, cookies, end_session};
pub use visitor::{VisitPass, VisitorPass, cross_origin, preflight};
