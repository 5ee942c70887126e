//! Tells operators of promises that are about to be broken, once each, whichever node comes first.

use std::{sync::Arc, time::Duration};

use entities::disclosure::reports;

use super::{Disclosure, deadlines::Promise, state::State};
use crate::{
    fault::Fault,
    mail::{Reminder, ReportLetter},
};

const POLL: Duration = Duration::from_secs(2);
/// Reports of one round, and lines of one letter.
const AT_ONCE: u64 = 50;

/// Looks until it is stopped.
pub(crate) async fn keep_watch(disclosure: Arc<Disclosure>) {
    // Holidays are a setting: by other ones, other moments are due.
    if let Err(fault) = disclosure.arm().await {
        tracing::warn!(%fault, "the deadlines of reports could not be set");
    }
    loop {
        match disclosure.remind().await {
            Ok(told) if told as u64 == AT_ONCE => continue,
            Ok(_) => {}
            Err(fault) => tracing::warn!(%fault, "the deadlines of reports cannot be looked at"),
        }
        tokio::time::sleep(POLL).await;
    }
}

impl Disclosure {
    /// Sets when the next reminder of each open report is due.
    async fn arm(&self) -> Result<(), Fault> {
        let open = self.platform.read(async |tx| reports::open(tx).await).await?;
        for report in open {
            let mut after = report.standing.clone();
            let Some(state) = State::parse(&report.state) else { continue };
            after.next_at = state.next_reminder(&report.standing, &self.settings.holidays);
            if after.next_at != report.standing.next_at {
                self.platform.write(async |tx| reports::told(tx, &report, &after).await).await?;
            }
        }
        Ok(())
    }

    /// Tells of what is due, in one letter. How many reports were looked at.
    async fn remind(&self) -> Result<usize, Fault> {
        let now = self.clock.now();
        let due = self.platform.read(async |tx| reports::due(tx, now, AT_ONCE).await).await?;
        if due.is_empty() {
            return Ok(0);
        }
        let told = self.platform.write(async |tx| {
            let mut reminders = Vec::new();
            for report in &due {
                let Some(state) = State::parse(&report.state) else { continue };
                let (reached, after) = state.remind(&report.standing, now, &self.settings.holidays);
                // Another node told of it, or somebody moved it.
                if !reports::told(tx, report, &after).await? {
                    continue;
                }
                let Some((promise, stage)) = reached else { continue };
                let (reference, broken) = (report.reference.clone(), stage == 3);
                if broken {
                    tracing::warn!(report = reference, promise = promise.as_str(), "a promise to a reporter is broken");
                }
                reminders.push(Reminder {
                    reference,
                    timeline: promise == Promise::Timeline,
                    due: self.due(report).map_or(now, |(_, due)| due),
                    broken,
                });
            }
            if !reminders.is_empty() {
                let letter = || ReportLetter::Reminders(reminders.clone());
                self.tell_operators(tx, letter).await?;
            }
            Ok::<_, Fault>(())
        });
        told.await?;
        self.outbox.ring();
        Ok(due.len())
    }
}
