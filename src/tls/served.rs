//! The certificate that is shown: the latest that could be.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use actors::{Millis, clock::Clock};
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::certificate::{Certificate, Unusable, day};

/// What rustls asks for each handshake, and what is told of it.
pub struct Served {
    host: String,
    clock: Clock,
    current: RwLock<Option<Arc<Certificate>>>,
    /// Why the latest attempt to replace it failed.
    trouble: Mutex<Option<String>>,
    handshakes: AtomicU64,
    renewed: AtomicU64,
    refused: AtomicU64,
}

/// For the figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// `None` while there is no certificate.
    pub not_after: Option<Millis>,
    /// Whether the latest attempt to replace it failed.
    pub in_trouble: bool,
    pub handshakes: u64,
    pub renewed: u64,
    pub refused: u64,
}

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Served")
    }
}

impl Served {
    #[must_use]
    pub fn new(host: String, clock: Clock) -> Self {
        Self {
            host,
            clock,
            current: RwLock::default(),
            trouble: Mutex::default(),
            handshakes: AtomicU64::default(),
            renewed: AtomicU64::default(),
            refused: AtomicU64::default(),
        }
    }

    #[must_use]
    pub fn current(&self) -> Option<Arc<Certificate>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Shows `certificate` from the next handshake on, whatever it says of itself: at a start there is nothing better.
    pub fn show(&self, certificate: Certificate) {
        let (until, now) = (day(certificate.not_after), self.clock.now());
        if certificate.not_after <= now || certificate.not_before > now {
            tracing::error!(until, "the TLS certificate is not valid now: no client will take it");
        } else if !certificate.is_for(&self.host) {
            tracing::error!(
                host = self.host,
                "the TLS certificate is for other names than that of PERNOEX_PUBLIC_URL"
            );
        } else {
            tracing::info!(until, "the TLS certificate is shown");
        }
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(certificate));
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Shows what was found, unless it is no use and there is something: that then stays.
    pub fn renew(&self, found: Result<Certificate, Unusable>) {
        let current = self.current();
        let found = match &current {
            // A certificate that is over is no reason to give up one that is not.
            Some(current) if current.not_after > self.clock.now() => found.and_then(|found| found.at(self.clock.now())),
            _ => found,
        };
        match found {
            Ok(found) => {
                if current.is_none_or(|current| current.leaf() != found.leaf()) {
                    self.renewed.fetch_add(1, Ordering::Relaxed);
                }
                self.show(found);
            }
            Err(unusable) => self.fail(&unusable.to_string()),
        }
    }

    /// Keeps what there is.
    pub fn fail(&self, reason: &str) {
        self.refused.fetch_add(1, Ordering::Relaxed);
        let until = self.current().map(|current| day(current.not_after));
        tracing::error!(reason, until, "there is no new TLS certificate: the old one stays");
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.to_owned());
    }

    #[must_use]
    pub fn totals(&self) -> Totals {
        Totals {
            not_after: self.current().map(|current| current.not_after),
            in_trouble: self.trouble.lock().unwrap_or_else(PoisonError::into_inner).is_some(),
            handshakes: self.handshakes.load(Ordering::Relaxed),
            renewed: self.renewed.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }
}

impl ResolvesServerCert for Served {
    /// One for every name that is asked for: who comes by another learns so from the certificate.
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.handshakes.fetch_add(1, Ordering::Relaxed);
        self.current().map(|current| current.key.clone())
    }
}
