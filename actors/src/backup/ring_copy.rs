//! The key ring as it is now, sealed, beside the backups: what is not in it stays shut in all of them. One file, replaced whenever keys come
//! or go, because a copy that is kept from before would open what was deleted since.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
};

use entities::{
    Millis, TenantId,
    backup::{Cell, Living, Snapshot},
};
use uuid::Uuid;
use zeroize::Zeroize;

use super::{
    BackupError, BackupSettings,
    format::{Broken, FileKey, Opener},
    place::{KEY_RING, Place, new_file},
    records::{Record, Recorder, Records},
};
use crate::vault::{Keeper, Key, MasterKeys};

const TENANT: &str = "tenant";
const PROJECT: &str = "project";
const SHARE: &str = "share";

/// What was alive when it was written.
pub(crate) struct RingCopy {
    pub at: Millis,
    pub tenants: HashSet<Uuid>,
    pub projects: HashSet<(Uuid, Uuid)>,
    pub shares: HashMap<Uuid, Key>,
}

fn id(uuid: Uuid) -> Cell {
    Cell::Bytes(uuid.as_bytes().to_vec())
}

/// What is alive, and the last change of the tables.
async fn look(settings: &BackupSettings, now: Millis) -> Result<(Living, String), BackupError> {
    let mut snapshot = Snapshot::open(&settings.reads).await?;
    let living = snapshot.living(now).await;
    let schema = snapshot.schema().to_owned();
    snapshot.close().await;
    Ok((living?, schema))
}

/// Writes the ring as it is now in place of the one before. Returns the count of key changes that it has seen.
///
/// What has gone from the ring and is needed still is taken over from the copy before: a folder that was lost, or is not mounted, must not
/// empty the only other place where it is.
pub(super) async fn write(
    keeper: &Keeper,
    settings: &BackupSettings,
    place: &Place,
    mut file: FileKey,
    now: Millis,
) -> Result<i64, BackupError> {
    let (living, schema) = look(settings, now).await?;
    file.head.schema = schema;
    let path = place.unfinished(KEY_RING, &settings.scratch)?;
    let written = write_file((keeper, settings, place), &living, file, (&path, now)).await;
    let put = match written {
        Ok(()) => place.put(KEY_RING, &path).await,
        Err(error) => Err(error),
    };
    if put.is_err() {
        let _ = fs::remove_file(&path);
    }
    put.map(|()| living.epoch)
}

/// What of these is still needed, and in the copy before.
async fn taken_over(
    (keeper, settings, place): (&Keeper, &BackupSettings, &Place),
    lost: &[Uuid],
    now: Millis,
) -> Result<Vec<(Uuid, Key)>, BackupError> {
    // Or were they destroyed since the first look?
    let (living, _) = look(settings, now).await?;
    let needed: HashSet<Uuid> = living.shares.iter().map(|share| share.id).collect();
    let lost: Vec<Uuid> = lost.iter().copied().filter(|id| needed.contains(id)).collect();
    if lost.is_empty() {
        return Ok(Vec::new());
    }
    let mut before = match place.fetch(KEY_RING, &settings.scratch).await? {
        Some(copy) => read(&keeper.masters, &copy.path).await?.shares,
        None => HashMap::new(),
    };
    let found: Vec<(Uuid, Key)> = lost.iter().filter_map(|id| Some((*id, before.remove(id)?))).collect();
    tracing::error!(
        lost = lost.len(),
        taken_over = found.len(),
        "entries of the key ring are gone that are needed still: look whether its folder is there; the copy beside the backups keeps what it had of them"
    );
    Ok(found)
}

async fn write_file(
    from: (&Keeper, &BackupSettings, &Place),
    living: &Living,
    file: FileKey,
    (path, now): (&Path, Millis),
) -> Result<(), BackupError> {
    let out = new_file(path).map_err(BackupError::file(path))?;
    let mut recorder = Recorder::begin(out, file)?;
    recorder.table(TENANT, &["id".into()])?;
    for tenant in &living.tenants {
        recorder.row(&[id(tenant.uuid())])?;
    }
    recorder.end_table()?;
    recorder.table(PROJECT, &["tenant".into(), "id".into()])?;
    for (tenant, project) in &living.projects {
        recorder.row(&[id(tenant.uuid()), id(project.uuid())])?;
    }
    recorder.end_table()?;
    recorder.table(SHARE, &["id".into(), "share".into()])?;
    let mut lost = Vec::new();
    for share in &living.shares {
        let bytes = match from.0.ring.in_folder(share.id).await? {
            Some(key) => Some(key.open_bytes(|bytes| bytes.to_vec())),
            None => share.kept.clone(),
        };
        match bytes {
            Some(bytes) => record(&mut recorder, share.id, bytes)?,
            None => lost.push(share.id),
        }
    }
    if !lost.is_empty() {
        for (share, key) in taken_over(from, &lost, now).await? {
            record(&mut recorder, share, key.open_bytes(|bytes| bytes.to_vec()))?;
        }
    }
    recorder.end_table()?;
    let (out, _) = recorder.finish()?;
    out.sync_all().map_err(BackupError::file(path))
}

fn record(recorder: &mut Recorder<fs::File>, share: Uuid, bytes: Vec<u8>) -> Result<(), BackupError> {
    let mut row = [id(share), Cell::Bytes(bytes)];
    recorder.row(&row)?;
    if let Cell::Bytes(bytes) = &mut row[1] {
        bytes.zeroize();
    }
    Ok(())
}

fn uuid(cell: Option<&Cell>) -> Result<Uuid, Broken> {
    match cell {
        Some(Cell::Bytes(bytes)) => Uuid::from_slice(bytes).map_err(|_| Broken::Content("an id that is none")),
        _ => Err(Broken::Content("an id that is none")),
    }
}

pub(super) async fn read(masters: &MasterKeys, path: &Path) -> Result<RingCopy, BackupError> {
    let file = fs::File::open(path).map_err(BackupError::file(path))?;
    let (head, opener) = Opener::begin(file, masters).await?;
    if head.kind != "keyring" {
        return Err(Broken::Content("it is no copy of a key ring").into());
    }
    let mut copy = RingCopy {
        at: head.at,
        tenants: HashSet::new(),
        projects: HashSet::new(),
        shares: HashMap::new(),
    };
    let (mut records, mut table) = (Records::new(opener), String::new());
    loop {
        match records.next()? {
            Record::Table(begun) => table = begun.name,
            Record::Row(cells) => match table.as_str() {
                TENANT => drop(copy.tenants.insert(uuid(cells.first())?)),
                PROJECT => drop(copy.projects.insert((uuid(cells.first())?, uuid(cells.get(1))?))),
                _ => {
                    let Some(Cell::Bytes(bytes)) = cells.get(1) else {
                        return Err(Broken::Content("a share that is none").into());
                    };
                    let key = Key::from_slice(bytes).map_err(|_| Broken::Content("a share that is none"))?;
                    copy.shares.insert(uuid(cells.first())?, key);
                }
            },
            Record::TableEnd(_) => {}
            Record::End => return Ok(copy),
        }
    }
}

impl RingCopy {
    pub(super) fn has_tenant(&self, tenant: TenantId) -> bool {
        self.tenants.contains(&tenant.uuid())
    }
}
