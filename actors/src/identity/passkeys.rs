//! Passkeys: a second factor, and a way in without a password. The authenticator verifies its user each time, so that having it and
//! being able to open it are two factors.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use entities::{
    AccountId, Millis, PlatformTx, StoreError, TenantId, accounts,
    audit::{self, Act, Target},
    second_factor::{self as rows, passkey as row},
    sessions::Kept,
};
use url::Url;
use uuid::Uuid;
use webauthn_rs::{
    Webauthn, WebauthnBuilder,
    prelude::{DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential},
};

use super::{
    Identity,
    backup_codes::BackupCodes,
    second_factor::{Admitted, TICKET_LIFE, Ticket},
};
use crate::{
    audit::By,
    fault::{Fault, Limit},
    limits::Rule,
    mail::Notice,
    sessions::SessionHash,
    text::parse_name,
};

const ENROL: &str = "passkey_enrolment";
const SIGN_IN: &str = "passkey_sign_in";
/// More than anyone has authenticators.
const MOST_PASSKEYS: u64 = 20;

/// The session that a change leaves alone.
pub type Keep = Option<(TenantId, SessionHash)>;

/// As rows know it; with the time at which a second factor was proved in it, if one just was.
pub(super) fn kept(keep: Keep, second_proof_at: Option<Millis>) -> Option<Kept> {
    keep.map(|(tenant, hash)| Kept {
        tenant,
        id_hash: *hash.as_bytes(),
        second_proof_at,
    })
}

/// How this server is known to authenticators: by the host in its public address.
pub struct Passkeys(Option<Webauthn>);

impl Passkeys {
    /// Without a public address, `localhost` on whatever port. An address without a name has no passkeys.
    #[must_use]
    pub fn at(public_url: Option<&Url>) -> Self {
        let built = match public_url {
            Some(url) => url.domain().and_then(|host| build(host, url, false)),
            None => Url::parse("http://localhost").ok().and_then(|url| build("localhost", &url, true)),
        };
        Self(built)
    }

    #[must_use]
    pub fn is_available(&self) -> bool {
        self.0.is_some()
    }

    fn site(&self) -> Result<&Webauthn, Fault> {
        self.0.as_ref().ok_or(Fault::PasskeysUnavailable)
    }
}

fn build(host: &str, url: &Url, any_port: bool) -> Option<Webauthn> {
    let builder = WebauthnBuilder::new(host, url).ok()?;
    builder.rp_name("Pernoex").allow_any_port(any_port).build().ok()
}

/// One of somebody's passkeys, as they see it.
#[derive(Clone, Debug)]
pub struct PasskeyCard {
    pub id: Uuid,
    pub name: String,
    pub created_at: Millis,
    pub used_at: Option<Millis>,
}

impl From<row::Passkey> for PasskeyCard {
    fn from(found: row::Passkey) -> Self {
        Self {
            id: found.id,
            name: found.name,
            created_at: found.created_at,
            used_at: found.used_at,
        }
    }
}

/// What somebody proves themselves with besides a password.
pub struct Overview {
    pub totp: bool,
    pub backup_codes: u64,
    pub passkeys: Vec<PasskeyCard>,
    /// Whether this server's address lets them have some.
    pub passkeys_available: bool,
}

/// What the browser is asked, and the ticket to come back with.
pub struct Asked {
    pub ticket: Ticket,
    pub options: serde_json::Value,
    /// Seconds.
    pub expires_in: i64,
}

fn json(options: &impl serde::Serialize) -> Result<serde_json::Value, Fault> {
    let mut options = serde_json::to_value(options).map_err(|_| Fault::Internal("passkey options"))?;
    Ok(options["publicKey"].take())
}

fn stored(credential: &str) -> Result<Passkey, Fault> {
    serde_json::from_str(credential).map_err(|_| Fault::Storage(StoreError::Damaged("account_passkey.credential")))
}

fn to_store(passkey: &Passkey) -> Result<String, Fault> {
    serde_json::to_string(passkey).map_err(|_| Fault::Internal("passkey"))
}

impl Identity {
    /// # Errors
    /// When the database does not answer.
    pub async fn second_factors(&self, account: AccountId) -> Result<Overview, Fault> {
        let found = self.platform.read(async |tx| {
            let factors = rows::of(tx, account).await?.ok_or(Fault::NotFound)?;
            let passkeys = row::list(tx, account).await?;
            Ok::<_, Fault>(Overview {
                totp: factors.totp,
                backup_codes: factors.backup_codes,
                passkeys: passkeys.into_iter().map(PasskeyCard::from).collect(),
                passkeys_available: self.passkeys.is_available(),
            })
        });
        found.await
    }

