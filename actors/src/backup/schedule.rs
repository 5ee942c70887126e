//! Backups by themselves: one of the servers makes them, whichever takes the turn.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use entities::{Millis, PlatformDb};
use tokio::sync::Notify;

use super::{BackupError, BackupSettings, Cause, make::Maker};
use crate::{clock::Clock, vault::Keeper};

/// How often to look whether one is due, and whether keys came or went.
const LOOK: Duration = Duration::from_secs(2);
/// After anything that failed, so long nothing is looked at: what is broken stays so for a while.
const PAUSE: Duration = Duration::from_secs(20);
/// After one that failed, the next is tried so much later, or sooner if they are made more often.
const AGAIN_MS: Millis = 900_000;

pub(crate) struct Schedule {
    stop: Arc<Notify>,
    cut: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

impl Schedule {
    /// Begins, if it is set that servers make them.
    pub(crate) fn of(keeper: Arc<Keeper>, platform: PlatformDb, settings: BackupSettings, clock: Clock) -> Option<Self> {
        let every = settings.every?;
        Some(Self::start(Maker::new(keeper, platform, settings, clock), every))
    }

    fn start(maker: Maker, every: Millis) -> Self {
        let (stop, cut) = (Arc::<Notify>::default(), maker.stop.clone());
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let mut looks = tokio::time::interval(LOOK);
            looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            let mut seen = None;
            loop {
                tokio::select! {
                    _ = looks.tick() => {}
                    () = stopped.notified() => return,
                }
                match look(&maker, every, seen).await {
                    Ok(epoch) => seen = epoch,
                    Err(BackupError::Stopped) => return,
                    Err(error) => {
                        tracing::error!(%error, "a backup failed");
                        looks.reset_after(PAUSE);
                    }
                }
            }
        });
        Self { stop, cut, task }
    }

    /// Breaks off what is being made, and waits until it is.
    pub(crate) async fn stop(self) {
        self.cut.store(true, Ordering::Relaxed);
        self.stop.notify_one();
        let _ = self.task.await;
    }
}

/// Whether one is due. In a place that was just set there is none yet.
async fn is_due(maker: &Maker, every: Millis) -> Result<bool, BackupError> {
    let now = maker.clock.now();
    let last = maker.platform.last_backups(now, Some(maker.place())).await?;
    let waits = last.success.is_some_and(|run| run.started_at + every > now);
    let failed = last.failure.is_some_and(|run| run.started_at + AGAIN_MS.min(every) > now);
    Ok(!waits && !failed)
}

/// `seen`: the count of key changes that the copy of the ring has seen which this process wrote last. Returns the newer one.
async fn look(maker: &Maker, every: Millis, seen: Option<i64>) -> Result<Option<i64>, BackupError> {
    let has_changed = async || Ok::<_, BackupError>(Some(maker.platform.key_epoch().await?) != seen);
    if !(has_changed().await? || is_due(maker, every).await?) || !maker.take_turn().await? {
        return Ok(seen);
    }
    let done = async {
        // Asked anew: another may have made it just before the turn was ours.
        if is_due(maker, every).await? {
            let (run, epoch) = maker.make(Cause::Schedule.name()).await?;
            tracing::info!(name = run.name, size = run.size, "a backup was made");
            return Ok(Some(epoch));
        }
        maker.copy_ring().await.map(Some)
    };
    let done = done.await;
    maker.leave_turn().await;
    done
}
