//! Whom the word of a proxy is taken for: which address a request really comes from, and whether it came by TLS. Anyone may send the headers
//! that proxies send, so that they count only from the proxies that a setting names (CWE-348), and of their chain only the part that
//! those wrote: the address furthest to the right that is none of theirs.

use std::net::{IpAddr, SocketAddr};

use actix_web::{
    HttpRequest,
    http::header::{FORWARDED, HeaderMap, HeaderName},
};
use actors::outward::Network;

use super::Gate;

/// Which header the proxies write. One of them: a proxy that writes one lets its clients' other through as it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedBy {
    /// `X-Forwarded-For` and `X-Forwarded-Proto`.
    #[default]
    XForwarded,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The proxies in front of this server. By default none is trusted.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    trusted: Vec<Network>,
    by: ForwardedBy,
}

/// What one proxy says of whoever asked it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Hop {
    /// `None` where it does not tell, as with `unknown` or a made-up name.
    from: Option<IpAddr>,
    tls: Option<bool>,
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// All values of a header that is a list, over all its lines. What is no text is a value that says nothing.
fn list(headers: &HeaderMap, name: HeaderName) -> Vec<&str> {
    headers
        .get_all(name)
        .flat_map(|line| line.to_str().unwrap_or_default().split(','))
        .map(str::trim)
        .collect()
}

/// `192.0.2.7`, `2001:db8::7`, `[2001:db8::7]`, each perhaps with a port.
fn node(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|with_port| with_port.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

fn is_tls(scheme: &str) -> Option<bool> {
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Some(true),
        "http" => Some(false),
        _ => None,
    }
}

/// One element of `Forwarded`: `for=192.0.2.60;proto=https;by=203.0.113.43`.
fn element(text: &str) -> Hop {
    let mut hop = Hop::default();
    for pair in text.split(';') {
        let Some((name, value)) = pair.split_once('=') else { continue };
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "for" => hop.from = node(value),
            "proto" => hop.tls = is_tls(value),
            _ => {}
        }
    }
    hop
}

impl Proxies {
    #[must_use]
    pub fn new(trusted: Vec<Network>, by: ForwardedBy) -> Self {
        Self { trusted, by }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.trusted.is_empty()
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.holds(address))
    }

    /// What was said on the way, the nearest proxy's last.
    fn hops(&self, headers: &HeaderMap) -> Vec<Hop> {
        if self.by == ForwardedBy::Forwarded {
            return list(headers, FORWARDED).into_iter().map(element).collect();
        }
        let schemes = list(headers, X_FORWARDED_PROTO);
        let chain = list(headers, X_FORWARDED_FOR);
        let tls = |at: usize| match schemes.as_slice() {
            [] => None,
            // Most proxies say it once, of where the request came in.
            [one] => is_tls(one),
            many if many.len() == chain.len() => is_tls(many[at]),
            // Nobody can tell whose word is whose.
            _ => None,
        };
        let hop = |(at, text): (usize, &&str)| Hop {
            from: node(text),
            tls: tls(at),
        };
        chain.iter().enumerate().map(hop).collect()
    }

    /// Who asked, and what the proxy that they asked says of it: none, of a peer that is no trusted proxy.
    fn look(&self, peer: IpAddr, headers: &HeaderMap) -> (IpAddr, Option<Hop>) {
        let mut address = peer.to_canonical();
        let mut said = None;
        if !self.trusts(address) {
            return (address, said);
        }
        for hop in self.hops(headers).into_iter().rev() {
            said = Some(hop);
            // What cannot be read ends the part that can be believed: the nearest proxy that could be is who asks.
            let Some(from) = hop.from else { break };
            address = from;
            if !self.trusts(address) {
                break;
            }
        }
        (address, said)
    }

    fn caller(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        self.look(peer, headers).0
    }

    /// As a trusted proxy says. `None` when none does: then no proxy is between, or it does not tell.
    pub(super) fn came_by_tls(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<bool> {
        self.look(peer?, headers).1?.tls
    }
}

