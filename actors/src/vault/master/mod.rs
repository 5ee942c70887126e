//! The master keys at hand: one, and during a rotation two. They wrap the tenants' keys and the installation's secret.

pub(crate) mod file;
mod kms;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use zeroize::Zeroizing;

pub use kms::KmsSettings;

use super::{cipher::Key, error::KeyError};
pub(crate) use file::Lock;
use kms::Kms;

/// Names a master key without telling anything of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MasterId([u8; 8]);

impl MasterId {
    /// Whatever key the external command uses.
    const KMS: Self = Self(*b"external");

    pub(crate) fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn as_bytes(self) -> [u8; 8] {
        self.0
    }
}

impl fmt::Display for MasterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::KMS {
            return f.write_str("kms");
        }
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

pub(crate) struct Local {
    id: MasterId,
    root: Key,
}

/// Where local master keys come from.
enum Source {
    File(PathBuf),
    /// Handed in, such as by the environment: cannot be read anew.
    Given,
}

/// Every master key that this process can use. Which of them is current, the database says.
///
/// They can be neither printed, copied nor written out, and do not show their bytes:
/// ```
/// fn held(_: actors::MasterKeys) {}
/// ```
/// ```compile_fail,E0277
/// fn log(keys: &actors::MasterKeys) -> String {
///     format!("{keys:?}")
/// }
/// ```
/// ```compile_fail,E0599
/// fn keep(keys: actors::MasterKeys) -> actors::MasterKeys {
///     keys.clone()
/// }
/// ```
/// ```compile_fail,E0277
/// fn send(keys: &actors::MasterKeys) -> String {
///     serde_json::to_string(keys).unwrap()
/// }
/// ```
/// ```compile_fail,E0616
/// fn bytes(keys: &actors::MasterKeys) {
///     let _ = &keys.local;
/// }
/// ```
pub struct MasterKeys {
    source: Source,
    /// The newest last.
    local: RwLock<Vec<Arc<Local>>>,
    kms: Option<Kms>,
}

fn parse_one(text: &str) -> Result<Arc<Local>, KeyError> {
    let bytes = Zeroizing::new(BASE64_STANDARD.decode(text.trim()).map_err(|_| KeyError::Malformed)?);
    let root = Key::from_slice(&bytes).map_err(|_| KeyError::Malformed)?;
    let id = root
        .derive("pernoex master key id v1")
        .open_bytes(|bytes| MasterId::from_slice(&bytes[..8]));
    Ok(Arc::new(Local {
        id: id.ok_or(KeyError::Malformed)?,
        root,
    }))
}

fn parse(text: &str, separator: char) -> Result<Vec<Arc<Local>>, KeyError> {
    let keys = text.split(separator).filter(|part| !part.trim().is_empty()).map(parse_one);
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() { Err(KeyError::Malformed) } else { Ok(keys) }
}

/// `master key's id (8) ‖ …`: of a local key the sealed key itself; of the external command `length (2, big-endian) ‖ what it
/// wrapped ‖ the key, sealed under that`.
const ID: usize = 8;
/// Of a key that was wrapped before master keys had ids.
const WITHOUT_ID: usize = 1 + 4 + 12 + 32 + 16;

/// Which master key wrapped this; `None` from before they had ids.
pub(crate) fn wrapper_of(wrapped: &[u8]) -> Option<MasterId> {
    if wrapped.len() == WITHOUT_ID {
        return None;
    }
    wrapped.get(..ID).and_then(MasterId::from_slice)
}

fn outer(key: &Key, share: Option<&Key>) -> Key {
    let wrapping = key.derive("pernoex tenant keys v1");
    match share {
        Some(share) => wrapping.mixed_with(share),
        None => wrapping,
    }
}

impl MasterKeys {
    /// Keys handed in as text: one, or several with commas between them, the newest last.
    ///
    /// # Errors
    /// `Malformed` unless each is 32 bytes in Base64.
    pub fn given(text: &str, kms: Option<KmsSettings>) -> Result<Self, KeyError> {
        Ok(Self {
            source: Source::Given,
            local: RwLock::new(parse(text, ',')?),
            kms: kms.map(Kms::new).transpose()?,
        })
    }

    /// Reads the keys from `path`, one a line, the newest last. Without a file makes one with mode 0600, unless an external
    /// command wraps instead. Tells whether it made one.
    ///
    /// # Errors
    /// When the file is malformed, readable by others, or cannot be read or written.
    pub fn load_or_create(path: &Path, kms: Option<KmsSettings>) -> Result<(Self, bool), KeyError> {
        let kms = kms.map(Kms::new).transpose()?;
        let (local, made) = match file::read(path)? {
            Some(text) => (parse(&text, '\n')?, false),
            None if kms.is_some() => (Vec::new(), false),
            None => {
                file::create(path, &Key::generate())?;
                let text = file::read(path)?.ok_or(KeyError::Malformed)?;
                (parse(&text, '\n')?, true)
            }
        };
        let keys = Self {
            source: Source::File(path.to_owned()),
            local: RwLock::new(local),
            kms,
        };
        Ok((keys, made))
    }

