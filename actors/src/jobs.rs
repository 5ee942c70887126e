//! The worker: takes jobs that are due, in turn between tenants, and hands each to its tenant's actor, which does one step.

use std::{collections::HashSet, sync::Arc, time::Duration};

use entities::{Millis, PlatformDb, TenantId, job, job::Queue};
use tokio::sync::{Notify, Semaphore};
use tracing::Instrument;

use crate::{
    billing::LookAtStripe,
    fault::Fault,
    integrations::{
        deliver::Deliver,
        events::{GiveUpEvent, HandleEvent},
    },
    project::{ChangeSome, EmbedDocument, ForgetConversations, GiveUp, LetGo, ReadDocument, Reembed, Reseal},
    registry::Registry,
    sources::{grants::RevokeAllHere, sync::SyncSource},
    team::workspace::EndWorkspace,
    tenant::{ProjectRef, PurgeProject, SweepEvents},
    throttle::Throttle,
};

/// Longer than any step takes. A job whose worker vanished is taken up again after this.
const LEASE_MS: Millis = 240_000;
/// Tries of a step, in a row, before its job is parked.
const MOST_ATTEMPTS: i32 = 6;
/// Of something that a provider sent and will not send again: about half an hour.
const MOST_ATTEMPTS_AT_EVENTS: i32 = 12;
/// How long what is under way to somebody else's server may go on when the process is to end.
const PARTING: Duration = Duration::from_secs(2);
/// How long to wait for new work when nobody rings.
const POLL: Duration = Duration::from_secs(1);

pub struct Worker {
    registry: Arc<Registry>,
    platform: PlatformDb,
    queue: Queue,
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
    pub fn new(registry: Arc<Registry>, platform: PlatformDb, queue: Queue, at_once: usize) -> Self {
        Self {
            registry,
            platform,
            queue,
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
        let engine = &self.registry.engine;
        let work = match self.queue {
            Queue::Here => engine.work.clone(),
            Queue::Outward => engine.outward_work.clone(),
        };
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
                    let span = tracing::debug_span!("job", kind = job.work.kind());
                    let done = async move {
                        step(&registry, tenant, job).await;
                        drop(place);
                        work.notify_one();
                    };
                    tokio::spawn(done.instrument(span));
                }
                outcome => {
                    drop(place);
                    if let Err(fault) = outcome {
                        tracing::warn!(%fault, "waiting work cannot be read");
                    }
                    tokio::select! {
                        () = work.notified() => {}
                        () = tokio::time::sleep(POLL) => {}
                        () = engine.clock.leapt() => {}
                        () = self.stop.notified() => break,
                    }
                }
            }
        }
        match self.queue {
            Queue::Here => drop(slots.acquire_many(all).await),
            // Somebody else's server may take its time: what is under way is sent once more by the next start.
            Queue::Outward => drop(tokio::time::timeout(PARTING, slots.acquire_many(all)).await),
        }
    }

    async fn claim(&self) -> Result<Option<(TenantId, job::Claimed)>, Fault> {
        let now = self.registry.engine.clock.now();
        Ok(self.platform.claim_jobs(self.queue, 1, now, now + LEASE_MS).await?.pop())
    }
}

async fn step(registry: &Registry, tenant: TenantId, job: job::Claimed) {
    let Err(fault) = attempt(registry, tenant, job).await else { return };
    let now = registry.engine.clock.now();
    // Somebody else's server does not embed at the moment, which was logged: it will.
    if let Fault::EmbeddingWaits { wait_ms, .. } = &fault {
        let run_at = now + wait_ms.unwrap_or_else(|| backoff(job.attempts));
        return put_back(registry, tenant, job, &fault, Some(run_at)).await;
    }
    tracing::warn!(%fault, job = %job.id, attempts = job.attempts, "a job's step failed");
    // Keys that are to go must go, however long their store is away.
    let must_happen = matches!(
        job.work,
        job::Work::Reseal { .. }
            | job::Work::DestroyShare { .. }
            | job::Work::PurgeWorkspace
            | job::Work::EndWorkspace
            | job::Work::SweepEvents
            // It counts its own tries: these are of what failed before anybody was asked.
            | job::Work::DeliverWebhook { .. }
            // So does each source; and one that is let go of must go.
            | job::Work::SyncSource { .. }
            | job::Work::LeaveSource { .. }
            | job::Work::RevokeAll { .. }
            // What is to be forgotten must be.
            | job::Work::ForgetConversations
            // A model that was begun with takes over in the end.
            | job::Work::Reembed { .. }
            | job::Work::ReembedOutward { .. }
    );
    let most = match job.work {
        job::Work::HandleEvent { .. } => MOST_ATTEMPTS_AT_EVENTS,
        _ => MOST_ATTEMPTS,
    };
    let parked = job.attempts >= most && !must_happen;
    if parked && give_up(registry, tenant, job, &fault).await.is_ok() {
        return;
    }
    let run_at = (!parked).then(|| now + backoff(job.attempts));
    put_back(registry, tenant, job, &fault, run_at).await;
}

