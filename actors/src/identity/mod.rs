//! Who people are: sign-up and sign-in. Passwords exist here only, and only until they are hashed.

pub mod backup_codes;
mod email;
mod hasher;
pub mod passkeys;
mod password;
pub mod second_factor;
pub mod totp;

use std::sync::Arc;

use entities::{AccountId, Millis, NewAccount, NewTenant, PlatformDb, StoreError, TenantId};

pub use self::{email::Email, hasher::Hasher, password::Password};
use crate::{
    clock::Clock,
    fault::{Fault, Limit},
    limits::{Limits, Rule},
    sessions::SessionHash,
    text::parse_name,
    vault::{Keeper, admin::abandon, first_tenant_key},
};

/// The directory of people.
pub struct Identity {
    pub(crate) platform: PlatformDb,
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) hasher: Hasher,
    pub(crate) passkeys: passkeys::Passkeys,
    pub(crate) limits: Arc<Limits>,
    pub(crate) clock: Clock,
}

/// Someone who proved who they are.
pub struct Proven {
    pub account: AccountId,
    pub email: String,
    /// Of the account, read together with what the proof was compared with.
    pub epoch: i64,
}

/// More than anyone works in; bounds what listing them costs.
const MOST_WORKSPACES: usize = 50;

/// Someone who proved who they are, and the workspace that opens for them.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn {
    pub account: AccountId,
    pub tenant: TenantId,
    /// Of the account when they proved who they are: a session that begins with it ends when it passes.
    pub epoch: i64,
}

impl Identity {
    /// Creates an account and its workspace, with the person as Owner.
    ///
    /// # Errors
    /// `Invalid`, `EmailTaken`, `TooMany`.
    pub async fn sign_up(&self, email: &str, password: &Password, workspace: &str, address: &str) -> Result<SignedIn, Fault> {
        self.limits.check(Rule::SIGN_UP, address).await?;
        let email = Email::parse(email)?;
        let name = parse_name(workspace, "workspace")?;
        password.check_strength(&email)?;
        let new = self.new_account(email, password, address).await?;
        let account = new.account;
        self.found(account, Some(new), 0, name, address).await
    }

    /// An account for an invited address, not stored yet.
    ///
    /// # Errors
    /// `WeakPassword`, `TooMany`.
    pub async fn prepare_account(&self, email: &str, password: &Password, address: &str) -> Result<NewAccount, Fault> {
        self.limits.check(Rule::SIGN_UP, address).await?;
        let email = Email::parse(email)?;
        password.check_strength(&email)?;
        self.new_account(email, password, address).await
    }

    async fn new_account(&self, email: Email, password: &Password, address: &str) -> Result<NewAccount, Fault> {
        Ok(NewAccount {
            account: AccountId::new(),
            email: email.0,
            password_hash: self.hasher.hash(address, password).await?,
        })
    }

    /// Creates another workspace for `account`, which becomes its Owner.
    ///
    /// # Errors
    /// `Invalid`, `TooMany`, `TooManyWorkspaces`.
    pub async fn found_workspace(&self, account: AccountId, epoch: i64, name: &str, address: &str) -> Result<SignedIn, Fault> {
        let name = parse_name(name, "workspace")?;
        self.limits.check(Rule::FOUND_WORKSPACE, &account.to_string()).await?;
        if self.platform.tenants_of(account).await?.len() >= MOST_WORKSPACES {
            return Err(Fault::Limit {
                code: Limit::TooManyWorkspaces,
                reason: format!("An account belongs to at most {MOST_WORKSPACES} workspaces."),
            });
        }
        self.found(account, None, epoch, name, address).await
    }

    async fn store_tenant(
        &self,
        tenant: TenantId,
        owner: AccountId,
        account: Option<NewAccount>,
        name: String,
        address: &str,
    ) -> Result<Result<(), StoreError>, Fault> {
        let key = first_tenant_key(&self.keeper, tenant).await?;
        let share = key.share.id;
        let new = NewTenant {
            owner,
            tenant,
            name,
            key,
            address: address.to_owned(),
        };
        let founded = self.platform.found_tenant(account, new, self.clock.now()).await;
        if let Err(error) = &founded {
            abandon(&self.keeper.ring, share, error).await;
        }
        Ok(founded)
    }

    async fn found(&self, account: AccountId, new: Option<NewAccount>, epoch: i64, name: String, address: &str) -> Result<SignedIn, Fault> {
        let tenant = TenantId::new();
        let mut founded = self.store_tenant(tenant, account, new.clone(), name.clone(), address).await?;
        if matches!(founded, Err(StoreError::KeyRetired)) {
            // The master key was rotated since this process last looked.
            self.keeper.refresh().await?;
            founded = self.store_tenant(tenant, account, new, name, address).await?;
        }
        match founded {
            Ok(()) => Ok(SignedIn { account, tenant, epoch }),
            Err(StoreError::Conflict) => Err(Fault::EmailTaken),
            Err(error) => Err(error.into()),
        }
    }

    /// Proves who somebody is. Which workspace opens is decided after that.
    ///
    /// # Errors
    /// `WrongCredentials` for an unknown address as for a wrong password; `TooMany` by address and by account.
    pub async fn sign_in(&self, email: &str, password: &Password, address: &str) -> Result<Proven, Fault> {
        let Ok(email) = Email::parse(email) else {
            return Err(Fault::WrongCredentials);
        };
        self.limits.check(Rule::SIGN_IN_ADDRESS, address).await?;
        self.limits.check(Rule::SIGN_IN_ACCOUNT, email.as_str()).await?;
        let account = self.platform.account_by_email(email.as_str()).await?;
        let matches = self
            .hasher
            .verify(address, password, account.as_ref().map(|account| account.password_hash.as_str()))
            .await?;
        let account = account.filter(|_| matches).ok_or(Fault::WrongCredentials)?;
        if self.hasher.is_outdated(&account.password_hash) {
            let hash = self.hasher.hash(address, password).await?;
            self.platform.rehash(account.id, &account.password_hash, &hash).await?;
        }
        Ok(Proven {
            account: account.id,
            email: account.email,
            epoch: account.epoch,
        })
    }

    /// Proves anew that whoever has a session of `account` is its owner.
    ///
    /// # Errors
    /// `WrongCredentials`; `TooMany`.
    pub async fn prove(&self, account: AccountId, password: &Password, address: &str) -> Result<Proven, Fault> {
        let found = self.platform.account(account).await?.ok_or(Fault::NotFound)?;
        self.sign_in(&found.email, password, address).await
    }

    /// Ends every session of `account` on every node, but for the one that is to stay.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_sessions(&self, account: AccountId, keep: Option<(TenantId, SessionHash)>) -> Result<(), Fault> {
        let keep = keep.map(|(tenant, hash)| (tenant, *hash.as_bytes()));
        Ok(self.platform.end_sessions(account, keep).await?)
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
        Ok(self.person(account).await?.0)
    }

    /// The address of an account, and whether it is an operator's.
    ///
    /// # Errors
    /// `NotFound` for one that is gone.
    pub async fn person(&self, account: AccountId) -> Result<(String, bool), Fault> {
        let found = self.platform.account(account).await?.ok_or(Fault::NotFound)?;
        Ok((found.email, found.is_operator))
    }
}
