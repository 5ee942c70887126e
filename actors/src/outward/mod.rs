//! The one way out to addresses that a user or a page supplied: webhooks, websites as sources of knowledge, and whatever comes next. It
//! reaches the public internet and what the operator let in besides, whatever such an address, its name's answers or its redirects say
//! (server-side request forgery, CWE-918).
//!
//! Each request parses the address once, asks for its name once, checks every address found and connects to one of those. No cookies, no
//! proxy of the environment, no credentials.
//!
//! Webhooks only post: no redirect is followed then. Getting a page follows redirects here and not in the client, each as a new request, if
//! it follows them at all: a website's pages are asked for without, since where one leads may not belong to the source.

mod address;
mod fetch;
mod resolve;
mod target;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub use address::{AllowList, Network, is_public};
pub use fetch::{Answer, Fetcher};
pub use resolve::{Found, Lookup};
pub(crate) use target::is_odd;

/// Why an address is not asked. The words are for whoever entered it; none says what is where in the operator's network, and a name that
/// leads nowhere is not told from one that leads inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("Enter a complete web address such as https://hooks.example.com/support.")]
    Malformed,
    #[error("The address must begin with https:// or http://.")]
    Scheme,
    #[error("The address must hold no user name or password.")]
    Credentials,
    #[error("Only the ports 80 and 443 can be used.")]
    Port,
    #[error("The address does not lead to a public server.")]
    NotPublic,
    /// Its name leads nowhere just now. Whoever entered it is told the same as of an address inside.
    #[error("The address does not lead to a public server.")]
    Unresolved,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// Nobody listens, or the certificate is not valid.
    #[error("no connection")]
    NoConnection,
    #[error("no answer in time")]
    TimedOut,
    #[error("the connection was closed before the answer was complete")]
    CutOff,
    #[error("too many redirects")]
    TooManyRedirects,
    /// A redirect without a readable address, or from TLS to none.
    #[error("the redirect leads nowhere")]
    WrongRedirect,
    #[error("the answer is too large")]
    TooLarge,
    /// Compressed in a way that was not asked for, or not at all what it says.
    #[error("the answer cannot be unpacked")]
    Packed,
}

/// Bounds of one exchange, redirects included.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub whole: Duration,
    /// Of the body, unpacked.
    pub bytes: usize,
    pub redirects: u8,
}
