//! The installation's signature under the heads of its audit logs.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use entities::{Location, Store};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use crate::{
    fault::Fault,
    vault::{Keeper, KeyError, MasterKeys, RingSettings},
};

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

    /// By what signatures of audit logs are verified, in base64url. No secret.
    #[must_use]
    pub fn audit_public_key(&self) -> Option<String> {
        self.audit_key().ok().map(|key| key.public())
    }
}

/// By what signatures of the audit logs at `location` are verified, beside any server. `None` when no server was ever started on it.
///
/// # Errors
/// When the database cannot be opened, or no master key at hand is the installation's.
pub async fn public_key(masters: MasterKeys, ring: RingSettings, location: &Location) -> Result<Option<String>, KeyError> {
    let store = Store::open(location).await?;
    let keeper = Keeper::of_started(masters, ring, store.platform()).await;
    store.close().await;
    Ok(keeper?.and_then(|keeper| keeper.audit_public_key()))
}

/// Whether `signature` is `public`'s, in base64url, under `message`.
pub(crate) fn is_signed(public: &str, message: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = BASE64_URL_SAFE_NO_PAD.decode(public) else {
        return false;
    };
    UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok()
}