    fn local(&self) -> Vec<Arc<Local>> {
        self.local.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the file anew: another process may have rotated.
    ///
    /// # Errors
    /// As [`MasterKeys::load_or_create`].
    pub(crate) fn reload(&self) -> Result<(), KeyError> {
        if let Source::File(path) = &self.source
            && let Some(text) = file::read(path)?
        {
            *self.local.write().unwrap_or_else(PoisonError::into_inner) = parse(&text, '\n')?;
        }
        Ok(())
    }

    fn find(&self, id: MasterId) -> Option<Arc<Local>> {
        self.local().into_iter().find(|key| key.id == id)
    }

    /// The key that wraps once it is adopted.
    pub(crate) fn newest(&self) -> Result<MasterId, KeyError> {
        match (&self.kms, self.local().last()) {
            (Some(_), _) => Ok(MasterId::KMS),
            (None, Some(key)) => Ok(key.id),
            (None, None) => Err(KeyError::Malformed),
        }
    }

    /// Every key at hand, the newest last.
    #[must_use]
    pub fn ids(&self) -> Vec<MasterId> {
        let local = self.local().iter().map(|key| key.id).collect::<Vec<_>>();
        local.into_iter().chain(self.kms.as_ref().map(|_| MasterId::KMS)).collect()
    }

    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.source {
            Source::File(path) => Some(path),
            Source::Given => None,
        }
    }

    pub(crate) fn has_kms(&self) -> bool {
        self.kms.is_some()
    }

    /// Adds a fresh key to the file, as the newest. The file is replaced whole or not at all.
    pub(crate) fn add_to_file(&self) -> Result<(), KeyError> {
        let path = self.file().ok_or_else(|| KeyError::Refused("there is no key file".into()))?;
        let fresh = Key::generate();
        let keys = self.local();
        let all: Vec<&Key> = keys.iter().map(|key| &key.root).chain([&fresh]).collect();
        file::replace(path, &all)?;
        self.reload()
    }

    /// Leaves only the newest key in the file.
    pub(crate) fn drop_older_from_file(&self) -> Result<bool, KeyError> {
        let keys = self.local();
        let (Some(path), Some(newest), true) = (self.file(), keys.last(), keys.len() > 1) else {
            return Ok(false);
        };
        file::replace(path, &[&newest.root])?;
        self.reload()?;
        Ok(true)
    }

    /// What the first key of an installation from before secrets were stored derived them from.
    pub(crate) fn first_root(&self) -> Option<Key> {
        self.local()
            .first()
            .and_then(|key| key.root.open_bytes(|bytes| Key::from_slice(bytes).ok()))
    }

    pub(crate) async fn wrap(&self, by: MasterId, share: Option<&Key>, aad: &[u8], key: &Key) -> Result<Vec<u8>, KeyError> {
        let mut wrapped = by.as_bytes().to_vec();
        match &self.kms {
            Some(kms) if by == MasterId::KMS => {
                let between = Key::generate();
                let blob = kms.wrap(&between).await?;
                let length = u16::try_from(blob.len()).map_err(|_| KeyError::Kms("printed too much".into()))?;
                wrapped.extend_from_slice(&length.to_be_bytes());
                wrapped.extend_from_slice(&blob);
                wrapped.extend(key.wrapped_by(&outer(&between, share), aad)?);
            }
            _ => {
                let local = self.find(by).ok_or_else(|| KeyError::NoMaster("new keys", by.to_string()))?;
                wrapped.extend(key.wrapped_by(&outer(&local.root, share), aad)?);
            }
        }
        Ok(wrapped)
    }

    /// `what` is for the error: "the database's key".
    pub(crate) async fn unwrap(&self, what: &'static str, share: Option<&Key>, aad: &[u8], wrapped: &[u8]) -> Result<Key, KeyError> {
        let damaged = |_| KeyError::Damaged(what);
        let Some(id) = wrapper_of(wrapped) else {
            let keys = self.local();
            let opened = keys
                .iter()
                .find_map(|key| Key::unwrap_with(&outer(&key.root, share), aad, wrapped).ok());
            return opened.ok_or_else(|| KeyError::NoMaster(what, "from before keys had names".into()));
        };
        let body = wrapped.get(ID..).unwrap_or_default();
        if id == MasterId::KMS {
            let kms = self
                .kms
                .as_ref()
                .ok_or_else(|| KeyError::NoMaster(what, "set PERNOEX_KMS_COMMAND".into()))?;
            let (length, rest) = body.split_first_chunk::<2>().ok_or(KeyError::Damaged(what))?;
            let (blob, sealed) = rest
                .split_at_checked(usize::from(u16::from_be_bytes(*length)))
                .ok_or(KeyError::Damaged(what))?;
            let between = kms.unwrap(blob).await?;
            return Key::unwrap_with(&outer(&between, share), aad, sealed).map_err(damaged);
        }
        if self.find(id).is_none() {
            self.reload()?;
        }
        let key = self.find(id).ok_or_else(|| KeyError::NoMaster(what, id.to_string()))?;
        Key::unwrap_with(&outer(&key.root, share), aad, body).map_err(damaged)
    }
}
