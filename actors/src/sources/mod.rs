//! Knowledge sources: where a project's documents come from by themselves. What each kind of provider does differently is behind
//! [`connector`]; turns, pages, counting, storing and letting go are the same for all.
//!
//! A source has one job, which is never done: each step of it looks at a bounded part of what the source has, and what came of it is
//! stored together with the job's progress. A process that dies in between repeats that one step.

pub mod admin;
pub mod apps;
pub(crate) mod call;
mod confluence;
pub mod connect;
pub mod connector;
pub mod desk;
pub mod github;
pub mod grants;
pub mod leave;
mod markdown;
pub mod notion;
mod reach;
mod revoke;
pub(crate) mod run;
pub(crate) mod slack;
#[cfg(test)]
mod stand_in;
pub(crate) mod stuck;
pub(crate) mod sync;
mod tokens;
pub(crate) mod told;
mod website;

pub use connector::{Choice, Choices, Kind};
pub use entities::{
    source::Phase,
    source_receipt::{Cause, GrantOutcome, Receipt},
};
pub(crate) use grants::asker;
pub(crate) use revoke::{SOURCE, grants as grants_of};
pub use told::Told;
pub(crate) use website::Wishes;
