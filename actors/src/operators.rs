//! What those who run the installation may do: see how actors are, reset and evict them, and leave a trace of it.
//! Everything here speaks of ids and figures; what belongs to a tenant cannot be asked for.

pub(crate) mod follow;

use std::sync::Arc;

use entities::{
    AccountId, ActOutcome, JobCounts, Location, MailCounts, Millis, OperatorAct, PlatformDb, PoolUse, Store,
    backup::{LastRuns, PlaceId},
    fair::Load,
};
use uuid::Uuid;

use crate::{
    clock::Clock,
    disclosure::{Disclosure, ReportCounts},
    embeddings::EmbeddingCounts,
    engine::Engine,
    fault::Fault,
    identity::Email,
    mail::{MailTotals, Outbox},
    registry::Registry,
    watch::{ActorName, History},
};

/// Grants and revokes, from the command line, beside a server that may be running.
pub struct Roster {
    store: Store,
    clock: Clock,
}

impl Roster {
    /// # Errors
    /// When the database cannot be opened.
    pub async fn open(location: &Location, clock: Clock) -> Result<Self, Fault> {
        let store = Store::open(location).await?;
        Ok(Self { store, clock })
    }

    /// Makes an account an operator's. One that is an operator's already stays so, as of now.
    ///
    /// # Errors
    /// `NotFound` when no account has the address.
    pub async fn grant(&self, email: &str) -> Result<(), Fault> {
        self.set(email, Some(self.clock.now())).await
    }

    /// # Errors
    /// `NotFound` when no account has the address.
    pub async fn revoke(&self, email: &str) -> Result<(), Fault> {
        self.set(email, None).await
    }

    async fn set(&self, email: &str, since: Option<Millis>) -> Result<(), Fault> {
        let email = Email::parse(email)?;
        if self.store.platform().set_operator(email.as_str(), since).await? {
            Ok(())
        } else {
            Err(Fault::NotFound)
        }
    }

    /// Addresses, and since when.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list(&self) -> Result<Vec<(String, Millis)>, Fault> {
        Ok(self.store.platform().operators().await?)
    }

    pub async fn close(self) {
        self.store.close().await;
    }
}

/// What can be done to an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Rebuild it from storage.
    Reset,
    /// Let go of it, and for all but a project's actor of its tenant's whole tree.
    Evict,
}

impl Act {
    /// As it is written down; `None` for what operators do to something else than actors.
    fn parse(name: &str) -> Option<Self> {
        [Self::Reset, Self::Evict].into_iter().find(|act| act.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Evict => "evict",
        }
    }
}

fn outcome_of(done: &Result<(), Fault>) -> ActOutcome {
    match done {
        Ok(()) => ActOutcome::Done,
        Err(Fault::NotFound) => ActOutcome::NotThere,
        Err(_) => ActOutcome::Failed,
    }
}

/// An operator, proven to be one when this was made: by [`Operations::admit`], and by nothing else.
#[derive(Clone, Debug)]
pub struct Operator {
    account: AccountId,
    email: String,
    /// Network address.
    address: String,
}

impl Operator {
    /// That they did `act`, for the transaction that does it.
    pub(crate) fn did(&self, act: &str, subject: &str, now: Millis) -> OperatorAct {
        OperatorAct {
            id: Uuid::now_v7(),
            at: now,
            account: self.account,
            email: self.email.clone(),
            act: act.into(),
            subject: subject.into(),
            address: self.address.clone(),
            outcome: ActOutcome::Done.as_str().into(),
        }
    }
}

/// How busy the process is.
#[derive(Clone, Copy, Debug)]
pub struct Busy {
    pub questions: Load,
    pub batches: Load,
    pub sign_ins: Load,
}

