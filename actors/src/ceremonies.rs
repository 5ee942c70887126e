//! What is remembered between two requests of one sign-in, installation or connection: sealed, found by a ticket, and good for one use.

use std::sync::Arc;

use entities::{Ceremony, Millis, PlatformDb};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    clock::Clock,
    fault::Fault,
    token::hash,
    vault::{Keeper, Place},
};

/// A ticket for one purpose opens nothing else.
pub(crate) struct Ceremonies {
    platform: PlatformDb,
    keeper: Arc<Keeper>,
    clock: Clock,
    life_ms: Millis,
}

fn place(purpose: &'static str) -> Place {
    Place("ceremony", purpose, Uuid::nil())
}

impl Ceremonies {
    /// Each lives for `life_ms`.
    pub(crate) fn new(platform: PlatformDb, keeper: Arc<Keeper>, clock: Clock, life_ms: Millis) -> Self {
        Self {
            platform,
            keeper,
            clock,
            life_ms,
        }
    }

    pub(crate) async fn lay_down(&self, ticket: &str, purpose: &'static str, content: &impl Serialize) -> Result<(), Fault> {
        let plain = Zeroizing::new(serde_json::to_vec(content).map_err(|_| Fault::Internal("ceremony"))?);
        let sealed = self.keeper.seal_personal(Uuid::nil(), place(purpose), &plain);
        let new = Ceremony {
            tries: 0,
            account: None,
            sealed: sealed.map_err(|_| Fault::Sealed)?,
            expires_at: self.clock.now() + self.life_ms,
        };
        Ok(self.platform.begin_ceremony(&hash(ticket), purpose, new).await?)
    }

    /// A ticket may be looked at before it is used: to ask for what is still missing. `None` when it is over, or for something else.
    pub(crate) async fn look<T: DeserializeOwned>(&self, ticket: &str, purpose: &'static str) -> Result<Option<T>, Fault> {
        let found = self.platform.look_at_ceremony(&hash(ticket), purpose, self.clock.now()).await?;
        found.map(|found| self.open(&found.sealed, purpose)).transpose()
    }

    /// Uses a ticket up. `None` when it is over, or for something else.
    pub(crate) async fn take<T: DeserializeOwned>(&self, ticket: &str, purpose: &'static str) -> Result<Option<T>, Fault> {
        let taken = self.platform.take_ceremony(&hash(ticket), purpose, self.clock.now()).await?;
        taken.map(|taken| self.open(&taken.sealed, purpose)).transpose()
    }

    fn open<T: DeserializeOwned>(&self, sealed: &[u8], purpose: &'static str) -> Result<T, Fault> {
        let opened = self.keeper.open_personal(Uuid::nil(), place(purpose), sealed);
        let opened = opened.map_err(|_| Fault::Sealed)?;
        opened
            .open(|bytes| serde_json::from_slice(bytes))
            .map_err(|_| Fault::Internal("ceremony"))
    }
}
