//! The walls between tenants, one by one. docs/isolation.md lists them with their checks.

mod audit;
mod crates;
mod database;
mod messages;
mod queries;
mod store;
