//! Mail: to people about their account, and to a team about a visitor who asks for a person. A letter is written into the outbox by
//! the transaction of the act that it tells of, and sent by a worker: over SMTP, or without a mail server as a file into the data folder.

mod ask;
mod letter;
mod report;
mod transport;
mod worker;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use entities::{AccountId, PlatformDb, PlatformTx, TenantTx, mail as rows};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use uuid::Uuid;
use zeroize::Zeroizing;

pub use self::report::{Reminder, ReportLetter};
pub use self::transport::{DEFAULT_SENDER, Delivery, MailSettings, Security, Smtp, is_sender};
pub(crate) use self::{transport::try_out, worker::Postman};
use crate::{
    clock::Clock,
    fault::Fault,
    vault::{Keeper, Place, SecretBytes},
};

/// What is to be sent, or first to be looked into. Sealed while it waits; has no textual form of its own.
#[derive(Serialize, Deserialize)]
pub enum Message {
    /// Somebody says that they forgot the password of this address. Whether it has an account is looked up when the mail is sent,
    /// so that the answer to them takes as long for any.
    ResetAsked {
        email: String,
        /// The network address of whoever says so; empty of one that waited since before it was kept.
        #[serde(default)]
        address: String,
    },
    /// As above, for somebody who wants an account.
    SignUpAsked {
        email: String,
        password_hash: String,
        workspace: String,
    },
    /// A signed-in person wants another address.
    EmailChangeAsked { account: AccountId, email: String },
    /// An account is to prove its address.
    VerificationAsked { account: AccountId },
    /// What is ready to go.
    Letter { to: String, kind: Kind },
}

/// What a letter says.
#[derive(Serialize, Deserialize)]
pub enum Kind {
    Verify {
        token: Zeroizing<String>,
    },
    SignUp {
        token: Zeroizing<String>,
    },
    /// Instead of `SignUp`, and of `TakeEmail`.
    HasAccount,
    Reset {
        token: Zeroizing<String>,
    },
    LeaveEmail {
        token: Zeroizing<String>,
        email: String,
    },
    TakeEmail {
        token: Zeroizing<String>,
    },
    Invitation {
        token: Zeroizing<String>,
        workspace: String,
        invited_by: Option<String>,
        hours: i64,
    },
    Notice(Notice),
    HandedOver(Box<Handed>),
    Report(Box<ReportLetter>),
}

/// A visitor's conversation that somebody of the team is to take up.
#[derive(Serialize, Deserialize)]
pub struct Handed {
    pub project: String,
    /// Of the conversation's page.
    pub path: String,
    /// Where to answer to.
    pub email: String,
    pub name: Option<String>,
    /// As their website knows them, if it said so.
    pub user: Option<String>,
    pub message: String,
    pub page: Option<String>,
    pub transcript: Vec<Said>,
}

#[derive(Serialize, Deserialize)]
pub struct Said {
    pub by_visitor: bool,
    pub text: String,
}

/// That something changed which only the account's owner should have changed. Goes to the address that the account had before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    PasswordChanged,
    /// The first one.
    PasswordSet,
    /// By a link that was mailed.
    PasswordReset,
    /// To this address.
    EmailChanged(String),
    SecondFactorAdded,
    SecondFactorRemoved,
    BackupCodesRenewed,
    /// With how many are left.
    BackupCodeUsed(u64),
    /// By its name.
    PasskeyAdded(String),
    PasskeyRemoved(String),
    /// By the provider's name: `Google`, `Apple`.
    ProviderLinked(String),
    ProviderUnlinked(String),
    /// After so many wrong passwords.
    SignedInAfterFailures(u32),
    /// Who knew the password had no more tries at a code.
    SecondFactorFailed,
    /// By an operator, who ended all sessions with them.
    SecondFactorsReset,
    /// By an Owner of this workspace, in it; by an operator everywhere.
    SessionsEnded(Option<String>),
}

/// Where letters wait.
pub struct Outbox {
    platform: PlatformDb,
    keeper: Arc<Keeper>,
    clock: Clock,
    /// Scheme, host and port that links lead to. A setting, never what a request says of itself.
    origin: String,
    wake: Notify,
    sent: AtomicU64,
    put_back: AtomicU64,
    given_up: AtomicU64,
}

/// What became of letters, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailTotals {
    pub sent: u64,
    /// Tries that failed, with another to come.
    pub put_back: u64,
    pub given_up: u64,
}

fn place(id: Uuid) -> Place {
    Place("mail", "sealed", id)
}

impl Outbox {
    #[must_use]
    pub(crate) fn new(platform: PlatformDb, keeper: Arc<Keeper>, clock: Clock, origin: String) -> Self {
        Self {
            platform,
            keeper,
            clock,
            origin,
            wake: Notify::new(),
            sent: AtomicU64::new(0),
            put_back: AtomicU64::new(0),
            given_up: AtomicU64::new(0),
        }
    }

    fn seal(&self, id: Uuid, message: &Message) -> Result<Vec<u8>, Fault> {
        let plain = serde_json::to_vec(message)
            .map(Zeroizing::new)
            .map_err(|_| Fault::Internal("a mail"))?;
        self.keeper.seal_personal(Uuid::nil(), place(id), &plain).map_err(|_| Fault::Sealed)
    }

    fn open(&self, id: Uuid, sealed: &[u8]) -> Result<Message, Fault> {
        let plain: SecretBytes = self
            .keeper
            .open_personal(Uuid::nil(), place(id), sealed)
            .map_err(|_| Fault::Sealed)?;
        plain.open(|bytes| serde_json::from_slice(bytes)).map_err(|_| Fault::Sealed)
    }

    /// Puts `message` into the outbox with the transaction: it goes if and when that commits. Call [`Outbox::ring`] then.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn enqueue(&self, tx: &PlatformTx, message: &Message) -> Result<(), Fault> {
        let id = Uuid::now_v7();
        Ok(rows::insert(tx, id, self.seal(id, message)?, self.clock.now()).await?)
    }

    /// As [`Outbox::enqueue`], in a tenant's transaction.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn enqueue_beside(&self, tx: &TenantTx, message: &Message) -> Result<(), Fault> {
        let id = Uuid::now_v7();
        Ok(rows::insert_beside(tx, id, self.seal(id, message)?, self.clock.now()).await?)
    }

    /// Tells the owner of `email` in the transaction of the change. Call [`Outbox::ring`] after the commit.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn notify(&self, tx: &PlatformTx, email: &str, notice: Notice) -> Result<(), Fault> {
        let (to, kind) = (email.to_owned(), Kind::Notice(notice));
        self.enqueue(tx, &Message::Letter { to, kind }).await
    }

    /// Puts `message` into the outbox by itself.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn post(&self, message: &Message) -> Result<(), Fault> {
        self.platform.write(async |tx| self.enqueue(tx, message).await).await?;
        self.ring();
        Ok(())
    }

    pub(crate) fn totals(&self) -> MailTotals {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        MailTotals {
            sent: read(&self.sent),
            put_back: read(&self.put_back),
            given_up: read(&self.given_up),
        }
    }

    /// Wakes the worker. It looks by itself too, a little later.
    pub fn ring(&self) {
        self.wake.notify_one();
    }
}
