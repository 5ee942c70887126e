//! Reports of vulnerabilities, and the pages around them: `public.rs` for everybody, `board.rs` for operators.

pub mod board;
pub mod public;
