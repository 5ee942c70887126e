//! Rotation of the project's key, seen from the project: it takes up new versions while it answers, and seals anew, a bounded
//! step at a time, what older ones sealed. Plaintext is in this process only, and only between opening and sealing.

use entities::{ProjectId, job, keys, sealed};

use super::ProjectActor;
use crate::{
    contain::Serve,
    fault::Fault,
    request,
    vault::{
        ANNOUNCED_MS, OpenProjectKey, Place,
        admin::{destroy_now, queue_retired},
    },
};

/// Reads the versions of the project's key anew. `NotFound` when it was destroyed.
pub(crate) struct RefreshKey;

/// Seals the next cells with the newest version; closes and in the end removes the older ones.
pub(crate) struct Reseal(pub job::Claimed);

request! {
    RefreshKey => (), needs System;
    Reseal => (), needs System, patience = 180;
}

fn lost() -> Fault {
    Fault::Internal("lost lease")
}

impl Serve<RefreshKey> for ProjectActor {
    async fn serve(&self, _: RefreshKey) -> Result<(), Fault> {
        self.refresh_key().await
    }
}

impl Serve<Reseal> for ProjectActor {
    async fn serve(&self, Reseal(job): Reseal) -> Result<(), Fault> {
        self.refresh_key().await?;
        let (number, newer_waits) = self.seed.key.sealing().ok_or(Fault::Sealed)?;
        let version = i32::try_from(number).map_err(|_| Fault::Sealed)?;
        if newer_waits {
            // Its time has not come on this node's clock.
            let run_at = self.now() + ANNOUNCED_MS;
            return self.go_on(&job, job.work, run_at).await;
        }
        let job::Work::Reseal { column, row } = job.work else {
            return Err(Fault::Internal("not a reseal job"));
        };
        let (project, columns) = (self.id(), sealed::columns());
        if (column, row) == (0, None) {
            // From here on no node can store what an older version seals: the pass that begins now misses nothing.
            self.db()
                .write(async |tx| keys::close_project_keys(tx, project, version).await)
                .await?;
        }
        let skip = usize::try_from(column).unwrap_or(0);
        let mut after = row;
        for (n, of) in columns.iter().enumerate().skip(skip) {
            let cells = self
                .db()
                .read(async |tx| sealed::stale(tx, *of, project, version, after).await)
                .await?;
            after = None;
            let Some(last) = cells.last().map(|cell| cell.row) else { continue };
            self.reseal(*of, cells).await?;
            let next = job::Work::Reseal {
                column: i32::try_from(n).unwrap_or(i32::MAX),
                row: Some(last),
            };
            return self.go_on(&job, next, self.now()).await;
        }
        self.retire(&job, version).await
    }
}

impl ProjectActor {
    async fn refresh_key(&self) -> Result<(), Fault> {
        let newer = self.seed.vault.call(OpenProjectKey(self.id())).await??;
        self.seed.key.follow(newer);
        Ok(())
    }

    pub(super) async fn go_on(&self, job: &job::Claimed, next: job::Work, run_at: entities::Millis) -> Result<(), Fault> {
        match self.db().write(async |tx| job::advance(tx, job, next, run_at).await).await? {
            true => Ok(()),
            false => Err(lost()),
        }
    }

    /// Opens and seals off this thread, then stores each cell that has not changed meanwhile.
    async fn reseal(&self, of: sealed::Column, cells: Vec<sealed::Cell>) -> Result<(), Fault> {
        let (project, key): (ProjectId, _) = (self.id(), self.seed.key.clone());
        let work = move || {
            let anew = cells.into_iter().map(|cell| {
                let place = Place(of.table, of.column, cell.row);
                let new = key.seal(place, &key.open(place, &cell.sealed)?)?;
                Ok::<_, Fault>((cell, new))
            });
            anew.collect::<Result<Vec<_>, _>>()
        };
        let anew = self.seed.lane.batch(work).await??;
        self.db()
            .write(async |tx| {
                for (cell, new) in anew {
                    sealed::replace(tx, of, project, &cell, new).await?;
                }
                Ok(())
            })
            .await
    }

    /// Removes the older versions if really nothing hangs on them; else goes through all cells once more.
    async fn retire(&self, job: &job::Claimed, version: i32) -> Result<(), Fault> {
        let (project, now) = (self.id(), self.now());
        let counts = self.db().read(async |tx| sealed::counts(tx, project).await).await?;
        if counts.iter().any(|(number, _)| *number < version) {
            return self.go_on(job, job::Work::Reseal { column: 0, row: None }, now).await;
        }
        let ring = &self.seed.keeper.ring;
        let shares = self
            .db()
            .write_alone(async |tx| {
                let shares = keys::retire_project_keys(tx, project, version).await?;
                let shares = queue_retired(tx, ring, project, shares, now).await?;
                if job::finish(tx, job).await? { Ok(shares) } else { Err(lost()) }
            })
            .await?;
        destroy_now(ring, &shares).await;
        self.refresh_key().await
    }
}
