//! The installation's signature under the heads of its audit logs.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::{fault::Fault, vault::Keeper};

/// Ed25519, derived from the installation's secret: it outlives a rotation of the master key, and is nowhere stored.
pub(crate) struct AuditKey(Ed25519KeyPair);

impl AuditKey {
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }

    /// In base64url.
    pub(crate) fn public(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0.public_key().as_ref())
    }
}

impl Keeper {
    pub(crate) fn audit_key(&self) -> Result<AuditKey, Fault> {
        let pair = self.audit_seed().open(Ed25519KeyPair::from_seed_unchecked);
        pair.map(AuditKey).map_err(|_| Fault::Internal("the audit log's key"))
    }
}

/// Whether `signature` is `public`'s, in base64url, under `message`.
pub(super) fn is_signed(public: &str, message: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = BASE64_URL_SAFE_NO_PAD.decode(public) else {
        return false;
    };
    UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok()
}
