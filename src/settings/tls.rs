//! TLS that ends in this server: where its certificate comes from, and what listens beside it.

use std::{net::SocketAddr, path::PathBuf};

use actors::identity::provider::is_loopback;
use url::{Host, Url};

use super::{SettingError, Settings, Source, authorities};

const CERTIFICATE: &str = "PERNOEX_TLS_CERTIFICATE_FILE";
const KEY: &str = "PERNOEX_TLS_KEY_FILE";
const REDIRECT: &str = "PERNOEX_REDIRECT_LISTEN";
const DIRECTORY: &str = "PERNOEX_ACME_DIRECTORY";
const TERMS: &str = "PERNOEX_ACME_TERMS";
const CONTACT: &str = "PERNOEX_ACME_CONTACT";
const CA: &str = "PERNOEX_ACME_CA";

/// How browsers come to have TLS.
pub(crate) const GIVE_TLS: &str = "let TLS end here (PERNOEX_TLS_CERTIFICATE_FILE, or PERNOEX_ACME_DIRECTORY) or at a proxy that PERNOEX_TRUSTED_PROXIES names, and set PERNOEX_PUBLIC_URL to the https address";

impl Settings {
    /// The public address, where browsers come to it over a network and without TLS.
    #[must_use]
    pub fn in_the_clear(&self) -> Option<&Url> {
        self.public_url.as_ref().filter(|url| url.scheme() == "http" && !is_loopback(url))
    }
}

#[derive(Clone, Debug)]
pub struct TlsSetting {
    pub certificate: CertificateSetting,
    /// For whom the certificate is: the host of the public address.
    pub host: String,
    /// Where those who come without TLS are sent on.
    pub redirect: Option<SocketAddr>,
}

#[derive(Clone, Debug)]
pub enum CertificateSetting {
    /// PEM files that somebody else renews.
    Files {
        certificate: PathBuf,
        key: PathBuf,
    },
    Acme(AcmeSetting),
}

/// From where certificates are ordered.
#[derive(Clone, Debug)]
pub struct AcmeSetting {
    pub directory: Url,
    /// An address of mail.
    pub contact: Option<String>,
    /// Of the directory itself, when it is none that everybody trusts.
    pub ca: Option<String>,
}

pub(super) fn read(source: &Source, public_url: Option<&Url>, listen: SocketAddr) -> Result<Option<TlsSetting>, SettingError> {
    let redirect = redirect(source, listen)?;
    let files = files(source)?;
    let acme = acme(source)?;
    let certificate = match (files, acme) {
        (Some(_), Some(_)) => {
            let reason = "is set beside PERNOEX_TLS_CERTIFICATE_FILE: take the certificate from one of them";
            return Err(SettingError::new(DIRECTORY, reason));
        }
        (Some(files), None) => files,
        (None, Some(acme)) => CertificateSetting::Acme(acme),
        (None, None) if redirect.is_some() => {
            let reason =
                "is set, but TLS does not end here: set PERNOEX_TLS_CERTIFICATE_FILE or PERNOEX_ACME_DIRECTORY, or let the proxy redirect";
            return Err(SettingError::new(REDIRECT, reason));
        }
        (None, None) => return Ok(None),
    };
    let public = "PERNOEX_PUBLIC_URL";
    let url = public_url.ok_or_else(|| {
        let reason = "is missing: TLS ends here, and the certificate is for the name that browsers use";
        SettingError::new(public, reason)
    })?;
    if url.scheme() != "https" {
        return Err(SettingError::new(public, "must begin with https://, since TLS ends here"));
    }
    if let CertificateSetting::Acme(_) = certificate {
        if redirect.is_none() {
            let reason = "is missing: the authority asks there, on port 80, whether the name is yours";
            return Err(SettingError::new(REDIRECT, reason));
        }
        if !matches!(url.host(), Some(Host::Domain(_))) {
            return Err(SettingError::new(
                public,
                "must have a name, not an address, for PERNOEX_ACME_DIRECTORY",
            ));
        }
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    Ok(Some(TlsSetting {
        certificate,
        host,
        redirect,
    }))
}

fn redirect(source: &Source, listen: SocketAddr) -> Result<Option<SocketAddr>, SettingError> {
    let Some(text) = source.text(REDIRECT) else { return Ok(None) };
    let address: SocketAddr = text
        .parse()
        .map_err(|_| SettingError::new(REDIRECT, "must be an address and port such as 0.0.0.0:80"))?;
    if address.port() != 0 && address.port() == listen.port() && (address.ip() == listen.ip() || address.ip().is_unspecified()) {
        return Err(SettingError::new(
            REDIRECT,
            "is where PERNOEX_LISTEN is: it needs a port of its own",
        ));
    }
    Ok(Some(address))
}

fn files(source: &Source) -> Result<Option<CertificateSetting>, SettingError> {
    let path = |name: &'static str| match source.text(name) {
        Some(text) if text.starts_with("-----") => Err(SettingError::new(name, "names a file: the text itself could not be renewed")),
        found => Ok(found.map(PathBuf::from)),
    };
    match (path(CERTIFICATE)?, path(KEY)?) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some(CertificateSetting::Files { certificate, key })),
        (None, Some(_)) => Err(SettingError::new(
            KEY,
            format!("is set but {CERTIFICATE} is not: set both or neither"),
        )),
        (Some(_), None) => Err(SettingError::new(
            CERTIFICATE,
            format!("is set but {KEY} is not: set both or neither"),
        )),
    }
}

