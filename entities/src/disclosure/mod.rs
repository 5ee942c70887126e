//! Reports of vulnerabilities and what belongs to them. Nobody's tenant: whoever reports has no account, whoever answers runs the
//! installation. What people wrote is sealed before it comes here.

pub mod entries;
pub mod files;
pub mod mails;
pub mod pages;
pub mod reports;
pub mod thanks;
