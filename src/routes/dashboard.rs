//! What the team does.

pub mod analytics;
pub mod audit;
pub mod billing;
pub mod connections;
pub mod conversations;
pub mod curated;
pub mod documents;
pub mod embedding;
pub mod inbox;
pub mod invitations;
pub mod library;
pub mod privacy;
pub mod projects;
pub mod questions;
pub mod set_up;
pub mod slack;
pub mod sources;
pub mod synonyms;
pub mod team;
pub mod todos;
pub mod voice;
pub mod webhooks;
pub mod workspace;
