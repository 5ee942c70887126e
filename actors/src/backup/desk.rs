//! Backups from the command line, beside servers that may be running.

use entities::{Location, Millis, Store};

use super::{BackupError, BackupSettings, Cause, LastRuns, PlaceId, Run, make::Maker};
use crate::{
    clock::Clock,
    vault::{Keeper, KeyError, MasterKeys, RingSettings},
};

pub struct BackupDesk {
    store: Store,
    maker: Maker,
}

impl BackupDesk {
    /// # Errors
    /// When the database or its keys cannot be opened.
    pub async fn open(
        masters: MasterKeys,
        ring: RingSettings,
        location: &Location,
        settings: BackupSettings,
        clock: Clock,
    ) -> Result<Self, KeyError> {
        let (store, keeper) = Keeper::open_beside(masters, ring, location, clock.now()).await?;
        let maker = Maker::new(keeper, store.platform(), settings, clock);
        Ok(Self { store, maker })
    }

    /// Makes one now.
    ///
    /// # Errors
    /// What stands in the way; it is written down as well.
    pub async fn make(&self, cause: Cause) -> Result<Run, BackupError> {
        if !self.maker.take_turn().await? {
            return Err(BackupError::Refused(
                "another process makes a backup right now: see how it ends".into(),
            ));
        }
        let made = self.maker.make(cause.name()).await;
        self.maker.leave_turn().await;
        made.map(|(run, _)| run)
    }

    pub async fn close(self) {
        self.store.close().await;
    }
}

/// What was made in `place` of the database at `location`, beside any server.
///
/// # Errors
/// When the database cannot be opened.
pub async fn last_runs(location: &Location, now: Millis, place: Option<PlaceId>) -> Result<LastRuns, BackupError> {
    let store = Store::open(location).await?;
    let last = store.platform().last_backups(now, place).await;
    store.close().await;
    Ok(last?)
}
