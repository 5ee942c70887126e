//! What a project's actor seals its rows with.

use entities::{ProjectId, TenantId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::cipher::{CannotOpen, Key, Place, bind, version_of};

/// A project's opened key, all its versions, bound to that project: what it seals opens nowhere else.
pub(crate) struct ContentKey {
    tenant: TenantId,
    project: ProjectId,
    /// Oldest first; the last one seals.
    versions: Vec<(u32, Key)>,
}

impl ContentKey {
    pub(super) fn new(tenant: TenantId, project: ProjectId, versions: Vec<(u32, Key)>) -> Self {
        Self { tenant, project, versions }
    }

    pub(crate) fn seal(&self, place: Place, plain: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let (version, key) = self.versions.last().ok_or(CannotOpen)?;
        key.seal(*version, &self.bind(place), plain)
    }

    pub(crate) fn open(&self, place: Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CannotOpen> {
        let version = version_of(sealed)?;
        let (_, key) = self.versions.iter().find(|(known, _)| *known == version).ok_or(CannotOpen)?;
        key.open(&self.bind(place), sealed)
    }

    fn bind(&self, place: Place) -> Vec<u8> {
        bind(self.tenant.uuid(), self.project.uuid(), place)
    }

    /// HMAC-SHA256 of `parts` under a key of this project and `purpose`. Parts are length-prefixed.
    pub(crate) fn sign(&self, purpose: &str, parts: &[&[u8]]) -> Result<[u8; 32], CannotOpen> {
        let (_, key) = self.versions.last().ok_or(CannotOpen)?;
        Ok(mac(key, purpose, parts)?.finalize().into_bytes().into())
    }

    /// Whether `tag` is such a signature, by any version of the key. Takes as long for a wrong one.
    pub(crate) fn verify(&self, purpose: &str, parts: &[&[u8]], tag: &[u8]) -> bool {
        self.versions
            .iter()
            .any(|(_, key)| mac(key, purpose, parts).is_ok_and(|mac| mac.verify_slice(tag).is_ok()))
    }
}

fn mac(key: &Key, purpose: &str, parts: &[&[u8]]) -> Result<Hmac<Sha256>, CannotOpen> {
    let derived = Zeroizing::new(key.derive(purpose));
    let mut mac = Hmac::<Sha256>::new_from_slice(derived.as_slice()).map_err(|_| CannotOpen)?;
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    Ok(mac)
}
