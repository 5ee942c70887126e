//! Looking at a backup whole, and putting it into an installation that is empty: all of it or nothing.

use std::{fs, path::Path};

use entities::{
    Location, Millis, ProjectId, StoreError,
    backup::{Living, Restoring},
};

use super::{
    BackupError, PlaceSettings, Stored,
    format::{Broken, Head, Opener},
    place::{KEY_RING, Local, Place, checked},
    records::{Record, Records, Sum},
    ring_copy::{self, RingCopy},
};
use crate::vault::{MasterKeys, Ring, RingSettings};

/// A backup of which every part was opened and counted, and the key ring beside it.
pub struct Opened {
    pub head: Head,
    pub name: String,
    pub size: u64,
    file: Local,
    pub(super) ring: RingCopy,
    /// By table.
    pub(super) sums: Vec<(String, Sum)>,
}

/// What was put back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    pub tables: usize,
    pub rows: u64,
    /// Workspaces and projects that were deleted after the backup was made, and were deleted again.
    pub tenants_gone: usize,
    pub projects_gone: usize,
}

/// The backups in a place, oldest first.
///
/// # Errors
/// When it cannot be looked at.
pub async fn list(place: &PlaceSettings) -> Result<Vec<Stored>, BackupError> {
    Place::open(place)?.list().await
}

