//! What the team does.

pub mod analytics;
pub mod audit;
pub mod conversations;
pub mod documents;
pub mod invitations;
pub mod projects;
pub mod questions;
pub mod set_up;
pub mod team;
pub mod workspace;
