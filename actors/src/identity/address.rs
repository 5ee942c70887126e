//! The address of an account: proving it, and changing it for another.

use entities::{
    AccountId,
    account_token::{self, Purpose},
    accounts,
    audit::{self, Act, Note},
};
use serde_json::json;

use super::{Email, Identity, LinkToken};
use crate::{
    audit::own,
    fault::{Fault, Invalid},
    limits::Rule,
    mail::{Message, Notice},
};

impl Identity {
    /// Mails a link that proves the account's address, unless it is proved.
    ///
    /// # Errors
    /// `TooMany`.
    pub async fn ask_verification(&self, account: AccountId) -> Result<(), Fault> {
        let email = self.email_of(account).await?;
        self.limits.check(Rule::MAIL_TO, &email).await?;
        self.outbox.post(&Message::VerificationAsked { account }).await
    }

    /// As [`Identity::ask_verification`], for an account that is there since a moment ago. It can ask again.
    pub async fn welcome(&self, account: AccountId) {
        if let Err(fault) = self.outbox.post(&Message::VerificationAsked { account }).await {
            tracing::warn!(%fault, "a new account gets no mail");
        }
    }

    /// The link was followed by who is signed in as `account`: the address is theirs.
    ///
    /// # Errors
    /// `LinkInvalid`, `TooMany`.
    pub async fn verify_email(&self, account: AccountId, token: &LinkToken, address: &str) -> Result<(), Fault> {
        self.limits.check(Rule::LINK_FOLLOWED, address).await?;
        let link = self.link(token, &[Purpose::Verify]).await?;
        if link.account != Some(account) {
            return Err(Fault::LinkInvalid);
        }
        let now = self.clock.now();
        let verified = self.platform.write(async |tx| {
            let found = accounts::lock(tx, account).await?;
            found.filter(|found| found.email == link.email).ok_or(Fault::LinkInvalid)?;
            if !account_token::redeem(tx, &link.hash, now).await? {
                return Err(Fault::LinkInvalid);
            }
            accounts::verify(tx, account, now).await?;
            let note = own(account, &link.email, address, Act::EmailVerified, now);
            Ok(audit::append_for_account(tx, account, &note).await?)
        });
        verified.await
    }

    /// Mails links to the account's address and to the one that it is to have. Whether that one can be had is told to nobody.
    ///
    /// # Errors
    /// `Invalid`, `TooMany`.
    pub async fn ask_email_change(&self, account: AccountId, email: &str, address: &str) -> Result<(), Fault> {
        self.limits.check(Rule::MAIL_ASKED, address).await?;
        let email = Email::parse(email)?;
        let present = self.email_of(account).await?;
        if present == email.0 {
            return Err(Fault::invalid(Invalid::Email, "email", "This is your address already."));
        }
        self.limits.check(Rule::MAIL_TO, &account.to_string()).await?;
        self.limits.check(Rule::MAIL_TO, email.as_str()).await?;
        // Not to which: it may be somebody else's, and entries stay.
        let note = own(account, &present, address, Act::EmailChangeRequested, self.clock.now());
        let asked = Message::EmailChangeAsked { account, email: email.0 };
        let posted = self.platform.write(async |tx| {
            self.outbox.enqueue(tx, &asked).await?;
            Ok::<_, Fault>(audit::append_for_account(tx, account, &note).await?)
        });
        posted.await?;
        self.outbox.ring();
        Ok(())
    }

    /// One of the two links was followed. Whether it was the second, and the address has changed.
    ///
    /// # Errors
    /// `LinkInvalid`, `TooMany`; `EmailTaken` when the address got an account meanwhile.
    pub async fn confirm_email_change(&self, token: &LinkToken, address: &str) -> Result<bool, Fault> {
        self.limits.check(Rule::LINK_FOLLOWED, address).await?;
        let link = self.link(token, &[Purpose::LeaveEmail, Purpose::TakeEmail]).await?;
        let account = link.account.ok_or(Fault::LinkInvalid)?;
        let (followed, counterpart) = match link.purpose {
            Purpose::LeaveEmail => (Purpose::LeftEmail, Purpose::TookEmail),
            _ => (Purpose::TookEmail, Purpose::LeftEmail),
        };
        let now = self.clock.now();
        let changed = self.platform.write(async |tx| {
            // Both followed at once are one after the other.
            let found = accounts::lock(tx, account).await?.ok_or(Fault::LinkInvalid)?;
            if !account_token::follow(tx, &link.hash, link.purpose, followed).await? {
                return Err(Fault::LinkInvalid);
            }
            if !account_token::has(tx, account, counterpart, &link.email, now).await? {
                return Ok(false);
            }
            if accounts::by_email(tx, &link.email).await?.is_some() {
                return Err(Fault::EmailTaken);
            }
            accounts::set_email(tx, account, &link.email, now).await?;
            account_token::end_all(tx, account).await?;
            let notice = Notice::EmailChanged(link.email.clone());
            self.outbox.notify(tx, &found.email, notice).await?;
            let note = Note {
                details: json!({ "from": found.email }),
                ..own(account, &link.email, address, Act::EmailChanged, now)
            };
            audit::append_for_account(tx, account, &note).await?;
            Ok(true)
        });
        let changed = changed.await?;
        self.outbox.ring();
        Ok(changed)
    }
}
