//! Who people are: sign-up and sign-in. Passwords exist here only, and only until they are hashed.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use entities::{
    AccountId, NewAccount, NewTenant, PlatformDb, StoreError, TenantId,
    fair::{Fair, Load},
};
use hmac::{Hmac, KeyInit, Mac};
use zeroize::Zeroizing;

use crate::{
    clock::Clock,
    fault::{Fault, Invalid, Limit},
    limits::{Limits, Rule},
    text::{is_hidden, parse_name},
    vault::{Keeper, SecretBytes, admin::abandon, first_tenant_key},
};

/// An e-mail address in the one form that is stored: trimmed, lower-case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// # Errors
    /// `Invalid` unless it looks like an address that mail can reach.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let text = text.trim().to_lowercase();
        let refuse = || Fault::invalid(Invalid::Email, "email", "Enter an e-mail address such as ada@example.com.");
        let (local, domain) = text.rsplit_once('@').ok_or_else(refuse)?;
        let allowed = |c: char| !c.is_whitespace() && !is_hidden(c) && !"<>(),;:\\\"[]@".contains(c);
        let dotted = domain.split('.').count() >= 2 && domain.split('.').all(|label| !label.is_empty());
        let fits = (1..=64).contains(&local.len()) && text.len() <= 254;
        if fits && dotted && local.chars().all(allowed) && domain.chars().all(allowed) {
            Ok(Self(text))
        } else {
            Err(refuse())
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What someone typed as their password. Wiped when dropped; can be read in, and neither printed, copied nor written out:
/// ```
/// let typed: actors::identity::Password = serde_json::from_str("\"correct horse battery\"").unwrap();
/// # let _ = typed;
/// ```
/// ```compile_fail,E0277
/// fn log(typed: &actors::identity::Password) -> String {
///     format!("{typed:?}")
/// }
/// ```
/// ```compile_fail,E0277
/// fn log(typed: &actors::identity::Password) -> String {
///     format!("{typed}")
/// }
/// ```
/// ```compile_fail,E0599
/// fn keep(typed: actors::identity::Password) -> actors::identity::Password {
///     typed.clone()
/// }
/// ```
/// ```compile_fail,E0277
/// fn send(typed: &actors::identity::Password) -> String {
///     serde_json::to_string(typed).unwrap()
/// }
/// ```
#[derive(serde::Deserialize)]
#[serde(transparent)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// At least 12 characters, at most 256, and not the address itself.
    fn check_strength(&self, email: &Email) -> Result<(), Fault> {
        let weak = |reason: &str| Err(Fault::invalid(Invalid::WeakPassword, "password", reason));
        let length = self.0.chars().count();
        if length < 12 {
            return weak("Use at least 12 characters. A few unrelated words are easy to remember.");
        }
        if length > 256 {
            return weak("Use at most 256 characters.");
        }
        let lower = self.0.to_lowercase();
        let first = lower.chars().next();
        let local = email.0.split('@').next().unwrap_or_default();
        if lower.chars().all(|c| Some(c) == first) || lower.contains(&email.0) || (local.len() > 5 && lower.contains(local)) {
            return weak("This password is too easy to guess. Do not use your address or one repeated character.");
        }
        Ok(())
    }
}

/// Hashes passwords: bcrypt over a keyed pre-hash, so that no byte past the 72nd is ignored and a stolen table is useless without
/// the pepper. Only so many at once, so that a flood of sign-ins leaves the processor to others; and in turn between those who
/// ask, named by their network address, so that a flood from one holds up nobody else's sign-in.
pub struct Hasher {
    pepper: SecretBytes,
    cost: u32,
    places: Fair<String>,
    /// Compared with when there is no account, so that the answer takes as long.
    decoy: String,
}

impl Hasher {
    /// # Errors
    /// When `cost` is not one that bcrypt knows.
    pub fn new(keeper: &Keeper, cost: u32, at_once: usize) -> Result<Self, Fault> {
        let decoy = bcrypt::hash("nobody has this password", cost).map_err(|_| Fault::Internal("bcrypt cost"))?;
        Ok(Self {
            pepper: keeper.pepper(),
            cost,
            places: Fair::new(at_once + 1, at_once),
            decoy,
        })
    }

    fn prehash(&self, password: &Password) -> Result<Zeroizing<String>, Fault> {
        let mut mac = self
            .pepper
            .open(Hmac::<sha2::Sha256>::new_from_slice)
            .map_err(|_| Fault::Internal("pepper"))?;
        mac.update(password.0.as_bytes());
        Ok(Zeroizing::new(BASE64_STANDARD.encode(mac.finalize().into_bytes())))
    }

