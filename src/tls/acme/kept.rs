//! What of orders is in the data folder, for our eyes only.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use actors::Millis;
use serde::{Deserialize, Serialize};

use crate::tls::certificate::{Certificate, Unusable};

pub(super) const FOLDER: &str = "acme";
/// Key and certificates in one file: they are replaced together, or not at all.
pub(super) const CERTIFICATE: &str = "certificate.pem";
pub(super) const ACCOUNT: &str = "account.json";
pub(super) const FAILURE: &str = "failure.json";

/// When and why the latest order failed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Failure {
    pub at: Millis,
    pub reason: String,
}

/// What an earlier run left in the data folder.
pub struct Kept {
    /// `None` while there was never one.
    pub certificate: Option<Result<Certificate, Unusable>>,
    pub failure: Option<Failure>,
}

/// Looks at what is kept below `data`.
#[must_use]
pub fn kept(data: &Path) -> Kept {
    let folder = data.join(FOLDER);
    let path = folder.join(CERTIFICATE);
    let failure = fs::read(folder.join(FAILURE)).ok();
    Kept {
        certificate: path.exists().then(|| Certificate::read(&path, &path)),
        failure: failure.and_then(|bytes| serde_json::from_slice(&bytes).ok()),
    }
}

/// Appears whole or not at all, for our eyes only.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("part");
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(unfinished, path)
}
