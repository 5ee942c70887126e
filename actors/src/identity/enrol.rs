//! Signing up: at once, or once the address is proved.

use entities::{AccountId, NewAccount, NewTenant, StoreError, TenantId, account_token::Purpose};

use super::{
    Email, Identity, LinkToken, Password, SignedIn,
    hasher::Match,
    links::PendingSignUp,
    password::{Demands, SHORTEST},
    provider::Providers,
};
use crate::{
    fault::{Fault, Limit},
    limits::Rule,
    mail::Message,
    text::parse_name,
    throttle::Who,
    vault::{admin::abandon, first_tenant_key},
};

/// More than anyone works in; bounds what listing them costs.
const MOST_WORKSPACES: usize = 50;

/// Who may sign up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignUp {
    /// Anybody, at once. Tells whether an address has an account: for installations whose operator knows everybody who reaches them.
    Open,
    /// Whoever reads the mail of the address. Everybody else gets the same answer. The first account is made at once: there is nobody yet
    /// who could be told of.
    Verified,
    /// Those who are invited.
    Closed,
}

/// What became of a sign-up.
pub enum SignedUp {
    Begun(SignedIn),
    /// What to do is in a mail.
    Mailed,
}

/// A workspace that is to be.
struct Founding {
    owner: AccountId,
    account: Option<NewAccount>,
    /// The hash of a link that it uses up.
    link: Option<[u8; 32]>,
    epoch: i64,
    name: String,
    /// The network address of whoever founds it.
    address: String,
}

impl Founding {
    /// By somebody whose account begins with it.
    fn with(new: NewAccount, link: Option<[u8; 32]>, name: String, address: &str) -> Self {
        Self {
            owner: new.account,
            account: Some(new),
            link,
            epoch: 0,
            name,
            address: address.to_owned(),
        }
    }
}

fn demands(length: i32, email: &Email, workspace: &str) -> Demands {
    Demands::new(length, email, [workspace.to_owned()])
}

