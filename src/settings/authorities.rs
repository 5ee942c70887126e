//! Authorities of one's own: whose certificates are taken besides, or instead of, those of the public ones.

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use super::{SettingError, Source};

/// The certificates that `name` holds, as PEM.
pub(super) fn read(source: &Source, name: &'static str) -> Result<Option<String>, SettingError> {
    let Some(text) = source.text(name) else { return Ok(None) };
    let expected = format!("must hold certificates of authorities in PEM: {name}_FILE names a file with them");
    check(text, || SettingError::new(name, expected.clone()))?;
    Ok(Some(format!("{text}\n")))
}

/// The path of a file with such certificates, for a library that reads it itself.
pub(super) fn file<'a>(source: &'a Source, name: &'static str) -> Result<Option<&'a str>, SettingError> {
    let Some(path) = source.text(name) else { return Ok(None) };
    let refuse = || SettingError::new(name, "must name a file with certificates of authorities in PEM");
    let text = std::fs::read_to_string(path).map_err(|_| refuse())?;
    check(&text, refuse)?;
    Ok(Some(path))
}

fn check(text: &str, refuse: impl Fn() -> SettingError) -> Result<(), SettingError> {
    let mut roots = RootCertStore::empty();
    for found in CertificateDer::pem_slice_iter(text.as_bytes()) {
        let certificate = found.map_err(|_| refuse())?;
        roots.add(certificate).map_err(|_| refuse())?;
    }
    if roots.is_empty() { Err(refuse()) } else { Ok(()) }
}

/// That a setting is of no use where nothing is verified.
pub(super) fn unused(name: &'static str, without: &str) -> SettingError {
    SettingError::new(name, format!("is set, but {without}: take it away, or ask for TLS there"))
}
