//! Where a widget may stand.

use url::Url;

use crate::fault::{Fault, Invalid};

/// A place where a widget may stand: one origin, or every subdomain of a host. Compared as parsed parts, never as text patterns.
#[derive(Debug, PartialEq, Eq)]
struct AllowedOrigin {
    scheme: String,
    /// Without the leading `*.`
    host: String,
    port: Option<u16>,
    subdomains: bool,
}

impl AllowedOrigin {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://")?;
        let (rest, subdomains) = rest.strip_prefix("*.").map_or((rest, false), |rest| (rest, true));
        let url = Url::parse(&format!("{scheme}://{rest}")).ok()?;
        let bare =
            url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        let host = url.host_str()?.to_owned();
        let named = matches!(url.host(), Some(url::Host::Domain(_)));
        // `*.com` would be half the web.
        let narrow = !subdomains || (named && host.trim_end_matches('.').contains('.'));
        let plain = !host.contains('*') && !host.ends_with('.');
        (bare && narrow && plain && matches!(url.scheme(), "http" | "https")).then(|| Self {
            scheme: url.scheme().to_owned(),
            host,
            port: url.port(),
            subdomains,
        })
    }

    fn allows(&self, origin: &Self) -> bool {
        let host = match self.subdomains {
            true => origin
                .host
                .strip_suffix(&self.host)
                .is_some_and(|label| label.len() > 1 && label.ends_with('.')),
            false => origin.host == self.host,
        };
        host && !origin.subdomains && self.scheme == origin.scheme && self.port == origin.port
    }

    fn text(&self) -> String {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{}{}{port}", self.scheme, if self.subdomains { "*." } else { "" }, self.host)
    }
}

/// Whether a widget on `origin` (an `Origin` header) may ask. An empty list allows nobody, and so does an origin that is not one.
pub(in crate::project) fn is_allowed(allowed: &[String], origin: &str) -> bool {
    let Some(origin) = AllowedOrigin::parse(origin).filter(|parsed| !parsed.subdomains && parsed.text() == origin) else {
        return false;
    };
    allowed
        .iter()
        .filter_map(|text| AllowedOrigin::parse(text))
        .any(|allowed| allowed.allows(&origin))
}

const MOST_ORIGINS: usize = 100;

pub(super) fn parse_origins(origins: &[String]) -> Result<Vec<String>, Fault> {
    if origins.len() > MOST_ORIGINS {
        let reason = format!("List at most {MOST_ORIGINS} domains.");
        return Err(Fault::invalid(Invalid::TooManyOrigins, "allowed_origins", reason));
    }
    let mut parsed = Vec::with_capacity(origins.len());
    for (n, text) in origins.iter().enumerate() {
        let origin = AllowedOrigin::parse(text).ok_or_else(|| {
            let reason = "Enter an origin such as https://www.example.com, or https://*.example.com for every subdomain.";
            Fault::invalid(Invalid::Origin, format!("allowed_origins[{n}]"), reason)
        })?;
        let text = origin.text();
        if !parsed.contains(&text) {
            parsed.push(text);
        }
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(list: &[&str], origin: &str) -> bool {
        is_allowed(&list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), origin)
    }

    #[test]
    fn only_the_listed_origins_are_allowed() {
        let list = ["https://www.example.com", "https://*.example.org", "http://localhost:3000"];
        for origin in [
            "https://www.example.com",
            "https://a.example.org",
            "https://a.b.example.org",
            "http://localhost:3000",
        ] {
            assert!(allowed(&list, origin), "{origin}");
        }
        for origin in [
            "http://www.example.com",
            "https://www.example.com:8443",
            "https://www.example.com.evil.test",
            "https://evil.test/https://www.example.com",
            "https://wwwXexample.com",
            "https://example.com",
            "https://example.org",
            "https://.example.org",
            "https://evilexample.org",
            "https://*.example.org",
            "http://localhost:3001",
            "http://localhost",
            "null",
            "",
            "https://www.example.com/",
            "https://user@www.example.com",
            "HTTPS://WWW.EXAMPLE.COM",
        ] {
            assert!(!allowed(&list, origin), "{origin}");
        }
        assert!(!allowed(&[], "https://www.example.com"), "an empty list allows nobody");
    }

    #[test]
    fn what_is_no_origin_cannot_be_listed() {
        for bad in [
            "*",
            "https://*",
            "https://*.com",
            "https://*.*.com",
            "www.example.com",
            "https://example.com/path",
            "javascript://x",
            "ftp://a.b",
            "https://a.b?c",
            "https://*.1.2.3.4",
        ] {
            assert_eq!(AllowedOrigin::parse(bad), None, "{bad}");
        }
        assert_eq!(
            parse_origins(&["HTTPS://Www.Example.com:443/".into()]).unwrap(),
            ["https://www.example.com"]
        );
    }
}
