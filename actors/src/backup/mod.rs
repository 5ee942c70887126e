//! Backups: all rows as of one moment, in one sealed file that either database can be restored from, and beside them the key ring in its
//! latest state. With them and the master key a fresh machine is what the old one was. `docs/operations.md` says what that promises.

mod desk;
mod format;
mod lookout;
mod make;
mod place;
mod place_id;
mod records;
mod restore;
mod ring_copy;
mod s3;
mod schedule;
mod sigv4;
mod verify;

use std::{io, path::Path, path::PathBuf};

pub use entities::backup::{Cause, LastRuns, PlaceId, Run};
use entities::{Location, Millis, StoreError};

use crate::vault::KeyError;

pub use desk::{BackupDesk, last_runs};
pub use format::{Broken, Head};
pub use lookout::Lookout;
pub use place::{PlaceSettings, Stored};
pub use restore::{Opened, Restored, is_empty, list, open};
pub use s3::S3Settings;
pub(crate) use schedule::Schedule;
pub use verify::{Verified, verify};

/// As it was set.
pub struct BackupSettings {
    /// Where all rows can be read. On PostgreSQL as a role of its own.
    pub reads: Location,
    pub place: PlaceSettings,
    /// A folder for what is not whole yet.
    pub scratch: PathBuf,
    /// For how long backups are kept.
    pub keep: Millis,
    /// How long after one the next is made by a server.
    pub every: Option<Millis>,
}

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error("the database: {0}")]
    Storage(#[from] StoreError),
    #[error("{path}: {source}")]
    File { path: String, source: io::Error },
    #[error("{0}")]
    Place(String),
    /// Says what to do instead.
    #[error("{0}")]
    Refused(String),
    #[error("the server was stopped meanwhile")]
    Stopped,
}

impl BackupError {
    fn file(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |source| match downcast(source) {
            Ok(broken) => Self::Broken(broken),
            Err(source) => Self::File { path, source },
        }
    }
}

fn downcast(error: io::Error) -> Result<Broken, io::Error> {
    error.downcast::<Broken>()
}

impl From<io::Error> for BackupError {
    fn from(error: io::Error) -> Self {
        match downcast(error) {
            Ok(broken) => Self::Broken(broken),
            // What cannot be unpacked was never packed by us.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Self::Broken(Broken::Content("it cannot be unpacked")),
            Err(source) => Self::File {
                path: "the backup".into(),
                source,
            },
        }
    }
}
