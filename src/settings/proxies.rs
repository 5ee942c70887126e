//! Which proxies stand in front of this server.

use actors::outward::Network;

use super::{SettingError, Source};
use crate::doors::{ForwardedBy, Proxies};

const TRUSTED: &str = "PERNOEX_TRUSTED_PROXIES";
const HEADER: &str = "PERNOEX_FORWARDED_HEADER";

/// Below this, a network is so large that strangers are in it.
const LARGEST: [(bool, u8); 2] = [(true, 8), (false, 16)];

fn network(part: &str) -> Result<Network, SettingError> {
    let found: Network = part.parse().map_err(|()| {
        let expected = "must be addresses and networks with commas between them, such as 10.0.3.7, 10.1.0.0/16: names are not looked up";
        SettingError::new(TRUSTED, expected)
    })?;
    if !found.is_exact() {
        let reason = "holds an address where a network is meant, such as 10.1.2.3/16: write 10.1.0.0/16, or the address alone";
        return Err(SettingError::new(TRUSTED, reason));
    }
    if LARGEST.iter().any(|(v4, least)| found.is_ipv4() == *v4 && found.prefix() < *least) {
        let reason = "holds a network in which strangers are: whoever is in it can say any address of themselves";
        return Err(SettingError::new(TRUSTED, reason));
    }
    Ok(found)
}

pub(super) fn read(source: &Source) -> Result<Proxies, SettingError> {
    let by = match source.text(HEADER) {
        None | Some("x-forwarded-for") => ForwardedBy::XForwarded,
        Some("forwarded") => ForwardedBy::Forwarded,
        Some(_) => return Err(SettingError::new(HEADER, "must be x-forwarded-for or forwarded")),
    };
    let Some(text) = source.text(TRUSTED) else {
        return match source.text(HEADER) {
            Some(_) => Err(SettingError::new(
                HEADER,
                "is set but PERNOEX_TRUSTED_PROXIES is not: no proxy's header is read without it",
            )),
            None => Ok(Proxies::default()),
        };
    };
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let trusted = parts.map(network).collect::<Result<Vec<_>, _>>()?;
    if trusted.is_empty() {
        return Err(SettingError::new(TRUSTED, "names no address: unset it, or name the proxies"));
    }
    for (at, one) in trusted.iter().enumerate() {
        if trusted[..at].iter().any(|other| other.overlaps(*one)) {
            let reason = "names an address twice, by itself or by a network that holds it: say which of the two is meant";
            return Err(SettingError::new(TRUSTED, reason));
        }
    }
    Ok(Proxies::new(trusted, by))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<Proxies, String> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let source = Source::load(None, pairs).unwrap();
        read(&source).map_err(|error| error.to_string())
    }

    #[test]
    fn proxies_are_addresses_and_networks_and_none_by_default() {
        assert!(settings(&[]).unwrap().is_empty());
        let some = [(TRUSTED, "10.0.3.7, 10.1.0.0/16 ,2001:db8::/32,::1"), (HEADER, "forwarded")];
        assert!(!settings(&some).unwrap().is_empty());
    }

    #[test]
    fn what_contradicts_itself_is_named() {
        for (pairs, named) in [
            (vec![(TRUSTED, "proxy.hunter2.example")], TRUSTED),
            (vec![(TRUSTED, "0.0.0.0/0")], TRUSTED),
            (vec![(TRUSTED, "::/0")], TRUSTED),
            (vec![(TRUSTED, "0.0.0.0/1, 128.0.0.0/1")], TRUSTED),
            (vec![(TRUSTED, "2000::/3")], TRUSTED),
            (vec![(TRUSTED, "10.1.2.3/16")], TRUSTED),
            (vec![(TRUSTED, "10.1.2.3, 10.1.0.0/16")], TRUSTED),
            (vec![(TRUSTED, "10.1.0.0/16, 10.1.2.3")], TRUSTED),
            (vec![(TRUSTED, "::1, ::1")], TRUSTED),
            (vec![(TRUSTED, " , ")], TRUSTED),
            (vec![(HEADER, "forwarded")], HEADER),
            (vec![(TRUSTED, "::1"), (HEADER, "hunter2")], HEADER),
        ] {
            let error = settings(&pairs).unwrap_err();
            assert!(error.starts_with(named) && !error.contains("hunter2"), "{error}");
        }
    }
}