    async fn run<T: Send + 'static>(
        &self,
        asker: &str,
        work: impl FnOnce() -> Result<T, bcrypt::BcryptError> + Send + 'static,
    ) -> Result<T, Fault> {
        let place = self.places.enter(asker.to_owned()).await;
        // The place goes with the work: a client that gives up does not free a core that is still busy.
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        done.await.map_err(|_| Fault::Crashed)?.map_err(|_| Fault::Internal("bcrypt"))
    }

    async fn hash(&self, asker: &str, password: &Password) -> Result<String, Fault> {
        let (prehash, cost) = (self.prehash(password)?, self.cost);
        self.run(asker, move || bcrypt::non_truncating_hash(prehash.as_bytes(), cost)).await
    }

    /// Compares with `hash`, or with nobody's in the same time.
    async fn verify(&self, asker: &str, password: &Password, hash: Option<&str>) -> Result<bool, Fault> {
        let prehash = self.prehash(password)?;
        let (known, hash) = (hash.is_some(), hash.unwrap_or(&self.decoy).to_owned());
        let matches = self
            .run(asker, move || bcrypt::non_truncating_verify(prehash.as_bytes(), &hash))
            .await?;
        Ok(known && matches)
    }

    /// How busy its places are.
    pub(crate) fn load(&self) -> Load {
        self.places.load()
    }

    fn is_outdated(&self, hash: &str) -> bool {
        hash.split('$')
            .nth(2)
            .and_then(|cost| cost.parse::<u32>().ok())
            .is_none_or(|cost| cost < self.cost)
    }
}

/// The directory of people.
pub struct Identity {
    pub(crate) platform: PlatformDb,
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) hasher: Hasher,
    pub(crate) limits: Arc<Limits>,
    pub(crate) clock: Clock,
}

/// Someone who proved who they are.
pub struct Proven {
    pub account: AccountId,
    pub email: String,
}

/// More than anyone works in; bounds what listing them costs.
const MOST_WORKSPACES: usize = 50;

/// Someone who proved who they are, and the workspace that opens for them.
#[derive(Clone, Copy, Debug)]
pub struct SignedIn {
    pub account: AccountId,
    pub tenant: TenantId,
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
        self.found(account, Some(new), name).await
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
    pub async fn found_workspace(&self, account: AccountId, name: &str) -> Result<SignedIn, Fault> {
        let name = parse_name(name, "workspace")?;
        self.limits.check(Rule::FOUND_WORKSPACE, &account.to_string()).await?;
        if self.platform.tenants_of(account).await?.len() >= MOST_WORKSPACES {
            return Err(Fault::Limit {
                code: Limit::TooManyWorkspaces,
                reason: format!("An account belongs to at most {MOST_WORKSPACES} workspaces."),
            });
        }
        self.found(account, None, name).await
    }

    async fn store_tenant(
        &self,
        tenant: TenantId,
        owner: AccountId,
        account: Option<NewAccount>,
        name: String,
    ) -> Result<Result<(), StoreError>, Fault> {
        let key = first_tenant_key(&self.keeper, tenant).await?;
        let share = key.share.id;
        let new = NewTenant { owner, tenant, name, key };
        let founded = self.platform.found_tenant(account, new, self.clock.now()).await;
        if let Err(error) = &founded {
            abandon(&self.keeper.ring, share, error).await;
        }
        Ok(founded)
    }

    async fn found(&self, account: AccountId, new: Option<NewAccount>, name: String) -> Result<SignedIn, Fault> {
        let tenant = TenantId::new();
        let mut founded = self.store_tenant(tenant, account, new.clone(), name.clone()).await?;
        if matches!(founded, Err(StoreError::KeyRetired)) {
            // The master key was rotated since this process last looked.
            self.keeper.refresh().await?;
            founded = self.store_tenant(tenant, account, new, name).await?;
        }
        match founded {
            Ok(()) => Ok(SignedIn { account, tenant }),
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
        })
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
    pub async fn usual_workspace(&self, account: AccountId) -> Result<SignedIn, Fault> {
        let tenant = *self.workspaces_of(account).await?.first().ok_or(Fault::NoWorkspace)?;
        Ok(SignedIn { account, tenant })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_stored_in_one_form_and_odd_ones_refused() {
        assert_eq!(Email::parse("  Ada@Example.COM ").unwrap().as_str(), "ada@example.com");
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            "a da@example.com",
            "ada@exa..mple.com",
            "a<b>@example.com",
            "a@b@c.de",
            "ada\u{200b}@example.com",
            "a\u{202e}da@example.com",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn short_repeated_and_self_naming_passwords_are_weak() {
        let email = Email::parse("adalovelace@example.com").unwrap();
        let check = |text: &str| Password(Zeroizing::new(text.into())).check_strength(&email);
        assert!(check("correct horse battery").is_ok());
        assert!(check("ünïcødé påsswörd").is_ok());
        for weak in ["short", "aaaaaaaaaaaaaaaa", "adalovelace@example.com", "my-AdaLovelace-1815"] {
            assert!(check(weak).is_err(), "{weak}");
        }
    }
}
