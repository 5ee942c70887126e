//! Why a key cannot be had. Says nothing of any key.

use std::io;

use entities::StoreError;

use super::cipher::CannotOpen;
use crate::fault::Fault;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("a master key must be 32 bytes in Base64 (make one: openssl rand -base64 32)")]
    Malformed,
    #[error("{0} can be read by others: chmod 600 it")]
    Exposed(String),
    #[error("{path}: {source}")]
    File { path: String, source: io::Error },
    /// The external command did not do its work.
    #[error("PERNOEX_KMS_COMMAND {0}")]
    Kms(String),
    #[error("none of the master keys at hand is the one that wraps {0} ({1}): put it back")]
    NoMaster(&'static str, String),
    /// The right key by its name, and yet it does not open: damaged or swapped.
    #[error("{0} cannot be opened with its master key")]
    Damaged(&'static str),
    #[error("an entry of the key ring is missing ({0})")]
    NoShare(String),
    /// What was asked cannot be done like this; says what to do instead.
    #[error("{0}")]
    Refused(String),
    #[error("storage: {0}")]
    Storage(#[from] StoreError),
    #[error("sealed data cannot be opened")]
    Sealed,
}

impl KeyError {
    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |source| Self::File { path, source }
    }
}

impl From<CannotOpen> for KeyError {
    fn from(_: CannotOpen) -> Self {
        Self::Sealed
    }
}

impl From<CannotOpen> for Fault {
    fn from(_: CannotOpen) -> Self {
        Self::Sealed
    }
}

impl From<KeyError> for Fault {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Storage(error) => Self::Storage(error),
            KeyError::Sealed | KeyError::Damaged(_) | KeyError::NoShare(_) => {
                tracing::error!(%error, "a key cannot be opened");
                Self::Sealed
            }
            // It may be back in a moment: until then nothing is opened.
            error => Self::KeyService(error.to_string()),
        }
    }
}
