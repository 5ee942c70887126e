//! The audit log: who asks, and what is noted of it.

pub mod export;
mod key;
pub mod log;

pub use entities::audit::{Filter, chain::Entry};

pub(crate) use key::is_signed;
pub use key::public_key;

use entities::{
    AccountId, Millis,
    audit::{Act, Note, Target},
};
use serde_json::Value;

/// Who asks for something, and from where. Made by the door; travels with the message, so that what is done can be noted in its transaction.
#[derive(Clone, Debug)]
pub struct By {
    pub account: AccountId,
    /// The network address.
    pub address: String,
}

impl By {
    pub(crate) fn did(&self, act: Act, target: Target, now: Millis) -> Note {
        Note {
            at: now,
            actor: Some(self.account),
            address: self.address.clone(),
            act,
            target,
            done: true,
            details: Value::Null,
        }
    }

    /// As [`By::did`], with a small JSON object that says more.
    pub(crate) fn did_with(&self, act: Act, target: Target, now: Millis, details: Value) -> Note {
        Note {
            details,
            ..self.did(act, target, now)
        }
    }
}

/// What the server itself, or whoever may run its commands, did.
pub(crate) fn server_did(act: Act, target: Target, now: Millis, details: Value) -> Note {
    Note {
        at: now,
        actor: None,
        address: String::new(),
        act,
        target,
        done: true,
        details,
    }
}

/// The workspace itself as a target. Its name stands in place of an id, which no message knows.
pub(crate) fn workspace(name: impl Into<String>) -> Target {
    Target::of("workspace", "", name)
}

/// What somebody did to their own account, from `address`.
pub(crate) fn own(account: AccountId, email: &str, address: &str, act: Act, now: Millis) -> Note {
    let by = By {
        account,
        address: address.to_owned(),
    };
    by.did(act, member(account, email), now)
}

pub(crate) fn member(account: AccountId, email: impl Into<String>) -> Target {
    Target::of("member", account, email)
}