/// The operators' view on the running server.
pub struct Operations {
    pub(crate) platform: PlatformDb,
    pub(crate) registry: Arc<Registry>,
    pub(crate) identity: Arc<crate::identity::Identity>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) history: Arc<History>,
    pub(crate) known: Arc<follow::Known>,
    pub(crate) disclosure: Arc<Disclosure>,
    pub(crate) clock: Clock,
    pub(crate) started_at: Millis,
    pub(crate) backup_every: Option<Millis>,
    /// Where they go, if this server knows: it may be another that makes them.
    pub(crate) backups_in: Option<PlaceId>,
}

impl Operations {
    /// Asks storage whether the account is an operator's.
    ///
    /// # Errors
    /// `NotFound` when it is not.
    pub async fn admit(&self, account: AccountId, address: &str) -> Result<Operator, Fault> {
        let found = self.platform.operator(account).await?.ok_or(Fault::NotFound)?;
        Ok(Operator {
            account,
            email: found.email,
            address: address.to_owned(),
        })
    }

    /// Whether `who` is an operator still.
    pub async fn still(&self, who: &Operator) -> bool {
        matches!(self.platform.operator(who.account).await, Ok(Some(_)))
    }

    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    #[must_use]
    pub fn started_at(&self) -> Millis {
        self.started_at
    }

    /// What this process asked of others' embedding models.
    #[must_use]
    pub fn embedding(&self) -> EmbeddingCounts {
        self.engine.models.counts()
    }

    #[must_use]
    pub fn busy(&self) -> Busy {
        let (questions, batches) = self.engine.load();
        Busy {
            questions,
            batches,
            sign_ins: self.identity.hasher.load(),
        }
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn jobs(&self) -> Result<JobCounts, Fault> {
        Ok(self.platform.job_counts(self.clock.now()).await?)
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn mail(&self) -> Result<MailCounts, Fault> {
        Ok(self.platform.mail_counts(self.clock.now()).await?)
    }

    /// Reports of vulnerabilities, and the promises that were made of them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn reports(&self) -> Result<ReportCounts, Fault> {
        self.disclosure.counts().await
    }

    /// How far apart this server makes backups, if it does, and what became of the last ones, whoever made them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn backups(&self) -> Result<(Option<Millis>, LastRuns), Fault> {
        Ok((
            self.backup_every,
            self.platform.last_backups(self.clock.now(), self.backups_in).await?,
        ))
    }

    #[must_use]
    pub fn now(&self) -> Millis {
        self.clock.now()
    }

    /// What became of the letters that this process took in hand.
    #[must_use]
    pub fn mail_totals(&self) -> MailTotals {
        self.outbox.totals()
    }

    /// Connections that write, and those that read when they are others.
    #[must_use]
    pub fn pools(&self) -> (PoolUse, Option<PoolUse>) {
        self.platform.pools()
    }

    /// Does it here, and writes down who did: before it is done, so that nothing is done without a trace. Other nodes in which the actor
    /// lives do it within seconds; where it does not live here, this waits for them.
    ///
    /// # Errors
    /// `NotFound` when no such actor lives in any node that answers in time; what storage answers.
    pub async fn act(&self, who: &Operator, act: Act, on: &ActorName) -> Result<(), Fault> {
        let id = Uuid::now_v7();
        let begun = OperatorAct {
            id,
            at: self.clock.now(),
            account: who.account,
            email: who.email.clone(),
            act: act.name().into(),
            subject: on.to_string(),
            address: who.address.clone(),
            outcome: ActOutcome::Asked.as_str().into(),
        };
        let is_shared = self.platform.is_shared();
        if is_shared {
            self.known.note(id, begun.at);
        }
        self.platform.begin_act(begun).await?;
        let done = self.registry.act(act, on).await;
        if is_shared && matches!(done, Err(Fault::NotFound)) {
            return follow::done_elsewhere(&self.platform, id).await;
        }
        self.platform.note_outcome(id, outcome_of(&done)).await?;
        done
    }

    /// What operators did, the latest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn acts(&self, limit: u64) -> Result<Vec<OperatorAct>, Fault> {
        Ok(self.platform.acts(limit).await?)
    }
}
