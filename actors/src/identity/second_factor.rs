//! The second step of signing in. Whoever has a second factor gets a ticket for their password, and a session for the ticket together
//! with a code or a passkey. Also how somebody who is signed in proves anew that it is them.

use entities::{
    AccountId, Ceremony, Millis, PlatformTx, accounts,
    audit::{self, Act, Note, Target},
    ceremony,
    second_factor::{self as rows, Factors},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use webauthn_rs::prelude::DiscoverableAuthentication;
use zeroize::Zeroizing;

use super::{Identity, Proven};
use crate::{audit::By, fault::Fault, limits::Rule, mail::Notice, sessions::Proofs, token, vault::Place};

/// How long a ticket can be used.
pub(super) const TICKET_LIFE: Millis = 5 * 60_000;
/// Wrong codes that one ticket takes.
const MOST_TRIES: i32 = 5;

/// Somebody who proved all that their account asks for, and may have a session. Made here and nowhere else:
/// ```compile_fail,E0639
/// fn forge(account: actors::AccountId) -> actors::identity::second_factor::Admitted {
///     let proofs = actors::sessions::Proofs::of_both(0);
///     actors::identity::second_factor::Admitted { account, email: String::new(), epoch: 0, proofs }
/// }
/// ```
#[non_exhaustive]
pub struct Admitted {
    pub account: AccountId,
    pub email: String,
    pub epoch: i64,
    pub proofs: Proofs,
}

/// What a first proof leads to.
pub enum Admission {
    In(Admitted),
    /// A second one is asked for.
    SecondFactor(Challenge),
}

/// Asks for a second factor.
pub struct Challenge {
    pub ticket: Ticket,
    pub methods: Vec<Method>,
    /// Options for the browser's `navigator.credentials.get`, when there is a passkey.
    pub passkey: Option<serde_json::Value>,
    /// Seconds.
    pub expires_in: i64,
}

/// What can be proven besides a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    Totp,
    BackupCode,
    Passkey,
}

/// What the browser brings back: 256 random bits. Stored as a hash only. Wiped when dropped; cannot be printed.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Ticket(Zeroizing<String>);

impl Ticket {
    pub(super) fn generate() -> Self {
        Self(token::random())
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        token::hash(&self.0)
    }

    /// For the one time that it is handed out.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A code as typed. Wiped when dropped; cannot be printed.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Code(pub(super) Zeroizing<String>);

/// A second factor, as somebody brings it.
pub enum Given<'a> {
    Totp(&'a Code),
    BackupCode(&'a Code),
    /// What the browser's `navigator.credentials.get` returned.
    Passkey(&'a serde_json::Value),
}

impl Given<'_> {
    /// What is proved once this is, at this moment, besides what was.
    #[must_use]
    pub fn adds_to(&self, before: Proofs, now: Millis) -> Proofs {
        match self {
            Self::Totp(_) | Self::BackupCode(_) => before.and_second(now),
            Self::Passkey(_) => Proofs::of_both(now),
        }
    }
}

/// What a ticket stands for. Sealed.
#[derive(Serialize, Deserialize)]
struct Pending {
    epoch: i64,
    /// When what comes first was proved.
    #[serde(default)]
    first: Millis,
    passkey: Option<DiscoverableAuthentication>,
}

/// What a ticket is good for: a column of its row.
#[derive(Clone, Copy)]
enum Purpose {
    SignIn,
    Proof,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Proof => "proof",
        }
    }
}

/// The cell that a ticket's content is sealed into.
pub(super) fn place(ticket_hash: &[u8; 32]) -> Place {
    let row = Uuid::from_slice(&ticket_hash[..16]).unwrap_or_default();
    Place("ceremony", "sealed", row)
}

fn methods(factors: &Factors, passkeys_work: bool) -> Vec<Method> {
    let has = [
        (Method::Totp, factors.totp),
        (Method::Passkey, factors.passkeys > 0 && passkeys_work),
        (Method::BackupCode, factors.backup_codes > 0),
    ];
    has.into_iter().filter_map(|(method, has)| has.then_some(method)).collect()
}

impl Identity {
    /// The one place that every sign-in passes after its first proof: in, or asked for a second one.
    ///
    /// # Errors
    /// `WrongCredentials` when the account is gone.
    pub async fn admit(&self, proven: Proven) -> Result<Admission, Fault> {
        let Proven { account, email, epoch, at } = proven;
        let factors = self.factors(account).await?;
        if factors.since.is_none() {
            let proofs = Proofs::of_first(at);
            return Ok(Admission::In(Admitted {
                account,
                email,
                epoch,
                proofs,
            }));
        }
        let challenge = self.challenge(Purpose::SignIn, account, (epoch, at), &factors).await?;
        Ok(Admission::SecondFactor(challenge))
    }

    pub(super) async fn factors(&self, account: AccountId) -> Result<Factors, Fault> {
        let found = self.platform.read(async |tx| rows::of(tx, account).await).await?;
        found.ok_or(Fault::WrongCredentials)
    }

