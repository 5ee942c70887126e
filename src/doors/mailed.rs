//! Links that were mailed: they open nothing but what they are for, and begin no session.

use actors::{
    identity::{LinkToken, Password},
    role::OwnAccount,
};

use super::{Caller, Gate, Pass};
use crate::error::Problem;

/// Mails a link to set a new password, if the address has an account.
///
/// # Errors
/// `Invalid`, `TooMany`: alike for every address.
pub async fn forgot_password(gate: &Gate, email: &str, from: &Caller) -> Result<(), Problem> {
    Ok(gate.identity.forgot_password(email, &from.address).await?)
}

/// Sets a new password, and ends every session of the account.
///
/// # Errors
/// `LinkInvalid`, `WeakPassword`, `TooMany`.
pub async fn reset_password(gate: &Gate, token: &LinkToken, password: &Password, from: &Caller) -> Result<(), Problem> {
    Ok(gate.identity.reset_password(token, password, &from.address).await?)
}

impl Pass<OwnAccount> {
    /// Proves the address of who is signed in. The link alone is not enough: who follows one for an account that somebody else made on
    /// their address would make it that one's for good.
    ///
    /// # Errors
    /// `LinkInvalid`, `TooMany`.
    pub async fn verify_email(&self, token: &LinkToken, from: &Caller) -> Result<(), Problem> {
        self.still(None).await?;
        Ok(self.gate().identity.verify_email(self.account(), token, &from.address).await?)
    }
}

/// Agrees to a change of address, from one of its ends. Whether it was the second, and the address has changed.
///
/// # Errors
/// `LinkInvalid`, `EmailTaken`, `TooMany`.
pub async fn confirm_email_change(gate: &Gate, token: &LinkToken, from: &Caller) -> Result<bool, Problem> {
    Ok(gate.identity.confirm_email_change(token, &from.address).await?)
}
