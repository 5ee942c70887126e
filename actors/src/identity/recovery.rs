//! Passwords anew: by a mailed link, or with the current one.

use entities::{
    AccountId, StoreError,
    account::Account,
    account_identity,
    account_token::{self, Purpose},
    accounts,
    audit::{self, Act},
    second_factor,
};

use super::{Email, Identity, LinkToken, Password, password::Demands};
use crate::{
    audit::own,
    fault::Fault,
    limits::Rule,
    mail::{Message, Notice},
    throttle::Who,
};

/// What lets somebody in who has no session, or into another account.
const WAYS_BACK: [Purpose; 5] = [
    Purpose::Reset,
    Purpose::LeaveEmail,
    Purpose::TakeEmail,
    Purpose::LeftEmail,
    Purpose::TookEmail,
];

impl Identity {
    /// Mails a link by which a new password can be set, if the address has an account. Whether it has is not looked up here, and so
    /// neither told nor to be timed.
    ///
    /// # Errors
    /// `Invalid`, `TooMany`; alike for every address.
    pub async fn forgot_password(&self, email: &str, address: &str) -> Result<(), Fault> {
        self.limits.check(Rule::MAIL_ASKED, address).await?;
        let email = Email::parse(email)?;
        self.limits.check(Rule::MAIL_TO, email.as_str()).await?;
        let (email, address) = (email.0, address.to_owned());
        self.outbox.post(&Message::ResetAsked { email, address }).await
    }

    /// Sets a new password by a mailed link, and ends every session and every other link. Signs nobody in.
    ///
    /// # Errors
    /// `LinkInvalid`, `WeakPassword`, `TooMany`.
    pub async fn reset_password(&self, token: &LinkToken, password: &Password, address: &str) -> Result<(), Fault> {
        self.limits.check(Rule::LINK_FOLLOWED, address).await?;
        let link = self.link(token, &[Purpose::Reset]).await?;
        let account = link.account.ok_or(Fault::LinkInvalid)?;
        let found = self.platform.account(account).await?.ok_or(Fault::LinkInvalid)?;
        // Of an account whose address was never proved the passkeys go with the reset.
        let alone = found.second_factor_at.is_none() || found.verified_at.is_none();
        let demands = self.demands(&found, alone).await?;
        let hash = self.hasher.hash_new(address, password, demands).await?;
        let now = self.clock.now();
        let reset = self.platform.write(async |tx| {
            let found = accounts::lock(tx, account).await?.filter(|found| found.email == link.email);
            let found = found.ok_or(Fault::LinkInvalid)?;
            if !account_token::redeem(tx, &link.hash, now).await? {
                return Err(Fault::LinkInvalid);
            }
            accounts::set_password(tx, account, found.epoch, &hash, password.is_long()).await?;
            accounts::end_sessions(tx, account).await?;
            if found.verified_at.is_none() {
                // Whoever made the account never showed that the address is theirs: nothing that they laid down opens it by itself any
                // more. An authenticator app opens nothing by itself, and a reset goes around none.
                second_factor::remove_passkeys(tx, account, now).await?;
                account_identity::unlink_all(tx, account, now).await?;
            }
            // Who reads the mail of the address has it.
            accounts::verify(tx, account, now).await?;
            account_token::end_all(tx, account).await?;
            self.outbox.notify(tx, &found.email, Notice::PasswordReset).await?;
            let note = |act| own(account, &found.email, address, act, now);
            audit::append_for_account(tx, account, &note(Act::PasswordReset)).await?;
            if found.verified_at.is_none() {
                audit::append_for_account(tx, account, &note(Act::EmailVerified)).await?;
            }
            Ok(())
        });
        reset.await?;
        self.outbox.ring();
        self.throttle.succeeded(&Who::new(&link.email, address)).await?;
        Ok(())
    }

    /// Sets another password and ends every session. The caller's goes on, begun anew with the epoch that is returned.
    ///
    /// # Errors
    /// `WrongCredentials` when `current` is not theirs; `WeakPassword`, `TooMany`.
    pub async fn change_password(&self, account: AccountId, current: &Password, new: &Password, address: &str) -> Result<i64, Fault> {
        let proven = self.prove(account, current, address).await?;
        let found = self.platform.account(account).await?.ok_or(Fault::NotFound)?;
        let demands = self.demands(&found, found.second_factor_at.is_none()).await?;
        let hash = self.hasher.hash_new(address, new, demands).await?;
        let now = self.clock.now();
        let changed = self.platform.write(async |tx| {
            if !accounts::set_password(tx, account, proven.epoch, &hash, new.is_long()).await? {
                return Err(Fault::WrongCredentials);
            }
            let epoch = accounts::end_sessions(tx, account).await?;
            account_token::end(tx, account, &WAYS_BACK).await?;
            self.outbox.notify(tx, &found.email, Notice::PasswordChanged).await?;
            let note = own(account, &found.email, address, Act::PasswordChanged, now);
            audit::append_for_account(tx, account, &note).await?;
            Ok(epoch)
        });
        let epoch = changed.await?;
        self.outbox.ring();
        Ok(epoch)
    }

    /// Gives an account that only other ways open a password of its own, and ends every session. The caller's, which is of `epoch`, goes on,
    /// begun anew with the one that is returned.
    ///
    /// # Errors
    /// `HasPassword`, `WeakPassword`; `SessionOver` when the sessions of `epoch` are.
    pub async fn set_first_password(&self, account: AccountId, epoch: i64, new: &Password, address: &str) -> Result<i64, Fault> {
        let found = self.platform.account(account).await?.ok_or(Fault::NotFound)?;
        if !found.password_hash.is_empty() {
            return Err(Fault::HasPassword);
        }
        let demands = self.demands(&found, found.second_factor_at.is_none()).await?;
        let hash = self.hasher.hash_new(address, new, demands).await?;
        let now = self.clock.now();
        let set = self.platform.write(async |tx| {
            let held = accounts::lock(tx, account).await?.ok_or(Fault::NotFound)?;
            if !held.password_hash.is_empty() {
                return Err(Fault::HasPassword);
            }
            if !accounts::set_password(tx, account, epoch, &hash, new.is_long()).await? {
                return Err(StoreError::SessionOver.into());
            }
            let epoch = accounts::end_sessions(tx, account).await?;
            account_token::end(tx, account, &WAYS_BACK).await?;
            self.outbox.notify(tx, &held.email, Notice::PasswordSet).await?;
            let note = own(account, &held.email, address, Act::PasswordSet, now);
            audit::append_for_account(tx, account, &note).await?;
            Ok(epoch)
        });
        let epoch = set.await?;
        self.outbox.ring();
        Ok(epoch)
    }

    /// What is asked of a new password of `account`, which is `alone` without a second factor beside it.
    pub(super) async fn demands(&self, account: &Account, alone: bool) -> Result<Demands, Fault> {
        let asked = self.platform.read(async |tx| accounts::demands(tx, account.id).await).await?;
        let length = if alone { asked.length } else { 0 };
        Ok(Demands::new(length, &Email(account.email.clone()), asked.names))
    }
}