fn acme(source: &Source) -> Result<Option<AcmeSetting>, SettingError> {
    let Some(text) = source.text(DIRECTORY) else {
        return match [TERMS, CONTACT, CA].into_iter().find(|name| source.text(name).is_some()) {
            Some(name) => Err(SettingError::new(
                name,
                format!("is set but {DIRECTORY} is not: set both or neither"),
            )),
            None => Ok(None),
        };
    };
    let directory = Url::parse(text).ok().filter(|url| url.scheme() == "https" && url.host().is_some());
    let directory = directory.ok_or_else(|| {
        let expected = "must be the https address of a directory, such as https://acme-v02.api.letsencrypt.org/directory";
        SettingError::new(DIRECTORY, expected)
    })?;
    if source.text(TERMS) != Some("agreed") {
        let reason = "must be agreed: certificates are given to those who agree to the authority's terms";
        return Err(SettingError::new(TERMS, reason));
    }
    let contact = source.text(CONTACT).map(str::to_owned);
    if contact
        .as_ref()
        .is_some_and(|contact| !contact.contains('@') || contact.contains(char::is_whitespace) || contact.contains(':'))
    {
        return Err(SettingError::new(CONTACT, "must be an e-mail address"));
    }
    Ok(Some(AcmeSetting {
        directory,
        contact,
        ca: authorities::read(source, CA)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<Option<TlsSetting>, String> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let source = Source::load(None, pairs).map_err(|error| error.to_string())?;
        let public = super::super::public_url(&source).map_err(|error| error.to_string())?;
        read(&source, public.as_ref(), "127.0.0.1:8443".parse().unwrap()).map_err(|error| error.to_string())
    }

    const PUBLIC: (&str, &str) = ("PERNOEX_PUBLIC_URL", "https://support.example.com");
    const FILES: [(&str, &str); 2] = [(CERTIFICATE, "/etc/pernoex/chain.pem"), (KEY, "/etc/pernoex/key.pem")];
    const ORDERED: [(&str, &str); 3] = [
        (DIRECTORY, "https://acme.example.com/directory"),
        (TERMS, "agreed"),
        (REDIRECT, "0.0.0.0:80"),
    ];

    #[test]
    fn a_certificate_comes_from_files_or_from_an_authority() {
        assert!(settings(&[]).unwrap().is_none());
        let found = settings(&[&FILES[..], &[PUBLIC, (REDIRECT, "[::]:80")]].concat()).unwrap().unwrap();
        assert!(matches!(found.certificate, CertificateSetting::Files { .. }));
        assert_eq!((found.host.as_str(), found.redirect.unwrap().port()), ("support.example.com", 80));
        let found = settings(&[&ORDERED[..], &[PUBLIC, (CONTACT, "ops@example.com")]].concat())
            .unwrap()
            .unwrap();
        assert!(matches!(
            found.certificate,
            CertificateSetting::Acme(AcmeSetting {
                contact: Some(_),
                ca: None,
                ..
            })
        ));
    }

    #[test]
    fn what_contradicts_itself_is_named() {
        let plain = ("PERNOEX_PUBLIC_URL", "http://hunter2.example.com");
        for (pairs, named) in [
            (vec![FILES[0], PUBLIC], CERTIFICATE),
            (vec![FILES[1], PUBLIC], KEY),
            (
                vec![(CERTIFICATE, "-----BEGIN CERTIFICATE-----hunter2"), FILES[1], PUBLIC],
                CERTIFICATE,
            ),
            (vec![FILES[0], FILES[1]], "PERNOEX_PUBLIC_URL"),
            (vec![FILES[0], FILES[1], plain], "PERNOEX_PUBLIC_URL"),
            (vec![PUBLIC, (REDIRECT, "0.0.0.0:80")], REDIRECT),
            (vec![FILES[0], FILES[1], PUBLIC, (REDIRECT, "hunter2")], REDIRECT),
            (vec![FILES[0], FILES[1], PUBLIC, (REDIRECT, "127.0.0.1:8443")], REDIRECT),
            (vec![FILES[0], FILES[1], PUBLIC, ORDERED[0], ORDERED[1], ORDERED[2]], DIRECTORY),
            (vec![ORDERED[0], ORDERED[1], PUBLIC], REDIRECT),
            (vec![ORDERED[0], ORDERED[2], PUBLIC], TERMS),
            (vec![ORDERED[0], ORDERED[1], ORDERED[2]], "PERNOEX_PUBLIC_URL"),
            (
                vec![ORDERED[0], ORDERED[1], ORDERED[2], ("PERNOEX_PUBLIC_URL", "https://192.0.2.7")],
                "PERNOEX_PUBLIC_URL",
            ),
            (vec![(DIRECTORY, "http://hunter2"), ORDERED[1], ORDERED[2], PUBLIC], DIRECTORY),
            (vec![ORDERED[0], ORDERED[1], ORDERED[2], PUBLIC, (CONTACT, "hunter2")], CONTACT),
            (vec![ORDERED[0], ORDERED[1], ORDERED[2], PUBLIC, (CA, "hunter2")], CA),
            (vec![ORDERED[1]], TERMS),
            (vec![(CONTACT, "hunter2@example.com")], CONTACT),
        ] {
            let error = settings(&pairs).unwrap_err();
            assert!(error.starts_with(named) && !error.contains("hunter2"), "{error}");
        }
    }
}