impl Identity {
    /// Whether nobody has an account yet.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_empty(&self) -> Result<bool, Fault> {
        Ok(!self.platform.has_accounts().await?)
    }

    /// Creates an account and its workspace, with the person as Owner: at once, or by a link that is mailed.
    ///
    /// # Errors
    /// `Invalid`, `EmailTaken` if it is at once, `TooMany`.
    pub async fn sign_up(
        &self,
        (email, password): (&str, &Password),
        workspace: &str,
        address: &str,
        at_once: bool,
    ) -> Result<SignedUp, Fault> {
        self.limits.check(Rule::SIGN_UP, address).await?;
        let email = Email::parse(email)?;
        let name = parse_name(workspace, "workspace")?;
        let least = i32::try_from(SHORTEST).unwrap_or(0);
        if at_once {
            let new = self.new_account(&email, password, demands(least, &email, &name), address).await?;
            let account = new.account;
            let signed_in = self.found(Founding::with(new, None, name, address)).await?;
            self.welcome(account).await;
            return Ok(SignedUp::Begun(signed_in));
        }
        self.limits.check(Rule::MAIL_TO, email.as_str()).await?;
        // For a taken address too: the answer takes as long.
        let password_hash = self.hasher.hash_new(address, password, demands(least, &email, &name)).await?;
        let asked = Message::SignUpAsked {
            email: email.0,
            password_hash,
            workspace: name,
        };
        self.outbox.post(&asked).await?;
        Ok(SignedUp::Mailed)
    }

    /// Creates the account of someone who came from a provider, and its workspace.
    ///
    /// # Errors
    /// `Invalid`, `EmailTaken`, `SignInExpired`, `TooMany`.
    pub async fn sign_up_by(&self, providers: &Providers, ticket: &str, workspace: &str, address: &str) -> Result<SignedIn, Fault> {
        self.limits.check(Rule::SIGN_UP, address).await?;
        let name = parse_name(workspace, "workspace")?;
        let new = providers.take_newcomer(ticket).await?.into_new_account(self.clock.now());
        let (account, verified) = (new.account, new.verified_at.is_some());
        let signed_in = self.found(Founding::with(new, None, name, address)).await?;
        if !verified {
            self.welcome(account).await;
        }
        Ok(signed_in)
    }

    /// Finishes a sign-up by the mailed link. The password must be the one that was chosen: whoever had the mail sent to an address that
    /// is not theirs gets no account that its owner opens for them.
    ///
    /// # Errors
    /// `LinkInvalid`, `WrongCredentials`, `EmailTaken`, `TooMany`.
    pub async fn confirm_sign_up(&self, token: &LinkToken, password: &Password, address: &str) -> Result<SignedIn, Fault> {
        self.limits.check(Rule::LINK_FOLLOWED, address).await?;
        let link = self.link(token, &[Purpose::SignUp]).await?;
        let who = Who::new(&link.email, address);
        self.throttle.attempt(&who).await?;
        let sealed = link.sealed.ok_or(Fault::LinkInvalid)?;
        let pending = PendingSignUp::open(&self.keeper, &link.hash, &sealed)?;
        if self.hasher.verify(address, password, Some(&pending.password_hash)).await? == Match::No {
            return Err(Fault::WrongCredentials);
        }
        let new = NewAccount {
            account: AccountId::new(),
            email: link.email,
            password_hash: pending.password_hash,
            password_long: password.is_long(),
            verified_at: None,
            identity: None,
        };
        let founding = Founding::with(new, Some(link.hash), pending.workspace, address);
        let signed_in = self.found(founding).await?;
        self.throttle.succeeded(&who).await?;
        Ok(signed_in)
    }

    /// An account for an invited address, not stored yet. `length` is what the workspace asks of passwords.
    ///
    /// # Errors
    /// `WeakPassword`, `TooMany`.
    pub async fn prepare_account(
        &self,
        email: &str,
        password: &Password,
        (workspace, length): (&str, i32),
        address: &str,
    ) -> Result<NewAccount, Fault> {
        self.limits.check(Rule::SIGN_UP, address).await?;
        let email = Email::parse(email)?;
        let demands = demands(length, &email, workspace);
        self.new_account(&email, password, demands, address).await
    }

    async fn new_account(&self, email: &Email, password: &Password, demands: Demands, address: &str) -> Result<NewAccount, Fault> {
        Ok(NewAccount {
            account: AccountId::new(),
            password_hash: self.hasher.hash_new(address, password, demands).await?,
            password_long: password.is_long(),
            email: email.0.clone(),
            verified_at: None,
            identity: None,
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
        let founding = Founding {
            owner: account,
            account: None,
            link: None,
            epoch,
            name,
            address: address.to_owned(),
        };
        self.found(founding).await
    }

    async fn store_tenant(&self, tenant: TenantId, founding: &Founding) -> Result<Result<(), StoreError>, Fault> {
        let key = first_tenant_key(&self.keeper, tenant).await?;
        let share = key.share.id;
        let new = NewTenant {
            owner: founding.owner,
            tenant,
            name: founding.name.clone(),
            key,
            address: founding.address.clone(),
        };
        let (account, now) = (founding.account.clone(), self.clock.now());
        let founded = match (&founding.link, account) {
            (Some(link), Some(account)) => self.platform.found_tenant_by_link(link, account, new, now).await,
            (_, account) => self.platform.found_tenant(account, new, now).await,
        };
        if let Err(error) = &founded {
            abandon(&self.keeper.ring, share, error).await;
        }
        Ok(founded)
    }

    async fn found(&self, founding: Founding) -> Result<SignedIn, Fault> {
        let tenant = TenantId::new();
        let mut founded = self.store_tenant(tenant, &founding).await?;
        if matches!(founded, Err(StoreError::KeyRetired)) {
            // The master key was rotated since this process last looked.
            self.keeper.refresh().await?;
            founded = self.store_tenant(tenant, &founding).await?;
        }
        let Founding { owner, epoch, link, .. } = founding;
        match founded {
            Ok(()) => Ok(SignedIn {
                account: owner,
                tenant,
                epoch,
            }),
            Err(StoreError::Conflict) => Err(Fault::EmailTaken),
            Err(StoreError::Orphan) if link.is_some() => Err(Fault::LinkInvalid),
            Err(error) => Err(error.into()),
        }
    }
}
