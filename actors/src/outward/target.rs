//! An address that somebody else wrote, as far as its text tells where it leads. One parser reads it, and what it read is what is asked.

use std::net::IpAddr;

use url::{Host, Url};

use super::{AllowList, Refusal};

/// Longer than any address that a person pastes.
const LONGEST: usize = 2048;

/// Names that never lead out (RFC 6761, RFC 6762, RFC 9476), and the metadata services' own.
const INNER: &[&str] = &[
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "home.arpa",
    "corp",
    "private",
    "invalid",
    "test",
    "onion",
    "alt",
];

/// Reads `text` and refuses what can be seen from it alone: other schemes, names and passwords in it, other ports, addresses and names
/// that are not the public internet's.
pub(super) fn parse(text: &str, allow: &AllowList) -> Result<Url, Refusal> {
    if is_odd(text) {
        return Err(Refusal::Malformed);
    }
    let url = Url::parse(text).map_err(|_| Refusal::Malformed)?;
    check(&url, allow)?;
    Ok(url)
}

/// The parser drops or turns these silently: two readers could see two addresses.
pub(crate) fn is_odd(text: &str) -> bool {
    text.len() > LONGEST || text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\')
}

/// As [`parse`], for an address that a redirect made.
pub(super) fn check(url: &Url, allow: &AllowList) -> Result<(), Refusal> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Refusal::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::Credentials);
    }
    let usual = matches!(url.port_or_known_default(), Some(80 | 443));
    match url.host().ok_or(Refusal::Malformed)? {
        Host::Domain(name) if allow.has_host(name) => Ok(()),
        Host::Domain(name) if is_inner(name) => Err(Refusal::NotPublic),
        Host::Domain(_) if usual => Ok(()),
        Host::Ipv4(address) => literal(address.into(), usual, allow),
        Host::Ipv6(address) => literal(address.into(), usual, allow),
        Host::Domain(_) => Err(Refusal::Port),
    }
}

/// An address in the text itself: no resolver is asked about it, so that this is the only look.
fn literal(address: IpAddr, usual_port: bool, allow: &AllowList) -> Result<(), Refusal> {
    if allow.has_address(address) {
        return Ok(());
    }
    match (super::is_public(address), usual_port) {
        (true, true) => Ok(()),
        (true, false) => Err(Refusal::Port),
        (false, _) => Err(Refusal::NotPublic),
    }
}

fn is_inner(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    // A name without a dot is looked for in the operator's own domain.
    !name.contains('.')
        || INNER
            .iter()
            .any(|inner| name.strip_suffix(inner).is_some_and(|rest| rest.ends_with('.')))
}
