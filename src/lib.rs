//! The server: doors, routes, presentation. Holds no state and asks no database.

mod application;
mod audit;
pub mod cli;
mod data_folder;
pub mod doors;
mod error;
mod eval;
mod finish;
pub mod keys;
mod metrics;
pub mod openapi;
pub mod routes;
pub mod settings;
mod stream;
mod telemetry;

pub use actors::clock::Clock;
pub use application::{Application, StartError, location, master_keys, platform_settings};
