//! The worker: takes jobs that are due, in turn between tenants, and hands each to its tenant's actor, which does one step.

use std::{collections::HashSet, sync::Arc, time::Duration};

use entities::{Millis, PlatformDb, TenantId, job};
use tokio::sync::{Notify, Semaphore};

use crate::{
    fault::Fault,
    project::{EmbedDocument, GiveUp, ReadDocument, Reseal},
    registry::Registry,
    team::workspace::EndWorkspace,
    tenant::{ProjectRef, PurgeProject},
    throttle::Throttle,
};

/// Longer than any step takes. A job whose worker vanished is taken up again after this.
const LEASE_MS: Millis = 240_000;
/// Tries of a step, in a row, before its job is parked.
const MOST_ATTEMPTS: i32 = 6;
/// How long to wait for new work when nobody rings.
const POLL: Duration = Duration::from_secs(1);

pub struct Worker {
    registry: Arc<Registry>,
    platform: PlatformDb,
    at_once: usize,
    stop: Arc<Notify>,
}

/// Stops a worker after the steps that it began.
pub struct Running {
    stop: Arc<Notify>,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    pub async fn stop(self) {
        self.stop.notify_one();
        let _ = self.task.await;
    }
}

impl Worker {
    #[must_use]
    pub fn new(registry: Arc<Registry>, platform: PlatformDb, at_once: usize) -> Self {
        Self {
            registry,
            platform,
            at_once: at_once.max(1),
            stop: Arc::default(),
        }
    }

    #[must_use]
    pub fn spawn(self) -> Running {
        let stop = self.stop.clone();
        Running {
            stop,
            task: tokio::spawn(self.run()),
        }
    }

    async fn run(self) {
        let slots = Arc::new(Semaphore::new(self.at_once));
        let all = u32::try_from(self.at_once).unwrap_or(u32::MAX);
        let work = self.registry.engine.work.clone();
        loop {
            // A place first: a job that was claimed and waits would use up its lease.
            let place = tokio::select! {
                place = slots.clone().acquire_owned() => place,
                () = self.stop.notified() => break,
            };
            let Ok(place) = place else { break };
            match self.claim().await {
                Ok(Some((tenant, job))) => {
                    let (registry, work) = (self.registry.clone(), work.clone());
                    tokio::spawn(async move {
                        step(&registry, tenant, job).await;
                        drop(place);
                        work.notify_one();
                    });
                }
                outcome => {
                    drop(place);
                    if let Err(fault) = outcome {
                        tracing::warn!(%fault, "waiting work cannot be read");
                    }
                    tokio::select! {
                        () = work.notified() => {}
                        () = tokio::time::sleep(POLL) => {}
                        () = self.stop.notified() => break,
                    }
                }
            }
        }
        let _ = slots.acquire_many(all).await;
    }

    async fn claim(&self) -> Result<Option<(TenantId, job::Claimed)>, Fault> {
        let now = self.registry.engine.clock.now();
        Ok(self.platform.claim_jobs(1, now, now + LEASE_MS).await?.pop())
    }
}

async fn step(registry: &Registry, tenant: TenantId, job: job::Claimed) {
    let Err(fault) = attempt(registry, tenant, job).await else { return };
    tracing::warn!(%fault, job = %job.id, attempts = job.attempts, "a job's step failed");
    let now = registry.engine.clock.now();
    // Keys that are to go must go, however long their store is away.
    let must_happen = matches!(
        job.work,
        job::Work::Reseal { .. } | job::Work::DestroyShare { .. } | job::Work::PurgeWorkspace | job::Work::EndWorkspace
    );
    let parked = job.attempts >= MOST_ATTEMPTS && !must_happen;
    if parked && give_up(registry, tenant, job).await.is_ok() {
        return;
    }
    let run_at = (!parked).then(|| now + backoff(job.attempts));
    let put_back = registry.put_back(tenant, job, &fault.to_string(), run_at).await;
    if let Err(fault) = put_back {
        // Its lease runs out, and another worker takes it up.
        tracing::warn!(%fault, job = %job.id, "a failed job could not be put back");
    }
}

/// Seconds that double with each try, and up to as much again, so that what failed together is not tried together.
fn backoff(attempts: i32) -> Millis {
    let base = 1000_i64 << attempts.clamp(0, 8);
    base + rand::random_range(0..base)
}

