//! What an operator sees of the actors: how they are and what they did, never what for. Tenants and projects are ids here;
//! no message asks for more.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use entities::{Millis, ProjectId, TenantId};
use serde::Serialize;

use crate::{
    contain::{Counts, Status, Times, Vitals},
    fault::Fault,
    registry::Registry,
};

/// Names one living actor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActorName {
    pub tenant: TenantId,
    pub kind: String,
    pub project: Option<ProjectId>,
}

impl std::fmt::Display for ActorName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.tenant, self.kind)?;
        self.project.map_or(Ok(()), |project| write!(f, ".{project}"))
    }
}

impl std::str::FromStr for ActorName {
    type Err = Fault;

    /// `tenant.kind`, or `tenant.kind.project`.
    fn from_str(text: &str) -> Result<Self, Fault> {
        let mut parts = text.split('.');
        let tenant = parts.next().and_then(|id| id.parse().ok()).ok_or(Fault::NotFound)?;
        let kind = parts.next().filter(|kind| !kind.is_empty()).ok_or(Fault::NotFound)?.to_owned();
        let project = parts.next().map(|id| id.parse().map_err(|_| Fault::NotFound)).transpose()?;
        if parts.next().is_some() {
            return Err(Fault::NotFound);
        }
        Ok(Self { tenant, kind, project })
    }
}

impl Registry {
    fn vitals(&self) -> Vec<Arc<Vitals>> {
        self.lock().values().flat_map(|tenant| tenant.vitals()).collect()
    }

    /// Every actor that lives in this process, in no order.
    #[must_use]
    pub fn actors(&self) -> Vec<Status> {
        // Read outside the lock: requests need it.
        self.vitals().iter().map(|vitals| vitals.status()).collect()
    }

    /// Whether it lives in this process.
    pub(crate) fn has(&self, name: &ActorName) -> bool {
        let Some(tenant) = self.lock().get(&name.tenant).cloned() else {
            return false;
        };
        let living = tenant.vitals();
        living
            .iter()
            .map(|vitals| vitals.status())
            .any(|actor| actor.kind == name.kind && actor.project == name.project)
    }

    /// What actors did since this process began, by kind, those that are gone included.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, Counts> {
        // The living first: one that leaves in between is missing for a moment rather than counted twice.
        let living = self.vitals();
        let mut counts = self.ledger.departed();
        for vitals in living {
            counts.entry(vitals.kind()).or_default().add(&vitals.counts());
        }
        counts
    }

    /// Rebuilds one actor from storage: ends its quarantine and gives up what it is at. What was acknowledged is in storage.
    ///
    /// # Errors
    /// `NotFound` when no such actor lives.
    pub async fn reset(&self, name: &ActorName) -> Result<(), Fault> {
        let tenant = self.lock().get(&name.tenant).cloned().ok_or(Fault::NotFound)?;
        tenant.reset(&name.kind, name.project).await
    }

    /// Lets go of a project's actor, or, for any other kind, of the tenant's whole tree. What they accepted they finish; the next
    /// request starts new ones.
    ///
    /// # Errors
    /// `NotFound` when no such actor lives.
    pub fn dismiss(&self, name: &ActorName) -> Result<(), Fault> {
        let mut tenants = self.lock();
        let tenant = tenants.get(&name.tenant).ok_or(Fault::NotFound)?;
        let found = match name.project {
            Some(project) => tenant.dismiss(project),
            None => {
                let known = tenant.vitals().iter().any(|vitals| vitals.kind() == name.kind);
                known && tenants.remove(&name.tenant).is_some()
            }
        };
        if found { Ok(()) } else { Err(Fault::NotFound) }
    }
}

/// What happened in the seconds before `at`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sample {
    pub at: Millis,
    pub seconds: u64,
    pub handled: u64,
    pub failures: u64,
    pub restarts: u64,
    /// Microseconds, to the end of the bucket.
    pub p99_us: Option<u64>,
}

/// Remembers the last quarter of an hour.
#[derive(Default)]
pub struct History(Mutex<VecDeque<Sample>>);

const EVERY: Duration = Duration::from_secs(5);
const KEPT: usize = 180;

impl History {
    /// The oldest first.
    #[must_use]
    pub fn samples(&self) -> Vec<Sample> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    fn keep(&self, sample: Sample) {
        let mut samples = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while samples.len() >= KEPT {
            samples.pop_front();
        }
        samples.push_back(sample);
    }
}

fn sum(registry: &Registry) -> Counts {
    let mut all = Counts::default();
    for counts in registry.counts().values() {
        all.add(counts);
    }
    all
}

fn between(earlier: &Counts, later: &Counts, at: Millis) -> Sample {
    let times: Times = later.times.since(&earlier.times);
    Sample {
        at,
        seconds: EVERY.as_secs(),
        handled: later.handled.saturating_sub(earlier.handled),
        failures: later.failures.saturating_sub(earlier.failures),
        restarts: later.restarts.saturating_sub(earlier.restarts),
        p99_us: times.percentile(99),
    }
}

/// Takes a sample every few seconds.
pub(crate) async fn take_samples(registry: Arc<Registry>, history: Arc<History>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ticks.tick().await;
    let mut earlier = sum(&registry);
    loop {
        ticks.tick().await;
        let later = sum(&registry);
        history.keep(between(&earlier, &later, registry.ledger.clock.now()));
        earlier = later;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        let (tenant, project) = (TenantId::new(), ProjectId::new());
        for project in [None, Some(project)] {
            let name = ActorName {
                tenant,
                kind: "vault".into(),
                project,
            };
            assert_eq!(name.to_string().parse::<ActorName>().unwrap(), name);
        }
        for bad in [
            "",
            "vault",
            "x.vault",
            &format!("{tenant}."),
            &format!("{tenant}.project.x"),
            &format!("{tenant}.a.{project}.b"),
        ] {
            assert!(bad.parse::<ActorName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_history_forgets_what_is_old() {
        let history = History::default();
        for at in 0..1000 {
            history.keep(between(&Counts::default(), &Counts::default(), at));
        }
        let samples = history.samples();
        assert_eq!((samples.len(), samples[0].at), (KEPT, 1000 - 180));
    }
}
