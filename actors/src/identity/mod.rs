//! Who people are: sign-up and sign-in. Passwords exist here only, and only until they are hashed.

mod address;
pub mod backup_codes;
mod breached;
mod desk;
mod email;
mod enrol;
mod hasher;
pub(crate) mod links;
pub mod passkeys;
mod password;
pub mod provider;
mod recovery;
pub mod second_factor;
pub mod totp;
mod ways;

use std::sync::Arc;

use entities::{
    AccountId, Millis, PlatformDb, PlatformTx, TenantId,
    account::Account,
    audit::{self, Act, Note, Target},
};
use serde_json::json;

use self::hasher::Match;
use self::passkeys::{Keep, kept};
pub(crate) use self::ways::Ways;
pub use self::{
    desk::Desk,
    email::Email,
    enrol::{SignUp, SignedUp},
    hasher::Hasher,
    links::LinkToken,
    password::{Password, SHORTEST},
};
use crate::{
    audit::By,
    clock::Clock,
    fault::Fault,
    limits::{Limits, Rule},
    mail::{Kind, Message, Notice, Outbox},
    throttle::{Throttle, Who},
    vault::Keeper,
};

/// The directory of people.
pub struct Identity {
    pub(crate) platform: PlatformDb,
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) hasher: Hasher,
    pub(crate) passkeys: passkeys::Passkeys,
    pub(crate) ways: Ways,
    pub(crate) code_life: totp::CodeLife,
    pub(crate) limits: Arc<Limits>,
    pub(crate) throttle: Arc<Throttle>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) clock: Clock,
}

/// What people see of their own account.
pub struct Person {
    pub email: String,
    /// Whether they proved that the address is theirs.
    pub is_verified: bool,
    pub has_password: bool,
    pub is_operator: bool,
}

/// Someone who proved who they are.
pub struct Proven {
    pub account: AccountId,
    pub email: String,
    /// Of the account, read together with what the proof was compared with.
    pub epoch: i64,
    /// When they proved it: here, or to the provider that says so.
    pub at: Millis,
}

/// Someone who proved who they are, and the workspace that opens for them.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn {
    pub account: AccountId,
    pub tenant: TenantId,
    /// Of the account when they proved who they are: a session that begins with it ends when it passes.
    pub epoch: i64,
}

/// Wrong passwords before the right one of which an account's owner is told.
const SUSPICIOUS: u32 = 5;

impl Identity {
    /// Proves who somebody is. Which workspace opens is decided after that.
    ///
    /// # Errors
    /// `WrongCredentials` for an unknown address as for a wrong password; `TooMany`, alike for both, with each try a little longer.
    pub async fn sign_in(&self, email: &str, password: &Password, address: &str) -> Result<Proven, Fault> {
        self.check(email, password, address, Act::SignInFailed).await
    }

    /// As [`Identity::sign_in`]; `failed` is noted of a wrong password.
    async fn check(&self, email: &str, password: &Password, address: &str, failed: Act) -> Result<Proven, Fault> {
        let Ok(email) = Email::parse(email) else {
            return Err(Fault::WrongCredentials);
        };
        self.limits.check(Rule::SIGN_IN_ADDRESS, address).await?;
        let who = Who::new(email.as_str(), address);
        self.throttle.attempt(&who).await?;
        if !self.throttle.is_known(&who).await? {
            self.limits.check(Rule::SIGN_IN_ACCOUNT, email.as_str()).await?;
        }
        let account = self.platform.account_by_email(email.as_str()).await?;
        let matches = self
            .hasher
            .verify(address, password, account.as_ref().map(|account| account.password_hash.as_str()))
            .await?;
        if let (Match::No, Some(account)) = (&matches, &account) {
            self.note_failure(account.id, failed, address);
        }
        let account = account.filter(|_| matches != Match::No).ok_or(Fault::WrongCredentials)?;
        let failed = self.throttle.succeeded(&who).await?.saturating_sub(1);
        if failed >= SUSPICIOUS {
            self.tell_of_failures(&account, failed).await;
        }
        let long = password.is_long();
        if matches == Match::AsTyped || self.hasher.is_outdated(&account.password_hash) {
            let hash = self.hasher.hash(address, password).await?;
            self.platform.rehash(account.id, &account.password_hash, &hash, long).await?;
        } else if account.password_long != long {
            let hash = &account.password_hash;
            self.platform.rehash(account.id, hash, hash, long).await?;
        }
        Ok(Proven {
            account: account.id,
            email: account.email,
            epoch: account.epoch,
            at: self.clock.now(),
        })
    }

