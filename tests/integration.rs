//! Stories over real HTTP. On SQLite by default; on PostgreSQL and Redis when `PERNOEX_TEST_POSTGRES` and `PERNOEX_TEST_REDIS` name them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod account;
mod asvs;
mod attacks;
mod audit;
mod canary;
mod containment;
mod coverage;
mod documents_limits;
mod headers;
mod hostile;
mod identity;
mod interference;
mod interruption;
mod isolation;
mod keys;
mod kill;
mod kms;
mod knowledge;
mod language_model;
mod mail;
mod operator;
mod own_sessions;
mod process;
mod providers;
mod sessions;
mod shredding;
mod support;
mod swap;
mod team;
mod walls;
mod widget;
mod widget_limits;
