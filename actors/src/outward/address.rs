//! Which network addresses are the public internet's, and which an operator let in besides. Pure: addresses in, answers out.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use url::Host;

/// Ranges that no public service has: IANA's special-purpose registries (RFC 6890 and its updates), multicast, and what is reserved.
/// Metadata services of clouds are in them, but for the last one, which is Azure's and looks public.
const CLOSED_V4: &[(Ipv4Addr, u8)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 52, 193, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    (Ipv4Addr::new(168, 63, 129, 16), 32),
];

/// The only part of IPv6 that is routed publicly (RFC 4291). Mapped, compatible, translated (64:ff9b::/96 and /48), unique local,
/// link-local, site-local and multicast addresses are all outside of it.
const GLOBAL_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Exceptions inside of it: protocol assignments with Teredo and benchmarking, documentation, and 6to4, which carries any IPv4 address.
const CLOSED_V6: &[(Ipv6Addr, u8)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// The middle of an ISATAP address (RFC 5214), which carries any IPv4 address too.
const ISATAP: u16 = 0x5efe;

fn inside_v4(address: Ipv4Addr, (network, prefix): (Ipv4Addr, u8)) -> bool {
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
    address.to_bits() & mask == network.to_bits() & mask
}

fn inside_v6(address: Ipv6Addr, (network, prefix): (Ipv6Addr, u8)) -> bool {
    let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
    address.to_bits() & mask == network.to_bits() & mask
}

/// Whether anybody on the internet could reach `address`, and so learns nothing by having this server reach it.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !CLOSED_V4.iter().any(|range| inside_v4(v4, *range)),
        IpAddr::V6(v6) => {
            let [_, _, _, _, flags, middle, ..] = v6.segments();
            let tunnel = middle == ISATAP && flags & !0x0300 == 0;
            inside_v6(v6, GLOBAL_V6) && !tunnel && !CLOSED_V6.iter().any(|range| inside_v6(v6, *range))
        }
    }
}

/// Addresses of one network: `10.1.0.0/16`, `fd00::/8`, or a single one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether it is written as the network itself, and not as an address somewhere in it, such as `10.1.2.3/8`.
    #[must_use]
    pub fn is_exact(self) -> bool {
        let below = |width: u32| width - u32::from(self.prefix);
        match self.base {
            IpAddr::V4(base) => base.to_bits().trailing_zeros() >= below(32),
            IpAddr::V6(base) => base.to_bits().trailing_zeros() >= below(128),
        }
    }

    #[must_use]
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    #[must_use]
    pub fn is_ipv4(self) -> bool {
        self.base.is_ipv4()
    }

    /// Whether an address is in both.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        if self.prefix <= other.prefix {
            self.holds(other.base)
        } else {
            other.holds(self.base)
        }
    }

    #[must_use]
    pub fn holds(self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => inside_v4(address, (base, self.prefix)),
            (IpAddr::V6(base), IpAddr::V6(address)) => inside_v6(address, (base, self.prefix)),
            // A mapped form is another address: an operator who means it writes it.
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (base, prefix) = text.split_once('/').map_or((text, None), |(base, prefix)| (base, Some(prefix)));
        let base: IpAddr = base.parse().map_err(|_| ())?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(most), |prefix| prefix.parse().map_err(|_| ()))?;
        // The whole of an address family would be no list.
        (1..=most).contains(&prefix).then_some(Self { base, prefix }).ok_or(())
    }
}

/// What the operator lets in of their own network: hosts by name, on any port, and networks by address. Empty by default.
#[derive(Clone, Debug, Default)]
pub struct AllowList {
    /// Lower-case, without a trailing dot.
    hosts: Vec<String>,
    networks: Vec<Network>,
}

impl AllowList {
    /// Host names, addresses and networks with commas between them, such as `wiki.corp.example, 10.1.0.0/16`.
    ///
    /// # Errors
    /// The part that is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut list = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            if let Ok(network) = part.trim_start_matches('[').trim_end_matches(']').parse() {
                list.networks.push(network);
                continue;
            }
            match Host::parse(part) {
                Ok(Host::Domain(name)) if !name.contains('*') => list.hosts.push(plain(&name)),
                _ => return Err(part.to_owned()),
            }
        }
        Ok(list)
    }

    /// Whether what `name` leads to may be anything.
    pub(super) fn has_host(&self, name: &str) -> bool {
        self.hosts.contains(&plain(name))
    }

    pub(super) fn has_address(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.holds(address))
    }

    pub(super) fn lets_through(&self, address: IpAddr) -> bool {
        is_public(address) || self.has_address(address)
    }
}

/// A name as it is compared.
fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges_of_each_closed_range_are_inside_and_their_neighbours_outside() {
        for (network, prefix) in CLOSED_V4 {
            let size = 1_u64 << (32 - prefix);
            let first = u64::from(network.to_bits());
            for inside in [first, first + size - 1] {
                let address = Ipv4Addr::from_bits(u32::try_from(inside).unwrap());
                assert!(!is_public(address.into()), "{address}");
            }
        }
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for public in [
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "223.255.255.255",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn every_ipv6_form_that_carries_an_ipv4_address_is_closed() {
        for v4 in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "93.184.216.34"] {
            let [a, b] = {
                let bits = v4.parse::<Ipv4Addr>().unwrap().to_bits();
                [u16::try_from(bits >> 16).unwrap(), u16::try_from(bits & 0xffff).unwrap()]
            };
            for form in [
                Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, a, b),
                Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, a, b),
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, a, b),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a, b),
                Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, a, b),
                Ipv6Addr::new(0x2002, a, b, 0, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, !a, !b),
                Ipv6Addr::new(0x2606, 0x4700, 0, 0, 0, ISATAP, a, b),
                Ipv6Addr::new(0x2606, 0x4700, 0, 0, 0x0200, ISATAP, a, b),
            ] {
                assert!(!is_public(form.into()), "{form}");
            }
        }
        for public in ["2606:4700::1111", "2a00:1450:4001:80b::200e", "2001:4860:4860::8888", "2620:fe::fe"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn an_allow_list_holds_what_it_says_and_no_other_form_of_it() {
        let list = AllowList::parse("Wiki.Corp.example, 10.1.0.0/16 ,127.0.0.1,[fd00::1]").unwrap();
        assert!(list.has_host("wiki.corp.example") && list.has_host("WIKI.corp.example."));
        assert!(!list.has_host("corp.example") && !list.has_host("a.wiki.corp.example") && !list.has_host("evilwiki.corp.example"));
        for held in ["10.1.2.3", "127.0.0.1", "fd00::1"] {
            assert!(list.has_address(held.parse().unwrap()), "{held}");
        }
        for other in ["10.2.0.1", "127.0.0.2", "::ffff:127.0.0.1", "fd00::2", "::1"] {
            assert!(!list.has_address(other.parse().unwrap()), "{other}");
        }
        for wrong in [
            "10.0.0.0/33",
            "0.0.0.0/0",
            "::/0",
            "*.example.com",
            "http://a",
            "a b",
            "10.0.0.1/x",
            "host:80",
        ] {
            assert!(AllowList::parse(wrong).is_err(), "{wrong}");
        }
        assert!(!AllowList::parse(" , ").unwrap().has_address("127.0.0.1".parse().unwrap()));
    }
}
