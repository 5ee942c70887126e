//! A certificate in files that somebody else renews: read again when they change, or when SIGHUP says so.

use std::{fs, os::unix::fs::MetadataExt, path::PathBuf, sync::Arc, time::Duration};

use tokio::signal::unix::{SignalKind, signal};

use super::{
    certificate::{Certificate, Unusable},
    served::Served,
};

#[derive(Clone, Debug)]
pub struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What tells one state of a file from another: its place, time of change and size. Through links, which renewals replace.
type Mark = [Option<(u64, u64, i64, i64, u64)>; 2];

const PACE: Duration = Duration::from_secs(2);

impl Files {
    #[must_use]
    pub fn new(certificate: PathBuf, key: PathBuf) -> Self {
        Self { certificate, key }
    }

    /// # Errors
    /// As [`Certificate::read`].
    pub fn read(&self) -> Result<Certificate, Unusable> {
        Certificate::read(&self.certificate, &self.key)
    }

    pub(super) fn mark(&self) -> Mark {
        [&self.certificate, &self.key].map(|path| {
            let found = fs::metadata(path).ok()?;
            Some((found.dev(), found.ino(), found.mtime(), found.mtime_nsec(), found.size()))
        })
    }
}

/// Until the task is ended. `read_at` is the state at which they were read.
pub(super) async fn watch(files: Files, read_at: Mark, served: Arc<Served>) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else {
        tracing::error!("signals cannot be listened for: changed certificates are not seen");
        return;
    };
    let (mut seen, mut tried) = (read_at, read_at);
    loop {
        let is_asked = tokio::select! {
            _ = hangup.recv() => true,
            () = tokio::time::sleep(PACE) => false,
        };
        let looked = files.clone();
        // Off the threads that serve: the files may be on a disk that hangs.
        let Ok(now) = tokio::task::spawn_blocking(move || looked.mark()).await else {
            continue;
        };
        // Certificate and key are two files: who replaces the one is given time for the other.
        let is_settled = now == seen;
        seen = now;
        if !is_asked && (!is_settled || now == tried) {
            continue;
        }
        tried = now;
        let looked = files.clone();
        if let Ok(found) = tokio::task::spawn_blocking(move || looked.read()).await {
            served.renew(found);
        }
    }
}
