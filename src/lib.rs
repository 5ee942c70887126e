//! The server: doors, routes, presentation. Holds no state and asks no database.

mod application;
mod audit;
mod backup;
mod body;
pub mod claims;
pub mod cli;
mod data_folder;
mod doctor;
pub mod doors;
mod error;
mod eval;
mod finish;
mod healthcheck;
mod installation;
pub mod keys;
mod metrics;
pub mod openapi;
mod package;
mod report;
pub mod routes;
pub mod settings;
mod stream;
mod telemetry;
mod tls;
mod verify;
mod vitals;

pub use actors::clock::Clock;
pub use application::{Application, StartError, platform_settings};
pub use installation::{location, master_keys};
