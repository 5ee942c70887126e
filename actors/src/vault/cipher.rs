//! AES-256-GCM, bound to a place. A pure core: keys and bytes in, bytes out.

use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead, Generate, KeyInit, Payload},
};
use uuid::Uuid;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// 256 bits that seal something. Has no textual form, cannot be copied, wipes itself.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Key([u8; 32]);

/// A ciphertext does not open under this key, or not at this place.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("sealed data cannot be opened")]
pub struct CannotOpen;

/// `format (1) ‖ key version (4, big-endian) ‖ nonce (12) ‖ ciphertext and tag`.
const FORMAT: u8 = 1;
const HEADER: usize = 1 + 4 + 12;

impl Key {
    pub(crate) fn generate() -> Self {
        let mut bytes = [0; 32];
        rand::fill(&mut bytes);
        Self(bytes)
    }

    /// A key for another purpose, from which this one cannot be computed (HKDF-SHA256, RFC 5869).
    pub(crate) fn derive(&self, purpose: &str) -> Self {
        self.expand(None, purpose)
    }

    /// A key that takes this one and `share` together: whoever lacks either knows nothing of it.
    pub(crate) fn mixed_with(&self, share: &Self) -> Self {
        self.expand(Some(&share.0), "pernoex share v1")
    }

    fn expand(&self, salt: Option<&[u8]>, purpose: &str) -> Self {
        let mut derived = Self([0; 32]);
        // Fails only for more than 255 blocks of output; one is asked for.
        let _ = hkdf::Hkdf::<sha2::Sha256>::new(salt, &self.0).expand(purpose.as_bytes(), &mut derived.0);
        derived
    }

    /// Lends the bytes to `work`: to write them into a key file, or to key something that is not this cipher.
    pub(crate) fn open_bytes<T>(&self, work: impl FnOnce(&[u8; 32]) -> T) -> T {
        work(&self.0)
    }

    /// # Errors
    /// Unless there are 32 of them.
    pub(crate) fn from_slice(bytes: &[u8]) -> Result<Self, CannotOpen> {
        bytes.try_into().map(Self).map_err(|_| CannotOpen)
    }

