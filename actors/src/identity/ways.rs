//! What opens an account by itself, and works.

use entities::{AccountId, PlatformTx, account_identity, accounts, second_factor::passkey};

use super::provider::Provider;
use crate::fault::Fault;

/// Which ways in this server has besides passwords: an account may be linked to a provider that is not set up any more.
#[derive(Clone)]
pub(crate) struct Ways {
    pub providers: Vec<Provider>,
    pub passkeys: bool,
}

impl Ways {
    /// Holds the account, for what takes a way in away.
    ///
    /// # Errors
    /// `LastWayIn` when nothing that is left in the transaction opens it.
    pub(crate) async fn keep_one(&self, tx: &PlatformTx, account: AccountId) -> Result<(), Fault> {
        let held = accounts::lock(tx, account).await?.ok_or(Fault::NotFound)?;
        if !held.password_hash.is_empty() || (self.passkeys && passkey::count(tx, account).await? > 0) {
            return Ok(());
        }
        let linked = account_identity::of_account(tx, account).await?;
        match linked.iter().any(|linked| self.leads_to(&linked.provider)) {
            true => Ok(()),
            false => Err(Fault::LastWayIn),
        }
    }

    fn leads_to(&self, provider: &str) -> bool {
        self.providers.iter().any(|one| one.name() == provider)
    }
}
