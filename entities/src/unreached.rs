//! Why a database, a cache or a mail server is not reached, in words of our own: what libraries and peers say may hold addresses and names.

use std::{error::Error, io, sync::Arc};

use rustls::{CertificateError, Error as TlsError};

/// What mends it: a setting, a certificate, or that something be started. `None` when the errors do not say.
pub fn why_unreached(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut next = Some(error);
    while let Some(error) = next {
        // Redis' errors: its source is that of what it holds, past it.
        if let Some(shared) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
            return why_unreached(&**shared);
        }
        if let Some(tls) = error.downcast_ref::<TlsError>() {
            return Some(why_not_trusted(tls));
        }
        if let Some(io) = error.downcast_ref::<io::Error>() {
            // What an io::Error is made of is not among its sources.
            let within = io.get_ref().and_then(|within| why_unreached(within));
            return within.or(match io.kind() {
                io::ErrorKind::ConnectionRefused => Some("nobody listens there"),
                io::ErrorKind::TimedOut => Some("no answer in time"),
                _ => None,
            });
        }
        next = error.source();
    }
    None
}

fn why_not_trusted(error: &TlsError) -> &'static str {
    use CertificateError as Certificate;
    match error {
        TlsError::InvalidCertificate(refused) => match refused {
            Certificate::UnknownIssuer => "its certificate was issued by no authority that is trusted here",
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => "its certificate is for another name",
            Certificate::Expired | Certificate::ExpiredContext { .. } => "its certificate has expired",
            Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => "its certificate is not valid yet",
            Certificate::Revoked => "its certificate was revoked",
            _ => "its certificate is not to be trusted",
        },
        _ => "TLS cannot be agreed with it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_refused_is_told_whatever_wraps_it() {
        let refused = || TlsError::InvalidCertificate(CertificateError::UnknownIssuer);
        let within = io::Error::new(io::ErrorKind::InvalidData, refused());
        let told = "its certificate was issued by no authority that is trusted here";
        assert_eq!(why_unreached(&refused()), Some(told));
        assert_eq!(why_unreached(&within), Some(told));
        assert_eq!(why_unreached(&io::Error::other(within)), Some(told));
        let shared: Arc<dyn Error + Send + Sync> = Arc::new(refused());
        assert_eq!(why_unreached(&shared), Some(told));
        assert_eq!(
            why_unreached(&io::Error::from(io::ErrorKind::ConnectionRefused)),
            Some("nobody listens there")
        );
        assert_eq!(why_unreached(&io::Error::other("somebody's words")), None);
    }
}
