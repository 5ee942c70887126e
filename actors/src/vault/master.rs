//! The master key: made on the first run, kept in a file that only its owner can read.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use entities::{DatabaseKey, TenantId};
use zeroize::Zeroizing;

use super::cipher::{CannotOpen, Key, Place, bind};

/// Wraps the tenants' keys, and is what every other key of the installation is derived from.
pub struct MasterKey {
    key: Key,
}

#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    #[error("the master key must be 32 bytes in Base64 (make one: openssl rand -base64 32)")]
    Malformed,
    #[error("{0} can be read by others: chmod 600 it")]
    Exposed(String),
    #[error("{path}: {source}")]
    File { path: String, source: io::Error },
}

impl MasterKey {
    /// # Errors
    /// `Malformed` unless `text` is 32 bytes in Base64.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(text.trim()).map_err(|_| MasterKeyError::Malformed)?);
        let bytes: [u8; 32] = bytes.as_slice().try_into().map_err(|_| MasterKeyError::Malformed)?;
        Ok(Self { key: Key::new(bytes) })
    }

    /// Reads the key from `path`, or makes one there with mode 0600.
    ///
    /// # Errors
    /// When the file is malformed, readable by others, or cannot be read or written.
    pub fn load_or_create(path: &Path) -> Result<Self, MasterKeyError> {
        let file = |source| MasterKeyError::File {
            path: path.display().to_string(),
            source,
        };
        match fs::read_to_string(path) {
            Ok(text) => {
                let text = Zeroizing::new(text);
                refuse_exposed(path)?;
                Self::parse(&text)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut bytes = Zeroizing::new([0; 32]);
                rand::fill(bytes.as_mut_slice());
                let text = Zeroizing::new(BASE64_STANDARD.encode(bytes.as_slice()));
                write_private(path, &text).map_err(file)?;
                Self::parse(&text)
            }
            Err(error) => Err(file(error)),
        }
    }

    /// The key of the embedded database file.
    #[must_use]
    pub fn database_key(&self) -> DatabaseKey {
        DatabaseKey::new(self.key.derive("pernoex database file v1"))
    }

    /// Signs session cookies: 64 bytes.
    #[must_use]
    pub fn cookie_key(&self) -> Zeroizing<Vec<u8>> {
        let mut key = Zeroizing::new(self.key.derive("pernoex session cookie v1 a").to_vec());
        key.extend_from_slice(&self.key.derive("pernoex session cookie v1 b"));
        key
    }

    /// Derives the tokens against cross-site request forgery.
    #[must_use]
    pub fn csrf_key(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key.derive("pernoex csrf v1"))
    }

    /// Keys the pre-hash of passwords.
    pub(crate) fn pepper(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key.derive("pernoex password pepper v1"))
    }

    fn wrapping(&self) -> Key {
        Key::new(self.key.derive("pernoex tenant keys v1"))
    }

    pub(crate) fn wrap(&self, tenant: TenantId, version: i32, key: &Key) -> Result<Vec<u8>, CannotOpen> {
        key.wrapped_by(&self.wrapping(), &wrap_place(tenant, version))
    }

    pub(crate) fn unwrap(&self, tenant: TenantId, version: i32, wrapped: &[u8]) -> Result<Key, CannotOpen> {
        Key::unwrap_with(&self.wrapping(), &wrap_place(tenant, version), wrapped)
    }
}

fn wrap_place(tenant: TenantId, version: i32) -> Vec<u8> {
    let mut aad = bind(tenant.uuid(), uuid::Uuid::nil(), Place("tenant_key", "wrapped", tenant.uuid()));
    aad.extend_from_slice(&version.to_be_bytes());
    aad
}

#[cfg(unix)]
fn refuse_exposed(path: &Path) -> Result<(), MasterKeyError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path)
        .map_err(|source| MasterKeyError::File {
            path: path.display().to_string(),
            source,
        })?
        .permissions()
        .mode();
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(MasterKeyError::Exposed(path.display().to_string()))
    }
}

#[cfg(unix)]
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    // Written whole or not at all: half a key would lock its data away for good.
    let unfinished = path.with_extension("unfinished");
    let _ = fs::remove_file(&unfinished);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    // Fails when another process made a key meanwhile: theirs stays.
    fs::hard_link(&unfinished, path)?;
    fs::remove_file(&unfinished)
}