async fn project(registry: &Registry, tenant: TenantId, job: &job::Claimed) -> Result<Option<ProjectRef>, Fault> {
    match registry.tenant(tenant).await?.project(job.project).await {
        Ok(project) => Ok(Some(project)),
        // Deleted meanwhile: there is nothing left to do.
        Err(Fault::NotFound) => Ok(None),
        Err(fault) => Err(fault),
    }
}

async fn attempt(registry: &Registry, tenant: TenantId, job: job::Claimed) -> Result<(), Fault> {
    match job.work {
        job::Work::PurgeWorkspace => return registry.purge(tenant, job).await,
        job::Work::PurgeProject => match registry.tenant(tenant).await {
            Ok(tenant) => return tenant.supervisor(PurgeProject(job)).await,
            // The whole workspace goes, and the project with it.
            Err(Fault::NotFound) => return registry.finish(tenant, job).await,
            Err(fault) => return Err(fault),
        },
        job::Work::EndWorkspace => match registry.tenant(tenant).await {
            Ok(there) => {
                there.supervisor(EndWorkspace(job)).await?;
                registry.forget(tenant);
                return Ok(());
            }
            Err(Fault::NotFound) => return registry.finish(tenant, job).await,
            Err(fault) => return Err(fault),
        },
        job::Work::DestroyShare { share } => {
            registry.keeper.ring.destroy(share).await?;
            return registry.finish_share(tenant, job, share).await;
        }
        job::Work::ReadDocument { .. } | job::Work::EmbedDocument { .. } | job::Work::Reseal { .. } => {}
    }
    let Some(project) = project(registry, tenant, &job).await? else {
        return registry.finish(tenant, job).await;
    };
    match job.work {
        job::Work::Reseal { .. } => project.ask(Reseal(job)).await,
        job::Work::ReadDocument { document, revision } => project.ask(ReadDocument { job, document, revision }).await,
        job::Work::EmbedDocument { document, revision } => project.ask(EmbedDocument { job, document, revision }).await,
        job::Work::PurgeProject | job::Work::PurgeWorkspace | job::Work::EndWorkspace | job::Work::DestroyShare { .. } => Ok(()),
    }
}

/// Tells the document's owner that it cannot be processed.
async fn give_up(registry: &Registry, tenant: TenantId, job: job::Claimed) -> Result<(), Fault> {
    let (job::Work::ReadDocument { document, revision } | job::Work::EmbedDocument { document, revision }) = job.work else {
        return Err(Fault::NotFound);
    };
    let project = project(registry, tenant, &job).await?.ok_or(Fault::NotFound)?;
    project.ask(GiveUp { job, document, revision }).await
}

/// Each second: looks whether keys changed, by whichever process, and makes those in use follow.
pub async fn watch_keys(registry: Arc<Registry>) {
    let mut seconds = tokio::time::interval(POLL);
    seconds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut seen, mut behind) = (None, HashSet::new());
    loop {
        seconds.tick().await;
        match registry.key_epoch().await {
            Ok(epoch) => {
                if seen.is_some_and(|seen| seen != epoch) {
                    behind = registry.living_ids();
                }
                seen = Some(epoch);
                if !behind.is_empty() {
                    behind = registry.refresh_keys(&behind).await;
                }
            }
            Err(fault) => tracing::warn!(%fault, "the count of key changes cannot be read"),
        }
    }
}

/// Once a minute: lets go of idle tenants, removes expired sessions of living ones and signs their logs, forgets old limits.
pub(crate) async fn keep_house(registry: Arc<Registry>, limits: Arc<crate::limits::Limits>, throttle: Arc<Throttle>, idle: Duration) {
    let mut minutes = tokio::time::interval(Duration::from_secs(60));
    loop {
        minutes.tick().await;
        limits.sweep();
        throttle.sweep();
        registry.engine.write_off();
        if let Err(fault) = registry.forget_deleted().await {
            tracing::warn!(%fault, "deleted workspaces could not be looked for");
        }
        for tenant in registry.living() {
            if let Err(fault) = tenant.sweep_sessions().await {
                tracing::warn!(%fault, "expired sessions could not be removed");
            }
            if let Err(fault) = tenant.sign_log(tenant.idle() >= idle / 2).await {
                tracing::warn!(%fault, "an audit log could not be signed");
            }
        }
        registry.evict(idle);
    }
}
