//! Links that are mailed: 256 random bits behind the `#` of an address, used once.

use entities::{
    Millis,
    account_token::{self, Purpose, Token},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::Identity;
use crate::{
    fault::Fault,
    token,
    vault::{Keeper, Place},
};

/// What a mailed link brings. Stored as a hash only. Wiped when dropped; cannot be printed.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct LinkToken(Zeroizing<String>);

impl LinkToken {
    pub(crate) fn generate() -> Self {
        Self(token::random())
    }

    pub(crate) fn hash(&self) -> [u8; 32] {
        token::hash(&self.0)
    }

    /// For the one letter that it goes into.
    pub(crate) fn into_text(self) -> Zeroizing<String> {
        self.0
    }
}

const MINUTE: Millis = 60_000;

/// How long a link can be followed.
pub(crate) fn life_ms(purpose: Purpose) -> Millis {
    match purpose {
        Purpose::Reset => 30 * MINUTE,
        _ => 24 * 60 * MINUTE,
    }
}

/// A sign-up that waits for its address to be proved.
#[derive(Serialize, Deserialize)]
pub(crate) struct PendingSignUp {
    pub password_hash: String,
    pub workspace: String,
}

/// Bound to the token that it is stored with.
fn place(hash: &[u8; 32]) -> Place {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = *hash;
    let row = Uuid::from_bytes([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]);
    Place("account_token", "sealed", row)
}

impl PendingSignUp {
    pub(crate) fn seal(&self, keeper: &Keeper, hash: &[u8; 32]) -> Result<Vec<u8>, Fault> {
        let plain = serde_json::to_vec(self).map_err(|_| Fault::Internal("a sign-up"))?;
        keeper.seal_personal(Uuid::nil(), place(hash), &plain).map_err(|_| Fault::Sealed)
    }

    pub(crate) fn open(keeper: &Keeper, hash: &[u8; 32], sealed: &[u8]) -> Result<Self, Fault> {
        let plain = keeper.open_personal(Uuid::nil(), place(hash), sealed).map_err(|_| Fault::Sealed)?;
        plain.open(|bytes| serde_json::from_slice(bytes)).map_err(|_| Fault::Sealed)
    }
}

impl Identity {
    /// A living link of one of `purposes`. Does not use it up.
    pub(super) async fn link(&self, token: &LinkToken, purposes: &[Purpose]) -> Result<Token, Fault> {
        let (hash, now) = (token.hash(), self.clock.now());
        let found = self.platform.read(async |tx| account_token::find(tx, &hash, now).await).await?;
        found.filter(|found| purposes.contains(&found.purpose)).ok_or(Fault::LinkInvalid)
    }
}
