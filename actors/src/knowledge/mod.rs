//! From a document's bytes to an answer with its sources: pure, synchronous functions over plain data.
//!
//! `parse` → `chunk` → `embed` → `index` → `answer`. Nothing here does I/O, keeps global state, or knows of tenants;
//! callers own the threads, the deadlines and the storage.

pub mod answer;
pub mod chunk;
pub mod cluster;
pub(crate) mod curated;
pub mod embed;
pub mod follow_up;
#[cfg(test)]
mod gate_tests;
pub mod index;
pub mod language;
pub mod measure;
pub mod parse;
pub(crate) mod sentence;
