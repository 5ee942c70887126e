//! How a sync goes on: what follows each step, and how it ends.

use entities::{
    Millis, SourceRunId, StoreError, TenantTx, job,
    source::{self, Phase, Source, Sync},
    source_run::{self, Run},
};
use rand::random_range;

use super::connector::ProviderError;
use crate::fault::Fault;

/// The provider does not accept the access any more.
pub(super) const RECONNECT: &str = "reconnect";

/// Steps in a row that come to nothing before a sync is given up that has not taken anything yet, and one that has.
const MOST_AT_FIRST: i32 = 6;
const MOST: i32 = 100;
/// Longer than any sync takes; one that is asked to wait again and again ends here.
const LONGEST_MS: Millis = 24 * 3_600_000;
/// Lists that are begun anew in one sync.
const MOST_RESTARTS: i32 = 5;
/// The longest that a provider can make a source wait at once.
pub(super) const LONGEST_WAIT_MS: Millis = 6 * 3_600_000;

/// Why a sync failed: a word for programs, and one for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub code: &'static str,
    pub detail: String,
}

impl Problem {
    pub(crate) fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }
}

impl From<&ProviderError> for Problem {
    fn from(error: &ProviderError) -> Self {
        match error {
            ProviderError::Later(_) => Self::new("rate_limited", "The provider asked to wait for too long."),
            ProviderError::Unauthorized => Self::new(RECONNECT, "The provider does not accept the access any more. Connect it again."),
            ProviderError::Refused(why) | ProviderError::Barred(why) => Self::new("refused", format!("The provider refused: {why}")),
            ProviderError::Restart => Self::new("unreadable", "The provider does not let its lists be read to their end."),
            ProviderError::Unavailable => Self::new("unavailable", "The provider could not be reached."),
            ProviderError::Unreadable => Self::new("unreadable", "The provider's answers could not be read."),
        }
    }
}

/// What follows a step.
#[derive(Clone, Debug)]
pub(crate) enum After {
    /// The next one, after as many milliseconds.
    Next(Millis),
    /// Another phase.
    Enter(Phase),
    /// The provider asked to be left alone until then.
    Wait(Millis),
    /// The list begins anew: the provider does not go on with it. What it named before stays named.
    Restart,
    /// The step, or the last part of it, came to nothing. It is tried again: soon when only one item is concerned.
    Miss {
        problem: Problem,
        soon: bool,
    },
    End(Option<Problem>),
}

/// When the next sync begins: a tenth is left to chance, so that what was connected together does not stay together.
pub(super) fn next_due(every_minutes: i32, now: Millis) -> Millis {
    let every = i64::from(every_minutes) * 60_000;
    now + every + random_range(-every / 10..=every / 10)
}

fn backoff(attempts: i32) -> Millis {
    let base = 2_500_i64 << attempts.clamp(1, 5);
    base + random_range(0..base / 2)
}

/// The job no longer holds: another worker has it, or the source is being let go of. Rolls the transaction back.
pub(crate) fn lost() -> Fault {
    Fault::Internal("lost lease")
}

/// Stores what a step came to: `sync` as the step left it, and what follows. The source is held. Answers with the problem when the sync failed
/// by it.
pub(crate) async fn go_on(
    tx: &TenantTx,
    job: &job::Claimed,
    source: &Source,
    mut sync: Sync,
    after: After,
    now: Millis,
) -> Result<Option<Problem>, Fault> {
    (sync.beat_at, sync.wait_until) = (Some(now), None);
    let (mut again, mut failed, mut run_at) = (source.again, None, now);
    let ended = match after {
        After::Next(rest) => {
            sync.attempts = 0;
            run_at = now + rest;
            None
        }
        After::Enter(phase) => {
            (sync.attempts, sync.phase) = (0, phase);
            None
        }
        After::Wait(_) if sync.started_at.is_some_and(|since| now - since > LONGEST_MS) => {
            Some(Some(Problem::from(&ProviderError::Later(0))))
        }
        After::Wait(until) => {
            run_at = until.clamp(now, now + LONGEST_WAIT_MS);
            sync.wait_until = Some(run_at);
            None
        }
        After::Restart => {
            (sync.next, sync.restarts) = (None, sync.restarts + 1);
            run_at = now + backoff(sync.restarts);
            (sync.restarts > MOST_RESTARTS).then(|| Some(Problem::from(&ProviderError::Restart)))
        }
        After::Miss { problem, soon } => {
            sync.attempts += 1;
            let taken = sync.added + sync.changed + sync.unchanged;
            let most = if taken > 0 { MOST } else { MOST_AT_FIRST };
            run_at = now + if soon { 1_000 } else { backoff(sync.attempts) };
            (sync.attempts >= most).then_some(Some(problem))
        }
        After::End(problem) => Some(problem),
    };
    if let Some(problem) = ended {
        run_at = end(tx, source, &mut sync, problem.as_ref(), now).await?;
        (again, failed) = (false, problem);
    }
    source::set_sync(tx, source.id, &sync, again).await?;
    if job::advance(tx, job, job.work, run_at).await? {
        Ok(failed)
    } else {
        Err(lost())
    }
}

/// Ends a sync, and answers with when the next one begins.
async fn end(tx: &TenantTx, source: &Source, sync: &mut Sync, problem: Option<&Problem>, now: Millis) -> Result<Millis, StoreError> {
    let due = match source.again {
        true => now,
        false => next_due(source.every_minutes, now),
    };
    sync.problem = problem.map(|problem| (problem.code.to_owned(), problem.detail.clone()));
    (sync.phase, sync.next) = (Phase::Idle, None);
    (sync.finished_at, sync.due_at, sync.attempts) = (Some(now), Some(due), 0);
    let run = Run {
        id: SourceRunId::new(),
        started_at: sync.started_at.unwrap_or(now),
        finished_at: now,
        problem: sync.problem.clone(),
        added: sync.added,
        changed: sync.changed,
        removed: sync.removed,
        skipped: sync.skipped,
        unchanged: sync.unchanged,
    };
    source_run::insert(tx, source.id, &run).await?;
    Ok(due)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_sync_is_due_within_a_tenth_of_its_interval() {
        let hour = 3_600_000;
        let mut dues: Vec<Millis> = (0..200).map(|_| next_due(60, 0)).collect();
        assert!(dues.iter().all(|due| (hour * 9 / 10..=hour * 11 / 10).contains(due)), "{dues:?}");
        dues.dedup();
        assert!(dues.len() > 100, "what was connected together does not stay together");
    }

    #[test]
    fn each_miss_waits_longer_up_to_two_minutes() {
        for attempts in 1..5 {
            assert!(backoff(attempts) < backoff(attempts + 1) * 2);
        }
        assert!((1..200).all(|attempts| (5_000..=120_000).contains(&backoff(attempts))));
    }
}
