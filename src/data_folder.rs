//! Who may use the data folder.

use std::fs::{File, OpenOptions, TryLockError};

use crate::{
    StartError,
    settings::{DatabaseSettings, Settings},
};

const LOCK_FILE: &str = "pernoex.lock";

/// Held while a server uses the embedded database of a folder. The kernel lets go of it when the process ends, however it ends.
pub(crate) struct Claim {
    _locked: File,
}

/// Claims the folder's embedded database: each server keeps what it knows of it in memory, and two would not hear of each other.
/// Servers that share PostgreSQL may share a folder, which then holds keys and no rows.
///
/// # Errors
/// `FolderInUse` while another server has it; `DataFolder` when it cannot be written to.
pub(crate) fn claim(settings: &Settings) -> Result<Option<Claim>, StartError> {
    if matches!(settings.database, DatabaseSettings::Postgres { .. }) {
        return Ok(None);
    }
    let folder = &settings.data;
    let path = folder.display().to_string();
    let unusable = |source| StartError::DataFolder {
        path: path.clone(),
        source,
    };
    std::fs::create_dir_all(folder).map_err(unusable)?;
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(LOCK_FILE));
    let file = file.map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Claim { _locked: file })),
        Err(TryLockError::WouldBlock) => Err(StartError::FolderInUse { path }),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}
