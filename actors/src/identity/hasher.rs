//! Password hashes, and who may have one computed.

use base64::{Engine, prelude::BASE64_STANDARD};
use entities::fair::{Fair, Load};
use hmac::{Hmac, KeyInit, Mac};
use zeroize::Zeroizing;

use super::Password;
use crate::{
    fault::Fault,
    vault::{Keeper, SecretBytes},
};

/// Hashes passwords: bcrypt over a keyed pre-hash, so that no byte past the 72nd is ignored and a stolen table is useless without
/// the pepper. Only so many at once, so that a flood of sign-ins leaves the processor to others; and in turn between those who
/// ask, named by their network address, so that a flood from one holds up nobody else's sign-in.
pub struct Hasher {
    pepper: SecretBytes,
    cost: u32,
    places: Fair<String>,
    /// Compared with when there is no account, so that the answer takes as long.
    decoy: String,
}

impl Hasher {
    /// # Errors
    /// When `cost` is not one that bcrypt knows.
    pub fn new(keeper: &Keeper, cost: u32, at_once: usize) -> Result<Self, Fault> {
        let decoy = bcrypt::hash("nobody has this password", cost).map_err(|_| Fault::Internal("bcrypt cost"))?;
        Ok(Self {
            pepper: keeper.pepper(),
            cost,
            places: Fair::new(at_once + 1, at_once),
            decoy,
        })
    }

    fn prehash(&self, password: &Password) -> Result<Zeroizing<String>, Fault> {
        let mut mac = self
            .pepper
            .open(Hmac::<sha2::Sha256>::new_from_slice)
            .map_err(|_| Fault::Internal("pepper"))?;
        mac.update(password.0.as_bytes());
        Ok(Zeroizing::new(BASE64_STANDARD.encode(mac.finalize().into_bytes())))
    }

    async fn run<T: Send + 'static>(
        &self,
        asker: &str,
        work: impl FnOnce() -> Result<T, bcrypt::BcryptError> + Send + 'static,
    ) -> Result<T, Fault> {
        let place = self.places.enter(asker.to_owned()).await;
        // The place goes with the work: a client that gives up does not free a core that is still busy.
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        done.await.map_err(|_| Fault::Crashed)?.map_err(|_| Fault::Internal("bcrypt"))
    }

    pub(super) async fn hash(&self, asker: &str, password: &Password) -> Result<String, Fault> {
        let (prehash, cost) = (self.prehash(password)?, self.cost);
        self.run(asker, move || bcrypt::non_truncating_hash(prehash.as_bytes(), cost)).await
    }

    /// Compares with `hash`, or with nobody's in the same time.
    pub(super) async fn verify(&self, asker: &str, password: &Password, hash: Option<&str>) -> Result<bool, Fault> {
        let prehash = self.prehash(password)?;
        let (known, hash) = (hash.is_some(), hash.unwrap_or(&self.decoy).to_owned());
        let matches = self
            .run(asker, move || bcrypt::non_truncating_verify(prehash.as_bytes(), &hash))
            .await?;
        Ok(known && matches)
    }

    /// How busy its places are.
    pub(crate) fn load(&self) -> Load {
        self.places.load()
    }

    pub(super) fn is_outdated(&self, hash: &str) -> bool {
        hash.split('$')
            .nth(2)
            .and_then(|cost| cost.parse::<u32>().ok())
            .is_none_or(|cost| cost < self.cost)
    }
}
