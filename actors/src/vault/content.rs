//! What a project's actor seals its rows with.

use std::sync::{Arc, PoisonError, RwLock};

use entities::{Millis, ProjectId, StoreError, TenantId};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::cipher::{CannotOpen, Key, Place, bind, version_of};
use crate::{clock::Clock, fault::Fault};

pub(crate) struct Version {
    pub number: u32,
    pub key: Key,
    /// Known before, seals from here on.
    pub active_from: Millis,
}

/// A project's opened key, all its versions, bound to that project: what it seals opens nowhere else.
pub(crate) struct ContentKey {
    tenant: TenantId,
    project: ProjectId,
    clock: Clock,
    /// Oldest first.
    versions: RwLock<Vec<Arc<Version>>>,
}

impl ContentKey {
    pub(super) fn new(tenant: TenantId, project: ProjectId, clock: Clock, versions: Vec<Version>) -> Self {
        Self {
            tenant,
            project,
            clock,
            versions: RwLock::new(versions.into_iter().map(Arc::new).collect()),
        }
    }

    fn versions(&self) -> Vec<Arc<Version>> {
        self.versions.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes the versions of `newer`, which was opened later; those that are gone from it are wiped.
    pub(crate) fn follow(&self, newer: Self) {
        let versions = newer.versions();
        *self.versions.write().unwrap_or_else(PoisonError::into_inner) = versions;
    }

    /// The version that seals now, and whether a newer one waits.
    pub(crate) fn sealing(&self) -> Option<(u32, bool)> {
        let versions = self.versions();
        let current = self.pick(&versions)?;
        Some((current.number, versions.last().is_some_and(|last| last.number > current.number)))
    }

    fn pick<'a>(&self, versions: &'a [Arc<Version>]) -> Option<&'a Arc<Version>> {
        let now = self.clock.now();
        let active = versions.iter().rev().find(|version| version.active_from <= now);
        active.or(versions.first())
    }

    pub(crate) fn seal(&self, place: Place, plain: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let versions = self.versions();
        let version = self.pick(&versions).ok_or(CannotOpen)?;
        version.key.seal(version.number, &self.bind(place), plain)
    }

    /// # Errors
    /// `KeyRetired` when a version that is newer than those known here sealed it; `Sealed` when it does not open.
    pub(crate) fn open(&self, place: Place, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let number = version_of(sealed)?;
        let versions = self.versions();
        let Some(version) = versions.iter().find(|known| known.number == number) else {
            let newer = versions.last().is_some_and(|last| number == last.number + 1);
            return Err(if newer {
                Fault::Storage(StoreError::KeyRetired)
            } else {
                Fault::Sealed
            });
        };
        Ok(version.key.open(&self.bind(place), sealed)?)
    }

    fn bind(&self, place: Place) -> Vec<u8> {
        bind(self.tenant.uuid(), self.project.uuid(), place)
    }

    /// HMAC-SHA256 of `parts` under a key of this project and `purpose`. Parts are length-prefixed.
    pub(crate) fn sign(&self, purpose: &str, parts: &[&[u8]]) -> Result<[u8; 32], CannotOpen> {
        let versions = self.versions();
        let version = self.pick(&versions).ok_or(CannotOpen)?;
        Ok(mac(&version.key, purpose, parts)?.finalize().into_bytes().into())
    }

    /// Whether `tag` is such a signature, by any version of the key. Takes as long for a wrong one.
    pub(crate) fn verify(&self, purpose: &str, parts: &[&[u8]], tag: &[u8]) -> bool {
        self.versions()
            .iter()
            .any(|version| mac(&version.key, purpose, parts).is_ok_and(|mac| mac.verify_slice(tag).is_ok()))
    }
}

fn mac(key: &Key, purpose: &str, parts: &[&[u8]]) -> Result<Hmac<Sha256>, CannotOpen> {
    let derived = key.derive(purpose);
    let mut mac = derived
        .open_bytes(|bytes| Hmac::<Sha256>::new_from_slice(bytes))
        .map_err(|_| CannotOpen)?;
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    Ok(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place("chunk", "sealed", uuid::Uuid::nil());

    fn version(number: u32, active_from: Millis) -> Version {
        Version {
            number,
            key: Key::generate(),
            active_from,
        }
    }

    #[test]
    fn a_new_version_opens_at_once_seals_from_its_time_on_and_an_old_one_goes() {
        let (tenant, project, clock) = (TenantId::new(), ProjectId::new(), Clock::manual(1000));
        let key = ContentKey::new(tenant, project, clock.clone(), vec![version(1, 0)]);
        let old = key.seal(PLACE, b"old").unwrap();
        let (one, two) = (key.versions().remove(0), version(2, 5000));
        let ahead = two.key.seal(2, &key.bind(PLACE), b"from a node that is ahead").unwrap();
        assert!(matches!(key.open(PLACE, &ahead), Err(Fault::Storage(StoreError::KeyRetired))));
        let newer = ContentKey::new(tenant, project, clock.clone(), Vec::new());
        *newer.versions.write().unwrap() = vec![one, Arc::new(two)];
        key.follow(newer);
        assert!(key.open(PLACE, &ahead).is_ok() && key.open(PLACE, &old).is_ok());
        assert_eq!(
            (version_of(&key.seal(PLACE, b"x").unwrap()), key.sealing()),
            (Ok(1), Some((1, true)))
        );
        clock.advance(4000);
        assert_eq!(
            (version_of(&key.seal(PLACE, b"x").unwrap()), key.sealing()),
            (Ok(2), Some((2, false)))
        );
        let last = key.versions().remove(1);
        let newest = ContentKey::new(tenant, project, clock, Vec::new());
        *newest.versions.write().unwrap() = vec![last];
        key.follow(newest);
        assert!(matches!(key.open(PLACE, &old), Err(Fault::Sealed)));
    }
}
