//! Mail, and what its links do.

mod addresses;
mod delivery;
mod passwords;
mod reset;
mod sign_up;