    /// Options to make a passkey with. Those that the person has are named, so that no authenticator gets a second one.
    ///
    /// # Errors
    /// `PasskeysUnavailable`; `Limit` when there are too many.
    pub async fn begin_passkey(&self, account: AccountId) -> Result<Asked, Fault> {
        let email = self.email_of(account).await?;
        let known = self.platform.read(async |tx| row::list(tx, account).await).await?;
        if known.len() as u64 >= MOST_PASSKEYS {
            return Err(Fault::Limit {
                code: Limit::TooManyPasskeys,
                reason: format!("An account has at most {MOST_PASSKEYS} passkeys. Remove one first."),
            });
        }
        let known = known.into_iter().map(|passkey| passkey.credential_id).collect();
        let begun = self
            .passkeys
            .site()?
            .start_passkey_registration(account.uuid(), &email, &email, Some(known));
        let (options, state) = begun.map_err(|_| Fault::Internal("passkey options"))?;
        let mut options = json(&options)?;
        // Kept by the authenticator with the account's name, so that it can be found without one: for sign-in without a password.
        options["authenticatorSelection"]["residentKey"] = "preferred".into();
        Ok(Asked {
            ticket: self.begin_ceremony(ENROL, Some(account), &state).await?,
            options,
            expires_in: TICKET_LIFE / 1000,
        })
    }

    /// Keeps the passkey that the browser made. Ends every session of the account but `keep`. With a first factor come backup codes.
    ///
    /// # Errors
    /// `EnrolmentOver`; `PasskeyRefused` when it does not fit the options, or is registered already; `Invalid` for the name.
    pub async fn add_passkey(
        &self,
        by: &By,
        ticket: &Ticket,
        name: &str,
        credential: &serde_json::Value,
        keep: Keep,
    ) -> Result<(PasskeyCard, Option<BackupCodes>), Fault> {
        let account = by.account;
        let name = parse_name(name, "name")?;
        let (hash, now) = (ticket.hash(), self.clock.now());
        let begun = self.platform.take_ceremony(&hash, ENROL, now).await?;
        let begun = begun.filter(|begun| begun.account == Some(account)).ok_or(Fault::EnrolmentOver)?;
        let state: PasskeyRegistration = self.open_ceremony(&hash, &begun)?;
        let given: RegisterPublicKeyCredential = serde_json::from_value(credential.clone()).map_err(|_| Fault::PasskeyRefused)?;
        let made = self.passkeys.site()?.finish_passkey_registration(&given, &state);
        let made = made.map_err(|_| Fault::PasskeyRefused)?;
        let new = row::Passkey {
            id: Uuid::now_v7(),
            account,
            credential_id: made.cred_id().to_vec(),
            credential: to_store(&made)?,
            name,
            created_at: now,
            used_at: None,
        };
        let card = PasskeyCard::from(new.clone());
        let noted = (Act::PasskeyAdded, card.name.as_str(), Notice::PasskeyAdded(card.name.clone()));
        let added = self.change_factors(by, keep, noted, async |tx| {
            if row::count(tx, account).await? >= MOST_PASSKEYS {
                return Err(Fault::EnrolmentOver);
            }
            row::insert(tx, new).await.map_err(|error| match error {
                StoreError::Conflict => Fault::PasskeyRefused,
                error => error.into(),
            })?;
            self.first_backup_codes(tx, account).await
        });
        let codes = added.await?;
        Ok((card, codes))
    }

    /// # Errors
    /// `NotFound`; `Invalid`.
    pub async fn rename_passkey(&self, account: AccountId, id: Uuid, name: &str) -> Result<(), Fault> {
        let name = parse_name(name, "name")?;
        match self.platform.write(async |tx| row::rename(tx, account, id, &name).await).await? {
            true => Ok(()),
            false => Err(Fault::NotFound),
        }
    }

    /// Takes a passkey away. Ends every session of the account but `keep`.
    ///
    /// # Errors
    /// `NotFound`; `LastWayIn` when nothing else opens the account.
    pub async fn remove_passkey(&self, by: &By, id: Uuid, keep: Keep) -> Result<(), Fault> {
        let name = self.platform.read(async |tx| row::list(tx, by.account).await).await?;
        let name = name.into_iter().find(|passkey| passkey.id == id).ok_or(Fault::NotFound)?.name;
        let noted = (Act::PasskeyRemoved, name.as_str(), Notice::PasskeyRemoved(name.clone()));
        let removed = self.change_factors(by, keep, noted, async |tx| {
            if !row::remove(tx, by.account, id).await? {
                return Err(Fault::NotFound);
            }
            self.ways.keep_one(tx, by.account).await
        });
        removed.await
    }

    /// Runs `work` as one transaction that ends the sessions of who asks but `keep`, and notes whether they have a second factor now. When
    /// they have none, their password must do alone.
    pub(super) async fn change_factors<T>(
        &self,
        by: &By,
        keep: Keep,
        (act, what, notice): (Act, &str, Notice),
        work: impl AsyncFnOnce(&PlatformTx) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let (account, now) = (by.account, self.clock.now());
        // Whoever sets one up has shown that it is theirs.
        let proved = matches!(act, Act::SecondFactorAdded | Act::PasskeyAdded).then_some(now);
        let keep = kept(keep, proved);
        let changed = self.platform.write_ending_sessions(account, keep, async |tx| {
            let done = work(tx).await?;
            if !rows::settle(tx, account, now).await? {
                Self::require_long_password(tx, account).await?;
            }
            self.tell(tx, account, notice).await?;
            let target = Target::of("account", account, what);
            audit::append_for_account(tx, account, &by.did(act, target, now)).await?;
            Ok::<_, Fault>(done)
        });
        let done = changed.await?;
        self.outbox.ring();
        Ok(done)
    }