    /// # Errors
    /// `NotFound` for an account that is gone.
    pub async fn has_second_factor(&self, account: AccountId) -> Result<bool, Fault> {
        let found = self.platform.account(account).await?.ok_or(Fault::NotFound)?;
        Ok(found.second_factor_at.is_some())
    }

    async fn challenge(
        &self,
        purpose: Purpose,
        account: AccountId,
        (epoch, first): (i64, Millis),
        factors: &Factors,
    ) -> Result<Challenge, Fault> {
        let methods = methods(factors, self.passkeys.is_available());
        let passkey = if methods.contains(&Method::Passkey) {
            Some(self.ask_passkey_of(account).await?)
        } else {
            None
        };
        let (options, state) = passkey.unzip();
        let pending = Pending {
            epoch,
            first,
            passkey: state,
        };
        let ticket = self.begin_ceremony(purpose.name(), Some(account), &pending).await?;
        Ok(Challenge {
            ticket,
            methods,
            passkey: options,
            expires_in: TICKET_LIFE / 1000,
        })
    }

    /// Lays down what has to be remembered, sealed, and returns the ticket for it.
    pub(super) async fn begin_ceremony(
        &self,
        purpose: &str,
        account: Option<AccountId>,
        content: &impl Serialize,
    ) -> Result<Ticket, Fault> {
        let ticket = Ticket::generate();
        let hash = ticket.hash();
        let plain = Zeroizing::new(serde_json::to_vec(content).map_err(|_| Fault::Internal("ceremony"))?);
        let owner = account.map(AccountId::uuid).unwrap_or_default();
        let sealed = self.keeper.seal_personal(owner, place(&hash), &plain).map_err(|_| Fault::Sealed)?;
        let begun = Ceremony {
            tries: 0,
            account,
            sealed,
            expires_at: self.clock.now() + TICKET_LIFE,
        };
        self.platform.begin_ceremony(&hash, purpose, begun).await?;
        Ok(ticket)
    }

    pub(super) fn open_ceremony<T: serde::de::DeserializeOwned>(&self, hash: &[u8; 32], begun: &Ceremony) -> Result<T, Fault> {
        let owner = begun.account.map(AccountId::uuid).unwrap_or_default();
        let opened = self
            .keeper
            .open_personal(owner, place(hash), &begun.sealed)
            .map_err(|_| Fault::Sealed)?;
        opened
            .open(|bytes| serde_json::from_slice(bytes))
            .map_err(|_| Fault::Internal("ceremony"))
    }

    /// Counts one more try at the account's second factors, however many tickets the tries are spread over.
    pub(super) async fn count_try(&self, account: AccountId) -> Result<(), Fault> {
        let who = account.to_string();
        self.limits.check(Rule::SECOND_FACTOR, &who).await?;
        self.limits.check(Rule::SECOND_FACTOR_DAY, &who).await
    }

    /// Ends a sign-in that was asked for a second factor.
    ///
    /// # Errors
    /// `TicketInvalid` when there was none, it is over, it was used, or too many codes were wrong; `WrongSecondFactor`; `TooMany`.
    pub async fn second_factor(&self, ticket: &Ticket, given: Given<'_>, address: &str) -> Result<Admitted, Fault> {
        self.limits.check(Rule::SIGN_IN_ADDRESS, address).await?;
        self.finish(Purpose::SignIn, ticket, given, None, address).await
    }

