//! From a document's bytes to an answer with its sources: pure, synchronous functions over plain data.
//!
//! `parse` → `chunk` → `embed` → `index` → `answer`. Nothing here does I/O, keeps global state, or knows of tenants;
//! callers own the threads, the deadlines and the storage.

pub mod answer;
pub mod chunk;
pub mod embed;
pub mod index;
pub mod measure;
pub mod parse;
mod sentence;
