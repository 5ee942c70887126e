//! Where backups are kept: a folder, or a bucket of an S3-compatible store. A file is there whole or not at all.

use std::{
    fs,
    path::{Path, PathBuf},
};

use entities::Millis;
use uuid::Uuid;

use super::{
    BackupError,
    s3::{Bucket, S3Settings},
};
use crate::vault::sync_folder;

/// As it was set.
#[derive(Clone, Debug)]
pub enum PlaceSettings {
    Folder(PathBuf),
    S3(Box<S3Settings>),
}

/// A file that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub name: String,
    pub size: u64,
    /// When it was made, as its name says.
    pub at: Millis,
}

pub(crate) enum Place {
    Folder(PathBuf),
    S3(Box<Bucket>),
}

/// A file on this machine, for as long as it is looked at.
pub(crate) struct Local {
    pub path: PathBuf,
    is_copy: bool,
}

impl Drop for Local {
    fn drop(&mut self) {
        if self.is_copy {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The latest state of the key ring. There is one, and it is replaced.
pub(crate) const KEY_RING: &str = "keyring.sealed";

const BEGIN: &str = "pernoex-";
const END: &str = ".backup";
const UNFINISHED: &str = ".unfinished";

pub(crate) fn name_of(id: Uuid, at: Millis) -> String {
    let time = chrono::DateTime::from_timestamp_millis(at).unwrap_or_default();
    format!("{BEGIN}{}-{:08x}{END}", time.format("%Y%m%dT%H%M%SZ"), id.as_u128() as u32)
}

/// When a backup of this name was made; `None` for what is no name of one.
fn time_of(name: &str) -> Option<Millis> {
    let (time, id) = name.strip_prefix(BEGIN)?.strip_suffix(END)?.split_once('-')?;
    if id.len() != 8 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let time = chrono::NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%SZ").ok()?;
    Some(time.and_utc().timestamp_millis())
}

pub(super) fn stored(name: &str, size: u64) -> Option<Stored> {
    Some(Stored {
        at: time_of(name)?,
        name: name.to_owned(),
        size,
    })
}

/// Refuses what could lead out of the place.
pub(crate) fn checked(name: &str) -> Result<&str, BackupError> {
    match time_of(name) {
        Some(_) => Ok(name),
        None => Err(BackupError::Refused(format!(
            "{name} is no name of a backup: see pernoex backup list"
        ))),
    }
}

impl Place {
    pub(crate) fn open(settings: &PlaceSettings) -> Result<Self, BackupError> {
        Ok(match settings {
            PlaceSettings::Folder(folder) => Self::Folder(folder.clone()),
            PlaceSettings::S3(settings) => Self::S3(Box::new(Bucket::new(settings)?)),
        })
    }

    /// For people.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::S3(bucket) => bucket.describe(),
        }
    }

    /// Where to write a file until it is whole, on this machine. What a process that was ended left there a day ago goes.
    pub(crate) fn unfinished(&self, name: &str, scratch: &Path) -> Result<PathBuf, BackupError> {
        let folder = match self {
            Self::Folder(folder) => folder,
            Self::S3(_) => scratch,
        };
        make_folder(folder).map_err(BackupError::file(folder))?;
        for entry in fs::read_dir(folder).map_err(BackupError::file(folder))?.filter_map(Result::ok) {
            let name = entry.file_name();
            let is_ours = name
                .to_str()
                .is_some_and(|name| name.starts_with('.') && name.ends_with(UNFINISHED));
            let age = entry
                .metadata()
                .and_then(|found| found.modified())
                .ok()
                .and_then(|at| at.elapsed().ok());
            if is_ours && age.is_some_and(|age| age.as_secs() > 86_400) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(folder.join(format!(".{name}.{}{UNFINISHED}", Uuid::new_v4().simple())))
    }

    /// Puts the file at `from`, which is whole and on the disk, under its name. It is not at `from` any more.
    pub(crate) async fn put(&self, name: &str, from: &Path) -> Result<(), BackupError> {
        match self {
            Self::Folder(folder) => {
                let to = folder.join(name);
                fs::rename(from, &to)
                    .and_then(|()| sync_folder(&to))
                    .map_err(BackupError::file(&to))
            }
            Self::S3(bucket) => {
                let put = bucket.put(name, from).await;
                let _ = fs::remove_file(from);
                put
            }
        }
    }

    /// The backups, oldest first.
    pub(crate) async fn list(&self) -> Result<Vec<Stored>, BackupError> {
        match self {
            Self::Folder(folder) => listed(folder),
            Self::S3(bucket) => Ok(in_order(bucket.list().await?)),
        }
    }

    pub(crate) async fn remove(&self, name: &str) -> Result<(), BackupError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                fs::remove_file(&path).map_err(BackupError::file(&path))
            }
            Self::S3(bucket) => bucket.remove(name).await,
        }
    }

    /// The file of this name, on this machine; `None` when there is none.
    pub(crate) async fn fetch(&self, name: &str, scratch: &Path) -> Result<Option<Local>, BackupError> {
        match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                let there = path.is_file();
                Ok(there.then_some(Local { path, is_copy: false }))
            }
            Self::S3(bucket) => {
                let local = Local {
                    path: self.unfinished(name, scratch)?,
                    is_copy: true,
                };
                Ok(bucket.get(name, &local.path).await?.then_some(local))
            }
        }
    }
}

fn in_order(mut found: Vec<Stored>) -> Vec<Stored> {
    found.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
    found
}

/// The backups in a folder, oldest first.
pub(super) fn listed(folder: &Path) -> Result<Vec<Stored>, BackupError> {
    let entries = fs::read_dir(folder).map_err(BackupError::file(folder))?.filter_map(Result::ok);
    let size = |entry: &fs::DirEntry| entry.metadata().map_or(0, |found| found.len());
    let found = entries.filter_map(|entry| stored(entry.file_name().to_str()?, size(&entry)));
    Ok(in_order(found.collect()))
}

/// For its owner's eyes only, if it is not there yet.
pub(super) fn make_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// A new file for its owner's eyes only.
pub(super) fn new_file(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// The backups that are older than `keep`, but never the latest, whatever its age.
pub(crate) fn outdated(all: &[Stored], now: Millis, keep: Millis) -> Vec<&Stored> {
    let all = all.split_last().map_or(&[][..], |(_, older)| older);
    all.iter().filter(|one| one.at < now - keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_when_and_nothing_else_is_a_name() {
        let at = 1_790_000_000_000;
        let name = name_of(Uuid::from_u128(0xabc), at);
        assert_eq!(name, "pernoex-20260921T141320Z-00000abc.backup");
        assert_eq!(time_of(&name), Some(at));
        for other in [
            KEY_RING,
            "pernoex-x-00000abc.backup",
            "../pernoex-20260921T141320Z-00000abc.backup",
            "",
        ] {
            assert!(checked(other).is_err(), "{other}");
        }
    }

    #[test]
    fn retention_removes_what_is_older_and_never_the_latest() {
        let day = 86_400_000;
        let all = [1, 20, 29, 31].map(|at| stored(&name_of(Uuid::nil(), at * day), 1).unwrap());
        let gone = |now: i64| {
            outdated(&all, now * day, 30 * day)
                .iter()
                .map(|one| one.at / day)
                .collect::<Vec<_>>()
        };
        assert_eq!(gone(31), [0; 0]);
        assert_eq!(gone(32), [1]);
        assert_eq!(gone(1000), [1, 20, 29]);
        assert!(outdated(&[], 0, 0).is_empty());
    }
}