    /// Whose sign-in a ticket is of, and the epoch that it began in; `None` for one that is over. Uses nothing up.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn behind(&self, ticket: &Ticket) -> Result<Option<(AccountId, i64)>, Fault> {
        let (hash, now) = (ticket.hash(), self.clock.now());
        let found = self.platform.look_at_ceremony(&hash, Purpose::SignIn.name(), now).await?;
        let Some((begun, account)) = found.and_then(|begun| begun.account.map(|account| (begun, account))) else {
            return Ok(None);
        };
        let pending: Pending = self.open_ceremony(&hash, &begun)?;
        Ok(Some((account, pending.epoch)))
    }

    /// What somebody who is signed in can prove themselves with besides their password, and the ticket to do so by a passkey.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ask_for_proof(&self, account: AccountId) -> Result<Challenge, Fault> {
        let factors = self.factors(account).await?;
        self.challenge(Purpose::Proof, account, (factors.epoch, 0), &factors).await
    }

    /// Proves anew, by a second factor, that whoever has a session of `account` is its owner. A passkey needs the ticket that its options
    /// came with.
    ///
    /// # Errors
    /// As [`Identity::second_factor`].
    pub async fn prove_by_factor(&self, by: &By, ticket: Option<&Ticket>, given: Given<'_>) -> Result<Proven, Fault> {
        let account = by.account;
        if let Some(ticket) = ticket {
            let admitted = self.finish(Purpose::Proof, ticket, given, Some(account), &by.address).await?;
            return Ok(Proven {
                account,
                email: admitted.email,
                epoch: admitted.epoch,
                at: self.clock.now(),
            });
        }
        self.count_try(account).await?;
        let proven = self.platform.write(async |tx| {
            accounts::lock(tx, account).await?;
            let backup_code = matches!(given, Given::BackupCode(_));
            self.compare(tx, account, given, None).await?;
            let factors = rows::of(tx, account).await?.ok_or(Fault::WrongSecondFactor)?;
            if backup_code {
                self.tell(tx, account, Notice::BackupCodeUsed(factors.backup_codes)).await?;
                self.note(tx, by, Act::BackupCodeUsed, true).await?;
            }
            Ok::<_, Fault>(Proven {
                account,
                email: factors.email,
                epoch: factors.epoch,
                at: self.clock.now(),
            })
        });
        let proven = proven.await;
        if matches!(proven, Err(Fault::WrongSecondFactor)) {
            self.platform
                .write(async |tx| self.note(tx, by, Act::ProofFailed, false).await)
                .await?;
        }
        self.outbox.ring();
        proven
    }

    async fn finish(
        &self,
        purpose: Purpose,
        ticket: &Ticket,
        given: Given<'_>,
        of: Option<AccountId>,
        address: &str,
    ) -> Result<Admitted, Fault> {
        let (hash, now) = (ticket.hash(), self.clock.now());
        // Counted and stored before anything is compared: tries at once do not make more of them.
        let attempt = async |tx: &PlatformTx| ceremony::attempt(tx, &hash, purpose.name(), MOST_TRIES, now).await;
        let begun = self.platform.write(attempt).await?.ok_or(Fault::TicketInvalid)?;
        let account = begun.account.ok_or(Fault::TicketInvalid)?;
        if of.is_some_and(|of| of != account) {
            return Err(Fault::TicketInvalid);
        }
        self.count_try(account).await?;
        let pending: Pending = self.open_ceremony(&hash, &begun)?;
        let by = By {
            account,
            address: address.to_owned(),
        };
        let backup_code = matches!(given, Given::BackupCode(_));
        let proofs = given.adds_to(Proofs::of_first(pending.first), now);
        let admitted = self.platform.write(async |tx| {
            // In turn with what changes the factors: a code of an app that is being removed counts before or not at all.
            accounts::lock(tx, account).await?.ok_or(Fault::TicketInvalid)?;
            self.compare(tx, account, given, pending.passkey).await?;
            let factors = rows::of(tx, account).await?.ok_or(Fault::TicketInvalid)?;
            if factors.epoch != pending.epoch || !ceremony::finish(tx, &hash).await? {
                return Err(Fault::TicketInvalid);
            }
            if backup_code {
                self.tell(tx, account, Notice::BackupCodeUsed(factors.backup_codes)).await?;
                self.note(tx, &by, Act::BackupCodeUsed, true).await?;
            }
            Ok(Admitted {
                account,
                email: factors.email,
                epoch: factors.epoch,
                proofs,
            })
        });
        let admitted = admitted.await;
        if matches!(admitted, Err(Fault::WrongSecondFactor)) {
            let failed = self.platform.write(async |tx| {
                if begun.tries >= MOST_TRIES {
                    self.tell(tx, account, Notice::SecondFactorFailed).await?;
                }
                self.note(tx, &by, of.map_or(Act::SignInFailed, |_| Act::ProofFailed), false).await
            });
            failed.await?;
        }
        self.outbox.ring();
        admitted
    }

    async fn note(&self, tx: &PlatformTx, by: &By, act: Act, done: bool) -> Result<(), Fault> {
        let target = Target::of("account", by.account, "second factor");
        let note = Note {
            done,
            ..by.did(act, target, self.clock.now())
        };
        Ok(audit::append_for_account(tx, by.account, &note).await?)
    }

    /// Compares what is given, and uses it up.
    async fn compare(
        &self,
        tx: &PlatformTx,
        account: AccountId,
        given: Given<'_>,
        asked: Option<DiscoverableAuthentication>,
    ) -> Result<(), Fault> {
        match given {
            Given::Totp(code) => self.take_totp(tx, account, code).await,
            Given::BackupCode(code) => self.take_backup_code(tx, account, code).await,
            Given::Passkey(credential) => {
                let asked = asked.ok_or(Fault::WrongSecondFactor)?;
                let by = self.take_passkey(tx, credential, asked).await?;
                if by == account { Ok(()) } else { Err(Fault::WrongSecondFactor) }
            }
        }
    }

    /// That both factors are proven: by a passkey that verified its user.
    pub(super) fn admitted(account: AccountId, email: String, epoch: i64, now: Millis) -> Admitted {
        let proofs = Proofs::of_both(now);
        Admitted {
            account,
            email,
            epoch,
            proofs,
        }
    }
}
