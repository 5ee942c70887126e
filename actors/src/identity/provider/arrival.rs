//! What comes of somebody who proved an account at a provider.

use entities::{AccountId, Millis, account_identity as rows, accounts};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{DONE, Provider, Providers, oidc::Person};
use crate::{
    fault::Fault,
    identity::{Email, Proven},
    token::hash,
    vault::Place,
};

/// What is remembered between the return and the finish.
#[derive(Serialize, Deserialize)]
pub(super) struct Done {
    pub provider: String,
    pub subject: String,
    pub email: Option<String>,
    pub verified: bool,
    pub hosted: bool,
    pub refresh_token: Option<String>,
    /// When they last proved themselves there, if it was said.
    #[serde(default)]
    pub auth_time: Option<Millis>,
    pub browser: [u8; 32],
    pub link: Option<AccountId>,
}

impl Done {
    pub(super) fn new(provider: Provider, person: Person, browser: [u8; 32], link: Option<AccountId>) -> Self {
        Self {
            provider: provider.name().to_owned(),
            email: person
                .email
                .and_then(|email| Email::parse(&email).ok())
                .map(|email| email.as_str().to_owned()),
            subject: person.subject,
            verified: person.email_verified,
            hosted: person.email_hosted,
            refresh_token: person.refresh_token.map(|token| token.to_string()),
            auth_time: person.auth_time,
            browser,
            link,
        }
    }

    pub(super) fn provider(&self) -> Result<Provider, Fault> {
        Provider::parse(&self.provider).ok_or(Fault::Internal("provider"))
    }

    /// The address, if the provider checked it.
    pub(super) fn checked_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.verified)
    }
}

/// Who stands at the door, and what is missing.
pub enum Arrival {
    /// Has an account that this opens.
    Known(Proven),
    /// Has none, and the address is free. They proved themselves `at`.
    Newcomer { provider: Provider, email: String, at: Millis },
    /// The address has an account, which this does not open until its owner says so.
    Unlinked { provider: Provider, email: String },
}

/// Someone new whose ticket was used up. Only [`Providers::take_newcomer`] makes one.
pub struct Arrived {
    pub(crate) email: String,
    /// The provider runs the mailbox.
    pub(crate) verified: bool,
    pub(crate) account: AccountId,
    pub(crate) identity: rows::LinkedIdentity,
}

impl Arrived {
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.account
    }

    #[must_use]
    pub fn into_new_account(self, now: Millis) -> entities::NewAccount {
        entities::NewAccount {
            account: self.account,
            email: self.email,
            // No password opens it; a forgotten one can be set by mail.
            password_hash: String::new(),
            password_long: false,
            verified_at: self.verified.then_some(now),
            identity: Some(self.identity),
        }
    }
}

fn grant_place() -> Place {
    Place("account_identity", "sealed", Uuid::nil())
}

impl Providers {
    pub(super) fn seal_grant(&self, owner: AccountId, token: Option<&str>) -> Result<Option<Vec<u8>>, Fault> {
        let sealed = token.map(|token| self.keeper.seal_personal(owner.uuid(), grant_place(), token.as_bytes()));
        sealed.transpose().map_err(|_| Fault::Sealed)
    }

    pub(super) fn open_grant(&self, owner: Uuid, sealed: &[u8]) -> Result<zeroize::Zeroizing<String>, Fault> {
        let opened = self.keeper.open_personal(owner, grant_place(), sealed).map_err(|_| Fault::Sealed)?;
        let text = opened.open(|bytes| String::from_utf8(bytes.to_vec()));
        text.map(zeroize::Zeroizing::new).map_err(|_| Fault::Sealed)
    }

    /// What a ticket stands for, in the browser that it is for. Leaves it there.
    pub(super) async fn done(&self, ticket: &str, browser: impl Fn(Provider) -> Option<String>) -> Result<Done, Fault> {
        let done: Option<Done> = self.ceremonies.look(ticket, DONE).await?;
        let done = done.ok_or(Fault::SignInExpired)?;
        let same = browser(done.provider()?).is_some_and(|browser| hash(&browser) == done.browser);
        if same { Ok(done) } else { Err(Fault::SignInExpired) }
    }

    pub(super) fn identity(&self, done: &Done, account: AccountId) -> Result<rows::LinkedIdentity, Fault> {
        Ok(rows::LinkedIdentity {
            provider: done.provider.clone(),
            subject: done.subject.clone(),
            account,
            email: done.email.clone().unwrap_or_default(),
            sealed: self.seal_grant(account, done.refresh_token.as_deref())?,
            created_at: self.clock.now(),
        })
    }

    /// Finishes a sign-in, or says what is missing. The ticket is used up only by who is known.
    ///
    /// # Errors
    /// `SignInExpired`; `EmailUnverified` for someone new whose address the provider did not check.
    pub async fn arrive(&self, ticket: &str, browser: impl Fn(Provider) -> Option<String>) -> Result<Arrival, Fault> {
        let done = self.done(ticket, browser).await?;
        if done.link.is_some() {
            // A link lets nobody in.
            return Err(Fault::SignInExpired);
        }
        let provider = done.provider()?;
        let known = self
            .platform
            .read(async |tx| Ok::<_, Fault>(rows::find(tx, &done.provider, &done.subject).await?));
        if let Some(known) = known.await? {
            return self.known(ticket, known).await.map(Arrival::Known);
        }
        let email = done.checked_email().ok_or(Fault::EmailUnverified)?.to_owned();
        Ok(match self.platform.account_by_email(&email).await? {
            Some(_) => Arrival::Unlinked { provider, email },
            None => Arrival::Newcomer {
                provider,
                email,
                at: self.proved_at(done.auth_time),
            },
        })
    }

    async fn known(&self, ticket: &str, known: rows::LinkedIdentity) -> Result<Proven, Fault> {
        let done: Option<Done> = self.ceremonies.take(ticket, DONE).await?;
        let done = done.ok_or(Fault::SignInExpired)?;
        let at = self.proved_at(done.auth_time);
        let sealed = self.seal_grant(known.account, done.refresh_token.as_deref())?;
        let email = done.email.unwrap_or(known.email);
        let account = self.platform.write(async |tx| {
            // Read together: a link that is taken away meanwhile opens nothing.
            let account = accounts::lock(tx, known.account).await?.ok_or(Fault::SignInExpired)?;
            let still = rows::find(tx, &done.provider, &done.subject).await?;
            if still.is_none_or(|still| still.account != known.account) {
                return Err(Fault::SignInExpired);
            }
            rows::renew(tx, &done.provider, &done.subject, &email, sealed).await?;
            Ok(account)
        });
        let account = account.await?;
        Ok(Proven {
            account: account.id,
            email: account.email,
            epoch: account.epoch,
            at,
        })
    }

    /// When a provider does not say it, coming back from there is all that is known: then it is now.
    fn proved_at(&self, auth_time: Option<Millis>) -> Millis {
        let now = self.clock.now();
        auth_time.map_or(now, |at| at.min(now))
    }

    /// Uses a newcomer's ticket up.
    ///
    /// # Errors
    /// `SignInExpired` when that was done already.
    pub async fn take_newcomer(&self, ticket: &str) -> Result<Arrived, Fault> {
        let done: Option<Done> = self.ceremonies.take(ticket, DONE).await?;
        let done = done.ok_or(Fault::SignInExpired)?;
        let email = done.checked_email().ok_or(Fault::EmailUnverified)?.to_owned();
        let account = AccountId::new();
        Ok(Arrived {
            email,
            verified: done.hosted,
            account,
            identity: self.identity(&done, account)?,
        })
    }
}
