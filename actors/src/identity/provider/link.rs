//! Linking accounts elsewhere to one here, and taking links away.

use entities::{
    AccountId, Millis, PlatformTx, StoreError, account_identity as rows, accounts,
    audit::{self, Act, Note, Target},
};
use serde_json::Value;

use super::{AppleNotice, DONE, Provider, Providers, apple::NoticeKind, arrival::Done};
use crate::{
    audit::By,
    fault::Fault,
    identity::passkeys::{Keep, kept},
    mail::Notice,
};

/// An account elsewhere that opens somebody's account here.
pub struct Linked {
    pub provider: Provider,
    pub email: String,
    pub at: Millis,
}

impl Providers {
    /// What opens an account besides its password.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn linked(&self, account: AccountId) -> Result<Vec<Linked>, Fault> {
        let found = self.platform.read(async |tx| Ok::<_, Fault>(rows::of_account(tx, account).await?));
        let known = |identity: rows::LinkedIdentity| {
            Some(Linked {
                provider: Provider::parse(&identity.provider)?,
                email: identity.email,
                at: identity.created_at,
            })
        };
        Ok(found.await?.into_iter().filter_map(known).collect())
    }

    /// Links what a ticket stands for to `account`: the one that asked for it, or the one with the address that the provider checked.
    ///
    /// # Errors
    /// `SignInExpired`; `IdentityTaken` when it opens another account, or another of this provider opens this one.
    pub async fn link(
        &self,
        ticket: &str,
        account: AccountId,
        browser: impl Fn(Provider) -> Option<String>,
        address: &str,
    ) -> Result<(), Fault> {
        let done = self.done(ticket, browser).await?;
        let email = self.platform.account(account).await?.ok_or(Fault::NotFound)?.email;
        let theirs = match done.link {
            Some(asked) => asked == account,
            None => done.checked_email() == Some(&email),
        };
        if !theirs {
            return Err(Fault::SignInExpired);
        }
        let done: Option<Done> = self.ceremonies.take(ticket, DONE).await?;
        let done = done.ok_or(Fault::SignInExpired)?;
        let (identity, provider) = (self.identity(&done, account)?, done.provider()?);
        let note = self.note(Act::ProviderLinked, &done.provider, Some(account), address);
        let linked = self.platform.write(async |tx| {
            accounts::lock(tx, account).await?.ok_or(Fault::NotFound)?;
            match rows::find(tx, &identity.provider, &identity.subject).await? {
                Some(known) if known.account == account => return Ok(()),
                Some(_) => return Err(Fault::IdentityTaken),
                None => {}
            }
            rows::link(tx, identity).await.map_err(|error| match error {
                StoreError::Conflict => Fault::IdentityTaken,
                error => error.into(),
            })?;
            let title = provider.title().to_owned();
            self.outbox.notify(tx, &email, Notice::ProviderLinked(title)).await?;
            Ok(audit::append_for_account(tx, account, &note).await?)
        });
        linked.await?;
        self.outbox.ring();
        Ok(())
    }

    /// Takes a link away, and ends its grant at the provider and every session of the account but `keep`.
    ///
    /// # Errors
    /// `NotFound` when there is none; `LastWayIn` when nothing else opens the account.
    pub async fn unlink(&self, by: &By, provider: Provider, keep: Keep) -> Result<(), Fault> {
        let account = by.account;
        let note = self.note(Act::ProviderUnlinked, provider.name(), Some(account), &by.address);
        let unlinked = self.platform.write_ending_sessions(account, kept(keep, None), async |tx| {
            let held = accounts::lock(tx, account).await?.ok_or(Fault::NotFound)?;
            let linked = rows::of_account(tx, account).await?;
            let gone = linked.into_iter().find(|identity| identity.provider == provider.name());
            self.take_away(tx, gone.ok_or(Fault::NotFound)?).await?;
            self.ways.keep_one(tx, account).await?;
            let title = provider.title().to_owned();
            self.outbox.notify(tx, &held.email, Notice::ProviderUnlinked(title)).await?;
            Ok::<_, Fault>(audit::append_for_account(tx, account, &note).await?)
        });
        unlinked.await?;
        self.work.notify_one();
        self.outbox.ring();
        Ok(())
    }

    fn note(&self, act: Act, provider: &str, actor: Option<AccountId>, address: &str) -> Note {
        Note {
            at: self.clock.now(),
            actor,
            address: address.to_owned(),
            act,
            target: Target::of("identity", provider, provider),
            done: true,
            details: Value::Null,
        }
    }

    async fn take_away(&self, tx: &PlatformTx, gone: rows::LinkedIdentity) -> Result<(), Fault> {
        rows::unlink(tx, &gone.provider, &gone.subject).await?;
        if let Some(sealed) = gone.sealed {
            rows::revocation::enqueue(tx, &gone.provider, gone.account.uuid(), sealed, self.clock.now()).await?;
        }
        Ok(())
    }

    /// Verifies a notice of Apple's servers.
    ///
    /// # Errors
    /// `NotFound` when Apple is not set up; `SignatureInvalid`; `ProviderUnavailable`.
    pub async fn apple_notice(&self, payload: &str) -> Result<AppleNotice, Fault> {
        self.client(Provider::Apple)?.notice(payload).await
    }

    /// Acts on a notice: who withdrew their consent is signed out everywhere and not let in by it again. A notice that comes twice, or
    /// after the person linked anew, changes nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn heed(&self, notice: AppleNotice) -> Result<(), Fault> {
        if notice.kind != NoticeKind::Ended {
            return Ok(());
        }
        let mut note = self.note(Act::ProviderUnlinked, Provider::Apple.name(), None, "");
        let heeded = self.platform.write(async |tx| {
            let found = rows::find(tx, Provider::Apple.name(), &notice.subject).await?;
            // The account first, as whoever signs in or unlinks takes it, and then the link again.
            if let Some(identity) = &found {
                accounts::lock(tx, identity.account).await?;
            }
            let found = rows::find(tx, Provider::Apple.name(), &notice.subject).await?;
            let Some(identity) = found.filter(|identity| identity.created_at / 1000 <= notice.at / 1000) else {
                return Ok(());
            };
            // Its times are whole seconds. The grant is over already: there is nothing to revoke.
            rows::unlink(tx, &identity.provider, &identity.subject).await?;
            accounts::end_sessions(tx, identity.account).await?;
            if let Some(account) = accounts::lock(tx, identity.account).await? {
                let title = Provider::Apple.title().to_owned();
                self.outbox.notify(tx, &account.email, Notice::ProviderUnlinked(title)).await?;
                note.target = Target::of("identity", Provider::Apple.name(), account.email);
            }
            Ok::<_, Fault>(audit::append_for_account(tx, identity.account, &note).await?)
        });
        heeded.await?;
        self.outbox.ring();
        Ok(())
    }
}
