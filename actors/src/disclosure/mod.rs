//! Reports of vulnerabilities: how they come in, what operators do with them, what is promised to whoever reports, and the pages around it.
//! None of it is a tenant's. Words and files are sealed with a key of the installation; a reporter's network address is stored nowhere.

mod board;
pub mod deadlines;
pub mod file;
mod follow;
mod intake;
mod mail;
mod message;
mod packets;
pub mod pages;
pub mod pgp;
pub mod security_txt;
mod sheet;
pub mod signing;
pub mod state;
mod watch;
mod words;

use std::sync::Arc;

use entities::{Millis, PlatformDb, StoreError, disclosure::reports};
use url::Url;

pub(crate) use self::watch::keep_watch;
pub use self::{
    board::{Board, Move, Note},
    follow::Followed,
    intake::{NewReport, Receipt, ReportToken},
    mail::{Desk, Filed, MOST_OF_MAIL},
    sheet::{Card, Sheet, Subject},
    words::{FileLine, Line},
};
use self::{deadlines::Holidays, signing::SigningKey, state::State};
use crate::{clock::Clock, fault::Fault, limits::Limits, mail::Outbox, vault::Keeper};

/// What an operator sets of it.
#[derive(Clone, Debug, Default)]
pub struct DisclosureSettings {
    /// Where reports may be mailed to, if anywhere.
    pub contact: Option<String>,
    /// Who is told of them; nobody in particular for every operator.
    pub notify: Vec<String>,
    /// An OpenPGP public key, in its armour.
    pub key: Option<String>,
    /// `security.txt`, signed elsewhere.
    pub signed: Option<String>,
    /// With which the server signs it where nobody did.
    pub signing: Option<Arc<SigningKey>>,
    pub policy: Option<Url>,
    /// As `security.txt` has them.
    pub languages: String,
    pub holidays: Holidays,
}

pub struct Disclosure {
    platform: PlatformDb,
    keeper: Arc<Keeper>,
    outbox: Arc<Outbox>,
    limits: Arc<Limits>,
    clock: Clock,
    settings: DisclosureSettings,
    /// Scheme, host and port that links lead to.
    origin: String,
}

/// Counts for the metrics.
pub struct ReportCounts {
    pub by_state: Vec<(String, u64)>,
    /// Acknowledged, or not yet, after more than was promised.
    pub acknowledged_late: u64,
    pub timeline_late: u64,
    /// Until the next promise breaks, in milliseconds; less than nothing once it has.
    pub next_due: Option<Millis>,
}

impl Disclosure {
    #[must_use]
    pub(crate) fn new(
        (platform, keeper, outbox, limits): (PlatformDb, Arc<Keeper>, Arc<Outbox>, Arc<Limits>),
        clock: Clock,
        settings: DisclosureSettings,
        origin: String,
    ) -> Self {
        Self {
            platform,
            keeper,
            outbox,
            limits,
            clock,
            settings,
            origin,
        }
    }

    #[must_use]
    pub fn settings(&self) -> &DisclosureSettings {
        &self.settings
    }

    /// `security.txt` as of now.
    #[must_use]
    pub fn security_txt(&self) -> String {
        security_txt::current(&self.settings, &self.origin, self.clock.now())
    }

    /// Who is thanked, and when, the latest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn thanks(&self) -> Result<Vec<(Option<String>, Millis)>, Fault> {
        let list = self.platform.read(async |tx| entities::disclosure::thanks::list(tx, 1_000).await);
        Ok(list.await?)
    }

    /// # Errors
    /// When the database does not answer.
    pub async fn counts(&self) -> Result<ReportCounts, Fault> {
        let now = self.clock.now();
        let counts = self.platform.read(async |tx| {
            let (acknowledged_late, timeline_late) = reports::late(tx).await?;
            let due = |report: &reports::Report| self.due(report).map(|(_, due)| due - now);
            Ok::<_, Fault>(ReportCounts {
                by_state: reports::by_state(tx).await?,
                acknowledged_late,
                timeline_late,
                next_due: reports::open(tx).await?.iter().filter_map(due).min(),
            })
        });
        counts.await
    }

    /// The promise that is open, and when it is broken.
    fn due(&self, report: &reports::Report) -> Option<(deadlines::Promise, Millis)> {
        due(report, &self.settings.holidays)
    }
}

fn due(report: &reports::Report, holidays: &Holidays) -> Option<(deadlines::Promise, Millis)> {
    let (promise, from) = State::parse(&report.state)?.runs(&report.standing)?;
    Some((promise, promise.due(from, holidays)))
}

/// How promises to reporters are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Promises {
    pub acknowledgement: Kept,
    pub timeline: Kept,
}

/// How one of them is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Reports that wait for longer than was promised.
    pub overdue: usize,
    /// Reports, of those that are kept, for which it was broken, whatever came then.
    pub late: u64,
}

pub(crate) async fn promises(platform: &PlatformDb, holidays: &Holidays, now: Millis) -> Result<Promises, StoreError> {
    let looked = platform.read(async |tx| {
        let (acknowledged, timeline) = reports::late(tx).await?;
        let open = reports::open(tx).await?;
        let overdue = |of: deadlines::Promise| {
            let due = open.iter().filter_map(|report| due(report, holidays));
            due.filter(|(promise, at)| *promise == of && *at < now).count()
        };
        Ok::<_, StoreError>(Promises {
            acknowledgement: Kept {
                overdue: overdue(deadlines::Promise::Acknowledge),
                late: acknowledged,
            },
            timeline: Kept {
                overdue: overdue(deadlines::Promise::Timeline),
                late: timeline,
            },
        })
    });
    looked.await
}
