//! Password hashes, and who may have one computed.

use base64::{Engine, prelude::BASE64_STANDARD};
use entities::fair::{Fair, Load};
use hmac::{Hmac, KeyInit, Mac};
use zeroize::Zeroizing;

use super::password::{Demands, Password, check_strength};
use crate::{
    fault::Fault,
    vault::{Keeper, SecretBytes},
};

const BCRYPT: Fault = Fault::Internal("bcrypt");

/// Whether a password goes with a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    No,
    Yes,
    /// In a form that is not hashed any more.
    AsTyped,
}

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

    fn prehash(&self, password: &str) -> Result<Zeroizing<String>, Fault> {
        let mut mac = self
            .pepper
            .open(Hmac::<sha2::Sha256>::new_from_slice)
            .map_err(|_| Fault::Internal("pepper"))?;
        mac.update(password.as_bytes());
        Ok(Zeroizing::new(BASE64_STANDARD.encode(mac.finalize().into_bytes())))
    }

    async fn run<T: Send + 'static>(&self, asker: &str, work: impl FnOnce() -> Result<T, Fault> + Send + 'static) -> Result<T, Fault> {
        let place = self.places.enter(asker.to_owned()).await;
        // The place goes with the work: a client that gives up does not free a core that is still busy.
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        done.await.map_err(|_| Fault::Crashed)?
    }

    /// In its normal form, once it is found to be good enough.
    ///
    /// # Errors
    /// `WeakPassword`.
    pub(super) async fn hash_new(&self, asker: &str, password: &Password, demands: Demands) -> Result<String, Fault> {
        let normal = password.normal();
        // Estimating takes the processor too.
        self.run(asker, move || check_strength(&normal, &demands)).await?;
        self.hash(asker, password).await
    }

    pub(super) async fn hash(&self, asker: &str, password: &Password) -> Result<String, Fault> {
        let (prehash, cost) = (self.prehash(&password.normal())?, self.cost);
        self.run(asker, move || {
            bcrypt::non_truncating_hash(prehash.as_bytes(), cost).map_err(|_| BCRYPT)
        })
        .await
    }

    /// Compares with `hash`, or with nobody's in the same time.
    pub(super) async fn verify(&self, asker: &str, password: &Password, hash: Option<&str>) -> Result<Match, Fault> {
        // Who has none cannot sign in by one.
        let hash = hash.filter(|hash| !hash.is_empty());
        if self.compare(asker, &password.normal(), hash).await? {
            return Ok(Match::Yes);
        }
        // Hashes from before took it as it was typed.
        if !password.is_normal() && self.compare(asker, &password.0, hash).await? {
            return Ok(Match::AsTyped);
        }
        Ok(Match::No)
    }

    async fn compare(&self, asker: &str, password: &str, hash: Option<&str>) -> Result<bool, Fault> {
        let prehash = self.prehash(password)?;
        let (known, hash) = (hash.is_some(), hash.unwrap_or(&self.decoy).to_owned());
        let matches = self
            .run(asker, move || {
                bcrypt::non_truncating_verify(prehash.as_bytes(), &hash).map_err(|_| BCRYPT)
            })
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