async fn put_back(registry: &Registry, tenant: TenantId, job: job::Claimed, fault: &Fault, run_at: Option<Millis>) {
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
        job::Work::SweepEvents => match registry.tenant(tenant).await {
            Ok(there) => return there.supervisor(SweepEvents(job)).await,
            Err(Fault::NotFound) => return registry.finish(tenant, job).await,
            Err(fault) => return Err(fault),
        },
        job::Work::HandleEvent { event } => match registry.tenant(tenant).await {
            Ok(there) => return there.integrations().await?.ask(HandleEvent { job, event }).await,
            Err(Fault::NotFound) => return registry.finish(tenant, job).await,
            Err(fault) => return Err(fault),
        },
        job::Work::DestroyShare { share } => {
            registry.keeper.ring.destroy(share).await?;
            return registry.finish_share(tenant, job, share).await;
        }
        job::Work::DeliverWebhook { delivery } => match registry.tenant(tenant).await {
            Ok(there) => return there.integrations().await?.ask(Deliver { job, delivery }).await,
            Err(Fault::NotFound) => return registry.finish(tenant, job).await,
            Err(fault) => return Err(fault),
        },
        job::Work::SyncSource { source } => match registry.tenant(tenant).await {
            Ok(there) => return there.integrations().await?.ask(SyncSource { job, source }).await,
            Err(Fault::NotFound) => return registry.finish(tenant, job).await,
            Err(fault) => return Err(fault),
        },
        job::Work::RevokeAll { deletes } => match registry.tenant(tenant).await {
            Ok(there) => return there.integrations().await?.ask(RevokeAllHere { job, deletes }).await,
            // Its integrations ended with it.
            Err(Fault::NotFound) => return registry.finish(tenant, job).await,
            Err(fault) => return Err(fault),
        },
        job::Work::LookAtStripe => match registry.tenant(tenant).await {
            Ok(there) => return there.integrations().await?.ask(LookAtStripe(job)).await,
            Err(Fault::NotFound) => return registry.finish(tenant, job).await,
            Err(fault) => return Err(fault),
        },
        job::Work::ReadDocument { .. }
        | job::Work::EmbedDocument { .. }
        | job::Work::EmbedOutward { .. }
        | job::Work::Reembed { .. }
        | job::Work::ReembedOutward { .. }
        | job::Work::Reseal { .. }
        | job::Work::LeaveSource { .. }
        | job::Work::ForgetConversations
        | job::Work::ChangeDocuments { .. } => {}
    }
    let Some(project) = project(registry, tenant, &job).await? else {
        return registry.finish(tenant, job).await;
    };
    match job.work {
        job::Work::Reseal { .. } => project.ask(Reseal(job)).await,
        job::Work::ReadDocument { document, revision } => project.ask(ReadDocument { job, document, revision }).await,
        job::Work::Reembed { after } | job::Work::ReembedOutward { after } => project.ask(Reembed { job, after }).await,
        job::Work::EmbedDocument { document, revision } | job::Work::EmbedOutward { document, revision } => {
            project.ask(EmbedDocument { job, document, revision }).await
        }
        job::Work::LeaveSource { source } => project.ask(LetGo { job, source }).await,
        job::Work::ForgetConversations => project.ask(ForgetConversations(job)).await,
        job::Work::ChangeDocuments { batch } => project.ask(ChangeSome { job, batch }).await,
        // Seen to above.
        job::Work::PurgeProject
        | job::Work::PurgeWorkspace
        | job::Work::EndWorkspace
        | job::Work::DestroyShare { .. }
        | job::Work::HandleEvent { .. }
        | job::Work::SweepEvents
        | job::Work::SyncSource { .. }
        | job::Work::RevokeAll { .. }
        | job::Work::DeliverWebhook { .. }
        | job::Work::LookAtStripe => Ok(()),
    }
}

/// Tells whose it is that a document, or something that was sent, cannot be processed.
async fn give_up(registry: &Registry, tenant: TenantId, job: job::Claimed, fault: &Fault) -> Result<(), Fault> {
    if let job::Work::HandleEvent { event } = job.work {
        let reason = format!("It could not be processed: {fault}.");
        let there = registry.tenant(tenant).await?;
        return there.integrations().await?.ask(GiveUpEvent { job, event, reason }).await;
    }
    let (job::Work::ReadDocument { document, revision }
    | job::Work::EmbedDocument { document, revision }
    | job::Work::EmbedOutward { document, revision }) = job.work
    else {
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

/// Once a minute: lets go of idle tenants, removes expired sessions of living ones, takes up their syncs that stand still and signs their
/// logs, forgets old limits.
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
        let each = async {
            for tenant in registry.living() {
                if let Err(fault) = tenant.sweep_sessions().await {
                    tracing::warn!(%fault, "expired sessions could not be removed");
                }
                if let Err(fault) = tenant.take_up_syncs().await {
                    tracing::warn!(%fault, "syncs that stand still could not be looked for");
                }
                if let Err(fault) = tenant.sign_log(tenant.idle() >= idle / 2).await {
                    tracing::warn!(%fault, "an audit log could not be signed");
                }
            }
        };
        each.instrument(tracing::debug_span!("housekeeping")).await;
        registry.evict(idle);
    }
}
