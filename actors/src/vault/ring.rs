//! The key ring: one share a key, kept apart from the wrapped keys. What wraps a key is mixed with its share, so that
//! destroying the share destroys the key in every copy of the database. docs/keys.md says what that is worth where.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use entities::{Millis, TenantDb, keys};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    cipher::Key,
    error::KeyError,
    master::file::{replace_private, sync_folder},
};

/// Where shares are kept.
#[derive(Clone, Debug)]
pub enum RingPlace {
    /// One file a share. Several nodes must see the same folder.
    Folder(PathBuf),
    /// A table that backups leave out.
    Database,
}

/// The key ring as it was set.
#[derive(Clone, Debug)]
pub struct RingSettings {
    pub place: RingPlace,
    /// How long the share of a replaced key is kept, for copies of the database from before.
    pub retention: Duration,
}

pub(crate) struct Ring {
    place: RingPlace,
    retention: Millis,
}

impl Ring {
    /// Makes the folder, so that its own name is on the disk before any share is.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) async fn open(settings: RingSettings) -> Result<Self, KeyError> {
        if let RingPlace::Folder(folder) = &settings.place {
            let folder = folder.clone();
            blocking(move || make_folder(&folder).map_err(KeyError::file(&folder))).await?;
        }
        Ok(Self {
            place: settings.place,
            retention: Millis::try_from(settings.retention.as_millis()).unwrap_or(Millis::MAX / 2),
        })
    }

    /// How long the share of a replaced key is kept; 0 for not at all.
    pub(crate) fn retention(&self) -> Millis {
        self.retention
    }

    /// A fresh share. In a folder it is kept when this returns; in the database it is to be stored with its key.
    pub(crate) async fn make(&self) -> Result<(keys::Share, Key), KeyError> {
        let (id, share) = (Uuid::now_v7(), Key::generate());
        let kept = match &self.place {
            RingPlace::Folder(folder) => {
                let path = path_of(folder, id);
                let text = share.open_bytes(|bytes| Zeroizing::new(BASE64_STANDARD.encode(bytes)));
                blocking(move || keep(&path, text.as_bytes()).map_err(KeyError::file(&path))).await?;
                None
            }
            RingPlace::Database => Some(share.open_bytes(|bytes| bytes.to_vec())),
        };
        Ok((keys::Share { id, kept }, share))
    }

    /// A share of `db`'s tenant, wherever it was put: the place may have been moved since.
    pub(crate) async fn find(&self, db: &TenantDb, id: Uuid) -> Result<Key, KeyError> {
        if let Some(share) = self.in_folder(id).await? {
            return Ok(share);
        }
        let kept = db.read(async |tx| keys::share(tx, id).await).await?.map(Zeroizing::new);
        let kept = kept.ok_or_else(|| KeyError::NoShare(id.to_string()))?;
        Key::from_slice(&kept).map_err(|_| KeyError::Damaged("an entry of the key ring"))
    }

    /// A share that is in the folder, if there is one and it is there.
    pub(crate) async fn in_folder(&self, id: Uuid) -> Result<Option<Key>, KeyError> {
        let RingPlace::Folder(folder) = &self.place else { return Ok(None) };
        let path = path_of(folder, id);
        let found = blocking(move || match fs::read(&path) {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(KeyError::file(&path)(error)),
        });
        let Some(text) = found.await? else { return Ok(None) };
        let bytes = BASE64_STANDARD.decode(text.trim_ascii()).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| KeyError::Damaged("an entry of the key ring"))?;
        let share = Key::from_slice(&bytes).map_err(|_| KeyError::Damaged("an entry of the key ring"))?;
        Ok(Some(share))
    }

    /// Keeps a share that a backup of the ring held; `false` when the ring is not in a folder, and the database is to keep it.
    pub(crate) async fn put_back(&self, id: Uuid, share: &Key) -> Result<bool, KeyError> {
        let RingPlace::Folder(folder) = &self.place else { return Ok(false) };
        let path = path_of(folder, id);
        let text = share.open_bytes(|bytes| Zeroizing::new(BASE64_STANDARD.encode(bytes)));
        blocking(move || keep(&path, text.as_bytes()).map_err(KeyError::file(&path))).await?;
        Ok(true)
    }

    /// Whether destroying a key's row leaves its share to be destroyed.
    pub(crate) fn is_apart(&self) -> bool {
        matches!(self.place, RingPlace::Folder(_))
    }

    /// Overwrites and removes a share. One that is not there is destroyed already.
    pub(crate) async fn destroy(&self, id: Uuid) -> Result<(), KeyError> {
        let RingPlace::Folder(folder) = &self.place else { return Ok(()) };
        let path = path_of(folder, id);
        blocking(move || destroy(&path).map_err(KeyError::file(&path))).await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, KeyError> + Send + 'static) -> Result<T, KeyError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| KeyError::Refused("the key ring's folder could not be used".into()))?
}

/// Spread over 256 folders by the random end of the id.
fn path_of(folder: &Path, id: Uuid) -> PathBuf {
    folder.join(format!("{:02x}", id.as_bytes()[15])).join(id.to_string())
}

fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let was_there = folder.is_dir();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let beside = match folder.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => return Ok(()),
    };
    match fs::File::open(beside).and_then(|parent| parent.sync_all()) {
        // It is mounted, say, where this process may not look around: its name is not ours to keep.
        Err(_) if was_there => Ok(()),
        synced => synced,
    }
}

fn keep(path: &Path, text: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        sync_folder(folder)?;
    }
    replace_private(path, text)
}

fn destroy(path: &Path) -> io::Result<()> {
    let gone = |error: io::Error| {
        if error.kind() == io::ErrorKind::NotFound {
            Ok(())
        } else {
            Err(error)
        }
    };
    let overwritten = fs::OpenOptions::new().write(true).open(path).and_then(|mut file| {
        // A share is one line: what a copying file system keeps of it is beyond us, and said so in docs/keys.md.
        file.write_all(&[b'0'; 44])?;
        file.sync_all()
    });
    if let Err(error) = overwritten {
        return gone(error);
    }
    fs::remove_file(path).or_else(gone)?;
    sync_folder(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_destroyed_share_is_gone_from_the_folder_and_destroying_it_again_is_no_error() {
        let folder = std::env::temp_dir().join(format!("pernoex-ring-{}", Uuid::new_v4()));
        let settings = || RingSettings {
            place: RingPlace::Folder(folder.clone()),
            retention: Duration::ZERO,
        };
        let ring = Ring::open(settings()).await.unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&folder).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o700);
        // As it is at each later start.
        Ring::open(settings()).await.unwrap();
        let (share, _) = ring.make().await.unwrap();
        let path = path_of(&folder, share.id);
        assert!(share.kept.is_none() && path.exists());
        ring.destroy(share.id).await.unwrap();
        assert!(!path.exists());
        ring.destroy(share.id).await.unwrap();
        fs::remove_dir_all(folder).unwrap();
    }
}