    /// Seals `plain` so that it opens only with this key, at `version`, at the place that `aad` describes.
    pub(crate) fn seal(&self, version: u32, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let cipher = Aes256Gcm::new(&self.0.into());
        let nonce = Nonce::<aes_gcm::aead::consts::U12>::generate();
        let sealed = cipher.encrypt(&nonce, Payload { msg: plain, aad }).map_err(|_| CannotOpen)?;
        let mut out = Vec::with_capacity(HEADER + sealed.len());
        out.push(FORMAT);
        out.extend_from_slice(&version.to_be_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }

    pub(crate) fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CannotOpen> {
        version_of(sealed)?;
        let (nonce, body) = sealed.get(5..HEADER).zip(sealed.get(HEADER..)).ok_or(CannotOpen)?;
        let nonce: [u8; 12] = nonce.try_into().map_err(|_| CannotOpen)?;
        let cipher = Aes256Gcm::new(&self.0.into());
        cipher
            .decrypt(&nonce.into(), Payload { msg: body, aad })
            .map(Zeroizing::new)
            .map_err(|_| CannotOpen)
    }

    pub(crate) fn wrapped_by(&self, outer: &Self, aad: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        outer.seal(0, aad, &self.0)
    }

    pub(crate) fn unwrap_with(outer: &Self, aad: &[u8], wrapped: &[u8]) -> Result<Self, CannotOpen> {
        Self::from_slice(&outer.open(aad, wrapped)?)
    }
}

/// The version of the key that sealed this.
pub(crate) fn version_of(sealed: &[u8]) -> Result<u32, CannotOpen> {
    match sealed {
        [FORMAT, a, b, c, d, ..] => Ok(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => Err(CannotOpen),
    }
}

/// Where a sealed value is stored: table, column, row.
#[derive(Clone, Copy)]
pub struct Place(pub &'static str, pub &'static str, pub Uuid);

/// Additional data that ties a ciphertext to one cell of one tenant's project. Length-prefixed, so that no two places read alike.
pub(crate) fn bind(tenant: Uuid, project: Uuid, place: Place) -> Vec<u8> {
    let Place(table, column, row) = place;
    let mut aad = Vec::with_capacity(64 + table.len() + column.len());
    for part in [
        tenant.as_bytes(),
        project.as_bytes(),
        table.as_bytes(),
        column.as_bytes(),
        row.as_bytes() as &[u8],
    ] {
        aad.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        aad.extend_from_slice(part);
    }
    aad
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_with_its_key_at_its_place() {
        let (key, other) = (Key::generate(), Key::generate());
        let ids: Vec<Uuid> = (0..4).map(|_| Uuid::new_v4()).collect();
        let home = bind(ids[0], ids[1], Place("chunk", "sealed", ids[2]));
        let sealed = key.seal(7, &home, b"how to export").unwrap();
        assert_eq!(version_of(&sealed), Ok(7));
        assert_eq!(key.open(&home, &sealed).unwrap().as_slice(), b"how to export");
        assert!(other.open(&home, &sealed).is_err());
        for elsewhere in [
            bind(ids[3], ids[1], Place("chunk", "sealed", ids[2])),
            bind(ids[0], ids[3], Place("chunk", "sealed", ids[2])),
            bind(ids[0], ids[1], Place("chunk", "embedding", ids[2])),
            bind(ids[0], ids[1], Place("chun", "ksealed", ids[2])),
            bind(ids[0], ids[1], Place("chunk", "sealed", ids[3])),
        ] {
            assert!(key.open(&elsewhere, &sealed).is_err());
        }
    }

    /// Whether a type has a trait, as a constant: the inherent constant wins where its bound holds. One of the two is never used.
    macro_rules! has {
        ($type:ty, $trait:path) => {{
            struct Probe<T: ?Sized>(std::marker::PhantomData<T>);
            #[allow(dead_code)]
            trait Otherwise {
                const HAS: bool = false;
            }
            impl<T: ?Sized> Otherwise for Probe<T> {}
            #[allow(dead_code)]
            impl<T: ?Sized + $trait> Probe<T> {
                const HAS: bool = true;
            }
            <Probe<$type>>::HAS
        }};
    }

    #[test]
    fn keys_can_be_neither_printed_copied_nor_written_out() {
        use super::super::{ContentKey, MasterKeys, SecretBytes};
        macro_rules! refuse {
            ($($type:ty)*) => {$(
                assert!(!has!($type, std::fmt::Debug) && !has!($type, std::fmt::Display), stringify!($type));
                assert!(!has!($type, Clone) && !has!($type, serde::Serialize), stringify!($type));
            )*};
        }
        refuse!(Key ContentKey MasterKeys SecretBytes entities::DatabaseKey crate::identity::Password);
        assert!(has!(Place, Clone) && has!(CannotOpen, std::fmt::Debug) && has!(String, serde::Serialize));
        assert!(has!(Key, ZeroizeOnDrop));
    }

    #[test]
    fn no_two_places_read_alike() {
        // Names and ids at random: two descriptions are equal only if all their parts are.
        let words = ["chunk", "sealed", "chunksealed", "embedding", "", "c", "hunk"];
        let ids: Vec<Uuid> = (0..3).map(|_| Uuid::new_v4()).collect();
        let any = |n: u32, of: usize| usize::try_from(n).unwrap() % of;
        let mut seen = std::collections::HashMap::new();
        for _ in 0..4000 {
            let parts: [u32; 5] = rand::random();
            let (tenant, project, row) = (ids[any(parts[0], 3)], ids[any(parts[1], 3)], ids[any(parts[2], 3)]);
            let (table, column) = (words[any(parts[3], 7)], words[any(parts[4], 7)]);
            let place = (tenant, project, table, column, row);
            let earlier = seen.insert(bind(tenant, project, Place(table, column, row)), place);
            assert!(earlier.is_none_or(|earlier| earlier == place));
        }
    }

    #[test]
    fn what_is_mixed_with_a_share_takes_that_share() {
        for _ in 0..100 {
            let (key, inner, share, other) = (Key::generate(), Key::generate(), Key::generate(), Key::generate());
            let wrapped = inner.wrapped_by(&key.mixed_with(&share), b"here").unwrap();
            assert!(Key::unwrap_with(&key.mixed_with(&share), b"here", &wrapped).is_ok_and(|opened| opened.0 == inner.0));
            for wrong in [&key, &share, &key.mixed_with(&other), &share.mixed_with(&key)] {
                assert!(Key::unwrap_with(wrong, b"here", &wrapped).is_err());
            }
        }
    }

    #[test]
    fn every_flipped_bit_and_every_truncation_is_noticed() {
        let key = Key::generate();
        let sealed = key.seal(1, b"here", b"secret").unwrap();
        for bit in (5 * 8)..(sealed.len() * 8) {
            let mut bent = sealed.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert!(key.open(b"here", &bent).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(key.open(b"here", &sealed[..length]).is_err());
        }
        assert_ne!(sealed, key.seal(1, b"here", b"secret").unwrap(), "a fresh nonce each time");
    }
}
