//! A certificate with its key, out of PEM files, and what it says of itself.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use actors::Millis;
use chrono::DateTime;
use rustls::{
    Error, InconsistentKeys,
    client::verify_server_name,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    server::ParsedCertificate,
    sign::CertifiedKey,
};
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

/// Why files are no certificate that could be shown.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error("{} cannot be read ({source})", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} holds no certificate in PEM", .0.display())]
    NoCertificate(PathBuf),
    #[error("{} holds no private key in PEM (PKCS #8, PKCS #1 or SEC 1, without a passphrase)", .0.display())]
    NoKey(PathBuf),
    #[error("the key is not that of the first certificate in the file, which must be the server's own, before those of the authorities")]
    AnothersKey,
    #[error("they cannot be used for TLS ({0})")]
    Unfit(Error),
    #[error("what it says of itself cannot be understood")]
    Garbled,
    #[error("the certificate ended on {}", day(*.0))]
    Over(Millis),
    #[error("the certificate begins on {}: is this machine's clock right?", day(*.0))]
    Early(Millis),
}

/// Such as `2026-11-26`.
pub fn day(at: Millis) -> String {
    DateTime::from_timestamp_millis(at)
        .unwrap_or_default()
        .format("%Y-%m-%d")
        .to_string()
}

/// What a server shows of itself, and proves.
#[derive(Debug)]
pub struct Certificate {
    pub key: Arc<CertifiedKey>,
    pub not_before: Millis,
    pub not_after: Millis,
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Unusable> {
    let bytes = fs::read(path).map_err(|source| Unusable::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    Ok(Zeroizing::new(bytes))
}

impl Certificate {
    /// The certificate in one file, with those of authorities behind it, and its key in another or in the same.
    ///
    /// # Errors
    /// Why they cannot be shown. When they are valid is not looked at.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, Unusable> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(certificate)?).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| Unusable::NoCertificate(certificate.to_owned()))?;
        let key = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|_| Unusable::NoKey(key.to_owned()))?;
        Self::of(chain, key)
    }

    fn of(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, Unusable> {
        let key = CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => Unusable::AnothersKey,
            error => Unusable::Unfit(error),
        })?;
        let leaf = key.end_entity_cert().map_err(Unusable::Unfit)?;
        let (_, parsed) = X509Certificate::from_der(leaf).map_err(|_| Unusable::Garbled)?;
        let validity = parsed.validity();
        let (not_before, not_after) = (validity.not_before.timestamp() * 1000, validity.not_after.timestamp() * 1000);
        Ok(Self {
            key: Arc::new(key),
            not_before,
            not_after,
        })
    }

    /// That it can be shown now.
    ///
    /// # Errors
    /// `Over` or `Early`.
    pub fn at(self, now: Millis) -> Result<Self, Unusable> {
        match now {
            now if now >= self.not_after => Err(Unusable::Over(self.not_after)),
            now if now < self.not_before => Err(Unusable::Early(self.not_before)),
            _ => Ok(self),
        }
    }

    /// The server's own, without those of authorities.
    #[must_use]
    pub fn leaf(&self) -> &[u8] {
        self.key.cert.first().map_or(&[], |leaf| leaf)
    }

    /// Whether it is for `host`.
    #[must_use]
    pub fn is_for(&self, host: &str) -> bool {
        let name = ServerName::try_from(host);
        let parsed = self.key.end_entity_cert().and_then(ParsedCertificate::try_from);
        matches!((name, parsed), (Ok(name), Ok(parsed)) if verify_server_name(&parsed, &name).is_ok())
    }
}
