//! TLS, at real clients and real peers: where it ends in the server, and where the server asks for it.

mod acme;
mod mail;
mod renewal;
mod served;
mod stores;

pub use served::{HOST, Served};