    /// Mails whose account it is. They get in without: a mail that cannot be written must not keep them out.
    async fn tell_of_failures(&self, account: &Account, failed: u32) {
        let letter = Message::Letter {
            to: account.email.clone(),
            kind: Kind::Notice(Notice::SignedInAfterFailures(failed)),
        };
        if let Err(fault) = self.outbox.post(&letter).await {
            tracing::warn!(%fault, "the mail about many wrong passwords could not be written");
        }
    }

    /// Notes that a wrong password was given, beside the answer: whether there is an account must not be told by how long it takes. Only so many an
    /// hour, so that a flood of guesses does not fill the log.
    fn note_failure(&self, account: AccountId, act: Act, address: &str) {
        let (platform, limits) = (self.platform.clone(), self.limits.clone());
        let note = Note {
            at: self.clock.now(),
            // Nobody yet, of one who is not signed in.
            actor: (act == Act::ProofFailed).then_some(account),
            address: address.to_owned(),
            act,
            target: Target::of("account", account, ""),
            done: false,
            details: serde_json::Value::Null,
        };
        tokio::spawn(async move {
            // Apart: strangers who guess do not hide who guesses with a session of the account.
            let key = format!("{account} {}", act.as_str());
            if limits.check(Rule::FAILURE_NOTE, &key).await.is_err() {
                return;
            }
            let noted = platform.write(async |tx| audit::append_for_account(tx, account, &note).await).await;
            if let Err(error) = noted {
                tracing::warn!(%error, "a failed sign-in is not in the audit log");
            }
        });
    }

    /// Proves anew that whoever has a session of `account` is its owner.
    ///
    /// # Errors
    /// `WrongCredentials`; `TooMany`.
    pub async fn prove(&self, account: AccountId, password: &Password, address: &str) -> Result<Proven, Fault> {
        let found = self.platform.account(account).await?.ok_or(Fault::NotFound)?;
        self.check(&found.email, password, address, Act::ProofFailed).await
    }

    /// Ends every session of `account` on every node, but for the one that is to stay.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_sessions(&self, by: &By, keep: Keep) -> Result<(), Fault> {
        let note = by.did_with(Act::SessionRevoked, Target::default(), self.now(), json!({ "all_others": true }));
        let noted = async |tx: &PlatformTx| audit::append_for_account(tx, by.account, &note).await;
        Ok(self.platform.write_ending_sessions(by.account, kept(keep, None), noted).await?)
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// The workspaces of an account: the last used first, those never used by age.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn workspaces_of(&self, account: AccountId) -> Result<Vec<TenantId>, Fault> {
        Ok(self.platform.tenants_of(account).await?)
    }

    /// The workspace that a sign-in opens.
    ///
    /// # Errors
    /// `NoWorkspace` when the account belongs to none.
    pub async fn usual_workspace(&self, account: AccountId, epoch: i64) -> Result<SignedIn, Fault> {
        let tenant = *self.workspaces_of(account).await?.first().ok_or(Fault::NoWorkspace)?;
        Ok(SignedIn { account, tenant, epoch })
    }

    /// Notes which workspace somebody opened, for their next sign-in.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn opened(&self, who: SignedIn) -> Result<(), Fault> {
        Ok(self.platform.opened(who.account, who.tenant, self.clock.now()).await?)
    }

    /// Whether an address has an account. For those who were invited there, and nobody else.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_account(&self, email: &str) -> Result<bool, Fault> {
        Ok(self.platform.account_by_email(email).await?.is_some())
    }

    /// The address of an account.
    ///
    /// # Errors
    /// `NotFound` for one that is gone.
    pub async fn email_of(&self, account: AccountId) -> Result<String, Fault> {
        Ok(self.person(account).await?.email)
    }

    /// What an account says of itself.
    ///
    /// # Errors
    /// `NotFound` for one that is gone.
    pub async fn person(&self, account: AccountId) -> Result<Person, Fault> {
        let found = self.platform.account(account).await?.ok_or(Fault::NotFound)?;
        Ok(Person {
            email: found.email,
            is_verified: found.verified_at.is_some(),
            has_password: !found.password_hash.is_empty(),
            is_operator: found.is_operator,
        })
    }
}