    /// Without a second factor the password is the only one: it must be as long as each of their workspaces asks for.
    async fn require_long_password(tx: &PlatformTx, account: AccountId) -> Result<(), Fault> {
        let held = accounts::by_id(tx, account).await?.ok_or(Fault::NotFound)?;
        if held.password_hash.is_empty() || held.password_long || accounts::demands(tx, account).await?.length < accounts::LONG {
            return Ok(());
        }
        Err(Fault::LastSecondFactor)
    }

    /// Mails the account's owner what changed, with the transaction. [`Outbox::ring`](crate::mail::Outbox::ring) is for after it.
    pub(super) async fn tell(&self, tx: &PlatformTx, account: AccountId, notice: Notice) -> Result<(), Fault> {
        let factors = rows::of(tx, account).await?.ok_or(Fault::NotFound)?;
        self.outbox.notify(tx, &factors.email, notice).await
    }

    /// Options for one of the account's passkeys, and what to compare the answer with.
    pub(super) async fn ask_passkey_of(&self, account: AccountId) -> Result<(serde_json::Value, DiscoverableAuthentication), Fault> {
        let known = self.platform.read(async |tx| row::list(tx, account).await).await?;
        let (mut options, state) = self.ask_passkey()?;
        let known = known.into_iter().map(|passkey| {
            let id = BASE64_URL_SAFE_NO_PAD.encode(passkey.credential_id);
            serde_json::json!({ "type": "public-key", "id": id })
        });
        options["allowCredentials"] = known.collect::<Vec<_>>().into();
        Ok((options, state))
    }

    fn ask_passkey(&self) -> Result<(serde_json::Value, DiscoverableAuthentication), Fault> {
        let begun = self.passkeys.site()?.start_discoverable_authentication();
        let (options, state) = begun.map_err(|_| Fault::Internal("passkey options"))?;
        Ok((json(&options)?, state))
    }

    /// Whose passkey answered. The stored counter moves with it: a copy of the key that is behind is refused.
    pub(super) async fn take_passkey(
        &self,
        tx: &PlatformTx,
        credential: &serde_json::Value,
        asked: DiscoverableAuthentication,
    ) -> Result<AccountId, Fault> {
        let refused = || Fault::WrongSecondFactor;
        let given: PublicKeyCredential = serde_json::from_value(credential.clone()).map_err(|_| refused())?;
        let found = row::find(tx, given.get_credential_id()).await?.ok_or_else(refused)?;
        // What the authenticator says of its user is the account that it was made for.
        let named = given.get_user_unique_id();
        if named.is_some_and(|named| named != found.account.uuid().as_bytes()) {
            return Err(refused());
        }
        let mut passkey = stored(&found.credential)?;
        let verified = self
            .passkeys
            .site()?
            .finish_discoverable_authentication_v2(&given, asked, &passkey)
            .map_err(|_| refused())?;
        passkey.update_credential(&verified);
        if !verified.user_verified() || !row::used(tx, &found, &to_store(&passkey)?, self.clock.now()).await? {
            return Err(refused());
        }
        Ok(found.account)
    }

    /// Options to sign in with a passkey alone. Says nothing of who has one.
    ///
    /// # Errors
    /// `PasskeysUnavailable`; `TooMany`.
    pub async fn ask_to_sign_in(&self, address: &str) -> Result<Asked, Fault> {
        self.limits.check(Rule::PASSKEY_OPTIONS, address).await?;
        let (options, state) = self.ask_passkey()?;
        Ok(Asked {
            ticket: self.begin_ceremony(SIGN_IN, None, &state).await?,
            options,
            expires_in: TICKET_LIFE / 1000,
        })
    }

    /// Signs in with a passkey alone.
    ///
    /// # Errors
    /// `WrongSecondFactor` whatever is wrong with it; `TooMany`.
    pub async fn sign_in_by_passkey(&self, ticket: &Ticket, credential: &serde_json::Value, address: &str) -> Result<Admitted, Fault> {
        self.limits.check(Rule::SIGN_IN_ADDRESS, address).await?;
        let hash = ticket.hash();
        let begun = self.platform.take_ceremony(&hash, SIGN_IN, self.clock.now()).await?;
        let begun = begun.ok_or(Fault::WrongSecondFactor)?;
        let asked: DiscoverableAuthentication = self.open_ceremony(&hash, &begun)?;
        let admitted = self.platform.write(async |tx| {
            let account = self.take_passkey(tx, credential, asked).await?;
            let factors = rows::of(tx, account).await?.ok_or(Fault::WrongSecondFactor)?;
            Ok(Self::admitted(account, factors.email, factors.epoch, self.clock.now()))
        });
        admitted.await
    }
}