/// The network address of who sent `request`, for limits and for what is written down.
pub(super) fn address_of(request: &HttpRequest) -> String {
    let Some(peer) = request.peer_addr().map(|peer| peer.ip()) else {
        return String::new();
    };
    match Gate::of(request) {
        Ok(gate) => gate.proxies.caller(peer, request.headers()).to_string(),
        Err(_) => peer.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in lines {
            let name: HeaderName = name.parse().unwrap();
            map.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        map
    }

    fn proxies(by: ForwardedBy) -> Proxies {
        let trusted = ["10.0.0.0/8", "2001:db8:f::/48"];
        Proxies::new(trusted.map(|network| network.parse().unwrap()).to_vec(), by)
    }

    fn found(by: ForwardedBy, peer: &str, lines: &[(&str, &str)]) -> (String, Option<bool>) {
        let (address, hop) = proxies(by).look(peer.parse().unwrap(), &headers(lines));
        (address.to_string(), hop.and_then(|hop| hop.tls))
    }

    #[test]
    fn who_is_no_trusted_proxy_is_not_listened_to() {
        let lines = [
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-proto", "https"),
            ("forwarded", "for=192.0.2.1;proto=https"),
        ];
        for by in [ForwardedBy::XForwarded, ForwardedBy::Forwarded] {
            assert_eq!(found(by, "203.0.113.9", &lines), ("203.0.113.9".into(), None));
            let (address, hop) = Proxies::default().look("10.0.0.1".parse().unwrap(), &headers(&lines));
            assert_eq!((address.to_string().as_str(), hop), ("10.0.0.1", None));
        }
    }

    #[test]
    fn the_address_furthest_to_the_right_that_is_no_proxys_is_who_asks() {
        for (chain, who) in [
            ("198.51.100.7", "198.51.100.7"),
            ("192.0.2.66, 198.51.100.7", "198.51.100.7"),
            ("192.0.2.66, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
            ("198.51.100.7:4711, 10.0.0.2:80", "198.51.100.7"),
            ("[2001:db8::7]:443,[2001:db8:f::1]", "2001:db8::7"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
            // What cannot be read is nobody's address.
            ("192.0.2.66, unknown", "10.0.0.1"),
            ("192.0.2.66, garbage, 10.0.0.2", "10.0.0.2"),
            ("192.0.2.66,", "10.0.0.1"),
            ("192.0.2.66, 198.51.100.7\u{e9}", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            let (address, _) = found(ForwardedBy::XForwarded, "10.0.0.1", &[("x-forwarded-for", chain)]);
            assert_eq!(address, who, "{chain}");
        }
        // A client's own line comes first, and the proxy's is added below it.
        let lines = [("x-forwarded-for", "192.0.2.66"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(found(ForwardedBy::XForwarded, "::ffff:10.0.0.1", &lines).0, "198.51.100.7");
        assert_eq!(found(ForwardedBy::XForwarded, "10.0.0.1", &[]).0, "10.0.0.1");
    }

    #[test]
    fn only_the_header_that_the_proxies_write_is_read() {
        let lines = [
            ("x-forwarded-for", "192.0.2.66"),
            ("forwarded", "For=\"[2001:db8::7]:4711\"; Proto=HTTPS"),
        ];
        assert_eq!(
            found(ForwardedBy::Forwarded, "10.0.0.1", &lines),
            ("2001:db8::7".into(), Some(true))
        );
        assert_eq!(found(ForwardedBy::XForwarded, "10.0.0.1", &lines), ("192.0.2.66".into(), None));
        let hidden = [("forwarded", "for=192.0.2.66, for=_hidden;proto=https")];
        assert_eq!(found(ForwardedBy::Forwarded, "10.0.0.1", &hidden), ("10.0.0.1".into(), Some(true)));
    }

    #[test]
    fn the_scheme_is_that_of_the_hop_at_which_they_asked() {
        for (schemes, chain, tls) in [
            ("https", "198.51.100.7, 10.0.0.2", Some(true)),
            ("http", "198.51.100.7", Some(false)),
            ("https, http", "198.51.100.7, 10.0.0.2", Some(true)),
            // The client's own word before it.
            ("https, http, http", "192.0.2.66, 198.51.100.7, 10.0.0.2", Some(false)),
            ("https, http", "198.51.100.7", None),
            ("gopher", "198.51.100.7", None),
        ] {
            let lines = [("x-forwarded-proto", schemes), ("x-forwarded-for", chain)];
            assert_eq!(found(ForwardedBy::XForwarded, "10.0.0.1", &lines).1, tls, "{schemes}");
        }
    }
}