/// Whether the database at `location` has no rows, or not even tables. On PostgreSQL it is of the role that owns them.
///
/// # Errors
/// When it cannot be looked at.
pub async fn is_empty(location: &Location) -> Result<bool, BackupError> {
    match Restoring::begin(location).await {
        Ok(restoring) => {
            restoring.abandon().await;
            Ok(true)
        }
        Err(StoreError::Conflict) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Fetches the backup of this name, or the latest, and opens every part of it. `latest` is the last change of the tables that this program
/// makes, `knows` tells whether it knows one.
///
/// # Errors
/// When there is none, a part is not as it was written, no master key at hand opens it, or it is of other tables.
pub async fn open(
    masters: &MasterKeys,
    place: &PlaceSettings,
    name: Option<&str>,
    scratch: &Path,
    (latest, knows): (&str, fn(&str) -> bool),
) -> Result<Opened, BackupError> {
    let place = Place::open(place)?;
    let name = match name {
        Some(name) => checked(name)?.to_owned(),
        None => {
            let last = place.list().await?.pop();
            let nothing = || BackupError::Refused(format!("there is no backup in {}", place.describe()));
            last.ok_or_else(nothing)?.name
        }
    };
    let missing = |name: &str| BackupError::Refused(format!("there is no {name} in {}", place.describe()));
    let file = place.fetch(&name, scratch).await?.ok_or_else(|| missing(&name))?;
    let (head, opener) = Opener::begin(fs::File::open(&file.path).map_err(BackupError::file(&file.path))?, masters).await?;
    if head.kind != "rows" {
        return Err(Broken::Content("it is no backup of rows").into());
    }
    let sums = look_through(Records::new(opener))?;
    // After all of it was opened: what the head says is true.
    if !knows(&head.schema) {
        return Err(BackupError::Refused(format!(
            "it was made by a later pernoex ({}, tables of {}): use that version, or a later one",
            head.program, head.schema
        )));
    }
    if head.schema != latest {
        return Err(BackupError::Refused(format!(
            "it was made by an earlier pernoex ({}, tables of {}): restore it with that version, then upgrade",
            head.program, head.schema
        )));
    }
    let ring = place.fetch(KEY_RING, scratch).await?.ok_or_else(|| missing(KEY_RING))?;
    let ring = ring_copy::read(masters, &ring.path).await?;
    if ring.at < head.at {
        return Err(BackupError::Refused(format!(
            "{KEY_RING} is older than the backup: put the latest one beside it, or nothing that came since would open"
        )));
    }
    Ok(Opened {
        size: fs::metadata(&file.path).map_err(BackupError::file(&file.path))?.len(),
        head,
        name,
        file,
        ring,
        sums,
    })
}

fn look_through(mut records: Records<impl std::io::Read>) -> Result<Vec<(String, Sum)>, BackupError> {
    let (mut sums, mut table) = (Vec::new(), String::new());
    loop {
        match records.next()? {
            Record::Table(begun) => table = begun.name,
            Record::Row(_) => {}
            Record::TableEnd(sum) => sums.push((std::mem::take(&mut table), sum)),
            Record::End => return Ok(sums),
        }
    }
}

impl Opened {
    /// When the key ring beside it was written.
    #[must_use]
    pub fn ring_at(&self) -> Millis {
        self.ring.at
    }

    /// Puts it into the database at `into`, whose tables were made and hold nothing, and into the key ring. `now`: what was deleted after
    /// the backup was made is deleted again; without it, everything is left as it was then.
    ///
    /// # Errors
    /// When anything stands in the way: then the database is as empty as before.
    pub async fn restore(
        &self,
        masters: &MasterKeys,
        into: &Location,
        ring: RingSettings,
        now: Option<Millis>,
    ) -> Result<Restored, BackupError> {
        let ring = Ring::open(ring).await?;
        let mut restoring = match Restoring::begin(into).await {
            Err(StoreError::Conflict) => {
                return Err(BackupError::Refused(
                    "there are rows in this database: restore into an empty one".into(),
                ));
            }
            begun => begun?,
        };
        match self.fill(masters, &mut restoring, &ring, now).await {
            Ok(restored) => {
                restoring.commit().await?;
                Ok(restored)
            }
            Err(error) => {
                restoring.abandon().await;
                Err(error)
            }
        }
    }

    async fn fill(
        &self,
        masters: &MasterKeys,
        restoring: &mut Restoring,
        ring: &Ring,
        now: Option<Millis>,
    ) -> Result<Restored, BackupError> {
        let mut restored = self.put_rows(masters, restoring).await?;
        let back = restoring.restored().await?;
        for share in &back.shares {
            // What is not in the ring was destroyed, and stays so.
            let Some(key) = self.ring.shares.get(&share.id) else { continue };
            if !ring.put_back(share.id, key).await? {
                let bytes = key.open_bytes(|bytes| bytes.to_vec());
                restoring.keep_share(share.tenant, share.id, bytes).await?;
            }
        }
        if let Some(now) = now {
            (restored.tenants_gone, restored.projects_gone) = self.delete_again(restoring, &back, now).await?;
        }
        Ok(restored)
    }

    async fn put_rows(&self, masters: &MasterKeys, restoring: &mut Restoring) -> Result<Restored, BackupError> {
        let file = fs::File::open(&self.file.path).map_err(BackupError::file(&self.file.path))?;
        let (_, opener) = Opener::begin(file, masters).await?;
        let (mut records, mut restored) = (Records::new(opener), Restored::default());
        loop {
            match records.next()? {
                Record::Table(table) => {
                    restored.tables += 1;
                    restoring.table(table).await?;
                }
                Record::Row(cells) => {
                    restored.rows += 1;
                    restoring.row(cells).await?;
                }
                Record::TableEnd(_) => {}
                Record::End => return Ok(restored),
            }
        }
    }

    async fn delete_again(&self, restoring: &mut Restoring, back: &Living, now: Millis) -> Result<(usize, usize), BackupError> {
        let tenants = back.tenants.iter().filter(|tenant| !self.ring.has_tenant(**tenant));
        let tenants: Vec<_> = tenants.copied().collect();
        for tenant in &tenants {
            restoring.delete_again(*tenant, None, now).await?;
        }
        let is_gone = |(tenant, project): &&(entities::TenantId, ProjectId)| {
            !tenants.contains(tenant) && !self.ring.projects.contains(&(tenant.uuid(), project.uuid()))
        };
        let projects: Vec<_> = back.projects.iter().filter(is_gone).copied().collect();
        for (tenant, project) in &projects {
            restoring.delete_again(*tenant, Some(*project), now).await?;
        }
        Ok((tenants.len(), projects.len()))
    }
}
