//! The key file: one key a line, in Base64, for its owner's eyes only.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

use crate::vault::{cipher::Key, error::KeyError};

/// The text of the file; `None` when there is none.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<String>>, KeyError> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let text = Zeroizing::new(text);
            refuse_exposed(path)?;
            Ok(Some(text))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(KeyError::file(path)(error)),
    }
}

fn refuse_exposed(path: &Path) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).map_err(KeyError::file(path))?.permissions().mode();
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(KeyError::Exposed(path.display().to_string()))
    }
}

/// Makes the file. Another process that came first stays first.
pub(super) fn create(path: &Path, key: &Key) -> Result<(), KeyError> {
    let unfinished = unfinished(path);
    write(&unfinished, &lines(&[key])).map_err(KeyError::file(path))?;
    let linked = fs::hard_link(&unfinished, path);
    let _ = fs::remove_file(&unfinished);
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(KeyError::file(path)(error)),
        _ => sync_folder(path).map_err(KeyError::file(path)),
    }
}

/// Puts `keys` in place of what the file holds: all of them or, after a crash, what was there before.
pub(super) fn replace(path: &Path, keys: &[&Key]) -> Result<(), KeyError> {
    replace_private(path, &lines(keys)).map_err(KeyError::file(path))
}

/// As [`replace`], for any file that only its owner may read.
pub(crate) fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = unfinished(path);
    write(&unfinished, bytes)?;
    fs::rename(&unfinished, path)?;
    sync_folder(path)
}

fn lines(keys: &[&Key]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(45 * keys.len()));
    for key in keys {
        let line = key.open_bytes(|bytes| Zeroizing::new(BASE64_STANDARD.encode(bytes)));
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    text
}

fn unfinished(path: &Path) -> std::path::PathBuf {
    path.with_extension(format!("{}.unfinished", std::process::id()))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let _ = fs::remove_file(path);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A name is on the disk only once its folder is.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Held by the one process that rotates the master key of this folder.
pub(crate) struct Lock {
    _file: fs::File,
}

impl Lock {
    /// # Errors
    /// `Refused` when another process rotates.
    pub(crate) fn take(beside: &Path) -> Result<Self, KeyError> {
        let path = beside.with_extension("lock");
        let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(KeyError::file(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(_) => Err(KeyError::Refused("another process rotates the master key right now".into())),
        }
    }
}
