//! The key of the embedded database file: a key of its own, wrapped by the master key in a file beside the database.
//!
//! It is not derived from the master key, so that a new master key does not mean to write the whole database anew while it is
//! in use: rotation replaces this small file, whole or not at all.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use entities::{DatabaseKey, Location};
use uuid::Uuid;

use super::{
    cipher::{Key, Place, bind},
    error::KeyError,
    master::{MasterId, MasterKeys, file::replace_private, wrapper_of},
};

const WHAT: &str = "the database's key";

fn place() -> Vec<u8> {
    bind(Uuid::nil(), Uuid::nil(), Place("database file", "key", Uuid::nil()))
}

pub(super) struct DatabaseKeyFile(pub PathBuf);

impl DatabaseKeyFile {
    fn read(&self) -> Result<Option<Vec<u8>>, KeyError> {
        match std::fs::read(&self.0) {
            Ok(wrapped) => Ok(Some(wrapped)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(KeyError::file(&self.0)(error)),
        }
    }

    fn write(&self, wrapped: &[u8]) -> Result<(), KeyError> {
        replace_private(&self.0, wrapped).map_err(KeyError::file(&self.0))
    }

    /// Which master key wraps it.
    pub(super) fn wrapper(&self) -> Result<Option<MasterId>, KeyError> {
        Ok(self.read()?.and_then(|wrapped| wrapper_of(&wrapped)))
    }

    pub(super) async fn rewrap(&self, masters: &MasterKeys, by: MasterId) -> Result<(), KeyError> {
        let wrapped = self
            .read()?
            .ok_or_else(|| KeyError::Refused(format!("{} is missing", self.0.display())))?;
        let key = masters.unwrap(WHAT, None, &place(), &wrapped).await?;
        self.write(&masters.wrap(by, None, &place(), &key).await?)
    }
}

/// Reads the key of the database at `database` from the file beside it, `database.key`, or makes one for a database that is
/// not there yet.
///
/// # Errors
/// When no master key at hand is the one that wraps it, or the file is gone and the database is not.
pub async fn open(database: &Path, masters: &MasterKeys) -> Result<Arc<DatabaseKey>, KeyError> {
    let file = DatabaseKeyFile(path_beside(database));
    let key = match file.read()? {
        Some(wrapped) => masters.unwrap(WHAT, None, &place(), &wrapped).await?,
        None => {
            let key = if database.exists() {
                derived(database, masters, &file.0).await?
            } else {
                Key::generate()
            };
            file.write(&masters.wrap(masters.newest()?, None, &place(), &key).await?)?;
            key
        }
    };
    Ok(of(&key))
}

fn of(key: &Key) -> Arc<DatabaseKey> {
    Arc::new(key.open_bytes(|bytes| DatabaseKey::new(*bytes)))
}

/// A database from before this file has the key that was derived from the master key of that time. Any other has lost its own.
async fn derived(database: &Path, masters: &MasterKeys, file: &Path) -> Result<Key, KeyError> {
    if let Some(key) = masters.first_root().map(|first| first.derive("pernoex database file v1")) {
        let location = Location::Embedded {
            path: database.to_owned(),
            key: of(&key),
        };
        if location.opens().await {
            return Ok(key);
        }
    }
    let (file, database) = (file.display(), database.display());
    Err(KeyError::Refused(format!(
        "{file} is missing, but {database} is there: put it back"
    )))
}

pub(super) fn path_beside(database: &Path) -> PathBuf {
    database.with_file_name("database.key")
}
